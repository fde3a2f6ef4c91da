/** What the store holds of a Collection, listed once -> COGs that Items name and that it has not, or with another size. */
import { messageOf } from '../errors.ts';
import { storeKey } from '../ingest/part-names.ts';
import { memoryKey, type PlannedScene } from '../ingest/plan.ts';
import { didKey } from '../rucio/resolve.ts';
import type { AssetStore } from '../s3/types.ts';
import type { Drift } from './drift.ts';

export interface Stock {
  /** COGs of some scenes that are lost, by the scene's id. Those whose original Rucio has no more are not asked for. */
  lostOf(scenes: readonly PlannedScene[]): Promise<Map<string, Drift[]>>;
}

interface NamedCog {
  key: string;
  bytes: number;
  sha256: string;
  scene: string;
  drift: Drift;
}

function cogsOf({ scene, files }: PlannedScene, collection: string): NamedCog[] {
  return files.flatMap(({ file, known }) => {
    const made = known?.layers.filter(({ inPlace }) => !inPlace) ?? [];
    if (file.deleted !== undefined) return [];
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
      return { key, bytes, sha256, scene: scene.id, drift };
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

export function openStock(
  { store, signal }: { store: AssetStore; signal: AbortSignal },
  collection: string,
  report: { failures: string[] },
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
      for (const { key, bytes, sha256, scene, drift } of named) {
        if (sizes.get(key) === bytes) continue;
        // An ingest beside us may have put it there since.
        if (await store.has(key, bytes, sha256)) continue;
        lost.set(scene, [...(lost.get(scene) ?? []), drift]);
      }
      return lost;
    },
  };
}
