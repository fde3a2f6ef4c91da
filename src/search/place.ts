/** Where and when of a search -> conditions on columns. */
import { type RawBuilder, sql } from 'kysely';
import { isFar, shape, wrapped } from '../cql2/spatial.ts';
import { type Bbox, splitBbox } from '../geo/bbox.ts';
import { boxGeometry } from '../geo/box-geometry.ts';
import { type Geometry, onAntimeridian } from '../geo/geometry.ts';
import type { Interval } from '../stac/datetime.ts';

type Column = RawBuilder<unknown>;

/** `&&` is what the index answers. GEOS before 3.13 relates no collection that overlaps itself, so it is made one geometry. */
const meets = (column: Column, given: Column) =>
  sql`(${column} && ${given} and ST_Intersects(cql2_plane(${column}), cql2_plane(${given})))`;

const holds = (condition: Column) => sql<boolean>`${condition}`;

/** @param column geometry, degrees, within 180 either side */
export function meetsBbox(column: Column, bbox: Bbox) {
  const places = splitBbox(bbox).map((box) => meets(column, shape(boxGeometry(box))));
  const place = sql`(${sql.join(places, sql` or `)})`;
  if (bbox.bottom === null || bbox.top === null) return holds(place);
  // An Item without heights is at any height.
  return holds(sql`${place} and (ST_NDims(${column}) < 3
    or (ST_ZMax(${column}) >= ${bbox.bottom} and ST_ZMin(${column}) <= ${bbox.top}))`);
}

/** A query geometry whose longitudes pass 180 is wrapped, as the stored ones are. */
export function meetsGeometry(column: Column, geometry: Geometry) {
  const valid = shape(geometry);
  const given = meets(column, isFar(geometry) ? wrapped(valid) : valid);
  const edge = onAntimeridian(geometry);
  return holds(edge ? sql`(${given} or ${meets(column, shape(edge))})` : given);
}

/** @param column tstzrange */
export const meetsInterval = (column: Column, { start, end }: Interval) =>
  holds(sql`${column} && tstzrange(${start}::timestamptz, ${end}::timestamptz, '[]')`);
