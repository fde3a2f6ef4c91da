/** A stac-geoparquet file -> its Items. */
import { open } from 'node:fs/promises';
import { messageOf } from '../errors.ts';
import { readItems } from '../parquet/read-items.ts';
import type { Found } from './found.ts';
import { type Bytes, withBeginning } from './uncompress.ts';

/** What a Parquet file begins with. */
const MAGIC = 'PAR1';

/** Whether that is one, and all of it again. */
export async function beginsAsParquet(bytes: Bytes): Promise<[boolean, Bytes]> {
  const [begun, all] = await withBeginning(bytes, MAGIC.length);
  return [begun.toString('latin1', 0, MAGIC.length) === MAGIC, all];
}

export async function isParquet(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.toString('latin1') === MAGIC;
  } finally {
    await handle.close();
  }
}

export async function* readParquet(file: string, name: string): AsyncGenerator<Found> {
  let row = 0;
  try {
    for await (const text of readItems(file)) yield { text, place: `${name} row ${++row}` };
  } catch (error) {
    yield { fault: `the file cannot be read on: ${messageOf(error)}`, place: `${name} row ${row + 1}` };
  }
}
