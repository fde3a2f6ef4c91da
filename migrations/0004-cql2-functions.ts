/** Functions that compiled CQL2 filters call: each gives null where its like in PostgreSQL would raise an error. */
import { type Kysely, sql } from 'kysely';
import { fullFolds, markPattern, simpleFolds } from './unicode-15.ts';

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** U+0345 is the one combining mark that folds; beyond it and ASCII, letters begin at U+00B5. */
const OTHER_LETTERS = '[\\u00B5-\\u02FF\\u0345\\u0370-\\U0010FFFF]';
const BEYOND_ARMENIAN = '[\\u0590-\\U0010FFFF]';

/** Full case folding of `text`, which is in NFD and has its ASCII folded. Long tables are slow, so each is tried for last. */
function folded(): string {
  const pairs = simpleFolds();
  const table = (isWanted: (code: number) => boolean) => {
    const some = pairs.filter(([from]) => isWanted(from.codePointAt(0) as number));
    return `${quoted(some.map(([from]) => from).join(''))}, ${quoted(some.map(([, to]) => to).join(''))}`;
  };
  const near = `translate(text, ${table((code) => code < 0x590)})`;
  const far = `case when text ~ '${BEYOND_ARMENIAN}' then translate(${near}, ${table((code) => code >= 0x590)}) else ${near} end`;
  const full = fullFolds().reduce(
    (inner, [one, many]) => `replace(${inner}, ${quoted(one)}, ${quoted(many)})`,
    far,
  );
  return `case when text ~ '${OTHER_LETTERS}' then ${full} else text end`;
}

/** Text of ASCII has as many bytes as characters; it is the most of all, and needs no tables. */
const CASEI = `
  select case
    when octet_length(value) = char_length(value) then lower(value collate "C")
    else (
      select normalize(${folded()}, NFC)
      from (select lower(normalize(value, NFD) collate "C") as text offset 0) as decomposed)
  end`;

const ACCENTI = `
  select case
    when octet_length(value) = char_length(value) then value
    else normalize(regexp_replace(normalize(value, NFD) collate "C", ${quoted(markPattern())}, '', 'g'), NFC)
  end`;

/** A day of any year but leap days, and the time of it in UTC as PostgreSQL reads it too. Without captures a match is quick. */
const PLAIN =
  '^\\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)' +
  'T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,6})?Z$';

const DATE = '(\\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])';
const TIME = '([01]\\d|2[0-3]):([0-5]\\d):([0-5]\\d|60)(\\.\\d+)?(?:[Zz]|([+-])([01]\\d|2[0-3]):([0-5]\\d))';

/**
 * RFC 3339 date-time, or date as its midnight in UTC -> timestamptz; anything else is null. What is not plain is read by
 * its parts, so that the day can be checked first. Digits beyond microseconds are dropped. There is no year 0000.
 */
const INSTANT = `
  select case
    when value collate "C" < '0001' then null
    when value ~ '${PLAIN}' then value::timestamptz
    else (
      select case
        when m[3]::int <= extract(day from make_date(m[1]::int, m[2]::int, 1) + interval '1 month' - interval '1 day')
        then (make_timestamp(m[1]::int, m[2]::int, m[3]::int, coalesce(m[4], '0')::int, coalesce(m[5], '0')::int, 0)
          + make_interval(secs => coalesce(m[6], '0')::int)
          + substr(coalesce(m[7], '.0') || '000000', 2, 6)::int * interval '1 microsecond'
          - (coalesce(m[8], '+') || '1')::int
            * make_interval(hours => coalesce(m[9], '0')::int, mins => coalesce(m[10], '0')::int)) at time zone 'UTC'
      end
      from regexp_match(value, '^${DATE}(?:[Tt ]${TIME})?$') as m)
  end`;

/** Beyond this neither operands nor results go on: digits in the thousands cost more than a request may. */
const LARGEST = '1e500';

const bounded = (result: string) =>
  `select case when abs(a) <= ${LARGEST} and abs(b) <= ${LARGEST} then ${result} end`;

const ARITHMETIC: Record<string, string> = {
  add: bounded('a + b'),
  subtract: bounded('a - b'),
  multiply: bounded('a * b'),
  divide: bounded('a / nullif(b, 0)'),
  modulo: bounded('a % nullif(b, 0)'),
  quotient: bounded('div(a, nullif(b, 0))'),
  power: `
    select case
      when not (abs(a) <= ${LARGEST} and abs(b) <= ${LARGEST}) then null
      when a = 0 then case when b > 0 then 0 when b = 0 then 1 end
      when a < 0 and b <> trunc(b) then null
      when abs(a) = 1 then case when a = 1 or b % 2 = 0 then 1 else -1 end
      when b * log(abs(a)) > 500 then null
      when b * log(abs(a)) < -500 then 0
      else power(a, b)
    end`,
};

/** Of arrays as sets. Elements are equal as jsonb is: 1.0 is 1, "1" is not. */
const SUPERSET = `
  select not exists (
    select from jsonb_array_elements(b) as of_b (element)
    where not exists (select from jsonb_array_elements(a) as of_a (element) where of_a.element = of_b.element))`;

const OVERLAP = `
  select exists (
    select from jsonb_array_elements(a) as of_a (element)
    join jsonb_array_elements(b) as of_b (element) on of_a.element = of_b.element)`;

/** An array with its instants in one notation, so that they are equal as instants are. */
const MOMENTS = `
  select coalesce(jsonb_agg(coalesce(to_jsonb(cql2_instant(case
    when jsonb_typeof(element) = 'string' then element #>> '{}' end) at time zone 'UTC'), element)), '[]')
  from jsonb_array_elements(value) as of_value (element)`;

/**
 * In degrees, a tenth of a millimetre; -1 for none. On a grid GEOS joins whatever it gets; without one it may fail within
 * and try again, and on the embedded database a failure within ends the statement. GEOS before 3.13 recovers on a server,
 * but cannot relate all that a grid leaves.
 */
function gridFor(geosVersion: string): string {
  const [major = 0, minor = 0] = geosVersion.split('.').map(Number.parseFloat);
  return major > 3 || (major === 3 && minor >= 13) ? '1e-9' : '-1';
}

/** In the plane, and one geometry of what may be an overlapping collection: GEOS before 3.13 relates no other. */
const plane = (grid: string) => `
  select case
    when GeometryType(value) = 'GEOMETRYCOLLECTION' then ST_UnaryUnion(ST_Force2D(value), ${grid})
    else ST_Force2D(value)
  end`;

/**
 * What lies beyond 180 degrees, up to a turn, comes back in on the other side; each part keeps its dimension, so that
 * nothing is left of what only touches the edge. ST_WrapX fails on lines along the edge.
 */
const wrapped = (grid: string) => `
  select ST_UnaryUnion(ST_Collect(ST_Translate(
    ST_CollectionExtract(ST_Intersection(part, turn, ${grid}), ST_Dimension(part) + 1), -180 - west, 0)), ${grid})
  from (select (ST_Dump(value)).geom as part) as parts,
    (select west, ST_MakeEnvelope(west, -91, west + 360, 91, ST_SRID(value)) as turn
      from unnest(array[-540, -180, 180]) as west) as turns
  where part && turn`;

export async function up(db: Kysely<unknown>): Promise<void> {
  const make = (name: string, args: string, gives: string, body: string) =>
    sql`create function ${sql.raw(`${name}(${args})`)} returns ${sql.raw(gives)}
      language sql immutable strict parallel safe as ${sql.lit(body)}`.execute(db);
  await make('cql2_casei', 'value text', 'text', CASEI);
  await make('cql2_accenti', 'value text', 'text', ACCENTI);
  await make('cql2_instant', 'value text', 'timestamptz', INSTANT);
  for (const [name, body] of Object.entries(ARITHMETIC)) {
    await make(`cql2_${name}`, 'a numeric, b numeric', 'numeric', body);
  }
  await make('cql2_superset', 'a jsonb, b jsonb', 'boolean', SUPERSET);
  await make('cql2_overlap', 'a jsonb, b jsonb', 'boolean', OVERLAP);
  await make('cql2_moments', 'value jsonb', 'jsonb', MOMENTS);
  const versions = await sql<{ version: string }>`select postgis_geos_version() as version`.execute(db);
  const grid = gridFor(versions.rows[0]?.version ?? '');
  await make('cql2_wrapped', 'value geometry', 'geometry', wrapped(grid));
  // Not strict, so that it is inlined and costs a row next to nothing.
  await sql`create function cql2_plane(value geometry) returns geometry
    language sql immutable parallel safe as ${sql.lit(plane(grid))}`.execute(db);
}
