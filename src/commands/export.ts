/** rucio-stac export: the Collections and Items of the catalogue as files that `load` reads. */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Config, type Env, parseConfig } from '../config.ts';
import { makeLiveFacts } from '../db/live-facts.ts';
import { readCollection } from '../db/read.ts';
import type { Database } from '../db/schema.ts';
import { walkCollections } from '../db/walk-collections.ts';
import { type FoundRow, walkItems } from '../db/walk-items.ts';
import { makeFolder, messageOf, UserError } from '../errors.ts';
import { extensions } from '../extensions/index.ts';
import { mustKnowNames } from '../extensions/names.ts';
import { countOwnAssets } from '../load/own-assets.ts';
import { CATALOG_ID, type Show, type StoredCollection, writeStatic } from '../load/write-static.ts';
import { geojsonParts, ndjsonParts } from '../load/write-stream.ts';
import { writeWhole } from '../load/write-whole.ts';
import { parquetParts } from '../parquet/write-items.ts';
import { fromQuery, type Parameters, type SearchParams } from '../search/params.ts';
import { withBase } from '../stac/link.ts';
import type { Command, Words } from './command.ts';
import { untilSignal } from './interrupt.ts';
import { openCatalogue } from './open.ts';

const HELP = `rucio-stac export -o PATH

Writes the Collections and Items of the catalogue, as they were taken in, to PATH ("-" is standard output). What export
writes, load reads. Addresses of assets in the catalogue's own store are written with RUCIO_STAC_PUBLIC_URL; where that is not
set, only the same catalogue can open them.

  --format ndjson|geojson|parquet|static
                      a document a line (the default); an ItemCollection that also holds the Collections;
                      stac-geoparquet; or a folder with a static catalogue
  -o, --output PATH   file, or folder of a static catalogue

Which Items (all without; the Collections are written whole):
  --collections ID,ID…  --ids ID,ID…  --bbox W,S,E,N  --datetime TIME|FROM/TO  --filter CQL2  --q WORDS  --limit N`;

const FORMATS = ['ndjson', 'geojson', 'parquet', 'static'] as const;
type Format = (typeof FORMATS)[number];

const SEARCH = ['collections', 'ids', 'bbox', 'datetime', 'filter', 'q'] as const;

interface Choices {
  format: Format;
  output: string;
  params: SearchParams;
  total: number;
}

function readSearch(options: Words['options']): SearchParams {
  const parameters: Parameters = Object.assign({}, ...extensions.map((each) => each.parameters ?? {}));
  const query = new URLSearchParams();
  for (const name of SEARCH) if (typeof options[name] === 'string') query.set(name, options[name] as string);
  return fromQuery(query, parameters);
}

function readChoices({ options }: Words): Choices {
  const { format = 'ndjson', output, limit } = options;
  if (!FORMATS.includes(format as Format))
    throw new UserError(`--format is "${String(format)}"; accepted are ${FORMATS.join(', ')}.`);
  if (typeof output !== 'string' || output === '')
    throw new UserError('export needs to know where to: give -o PATH; see rucio-stac export --help.');
  if (output === '-' && format === 'static')
    throw new UserError('a static catalogue is a folder; give its path with -o.');
  if (limit !== undefined && !/^[1-9]\d{0,14}$/.test(String(limit)))
    throw new UserError(`--limit is "${String(limit)}"; give a whole number from 1.`);
  return {
    format: format as Format,
    output,
    params: readSearch(options),
    total: limit === undefined ? Number.MAX_SAFE_INTEGER : Number(limit),
  };
}

/** The Collections wanted, by id. */
async function* readStored({ db }: Database, wanted: string[] | undefined) {
  if (wanted) {
    for (const id of wanted) {
      const content = await readCollection(db, id);
      if (content === null) throw new UserError(`there is no Collection "${id}"; --collections names it.`);
      yield { id, content };
    }
    return;
  }
  yield* walkCollections(db);
}

interface Counts {
  collections: number;
  items: number;
  /** Assets at addresses that only this catalogue can tell. */
  ownAssets: number;
}

/** @param base public address that our own addresses get; null: they keep their mark */
function makeReader(
  database: Database,
  { params, total }: Choices,
  base: string | null,
  signal: AbortSignal,
) {
  const counts: Counts = { collections: 0, items: 0, ownAssets: 0 };
  const show: Show = (content) => {
    if (base !== null) return withBase(content, base);
    counts.ownAssets += countOwnAssets(content);
    return content;
  };
  async function* items(collections: string[] | undefined): AsyncGenerator<FoundRow[]> {
    const settings = { timeLimit: 0, total: total - counts.items, check: () => signal.throwIfAborted() };
    for await (const page of walkItems(
      database,
      { ...params, ...(collections && { collections }) },
      settings,
    )) {
      counts.items += page.length;
      yield page;
    }
  }
  async function* collections(): AsyncGenerator<StoredCollection> {
    for await (const { id, content } of readStored(database, params.collections)) {
      counts.collections++;
      yield { id, content, items: items([id]) };
    }
  }
  async function* texts(): AsyncGenerator<string> {
    for await (const { content } of collections()) yield content;
  }
  return { counts, show, collections, texts, items: () => items(undefined) };
}

type Reader = ReturnType<typeof makeReader>;

/** The Collections go into the file's metadata; all of them are held for that. */
async function* parquetOut(reader: Reader) {
  const { counts, show } = reader;
  const collections = new Map<string, string>();
  for await (const { id, content } of reader.collections()) collections.set(id, show(content));
  const before = counts.ownAssets;
  // Called twice: the second time counts anew.
  async function* read() {
    [counts.items, counts.ownAssets] = [0, before];
    for await (const page of reader.items()) yield page.map(({ content }) => show(content));
  }
  yield* parquetParts(read, collections);
}

async function* parts({ format }: Choices, reader: Reader) {
  if (format === 'ndjson') yield* ndjsonParts(reader.collections(), reader.show);
  else if (format === 'geojson') yield* geojsonParts(reader.texts(), reader.items(), reader.show);
  else yield* parquetOut(reader);
}

/** Faults of the place that was given. */
const OF_FILE = new Set([
  ...['ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR', 'ENOSPC', 'EPERM', 'EROFS', 'ELOOP', 'ENAMETOOLONG', 'ENXIO'],
  ...['EPIPE', 'EDQUOT', 'EFBIG'],
]);

async function writeOut(
  made: AsyncIterable<string | Uint8Array>,
  output: string,
  signal: AbortSignal,
): Promise<void> {
  if (output === '-') {
    await pipeline(made, process.stdout, { end: false });
    return;
  }
  try {
    await writeWhole(made, output, signal);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (OF_FILE.has(String(code))) throw new UserError(`${output} cannot be written: ${messageOf(error)}.`);
    throw error;
  }
}

/** @param path of the root of a catalogue, which may not be there */
function isExport(path: string): boolean {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { id?: unknown } | null)?.id === CATALOG_ID;
  } catch {
    return false;
  }
}

/** Of a catalogue that somebody else made there nothing may be overwritten. */
function mustBeOurs(folder: string): void {
  makeFolder(folder, '-o');
  const isOther = readdirSync(folder).length > 0 && !isExport(resolve(folder, 'catalog.json'));
  if (isOther) throw new UserError(`${folder} holds something else; give another folder with -o.`);
}

async function write(
  choices: Choices,
  config: Config,
  database: Database,
  signal: AbortSignal,
): Promise<Counts> {
  const { format, output } = choices;
  const reader = makeReader(database, choices, config.publicUrl, signal);
  if (format === 'static') {
    mustBeOurs(output);
    await writeStatic(output, reader.collections(), reader.show);
  } else await writeOut(parts(choices, reader), output, signal);
  return reader.counts;
}

const warningOf = (count: number) =>
  `warning: ${count} ${count === 1 ? 'asset lies' : 'assets lie'} in this catalogue's own store and cannot be opened from another; \
set RUCIO_STAC_PUBLIC_URL to the address of the server and export again, so that their addresses are written whole\n`;

async function run(choices: Choices, env: Env, signal: AbortSignal): Promise<number> {
  const config = parseConfig(env);
  const database = await openCatalogue(config, 'export', false);
  try {
    await mustKnowNames({ config, database, facts: makeLiveFacts(database) }, choices.params, null);
    const { collections, items, ownAssets } = await write(choices, config, database, signal);
    process.stderr.write(`${collections} Collections and ${items} Items written to ${choices.output}\n`);
    if (ownAssets > 0) process.stderr.write(warningOf(ownAssets));
    return 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    process.stderr.write('interrupted; nothing whole is written\n');
    return 130;
  } finally {
    await database.close();
  }
}

export const exportCommand: Command = {
  summary: 'write the catalogue to files that load reads',
  help: HELP,
  options: {
    format: { type: 'string' },
    output: { type: 'string', short: 'o' },
    limit: { type: 'string' },
    ...Object.fromEntries(SEARCH.map((name) => [name, { type: 'string' as const }])),
  },
  names: 0,
  run: (words, env) => untilSignal((signal) => run(readChoices(words), env, signal)),
};
