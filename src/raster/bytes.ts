/** Path -> exact byte ranges of a file. A range that is not there is the file's fault and is told as such. */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { messageOf, UserError } from '../errors.ts';
import { readExactly } from '../read-exactly.ts';

export interface ByteSource {
  /** File name for messages. */
  name: string;
  size: number;
  /** @throws UserError when the file ends before offset + length. */
  read(offset: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

export async function openBytes(path: string): Promise<ByteSource> {
  const name = basename(path);
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw new UserError(`${name} cannot be opened: ${messageOf(error)}`, { cause: error });
  });
  const { size } = await handle.stat();
  return {
    name,
    size,
    async read(offset, length) {
      if (
        !Number.isSafeInteger(offset) ||
        !Number.isSafeInteger(length) ||
        offset < 0 ||
        length < 0 ||
        offset + length > size
      ) {
        throw new UserError(
          `${name} is cut short or corrupt: it refers to bytes ${offset} to ${offset + length} but has ${size}`,
        );
      }
      const buffer = await readExactly(handle, offset, length);
      if (buffer === null) throw new UserError(`${name} became shorter while it was read`);
      return buffer;
    },
    close: () => handle.close(),
  };
}
