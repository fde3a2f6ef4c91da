/** The real app on a free loopback port, over a fresh catalogue. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeApp } from '../../src/app.ts';
import { type Config, parseConfig } from '../../src/config.ts';
import type { Database } from '../../src/db/schema.ts';
import { upsertCollection, upsertItems } from '../../src/db/upsert-items.ts';
import { makeServer } from '../../src/http/server.ts';
import { toCollectionRow, toItemRow } from '../../src/stac/item.ts';
import { makeValidator } from '../../src/stac/validate.ts';
import { openTestCatalogue } from './catalogue.ts';

export interface TestServer {
  base: string;
  config: Config;
  database: Database;
  /** What went to the log. */
  faults: Record<string, unknown>[];
  /** Stores documents as they are. */
  store(documents: object[]): Promise<void>;
  get(path: string, init?: RequestInit): Promise<Response>;
  /** Body of a 200, parsed. */
  json<T = Record<string, unknown>>(path: string, init?: RequestInit): Promise<T>;
  search(body: object): Promise<ItemCollection>;
  close(): Promise<void>;
}

export interface ItemCollection {
  features: { id: string; collection: string }[];
  links: { rel: string; href: string; method?: string; body?: object }[];
  numberMatched: number;
  numberReturned: number;
}

async function storeAll(database: Database, documents: object[]): Promise<void> {
  const texts = documents.map((document) => JSON.stringify(document));
  for (const text of texts.filter(
    (_, index) => (documents[index] as { type: string }).type === 'Collection',
  )) {
    await upsertCollection(database.db, toCollectionRow(text));
  }
  const items = texts.filter((_, index) => (documents[index] as { type: string }).type === 'Feature');
  await upsertItems(
    database.db,
    items.map((text) => toItemRow(text)),
  );
}

/** @param bucket where public addresses of our own objects begin, a slash at its end */
export async function startTestServer(
  env: Record<string, string> = {},
  bucket: string | null = null,
): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'rucio-stac-server-'));
  const database = await openTestCatalogue();
  const config = parseConfig({ RUCIO_STAC_DATA: folder, ...env });
  const faults: Record<string, unknown>[] = [];
  const app = makeApp(
    { config, database, validator: makeValidator(), bucket },
    (_, fields) => void faults.push(fields),
  );
  const server = makeServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const get = (path: string, init?: RequestInit) =>
    fetch(path.startsWith('http') ? path : `${base}${path}`, init);
  async function json<T>(path: string, init?: RequestInit): Promise<T> {
    const response = await get(path, init);
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
  return {
    base,
    config,
    database,
    faults,
    get,
    json,
    store: (documents) => storeAll(database, documents),
    search: (body) => json<ItemCollection>('/search', { method: 'POST', body: JSON.stringify(body) }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
