/** Zarr store of a lake -> a folder with all of its parts, each verified as any file is. */
import { UserError } from '../errors.ts';
import type { RucioClient } from '../rucio/connect.ts';
import { safeJoin } from '../rucio/safe-join.ts';
import type { RucioFile } from '../rucio/types.ts';
import type { FetchedFile, FetchOptions, ListedFile } from './source.ts';

/** Parts at once: most of them are small. */
const AT_ONCE = 4;
/** Parts whose replicas are asked for at once. */
const BATCH = 1000;

/** @throws UserError when a part cannot be read, or its name leads out of the folder */
export async function fetchStore(
  client: RucioClient,
  { name, parts = [] }: ListedFile,
  { folder, signal, onProgress }: FetchOptions,
): Promise<FetchedFile> {
  const faults: string[] = [];
  const placeOf = (scope: string, part: string) => safeJoin(folder, `${scope}/${part.replace(/^\/+/, '')}`);
  const done = new Map<string, number>();
  let total = 0;
  const fetchPart = async (file: RucioFile) => {
    const report = await client.download(file, placeOf(file.scope, file.name), {
      signal,
      isTemporary: true,
      onProgress: (bytes) => {
        total += bytes - (done.get(file.name) ?? 0);
        done.set(file.name, bytes);
        onProgress(total);
      },
    });
    faults.push(...report.faults.map(({ rse, reason }) => `${file.name}: ${rse}: ${reason}`));
  };
  for (let at = 0; at < parts.length; at += BATCH) {
    const asked = parts
      .slice(at, at + BATCH)
      .flatMap(({ did, bytes, adler32, md5 }) => (did ? [{ ...did, bytes, adler32, md5 }] : []));
    const queue = (await client.complete(asked, { signal })).values();
    const work = async () => {
      for (const file of queue) await fetchPart(file);
    };
    // The folder goes when the first fault is told: until then all must have ended.
    const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
  const scope = parts[0]?.did?.scope;
  if (scope === undefined) throw new UserError(`${name} has no parts in the lake`);
  return { path: placeOf(scope, name), isTemporary: true, faults };
}
