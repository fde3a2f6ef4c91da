/** What a container or dataset holds, as a tree of containers and datasets whose files are counted. */
import type { RucioClient } from '../../rucio/connect.ts';
import { didKey } from '../../rucio/resolve.ts';
import type { Did } from '../../rucio/types.ts';

/** Containers and datasets told of a tree. */
const MOST_BRANCHES = 200;

export interface Branch extends Did {
  type: string;
  /** Files that it holds directly. */
  files: number;
  holds: Branch[];
}

async function branchOf(
  client: RucioClient,
  did: Did,
  type: string,
  left: { branches: number },
): Promise<Branch> {
  const branch: Branch = { scope: did.scope, name: did.name, type, files: 0, holds: [] };
  if (type === 'FILE') return branch;
  const { files, others } = await client.holdings(did);
  branch.files = files;
  for (const child of others) {
    if (left.branches-- > 0) branch.holds.push(await branchOf(client, child, child.type, left));
  }
  return branch;
}

export const treeOf = (client: RucioClient, did: Did, type: string): Promise<Branch> =>
  branchOf(client, did, type, { branches: MOST_BRANCHES });

/** Each dataset of a tree once. */
export function datasetsOf(branch: Branch): Branch[] {
  const all = branch.type === 'DATASET' ? [branch] : branch.holds.flatMap(datasetsOf);
  return [...new Map(all.map((each) => [didKey(each), each])).values()];
}

export function treeLines(branch: Branch, depth: number): string[] {
  const files = branch.files > 0 ? `  ${branch.files} ${branch.files === 1 ? 'file' : 'files'}` : '';
  return [
    `${'  '.repeat(depth)}${branch.type}  ${didKey(branch)}${files}`,
    ...branch.holds.flatMap((each) => treeLines(each, depth + 1)),
  ];
}
