/** rucio-stac upload PATH…: rasters of this machine -> DIDs in the lake, and on to the catalogue. */
import type { Env } from '../config.ts';
import { messageOf, UserError } from '../errors.ts';
import { formatBytes } from '../ingest/plan.ts';
import { makeProgress, type Progress } from '../ingest/progress.ts';
import { describeLocal, type LocalFile, listLocal } from '../ingest/register-local.ts';
import type { RucioClient } from '../rucio/connect.ts';
import { didKey } from '../rucio/resolve.ts';
import type { Did } from '../rucio/types.ts';
import { openTarget, prepareDataset, type UploadTarget, uploadFile } from '../rucio/upload.ts';
import type { Command, Words } from './command.ts';
import { parseLifetime } from './durations.ts';
import { ingest } from './ingest.ts';
import { untilSignal } from './interrupt.ts';
import { readJobs } from './jobs.ts';
import { mustBeDid, withRucio } from './lake.ts';

const HELP = `rucio-stac upload PATH… --scope SCOPE --rse RSE

Puts GeoTIFF and NetCDF files of this machine into the lake: each becomes a file DID with a replica at the RSE, checksums
and metadata (time, bbox, epsg, media type) read from the raster. Of a folder all rasters are taken, at any depth, by their
names relative to it. Run it again to continue; what is there is skipped.

  --scope SCOPE         of the files
  --rse RSE             where the bytes go
  --dataset SCOPE:NAME  dataset that holds them; made when it is not there
  --lifetime TIME       until Rucio may delete them: 30d, 12h or seconds; for ever, unless told
  --prefix TEXT         before each name, such as "2024/"
  --ingest              go on with "rucio-stac ingest" of the dataset
  --jobs N              files at once (2)`;

interface Choices {
  paths: string[];
  scope: string;
  rse: string;
  dataset: Did | null;
  lifetime: number | null;
  prefix: string;
  andIngest: boolean;
  jobs: number;
}

function readChoices({ names, options }: Words): Choices {
  const text = (key: string) => (typeof options[key] === 'string' ? (options[key] as string) : null);
  const need = (key: string, example: string) => {
    const value = text(key);
    if (value) return value;
    throw new UserError(`upload needs --${key}, such as --${key} ${example}; see rucio-stac upload --help.`);
  };
  if (names.length === 0)
    throw new UserError('upload needs the path of a file or folder; see rucio-stac upload --help.');
  const jobs = readJobs(options.jobs, 2, 16);
  const dataset = text('dataset');
  if (options.ingest === true && dataset === null)
    throw new UserError('--ingest needs --dataset SCOPE:NAME, which becomes the Collection.');
  return {
    paths: names,
    scope: need('scope', 'user.me'),
    rse: need('rse', 'MY-DISK'),
    dataset: dataset === null ? null : mustBeDid(dataset, '--dataset'),
    lifetime: parseLifetime(text('lifetime')),
    prefix: text('prefix') ?? '',
    andIngest: options.ingest === true,
    jobs,
  };
}

interface Report {
  /** Names of what is in the lake now. */
  names: Set<string>;
  uploaded: number;
  there: number;
  bytes: number;
  failures: string[];
}

async function uploadOne(
  target: UploadTarget,
  local: LocalFile,
  scope: string,
  progress: Progress,
  signal: AbortSignal,
  report: Report,
): Promise<void> {
  const began = performance.now();
  try {
    const file = await describeLocal(local, scope, signal);
    let seen = 0;
    // Another attempt begins anew; the bar never goes back, nor beyond the file's size.
    const onProgress = (bytes: number) => {
      progress.advance(Math.max(0, bytes - seen));
      seen = Math.max(seen, bytes);
    };
    const isSent = await uploadFile(target, file, { signal, onProgress });
    onProgress(file.bytes);
    progress.fileDone();
    report.names.add(local.name);
    if (isSent) {
      report.uploaded++;
      report.bytes += file.bytes;
      const ms = Math.round(performance.now() - began);
      progress.event('upload:file:done', { did: didKey(file), rse: target.rse.rse, bytes: file.bytes, ms });
    } else report.there++;
  } catch (error) {
    if (signal.aborted) return;
    const sentence = messageOf(error).split('\n')[0] ?? '';
    const message = sentence.includes(local.name) ? sentence : `${local.name}: ${sentence}`;
    report.failures.push(message);
    progress.fault(message);
  }
}

async function uploadAll(
  client: RucioClient,
  choices: Choices,
  files: LocalFile[],
  signal: AbortSignal,
): Promise<Report> {
  const { scope, dataset, lifetime, rse, jobs } = choices;
  const target = await openTarget(client, rse, { dataset, lifetime }, signal);
  if (!(await client.scopes(signal)).includes(scope))
    throw new UserError(
      `There is no scope "${scope}" in this lake; "rucio-stac ls" lists those there are, and who runs Rucio makes new ones.`,
    );
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  await prepareDataset(target, {}, signal);
  const progress = makeProgress(process.stderr, 'upload');
  const report: Report = { names: new Set(), uploaded: 0, there: 0, bytes: 0, failures: [] };
  progress.start(files.length, total);
  const queue = files.values();
  const work = async () => {
    for (const file of queue) {
      if (signal.aborted) return;
      await uploadOne(target, file, scope, progress, signal, report);
    }
  };
  try {
    await Promise.all(Array.from({ length: jobs }, work));
  } finally {
    progress.end();
  }
  return report;
}

function summarize(
  { uploaded, there, bytes, failures }: Report,
  choices: Choices,
  isInterrupted: boolean,
): string {
  const { rse, dataset } = choices;
  const where = dataset ? `, in ${didKey(dataset)}` : '';
  const lines = [
    `${uploaded} files uploaded to ${rse}${where}, ${formatBytes(bytes)}; ${there} were there; ${failures.length} failed`,
    ...failures.map((failure) => `failed: ${failure}`),
  ];
  if (isInterrupted) lines.push('interrupted; run the same command again to continue');
  return `${lines.join('\n')}\n`;
}

async function run(choices: Choices, env: Env, signal: AbortSignal): Promise<number> {
  const files = listLocal(choices.paths, choices.prefix);
  const report = await withRucio(env, (client) => uploadAll(client, choices, files, signal));
  process.stderr.write(summarize(report, choices, signal.aborted));
  for (const { name } of files)
    if (report.names.has(name)) process.stdout.write(`${choices.scope}:${name}\n`);
  return signal.aborted ? 130 : report.failures.length > 0 ? 1 : 0;
}

export const upload: Command = {
  summary: 'put rasters of this machine into the lake',
  help: HELP,
  options: {
    scope: { type: 'string' },
    rse: { type: 'string' },
    dataset: { type: 'string' },
    lifetime: { type: 'string' },
    prefix: { type: 'string' },
    ingest: { type: 'boolean' },
    jobs: { type: 'string' },
  },
  names: 10_000,
  async run(words, env) {
    const choices = readChoices(words);
    const code = await untilSignal((signal) => run(choices, env, signal));
    if (code !== 0 || !choices.andIngest || choices.dataset === null) return code;
    return ingest.run({ options: {}, names: [didKey(choices.dataset)] }, env);
  },
};
