/** The network of a reader, as far as RFC 7871 (11.1) has it told: 24 bits of IPv4, 56 of IPv6. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readerNetwork } from '../../src/http/reader.ts';

const networks: [string, string | null][] = [
  ['203.0.113.77', '203.0.113.0'],
  ['::ffff:203.0.113.77', '203.0.113.0'],
  ['203.0.113.77:51234', '203.0.113.0'],
  ['2001:db8:1:2345:a:b:c:d', '2001:db8:1:2300::'],
  ['2001:db8::1', '2001:db8::'],
  ['2001:DB8:0:ab00::', '2001:db8:0:ab00::'],
  ['[2001:db8::1]:443', '2001:db8::'],
  ['2001:db8:1:2:3:4:5::', '2001:db8:1::'],
  ['127.0.0.1', null],
  ['::1', null],
  ['10.0.0.9', null],
  ['172.31.255.255', null],
  ['192.168.1.1', null],
  ['100.64.0.1', null],
  ['169.254.1.1', null],
  ['255.255.255.255', null],
  ['::ffff:10.0.0.9', null],
  ['fe80::1%eth0', null],
  ['fd00::1', null],
  ['ff02::1', null],
  ['unknown', null],
  ['', null],
  ['203.0.113', null],
  ['203.0.113.77\r\nx: y', null],
];

for (const [address, network] of networks)
  test(`${JSON.stringify(address)} is of ${network}`, () => {
    assert.equal(readerNetwork({}, address, false), network);
    assert.equal(readerNetwork({ 'x-forwarded-for': address }, '127.0.0.1', true), network);
  });

test('X-Forwarded-For counts from a trusted proxy only: its first address that is known outside', () => {
  const headers = { 'x-forwarded-for': '192.168.1.7, 198.51.100.4, 203.0.113.77' };
  assert.equal(readerNetwork(headers, '203.0.113.5', true), '198.51.100.0');
  assert.equal(readerNetwork(headers, '203.0.113.5', false), '203.0.113.0');
  assert.equal(readerNetwork({ 'x-forwarded-for': 'unknown' }, '203.0.113.5', true), '203.0.113.0');
  assert.equal(readerNetwork({}, undefined, true), null);
});
