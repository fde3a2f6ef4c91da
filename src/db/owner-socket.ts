/** The unix socket through which the owner of a data folder lends its database. */
import { connect, type Socket } from 'node:net';
import { join, relative } from 'node:path';
import { UserError } from '../errors.ts';

/** Unix socket paths end at 107 bytes, on some systems at 103. */
const LONGEST_PATH = 103;

/** The shorter of a path's absolute and relative form. @throws UserError when a socket cannot have it */
export function socketPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  const best = fromHere !== '' && fromHere.length < path.length ? fromHere : path;
  if (Buffer.byteLength(best) > LONGEST_PATH) {
    throw new UserError(
      `The data folder's path is too long for a socket (${path}); choose a shorter RUCIO_STAC_DATA.`,
    );
  }
  return best;
}

/** @throws UserError when the folder's path is too long */
export const ownerSocket = (folder: string): string => socketPath(join(folder, 'owner.sock'));

export function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/** Whether somebody listens there: `answers`, `refuses` (its owner has ended), or `missing`. */
export async function probe(path: string): Promise<'answers' | 'refuses' | 'missing'> {
  try {
    (await connectTo(path)).destroy();
    return 'answers';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? 'refuses' : 'missing';
  }
}
