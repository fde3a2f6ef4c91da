/** COGs that earlier runs put into the lake: their DIDs are remembered, their replicas are Rucio's to tell. */
import { didKey } from '../rucio/resolve.ts';
import type { FileDescription } from './describe.ts';
import type { Source } from './source.ts';

/** Fills `source.published` for what is known of files. @throws UserError when Rucio cannot be asked */
export async function readPublished(
  source: Source,
  files: readonly { known: FileDescription | null; outdated: FileDescription | null }[],
  signal: AbortSignal,
): Promise<void> {
  if (source.lake === null) return;
  const cogs = files
    .flatMap(({ known, outdated }) => (known ?? outdated)?.layers ?? [])
    .flatMap(({ cog }) => cog.lake ?? []);
  if (cogs.length === 0) return;
  const lines = await source.lake.listReplicas(cogs, { signal });
  for (const cog of cogs) source.published.set(didKey(cog), lines.get(didKey(cog))?.replicas ?? []);
}

/** A COG that was made anew with the bytes it had is still the one in the lake. */
export function keepLake(description: FileDescription, before: FileDescription | null): FileDescription {
  if (before === null) return description;
  const layers = description.layers.map((layer) => {
    const same = before.layers.find(({ key, cog }) => key === layer.key && cog.sha256 === layer.cog.sha256);
    return same?.cog.lake ? { ...layer, cog: { ...layer.cog, lake: same.cog.lake } } : layer;
  });
  return { ...description, layers };
}
