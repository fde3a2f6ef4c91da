/** What is in a lake: the DIDs of a scope by a pattern, and what a dataset or container holds directly. */
import { type Api, didPath } from './api.ts';
import { didType } from './resolve.ts';
import type { Did, DidType } from './types.ts';

export interface ListedDid extends Did {
  type: DidType;
  /** Of an open dataset or container Rucio does not know it. */
  bytes: number | null;
}

type Row = Record<string, unknown>;

function toListed(row: Row): ListedDid {
  const { scope, name, bytes } = row;
  return {
    scope: String(scope),
    name: String(name),
    type: didType(row.type ?? row.did_type),
    bytes: typeof bytes === 'number' ? bytes : null,
  };
}

const KINDS: DidType[] = ['CONTAINER', 'DATASET', 'FILE'];

/** Containers, then datasets, then files, each by name. */
const inOrder = (a: ListedDid, b: ListedDid) =>
  KINDS.indexOf(a.type) - KINDS.indexOf(b.type) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/**
 * DIDs of a scope. A scope that is not there has none, as Rucio answers it.
 * @param pattern of names, with `*` for any characters
 */
export async function searchDids(
  api: Api,
  scope: string,
  pattern: string,
  signal?: AbortSignal,
): Promise<ListedDid[]> {
  const query = new URLSearchParams({ type: 'all', long: 'true', name: pattern });
  const path = `/dids/${encodeURIComponent(scope)}/dids/search?${query}`;
  return ((await api.getList(path, { signal })) as Row[]).map(toListed).sort(inOrder);
}

/** What a dataset or container holds directly: its files counted, all else listed. */
export async function holdingsOf(
  api: Api,
  { scope, name }: Did,
  signal?: AbortSignal,
): Promise<{ files: number; others: ListedDid[] }> {
  let files = 0;
  const convert = (value: unknown) => {
    const listed = toListed(value as Row);
    if (listed.type !== 'FILE') return listed;
    files++;
    return null;
  };
  const onRecord = (count: number) => {
    if (count === 0) files = 0;
  };
  const others = await api.getEach(`${didPath(scope, name)}/dids`, convert, { signal, onRecord });
  return { files, others: others.sort(inOrder) };
}

/** @returns what a dataset or container holds directly; a file holds nothing */
export async function childrenOf(api: Api, { scope, name }: Did, signal?: AbortSignal): Promise<ListedDid[]> {
  const rows = (await api.getList(`${didPath(scope, name)}/dids`, { signal })) as Row[];
  return rows.map(toListed).sort(inOrder);
}
