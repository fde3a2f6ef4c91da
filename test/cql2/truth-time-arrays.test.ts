/** T_* over the relations of Allen, and A_* over sets. An answer a row: T true, F false, ? null. */
import { describeTruth, row as of } from './support.ts';

describeTruth('time and arrays', (check) => {
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
