/** A list of documents from a server -> its documents, and those of the pages that come next, if it names some. */
import { withAbsoluteHrefs } from './absolute.ts';
import type { Asked } from './fetch-text.ts';
import { type Found, type FoundDocument, LISTS } from './found.ts';
import { keyOf, type Left, noJournal } from './journal.ts';
import { FORGOTTEN, nextOf, pageAgain, readPages } from './pages.ts';
import type { Reading } from './reading.ts';

interface Page {
  address: string;
  documents: AsyncIterable<FoundDocument>;
  /** What stood around the documents, once they are read; null: there was no one list. */
  around(): string | null;
}

interface Mark {
  list: string;
  /** null: there is no further page. */
  asked: Asked | null;
}

const isOfList = ({ place }: FoundDocument) => LISTS.some((name) => place.includes(` ${name}[`));

/** What follows one another without a list around stays as in a file. */
function known(found: FoundDocument, address: string): FoundDocument {
  if (!isOfList(found)) return found;
  try {
    const text = withAbsoluteHrefs(found.text, address);
    return { ...found, text, key: keyOf(text) };
  } catch {
    // It is no JSON, which is told where all are parsed.
    return found;
  }
}

const isDone = ({ key }: FoundDocument, left: Left) => key !== undefined && left.has(key);

async function* readOn({ list, asked }: Mark, text: string | null, left: Left): AsyncGenerator<Found> {
  if (asked === null) return;
  for await (const { next, ...found } of readPages(asked, list, text))
    if (!isDone(found, left)) yield next === undefined ? found : { ...found, mark: { list, asked: next } };
}

async function* readAll(page: Page, left: Left): AsyncGenerator<Found> {
  const { address, documents, around } = page;
  // Only the end of a page says what comes next, and the last document is to say it.
  let last: FoundDocument | null = null;
  try {
    for await (const found of documents) {
      if (last && !isDone(last, left)) yield last;
      last = known(found, address);
    }
  } catch (error) {
    if (last) yield last;
    throw error;
  }
  const text = around();
  const list = LISTS.find((name) => text?.includes(`"${name}"`));
  const asked = text === null ? null : nextOf(text, { url: address });
  const mark = list && asked ? { list, asked } : null;
  if (last && !isDone(last, left)) yield mark ? { ...last, mark } : last;
  if (mark) yield* readOn(mark, null, left);
}

export async function* withNextPages(page: Page, { journal, say }: Reading): AsyncGenerator<Found> {
  const { address } = page;
  const left = journal.begin('pages');
  const mark = left.mark as Mark | null;
  const text = mark?.asked ? await pageAgain(mark.asked, mark.list) : null;
  const isLeft = mark !== null && (mark.asked === null || text !== null);
  if (isLeft) say(`${address}: continues with the page where it was interrupted`);
  else if (mark) say(`${address}: ${FORGOTTEN}`);
  yield* isLeft ? readOn(mark, text, left) : readAll(page, mark ? noJournal.begin('') : left);
}
