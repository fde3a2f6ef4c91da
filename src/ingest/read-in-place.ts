/** One source file that stays where it is -> its description, of its header and smallest overview alone. */
import { UserError } from '../errors.ts';
import { openCog } from '../raster/open-cog.ts';
import { describeLayer, type FileDescription } from './describe.ts';
import type { Progress } from './progress.ts';
import { readStore } from './read-store.ts';
import type { SourceFile } from './source.ts';

/** What is left out of a COG of our making, but is in the original. */
const KEPT = /internal mask|colour table/;

function refuse(error: unknown): never {
  if (!(error instanceof UserError)) throw error;
  throw new UserError(`${error.message.replace(/\.$/, '')}; without --in-place a COG is made of it`, {
    cause: error,
  });
}

/** @throws UserError that says why the file cannot stay in place */
export async function readInPlace(
  file: SourceFile,
  { signal, progress }: { signal: AbortSignal; progress: Progress },
): Promise<FileDescription> {
  if (file.openStore) {
    const description = readStore(file, { signal, progress });
    // One at an address is read in no other way.
    return file.url === undefined ? description.catch(refuse) : description;
  }
  if (file.openRanges === undefined)
    throw new UserError(`${file.name} is in no data lake; --in-place is for DIDs and addresses`);
  const ranges = await file.openRanges(signal);
  try {
    const { layer, statistics, overviews, file: raster } = await openCog(ranges);
    const cog = { bytes: ranges.size, sha256: '', statistics, overviews };
    const warnings = raster.warnings.filter((warning) => !KEPT.test(warning));
    for (const warning of warnings) progress.event('ingest:file:warning', { file: file.name, warning });
    progress.advance(file.bytes ?? 0);
    const { mediaType, cube, attributes } = raster;
    const layers = [{ ...describeLayer(layer, cog), inPlace: true as const }];
    return { mediaType, cube, attributes, warnings, layers };
  } catch (error) {
    return refuse(error);
  } finally {
    await ranges.close();
  }
}
