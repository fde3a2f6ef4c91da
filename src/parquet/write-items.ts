/** Items' texts -> the bytes of a stac-geoparquet file, a row group at a time. */
import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { ApiError } from '../errors.ts';
import { Misfit } from './column-type.ts';
import {
  geoMetadata,
  type ItemTable,
  learnItem,
  newTable,
  settledColumns,
  tableSchema,
  toColumns,
} from './item-table.ts';

/** Rows of a group, and characters of their text. */
const GROUP = 1000;
const GROUP_TEXT = 4 * 1024 * 1024;

/** Reads the same Items each time that it is called. */
export type ReadItems = () => AsyncIterable<string[]>;

async function learn(read: ReadItems): Promise<ItemTable> {
  const table = newTable();
  for await (const page of read()) for (const content of page) learnItem(table, content);
  return table;
}

async function* groups(pages: AsyncIterable<string[]>): AsyncGenerator<string[]> {
  let group: string[] = [];
  let length = 0;
  for await (const page of pages) {
    for (const content of page) {
      group.push(content);
      length += content.length;
      if (group.length < GROUP && length < GROUP_TEXT) continue;
      yield group;
      [group, length] = [[], 0];
    }
  }
  if (group.length > 0) yield group;
}

/** What has been written since last, which the writer then forgets. */
function taken(writer: ByteWriter): Uint8Array {
  const bytes = writer.getBytes().slice();
  writer.index = 0;
  return bytes;
}

/** @throws ApiError Unavailable where Items have changed between the two readings so that they do not fit */
function columnsOf(group: string[], columns: ReturnType<typeof settledColumns>) {
  try {
    return toColumns(group, columns);
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    throw new ApiError('Unavailable', 'the Items changed while they were written; try again');
  }
}

/**
 * All Items are read twice: for the columns that they need together, and to be written.
 * @param collections text of each Collection by id, for the file's metadata
 */
export async function* parquetParts(
  read: ReadItems,
  collections: Map<string, string> = new Map(),
): AsyncGenerator<Uint8Array> {
  const table = await learn(read);
  const columns = settledColumns(table);
  const writer = new ByteWriter();
  const listed = Array.from(collections, ([id, content]) => `${JSON.stringify(id)}:${content}`).join(',');
  const file = new ParquetWriter({
    writer,
    schema: tableSchema(columns) as SchemaElement[],
    createdBy: 'rucio-stac',
    kvMetadata: [
      { key: 'geo', value: geoMetadata(table, columns) },
      { key: 'stac-geoparquet', value: `{"version":"1.0.0","collections":{${listed}}}` },
    ],
  });
  for await (const group of groups(read())) {
    const made = columnsOf(group, columns);
    const columnData = Array.from(made, ([name, data]) => ({ name, data }));
    await file.write({ columnData, rowGroupSize: GROUP });
    yield taken(writer);
  }
  await file.finish();
  yield taken(writer);
}
