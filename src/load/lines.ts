/** Text in pieces -> its lines that hold something. NDJSON, and GeoJSON text sequences by line (RFC 8142). */
import { UserError } from '../errors.ts';
import { LONGEST_DOCUMENT } from './json-stream.ts';
import { plain } from './text-marks.ts';

export interface Line {
  text: string;
  /** From 1. */
  number: number;
}

/** @throws UserError when one line is longer than a document may be */
export async function* splitLines(chunks: AsyncIterable<string>): AsyncGenerator<Line> {
  let rest = '';
  let number = 0;
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() as string;
    if (rest.length > LONGEST_DOCUMENT)
      throw new UserError(`line ${number + lines.length + 1} is longer than ${LONGEST_DOCUMENT} characters`);
    for (const line of lines) {
      number++;
      const text = plain(line);
      if (text !== '') yield { text, number };
    }
  }
  const text = plain(rest);
  if (text !== '') yield { text, number: number + 1 };
}
