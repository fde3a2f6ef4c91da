/** Environment (S3_ENDPOINT, S3_BUCKET, AWS_*) -> a bucket that everyone may read, from any web page. Idempotent. */
import {
  CreateBucketCommand,
  HeadBucketCommand,
  PutBucketCorsCommand,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3';

const { S3_ENDPOINT: endpoint, S3_BUCKET: Bucket, AWS_REGION: region } = process.env;
const client = new S3Client({ endpoint, region, forcePathStyle: true });

/** The server has only just been started: connections are refused for a moment. */
async function whenUp(send) {
  for (let tries = 0; ; tries++) {
    try {
      return await send();
    } catch (error) {
      if (error.$metadata?.httpStatusCode !== undefined || tries >= 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

try {
  await whenUp(() => client.send(new HeadBucketCommand({ Bucket })));
} catch (error) {
  if (error.$metadata?.httpStatusCode !== 404) throw error;
  await client.send(new CreateBucketCommand({ Bucket }));
}
const Policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: '*', Action: ['s3:GetObject'], Resource: [`arn:aws:s3:::${Bucket}/*`] },
  ],
});
await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
await client.send(
  new PutBucketCorsCommand({
    Bucket,
    CORSConfiguration: {
      CORSRules: [
        {
          AllowedMethods: ['GET', 'HEAD'],
          AllowedOrigins: ['*'],
          AllowedHeaders: ['*'],
          ExposeHeaders: ['ETag', 'Content-Range', 'Accept-Ranges', 'Content-Length'],
          MaxAgeSeconds: 3600,
        },
      ],
    },
  }),
);
client.destroy();
