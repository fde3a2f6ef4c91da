/** Names, or all -> Collections of this lake and the DIDs that they come from. */
import type { IngestedSource } from '../db/ingested.ts';
import { readIngestedKeys, readLakeCollections, readSources } from '../db/synced.ts';
import { UserError } from '../errors.ts';
import { DEFAULT_SETTINGS, type IngestSettings, parseSettings } from '../ingest/settings.ts';
import { didKey } from '../rucio/resolve.ts';
import type { Did } from '../rucio/types.ts';
import type { Db } from '../search/tables.ts';
import { parseObject } from '../stac/item.ts';

export interface TargetSource {
  did: Did;
  settings: IngestSettings;
}

export interface Target {
  collection: string;
  /** The DID that the Collection is of. */
  home: Did;
  /** What was ingested into it, the latest first. */
  sources: TargetSource[];
}

const toSource = ({ scope, name, settings }: IngestedSource): TargetSource => ({
  did: { scope, name },
  settings: parseSettings(settings),
});

/** Of a Collection that an earlier release made, as far as it tells. */
async function guessSources(
  db: Db,
  collection: string,
  home: Did,
  isWhole: boolean,
): Promise<TargetSource[]> {
  if (isWhole) return [{ did: home, settings: DEFAULT_SETTINGS }];
  const sources: TargetSource[] = [];
  for await (const keys of readIngestedKeys(db, collection))
    for (const { scope, name } of keys) sources.push({ did: { scope, name }, settings: DEFAULT_SETTINGS });
  return sources;
}

/** Every Collection of a lake that can be synchronized. */
async function allTargets(db: Db, host: string): Promise<Target[]> {
  const rows = new Map<string, TargetSource[]>();
  for (const row of await readSources(db, host))
    rows.set(row.collection, [...(rows.get(row.collection) ?? []), toSource(row)]);
  const targets: Target[] = [];
  for (const { id, content } of await readLakeCollections(db, host)) {
    const { 'rucio:scope': scope, 'rucio:name': name, 'rucio:state': state } = parseObject(content);
    if (typeof scope !== 'string' || typeof name !== 'string') continue;
    const home = { scope, name };
    const known = rows.get(id);
    // Availability is told of whole DIDs only.
    const isWhole = state !== undefined;
    const sources = known ?? (await guessSources(db, id, home, isWhole));
    // An earlier release ingested all of it, and remembered no source: what came later is not all there is.
    if (isWhole && !sources.some(({ did }) => didKey(did) === didKey(home)))
      sources.push({ did: home, settings: DEFAULT_SETTINGS });
    if (sources.length > 0) targets.push({ collection: id, home, sources });
  }
  return targets;
}

/**
 * @param dids null: all
 * @throws UserError for a DID that is not catalogued
 */
export async function findTargets(db: Db, host: string, dids: Did[] | null): Promise<Target[]> {
  const all = await allTargets(db, host);
  if (dids === null) return all;
  const wanted = dids.flatMap((did) => {
    const found = all.filter(
      ({ home, sources }) =>
        didKey(home) === didKey(did) || sources.some((source) => didKey(source.did) === didKey(did)),
    );
    if (found.length > 0) return found;
    throw new UserError(
      `${didKey(did)} is not in the catalogue, so there is nothing to keep true; ingest it first: rucio-stac ingest ${didKey(did)}.`,
    );
  });
  return [...new Set(wanted)];
}
