/** Replicas -> the order in which they are tried, each with the door that opens it: our own, or a tool's. */

import { readableUrl, schemeOf } from '../pfn.ts';
import type { Replica } from '../types.ts';
import { cannotReadLocal } from './open-local.ts';
import { TOOLS, type Tool } from './tools.ts';

export interface Attempt {
  replica: Replica;
  /** null: we read it ourselves. */
  tool: Tool | null;
}

export interface ReplicaFailure {
  rse: string;
  pfn: string;
  reason: string;
}

export interface DoorOptions {
  /** `preferred_impl` of [download] in rucio.cfg. */
  preferredImpl: readonly string[];
  /** Tools by name that are there. */
  tools: ReadonlyMap<string, string>;
  /** s3 addresses can be opened. */
  hasS3: boolean;
}

/** Schemes that we read ourselves, and Rucio's name for such a door. */
const OWN = new Map([
  ['https', 'webdav'],
  ['http', 'webdav'],
  ['davs', 'webdav'],
  ['dav', 'webdav'],
  ['s3', 's3'],
  ['s3s', 's3'],
  ['file', 'posix'],
]);

/** Rucio's other names for the same door; what stands behind a dot is a variant. */
const ALIASES: Record<string, string> = {
  s3boto: 's3',
  s3http: 's3',
  signeds3: 's3',
  gfalv2: 'gfal',
  gsiftp: 'gfal',
  srm: 'gfal',
  xrdcp: 'xrootd',
  file: 'posix',
};

function placesOf(preferredImpl: readonly string[]): Map<string, number> {
  const names = preferredImpl.map((impl) => impl.split('.')[0]!.toLowerCase());
  return new Map(names.map((name, place): [string, number] => [ALIASES[name] ?? name, place]).reverse());
}

/** Doors of a scheme, best first, whether their tool is there or not. Our own resumes and knows the RSE's token: it comes first. */
function doorsOf(scheme: string, places: Map<string, number>): { name: string; tool: Tool | null }[] {
  const own = OWN.get(scheme);
  const opens = (tool: Tool) =>
    own === undefined
      ? tool.schemes.includes(scheme) || tool.impl === 'rucio'
      : tool.also.includes(scheme) && places.has(tool.impl);
  const doors = [
    ...(own === undefined ? [] : [{ name: own, tool: null }]),
    ...TOOLS.filter(opens).map((tool) => ({ name: tool.impl, tool })),
  ];
  const place = (name: string) => places.get(name) ?? Number.MAX_SAFE_INTEGER;
  return doors.sort(
    (a, b) => Number(a.tool !== null) - Number(b.tool !== null) || place(a.name) - place(b.name),
  );
}

/** Why nothing can open the PFN, or null. */
async function cannotOpen(pfn: string, scheme: string, options: DoorOptions): Promise<string | null> {
  const address = readableUrl(pfn);
  if (!/^[a-z][a-z0-9+.-]*:\/\/./i.test(pfn) || pfn.includes('\0')) return 'its PFN is not a URL';
  if (OWN.has(scheme) && !URL.canParse(address)) return 'its PFN is not a URL';
  if (scheme === 'file') return cannotReadLocal(address);
  if (OWN.get(scheme) === 's3') return options.hasS3 ? null : 's3:// is not opened here';
  if (OWN.has(scheme)) return null;
  const doors = doorsOf(scheme, placesOf(options.preferredImpl));
  if (doors.some(({ name }) => options.tools.has(name))) return null;
  const commands = doors.map(({ tool }) => tool!.command);
  if (commands.length === 1)
    return `${scheme}:// is opened by ${commands[0]}, which is not on the PATH; install it`;
  const last = commands.pop();
  return `${scheme}:// is opened by ${commands.join(', ')} or ${last}, none of which is on the PATH; install one`;
}

interface Ranked extends Attempt {
  rsePriority: number;
  /** Place of the door in preferred_impl; our own before tools that it does not name. */
  place: number;
  /** 0: the best door of its PFN. */
  turn: number;
}

/**
 * RSEs by Rucio's priority, tapes behind all disks (a file may take hours to come from one); of the PFNs of one RSE, those that `preferred_impl` names first, then those that we read ourselves.
 * Every replica has one turn by its best door before any has another. Each address comes once.
 */
export async function orderAttempts(
  replicas: readonly Replica[],
  options: DoorOptions,
): Promise<{ attempts: Attempt[]; skipped: ReplicaFailure[] }> {
  const places = placesOf(options.preferredImpl);
  const skipped: ReplicaFailure[] = [];
  const ranked: Ranked[] = [];
  const seen = new Set<string>();
  const rsePriorities = new Map<string, number>();
  for (const replica of [...replicas].sort((a, b) => a.priority - b.priority)) {
    const { pfn, rse, state, priority } = replica;
    const scheme = schemeOf(pfn);
    const address = readableUrl(pfn);
    // A davs PFN is often the https one again.
    if (seen.has(address)) continue;
    seen.add(address);
    const why = state === 'AVAILABLE' ? await cannotOpen(pfn, scheme, options) : `its state is ${state}`;
    if (why !== null) {
      skipped.push({ rse, pfn, reason: why });
      continue;
    }
    const rsePriority = rsePriorities.get(rse) ?? priority;
    rsePriorities.set(rse, rsePriority);
    const doors = doorsOf(scheme, places).filter(
      ({ name, tool }) => tool === null || options.tools.has(name),
    );
    doors.forEach(({ name, tool }, turn) => {
      const place = places.get(name) ?? places.size + (tool === null ? 0 : 1);
      ranked.push({ replica, tool, rsePriority, place, turn });
    });
  }
  const isTape = ({ replica }: Attempt) => Number(replica.type === 'TAPE');
  ranked.sort(
    (a, b) =>
      isTape(a) - isTape(b) ||
      a.turn - b.turn ||
      a.rsePriority - b.rsePriority ||
      a.place - b.place ||
      a.replica.priority - b.replica.priority,
  );
  return { attempts: ranked.map(({ replica, tool }) => ({ replica, tool })), skipped };
}
