/**
 * S_* -> SQL. OGC CQL2 1.0, 7.6 and 7.7, and Simple Features 6.1.15: in the plane of longitude and latitude, heights aside.
 *
 * Literals are made valid, and what lies beyond 180 degrees is wrapped, as stored geometries are. Longitudes 180 and
 * -180 are one place: s_intersects and s_disjoint see a literal's points there on both sides. For the others a point
 * there is on the edge of what crosses the antimeridian, not within it.
 */
import { type RawBuilder, sql } from 'kysely';
import { splitBbox, toBbox } from '../geo/bbox.ts';
import { boxGeometry } from '../geo/box-geometry.ts';
import { type Geometry, onAntimeridian } from '../geo/geometry.ts';
import { shown } from '../geo/shown.ts';
import { type Expression, filterFault, isBbox, isGeometry, isProperty } from './ast.ts';
import { type Compile, refuseFunction, type Sql } from './scalar.ts';

type Box = [number, number, number, number];

/** A valid geometry of PostGIS, SRID 4326. */
export const shape = (geometry: Geometry): Sql =>
  sql`ST_MakeValid(ST_SetSRID(ST_GeomFromGeoJSON(${JSON.stringify(geometry)}), 4326))`;

/** What passes 180 degrees comes back in on the other side. */
export const wrapped = (geometry: Sql): Sql => sql`cql2_wrapped(${geometry})`;

/** One side of a predicate. `edges` are the places of a literal that lie on the antimeridian as well. */
interface Place {
  sql: Sql;
  edges: Sql | null;
  /** A column, for which an index may be there. */
  isColumn: boolean;
  /** Heights of a box, in metres. */
  heights: [number, number] | null;
}

function hasFarLongitude(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  if (typeof value[0] === 'number') return Math.abs(value[0]) > 180;
  return value.some(hasFarLongitude);
}

/** Whether it passes 180 degrees. */
export const isFar = ({ coordinates, geometries }: Geometry): boolean =>
  geometries ? geometries.some(isFar) : hasFarLongitude(coordinates);

function literalPlace(geometry: Geometry): Place {
  const edge = onAntimeridian(geometry);
  const valid = shape(geometry);
  return {
    sql: sql`cql2_plane(${isFar(geometry) ? wrapped(valid) : valid})`,
    edges: edge && sql`cql2_plane(${shape(edge)})`,
    isColumn: false,
    heights: null,
  };
}

const merged = (boxes: Box[]): Geometry => {
  const [first, second] = boxes.map(boxGeometry) as [Geometry, Geometry | undefined];
  return second ? { type: 'GeometryCollection', geometries: [first, second] } : first;
};

function boxPlace(values: number[]): Place {
  const bbox = toBbox(values);
  const { west, south, east, north, bottom, top } = bbox;
  const whole: Box[] =
    west <= east
      ? [[west, south, east, north]]
      : [
          [west, south, 180, north],
          [-180, south, east, north],
        ];
  const halves = splitBbox(bbox);
  return {
    sql: sql`cql2_plane(${shape(merged(whole))})`,
    edges:
      halves.length > whole.length ? sql`cql2_plane(${shape(merged(halves.slice(whole.length)))})` : null,
    isColumn: false,
    heights: bottom === null || top === null ? null : [bottom, top],
  };
}

function placeOf(expression: Expression, { resolve }: Compile): Place {
  if (isGeometry(expression)) return literalPlace(expression);
  if (isBbox(expression)) return boxPlace(expression.bbox);
  if (!isProperty(expression)) return refuseFunction((expression as { op: string }).op);
  const column = resolve(expression.property);
  if (column.kind === 'geometry') return { sql: column.sql, edges: null, isColumn: true, heights: null };
  throw filterFault(`filter: ${shown(expression.property)} is not a geometry`);
}

const FUNCTIONS: Record<string, string> = {
  s_contains: 'ST_Contains',
  s_crosses: 'ST_Crosses',
  s_equals: 'ST_Equals',
  s_intersects: 'ST_Intersects',
  s_overlaps: 'ST_Overlaps',
  s_touches: 'ST_Touches',
  s_within: 'ST_Within',
};

/** All of these relations are false of geometries whose boxes are apart; && is what an index answers. */
function relate(op: string, a: Place, b: Place): Sql {
  const [left, right] = [a, b].map(({ sql: value, isColumn }) =>
    isColumn ? sql`cql2_plane(${value})` : value,
  );
  const related = sql`${sql.raw(FUNCTIONS[op] as string)}(${left}, ${right})`;
  return sql`(${a.sql} && ${b.sql} and ${related})`;
}

/** What has no heights is at any height. */
function meetsHeights(place: Place, [bottom, top]: [number, number]): Sql {
  return sql`(ST_NDims(${place.sql}) < 3 or (ST_ZMax(${place.sql}) >= ${bottom} and ST_ZMin(${place.sql}) <= ${top}))`;
}

function intersects(a: Place, b: Place): Sql {
  const sides: Sql[] = [relate('s_intersects', a, b)];
  if (a.edges) sides.push(relate('s_intersects', { ...a, sql: a.edges }, b));
  if (b.edges) sides.push(relate('s_intersects', a, { ...b, sql: b.edges }));
  const conditions = [sql`(${sql.join(sides, sql` or `)})`];
  if (b.heights && a.isColumn) conditions.push(meetsHeights(a, b.heights));
  if (a.heights && b.isColumn) conditions.push(meetsHeights(b, a.heights));
  return sql`(${sql.join(conditions, sql` and `)})`;
}

export function compileSpatial(op: string, args: Expression[], compile: Compile): RawBuilder<boolean> {
  const [a, b] = args.map((arg) => placeOf(arg, compile)) as [Place, Place];
  if (op === 's_intersects') return sql<boolean>`${intersects(a, b)}`;
  if (op === 's_disjoint') return sql<boolean>`(not ${intersects(a, b)})`;
  return sql<boolean>`${relate(op, a, b)}`;
}
