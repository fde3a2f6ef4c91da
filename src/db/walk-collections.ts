/** All Collections by id, one after another, in pages of bounded size. */
import { sql } from 'kysely';
import type { Db } from '../search/tables.ts';

interface StoredCollection {
  id: string;
  content: string;
}

/** Collections read at a time; each is far smaller than a page of Items. */
const PAGE = 50;

export async function* walkCollections(db: Db): AsyncGenerator<StoredCollection> {
  let after: string | null = null;
  for (;;) {
    const page: { rows: StoredCollection[] } = await sql<StoredCollection>`
      select id, content from collections
      where ${after}::text is null or id > ${after}::text
      order by id
      limit ${PAGE}`.execute(db);
    yield* page.rows;
    if (page.rows.length < PAGE) return;
    after = page.rows.at(-1)?.id ?? null;
  }
}
