/** rucio-stac export: the Collections and Items of the catalogue as files that `load` reads. */
import { createWriteStream, existsSync, readdirSync, renameSync } from 'node:fs';
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
import { type StoredCollection, writeStatic } from '../load/write-static.ts';
import { geojsonParts, ndjsonParts } from '../load/write-stream.ts';
import { parquetParts } from '../parquet/write-items.ts';
import { fromQuery, type Parameters, type SearchParams } from '../search/params.ts';
import { withBase } from '../stac/link.ts';
import type { Command, Words } from './command.ts';
import { untilSignal } from './interrupt.ts';
import { openCatalogue } from './open.ts';

const HELP = `rucio-stac export -o PATH

Writes the Collections and Items of the catalogue, as they were taken in, to PATH ("-" is standard output). What export
writes, load reads. Our own addresses are written with RUCIO_STAC_PUBLIC_URL where it is set.

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
}

function makeReader(database: Database, { params, total }: Choices, signal: AbortSignal) {
  const counts: Counts = { collections: 0, items: 0 };
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
  return { counts, collections, texts, items: () => items(undefined) };
}

/** The Collections go into the file's metadata; all of them are held for that. */
async function* parquetOut(reader: ReturnType<typeof makeReader>, base: string | null) {
  const show = (content: string) => (base === null ? content : withBase(content, base));
  const collections = new Map<string, string>();
  for await (const { id, content } of reader.collections()) collections.set(id, show(content));
  async function* read() {
    reader.counts.items = 0;
    for await (const page of reader.items()) yield page.map(({ content }) => show(content));
  }
  yield* parquetParts(read, collections);
}

async function* parts({ format }: Choices, reader: ReturnType<typeof makeReader>, base: string | null) {
  if (format === 'ndjson') yield* ndjsonParts(reader.collections(), base);
  else if (format === 'geojson') yield* geojsonParts(reader.texts(), reader.items(), base);
  else yield* parquetOut(reader, base);
}

/** A file appears whole or not at all. */
async function writeOut(made: AsyncIterable<string | Uint8Array>, output: string): Promise<void> {
  if (output === '-') {
    await pipeline(made, process.stdout, { end: false });
    return;
  }
  const path = resolve(output);
  const part = `${path}.part`;
  try {
    await pipeline(made, createWriteStream(part));
    renameSync(part, path);
  } catch (error) {
    const { code } = error as { code?: unknown };
    const isOfFile = ['ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR', 'ENOSPC', 'EPERM'].includes(String(code));
    if (isOfFile) throw new UserError(`${output} cannot be written: ${messageOf(error)}.`);
    throw error;
  }
}

function mustBeOurs(folder: string): void {
  makeFolder(folder, '-o');
  const isOther = readdirSync(folder).length > 0 && !existsSync(resolve(folder, 'catalog.json'));
  if (isOther) throw new UserError(`${folder} holds something else; give another folder with -o.`);
}

async function write(
  choices: Choices,
  config: Config,
  database: Database,
  signal: AbortSignal,
): Promise<Counts> {
  const { format, output } = choices;
  const reader = makeReader(database, choices, signal);
  if (format === 'static') {
    mustBeOurs(output);
    await writeStatic(output, reader.collections(), config.publicUrl);
  } else await writeOut(parts(choices, reader, config.publicUrl), output);
  return reader.counts;
}

async function run(choices: Choices, env: Env, signal: AbortSignal): Promise<number> {
  const config = parseConfig(env);
  const database = await openCatalogue(config, 'export', false);
  try {
    await mustKnowNames({ config, database, facts: makeLiveFacts(database) }, choices.params, null);
    const { collections, items } = await write(choices, config, database, signal);
    process.stderr.write(`${collections} Collections and ${items} Items written to ${choices.output}\n`);
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
