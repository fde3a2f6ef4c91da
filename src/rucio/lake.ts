/** Where the lake has a file now: Rucio's answer, kept for a moment, so that many who ask for one file are one question. */
import type { RucioClient } from './connect.ts';
import { didKey } from './resolve.ts';
import { openRseOrder, type RseOrder } from './rse-order.ts';
import type { Did, Replica } from './types.ts';

export interface LakeReplica extends Replica {
  /** Rucio offers it for reading now: its RSE is not blocked, and the replica is whole. */
  isReadable: boolean;
}

export interface Lake {
  /** As Items name it in `rucio:host`. */
  readonly host: string;
  /**
   * Replicas of a file: those that can be read now first, tapes last, by the order of RSEs that was asked for, then the nearest.
   * @param reader network of who reads; null: it is not known, and near is what is near to us
   * @throws RucioError DataIdentifierNotFound where Rucio does not know the file; UserError where it gives no answer
   */
  replicasOf(did: Did, reader: string | null): Promise<LakeReplica[]>;
  close(): Promise<void>;
}

export interface LakeOptions {
  /** RSE expressions, the best first. */
  rses: readonly string[];
  onFault(expression: string, reason: string): void;
}

interface Kept {
  until: number;
  replicas: Promise<LakeReplica[]>;
}

/** Milliseconds that an answer counts, and answers kept. */
const FRESH = 30_000;
const MOST_KEPT = 10_000;
/** Seconds that addresses which Rucio signs can be used. */
const SIGNED_FOR = 3600;
/** Milliseconds that Rucio has: who asked waits. */
const LIMIT = 20_000;

async function ask(
  client: RucioClient,
  did: Did,
  reader: string | null,
  order: RseOrder,
): Promise<LakeReplica[]> {
  const key = didKey(did);
  const signal = AbortSignal.timeout(LIMIT);
  const options = { signal, reader, signedFor: SIGNED_FOR };
  const [all, readable, placeOf] = await Promise.all([
    client.listReplicas([did], { ...options, allStates: true }),
    client.listReplicas([did], options),
    order.now(signal),
  ]);
  const line = all.get(key);
  // Of a file that is not known Rucio says nothing here, and what is wrong there.
  if (!line) await client.getDid(did, signal);
  const now = new Set(
    (readable.get(key)?.replicas ?? []).flatMap(({ pfn, state }) => (state === 'AVAILABLE' ? [pfn] : [])),
  );
  const last = (value: boolean) => Number(value);
  return (line?.replicas ?? [])
    .map((replica) => ({ ...replica, isReadable: now.has(replica.pfn) }))
    .sort(
      (a, b) =>
        last(!a.isReadable) - last(!b.isReadable) ||
        // A file may take hours to come from one.
        last(a.type === 'TAPE') - last(b.type === 'TAPE') ||
        placeOf(a.rse) - placeOf(b.rse) ||
        a.priority - b.priority,
    );
}

export function openLake(client: RucioClient, { rses, onFault }: LakeOptions): Lake {
  const order = openRseOrder(client.api, rses, onFault);
  const kept = new Map<string, Kept>();
  return {
    host: client.host,
    async replicasOf(did, reader) {
      const key = `${didKey(did)} ${reader ?? ''}`;
      const known = kept.get(key);
      if (known && known.until > Date.now()) return known.replicas;
      const replicas = ask(client, did, reader, order);
      kept.delete(key);
      kept.set(key, { until: Date.now() + FRESH, replicas });
      const [oldest] = kept.keys();
      if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
      replicas.catch(() => {
        if (kept.get(key)?.replicas === replicas) kept.delete(key);
      });
      return replicas;
    },
    close: () => client.close(),
  };
}
