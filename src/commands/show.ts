/** rucio-stac show SCOPE:NAME: what Rucio knows of a DID, where its files are, and what of it is catalogued. */
import { once } from 'node:events';
import { type Config, parseConfig } from '../config.ts';
import { collectionsOfDids, collectionsOfFiles } from '../db/find-ingested.ts';
import { formatBytes } from '../ingest/plan.ts';
import type { RucioClient } from '../rucio/connect.ts';
import type { RseSum } from '../rucio/replicas.ts';
import { didKey } from '../rucio/resolve.ts';
import type { DidContents, RucioFile } from '../rucio/types.ts';
import type { Db } from '../search/tables.ts';
import type { Command } from './command.ts';
import { askCatalogue, mustBeDid, table, tellDone, withRucio } from './lake.ts';
import { addFiles, addSums, noTotals, type Totals } from './show/totals.ts';
import { type Branch, datasetsOf, treeLines, treeOf } from './show/tree.ts';

const HELP = `rucio-stac show SCOPE:NAME

Shows a DID: what it holds, down to its datasets, its metadata, where its files have replicas, and which of them are in
the catalogue.

  --json  all of it as one JSON object, files included`;

/** Files asked for at once: what a dataset of any length needs of memory. */
const BATCH = 2000;

interface Shown {
  contents: DidContents;
  tree: Branch;
  /** Collections of the DID itself. */
  home: string[];
}

type OnFiles = (files: RucioFile[], known: Map<string, string[]>) => Promise<void> | void;

/** All files in order, some thousands at a time, with the Collections that have them. */
async function walk(client: RucioClient, shown: Shown, db: Db | null, onFiles: OnFiles) {
  const { files } = shown.contents;
  const progress = tellDone('show', didKey(shown.contents), 'files', files.length);
  try {
    for (let at = 0; at < files.length; at += BATCH) {
      const some = files.slice(at, at + BATCH);
      const complete = await client.complete(some, { allStates: true });
      const known = db === null ? new Map<string, string[]>() : await collectionsOfFiles(db, some);
      progress.done(at + some.length);
      await onFiles(complete, known);
    }
  } finally {
    progress.end();
  }
}

function head({ contents }: Shown, { files, bytes }: Totals, only: RucioFile | null): string {
  const { type, account, open } = contents;
  const count = type === 'FILE' ? '' : `, ${files} files`;
  const state = open === null ? '' : open ? ', open' : ', closed';
  const checksums = [only?.adler32 && `adler32 ${only.adler32}`, only?.md5 && `md5 ${only.md5}`];
  const integrity = checksums
    .filter(Boolean)
    .map((each) => `, ${each}`)
    .join('');
  return `${didKey(contents)}\n  ${type} of account ${account ?? '?'}${state}${count}, ${formatBytes(bytes)}${integrity}\n`;
}

function replicaLines({ rses, files: total }: Totals, only: RucioFile | null): string {
  const rows =
    only !== null
      ? only.replicas.map(({ rse, state, pfn }) => [rse, state, pfn])
      : [...rses.values()]
          .sort((a, b) => (a.rse < b.rse ? -1 : 1))
          .map(({ rse, files, available, bytes }) => [
            rse,
            `${available} of ${total} files`,
            formatBytes(bytes),
            files > available ? `${files - available} more not available` : '',
          ]);
  return rows.length > 0 ? table(rows, '  ') : '  none\n';
}

function catalogueLines({ files, collections, missing }: Totals): string {
  const lines = Array.from(collections, ([id, count]) => `  Collection ${id}: ${count} of ${files} files\n`);
  if (files === 0 && lines.length === 0) return '  nothing\n';
  if (missing.count === 0) return lines.join('');
  const more =
    missing.count > missing.named.length ? ` and ${missing.count - missing.named.length} more` : '';
  return `${lines.join('')}  not there: ${missing.named.join(', ')}${more}\n`;
}

function print(shown: Shown, totals: Totals, only: RucioFile | null): string {
  const { parents, metadata } = shown.contents;
  const within = parents.map((each) => [each.type, didKey(each)]);
  const told = Object.entries(metadata).map(([key, value]) => [key, JSON.stringify(value)]);
  const branches = treeLines(shown.tree, 0).slice(1);
  return [
    head(shown, totals, only),
    ...(within.length > 0 ? ['In\n', table(within, '  ')] : []),
    ...(told.length > 0 ? ['Metadata\n', table(told, '  ')] : []),
    ...(branches.length > 0 ? ['Holds\n', `${branches.join('\n')}\n`] : []),
    'Replicas\n',
    replicaLines(totals, only),
    'Catalogue\n',
    catalogueLines(totals),
  ].join('');
}

/** From here on the server's own sums are asked for: a list of replicas costs it some milliseconds a file. */
const MANY_FILES = 1000;

/** Sums by RSE of a large DID; null where its datasets share files, so that they would be counted twice. */
async function sumsOf(client: RucioClient, { tree, contents }: Shown): Promise<RseSum[] | null> {
  const datasets = datasetsOf(tree);
  const total = datasets.reduce((sum, { files }) => sum + files, 0);
  if (contents.files.length <= MANY_FILES || total !== contents.files.length) return null;
  const sums: RseSum[] = [];
  for (const each of datasets) sums.push(...(await client.sumReplicas(each)));
  return sums;
}

async function addCatalogued(totals: Totals, { contents }: Shown, db: Db | null): Promise<void> {
  const { files } = contents;
  for (let at = 0; at < files.length; at += BATCH) {
    const some = files.slice(at, at + BATCH);
    addFiles(totals, some, db === null ? new Map() : await collectionsOfFiles(db, some));
  }
}

async function showText(client: RucioClient, shown: Shown, db: Db | null) {
  const totals = noTotals(shown.home);
  let only: RucioFile | null = null;
  const sums = await sumsOf(client, shown);
  if (sums !== null) {
    addSums(totals.rses, sums);
    await addCatalogued(totals, shown, db);
    process.stdout.write(print(shown, totals, null));
    return;
  }
  await walk(client, shown, db, (files, known) => {
    addFiles(totals, files, known);
    if (shown.contents.type === 'FILE') only = files[0] ?? null;
  });
  process.stdout.write(print(shown, totals, only));
}

/** Nothing of it is held: a line a file, as they come. */
async function showJson(client: RucioClient, shown: Shown, db: Db | null) {
  const { tree, home, contents } = shown;
  const { files: _, ...rest } = contents;
  const write = async (text: string) => {
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  };
  await write(`${JSON.stringify({ ...rest, tree, collections: home }, null, 2).slice(0, -2)},\n  "files": [`);
  let separator = '\n    ';
  await walk(client, shown, db, async (files, known) => {
    for (const file of files) {
      await write(`${separator}${JSON.stringify({ ...file, collections: known.get(didKey(file)) ?? [] })}`);
      separator = ',\n    ';
    }
  });
  await write('\n  ]\n}\n');
}

async function inCatalogue(config: Config, run: (db: Db | null) => Promise<void>): Promise<void> {
  const isDone = await askCatalogue(config, 'show', false, async (db) => {
    await run(db);
    return true;
  });
  if (!isDone) await run(null);
}

export const show: Command = {
  summary: 'show a DID: tree, metadata, replicas, and what is catalogued of it',
  help: HELP,
  options: { json: { type: 'boolean' } },
  names: 1,
  async run({ names, options }, env) {
    const did = mustBeDid(names[0], 'show');
    const tell = options.json === true ? showJson : showText;
    await withRucio(env, async (client) => {
      const contents = await client.contents(did);
      const tree = await treeOf(client, did, contents.type);
      await inCatalogue(parseConfig(env), async (db) => {
        const home = db === null ? [] : ((await collectionsOfDids(db)).get(didKey(did)) ?? []);
        await tell(client, { contents, tree, home }, db);
      });
    });
    return 0;
  },
};
