/** What a person names -> the documents in it: a file, a folder or an address, of whatever form it turns out to be. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { messageOf, UserError } from '../errors.ts';
import { isUrl, unlessFile, withAbsoluteHrefs } from './absolute.ts';
import { fetchBytes } from './fetch-text.ts';
import { documentsIn, type Found, type FoundDocument } from './found.ts';
import { splitJson } from './json-stream.ts';
import { splitLines } from './lines.ts';
import { isParquet, readParquet } from './read-parquet.ts';
import { type Filters, isApi, mustTakeAll, readStacApi } from './stac-api.ts';
import { isRoot, readStaticCatalog } from './static-catalog.ts';
import { plain } from './text-marks.ts';
import { type Bytes, unzipped } from './uncompress.ts';

export interface Source {
  /** How it is named in reports. */
  name: string;
  /** Path of a file that can be read again from where it was left; null: a catalogue or a server. */
  file: string | null;
  bytes: number | null;
  documents: AsyncIterable<Found>;
}

const LINES = /\.(?:ndjson|jsonl|geojsonl|geojsons|ldjson)(?:\.gz)?$/i;

/** Characters among which the end of a first line is looked for. */
const FIRST_LINE = 1024 * 1024;

/** Characters that are looked through at a time. */
const PIECE = 512 * 1024;

/** @throws UserError for what cannot be read, or is not UTF-8, which RFC 8259 8.1 asks for */
async function* toText(bytes: Bytes, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let isBegun = false;
  let text = '';
  try {
    for await (const chunk of bytes) {
      if (!isBegun && Buffer.from(chunk.subarray(0, 4)).toString('latin1') === 'PAR1')
        throw new UserError(`${name} is a Parquet file; load reads those from disk only.`);
      isBegun = true;
      text += decoder.decode(chunk, { stream: true });
      if (text.length < PIECE) continue;
      yield text;
      text = '';
    }
    yield text + decoder.decode();
  } catch (error) {
    if (text !== '') yield text;
    if (error instanceof UserError) throw error;
    const isOfText = (error as { code?: unknown }).code === 'ERR_ENCODING_INVALID_ENCODED_DATA';
    const reason = isOfText ? 'it holds bytes that are not UTF-8 text' : messageOf(error);
    throw new UserError(`${name} cannot be read${isBegun ? ' on' : ''}: ${reason}.`, { cause: error });
  }
}

/** The beginning, up to the end of the first line, and all of it again. */
async function peek(chunks: AsyncGenerator<string>): Promise<[string, AsyncGenerator<string>]> {
  let begun = '';
  let broken: unknown = null;
  try {
    while (begun.length < FIRST_LINE && !/\S[\s\S]*\n/.test(begun)) {
      const { value, done } = await chunks.next();
      if (done) break;
      begun += value;
    }
  } catch (error) {
    if (begun === '') throw error;
    broken = error;
  }
  async function* again() {
    yield begun;
    if (broken) throw broken;
    yield* chunks;
  }
  return [begun, again()];
}

/** Whether the first line is a JSON value by itself. */
function isByLine(begun: string): boolean {
  const line = plain(begun).split('\n', 1)[0] as string;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

async function* byLine(chunks: AsyncIterable<string>, name: string): AsyncGenerator<FoundDocument> {
  for await (const { text, number } of splitLines(chunks))
    yield* documentsIn({ text, place: `${name}:${number}` });
}

const isAround = (text: string): boolean => {
  if (text.length > FIRST_LINE || !/"(?:features|collections|items)"/.test(text)) return false;
  try {
    const { type } = JSON.parse(text) as { type?: unknown };
    return type === 'FeatureCollection' || type === undefined;
  } catch {
    return false;
  }
};

async function* byBracket(chunks: AsyncIterable<string>, name: string): AsyncGenerator<FoundDocument> {
  let number = 0;
  for await (const { text, path } of splitJson(chunks)) {
    // What is left of an ItemCollection, once its features are out.
    if (path === null && isAround(text)) continue;
    number++;
    yield {
      text,
      place: path === null ? (number === 1 ? name : `${name} [${number - 1}]`) : `${name} ${path}`,
    };
  }
}

function parsed(text: string): { type?: unknown; links?: unknown } | null {
  try {
    return JSON.parse(text) as { type?: unknown } | null;
  } catch {
    return null;
  }
}

/** One document by itself may be the root of more, and its addresses are relative to where it lies. */
async function* followed(
  documents: AsyncGenerator<FoundDocument>,
  address: string,
  filters: Filters,
): AsyncGenerator<Found> {
  const first = await documents.next();
  if (first.done) return;
  const second = await documents.next();
  const { value } = first;
  const document = second.done ? parsed(value.text) : null;
  const isAlone = document !== null && !/[\]]$/.test(value.place);
  if (isAlone && isUrl(address) && document.type === 'Catalog' && isApi(document)) {
    yield* readStacApi(value.text, address, filters);
    return;
  }
  mustTakeAll(address, filters);
  if (isAlone && isRoot(document, address)) yield* readStaticCatalog(value.text, address);
  else if (isAlone) yield { ...value, text: withAbsoluteHrefs(value.text, address) };
  else yield value;
  if (second.done) return;
  yield second.value;
  yield* documents;
}

async function* readText(
  bytes: Bytes,
  name: string,
  address: string,
  filters: Filters,
): AsyncGenerator<Found> {
  const [begun, chunks] = await peek(toText(unzipped(bytes), name));
  const isLines = LINES.test(address.replace(/[?#].*$/, '')) || isByLine(begun);
  yield* followed(isLines ? byLine(chunks, name) : byBracket(chunks, name), address, filters);
}

/** Opened when it is read, not before. @param onBytes told of what is read */
async function* readBytes(file: string, onBytes: (count: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    onBytes((chunk as Uint8Array).length);
    yield chunk as Uint8Array;
  }
}

/** @throws UserError when there is nothing to read */
function findFile(name: string): string {
  const [protocol] = /^[a-z][a-z0-9+.-]+:(?=\/\/)/i.exec(name) ?? [];
  if (protocol)
    throw new UserError(`${name} is of ${protocol}; load reads files, and addresses of http: and https:.`);
  const stat = statSync(name, { throwIfNoEntry: false });
  if (stat?.isFile()) return resolve(name);
  const within = ['catalog.json', 'collection.json'].find((each) => existsSync(join(name, each)));
  if (stat?.isDirectory() && within !== undefined) return resolve(join(name, within));
  const reason = stat ? 'holds neither catalog.json nor collection.json' : 'does not exist';
  throw new UserError(
    `${name} ${reason}; give the path of a file, or the address of a catalogue or STAC API.`,
  );
}

/**
 * @param onBytes told of what is read of a file
 * @throws UserError when there is nothing of this name
 */
export async function openSource(
  name: string,
  filters: Filters,
  onBytes: (count: number) => void = () => {},
): Promise<Source> {
  if (isUrl(name)) {
    if (!URL.canParse(name)) throw new UserError(`${name} is no address; check how it is written.`);
    const documents = readText(fetchBytes(name), name, name, filters);
    return { name, file: null, bytes: null, documents };
  }
  const file = findFile(unlessFile(name));
  mustTakeAll(name, filters);
  const bytes = statSync(file).size;
  try {
    const documents = (await isParquet(file))
      ? readParquet(file, name)
      : readText(readBytes(file, onBytes), name, file, filters);
    return { name, file, bytes, documents };
  } catch (error) {
    throw new UserError(`${name} cannot be read: ${messageOf(error)}.`);
  }
}
