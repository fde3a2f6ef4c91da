/** Filters at random over data at random: the database answers every one that is not refused before, for every row. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import type { PropertyColumn } from '../../src/cql2/property.ts';
import { toSql } from '../../src/cql2/to-sql.ts';
import { toText } from '../../src/cql2/to-text.ts';
import type { Database } from '../../src/db/schema.ts';
import { ApiError } from '../../src/errors.ts';
import { openTestCatalogue } from '../support/catalogue.ts';
import { FUNCTION_NAMES, PROPERTY_NAMES, randomFilter } from './random-filter.ts';
import { type Feature, makeTable, resolve } from './support.ts';

const VALUES = [
  0,
  -1.5,
  1e300,
  5e-324,
  '',
  'a',
  '\\',
  '%',
  'ẞ\u0301İ',
  '2024-02-29',
  '2023-02-29',
  '2024-01-01T00:00:00+23:59',
  '9999-12-31T23:59:60-23:59',
  '0001-01-01T00:00:00+23:59',
  'infinity',
  'NaN',
  true,
  false,
  null,
  [],
  [1, 'a', null, [1]],
  {},
  { a: 1 },
];

const GEOMETRIES = [
  null,
  { type: 'Point', coordinates: [0, 0] },
  {
    type: 'Polygon',
    coordinates: [
      [
        [0, 0],
        [10, 10],
        [10, 0],
        [0, 10],
        [0, 0],
      ],
    ],
  },
  {
    type: 'LineString',
    coordinates: [
      [-180, 0, 5],
      [180, 0, 5],
    ],
  },
  { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [1, 1] }] },
];

const isKnown = (text: string) => !FUNCTION_NAMES.some((name) => text.includes(`${name}(`));

/** As the test's own columns, with a name of each kind; `geom` stands for every name where a geometry is wanted. */
function place(name: string): PropertyColumn {
  if (name === 'point') return resolve('geom');
  if (name === 'Date') return resolve('at');
  if (name === 'Z') return resolve('period');
  return resolve(name === 'x y' ? 'id' : name);
}

describe('filters at random', () => {
  let database: Database;
  before(async () => {
    database = await openTestCatalogue();
    const features = VALUES.map((_, row): Feature => {
      const values = PROPERTY_NAMES.map((name, column) => [name, VALUES[(row + 5 * column) % VALUES.length]]);
      const times = { at: row % 3 ? '2024-01-01T00:00:00Z' : null, from: '2023-01-01T00:00:00Z', to: null };
      return {
        geometry: GEOMETRIES[row % GEOMETRIES.length],
        properties: { ...Object.fromEntries(values), ...times, id: String(row) },
      };
    });
    await makeTable(database.db, 'fuzz', features);
  });
  after(() => database.close());

  test('are answered for every row, or refused before they run', async () => {
    let answered = 0;
    for (let seed = 0; seed < 6000 && answered < 600; seed++) {
      const filter = randomFilter(seed);
      const text = toText(filter);
      if (!isKnown(text)) continue;
      let condition: ReturnType<typeof toSql>;
      try {
        condition = toSql(filter, place);
      } catch (error) {
        assert.ok(error instanceof ApiError, `seed ${seed}: ${text}`);
        assert.equal(error.status, 400);
        continue;
      }
      const select = sql<{ rows: string }>`
        select count(*)::text as rows from (select (${condition}) as answer from fuzz offset 0) as answers
        where answer is not distinct from answer`;
      const { rows } = await select.execute(database.db).catch((error: unknown) => {
        throw new Error(`seed ${seed}: ${text}: ${String(error)}`);
      });
      assert.equal(rows[0]?.rows, String(VALUES.length), `seed ${seed}: ${text}`);
      answered++;
    }
    assert.equal(answered, 600);
  });
});
