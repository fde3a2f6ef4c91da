/** What each request to a storage costs beside its bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { createAgents } from '../../src/rucio/fetch/get.ts';

test('the name by which a connection is found holds no certificates', () => {
  const agents = createAgents({ ca: [...rootCertificates] });
  const { https } = agents;
  assert.ok(https.getName({ ...https.options, host: 'example.org', port: 443 }).length < 100);
  assert.equal(agents.https, https);
  agents.destroy();
});

test('a certificate that cannot be used is a fault of the request, not of all', () => {
  const agents = createAgents({ cert: 'no certificate', key: 'no key' });
  assert.ok(agents.http);
  assert.throws(() => agents.https);
  agents.destroy();
});
