/** A server that closes the connection behind an answer, as proxies do: a slow reader of a list gets it whole, or asks again. */
import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAgents } from '../../src/rucio/fetch/get.ts';
import { readRucioConfig } from '../../src/rucio/read-config.ts';
import { type Answer, sendPatiently } from '../../src/rucio/send.ts';

const body = Buffer.alloc(3_000_000, '{"scope":"s","name":"n","bytes":1}\n');
let server: Server;
let base = '';
/** Answers that are to be cut short. */
let cuts = 0;
let asked = 0;

before(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      asked++;
      const length = cuts-- > 0 ? body.length + 1 : body.length;
      socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`);
      socket.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => server.close());

async function readSlowly({ body: answer }: Answer): Promise<number> {
  let length = 0;
  for await (const chunk of answer) {
    length += (chunk as Uint8Array).length;
    await sleep(1);
  }
  return length;
}

async function askFor(): Promise<number> {
  const config = readRucioConfig({ RUCIO_HOST: base, RUCIO_AUTH_TYPE: 'oidc' });
  const agents = openAgents(config);
  try {
    return await sendPatiently(config, agents, { base, path: '/list', headers: {} }, readSlowly);
  } finally {
    agents.destroy();
  }
}

test('whole', async () => {
  for (let turn = 0; turn < 5; turn++) assert.equal(await askFor(), body.length);
});

test('cut: it is asked for again', async () => {
  [cuts, asked] = [2, 0];
  assert.equal(await askFor(), body.length);
  assert.equal(asked, 3);
});

test('cut each time: a sentence', async () => {
  cuts = 100;
  await assert.rejects(
    askFor(),
    /Rucio at http:\/\/127\.0\.0\.1:\d+ cannot be reached: the connection was cut/,
  );
});
