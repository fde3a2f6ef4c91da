/** Stored text -> the columns that searches need beside it, made anew for every row. */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../search/tables.ts';
import { toCollectionRow, toItemRow } from '../stac/item.ts';

const PAGE = 500;

type Which = RawBuilder<boolean>;

async function refreshCollections(db: Db, which: Which): Promise<void> {
  const rows = await db.selectFrom('collections').select('content').where(which).execute();
  for (const { content } of rows) {
    const { id, document, words, place, start, end } = toCollectionRow(content);
    await sql`
      update collections set
        document = ${document}::jsonb,
        words = ${words}::tsvector,
        geometry = ST_SetSRID(ST_GeomFromGeoJSON(${place}), 4326),
        period = tstzrange(${start}::timestamptz, ${end}::timestamptz, '[]')
      where id = ${id}`.execute(db);
  }
}

async function refreshItems(db: Db, which: Which): Promise<void> {
  let after: { collection: string; id: string } | null = null;
  for (;;) {
    const page: { content: string }[] = await db
      .selectFrom('items')
      .select('content')
      .where(which)
      .$if(after !== null, (select) =>
        select.where(sql<boolean>`(collection, id) > (${after?.collection}::text, ${after?.id}::text)`),
      )
      .orderBy('collection')
      .orderBy('id')
      .limit(PAGE)
      .execute();
    const rows = page.map(({ content }) => toItemRow(content));
    if (rows.length > 0) {
      await sql`
        update items set mended = row.mended, words = row.words::tsvector
        from unnest(
          ${rows.map((row) => row.collection)}::text[],
          ${rows.map((row) => row.id)}::text[],
          ${rows.map((row) => row.mended)}::text[],
          ${rows.map((row) => row.words)}::text[]
        ) as row (collection, id, mended, words)
        where items.collection = row.collection and items.id = row.id`.execute(db);
    }
    if (rows.length < PAGE) return;
    after = rows.at(-1) ?? null;
  }
}

/** For migrations that add such columns, or change what is in them. @param which rows, by their `content`; all unless told */
export async function refreshDocuments(db: Db, which: Which = sql<boolean>`true`): Promise<void> {
  await refreshCollections(db, which);
  await refreshItems(db, which);
}
