/** What a property is in the database: the resolver that the caller of `toSql` brings. */
import type { RawBuilder } from 'kysely';

type Sql = RawBuilder<unknown>;

/**
 * text: never null, COLLATE "C". instant: timestamptz. interval: timestamptz of its start and end. geometry: PostGIS,
 * SRID 4326, valid, longitudes within 180 degrees. json: jsonb of any type, SQL NULL when absent. All but text may be null.
 */
export type PropertyColumn =
  | { kind: 'text'; sql: Sql }
  | { kind: 'instant'; sql: Sql }
  | { kind: 'interval'; start: Sql; end: Sql }
  | { kind: 'geometry'; sql: Sql }
  | { kind: 'json'; sql: Sql };

/** @throws ApiError InvalidParameter for a name that is not queryable, when the caller wants that */
export type Resolve = (name: string) => PropertyColumn;
