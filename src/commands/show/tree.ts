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
  /** Containers and datasets that it holds directly, too, and that are not told. */
  leftOut?: number;
}

async function branchOf(
  client: Pick<RucioClient, 'holdings'>,
  did: Did,
  type: string,
  left: { branches: number },
): Promise<Branch> {
  const branch: Branch = { scope: did.scope, name: did.name, type, files: 0, holds: [] };
  if (type === 'FILE') return branch;
  const { files, others } = await client.holdings(did);
  branch.files = files;
  for (const [index, child] of others.entries()) {
    if (left.branches === 0) {
      branch.leftOut = others.length - index;
      break;
    }
    left.branches--;
    branch.holds.push(await branchOf(client, child, child.type, left));
  }
  return branch;
}

export const treeOf = (client: Pick<RucioClient, 'holdings'>, did: Did, type: string): Promise<Branch> =>
  branchOf(client, did, type, { branches: MOST_BRANCHES });

/** Each dataset of a tree once. */
export function datasetsOf(branch: Branch): Branch[] {
  const all = branch.type === 'DATASET' ? [branch] : branch.holds.flatMap(datasetsOf);
  return [...new Map(all.map((each) => [didKey(each), each])).values()];
}

/** What of it is not told, for people; empty where all is. */
export const leftOutOf = ({ leftOut, ...did }: Branch): string =>
  leftOut === undefined
    ? ''
    : `… and ${leftOut} more, left out here; "rucio-stac ls ${didKey(did)}" lists all that it holds`;

export function treeLines(branch: Branch, depth: number): string[] {
  const files = branch.files > 0 ? `  ${branch.files} ${branch.files === 1 ? 'file' : 'files'}` : '';
  return [
    `${'  '.repeat(depth)}${branch.type}  ${didKey(branch)}${files}`,
    ...branch.holds.flatMap((each) => treeLines(each, depth + 1)),
    ...(branch.leftOut === undefined ? [] : [`${'  '.repeat(depth + 1)}${leftOutOf(branch)}`]),
  ];
}
