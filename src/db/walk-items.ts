/** A search -> all that it finds, in pages of bounded size. No connection is held while a page is in use. */
import { signatureOf } from '../search/keyset.ts';
import type { PageToken } from '../search/page-token.ts';
import type { SearchParams } from '../search/params.ts';
import { itemKeys, selectPage } from '../search/select-items.ts';
import { readTogether } from './run.ts';
import type { Database } from './schema.ts';

export interface WalkSettings {
  /** Milliseconds that reading a page may take; 0: no limit. */
  timeLimit: number;
  /** Most Items. */
  total: number;
  /** Before each page. @throws what ends the walk */
  check?: () => void;
}

export interface FoundRow {
  key: string;
  id: string;
  collection: string;
  content: string;
}

/** Items of a page, and bytes of their text. */
const PAGE = 500;
const PAGE_BYTES = 4 * 1024 * 1024;

/**
 * Each page is of one state of the database; an Item that comes or goes meanwhile may be in it or not, none is given twice
 * unless its place in the order changes.
 */
export async function* walkItems(
  database: Database,
  params: SearchParams,
  { timeLimit, total, check }: WalkSettings,
): AsyncGenerator<FoundRow[]> {
  const keys = itemKeys(params);
  const order = signatureOf(keys);
  let left = total;
  let token: PageToken | undefined;
  while (left > 0) {
    const { token: _, ...rest } = params;
    const page: SearchParams = { ...rest, limit: Math.min(PAGE, left), ...(token && { token }) };
    const { rows: found } = await readTogether(database, timeLimit, (db) => {
      check?.();
      return selectPage(db, page, PAGE_BYTES).execute(db);
    });
    const rows = found.filter((row): row is FoundRow => row.content !== null);
    const last = rows.at(-1);
    if (!last) return;
    yield rows;
    left -= rows.length;
    if (rows.length === found.length) return;
    const values = JSON.parse(last.key) as (string | null)[];
    token = { direction: 'next', order, values, matched: 0 };
  }
}
