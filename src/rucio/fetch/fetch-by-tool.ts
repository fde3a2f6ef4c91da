/** Replica that a tool opens -> the file, compared with Rucio's size and checksums as any other. */
import { chmod, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { schemeOf } from '../pfn.ts';
import type { Replica, RucioFile } from '../types.ts';
import type { Leftovers } from './leftovers.ts';
import { onDisk } from './on-disk.ts';
import { ReplicaFault } from './replica-fault.ts';
import { runTool, sentenceOf } from './run-tool.ts';
import { differenceOf, type Sums, sumFile } from './sums.ts';
import type { Tool } from './tools.ts';
import { watchdog } from './watchdog.ts';

export interface ToolOptions {
  tools: ReadonlyMap<string, string>;
  leftovers: Leftovers;
  signal?: AbortSignal | undefined;
  transferTimeoutSeconds?: number | undefined;
  idleTimeoutSeconds: number;
  onProgress?: ((bytes: number) => void) | undefined;
  /** For the tools: where they find rucio.cfg, a certificate and the like. */
  env: Record<string, string>;
}

/** Tools log in, and wait for tapes, before the first byte comes: as many times the idle time. */
const PATIENCE = 5;

/** @throws ReplicaFault; UserError for faults of the disk and hostile names; the signal's reason on abort */
export async function fetchByTool(
  file: RucioFile,
  replica: Replica,
  tool: Tool,
  target: string,
  options: ToolOptions,
): Promise<Sums> {
  const { signal, transferTimeoutSeconds, idleTimeoutSeconds, onProgress } = options;
  const name = options.leftovers.nameFor(target, '.tool');
  const folder = resolve(name);
  const call = tool.call({
    did: { scope: file.scope, name: file.name },
    rse: replica.rse,
    pfn: replica.signed ?? replica.pfn,
    scheme: schemeOf(replica.pfn),
    folder,
    timeoutSeconds: transferTimeoutSeconds,
  });
  if (call === null) throw new ReplicaFault(`${tool.command} does not open such an address`);
  // Rucio's client makes no folders for names with slashes.
  await onDisk(target, () => mkdir(dirname(call.path), { recursive: true, mode: 0o700 }));
  const watch = watchdog({
    signal,
    transferTimeoutSeconds,
    idleTimeoutSeconds: idleTimeoutSeconds * PATIENCE,
  });
  try {
    let seen = 0;
    onProgress?.(0);
    const onBytes = (bytes: number) => {
      if (bytes > seen) watch.wait();
      seen = Math.max(seen, bytes);
      onProgress?.(Math.min(seen, file.bytes ?? seen));
    };
    const path = options.tools.get(tool.impl)!;
    const env = { ...tool.env, ...process.env, ...options.env };
    const words = await runTool({
      command: tool.command,
      path,
      args: call.args,
      env,
      folder,
      signal: watch.signal,
      onBytes,
    });
    watch.stop();
    return await take(file, tool, call.path, words, target, options);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    watch.stop();
    await rm(folder, { recursive: true, force: true });
    options.leftovers.drop(name);
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
