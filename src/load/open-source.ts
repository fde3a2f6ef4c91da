/** What a person names -> the documents in it: a file, a folder or an address, of whatever form it turns out to be. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { messageOf, UserError } from '../errors.ts';
import { isUrl, unlessFile, withAbsoluteHrefs } from './absolute.ts';
import { afterDone } from './after-done.ts';
import { download } from './download.ts';
import { fetchBytes } from './fetch-text.ts';
import { documentsIn, type Found, type FoundDocument } from './found.ts';
import { splitJson } from './json-stream.ts';
import { splitLines } from './lines.ts';
import { withNextPages } from './next-pages.ts';
import { beginsAsParquet, isParquet, readParquet } from './read-parquet.ts';
import { plainReading, type Reading } from './reading.ts';
import { type Filters, isApi, mustTakeAll, readStacApi } from './stac-api.ts';
import { isRoot, readStaticCatalog } from './static-catalog.ts';
import { plain } from './text-marks.ts';
import { type Bytes, unzipped } from './uncompress.ts';

export interface Source {
  /** How it is named in reports. */
  name: string;
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
    while (begun.length < FIRST_LINE && !begun.trimStart().includes('\n')) {
      const { value, done } = await chunks.next();
      if (done) break;
      begun += value;
    }
  } catch (error) {
    if (begun === '') throw error;
    broken = error;
  }
  async function* again() {
    try {
      yield begun;
      if (broken) throw broken;
      yield* chunks;
    } finally {
      await chunks.return(undefined);
    }
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

const isList = (text: string): boolean => {
  if (!/"(?:features|collections|items)"/.test(text)) return false;
  try {
    const { type } = JSON.parse(text) as { type?: unknown };
    return type === 'FeatureCollection' || type === undefined;
  } catch {
    return false;
  }
};

const isAround = (text: string) => text.length <= FIRST_LINE && isList(text);

/** Whether the first line is a list from a server, which may tell where it goes on. */
const isPage = (begun: string, address: string) =>
  isUrl(address) && isList(plain(begun).split('\n', 1)[0] as string);

async function* byLine(chunks: AsyncIterable<string>, name: string): AsyncGenerator<FoundDocument> {
  for await (const { text, number } of splitLines(chunks))
    yield* documentsIn({ text, place: `${name}:${number}` });
}

/** @param onAround told of an ItemCollection, or list of Collections, without its documents */
async function* byBracket(
  chunks: AsyncIterable<string>,
  name: string,
  onAround: (text: string) => void,
): AsyncGenerator<FoundDocument> {
  let number = 0;
  for await (const { text, path } of splitJson(chunks)) {
    if (path === null && isAround(text)) {
      onAround(text);
      continue;
    }
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

/** Text of a source by its documents. */
interface Documents {
  /** Path or URL that addresses in them are relative to. */
  address: string;
  documents: AsyncGenerator<FoundDocument>;
  /** What the same file would be told by; null: it must be read from its beginning. */
  state: string | null;
  /** What stood around the documents, once they are read, if that was one list. */
  around(): string | null;
}

/** One document by itself may be the root of more, and its addresses are relative to where it lies. */
async function* followed(source: Documents, filters: Filters, reading: Reading): AsyncGenerator<Found> {
  const { address, documents, state } = source;
  const first = await documents.next();
  const second = first.done ? first : await documents.next();
  const { value } = first as { value: FoundDocument | undefined };
  const document = value && second.done ? parsed(value.text) : null;
  const isAlone = document !== null && !/[\]]$/.test((value as FoundDocument).place);
  async function* all() {
    if (!first.done) yield first.value;
    if (!second.done) yield second.value;
    yield* documents;
  }
  if (isAlone && isUrl(address) && document.type === 'Catalog' && isApi(document)) {
    yield* readStacApi((value as FoundDocument).text, address, filters, reading);
    return;
  }
  mustTakeAll(address, filters);
  if (isAlone && isRoot(document, address))
    yield* readStaticCatalog((value as FoundDocument).text, address, reading);
  else if (isAlone)
    for await (const found of all()) yield { ...found, text: withAbsoluteHrefs(found.text, address) };
  else if (state !== null) yield* afterDone(all(), address, state, reading);
  else yield* withNextPages({ address, documents: all(), around: source.around }, reading);
}

async function* readText(
  bytes: Bytes,
  name: string,
  address: string,
  state: string | null,
  filters: Filters,
  reading: Reading,
): AsyncGenerator<Found> {
  const [begun, chunks] = await peek(toText(unzipped(bytes), name));
  const arounds: string[] = [];
  const around = () => (arounds.length === 1 ? (arounds[0] as string) : null);
  const isLines = LINES.test(address.replace(/[?#].*$/, '')) || (isByLine(begun) && !isPage(begun, address));
  const documents = isLines
    ? byLine(chunks, name)
    : byBracket(chunks, name, (text) => void (arounds.length < 2 && arounds.push(text)));
  try {
    yield* followed({ address, documents, state, around }, filters, reading);
  } finally {
    // An answer that is not read to its end would hold its connection.
    await documents.return(undefined);
  }
}

/** By its first bytes; a Parquet file is read from its end, and so must be on disk. */
async function* readUrl(url: string, filters: Filters, reading: Reading): AsyncGenerator<Found> {
  const [isTable, bytes] = await beginsAsParquet(fetchBytes(url));
  if (!isTable) {
    yield* readText(bytes, url, url, null, filters, reading);
    return;
  }
  mustTakeAll(url, filters);
  const file = await download(bytes, url, reading);
  try {
    if (file.isWhole) yield* afterDone(readParquet(file.path, url), url, `parquet ${file.hash}`, reading);
  } finally {
    file.remove();
  }
}

/** What can be read once only: standard input, a pipe. */
function onceReadable(name: string): Readable | null {
  if (name === '-') return process.stdin;
  const stat = statSync(name, { throwIfNoEntry: false });
  return stat?.isFIFO() || stat?.isCharacterDevice() || stat?.isSocket() ? createReadStream(name) : null;
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

/** @throws UserError when there is nothing of this name */
export async function openSource(
  name: string,
  filters: Filters,
  given: Partial<Reading> = {},
): Promise<Source> {
  const reading = { ...plainReading(), ...given };
  if (isUrl(name)) {
    if (!URL.canParse(name)) throw new UserError(`${name} is no address; check how it is written.`);
    return { name, bytes: null, documents: readUrl(name, filters, reading) };
  }
  const once = onceReadable(name);
  if (once) return { name, bytes: null, documents: readText(once, name, name, null, filters, reading) };
  const file = findFile(unlessFile(name));
  mustTakeAll(name, filters);
  const { size, mtimeMs } = statSync(file);
  const state = `${file} ${size} ${mtimeMs}`;
  try {
    const documents = (await isParquet(file))
      ? afterDone(readParquet(file, name), name, state, reading)
      : readText(readBytes(file, reading.onBytes), name, file, state, filters, reading);
    return { name, bytes: size, documents };
  } catch (error) {
    throw new UserError(`${name} cannot be read: ${messageOf(error)}.`);
  }
}
