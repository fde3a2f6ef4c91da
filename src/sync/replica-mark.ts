/**
 * A dataset or container -> a mark of all its replicas together: how many each RSE has, since when none has changed, and
 * whether and how the RSE can be read. While it stays the same, so do the replicas of each file, which Rucio lists slowly.
 */
import { createHash } from 'node:crypto';
import type { RucioClient } from '../rucio/connect.ts';
import { RucioError } from '../rucio/faults.ts';
import { didKey } from '../rucio/resolve.ts';
import type { Did, DidType } from '../rucio/types.ts';

type Row = Record<string, unknown>;

/** Datasets of a container that are asked for; of a larger one the replicas are listed. */
const MOST_DATASETS = 200;

/** Datasets below, or null where there are too many. */
async function datasetsOf(
  client: RucioClient,
  did: Did,
  type: DidType,
  signal: AbortSignal,
): Promise<Did[] | null> {
  if (type === 'FILE') return null;
  if (type === 'DATASET') return [did];
  const found = new Map<string, Did>();
  const left = [did];
  for (let next = left.pop(); next; next = left.pop()) {
    for (const child of await client.children(next, signal)) {
      if (child.type === 'FILE') return null;
      if (child.type === 'CONTAINER') left.push(child);
      else found.set(didKey(child), child);
    }
    if (found.size + left.length > MOST_DATASETS) return null;
  }
  return [...found.values()];
}

async function markOf(client: RucioClient, datasets: Did[], signal: AbortSignal): Promise<string> {
  const { api } = client;
  const lines: string[] = [];
  const rses = new Set<string>();
  for (const { scope, name } of datasets) {
    const path = `/replicas/${encodeURIComponent(scope)}/${encodeURIComponent(name)}/datasets?deep=true`;
    for (const row of (await api.getList(path, { signal })) as Row[]) {
      const { rse, length, bytes, available_length, available_bytes, created_at, updated_at } = row;
      rses.add(String(rse));
      lines.push(
        JSON.stringify([
          scope,
          name,
          rse,
          length,
          bytes,
          available_length,
          available_bytes,
          created_at,
          updated_at,
        ]),
      );
    }
  }
  for (const rse of rses) {
    const row = (await api.getJson(`/rses/${encodeURIComponent(rse)}`, { signal })) as Row;
    const { availability_read, deterministic, protocols, rse_type, lfn2pfn_algorithm } = row;
    lines.push(
      JSON.stringify([rse, availability_read, deterministic, rse_type, lfn2pfn_algorithm, protocols]),
    );
  }
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex');
}

/** @returns null where this server does not tell, or there is too much to ask for */
export async function replicaMark(
  client: RucioClient,
  did: Did,
  type: DidType,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const datasets = await datasetsOf(client, did, type, signal);
    return datasets && (await markOf(client, datasets, signal));
  } catch (error) {
    if (error instanceof RucioError && error.exceptionClass !== 'CannotAuthenticate') return null;
    throw error;
  }
}
