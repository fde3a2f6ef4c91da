/** A stac-geoparquet file -> its Items. */
import { open } from 'node:fs/promises';
import { messageOf } from '../errors.ts';
import { readItems } from '../parquet/read-items.ts';
import type { Found } from './found.ts';

/** By the four bytes that a Parquet file begins with. */
export async function isParquet(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.toString('latin1') === 'PAR1';
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
