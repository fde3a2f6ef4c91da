import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readableUrl, withoutSignature } from '../../src/rucio/pfn.ts';

// As core/credential.py of Rucio makes them, and boto3 (v4, v2).
const signed: [string, string | null][] = [
  [
    'https://s3.org:9000/b/a/x.tif?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=k%2F20261123%2Feu%2Fs3%2Faws4_request&X-Amz-Date=20261123T190000Z&X-Amz-Expires=600&X-Amz-SignedHeaders=host&X-Amz-Signature=ab12',
    'https://s3.org:9000/b/a/x.tif',
  ],
  ['https://s3.org/b/x.tif?AWSAccessKeyId=k&Signature=a%2Fb%3D&Expires=1700000000', 'https://s3.org/b/x.tif'],
  [
    'https://storage.googleapis.com/b/x?GoogleAccessId=a@b.org&Expires=1&Signature=c',
    'https://storage.googleapis.com/b/x',
  ],
  ['https://swift.org/v1/b/x?temp_url_sig=ab&temp_url_expires=1', 'https://swift.org/v1/b/x'],
  ['https://s3.org/b/x?versionId=7&X-Amz-Signature=ab', 'https://s3.org/b/x?versionId=7'],
  [
    'https://s3.org/b/x?X-Amz-Signature=ab&#multirange=false&nconnections=4',
    'https://s3.org/b/x&#multirange=false&nconnections=4',
  ],
  ['https://dav.org/b/x.tif', null],
  ['https://dav.org/b/x.tif?expires=2030&v=1', null],
  ['https://dav.org/b/signature=1.tif', null],
  ['root://eos.org//eos/x?xrdcl.unzip=y', null],
];

for (const [pfn, plain] of signed)
  test(`${pfn.slice(0, 60)} is ${plain ?? 'not signed'}`, () => assert.equal(withoutSignature(pfn), plain));

test('a hint behind a signed address is no part of it', () => {
  assert.equal(
    readableUrl('https://s3.org/b/x?X-Amz-Signature=ab&#multirange=false&nconnections=4'),
    'https://s3.org/b/x?X-Amz-Signature=ab',
  );
});
