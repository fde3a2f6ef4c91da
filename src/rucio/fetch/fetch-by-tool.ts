/** Replica that a tool opens -> the file, compared with Rucio's size and checksums as any other. */
import { chmod, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { schemeOf } from '../pfn.ts';
import type { Replica, RucioFile } from '../types.ts';
import type { Leftovers } from './leftovers.ts';
import { onDisk } from './on-disk.ts';
import type { Part } from './part.ts';
import { ReplicaFault } from './replica-fault.ts';
import { runTool, sentenceOf } from './run-tool.ts';
import { differenceOf, hasChecksum, type Sums, sumFile } from './sums.ts';
import type { Tool } from './tools.ts';
import { watchdog } from './watchdog.ts';

export interface ToolOptions {
  tools: ReadonlyMap<string, string>;
  leftovers: Leftovers;
  /** What has come of the file so far. */
  part: Part;
  signal?: AbortSignal | undefined;
  transferTimeoutSeconds?: number | undefined;
  idleTimeoutSeconds: number;
  onProgress?: ((bytes: number) => void) | undefined;
  /** For the tools: where they find rucio.cfg, a certificate and the like. */
  env: Record<string, string>;
}

/** Tools log in, and wait for tapes, before the first byte comes: as many times the idle time. */
const PATIENCE = 5;

/**
 * Whole and right under its final name afterwards. What came by a tool that can go on stays in the part when it fails.
 * @throws ReplicaFault; UserError for faults of the disk and hostile names; the signal's reason on abort
 */
export async function fetchByTool(
  file: RucioFile,
  replica: Replica,
  tool: Tool,
  target: string,
  options: ToolOptions,
): Promise<Sums> {
  if (tool.resumes) return goOnByTool(file, replica, tool, target, options);
  return inFolder(target, options, async (folder) => {
    const { path, words } = await runCall(file, replica, tool, folder, options);
    return take(file, tool, path, words, target, options);
  });
}

/** With an empty folder, which is gone afterwards with all that is in it. */
async function inFolder<T>(
  target: string,
  { leftovers, signal }: ToolOptions,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const name = leftovers.nameFor(target, '.tool');
  const folder = resolve(name);
  await onDisk(target, () => mkdir(folder, { recursive: true, mode: 0o700 }));
  try {
    return await work(folder);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
    leftovers.drop(name);
  }
}

async function goOnByTool(
  file: RucioFile,
  replica: Replica,
  tool: Tool,
  target: string,
  options: ToolOptions,
): Promise<Sums> {
  const { part, signal } = options;
  // Without a checksum nothing tells that the rest is of the same file.
  if (!hasChecksum(file) || part.bytes > (file.bytes ?? part.bytes)) await part.restart();
  for (;;) {
    const begun = part.bytes;
    if (part.bytes === 0 || part.bytes !== file.bytes) {
      part.begin();
      part.origin = { pfn: replica.pfn, etag: null };
      const run = inFolder(target, options, (folder) => runCall(file, replica, tool, folder, options));
      await run.finally(() => (signal?.aborted ? undefined : part.absorb(signal)));
    }
    const sums = part.sums();
    const difference = differenceOf(file, sums);
    if (difference === null) {
      options.onProgress?.(sums.bytes);
      signal?.throwIfAborted();
      await part.finish();
      return sums;
    }
    await part.restart();
    // Whose bytes were wrong is not known: this replica is asked for all of them.
    if (begun === 0) throw new ReplicaFault(difference);
  }
}

async function runCall(
  file: RucioFile,
  replica: Replica,
  tool: Tool,
  folder: string,
  options: ToolOptions,
): Promise<{ path: string; words: string }> {
  const { signal, transferTimeoutSeconds, idleTimeoutSeconds, onProgress, part } = options;
  const call = tool.call({
    did: { scope: file.scope, name: file.name },
    rse: replica.rse,
    pfn: replica.signed ?? replica.pfn,
    scheme: schemeOf(replica.pfn),
    folder,
    part: resolve(part.path),
    timeoutSeconds: transferTimeoutSeconds,
  });
  if (call === null) throw new ReplicaFault(`${tool.command} does not open such an address`);
  // Rucio's client makes no folders for names with slashes.
  await onDisk(folder, () => mkdir(dirname(call.path), { recursive: true, mode: 0o700 }));
  const watch = watchdog({
    signal,
    transferTimeoutSeconds,
    idleTimeoutSeconds: idleTimeoutSeconds * PATIENCE,
  });
  try {
    let seen = tool.resumes ? part.bytes : 0;
    onProgress?.(seen);
    const onBytes = (bytes: number) => {
      if (bytes > seen) watch.wait();
      seen = Math.max(seen, bytes);
      onProgress?.(Math.min(seen, file.bytes ?? seen));
    };
    const words = await runTool({
      command: tool.command,
      path: options.tools.get(tool.impl)!,
      args: call.args,
      env: { ...tool.env, ...process.env, ...options.env },
      folder,
      output: tool.resumes ? call.path : folder,
      signal: watch.signal,
      onBytes,
    });
    return { path: call.path, words };
  } finally {
    watch.stop();
  }
}

async function take(
  file: RucioFile,
  tool: Tool,
  path: string,
  words: string,
  target: string,
  options: ToolOptions,
): Promise<Sums> {
  const found = await lstat(path).catch(() => null);
  if (!found?.isFile()) throw new ReplicaFault(`${tool.command} gave no file: ${sentenceOf(words, 0)}`);
  if (file.bytes !== null && found.size !== file.bytes)
    throw new ReplicaFault(`it gave ${found.size} bytes, Rucio says ${file.bytes}`);
  const { signal, onProgress } = options;
  const sums = (await onDisk(target, () => sumFile(path, { signal }))).sums();
  const difference = differenceOf(file, sums);
  if (difference !== null) throw new ReplicaFault(difference);
  onProgress?.(sums.bytes);
  await onDisk(target, async () => {
    const handle = await open(path, 'r');
    await handle.sync().finally(() => handle.close());
    // As any file that is made, whatever the tool made of it.
    await chmod(path, 0o666 & ~process.umask());
    await rename(path, target);
  });
  return sums;
}
