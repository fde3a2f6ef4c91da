/** The disk's faults are not a replica's: they end the download at once. */
import { messageOf, UserError } from '../../errors.ts';

export async function onDisk<T>(target: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
    const advice = full ? 'The disk is full: free space, or choose another work folder' : messageOf(error);
    throw new UserError(`${target} cannot be written. ${advice}.`, { cause: error });
  }
}
