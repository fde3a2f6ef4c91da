/** What the store holds of a Collection, listed once -> COGs that Items name and that it has not, or with another size. */
import { messageOf } from '../errors.ts';
import { storeKey } from '../ingest/part-names.ts';
import { memoryKey, type PlannedScene } from '../ingest/plan.ts';
import { didKey } from '../rucio/resolve.ts';
import type { AssetStore } from '../s3/types.ts';
import type { Drift } from './drift.ts';

export interface Stock {
  /** COGs of some scenes that are lost, by the scene's id. Those whose original Rucio has no more are noted, for they cannot be made again. */
  lostOf(scenes: readonly PlannedScene[]): Promise<Map<string, Drift[]>>;
}

interface NamedCog {
  key: string;
  bytes: number;
  sha256: string;
  scene: string;
  isGone: boolean;
  drift: Drift;
}

function cogsOf({ scene, files }: PlannedScene, collection: string): NamedCog[] {
  return files.flatMap(({ file, known }) => {
    const made = known?.layers.filter(({ inPlace }) => !inPlace) ?? [];
    return made.map((layer): NamedCog => {
      const key = storeKey(collection, scene, file, layer);
      const { bytes, sha256 } = layer.cog;
      const drift: Drift = {
        kind: 'cog-lost',
        collection,
        did: didKey(memoryKey(file)),
        item: scene.id,
        detail: key,
      };
      return { key, bytes, sha256, scene: scene.id, isGone: file.deleted !== undefined, drift };
    });
  });
}

async function listStore(
  store: AssetStore,
  prefix: string,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for await (const page of store.list(prefix, signal)) {
    // A copy of the text: a slice would keep the whole answer that it was cut from.
    for (const { key, bytes } of page) sizes.set(Buffer.from(key).toString(), bytes);
  }
  return sizes;
}

/** Looks at so many objects of the store at once. */
const LOOKS = 16;

/** Those that the store has not now: an ingest beside us may have put some there since the list. */
async function confirmed(store: AssetStore, suspects: NamedCog[]): Promise<NamedCog[]> {
  const there = new Set<NamedCog>();
  const queue = suspects.values();
  const look = async () => {
    for (const each of queue) if (await store.has(each.key, each.bytes, each.sha256)) there.add(each);
  };
  await Promise.all(Array.from({ length: LOOKS }, look));
  return suspects.filter((each) => !there.has(each));
}

export function openStock(
  { store, signal }: { store: AssetStore; signal: AbortSignal },
  collection: string,
  report: { failures: string[]; notes: string[] },
): Stock {
  const prefix = `${collection}/`;
  let listed: Promise<Map<string, number> | null> | null = null;

  async function listOnce(): Promise<Map<string, number> | null> {
    try {
      return await listStore(store, prefix, signal);
    } catch (error) {
      signal.throwIfAborted();
      report.failures.push(`COGs that are lost were not looked for: ${messageOf(error).split('\n')[0]}`);
      return null;
    }
  }

  return {
    async lostOf(scenes) {
      const lost = new Map<string, Drift[]>();
      const named = scenes.flatMap((planned) => cogsOf(planned, collection));
      if (named.length === 0) return lost;
      listed ??= listOnce();
      const sizes = await listed;
      if (sizes === null) return lost;
      const suspects = named.filter(({ key, bytes }) => sizes.get(key) !== bytes);
      for (const { key, scene, isGone, drift } of await confirmed(store, suspects)) {
        if (isGone)
          report.notes.push(
            `the COG ${key} is lost, and so is what it was made of; --prune deletes its Item`,
          );
        else lost.set(scene, [...(lost.get(scene) ?? []), drift]);
      }
      return lost;
    },
  };
}
