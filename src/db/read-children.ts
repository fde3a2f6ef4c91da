/** What lies below the landing page and below the Catalog of a Rucio scope; and the ids of a Collection's Items. */
import { type RawBuilder, sql } from 'kysely';
import { MOST_PAGE_BYTES } from '../search/select-items.ts';
import type { Db } from '../search/tables.ts';

export type ChildType = 'Catalog' | 'Collection';

/** A Catalog's id is its scope. */
export interface Child {
  type: ChildType;
  id: string;
}

/** Bytes that a link to a Collection takes, about. */
const LINK = 300;

/** Children as rows (type, id, content, bytes, title), Catalogs first. @param scope null: of the landing page */
function selectChildren(scope: string | null, type: ChildType | null): RawBuilder<unknown> {
  const title = sql`case when jsonb_typeof(document -> 'title') = 'string' then document ->> 'title' end`;
  const collections = sql`
    select 'Collection' as type, id, content, octet_length(content)::bigint as bytes, ${title} as title
    from collections
    where ${scope === null ? sql`scope is null` : sql`scope = ${scope}`}`;
  const catalogs = sql`
    select 'Catalog' as type, scope as id, null::text as content, count(*) * ${LINK}::int as bytes, scope as title
    from collections
    where scope is not null
    group by scope`;
  if (scope !== null) return type === 'Catalog' ? sql`${collections} and false` : collections;
  if (type === 'Catalog') return catalogs;
  return type === 'Collection' ? collections : sql`${catalogs} union all ${collections}`;
}

/** All children of a Catalog, with their titles. */
export async function readChildTitles(
  db: Db,
  scope: string | null,
): Promise<(Child & { title: string | null })[]> {
  const { rows } = await sql<Child & { title: string | null }>`
    select type, id, title
    from (${selectChildren(scope, null)}) as child
    order by type, id`.execute(db);
  return rows;
}

/** Children after `after`: at most `limit`, and no more text than a page may have, but one. */
export async function readChildren(
  db: Db,
  { scope, type }: { scope: string | null; type: ChildType | null },
  limit: number,
  after: Child | null,
): Promise<{ rows: (Child & { content: string | null })[]; hasMore: boolean }> {
  const { rows } = await sql<Child & { content: string | null; is_given: boolean }>`
    select
      type, id,
      place = 1 or (size <= ${MOST_PAGE_BYTES} and place <= ${limit}) as is_given,
      case when place = 1 or (size <= ${MOST_PAGE_BYTES} and place <= ${limit}) then content end as content
    from (
      select
        type, id, content,
        row_number() over before as place,
        sum(bytes) over before as size
      from (
        select type, id, content, bytes
        from (${selectChildren(scope, type)}) as child
        where ${after === null} or (type, id) > (${after?.type ?? ''}::text, ${after?.id ?? ''}::text)
        order by type, id
        limit ${limit + 1}
      ) as page
      window before as (order by type, id rows unbounded preceding)
    ) as measured
    order by type, id`.execute(db);
  const given = rows.filter((row) => row.is_given);
  return { rows: given, hasMore: given.length < rows.length };
}

/** How many children there are. */
export async function countChildren(db: Db, scope: string | null, type: ChildType | null): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from (${selectChildren(scope, type)}) as child`.execute(db);
  return rows[0]?.n ?? 0;
}

/** Ids of Items after `after`, up to and with `until`, at most `limit`. */
export async function readItemIds(
  db: Db,
  collection: string,
  range: { after: string | null; until: string | null },
  limit: number,
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id
    from items
    where collection = ${collection}
      and (${range.after}::text is null or id > ${range.after}::text)
      and (${range.until}::text is null or id <= ${range.until}::text)
    order by id
    limit ${limit}`.execute(db);
  return rows.map(({ id }) => id);
}

/** The last id of each part of `size` Items; of the rest, none. */
export async function readPartBounds(db: Db, collection: string, size: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id
    from (select id, row_number() over (order by id) as place from items where collection = ${collection}) as numbered
    where place % ${size} = 0
    order by id`.execute(db);
  return rows.map(({ id }) => id);
}
