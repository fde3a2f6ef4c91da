/** What a storage is shown of us, by TLS servers with the development CA's certificates: a token or certificate for one RSE alone. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createPlain } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { RucioClient } from '../../src/rucio/connect.ts';
import { openRanges } from '../../src/rucio/fetch/open-ranges.ts';
import type { Env } from '../../src/rucio/read-config.ts';
import type { RucioFile } from '../../src/rucio/types.ts';
import { closeAll, connect, folder, required, sums } from './lake.ts';

const TOKEN = 'a-secret-token';
const bytes = randomBytes(100_000);

interface Seen {
  door: string;
  authorization: string | undefined;
  /** Common name of the client's certificate. */
  subject: string | undefined;
}

let seen: Seen[] = [];
const servers: Server[] = [];
const bases: Record<string, string> = {};

/** Demands what its path says; /away sends on to another origin. */
function storage(door: string) {
  return (request: IncomingMessage, response: ServerResponse) => {
    const certificate = (request.socket as TLSSocket).getPeerCertificate?.();
    const subject = certificate?.subject?.CN;
    const { authorization } = request.headers;
    seen.push({ door, authorization, subject: subject === undefined ? undefined : String(subject) });
    const { url } = request;
    if (url === '/away') return void response.writeHead(307, { location: `${bases.other}/open` }).end();
    if (url === '/down') return void response.writeHead(307, { location: `${bases.plain}/open` }).end();
    if (url === '/token' && authorization !== `Bearer ${TOKEN}`) return void response.writeHead(401).end();
    if (url === '/certificate' && subject === undefined) return void response.writeHead(403).end();
    response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  };
}

async function listen(door: string, server: Server, scheme: string): Promise<void> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  bases[door] = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

before(async () => {
  const tls = join(required('RUCIO_DEV_STATE'), 'tls');
  const read = (name: string) => readFileSync(join(tls, name));
  const options = {
    cert: read('server.crt'),
    key: read('server.key'),
    ca: read('ca.crt'),
    requestCert: true,
    rejectUnauthorized: false,
  };
  await listen('own', createServer(options, storage('own')), 'https');
  await listen('other', createServer(options, storage('other')), 'https');
  await listen('plain', createPlain(storage('plain')), 'http');
});
after(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await closeAll();
});

/** A client whose rucio.cfg has these sections besides. */
function connectWith(sections: string, env: Env = {}): RucioClient {
  const place = mkdtempSync(join(folder, 'cfg-'));
  writeFileSync(join(place, 'token'), `${TOKEN}\n`);
  const file = join(place, 'rucio.cfg');
  const text = sections.replaceAll('HERE', place);
  writeFileSync(file, `${readFileSync(required('RUCIO_CONFIG'), 'utf8')}\n${text}\n`);
  return connect(file, { RUCIO_CA_CERT: required('RUCIO_CA_CERT'), ...env });
}

function fileAt(rse: string, pfn: string): RucioFile {
  const replicas = [{ rse, pfn, scheme: 'https', priority: 1, state: 'AVAILABLE', type: 'DISK' }];
  return { scope: 's', name: 'n', ...sums(bytes), replicas, metadata: {} };
}

let targets = 0;
async function shown(client: RucioClient, rse: string, pfn: string): Promise<Seen[]> {
  seen = [];
  await client.download(fileAt(rse, pfn), join(folder, `got-${targets++}`), { rounds: 1 });
  return seen;
}

test('a token goes to its RSE, over https, and not to where that sends us', async () => {
  const client = connectWith('[rse:TOKEN-RSE]\ntoken_file = HERE/token');
  const bearer = `Bearer ${TOKEN}`;
  const ask = async (rse: string, pfn: string) =>
    (await shown(client, rse, pfn)).map(({ door, authorization }) => [door, authorization]);
  assert.deepEqual(await ask('TOKEN-RSE', `${bases.own}/token`), [['own', bearer]]);
  assert.deepEqual(await ask('TOKEN-RSE', `${bases.own!.replace('https', 'davs')}/token`), [['own', bearer]]);
  assert.deepEqual(await ask('TOKEN-RSE', `${bases.own}/away`), [
    ['own', bearer],
    ['other', undefined],
  ]);
  assert.deepEqual(await ask('TOKEN-RSE', `${bases.own}/down`), [
    ['own', bearer],
    ['plain', undefined],
  ]);
  assert.deepEqual(await ask('TOKEN-RSE', `${bases.plain}/open`), [['plain', undefined]]);
  assert.deepEqual(await ask('OTHER-RSE', `${bases.own}/open`), [['own', undefined]]);
  await assert.rejects(
    shown(client, 'OTHER-RSE', `${bases.own}/token`),
    /status 401, the storage does not let us read it/,
  );
  // By range, too.
  const ranges = await openRanges(fileAt('OTHER-RSE', `${bases.own}/token`), {}).catch(
    (error: Error) => error.message,
  );
  assert.match(String(ranges), /cannot be read by range/);
});

test('a certificate is shown to its RSE alone', async () => {
  const client = connectWith('', {
    RUCIO_STAC_RSE_CERT_RSE_CLIENT_CERT: required('RUCIO_CLIENT_CERT'),
    RUCIO_STAC_RSE_CERT_RSE_CLIENT_KEY: required('RUCIO_CLIENT_KEY'),
  });
  const ask = async (rse: string, pfn: string) =>
    (await shown(client, rse, pfn)).map(({ door, subject }) => [door, subject]);
  assert.deepEqual(await ask('CERT-RSE', `${bases.own}/certificate`), [['own', 'ddmlab']]);
  assert.deepEqual(await ask('CERT-RSE', `${bases.own}/away`), [
    ['own', 'ddmlab'],
    ['other', undefined],
  ]);
  assert.deepEqual(await ask('OTHER-RSE', `${bases.own}/open`), [['own', undefined]]);
  await assert.rejects(shown(client, 'OTHER-RSE', `${bases.own}/certificate`), /status 403/);
});

test('what cannot be read of the settings is told as the fault of that replica', async () => {
  const none = connectWith('[rse:R]\ntoken_file = HERE/nowhere');
  await assert.rejects(
    shown(none, 'R', `${bases.own}/token`),
    /R \(https:\S+\): its token file \S+nowhere cannot be read/,
  );
  assert.equal(seen.length, 0);
  const bad = connectWith('[rse:R]\nclient_cert = HERE/token');
  await assert.rejects(
    shown(bad, 'R', `${bases.own}/certificate`),
    /R \(https:\S+\): its certificate cannot be used/,
  );
  assert.throws(
    () => connectWith('[rse:R]\npassword = x'),
    /\[rse:R\] has "password"; accepted are token_file/,
  );
});
