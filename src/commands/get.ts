/** rucio-stac get SCOPE:NAME…: downloads the files of a DID, each whole and with Rucio's checksums, or not at all. */
import { existsSync, statSync } from 'node:fs';
import type { Env } from '../config.ts';
import { makeFolder, messageOf, UserError } from '../errors.ts';
import { formatBytes } from '../ingest/plan.ts';
import { makeProgress, type Progress } from '../ingest/progress.ts';
import type { RucioClient } from '../rucio/connect.ts';
import { differenceOf, sumFile } from '../rucio/fetch/sums.ts';
import type { ReplicaLine } from '../rucio/replicas.ts';
import { didKey } from '../rucio/resolve.ts';
import { safeJoin } from '../rucio/safe-join.ts';
import type { Did, DidContents, ListedFile, RucioFile } from '../rucio/types.ts';
import type { Command } from './command.ts';
import { untilSignal } from './interrupt.ts';
import { readJobs } from './jobs.ts';
import { mustBeDid, withRucio } from './lake.ts';

const HELP = `rucio-stac get SCOPE:NAME…

Downloads files, or all files of datasets and containers, from their best replicas; the next one is tried when one fails.
Each file is compared with Rucio's size and checksums. Run it again to continue: what is there and right is skipped, and a
file that came in part goes on where it ended. root://, gsiftp:// and the like are opened by xrdcp, gfal-copy, rclone or rucio.

  --out FOLDER  where to (the current folder); files of a dataset go to FOLDER/NAME/, a single file to FOLDER/SCOPE/
  --jobs N      files at once (3)`;

/** As listed: hundreds of thousands of files are few bytes each. */
interface Wanted {
  file: ListedFile;
  path: string;
}

/** Files whose replicas are asked for at once. */
const BATCH = 250;

/** As Rucio's client names them: below the name of what was asked for, a single file below its scope. */
function pathOf(folder: string, contents: DidContents, file: ListedFile): string {
  const name = file.name.replace(/^\/+/, '');
  if (contents.type === 'FILE') return safeJoin(folder, `${file.scope}/${name}`);
  const own = file.scope === contents.scope ? name : `${file.scope}/${name}`;
  return safeJoin(folder, `${contents.name.replace(/^\/+/, '')}/${own}`);
}

/** Whether a file of the right size, and of the right checksums where Rucio knows any, is there. */
async function isThere(file: RucioFile, path: string, signal: AbortSignal): Promise<boolean> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile() || (file.bytes !== null && stat.size !== file.bytes)) return false;
  if (file.adler32 === null && file.md5 === null) return file.bytes !== null;
  return differenceOf(file, (await sumFile(path, { signal })).sums()) === null;
}

interface Run {
  client: RucioClient;
  signal: AbortSignal;
  progress: Progress;
  wanted: Wanted[];
  done: number;
  there: number;
  failures: string[];
}

function fail({ failures, progress }: Run, error: unknown): void {
  const sentence = messageOf(error).split('\n')[0] ?? '';
  failures.push(sentence);
  progress.fault(`rucio-stac: ${sentence}`);
}

/** Number of a file -> what else Rucio knows of it; asked for in batches, of which the last two are kept. */
function replicaReader({ client, wanted, signal }: Run): (index: number) => Promise<RucioFile> {
  const batches = new Map<number, Promise<Map<string, ReplicaLine>>>();
  return async (index) => {
    const { file } = wanted[index]!;
    const number = Math.floor(index / BATCH);
    const some = wanted.slice(number * BATCH, (number + 1) * BATCH).map((each) => each.file);
    const batch = batches.get(number) ?? client.listReplicas(some, { signal });
    batches.set(number, batch);
    for (const old of batches.keys()) if (old < number - 1) batches.delete(old);
    const lines = await batch.catch((error: unknown) => {
      batches.delete(number);
      throw error;
    });
    const line = lines.get(didKey(file));
    const sums = { adler32: file.adler32 ?? line?.adler32 ?? null, md5: file.md5 ?? line?.md5 ?? null };
    return {
      ...file,
      bytes: file.bytes ?? line?.bytes ?? null,
      ...sums,
      replicas: line?.replicas ?? [],
      metadata: {},
    };
  };
}

async function getOne(run: Run, { path }: Wanted, complete: () => Promise<RucioFile>): Promise<void> {
  const { client, signal, progress } = run;
  try {
    const file = await complete();
    if (existsSync(path) && (await isThere(file, path, signal))) {
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
    if (!signal.aborted) fail(run, error);
  }
}

async function getAll(run: Run, jobs: number): Promise<void> {
  const { wanted, progress, signal } = run;
  progress.start(wanted.length, totalOf(wanted));
  const queue = wanted.entries();
  const complete = replicaReader(run);
  const work = async () => {
    for (const [index, each] of queue) {
      if (signal.aborted) return;
      await getOne(run, each, () => complete(index));
    }
  };
  try {
    await Promise.all(Array.from({ length: jobs }, work));
  } finally {
    progress.end();
  }
}

const totalOf = (wanted: Wanted[]) => wanted.reduce((sum, { file }) => sum + (file.bytes ?? 0), 0);

/** Every file once, however many of the DIDs hold it. A name that cannot be a path is told, and the others go on. */
async function findAll(run: Run, dids: Did[], folder: string): Promise<void> {
  const found = new Map<string, string>();
  for (const did of dids) {
    const contents = await run.client.contents(did, { signal: run.signal });
    if (contents.files.length === 0)
      throw new UserError(
        `${didKey(did)} holds no files; "rucio-stac show ${didKey(did)}" shows what it is.`,
      );
    for (const file of contents.files) {
      try {
        const path = pathOf(folder, contents, file);
        const before = found.get(path);
        if (before === didKey(file)) continue;
        if (before !== undefined) throw new UserError(`${didKey(file)} would be ${path}, as ${before} is.`);
        found.set(path, didKey(file));
        run.wanted.push({ file, path });
      } catch (error) {
        fail(run, error);
      }
    }
  }
}

async function run(names: string[], options: Record<string, unknown>, env: Env): Promise<number> {
  const dids = (names.length > 0 ? names : [undefined]).map((name) => mustBeDid(name, 'get'));
  const jobs = readJobs(options.jobs, 3);
  const folder = typeof options.out === 'string' ? options.out : '.';
  makeFolder(folder, '--out');
  return untilSignal((signal) =>
    withRucio(env, async (client) => {
      const progress = makeProgress(process.stderr, 'get');
      const state: Run = { client, signal, progress, wanted: [], done: 0, there: 0, failures: [] };
      await findAll(state, dids, folder);
      const refused = state.failures.length;
      await getAll(state, jobs);
      const { wanted, done, there, failures } = state;
      const size = formatBytes(totalOf(wanted));
      const rest = `${there} were there already, ${failures.length} failed`;
      process.stderr.write(`${done} of ${wanted.length + refused} files (${size}) downloaded, ${rest}\n`);
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
