/** Servers that close the connection behind an answer, as HTTP/1.0 does: a slow reader gets it whole, or is told that it was cut. */
import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchBytes } from '../../src/load/fetch-text.ts';

const body = Buffer.alloc(3_000_000, 'a line of text\n');
let server: Server;
let url = '';

before(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (head) => {
      const length = head.includes('/cut') ? body.length + 1 : body.length;
      socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`);
      socket.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => server.close());

async function readSlowly(address: string): Promise<number> {
  let length = 0;
  for await (const chunk of fetchBytes(address)) {
    length += chunk.length;
    await sleep(1);
  }
  return length;
}

test('whole', async () => {
  for (let turn = 0; turn < 5; turn++) assert.equal(await readSlowly(`${url}/whole`), body.length);
});

test('cut', async () => {
  for (let turn = 0; turn < 5; turn++)
    await assert.rejects(readSlowly(`${url}/cut`), /cannot be read on: aborted/);
});
