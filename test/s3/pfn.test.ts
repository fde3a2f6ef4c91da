import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePfnSigner, placeOfPfn } from '../../src/s3/pfn.ts';

const own = { endpoint: 'https://s3.lake.org:9000', bucket: 'cogs' };
const at = (endpoint: string | null, bucket: string, key: string, region: string | null = null) => ({
  bucket,
  key,
  endpoint,
  region,
});

test("an s3 PFN is Rucio's, with a host, or a bucket and a key", () => {
  assert.deepEqual(placeOfPfn('s3://s3.lake.org:9000/b/a/x.tif', own), at(own.endpoint, 'b', 'a/x.tif'));
  assert.deepEqual(placeOfPfn('s3s://other.org:443//b//x', own), at('https://other.org', 'b', 'x'));
  assert.deepEqual(placeOfPfn('s3://localhost:7070/b/x', own), at('https://localhost:7070', 'b', 'x'));
  assert.deepEqual(placeOfPfn('s3://cogs/a/x.tif', own), at(own.endpoint, 'cogs', 'a/x.tif'));
  assert.deepEqual(
    placeOfPfn('s3://my.bucket/x', { ...own, bucket: 'my.bucket' }),
    at(own.endpoint, 'my.bucket', 'x'),
  );
  assert.deepEqual(placeOfPfn('s3://cogs/x', { endpoint: null, bucket: null }), at(null, 'cogs', 'x'));
  assert.deepEqual(placeOfPfn('s3://s3.eu-west-1.amazonaws.com/b/x', own), at(null, 'b', 'x', 'eu-west-1'));
  assert.deepEqual(
    placeOfPfn('s3://b.s3.eu-west-1.amazonaws.com/a/x', own),
    at(null, 'b', 'a/x', 'eu-west-1'),
  );
  for (const pfn of ['s3://s3.lake.org:9000/b', 's3://cogs/', 's3://cogs', 's3://'])
    assert.equal(placeOfPfn(pfn, own), null);
});

test('our keys sign for our endpoint only; elsewhere the address is plain', async () => {
  const keys = { AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's' };
  const sign = makePfnSigner({ ...keys, S3_ENDPOINT: 'http://127.0.0.1:7070' });
  assert.match(
    await sign('s3://127.0.0.1:7070/b/a b.tif'),
    /^http:\/\/127\.0\.0\.1:7070\/b\/a%20b\.tif\?.*X-Amz-Signature=/,
  );
  assert.equal(await sign('s3://elsewhere.org/b/x'), 'https://elsewhere.org/b/x');
  assert.equal(await sign('s3://b.s3.eu-west-1.amazonaws.com/x'), 'https://b.s3.eu-west-1.amazonaws.com/x');
  const amazon = makePfnSigner(keys);
  assert.match(
    await amazon('s3://lake/x'),
    /^https:\/\/lake\.s3\.us-east-1\.amazonaws\.com\/x\?.*X-Amz-Signature=/,
  );
  assert.equal(await makePfnSigner({})('s3://b/x'), 'https://b.s3.us-east-1.amazonaws.com/x');
  await assert.rejects(sign('s3://127.0.0.1:7070/b'), /names no bucket and key/);
});
