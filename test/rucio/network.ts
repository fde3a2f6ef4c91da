/** The network between us and a real server, as bad as a test needs it: a TCP proxy that ends or holds connections. */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Network {
  port: number;
  /** Bytes that came from the server, in all. */
  passed: number;
  /** What was asked for: the first line of each request, and its Range. */
  asked: string[];
  /** One after the other: bytes from the server after which a connection breaks off, or is held; none left: a good network. */
  faults: { kind: 'break' | 'hold'; after: number }[];
  close(): void;
}

export async function openNetwork(hostname: string, port: number): Promise<Network> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = connect(port, hostname);
    let isHeld = false;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
    }
    near.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      const [, line] = /^(GET \S+) HTTP/.exec(text) ?? [];
      if (line) network.asked.push(`${line} ${/^range: (.*)$/im.exec(text)?.[1] ?? ''}`.trim());
      far.write(chunk);
    });
    far.on('data', (chunk: Buffer) => {
      if (isHeld) return;
      const [fault] = network.faults;
      const rest = Math.min(fault?.after ?? chunk.length, chunk.length);
      network.passed += rest;
      if (fault) fault.after -= rest;
      if (rest === chunk.length) return void near.write(chunk);
      network.faults.shift();
      isHeld = true;
      if (fault?.kind === 'break') near.end(chunk.subarray(0, rest));
      else near.write(chunk.subarray(0, rest));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const network: Network = {
    port: (server.address() as AddressInfo).port,
    passed: 0,
    asked: [],
    faults: [],
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  return network;
}

/** A port where nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
