/** Files of a DID, as they come -> sums for people: by RSE, by Collection, and the first few that are not catalogued. */

import type { RseSum } from '../../rucio/replicas.ts';
import { didKey } from '../../rucio/resolve.ts';
import type { ListedFile, Replica, RucioFile } from '../../rucio/types.ts';

/** Names told of what is missing. */
const MOST_NAMES = 10;

export interface AtRse {
  rse: string;
  files: number;
  available: number;
  bytes: number;
}

export interface Totals {
  files: number;
  bytes: number;
  rses: Map<string, AtRse>;
  /** Files in each Collection. */
  collections: Map<string, number>;
  missing: { count: number; named: string[] };
}

export const noTotals = (home: string[]): Totals => ({
  files: 0,
  bytes: 0,
  rses: new Map(),
  collections: new Map(home.map((id) => [id, 0])),
  missing: { count: 0, named: [] },
});

function addReplicas(rses: Totals['rses'], replicas: Replica[], bytes: number | null): void {
  for (const rse of new Set(replicas.map((each) => each.rse))) {
    const at = rses.get(rse) ?? { rse, files: 0, available: 0, bytes: 0 };
    const isAvailable = replicas.some((each) => each.rse === rse && each.state === 'AVAILABLE');
    at.files++;
    at.available += Number(isAvailable);
    at.bytes += isAvailable ? (bytes ?? 0) : 0;
    rses.set(rse, at);
  }
}

export function addSums(rses: Totals['rses'], sums: RseSum[]): void {
  for (const { rse, available, bytes } of sums) {
    const at = rses.get(rse) ?? { rse, files: 0, available: 0, bytes: 0 };
    rses.set(rse, {
      rse,
      files: at.files + available,
      available: at.available + available,
      bytes: at.bytes + bytes,
    });
  }
}

/** @param known of these files, by `scope:name`, the Collections they are in */
export function addFiles(
  totals: Totals,
  files: (ListedFile & Partial<RucioFile>)[],
  known: Map<string, string[]>,
): void {
  const { rses, collections, missing } = totals;
  for (const file of files) {
    totals.files++;
    totals.bytes += file.bytes ?? 0;
    if (file.replicas) addReplicas(rses, file.replicas, file.bytes);
    const ids = known.get(didKey(file)) ?? [];
    for (const id of ids) collections.set(id, (collections.get(id) ?? 0) + 1);
    if (ids.length > 0) continue;
    missing.count++;
    if (missing.named.length < MOST_NAMES) missing.named.push(file.name);
  }
}
