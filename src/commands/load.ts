/** rucio-stac load SOURCE…: STAC documents of files, catalogues and other servers into the catalogue. */
import { join, resolve } from 'node:path';
import { type Config, type Env, parseConfig } from '../config.ts';
import type { Database } from '../db/schema.ts';
import type { OnConflict } from '../db/upsert-items.ts';
import { UserError } from '../errors.ts';
import { isUrl } from '../load/absolute.ts';
import { type Journal, openJournal } from '../load/journal.ts';
import { openSource, type Source } from '../load/open-source.ts';
import { type LoadProgress, makeLoadProgress } from '../load/progress.ts';
import { type LoadReport, runLoad } from '../load/run.ts';
import type { Filters } from '../load/stac-api.ts';
import { type FaultTeller, makeFaultTeller } from '../load/tell-faults.ts';
import { makeValidator } from '../stac/validate.ts';
import type { Command, Words } from './command.ts';
import { readFilters } from './filters.ts';
import { untilSignal } from './interrupt.ts';
import { openCatalogue } from './open.ts';

const HELP = `rucio-stac load SOURCE…

Writes the Collections and Items of each SOURCE to the catalogue. A SOURCE is a file of Items (NDJSON, ItemCollection,
stac-geoparquet) or its address, a single Item or Collection, a static catalogue by its root (catalog.json, a folder that
has one, or its address), another STAC API by its address, or a page of one, such as …/search?… . Run it again to continue
where it was interrupted, or to take in changes; what is the same is not written.

  --mode upsert|insert|skip  what is there already is written anew (upsert), counts as failed (insert), or stays (skip)
  --collection ID            Collection of Items that name none
  --create-collections       make a minimal Collection where Items name one that is nowhere
  --no-validate              write documents without checking them by the STAC schemas
  --on-fault skip|stop       pass over what cannot be written (skip), or end there (stop)
  --report FILE              write each document that failed, and why, as a line of JSON; shown are the first 10 of a SOURCE
  --from-start               do not continue an interrupted load, begin again

Of a STAC API only what these name is taken (with any other SOURCE they are refused):
  --collections ID,ID…  --bbox W,S,E,N  --datetime TIME|FROM/TO  --limit N

Exit code 1 when a document could not be written or a SOURCE not be read to its end; 0 when it holds nothing.`;

const MODES: OnConflict[] = ['upsert', 'insert', 'skip'];

interface Choices {
  names: string[];
  mode: OnConflict;
  collection: string | null;
  createCollections: boolean;
  isChecked: boolean;
  stopOnFault: boolean;
  fromStart: boolean;
  report: string | null;
  filters: Filters;
}

function oneOf<Value extends string>(
  options: Words['options'],
  name: string,
  accepted: readonly Value[],
): Value {
  const value = options[name] ?? accepted[0];
  if (accepted.includes(value as Value)) return value as Value;
  throw new UserError(`--${name} is "${String(value)}"; accepted are ${accepted.join(', ')}.`);
}

function readChoices({ options, names }: Words): Choices {
  if (names.length === 0)
    throw new UserError(
      'load needs a file, a catalogue or the address of a STAC API; see rucio-stac load --help.',
    );
  return {
    names,
    mode: oneOf(options, 'mode', MODES),
    collection: typeof options.collection === 'string' ? options.collection : null,
    createCollections: options['create-collections'] === true,
    isChecked: options['no-validate'] !== true,
    stopOnFault: oneOf(options, 'on-fault', ['skip', 'stop'] as const) === 'stop',
    fromStart: options['from-start'] === true,
    report: typeof options.report === 'string' ? options.report : null,
    filters: readFilters(options),
  };
}

const LINES = ['created', 'updated', 'unchanged', 'skipped', 'failed'] as const;

/** @param isContinued an earlier load has read of it */
function summarize(name: string, report: LoadReport, isContinued: boolean): string {
  const { read, collections, items, made, isInterrupted, broken } = report;
  if (read === 0 && !isInterrupted)
    return broken || isContinued ? '' : `nothing to load in ${name === '-' ? 'standard input' : name}\n`;
  const fates = LINES.map((each) => `${report[each]} ${each}`).join(', ');
  const shown = name === '-' ? 'standard input' : name;
  const lines = [`${shown}: ${read} documents read, ${collections} Collections and ${items} Items: ${fates}`];
  if (made.length > 0) lines.push(`made minimal Collections for Items without one: ${made.join(', ')}`);
  if (isContinued && report.failed > 0)
    lines.push('it was continued where an earlier run ended; --from-start reads it from the beginning');
  if (isInterrupted) lines.push('interrupted; run the same command again to continue');
  return `${lines.join('\n')}\n`;
}

/** What all sources of a command share. */
interface Loading {
  choices: Choices;
  config: Config;
  database: Database;
  signal: AbortSignal;
  progress: LoadProgress;
  faults: FaultTeller;
}

interface Opened extends Source {
  journal: Journal;
  /** Whether an earlier run has read of it. */
  isContinued(): boolean;
}

async function open(
  name: string,
  choices: Choices,
  config: Config,
  shared: Pick<Loading, 'signal' | 'progress'>,
): Promise<Opened> {
  const { signal, progress } = shared;
  const { names: _, report: __, fromStart, ...settings } = choices;
  const folder = join(config.dataFolder, 'work');
  const place = { database: config.databaseUrl ?? config.dataFolder, publicUrl: config.publicUrl };
  const address = isUrl(name) ? name : resolve(name);
  const journal = openJournal(folder, address, { ...settings, ...place }, fromStart);
  let isContinued = false;
  const source = await openSource(name, choices.filters, {
    journal,
    folder,
    signal,
    onBytes: progress.advance,
    say(message) {
      isContinued = true;
      progress.say(message);
    },
  });
  return { ...source, journal, isContinued: () => isContinued };
}

/** @throws UserError where the source breaks off, after what came before is written and told */
async function loadOne(source: Opened, loading: Loading): Promise<LoadReport> {
  const { choices, config, database, signal, progress, faults } = loading;
  const { mode, collection, createCollections, isChecked } = choices;
  const { journal } = source;
  progress.start(source.name, source.bytes);
  const report = await runLoad(source.documents, {
    db: database.db,
    validator: isChecked ? makeValidator() : null,
    mode,
    collection,
    base: config.publicUrl,
    createCollections,
    stopOnFault: choices.stopOnFault,
    signal,
    onBatch(now, { mark, keys }) {
      journal.keep(mark, keys);
      progress.batch(now);
    },
    onFault: (place, reason) => faults.tell(source.name, place, reason),
  });
  faults.end();
  progress.end();
  process.stderr.write(summarize(source.name, report, source.isContinued()));
  if (report.broken) throw report.broken;
  const isWhole = !report.isInterrupted && !(choices.stopOnFault && report.failed > 0);
  if (isWhole) journal.forget();
  return report;
}

async function run(choices: Choices, env: Env, signal: AbortSignal): Promise<number> {
  const config = parseConfig(env);
  let failed = 0;
  let isInterrupted = false;
  const progress = makeLoadProgress(process.stderr);
  const sources: Opened[] = [];
  for (const name of choices.names) sources.push(await open(name, choices, config, { signal, progress }));
  const faults = makeFaultTeller(choices.report, progress.say);
  const database = await openCatalogue(config, 'load', false);
  try {
    for (const source of sources) {
      const report = await loadOne(source, { choices, config, database, signal, progress, faults });
      failed += report.failed;
      isInterrupted ||= report.isInterrupted;
      if (isInterrupted || (failed > 0 && choices.stopOnFault)) break;
    }
  } finally {
    faults.close();
    await database.close();
  }
  return isInterrupted ? 130 : failed > 0 ? 1 : 0;
}

export const load: Command = {
  summary: 'take STAC files, catalogues and other STAC APIs into the catalogue',
  help: HELP,
  options: {
    mode: { type: 'string' },
    collection: { type: 'string' },
    'create-collections': { type: 'boolean' },
    'no-validate': { type: 'boolean' },
    'on-fault': { type: 'string' },
    'from-start': { type: 'boolean' },
    report: { type: 'string' },
    collections: { type: 'string' },
    bbox: { type: 'string' },
    datetime: { type: 'string' },
    limit: { type: 'string' },
  },
  names: Number.POSITIVE_INFINITY,
  run: (words, env) => untilSignal((signal) => run(readChoices(words), env, signal)),
};
