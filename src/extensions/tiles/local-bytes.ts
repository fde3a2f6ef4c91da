/** File of the store -> its bytes by range. Opened for each read, so that nothing has to be closed when it is forgotten. */
import { open, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { UserError } from '../../errors.ts';
import type { ByteSource } from '../../raster/bytes.ts';
import { readExactly } from '../../read-exactly.ts';

/** Bytes, and a mark of this very state of the file. */
export interface MarkedBytes extends ByteSource {
  mark: string;
}

/**
 * @param parts of the path below the folder
 * @throws UserError when there is no such file
 */
export async function openLocal(folder: string, parts: string[]): Promise<MarkedBytes> {
  const name = parts.at(-1) ?? '';
  const missing = () => new UserError('the store has no such file');
  const [root, path] = await Promise.all([realpath(folder), realpath(join(folder, ...parts))]).catch(() => {
    throw missing();
  });
  if (!path.startsWith(root + sep)) throw missing();
  const found = await stat(path);
  if (!found.isFile()) throw missing();
  const { size, mtimeMs } = found;
  return {
    name,
    size,
    mark: `${path} ${size} ${mtimeMs}`,
    async read(offset, length) {
      if (!(offset >= 0 && length >= 0 && offset + length <= size))
        throw new UserError(`${name} is cut short or corrupt: it refers to bytes beyond its end`);
      const handle = await open(path, 'r').catch(() => {
        throw missing();
      });
      try {
        const now = await handle.stat();
        if (now.size !== size || now.mtimeMs !== mtimeMs)
          throw new UserError(`${name} was replaced just now`);
        const buffer = await readExactly(handle, offset, length);
        if (buffer === null) throw new UserError(`${name} became shorter while it was read`);
        return buffer;
      } finally {
        await handle.close();
      }
    },
    async close() {},
  };
}
