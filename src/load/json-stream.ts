/**
 * JSON text in pieces -> the documents in it, without holding all of it: objects that follow one another, elements of an
 * array, or of an ItemCollection's `features`. RFC 7946 3.3, STAC API ItemCollection, RFC 8142 (the RS byte is passed over).
 */
import { UserError } from '../errors.ts';
import { isDocument, LISTS } from './found.ts';
import { plain } from './text-marks.ts';

/** Characters that one document may have. */
export const LONGEST_DOCUMENT = 64 * 1024 * 1024;

export interface Piece {
  text: string;
  /** Which element of a list it is, such as `features[3]`; null: it stands by itself. */
  path: string | null;
}

/** Characters without a type after which a list holds documents: no document is as long, and to hold more costs memory. */
const LONGEST_HELD = 16 * 1024 * 1024;

const MARKS = /["{}[\]]/g;
const STRING_END = /["\\]/g;

/** What stands between documents. */
const isGap = (text: string) => plain(text.replaceAll(',', ' ')) === '';

interface Splitter {
  /** Documents that are whole with this text. */
  push(text: string): Piece[];
  /** What is left when no more text comes. */
  end(): Piece[];
}

/** A list of which is not known yet whether its elements are documents. */
interface Held {
  /** Where it begins, and its key. */
  at: number;
  key: [number, number];
}

function makeSplitter(): Splitter {
  let buffer = '';
  let at = 0;
  let depth = 0;
  let isInString = false;
  /** Where the string begins that is open, and the last one of an outermost object. */
  let stringStart = 0;
  let key: [number, number] = [0, 0];
  /** `type` of the outermost object, once it is known; of an object that has none ''. */
  let type: unknown;
  let held: Held | null = null;
  /** Depth at which elements of a list stand; -1: there is no list. */
  let listDepth = -1;
  let listName = '';
  let index = 0;
  /** What is not given out yet begins here. */
  let start = 0;
  /** Text of an outermost object without its list. */
  let around = '';
  let found: Piece[] = [];

  const gap = (end: number, path: string | null) => {
    const text = buffer.slice(start, end);
    if (!isGap(text)) found.push({ text: plain(text), path });
    start = end;
  };

  function listAt(): string | undefined {
    const colon = buffer.slice(key[1], at);
    if (depth !== 1 || !/^\s*:\s*$/.test(colon)) return undefined;
    const name = buffer.slice(key[0] + 1, key[1] - 1);
    return LISTS.find((each) => each === name);
  }

  function open(mark: string): void {
    const elementPath = `${listName}[${index}]`;
    if (depth === listDepth) gap(at, elementPath);
    if (depth === 0) {
      gap(at, null);
      type = undefined;
      if (mark === '[') [listDepth, listName, index, start] = [1, '', 0, at + 1];
    } else if (mark === '[' && listDepth < 0 && !isDocument(type)) {
      const name = listAt();
      if (name && type === undefined) held ??= { at, key };
      else if (name) {
        around += buffer.slice(start, at + 1);
        [listDepth, listName, index, start] = [2, name, 0, at + 1];
      }
    }
    depth++;
  }

  function close(): void {
    depth--;
    if (depth === listDepth) {
      found.push({ text: buffer.slice(start, at + 1), path: `${listName}[${index++}]` });
      start = at + 1;
    } else if (depth === listDepth - 1) {
      gap(at, `${listName}[${index}]`);
      [listDepth, key] = [-1, [-1, -1]];
      if (depth === 0) start = at + 1;
    } else if (depth === 0) {
      found.push({ text: around + buffer.slice(start, at + 1), path: null });
      [around, start] = ['', at + 1];
    } else if (depth < 0) {
      depth = 0;
      gap(at + 1, null);
    }
  }

  /** Only the `type` tells whether a list holds documents, and it may come after the list: then that is gone over again. */
  function settle(found: unknown): void {
    type = found;
    if (held && !isDocument(type)) [at, key, depth, isInString] = [held.at, held.key, 1, false];
    held = null;
  }

  /** A string of the outermost object has ended. */
  function learn(): void {
    const isOfType = buffer.slice(...key) === '"type"' && /^\s*:\s*$/.test(buffer.slice(key[1], stringStart));
    key = [stringStart, at];
    if (isOfType) settle(buffer.slice(stringStart + 1, at - 1));
  }

  /** Goes over an open string; false where it does not end yet. */
  function passString(): boolean {
    for (;;) {
      STRING_END.lastIndex = at;
      const end = STRING_END.exec(buffer);
      if (!end) {
        at = buffer.length;
        return false;
      }
      if (end[0] === '"') {
        at = end.index + 1;
        isInString = false;
        if (depth === 1 && listDepth !== 1) learn();
        return true;
      }
      if (end.index + 1 >= buffer.length) {
        at = end.index;
        return false;
      }
      at = end.index + 2;
    }
  }

  function scan(): void {
    for (;;) {
      if (isInString && !passString()) return;
      MARKS.lastIndex = at;
      const mark = MARKS.exec(buffer);
      if (!mark) {
        at = buffer.length;
        return;
      }
      at = mark.index;
      if (mark[0] === '"') [isInString, stringStart] = [true, at];
      else if (mark[0] === '{' || mark[0] === '[') open(mark[0]);
      else if (depth === 1 && held) {
        settle('');
        continue;
      } else close();
      at++;
    }
  }

  return {
    push(text) {
      found = [];
      buffer = buffer.slice(start) + text;
      at -= start;
      stringStart -= start;
      key = [key[0] - start, key[1] - start];
      if (held) held = { at: held.at - start, key: [held.key[0] - start, held.key[1] - start] };
      start = 0;
      if (held && buffer.length - held.at > LONGEST_HELD) settle('');
      else if (buffer.length + around.length > LONGEST_DOCUMENT)
        throw new UserError(`a document is longer than ${LONGEST_DOCUMENT} characters`);
      scan();
      return found;
    },
    end() {
      found = [];
      if (held) {
        settle('');
        scan();
      }
      const rest = buffer.slice(start);
      if (depth > 0 || !isGap(rest)) found.push({ text: around + rest, path: null });
      return found;
    },
  };
}

/** @throws UserError when one document is longer than LONGEST_DOCUMENT */
export async function* splitJson(chunks: AsyncIterable<string>): AsyncGenerator<Piece> {
  const splitter = makeSplitter();
  for await (const chunk of chunks) yield* splitter.push(chunk);
  yield* splitter.end();
}
