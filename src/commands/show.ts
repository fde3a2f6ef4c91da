/** rucio-stac show SCOPE:NAME: what Rucio knows of a DID, where its files are, and what of it is catalogued. */
import { parseConfig } from '../config.ts';
import { collectionsOfDids, collectionsOfFiles } from '../db/find-ingested.ts';
import { formatBytes } from '../ingest/plan.ts';
import type { RucioClient } from '../rucio/connect.ts';
import { didKey } from '../rucio/resolve.ts';
import type { Did, ResolvedDid } from '../rucio/types.ts';
import type { Command } from './command.ts';
import { askCatalogue, mustBeDid, table, withRucio } from './lake.ts';

const HELP = `rucio-stac show SCOPE:NAME

Shows a DID: what it holds, down to its datasets, its metadata, where its files have replicas, and which of them are in
the catalogue.

  --json  all of it as one JSON object, files included`;

/** Names told of what is missing, and lines of the tree. */
const MOST_NAMES = 10;
const MOST_LINES = 200;

interface Branch extends Did {
  type: string;
  /** Files that it holds directly. */
  files: number;
  holds: Branch[];
}

/** Containers and datasets below a DID; files are counted. */
async function treeOf(client: RucioClient, did: Did, type: string, left: { lines: number }): Promise<Branch> {
  const branch: Branch = { scope: did.scope, name: did.name, type, files: 0, holds: [] };
  if (type === 'FILE') return branch;
  for (const child of await client.children(did)) {
    if (child.type === 'FILE') branch.files++;
    else if (left.lines-- > 0) branch.holds.push(await treeOf(client, child, child.type, left));
  }
  return branch;
}

function treeLines(branch: Branch, depth: number): string[] {
  const files = branch.files > 0 ? `  ${branch.files} ${branch.files === 1 ? 'file' : 'files'}` : '';
  return [
    `${'  '.repeat(depth)}${branch.type}  ${didKey(branch)}${files}`,
    ...branch.holds.flatMap((each) => treeLines(each, depth + 1)),
  ];
}

interface AtRse {
  rse: string;
  files: number;
  available: number;
  bytes: number;
}

function byRse({ files }: ResolvedDid): AtRse[] {
  const found = new Map<string, AtRse>();
  for (const { replicas, bytes } of files) {
    for (const rse of new Set(replicas.map((each) => each.rse))) {
      const at = found.get(rse) ?? { rse, files: 0, available: 0, bytes: 0 };
      const isAvailable = replicas.some((each) => each.rse === rse && each.state === 'AVAILABLE');
      at.files++;
      at.available += Number(isAvailable);
      at.bytes += isAvailable ? (bytes ?? 0) : 0;
      found.set(rse, at);
    }
  }
  return [...found.values()].sort((a, b) => (a.rse < b.rse ? -1 : 1));
}

interface Shown {
  resolved: ResolvedDid;
  tree: Branch;
  /** Collections of the DID itself, and of each file by `scope:name`. */
  home: string[];
  collections: Map<string, string[]>;
}

function head({ resolved }: Shown): string {
  const { type, account, open, files } = resolved;
  const [file] = type === 'FILE' ? files : [];
  const size = files.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  const count = type === 'FILE' ? '' : `, ${files.length} files`;
  const state = open === null ? '' : open ? ', open' : ', closed';
  const checksums = [file?.adler32 && `adler32 ${file.adler32}`, file?.md5 && `md5 ${file.md5}`];
  const integrity = checksums
    .filter(Boolean)
    .map((each) => `, ${each}`)
    .join('');
  return `${didKey(resolved)}\n  ${type} of account ${account ?? '?'}${state}${count}, ${formatBytes(size)}${integrity}\n`;
}

function replicaLines({ resolved }: Shown): string {
  if (resolved.type === 'FILE') {
    const rows = (resolved.files[0]?.replicas ?? []).map(({ rse, state, pfn }) => [rse, state, pfn]);
    return rows.length > 0 ? table(rows, '  ') : '  none\n';
  }
  const total = resolved.files.length;
  const rows = byRse(resolved).map(({ rse, files, available, bytes }) => [
    rse,
    `${available} of ${total} files`,
    formatBytes(bytes),
    files > available ? `${files - available} more not available` : '',
  ]);
  return rows.length > 0 ? table(rows, '  ') : '  none\n';
}

function catalogueLines({ resolved, home, collections }: Shown): string {
  const counts = new Map<string, number>(home.map((id) => [id, 0]));
  for (const file of resolved.files)
    for (const id of collections.get(didKey(file)) ?? []) counts.set(id, (counts.get(id) ?? 0) + 1);
  const missing = resolved.files.filter((file) => !collections.has(didKey(file)));
  const total = resolved.files.length;
  const lines = Array.from(counts, ([id, count]) => `  Collection ${id}: ${count} of ${total} files\n`);
  if (missing.length === 0) return lines.join('');
  const named = missing.slice(0, MOST_NAMES).map(({ name }) => name);
  const more = missing.length > named.length ? ` and ${missing.length - named.length} more` : '';
  return `${lines.join('')}  not there: ${named.join(', ')}${more}\n`;
}

function print(shown: Shown): string {
  const { resolved, tree } = shown;
  const parts = [head(shown)];
  const { parents, metadata } = resolved;
  if (parents.length > 0)
    parts.push(
      'In\n',
      table(
        parents.map((each) => [each.type, didKey(each)]),
        '  ',
      ),
    );
  const known = Object.entries(metadata);
  if (known.length > 0)
    parts.push(
      'Metadata\n',
      table(
        known.map(([key, value]) => [key, JSON.stringify(value)]),
        '  ',
      ),
    );
  const branches = tree.holds.flatMap((each) => treeLines(each, 1));
  if (branches.length > 0) parts.push('Holds\n', `${branches.join('\n')}\n`);
  parts.push('Replicas\n', replicaLines(shown), 'Catalogue\n', catalogueLines(shown));
  return parts.join('');
}

function toJson({ resolved, tree, home, collections }: Shown): object {
  const { scope, name, type, account, open, parents, metadata, files } = resolved;
  const listed = files.map((file) => ({ ...file, collections: collections.get(didKey(file)) ?? [] }));
  return { scope, name, type, account, open, parents, metadata, tree, collections: home, files: listed };
}

export const show: Command = {
  summary: 'show a DID: tree, metadata, replicas, and what is catalogued of it',
  help: HELP,
  options: { json: { type: 'boolean' } },
  names: 1,
  async run({ names, options }, env) {
    const did = mustBeDid(names[0], 'show');
    const found = await withRucio(env, async (client) => {
      const resolved = await client.resolve(did, { allStates: true });
      return { resolved, tree: await treeOf(client, did, resolved.type, { lines: MOST_LINES }) };
    });
    const nothing = { home: [] as string[], collections: new Map<string, string[]>() };
    const catalogue = await askCatalogue(parseConfig(env), 'show', nothing, async (db) => ({
      home: (await collectionsOfDids(db)).get(didKey(did)) ?? [],
      collections: await collectionsOfFiles(db, found.resolved.files),
    }));
    const shown: Shown = { ...found, ...catalogue };
    const text = options.json === true ? `${JSON.stringify(toJson(shown), null, 2)}\n` : print(shown);
    process.stdout.write(text);
    return 0;
  },
};
