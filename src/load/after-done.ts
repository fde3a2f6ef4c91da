/** Documents of a file -> those after the ones that an earlier run has done with, by their number. */
import type { Found } from './found.ts';
import type { Reading } from './reading.ts';

/** @param state what tells that the file is the same */
export async function* afterDone(
  documents: AsyncIterable<Found>,
  name: string,
  state: string,
  { journal, say }: Reading,
): AsyncGenerator<Found> {
  const { mark } = journal.begin(state);
  const done = typeof mark === 'number' ? mark : 0;
  if (done > 0) say(`${name}: continues after ${done} documents`);
  let number = 0;
  for await (const found of documents) {
    number++;
    if (number > done) yield { ...found, mark: number };
  }
}
