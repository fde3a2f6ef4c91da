/** Zarr store in a lake or at an address -> its keys over https, or http, where its parts lie beneath one root. */
import { messageOf, UserError } from '../errors.ts';
import type { KeyedStore } from '../raster/zarr-keys.ts';
import type { RucioClient } from '../rucio/connect.ts';
import { fetchSmall } from '../rucio/fetch/fetch-small.ts';
import type { Access } from '../rucio/fetch/open-http.ts';
import { replicasForReaders } from '../rucio/fetch/open-ranges.ts';
import { ReplicaFault } from '../rucio/fetch/replica-fault.ts';
import { readableUrl } from '../rucio/pfn.ts';
import type { Replica, RucioFile } from '../rucio/types.ts';
import type { ListedFile, StorePlace } from './source.ts';

/** Of metadata and coordinates. */
const LONGEST = 256 * 1024 * 1024;
/** Parts whose replicas are asked for at once. */
const BATCH = 1000;

/** PFN of a part -> of its store; null: the part lies elsewhere. */
export function rootOf(pfn: string, key: string): string | null {
  const [address = '', query = ''] = pfn.split(/(?=[?#])/, 2);
  return address.endsWith(`/${key}`) && query === '' ? address.slice(0, -key.length - 1) : null;
}

/** @param root no slash at the end */
export function storeAt(
  name: string,
  root: string,
  keys: readonly string[] | null,
  access: Access,
  signal: AbortSignal,
): KeyedStore {
  return {
    name,
    keys,
    async get(key) {
      const address = `${root}/${key.split('/').map(encodeURIComponent).join('/')}`;
      try {
        return await fetchSmall(address, access, LONGEST, signal);
      } catch (error) {
        if (!(error instanceof ReplicaFault)) throw error;
        throw new UserError(`${address} cannot be read: ${messageOf(error)}`, { cause: error });
      }
    },
  };
}

/** @throws UserError where no RSE has all parts beneath one root */
export async function findStore(
  client: RucioClient,
  store: ListedFile,
  signal: AbortSignal,
): Promise<StorePlace> {
  const { name, parts = [] } = store;
  const keyOf = (part: { name: string }) => part.name.slice(name.length + 1);
  let roots: Map<string, Replica> | null = null;
  for (let at = 0; at < parts.length; at += BATCH) {
    const asked = parts
      .slice(at, at + BATCH)
      .flatMap(({ did, bytes, adler32, md5 }) => (did ? [{ ...did, bytes, adler32, md5 }] : []));
    for (const file of await client.complete(asked, { signal })) {
      const found: Map<string, Replica> = rootsOf(file, keyOf(file));
      const before: Map<string, Replica> = roots ?? found;
      roots = new Map([...before].filter(([root]) => found.has(root)));
    }
  }
  const [best] = replicasForReaders([...(roots ?? new Map<string, Replica>()).values()]);
  if (best === undefined) {
    throw new UserError(
      `${name} cannot stay in place: no storage has all of its ${parts.length} parts beneath one https address, as an RSE has them that places files by their names (lfn2pfn identity)`,
    );
  }
  const { agents, ownAgents, bearerToken } = await client.storageOf(best.rse);
  const place = storeAt(
    name,
    readableUrl(best.pfn),
    parts.map(keyOf),
    { agents, ownAgents, bearerToken },
    signal,
  );
  return {
    ...place,
    rses: [...new Set([...(roots ?? new Map<string, Replica>()).values()].map(({ rse }) => rse))],
  };
}

/** Replicas for readers by the root that they lie beneath, which stands for their PFN. */
function rootsOf({ replicas }: RucioFile, key: string): Map<string, Replica> {
  return new Map(
    replicasForReaders(replicas).flatMap((replica): [string, Replica][] => {
      const root = rootOf(replica.pfn, key);
      return root === null ? [] : [[root, { ...replica, pfn: root }]];
    }),
  );
}
