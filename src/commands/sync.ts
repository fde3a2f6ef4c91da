/** rucio-stac sync [SCOPE:NAME…]: finds where lake and catalogue differ, tells it, and mends the catalogue. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Env } from '../config.ts';
import { messageOf, UserError } from '../errors.ts';
import { makeProgress } from '../ingest/progress.ts';
import { tidyHost } from '../rucio/read-config.ts';
import { type Drift, driftLine } from '../sync/drift.ts';
import { parseEvery } from '../sync/every.ts';
import { makePatience, type Patience } from '../sync/patience.ts';
import type { SyncReport } from '../sync/state.ts';
import type { Command, Words } from './command.ts';
import { untilSignal } from './interrupt.ts';
import { readJobs } from './jobs.ts';
import { mustBeDid } from './lake.ts';
import { runRound } from './sync-round.ts';

const HELP = `rucio-stac sync [SCOPE:NAME…]

Compares what was ingested with the lake, prints each difference in a line, and mends the catalogue: new files are
ingested, changed ones read again, replicas and metadata taken over, and Items whose files Rucio has no more are marked
"rucio:state": "DELETED". Without names, all Collections of this Rucio. An interrupted run is gone on with by the next.

  --check       only print; exit code 0: no difference, 2: there are some
  --dry-run     the same
  --prune       delete Items that Rucio has no more, and COGs that no Item has any more
  --moved-from URL  what was ingested from the Rucio server at URL is of this one now, which has all its DIDs
  --every TIME  again and again, such as 10m (s, m, h, d; from 10s)
  --jobs N      scenes that are read at once (2)
  --json        a JSON object a line: differences, and what became of each Collection

Settings: as for ingest.`;

/** Exit code of a check that found something. */
const DRIFTED = 2;

interface Choices {
  names: string[];
  isCheck: boolean;
  isPruning: boolean;
  isJson: boolean;
  jobs: number;
  /** Former address of the Rucio server; null: it has not moved. */
  movedFrom: string | null;
  /** Milliseconds; null: once. */
  every: number | null;
}

function readChoices(words: Words): Choices {
  const { options, names } = words;
  const isCheck = options.check === true || options['dry-run'] === true;
  return {
    names,
    isCheck,
    movedFrom: formerHost(words, isCheck),
    isPruning: options.prune === true,
    isJson: options.json === true,
    jobs: readJobs(options.jobs, 2),
    every: typeof options.every === 'string' ? parseEvery(options.every, '--every') : null,
  };
}

function formerHost({ options }: Words, isCheck: boolean): string | null {
  const given = options['moved-from'];
  if (typeof given !== 'string') return null;
  if (!/^https?:\/\//i.test(given) || !URL.canParse(given))
    throw new UserError(
      `--moved-from is "${given}"; give the former address of this Rucio, such as https://rucio.example.org.`,
    );
  if (isCheck) throw new UserError('--moved-from changes the catalogue; leave --check out.');
  if (options.every !== undefined) throw new UserError('--moved-from is done once; leave --every out.');
  return tidyHost(given);
}

/** What became of a Collection, for people. */
export function summaryOf(report: SyncReport): string {
  const { collection, drift, changedItems, prunedItems, ingestedFiles, failures, notes } = report;
  const parts = [
    `${drift} differences`,
    `${ingestedFiles} files ingested`,
    `${changedItems} items written`,
    `${prunedItems} deleted`,
    `${failures.length} failed`,
  ];
  const lines = [
    `Collection ${collection}: ${parts.join(', ')}`,
    ...notes.map((note) => `note: ${note}`),
    ...failures.map((failure) => `failed: ${failure}`),
  ];
  return `${lines.join('\n')}\n`;
}

async function runOnce(choices: Choices, patience: Patience, env: Env, signal: AbortSignal): Promise<number> {
  const { isJson, isCheck, isPruning, movedFrom, jobs } = choices;
  const dids = choices.names.length > 0 ? choices.names.map((name) => mustBeDid(name, 'sync')) : null;
  const print = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
  const onDrift = (drift: Drift) => {
    if (isJson) print(drift);
    else process.stdout.write(driftLine(drift));
  };
  const onReport = (report: SyncReport) => {
    if (isJson) print(report);
    else process.stderr.write(summaryOf(report));
  };
  const progress = makeProgress(process.stderr, 'sync');
  const { reports, isInterrupted } = await runRound(
    env,
    { dids, isCheck, isPruning, movedFrom, jobs, progress, patience, onDrift, onReport },
    signal,
  );
  if (isInterrupted) {
    process.stderr.write('interrupted; run the same command again to continue\n');
    return 130;
  }
  if (reports.length === 0) process.stderr.write('nothing was ingested from this Rucio yet\n');
  if (reports.some(({ failures }) => failures.length > 0)) return 1;
  return isCheck && reports.some(({ drift }) => drift > 0) ? DRIFTED : 0;
}

/** A round that fails is told in a line; the next tries again. */
async function runEvery(choices: Choices, every: number, env: Env, signal: AbortSignal): Promise<number> {
  const patience = makePatience();
  while (!signal.aborted) {
    try {
      await runOnce(choices, patience, env, signal);
    } catch (error) {
      process.stderr.write(`rucio-stac: ${messageOf(error).split('\n')[0]} The next round tries again.\n`);
    }
    await wait(every, undefined, { signal }).catch(() => {});
  }
  return 0;
}

export const sync: Command = {
  summary: 'compare the catalogue with the lake, and mend it',
  help: HELP,
  options: {
    check: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
    prune: { type: 'boolean' },
    'moved-from': { type: 'string' },
    every: { type: 'string' },
    jobs: { type: 'string' },
    json: { type: 'boolean' },
  },
  names: 1000,
  async run(words, env) {
    const choices = readChoices(words);
    return untilSignal((signal) =>
      choices.every === null
        ? runOnce(choices, makePatience(), env, signal)
        : runEvery(choices, choices.every, env, signal),
    );
  },
};
