/** Commands of others that open what we do not read ourselves, under the names that `preferred_impl` of rucio.cfg has for them. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { readableUrl } from '../pfn.ts';
import { safeJoin } from '../safe-join.ts';
import type { Did } from '../types.ts';

export interface ToolJob {
  did: Did;
  rse: string;
  /** Begins with a scheme, so that no tool takes it for an option. */
  pfn: string;
  scheme: string;
  /** An empty folder, absolute. */
  folder: string;
  /** Absolute: a file that may have some bytes already; for tools that go on with one. */
  part: string;
  timeoutSeconds: number | undefined;
}

export interface Tool {
  /** As in `preferred_impl`. */
  impl: string;
  command: string;
  schemes: readonly string[];
  /** Schemes that it opens only where `preferred_impl` names it: we read these ourselves. */
  also: readonly string[];
  /** It writes to `part`, and goes on where that ends. */
  resumes?: true;
  /** Unless our own environment has them. */
  env?: Record<string, string>;
  /** Arguments, and the path where the file is when the tool has ended. @throws UserError for names that lead elsewhere; null: not this PFN */
  call(job: ToolJob): { args: string[]; path: string } | null;
}

/** Seconds: where there is no limit, silence ends an attempt. */
const LONGEST = 14 * 24 * 3600;

const HTTP = ['https', 'http', 'davs', 'dav'];

const xrdcp: Tool = {
  impl: 'xrootd',
  command: 'xrdcp',
  schemes: ['root', 'roots', 'xroot', 'xroots'],
  also: [],
  resumes: true,
  // Its own are five times two minutes for a server that does not answer; there are other replicas.
  env: { XRD_CONNECTIONWINDOW: '20', XRD_CONNECTIONRETRY: '1' },
  call: ({ pfn, part }) => ({
    // Chunks are written one behind the other, so that what is there is the file's beginning.
    args: ['--nopbar', '--silent', '--continue', readableUrl(pfn), part],
    path: part,
  }),
};

const gfal: Tool = {
  impl: 'gfal',
  command: 'gfal-copy',
  schemes: ['gsiftp', 'srm', 'root', 'xroot', 'dcap', 'gsidcap', 'sftp'],
  also: HTTP,
  call({ pfn, folder, timeoutSeconds }) {
    const path = join(folder, 'file');
    // Its own limit is half an hour.
    const limit = String(Math.ceil(timeoutSeconds ?? LONGEST));
    return {
      args: [
        '-f',
        '-t',
        limit,
        '-T',
        limit,
        pfn,
        `file://${path.split('/').map(encodeURIComponent).join('/')}`,
      ],
      path,
    };
  },
};

const rclone: Tool = {
  impl: 'rclone',
  command: 'rclone',
  schemes: ['rclone', 'sftp', 'ssh'],
  also: HTTP,
  call(job) {
    const path = join(job.folder, 'file');
    if (HTTP.includes(job.scheme)) return { args: ['copyurl', '--', readableUrl(job.pfn), path], path };
    const source = rcloneSource(job.pfn);
    return source === null ? null : { args: ['copyto', '--', source, path], path };
  },
};

/** rclone://REMOTE/path, REMOTE as in rclone's configuration; sftp://user@host:port/path needs none. */
function rcloneSource(pfn: string): string | null {
  const [, scheme, user, host, port, path] =
    /^([a-z]+):\/\/(?:([\w.-]+)@)?(\w[\w.-]*)(?::(\d+))?\/(.+)$/i.exec(pfn) ?? [];
  if (scheme === undefined || host === undefined) return null;
  if (scheme.toLowerCase() === 'rclone') return user === undefined ? `${host}:${path}` : null;
  const login = [`host=${host}`, ...(user ? [`user=${user}`] : []), ...(port ? [`port=${port}`] : [])];
  return `:sftp,${login.join(',')}:/${path?.replace(/^\/+/, '')}`;
}

const rucio: Tool = {
  impl: 'rucio',
  command: 'rucio',
  schemes: [],
  also: [],
  call({ did, rse, scheme, folder, timeoutSeconds }) {
    // Where Rucio's client puts it.
    const path = safeJoin(folder, `${did.scope}/${did.name}`);
    const limit = timeoutSeconds === undefined ? [] : ['--transfer-timeout', String(timeoutSeconds)];
    const where = ['--dir', folder, '--rses', rse, '--protocol', scheme, ...limit];
    return { args: ['download', ...where, '--', `${did.scope}:${did.name}`], path };
  },
};

/** In the order in which they are tried where `preferred_impl` says nothing. */
export const TOOLS: readonly Tool[] = [xrdcp, gfal, rclone, rucio];

/** By name: the command's path, of those that the search path has. */
export function findTools(searchPath: string): Map<string, string> {
  const folders = searchPath.split(delimiter).filter((folder) => isAbsolute(folder));
  const found = new Map<string, string>();
  for (const { impl, command } of TOOLS) {
    const path = folders.map((folder) => join(folder, command)).find(isExecutable);
    if (path !== undefined) found.set(impl, path);
  }
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
