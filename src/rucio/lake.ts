/** Where the lake has a file now: Rucio's answer, kept for a moment, so that many who ask for one file are one question. */
import type { RucioClient } from './connect.ts';
import type { ReplicaLine } from './replicas.ts';
import { didKey } from './resolve.ts';
import type { Did, Replica } from './types.ts';

export interface LakeReplica extends Replica {
  /** Rucio offers it for reading now: its RSE is not blocked, and the replica is whole. */
  isReadable: boolean;
}

export interface Lake {
  /** As Items name it in `rucio:host`. */
  readonly host: string;
  /**
   * Replicas of a file, those that can be read now first, in Rucio's order.
   * @throws RucioError DataIdentifierNotFound where Rucio does not know the file; UserError where it gives no answer
   */
  replicasOf(did: Did): Promise<LakeReplica[]>;
  close(): Promise<void>;
}

interface Kept {
  until: number;
  replicas: Promise<LakeReplica[]>;
}

/** Milliseconds that an answer counts, and answers kept. */
const FRESH = 30_000;
const MOST_KEPT = 10_000;
/** Milliseconds that Rucio has: who asked waits. */
const LIMIT = 20_000;

async function ask(client: RucioClient, did: Did): Promise<LakeReplica[]> {
  const key = didKey(did);
  const signal = AbortSignal.timeout(LIMIT);
  const [all, readable] = await Promise.all([
    client.listReplicas([did], { signal, allStates: true }),
    client.listReplicas([did], { signal }),
  ]);
  const line: ReplicaLine | undefined = all.get(key);
  // Of a file that is not known Rucio says nothing here, and what is wrong there.
  if (!line) await client.getDid(did, signal);
  const now = new Set(
    (readable.get(key)?.replicas ?? []).flatMap(({ pfn, state }) => (state === 'AVAILABLE' ? [pfn] : [])),
  );
  return (line?.replicas ?? [])
    .map((replica) => ({ ...replica, isReadable: now.has(replica.pfn) }))
    .sort((a, b) => Number(b.isReadable) - Number(a.isReadable) || a.priority - b.priority);
}

export function openLake(client: RucioClient): Lake {
  const kept = new Map<string, Kept>();
  return {
    host: client.host,
    async replicasOf(did) {
      const key = didKey(did);
      const known = kept.get(key);
      if (known && known.until > Date.now()) return known.replicas;
      const replicas = ask(client, did);
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
