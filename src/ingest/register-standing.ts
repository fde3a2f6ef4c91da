/** COGs and Items that earlier runs put into the lake: their DIDs are remembered, their replicas are Rucio's to tell. */
import { didKey } from '../rucio/resolve.ts';
import type { Did } from '../rucio/types.ts';
import type { FileDescription } from './describe.ts';
import type { Source } from './source.ts';

/** Fills `source.published` for what is known of files. @throws UserError when Rucio cannot be asked */
export async function readPublished(
  source: Source,
  files: readonly { known: FileDescription | null; outdated: FileDescription | null }[],
  signal: AbortSignal,
): Promise<void> {
  if (source.lake === null) return;
  const made = files
    .flatMap(({ known, outdated }) => known ?? outdated ?? [])
    .flatMap(({ layers, stac }) => [
      ...layers.flatMap(({ cog }) => cog.lake ?? []),
      ...Object.values(stac ?? {}),
    ]);
  if (made.length === 0) return;
  const lines = await source.lake.listReplicas(made, { signal });
  for (const did of made) source.published.set(didKey(did), lines.get(didKey(did))?.replicas ?? []);
}

/** Whether what was made is whole at an RSE, as far as this run knows. */
export function hasReplica({ published }: Source, did: Did, rse: string): boolean {
  const replicas = published.get(didKey(did)) ?? [];
  return replicas.some((replica) => replica.rse === rse && replica.state === 'AVAILABLE');
}

/** A COG that was made anew with the bytes it had is still the one in the lake. */
export function keepLake(description: FileDescription, before: FileDescription | null): FileDescription {
  if (before === null) return description;
  const layers = description.layers.map((layer) => {
    const same = before.layers.find(({ key, cog }) => key === layer.key && cog.sha256 === layer.cog.sha256);
    return same?.cog.lake ? { ...layer, cog: { ...layer.cog, lake: same.cog.lake } } : layer;
  });
  return { ...description, layers, ...(before.stac && { stac: before.stac }) };
}
