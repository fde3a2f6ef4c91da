/**
 * What the Items of each Collection are together, kept true as they change. Writers only add rows to `item_changes`, which
 * makes none wait for another; who reads folds these rows into `collection_facts`, and reads all Items of a Collection
 * again where something may have gone.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import { placeOf } from '../geo/box-geometry.ts';
import { type Facts, type FactsSource, factsOf, mergeFacts, noFacts } from '../search/facts.ts';
import type { Db } from '../search/tables.ts';
import { toCollectionRow } from '../stac/item.ts';
import { readItemPages } from './read.ts';
import type { Database } from './schema.ts';

export interface LiveFacts {
  /** By Collection; null: of all. A Collection without Items is not in it. */
  read(collections: string[] | null): Promise<Map<string, Facts>>;
}

/** Milliseconds that a reader waits for Items to be read again; after that it gets what was known, which may be too much. */
const PATIENCE = 3000;
/** A reading that took longer than anybody waits for it is not done again before this many times as long has gone by. */
const REST = 3;

/** Changes that one round takes, those that one reading of all Items settles, and rounds of one reading. */
const MOST_CHANGES = 2000;
const MOST_SETTLED = 100_000;
const MOST_ROUNDS = 20;

interface Known {
  version: string;
  facts: Facts;
}

interface Change {
  collection: string;
  id: string;
  grown: string | null;
}

const among = (collections: string[] | null) =>
  collections === null ? sql`true` : sql`collection = any(${collections}::text[])`;

/** Everything that is stored, read anew. */
async function scan(db: Db, collection: string): Promise<Facts> {
  let facts = noFacts();
  for await (const page of readItemPages(db, collection)) {
    const sources = page.map(
      ({ west, south, east, north, since, until, properties }): FactsSource => ({
        bbox: west === null ? null : [west, south as number, east as number, north as number],
        start: since,
        end: until,
        properties: JSON.parse(properties) as Record<string, unknown>,
      }),
    );
    facts = mergeFacts(facts, factsOf(sources));
  }
  return facts;
}

/** Sets where and when a Collection is, for searches. */
async function placeCollection(db: Db, collection: string, { bbox, start, end }: Facts): Promise<void> {
  const { rows } = await sql<{ content: string }>`
    select content from collections where id = ${collection}`.execute(db);
  const own = rows[0] && toCollectionRow(rows[0].content);
  if (!own) return;
  const live = placeOf(bbox);
  const place = live ? JSON.stringify(live) : own.place;
  const [since, until] = start === null ? [own.start, own.end] : [start, end];
  await sql`
    update collections set
      geometry = ST_SetSRID(ST_GeomFromGeoJSON(${place}), 4326),
      period = tstzrange(${since}::timestamptz, ${until}::timestamptz, '[]')
    where id = ${collection}`.execute(db);
}

/** Unlike that of any Collection of this id before: a process that still knows one that was deleted must see that. */
const firstVersion = sql`(extract(epoch from clock_timestamp()) * 1000000)::bigint`;

/** Stores facts and forgets the changes in them; false where somebody else was faster. */
async function keepFacts(db: Db, known: Known | null, facts: Facts, changes: Change[]): Promise<boolean> {
  const [{ collection }] = changes as [Change];
  return db.transaction().execute(async (transaction) => {
    // The Collection comes first in whatever locks it, and an Item's write need not wait.
    await sql`select id from collections where id = ${collection} for no key update`.execute(transaction);
    const text = JSON.stringify(facts);
    const { rows } = known
      ? await sql`
          update collection_facts set facts = ${text}, version = version + 1
          where collection = ${collection} and version = ${known.version}::bigint
          returning version`.execute(transaction)
      : await sql`
          insert into collection_facts (collection, version, facts)
          select id, ${firstVersion}, ${text} from collections where id = ${collection}
          on conflict do nothing
          returning version`.execute(transaction);
    if (rows.length === 0) return false;
    const ids = changes.map((change) => change.id);
    await sql`
      delete from item_changes where collection = ${collection} and id = any(${ids}::bigint[])`.execute(
      transaction,
    );
    await placeCollection(transaction, collection, facts);
    return true;
  });
}

const isReadOnly = (error: unknown) => (error as { code?: unknown } | null)?.code === '25006';

export function makeLiveFacts({ db }: Database): LiveFacts {
  const cache = new Map<string, Known>();
  const folding = new Map<string, Promise<Facts | 'again'>>();
  const restUntil = new Map<string, number>();

  async function loadKnown(collections: string[] | null): Promise<void> {
    const { rows } = await sql<{ collection: string; version: string }>`
      select collection, version::text as version from collection_facts where ${among(collections)}`.execute(
      db,
    );
    const isStale = (row: { collection: string; version: string }) =>
      cache.get(row.collection)?.version !== row.version;
    const stale = rows.filter(isStale).map((row) => row.collection);
    const there = new Set(rows.map((row) => row.collection));
    for (const id of collections ?? [...cache.keys()]) if (!there.has(id)) cache.delete(id);
    if (stale.length === 0) return;
    const texts = await sql<{ collection: string; version: string; facts: string }>`
      select collection, version::text as version, facts
      from collection_facts where ${among(stale)}`.execute(db);
    for (const { collection, version, facts } of texts.rows) {
      cache.set(collection, { version, facts: JSON.parse(facts) as Facts });
    }
  }

  async function rescan(collection: string): Promise<Facts> {
    const began = Date.now();
    const facts = await scan(db, collection);
    const took = Date.now() - began;
    if (took > PATIENCE) restUntil.set(collection, Date.now() + took * REST);
    return facts;
  }

  /** Collections that are not yet to be read again. */
  function resting(): string[] {
    for (const [id, until] of restUntil) if (until <= Date.now()) restUntil.delete(id);
    return [...restUntil.keys()];
  }

  /** What was written before all is read is in what is then read. */
  async function changesOf(collection: string): Promise<Change[]> {
    const { rows } = await sql<Change>`
      select collection, id::text as id, null as grown from item_changes
      where collection = ${collection}
      limit ${MOST_SETTLED}`.execute(db);
    return rows;
  }

  /** What is known with the changes in it, and whether that is kept; 'again' where somebody else was faster. */
  async function fold(collection: string, changes: Change[]): Promise<Facts | 'again'> {
    const known = cache.get(collection) ?? null;
    const isLost = changes.some(({ grown }) => grown === null);
    const settled = isLost ? await changesOf(collection) : changes;
    // Somebody else has settled them.
    if (settled.length === 0) return 'again';
    const add = (facts: Facts, { grown }: Change) =>
      grown === null ? facts : mergeFacts(facts, JSON.parse(grown) as Facts);
    const facts = isLost ? await rescan(collection) : changes.reduce(add, known?.facts ?? noFacts());
    try {
      return (await keepFacts(db, known, facts, settled)) ? facts : 'again';
    } catch (error) {
      // A standby keeps nothing, and knows it all the same.
      if (isReadOnly(error)) return facts;
      throw error;
    }
  }

  function foldOnce(collection: string, changes: Change[]): Promise<Facts | 'again'> {
    const running = folding.get(collection);
    // What it folds may be less than what is there now.
    if (running) return running.then(() => 'again');
    const run = fold(collection, changes).finally(() => folding.delete(collection));
    folding.set(collection, run);
    return run;
  }

  /** Folds what has changed into `folded`; true when there may be more. */
  async function foldChanges(collections: string[] | null, folded: Map<string, Facts>): Promise<boolean> {
    const { rows } = await sql<Change>`
      select collection, id::text as id, grown from item_changes
      where ${among(collections)} and (grown is not null or collection <> all(${resting()}::text[]))
      order by collection, id
      limit ${MOST_CHANGES}`.execute(db);
    const changes = new Map<string, Change[]>();
    for (const row of rows) changes.set(row.collection, [...(changes.get(row.collection) ?? []), row]);
    const folds = Array.from(changes, async ([collection, each]) => {
      const facts = await foldOnce(collection, each);
      if (facts !== 'again') folded.set(collection, facts);
      return facts === 'again';
    });
    const all = Promise.all(folds);
    // Whoever stops waiting leaves a promise behind that may still fail.
    all.catch(() => {});
    const late = wait(PATIENCE, [false], { ref: false });
    const isAgain = (await Promise.race([all, late])).some(Boolean);
    return isAgain || rows.length === MOST_CHANGES;
  }

  return {
    async read(collections) {
      const folded = new Map<string, Facts>();
      let isMore = true;
      for (let round = 0; isMore && round < MOST_ROUNDS; round++) {
        await loadKnown(collections);
        isMore = await foldChanges(collections, folded);
      }
      const wanted = collections ?? [...new Set([...cache.keys(), ...folded.keys()])];
      return new Map(
        wanted.flatMap((id) => {
          const facts = folded.get(id) ?? cache.get(id)?.facts;
          return facts ? [[id, facts] as const] : [];
        }),
      );
    },
  };
}
