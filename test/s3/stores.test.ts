import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../../src/errors.ts';
import { folderStore } from '../../src/s3/folder-store.ts';
import { s3Store } from '../../src/s3/s3-store.ts';
import { readS3Settings } from '../../src/s3/settings.ts';
import type { StoredObject } from '../../src/s3/types.ts';

const folder = mkdtempSync(join(tmpdir(), 'rucio-stores-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const source = join(folder, 'source.tif');
const bytes = Buffer.from('a small raster');
writeFileSync(source, bytes);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const object = { path: source, bytes: bytes.length, sha256, contentType: 'image/tiff' };
const hrefOf = (env: Record<string, string>, key: string) => s3Store(readS3Settings(env)!).hrefOf(key);

test('the folder store keeps a copy under the key, and knows it by size and sha256', async () => {
  const root = join(folder, 'assets');
  const store = folderStore(root, 'own://api/');
  await store.check();
  assert.equal(await store.has('a/b.tif', bytes.length, sha256), false);
  let told = 0;
  await store.put({ ...object, key: 'a/b.tif', onProgress: (done) => (told = done) });
  assert.equal(told, bytes.length);
  assert.ok(readFileSync(join(root, 'a/b.tif')).equals(bytes));
  assert.deepEqual(readdirSync(join(root, 'a')), ['b.tif']);
  assert.equal(await store.has('a/b.tif', bytes.length, sha256), true);
  assert.equal(await store.has('a/b.tif', bytes.length + 1, sha256), false);
  assert.equal(await store.has('a/b.tif', bytes.length, '0'.repeat(64)), false);
  assert.equal(store.hrefOf('a/b c#.tif'), 'own://api/assets/a/b%20c%23.tif');
  assert.equal(store.scheme(), null);
});

test('the folder store lists what it has below a folder, with its size', async () => {
  const store = folderStore(join(folder, 'listed'), 'own://api/');
  const list = async (prefix: string) => {
    const found: StoredObject[] = [];
    for await (const page of store.list(prefix)) found.push(...page);
    return found;
  };
  assert.deepEqual(await list('a/'), []);
  for (const key of ['a/x/1.tif', 'a/y/ä b.tif', 'ab/1.tif']) await store.put({ ...object, key });
  const found = (await list('a/')).sort((one, other) => (one.key < other.key ? -1 : 1));
  assert.deepEqual(
    found,
    ['a/x/1.tif', 'a/y/ä b.tif'].map((key) => ({ key, bytes: bytes.length })),
  );
});

test('the folder store refuses keys that lead outside, and a file that changed', async () => {
  const store = folderStore(join(folder, 'closed'), 'own://api/');
  for (const key of ['../x', '/x', 'a/../../x', '', 'a//b', 'a\0']) {
    await assert.rejects(store.put({ ...object, key }), UserError, key);
  }
  await assert.rejects(store.put({ ...object, key: 'x', bytes: 1 }), /it changed/);
  await assert.rejects(store.put({ ...object, key: 'x', signal: AbortSignal.abort() }), {
    name: 'AbortError',
  });
  assert.deepEqual(readdirSync(join(folder, 'closed')), []);
  await assert.rejects(folderStore(join(source, 'below'), 'own://api/').check(), /cannot be written/);
});

test('no bucket, no S3; with one, the defaults of the AWS tools', () => {
  assert.equal(readS3Settings({ S3_ENDPOINT: 'http://h' }), null);
  assert.deepEqual(readS3Settings({ S3_BUCKET: 'cogs' }), {
    endpoint: null,
    region: 'us-east-1',
    bucket: 'cogs',
    prefix: '',
    publicUrl: null,
    forcePathStyle: false,
    accessKeyId: null,
    secretAccessKey: null,
    sessionToken: null,
    checkPublic: true,
  });
  const own = readS3Settings({
    S3_BUCKET: 'cogs',
    S3_ENDPOINT: 'http://h:9000/',
    S3_PREFIX: '/a/b/',
    AWS_DEFAULT_REGION: 'eu-1',
    AWS_ACCESS_KEY_ID: 'k',
    AWS_SECRET_ACCESS_KEY: 's',
    S3_PUBLIC_URL: 'https://cdn/x/',
  })!;
  assert.deepEqual(
    [own.endpoint, own.prefix, own.region, own.forcePathStyle, own.publicUrl],
    ['http://h:9000', 'a/b', 'eu-1', true, 'https://cdn/x'],
  );
});

test('all faults of the settings are told together', () => {
  const env = {
    S3_BUCKET: 'cogs',
    S3_ENDPOINT: 'h:9000',
    S3_PREFIX: '../x',
    AWS_ACCESS_KEY_ID: 'k',
    S3_FORCE_PATH_STYLE: 'maybe',
  };
  assert.throws(
    () => readS3Settings(env),
    (error: unknown) => {
      assert.ok(error instanceof UserError);
      for (const name of ['S3_ENDPOINT', 'S3_PREFIX', 'AWS_SECRET_ACCESS_KEY', 'S3_FORCE_PATH_STYLE']) {
        assert.match(error.message, new RegExp(name));
      }
      return true;
    },
  );
});

test('hrefs: Amazon, own endpoint by path and by host, public address; keys encoded by segment', () => {
  const bucket = { S3_BUCKET: 'cogs' };
  assert.equal(hrefOf(bucket, 'a/b c.tif'), 'https://cogs.s3.us-east-1.amazonaws.com/a/b%20c.tif');
  assert.equal(hrefOf({ S3_BUCKET: 'my.cogs' }, 'k'), 'https://s3.us-east-1.amazonaws.com/my.cogs/k');
  const own = { ...bucket, S3_ENDPOINT: 'https://s3.lake.org', S3_PREFIX: 'p q' };
  assert.equal(hrefOf(own, "a+(1)'.tif"), 'https://s3.lake.org/cogs/p%20q/a%2B%281%29%27.tif');
  assert.equal(hrefOf({ ...own, S3_FORCE_PATH_STYLE: 'false' }, 'k'), 'https://cogs.s3.lake.org/p%20q/k');
  assert.equal(hrefOf({ ...own, S3_PUBLIC_URL: 'https://cdn.org/x' }, 'é'), 'https://cdn.org/x/p%20q/%C3%A9');
});

test('the storage scheme is aws-s3 for Amazon, custom-s3 for all others', () => {
  const scheme = (env: Record<string, string>) =>
    s3Store(readS3Settings({ S3_BUCKET: 'cogs', ...env })!).scheme()!.scheme;
  assert.equal(scheme({}).type, 'aws-s3');
  assert.equal(scheme({}).platform, 'https://{bucket}.s3.{region}.amazonaws.com');
  assert.equal(scheme({ S3_ENDPOINT: 'https://s3.eu-west-1.amazonaws.com' }).type, 'aws-s3');
  assert.equal(scheme({ S3_ENDPOINT: 'https://s3.lake.org' }).type, 'custom-s3');
  assert.equal(scheme({ S3_ENDPOINT: 'https://s3.lake.org' }).platform, 'https://s3.lake.org/{bucket}');
  assert.equal(
    scheme({ S3_ENDPOINT: 'https://s3.lake.org', S3_FORCE_PATH_STYLE: '0' }).platform,
    'https://{bucket}.s3.lake.org',
  );
});
