/** OGC's published examples and test data, beside this file in the sources, and filters run in SQL over rows of jsonb. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import type { Expression } from '../../src/cql2/ast.ts';
import { parseText } from '../../src/cql2/parse-text.ts';
import type { PropertyColumn } from '../../src/cql2/property.ts';
import { toSql } from '../../src/cql2/to-sql.ts';
import type { Database } from '../../src/db/schema.ts';
import { ApiError } from '../../src/errors.ts';
import { packageRoot } from '../../src/package-root.ts';
import type { Db } from '../../src/search/tables.ts';
import { openTestCatalogue } from '../support/catalogue.ts';

interface Example {
  name: string;
  text: string;
  json?: unknown;
}

interface AbstractTest {
  source: string;
  filter: string;
  matched: number;
}

/** A feature of the test data, or of a test's own. */
export interface Feature {
  geometry: unknown;
  properties: Record<string, unknown>;
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(join(packageRoot, 'test', 'cql2', 'fixtures', name), 'utf8'));

export const examples = read('examples.json') as Example[];
export const abstractTests = read('abstract-tests.json') as AbstractTest[];
export const testData = () => read('test-data.json') as Record<string, Feature[]>;

/** Makes a table of rows (row, geom, at, properties): `at` is the instant of the property of that name. */
export async function makeTable(db: Db, table: string, features: Feature[]): Promise<void> {
  await sql`
    create table ${sql.table(table)} (row bigint, geom geometry, at timestamptz, properties jsonb)`.execute(
    db,
  );
  await sql`
    insert into ${sql.table(table)}
    select
      row,
      ST_MakeValid(ST_SetSRID(ST_GeomFromGeoJSON(nullif(feature -> 'geometry', 'null')), 4326)),
      (feature -> 'properties' ->> 'at')::timestamptz,
      feature -> 'properties'
    from jsonb_array_elements(${JSON.stringify(features)}::jsonb) with ordinality as features (feature, row)`.execute(
    db,
  );
}

/** `name` is text and never null; `period` an interval from `from` to `to`; others are jsonb. */
export function resolve(name: string): PropertyColumn {
  if (name === 'geom') return { kind: 'geometry', sql: sql.ref('geom') };
  if (name === 'at') return { kind: 'instant', sql: sql.ref('at') };
  if (name === 'id') return { kind: 'text', sql: sql`((properties ->> 'id') collate "C")` };
  if (name === 'period') {
    const instant = (key: string) => sql`(properties ->> ${key}::text)::timestamptz`;
    return { kind: 'interval', start: instant('from'), end: instant('to') };
  }
  return { kind: 'json', sql: sql`(properties -> ${name}::text)` };
}

/** What a filter is for each row: true, false or null. */
export async function evaluate(
  db: Db,
  table: string,
  filter: string | Expression,
): Promise<(boolean | null)[]> {
  const expression = typeof filter === 'string' ? parseText(filter) : filter;
  const { rows } = await sql<{ answer: string | null }>`
    select (${toSql(expression, resolve)})::text as answer from ${sql.table(table)} order by row`.execute(db);
  return rows.map(({ answer }) => (answer === null ? null : answer === 'true'));
}

/** A row of a truth table. */
export const row = (properties: Record<string, unknown>, geometry: unknown = null): Feature => ({
  geometry,
  properties,
});

const letters = (answers: (boolean | null)[]) =>
  answers.map((answer) => (answer === null ? '?' : answer ? 'T' : 'F')).join('');

/** A truth table: for each filter an answer a row, T true, F false, ? null; spaces are for the eye. */
export type TruthTable = (title: string, name: string, rows: Feature[], cases: [string, string][]) => void;

/** Describes truth tables that share a database. */
export function describeTruth(title: string, tables: (check: TruthTable) => void): void {
  describe(title, () => {
    let database: Database;
    before(async () => {
      database = await openTestCatalogue();
    });
    after(() => database.close());
    tables((of, name, rows, cases) =>
      describe(of, () => {
        before(() => makeTable(database.db, name, rows));
        for (const [filter, expected] of cases) {
          test(filter, async () => {
            assert.equal(letters(await evaluate(database.db, name, filter)), expected.replaceAll(' ', ''));
          });
        }
      }),
    );
  });
}

/** Whether it is a 400 of the filter whose sentence has this in it. */
export const refusal = (part: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApiError, String(error));
  assert.equal(error.code, 'InvalidParameter');
  assert.equal(error.parameter, 'filter');
  assert.match(error.message, part);
  assert.ok(error.message.length < 600, error.message);
  return true;
};

/** A ring of a box. */
export const ring = (west: number, south: number, east: number, north: number) => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
  [west, south],
];
export const box = (...sides: [number, number, number, number]) => ({
  type: 'Polygon',
  coordinates: [ring(...sides)],
});
export const point = (...coordinates: number[]) => ({ type: 'Point', coordinates });
export const line = (...coordinates: number[][]) => ({ type: 'LineString', coordinates });
export const collection = (...geometries: unknown[]) => ({ type: 'GeometryCollection', geometries });
