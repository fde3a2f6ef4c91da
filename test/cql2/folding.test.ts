/** CASEI and ACCENTI in the database, beside what the runtime knows of Unicode, in blocks that have not grown since 15.0. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import type { Database } from '../../src/db/schema.ts';
import { openTestCatalogue } from '../support/catalogue.ts';

/** Latin to Armenian, Georgian capitals, Latin Extended Additional and Greek Extended, ligatures, full width, Deseret, Adlam. */
const BLOCKS: [number, number][] = [
  [0x20, 0x587],
  [0x13a0, 0x13fd],
  [0x1c90, 0x1cbf],
  [0x1e00, 0x1fff],
  [0x2c00, 0x2c5f],
  [0xab70, 0xabbf],
  [0xfb00, 0xfb17],
  [0xff21, 0xff5a],
  [0x10400, 0x1044f],
  [0x1e900, 0x1e943],
];

/**
 * Unicode 16 gave ƛ and ɤ capitals, which 15 does not know. The dotless i is a letter of its own, but its capital is I,
 * which folds to the i with a dot.
 */
const EXCEPT = ['ƛ', 'ɤ', 'ı'];

const letters = BLOCKS.flatMap(([first, last]) =>
  Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index)),
).filter((char) => /\p{Assigned}/u.test(char) && !EXCEPT.includes(char));

describe('case and accents', () => {
  let database: Database;
  before(async () => {
    database = await openTestCatalogue();
  });
  after(() => database.close());

  const call = async (name: string, texts: string[]) => {
    const { rows } = await sql<{ result: string }>`
      select ${sql.raw(name)}(text) as result
      from unnest(${texts}::text[]) with ordinality as texts (text, at) order by at`.execute(database.db);
    return rows.map(({ result }) => result);
  };

  test('a letter, its capital and its small letter fold to the same', async () => {
    const folded = await call('cql2_casei', letters);
    const capitals = letters.map((letter) => letter.toUpperCase());
    const smalls = letters.map((letter) => letter.toLowerCase());
    assert.deepEqual(await call('cql2_casei', capitals), folded);
    assert.deepEqual(await call('cql2_casei', smalls), folded);
    assert.deepEqual(await call('cql2_casei', folded), folded);
  });

  test('letters that differ in more than case fold apart', async () => {
    const caseless = (text: string) => text.normalize('NFKC').toUpperCase().toLowerCase().toUpperCase();
    const seen = new Map<string, string>();
    for (const [index, fold] of (await call('cql2_casei', letters)).entries()) {
      const letter = letters[index] as string;
      const other = seen.get(fold) ?? letter;
      assert.equal(caseless(other), caseless(letter), `${letter} and ${other} fold to ${fold}`);
      seen.set(fold, letter);
    }
  });

  test('ACCENTI takes away every nonspacing mark and no other character', async () => {
    const expected = letters.map((letter) =>
      letter
        .normalize('NFD')
        .replace(/\p{Mn}/gu, '')
        .normalize('NFC'),
    );
    assert.deepEqual(await call('cql2_accenti', letters), expected);
    assert.deepEqual(await call('cql2_accenti', ['x\u0301\u20DD\u3099y', 'が', '\u{1E8D0}', 'ø']), [
      'x\u20DD\u3099y',
      'が',
      '',
      'ø',
    ]);
  });
});
