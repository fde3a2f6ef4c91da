/**
 * Each operator over rows of every type. An answer a row: T true, F false, ? null. What is expected follows from the
 * standard's truth tables, and from the decisions that src/cql2/comparison.ts and scalar.ts state.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Database } from '../../src/db/schema.ts';
import { openTestCatalogue } from '../support/catalogue.ts';
import { evaluate, type Feature, makeTable } from './support.ts';

const letters = (answers: (boolean | null)[]) =>
  answers.map((answer) => (answer === null ? '?' : answer ? 'T' : 'F')).join('');

const of = (properties: Record<string, unknown>, geometry: unknown = null): Feature => ({
  geometry,
  properties,
});

describe('a filter is true, false or unknown of a row', () => {
  let database: Database;
  before(async () => {
    database = await openTestCatalogue();
  });
  after(() => database.close());

  const check = (title: string, table: string, features: Feature[], cases: [string, string][]) =>
    describe(title, () => {
      before(() => makeTable(database.db, table, features));
      for (const [filter, expected] of cases) {
        test(filter, async () => {
          assert.equal(letters(await evaluate(database.db, table, filter)), expected.replaceAll(' ', ''));
        });
      }
    });

  const values = [5, 7.5, '5', 'a', true, false].map((v) => of({ v }));
  const moments = ['2024-01-01T00:00:00Z', '2024-01-01T01:00:00.5+01:00', '2024-02-30T00:00:00Z'];
  const rows = [
    ...values,
    ...moments.map((v) => of({ v })),
    of({ v: null }),
    of({}),
    of({ v: [5] }),
    of({ v: { a: 1 } }),
  ];
  check('comparisons', 'compared', rows, [
    ['v = 5', 'TF FF FF FFF ?? FF'],
    ['v = 5.0', 'TF FF FF FFF ?? FF'],
    ['v <> 5', 'FT TT TT TTT ?? TT'],
    ['NOT v = 5', 'FT TT TT TTT ?? TT'],
    ['v < 7.5', 'TF FF FF FFF ?? FF'],
    ['v <= 7.5', 'TT FF FF FFF ?? FF'],
    ['v > 5', 'FT FF FF FFF ?? FF'],
    ['5 < v', 'FT FF FF FFF ?? FF'],
    ['v >= 5', 'TT FF FF FFF ?? FF'],
    ["v = 'a'", 'FF FT FF FFF ?? FF'],
    ["v <> 'a'", 'TT TF TT TTT ?? TT'],
    ["v > '5'", 'FF FT FF FFF ?? FF'],
    ["v < '5'", 'FF FF FF TTT ?? FF'],
    ['v = TRUE', 'FF FF TF FFF ?? FF'],
    ['v < TRUE', 'FF FF FT FFF ?? FF'],
    ['v <> FALSE', 'TT TT TF TTT ?? TT'],
    ["v = TIMESTAMP('2024-01-01T00:00:00Z')", 'FF FF FF TFF ?? FF'],
    ["v <> TIMESTAMP('2024-01-01T00:00:00Z')", 'TT TT TT FTT ?? TT'],
    ["v > TIMESTAMP('2024-01-01T00:00:00Z')", 'FF FF FF FTF ?? FF'],
    ["TIMESTAMP('2024-01-01T00:00:00Z') < v", 'FF FF FF FTF ?? FF'],
    ["v = DATE('2024-01-01')", 'FF FF FF TFF ?? FF'],
    ["v = '2024-01-01T00:00:00.000Z'", 'FF FF FF TFF ?? FF'],
    ["v >= '2024-01-01T00:00:00Z'", 'FF TT FF TTT ?? FF'],
    ['v = v', 'TT TT TT TTT ?? TT'],
    ['v <> v', 'FF FF FF FFF ?? FF'],
    ['v <= v', 'TT TT TT TTT ?? FF'],
    ['v = absent', '?? ?? ?? ??? ?? ??'],
    ["v IN (5, 'a', TRUE)", 'TF FT TF FFF ?? FF'],
    ["v NOT IN (5, 'a', TRUE)", 'FT TF FT TTT ?? TT'],
    ["v IN ('2024-01-01T00:00:00.5Z')", 'FF FF FF FTF ?? FF'],
    ['v IN (7.5, v + 0, absent)', 'TT ?? ?? ??? ?? ??'],
    ['v BETWEEN 5 AND 7', 'TF FF FF FFF ?? FF'],
    ['v NOT BETWEEN 5 AND 7', 'FT TT TT TTT ?? TT'],
    ['v BETWEEN 7 AND 5', 'FF FF FF FFF ?? FF'],
    ['v BETWEEN 5 AND absent', '?? ?? ?? ??? ?? ??'],
    ["v LIKE '2024%'", 'FF FF FF TTT ?? FF'],
    ["v NOT LIKE '2024%'", 'TT TT TT FFF ?? TT'],
    ["v LIKE '_'", 'FF TT FF FFF ?? FF'],
    ['v IS NULL', 'FF FF FF FFF TT FF'],
    ['v IS NOT NULL', 'TT TT TT TTT FF TT'],
    ['(v = 5) IS NULL', 'FF FF FF FFF TT FF'],
    ['v', 'FF FF TF FFF ?? FF'],
    ['NOT v', 'TT TT FT TTT ?? TT'],
    ["CASEI(v) = CASEI('A')", '?? FT ?? FFF ?? ??'],
    ['v + 1 = 6', 'TF ?? ?? ??? ?? ??'],
    ['v * 2 > v', 'TT ?? ?? ??? ?? ??'],
  ]);

  check(
    'AND, OR and NOT',
    'logic',
    [of({ t: true, f: false })],
    [
      ['t AND t', 'T'],
      ['t AND f', 'F'],
      ['t AND n', '?'],
      ['f AND n', 'F'],
      ['n AND n', '?'],
      ['t OR n', 'T'],
      ['f OR n', '?'],
      ['f OR f', 'F'],
      ['n OR n', '?'],
      ['NOT t', 'F'],
      ['NOT n', '?'],
      ['NOT NOT t', 'T'],
      ['t OR f AND f', 'T'],
      ['(t OR f) AND f', 'F'],
      ['NOT f AND f', 'F'],
      ['TRUE', 'T'],
      ['FALSE OR NOT FALSE', 'T'],
    ],
  );

  const at = (text: string | null, id: string) => of({ at: text, id });
  check(
    'columns',
    'columns',
    [at('2024-01-01T00:00:00Z', 'b'), at('2023-06-01T12:00:00Z', 'é'), at(null, 'Z')],
    [
      ["at >= '2024-01-01T00:00:00Z'", 'TF?'],
      ["'2024-01-01T00:00:00Z' <= at", 'TF?'],
      ["at < DATE('2024-01-01')", 'FT?'],
      ["at = '2024-01-01T01:00:00+01:00'", 'TF?'],
      ["at = '2024-01-01'", 'TF?'],
      ["at = 'yesterday'", 'FF?'],
      ["at <> 'yesterday'", 'TT?'],
      ['at > 5', 'FF?'],
      ["at IN ('2024-01-01T00:00:00Z', DATE('2023-06-01'))", 'TF?'],
      ["at BETWEEN '2023-01-01T00:00:00Z' AND '2023-12-31T00:00:00Z'", 'FT?'],
      ['at IS NULL', 'FFT'],
      ["at LIKE '2024%'", 'FF?'],
      ["id > 'a'", 'TTF'],
      ["id > 'c'", 'FTF'],
      ["id IN ('b', 'Z')", 'TFT'],
      ["id NOT IN ('b', 'Z')", 'FTF'],
      ['id = 5', 'FFF'],
      ["id LIKE '_'", 'TTT'],
      ['id IS NULL', 'FFF'],
    ],
  );

  const numbers = [{ n: 7, m: 2 }, { n: -7, m: 3 }, { n: 1, m: 0 }, { n: 'x', m: 1 }, { m: 1 }].map((each) =>
    of(each),
  );
  check('arithmetic', 'numbers', numbers, [
    ['n + m = 9', 'TFF??'],
    ['n - m = 5', 'TFF??'],
    ['n-1 = 6', 'TFF??'],
    ['n * m = -21', 'FTF??'],
    ['n / m = 3.5', 'TF???'],
    ['n DIV m = 3', 'TF???'],
    ['n div m = -2', 'FT???'],
    ['n % m = 1', 'TF???'],
    ['n % m = -1', 'FT???'],
    ['n ^ m = 49', 'TFF??'],
    ['n ^ m = -343', 'FTF??'],
    ['-n = 7', 'FTF??'],
    ['0.1 + 0.2 = 0.3', 'TTTTT'],
    ['2 + 3 * 4 ^ 2 = 50', 'TTTTT'],
    ['-2 ^ 2 = 4', 'TTTTT'],
    ['8 - 4 - 2 = 2', 'TTTTT'],
    ['8 / 4 / 2 = 1', 'TTTTT'],
    ['1 = 1 / 0', '?????'],
    ['1 % 0 = 1', '?????'],
    ['1 DIV 0 = 1', '?????'],
    ['0 ^ -1 = 0', '?????'],
    ['(0 - 8) ^ 0.5 = 1', '?????'],
    ['10 ^ 100000 > 1', '?????'],
    ['10 ^ -100000 = 0', 'TTTTT'],
    ['1e400 * 1e400 * 1e400 > 1', '?????'],
    ['1e400 > 1e399', 'TTTTT'],
    ['2 ^ 0.5 BETWEEN 1.4142 AND 1.4143', 'TTTTT'],
  ]);

  const texts = [
    'Straße',
    'STRASSE',
    'ΟΔΌΣ',
    'οδός',
    'İstanbul',
    'ﬁn',
    'Fin',
    'café',
    'cafe\u0301',
    'CAFÉ',
    '\u212Bm',
    'Chișinău',
    'は\u3099',
    '100%',
  ];
  check(
    'text',
    'texts',
    texts.map((s) => of({ s })),
    [
      ["CASEI(s) = CASEI('strasse')", 'TTFFFFFFFFFFFF'],
      ["CASEI(s) = CASEI('STRAẞE')", 'TTFFFFFFFFFFFF'],
      ["CASEI(s) = CASEI('Οδός')", 'FFTTFFFFFFFFFF'],
      ["CASEI(s) = CASEI('i\u0307STANBUL')", 'FFFFTFFFFFFFFF'],
      ["CASEI(s) = CASEI('FIN')", 'FFFFFTTFFFFFFF'],
      ["CASEI(s) = CASEI('Café')", 'FFFFFFFTTTFFFF'],
      ["CASEI(s) = CASEI('åM')", 'FFFFFFFFFFTFFF'],
      ["CASEI(s) LIKE CASEI('CAF_')", 'FFFFFFFTTTFFFF'],
      ["CASEI(s) IN (CASEI('FIN'), CASEI('strasse'))", 'TTFFFTTFFFFFFF'],
      ["ACCENTI(s) = ACCENTI('cafe')", 'FFFFFFFTTFFFFF'],
      ["ACCENTI(s) = ACCENTI('Chisinau')", 'FFFFFFFFFFFTFF'],
      ["ACCENTI(s) = 'ば'", 'FFFFFFFFFFFFTF'],
      ["ACCENTI(CASEI(s)) = ACCENTI(CASEI('CAFÊ'))", 'FFFFFFFTTTFFFF'],
      ["s LIKE 'caf_'", 'FFFFFFFTFFFFFF'],
      ["s LIKE '%\\%'", 'FFFFFFFFFFFFFT'],
      ["s LIKE '%\\_'", 'FFFFFFFFFFFFFF'],
      ["s LIKE ''", 'FFFFFFFFFFFFFF'],
      ["s LIKE '%'", 'TTTTTTTTTTTTTT'],
    ],
  );

  const day = (number: number | null) => number && `2024-01-${String(number).padStart(2, '0')}T00:00:00Z`;
  const period = (from: number | null, to: number | null) => of({ from: day(from), to: day(to) });
  // The thirteen relations of Allen to 10..20, in the order of their names below, and one unknown.
  const allen = [
    period(1, 5),
    period(1, 10),
    period(5, 15),
    period(10, 15),
    period(12, 18),
    period(15, 20),
    period(10, 20),
    period(5, 20),
    period(5, 25),
    period(10, 25),
    period(15, 25),
    period(20, 30),
    period(25, 30),
    period(null, null),
  ];
  const fixed = "INTERVAL('2024-01-10', '2024-01-20T00:00:00Z')";
  const relations: [string, string][] = [
    ['T_BEFORE', 'TFFFFFFFFFFFF?'],
    ['T_MEETS', 'FTFFFFFFFFFFF?'],
    ['T_OVERLAPS', 'FFTFFFFFFFFFF?'],
    ['T_STARTS', 'FFFTFFFFFFFFF?'],
    ['T_DURING', 'FFFFTFFFFFFFF?'],
    ['T_FINISHES', 'FFFFFTFFFFFFF?'],
    ['T_EQUALS', 'FFFFFFTFFFFFF?'],
    ['T_FINISHEDBY', 'FFFFFFFTFFFFF?'],
    ['T_CONTAINS', 'FFFFFFFFTFFFF?'],
    ['T_STARTEDBY', 'FFFFFFFFFTFFF?'],
    ['T_OVERLAPPEDBY', 'FFFFFFFFFFTFF?'],
    ['T_METBY', 'FFFFFFFFFFFTF?'],
    ['T_AFTER', 'FFFFFFFFFFFFT?'],
    ['T_DISJOINT', 'TFFFFFFFFFFFT?'],
    ['T_INTERSECTS', 'FTTTTTTTTTTTF?'],
  ];
  check('intervals', 'intervals', allen, [
    ...relations.map(([name, expected]): [string, string] => [
      `${name}(INTERVAL("from", to), ${fixed})`,
      expected,
    ]),
    ...relations.map(([name, expected]): [string, string] => [`${name}(period, ${fixed})`, expected]),
    ["T_INTERSECTS(period, INTERVAL('..', '2024-01-05'))", 'TTTFFFFTTFFFF?'],
    ["T_INTERSECTS(period, INTERVAL('2024-01-25', '..'))", 'FFFFFFFFTTTTT?'],
    ["T_INTERSECTS(period, DATE('2024-01-10'))", 'FTTTFFTTTTFFF?'],
    ["T_DURING(\"from\", INTERVAL('2024-01-01', '2024-01-10'))", 'FFTFFFFTTFFFF?'],
    ["period < '2024-01-10T00:00:00Z'", 'TFFFFFFFFFFFF?'],
    ["period >= '2024-01-20T00:00:00Z'", 'FFFFFFFFFFFTT?'],
    ['period IS NULL', 'FFFFFFFFFFFFFT'],
  ]);
  check(
    'intervals open at one end',
    'open',
    [period(10, null), period(null, 10)],
    [
      ["T_INTERSECTS(period, TIMESTAMP('2500-01-01T00:00:00Z'))", 'TF'],
      ["T_BEFORE(period, TIMESTAMP('2500-01-01T00:00:00Z'))", 'FT'],
      ['period IS NULL', 'FF'],
    ],
  );

  const instants = [
    '2024-02-29T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2016-12-31T23:59:60Z',
    '2024-01-01t00:00:00z',
    '2024-01-01T00:00:00',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:00:00.12345678901234567890Z',
    '0000-01-01T00:00:00Z',
    '2024-01-01T00:00:00+23:59',
    '2024-13-01T00:00:00Z',
    '2024-04-31',
    '2024-04-30',
    ' 2024-04-30',
    'infinity',
    '1900-02-29',
    '2000-02-29',
  ].map((v) => of({ v }));
  check('text that is and is no instant', 'instants', instants, [
    ["T_AFTER(v, DATE('1000-01-01'))", 'T?TT??T?T??T???T'],
    ["v > TIMESTAMP('1000-01-01T00:00:00Z')", 'TFTTFFTFTFFTFFFT'],
    ["v = TIMESTAMP('2017-01-01T00:00:00Z')", 'FFTFFFFFFFFFFFFF'],
    ["v = TIMESTAMP('2024-01-01T00:00:00.123456Z')", 'FFFFFFTFFFFFFFFF'],
    ["v = TIMESTAMP('2023-12-31T00:01:00Z')", 'FFFFFFFFTFFFFFFF'],
  ]);

  const lists = [
    ['a', 'b'],
    ['b', 'a', 'a'],
    ['a'],
    [],
    ['c'],
    ['a', 1, true, [1]],
    'a',
    null,
    ['2024-01-01T01:00:00+01:00'],
  ];
  check(
    'arrays',
    'lists',
    lists.map((l) => of({ l, same: l })),
    [
      ["A_EQUALS(l, ('a', 'b'))", 'TTFFFFF?F'],
      ["A_EQUALS(('b', 'a', 'b'), l)", 'TTFFFFF?F'],
      ["A_CONTAINS(l, ('a'))", 'TTTFFTF?F'],
      ["A_CONTAINS(l, ('a', 'b'))", 'TTFFFFF?F'],
      ['A_CONTAINS(l, ())', 'TTTTTTF?T'],
      ['A_CONTAINS(l, (1))', 'FFFFFTF?F'],
      ["A_CONTAINS(l, ('1'))", 'FFFFFFF?F'],
      ['A_CONTAINS(l, ((1)))', 'FFFFFTF?F'],
      ["A_CONTAINEDBY(l, ('a', 'b', 'x'))", 'TTTTFFF?F'],
      ["A_OVERLAPS(l, ('a', 'c'))", 'TTTFTTF?F'],
      ["NOT A_OVERLAPS(l, ('a', 'c'))", 'FFFTFFT?T'],
      ['A_EQUALS(l, same)', 'TTTTTTF?T'],
      ["A_OVERLAPS(l, (TIMESTAMP('2024-01-01T00:00:00Z'), FALSE))", 'FFFFFFF?T'],
      ["A_CONTAINS(l, (DATE('2024-01-01')))", 'FFFFFFF?T'],
      ['A_CONTAINS(l, (0.5 * 2, v IS NULL))', 'FFFFFTF?F'],
    ],
  );
});
