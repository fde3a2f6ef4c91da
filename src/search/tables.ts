/** The tables, as migrations make them, in kysely's words. Timestamps and ranges are cast in SQL, so both databases give the same text. */
import type { ColumnType, Kysely } from 'kysely';

/** Written as text or SQL, never read as a value of its own. */
type Written = ColumnType<never, string | null, string | null>;

interface CollectionsTable {
  id: string;
  content: string;
}

interface ItemsTable {
  collection: string;
  id: string;
  geometry: Written;
  datetime: Written;
  period: Written;
  properties: Written;
  content: string;
}

interface IngestedFilesTable {
  collection: string;
  scope: string;
  name: string;
  fingerprint: string;
  description: string;
}

export interface Tables {
  collections: CollectionsTable;
  items: ItemsTable;
  ingested_files: IngestedFilesTable;
}

export type Db = Kysely<Tables>;
