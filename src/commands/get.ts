/** rucio-stac get SCOPE:NAME…: downloads the files of a DID, each whole and with Rucio's checksums, or not at all. */
import { existsSync, statSync } from 'node:fs';
import type { Env } from '../config.ts';
import { makeFolder, messageOf, UserError } from '../errors.ts';
import { formatBytes } from '../ingest/plan.ts';
import { makeProgress, type Progress } from '../ingest/progress.ts';
import type { RucioClient } from '../rucio/connect.ts';
import { differenceOf, sumFile } from '../rucio/fetch/sums.ts';
import { didKey } from '../rucio/resolve.ts';
import { safeJoin } from '../rucio/safe-join.ts';
import type { Did, ResolvedDid, RucioFile } from '../rucio/types.ts';
import type { Command } from './command.ts';
import { untilSignal } from './interrupt.ts';
import { mustBeDid, withRucio } from './lake.ts';

const HELP = `rucio-stac get SCOPE:NAME…

Downloads files, or all files of datasets and containers, from their best replicas; the next one is tried when one fails.
Each file is compared with Rucio's size and checksums. Run it again to continue: what is there and right is skipped, and a
file that came in part goes on where it ended. root://, gsiftp:// and the like are opened by xrdcp, gfal-copy, rclone or rucio.

  --out FOLDER  where to (the current folder); files of a dataset go to FOLDER/NAME/, a single file to FOLDER/SCOPE/
  --jobs N      files at once (3)`;

interface Wanted {
  file: RucioFile;
  path: string;
}

/** As Rucio's client names them: below the name of what was asked for, a single file below its scope. */
function pathOf(folder: string, resolved: ResolvedDid, file: RucioFile): string {
  const name = file.name.replace(/^\/+/, '');
  if (resolved.type === 'FILE') return safeJoin(folder, `${file.scope}/${name}`);
  const own = file.scope === resolved.scope ? name : `${file.scope}/${name}`;
  return safeJoin(folder, `${resolved.name.replace(/^\/+/, '')}/${own}`);
}

/** Whether a file of the right size, and of the right checksums where Rucio knows any, is there. */
async function isThere({ file, path }: Wanted, signal: AbortSignal): Promise<boolean> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile() || (file.bytes !== null && stat.size !== file.bytes)) return false;
  if (file.adler32 === null && file.md5 === null) return file.bytes !== null;
  return differenceOf(file, (await sumFile(path, { signal })).sums()) === null;
}

interface Run {
  client: RucioClient;
  signal: AbortSignal;
  progress: Progress;
  done: number;
  there: number;
  failures: string[];
}

async function getOne(run: Run, wanted: Wanted): Promise<void> {
  const { client, signal, progress } = run;
  const { file, path } = wanted;
  try {
    if (existsSync(path) && (await isThere(wanted, signal))) {
      run.there++;
      progress.advance(file.bytes ?? 0);
    } else {
      let told = 0;
      const onProgress = (bytes: number) => {
        progress.advance(bytes - told);
        told = bytes;
      };
      const { replica, bytes, faults } = await client.download(file, path, { signal, onProgress });
      for (const { rse, reason } of faults) progress.fault(`${didKey(file)}: ${rse}: ${reason}`);
      progress.event('get:file:done', { did: didKey(file), rse: replica.rse, bytes, path });
      run.done++;
    }
    progress.fileDone();
  } catch (error) {
    if (signal.aborted) return;
    const sentence = messageOf(error).split('\n')[0] ?? '';
    run.failures.push(sentence);
    progress.fault(`rucio-stac: ${sentence}`);
  }
}

async function getAll(run: Run, wanted: Wanted[], jobs: number): Promise<void> {
  const total = wanted.reduce((sum, { file }) => sum + (file.bytes ?? 0), 0);
  run.progress.start(wanted.length, total);
  const queue = wanted.values();
  const work = async () => {
    for (const each of queue) {
      if (run.signal.aborted) return;
      await getOne(run, each);
    }
  };
  try {
    await Promise.all(Array.from({ length: jobs }, work));
  } finally {
    run.progress.end();
  }
}

/** Every file once, however many of the DIDs hold it. */
async function findAll(
  client: RucioClient,
  dids: Did[],
  folder: string,
  signal: AbortSignal,
): Promise<Wanted[]> {
  const found = new Map<string, Wanted>();
  for (const did of dids) {
    const resolved = await client.resolve(did, { signal });
    if (resolved.files.length === 0)
      throw new UserError(
        `${didKey(did)} holds no files; "rucio-stac show ${didKey(did)}" shows what it is.`,
      );
    for (const file of resolved.files) {
      const path = pathOf(folder, resolved, file);
      found.set(path, { file, path });
    }
  }
  return [...found.values()];
}

function readJobs(value: unknown): number {
  const jobs = Number(value ?? 3);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 64) return jobs;
  throw new UserError(`--jobs is "${value}"; give a whole number from 1 to 64.`);
}

async function run(names: string[], options: Record<string, unknown>, env: Env): Promise<number> {
  const dids = (names.length > 0 ? names : [undefined]).map((name) => mustBeDid(name, 'get'));
  const jobs = readJobs(options.jobs);
  const folder = typeof options.out === 'string' ? options.out : '.';
  makeFolder(folder, '--out');
  return untilSignal((signal) =>
    withRucio(env, async (client) => {
      const progress = makeProgress(process.stderr, 'get');
      const state: Run = { client, signal, progress, done: 0, there: 0, failures: [] };
      const wanted = await findAll(client, dids, folder, signal);
      await getAll(state, wanted, jobs);
      const bytes = wanted.reduce((sum, { file }) => sum + (file.bytes ?? 0), 0);
      const { done, there, failures } = state;
      const rest = `${there} were there already, ${failures.length} failed`;
      process.stderr.write(`${done} of ${wanted.length} files (${formatBytes(bytes)}) downloaded, ${rest}\n`);
      if (signal.aborted) process.stderr.write('Interrupted; run the same command again to continue.\n');
      return signal.aborted ? 130 : failures.length > 0 ? 1 : 0;
    }),
  );
}

export const get: Command = {
  summary: 'download the files of a DID',
  help: HELP,
  options: { out: { type: 'string' }, jobs: { type: 'string' } },
  names: 1000,
  run: ({ names, options }, env) => run(names, options, env),
};
