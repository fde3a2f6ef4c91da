/** Items -> cells of a grid: geohash, and the tiles of web maps ("zoom/column/row"). Degrees, lon/lat. */
import { type RawBuilder, sql } from 'kysely';
import type { ItemsSelect } from './select-items.ts';

/** Cells that one Item may be in; one that would be in more is in none. */
const MOST_CELLS = 4096;

/** Where tiles of web maps end, in degrees of latitude. */
const MOST_LATITUDE = 85.0511287798066;

const geometry = sql`items.geometry`;

/** One whose parts meet across the antimeridian is put together for its centroid. */
const middle = sql`(case
  when ST_NumGeometries(${geometry}) > 1 and ST_XMin(${geometry}) = -180 and ST_XMax(${geometry}) = 180
    then ST_WrapX(ST_Centroid(ST_ShiftLongitude(ST_Force2D(${geometry}))), 180, -360)
  else ST_Centroid(${geometry})
end)`;

const given = sql`items.properties -> 'proj:centroid'`;
const part = (name: 'lon' | 'lat', most: number) =>
  sql`(case
    when jsonb_typeof(${given} -> ${name}::text) = 'number' and abs((${given} -> ${name}::text)::numeric) <= ${most}::int
      then (${given} -> ${name}::text)::float8
  end)`;
const lon = part('lon', 180);
const lat = part('lat', 90);

/** What the Item says in proj:centroid, else the centroid of its geometry. */
export const centroid = sql`coalesce(ST_SetSRID(ST_MakePoint(${lon}, ${lat}), 4326), ${middle})`;

export const geohashOf = (point: RawBuilder<unknown>, precision: number) =>
  sql`(case when not ST_IsEmpty(${point}) then ST_GeoHash(${point}, ${precision}::int) end)`;

const tiles = (zoom: number) => 2 ** zoom;

const clamped = (value: RawBuilder<unknown>, most: number) =>
  sql`least(greatest(floor(${value}), 0), ${most}::float8)::bigint`;

const columnOf = (x: RawBuilder<unknown>, zoom: number) =>
  clamped(sql`(${x} + 180) / 360 * ${tiles(zoom)}::float8`, tiles(zoom) - 1);

function rowOf(y: RawBuilder<unknown>, zoom: number) {
  const latitude = sql`radians(least(greatest(${y}, ${-MOST_LATITUDE}::float8), ${MOST_LATITUDE}::float8))`;
  const share = sql`(1 - ln(tan(${latitude}) + 1 / cos(${latitude})) / pi()) / 2`;
  return clamped(sql`${share} * ${tiles(zoom)}::float8`, tiles(zoom) - 1);
}

const tileName = (point: RawBuilder<unknown>, zoom: number) =>
  sql`${String(zoom)}::text || '/' || ${columnOf(sql`ST_X(${point})`, zoom)} || '/' || ${rowOf(sql`ST_Y(${point})`, zoom)}`;

/** `least` and `greatest` pass over nulls, so no point is told apart first. */
export const geotileOf = (point: RawBuilder<unknown>, zoom: number) =>
  sql`(case when not ST_IsEmpty(${point}) then ${tileName(point, zoom)} end)`;

interface Grid {
  /** Of a geometry: first and last column, first and last row. */
  range: [RawBuilder<unknown>, RawBuilder<unknown>, RawBuilder<unknown>, RawBuilder<unknown>];
  /** Of a cell `x`, `y`: its box, and its name. */
  box: RawBuilder<unknown>;
  key: RawBuilder<unknown>;
}

function geotileGrid(zoom: number): Grid {
  const n = sql`${tiles(zoom)}::float8`;
  const edge = (row: RawBuilder<unknown>) => sql`degrees(atan(sinh(pi() * (1 - 2 * ${row} / ${n}))))`;
  const west = sql`x / ${n} * 360 - 180`;
  const east = sql`(x + 1) / ${n} * 360 - 180`;
  return {
    range: [
      columnOf(sql`ST_XMin(g)`, zoom),
      columnOf(sql`ST_XMax(g)`, zoom),
      rowOf(sql`ST_YMax(g)`, zoom),
      rowOf(sql`ST_YMin(g)`, zoom),
    ],
    // The outermost rows reach to the poles.
    box: sql`ST_MakeEnvelope(
      ${west}, case when y = ${n} - 1 then -90 else ${edge(sql`(y + 1)`)} end,
      ${east}, case when y = 0 then 90 else ${edge(sql`y`)} end, 4326)`,
    key: sql`${String(zoom)}::text || '/' || x || '/' || y`,
  };
}

function geohashGrid(precision: number): Grid {
  const bits = precision * 5;
  const columns = 2 ** Math.ceil(bits / 2);
  const rows = 2 ** Math.floor(bits / 2);
  const across = (x: RawBuilder<unknown>) =>
    clamped(sql`(${x} + 180) / 360 * ${columns}::float8`, columns - 1);
  const up = (y: RawBuilder<unknown>) => clamped(sql`(${y} + 90) / 180 * ${rows}::float8`, rows - 1);
  const lonAt = (x: RawBuilder<unknown>) => sql`${x} / ${columns}::float8 * 360 - 180`;
  const latAt = (y: RawBuilder<unknown>) => sql`${y} / ${rows}::float8 * 180 - 90`;
  return {
    range: [across(sql`ST_XMin(g)`), across(sql`ST_XMax(g)`), up(sql`ST_YMin(g)`), up(sql`ST_YMax(g)`)],
    box: sql`ST_MakeEnvelope(${lonAt(sql`x`)}, ${latAt(sql`y`)}, ${lonAt(sql`(x + 1)`)}, ${latAt(sql`(y + 1)`)}, 4326)`,
    key: sql`ST_GeoHash(ST_SetSRID(ST_MakePoint(${lonAt(sql`(x + 0.5)`)}, ${latAt(sql`(y + 0.5)`)}), 4326), ${precision}::int)`,
  };
}

/** A row for each cell that an Item's geometry meets; a null key for an Item that is in none. */
export function cellsOfGeometry(matching: ItemsSelect, system: 'geohash' | 'geotile', precision: number) {
  const { range, box, key } = system === 'geotile' ? geotileGrid(precision) : geohashGrid(precision);
  const [x0, x1, y0, y1] = range;
  const placed = matching.select(sql`items.geometry`.as('g'));
  return sql`
    with placed as (${placed}),
    ranged as (
      select g, ${x0} as x0, ${x1} as x1, ${y0} as y0, ${y1} as y1 from placed where g is not null and not ST_IsEmpty(g)
    )
    select ${key} as key
    from ranged
    cross join lateral generate_series(x0, x1) as x
    cross join lateral generate_series(y0, y1) as y
    where (x1 - x0 + 1)::numeric * (y1 - y0 + 1) <= ${MOST_CELLS}::int and ST_Intersects(g, ${box})
    union all
    select null from ranged where (x1 - x0 + 1)::numeric * (y1 - y0 + 1) > ${MOST_CELLS}::int
    union all
    select null from placed where g is null or ST_IsEmpty(g)`;
}
