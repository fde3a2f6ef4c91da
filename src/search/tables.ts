/** The tables, as migrations make them, in kysely's words. Timestamps and ranges are cast in SQL, so both databases give the same text. */
import type { ColumnType, Kysely } from 'kysely';

/** Written as text or SQL, never read as a value of its own. */
type Written = ColumnType<never, string | null, string | null>;

interface CollectionsTable {
  id: string;
  /** As it came, with the server's own links left out. */
  content: string;
  /** The same for filters. */
  document: Written;
  /** Of all Items, else of the document's own extent. */
  geometry: Written;
  period: Written;
  words: Written;
}

interface ItemsTable {
  collection: string;
  id: string;
  geometry: Written;
  datetime: Written;
  period: Written;
  properties: Written;
  content: string;
  /** `content` fit for jsonb, where it is not. */
  mended: Written;
  words: Written;
}

interface IngestedFilesTable {
  collection: string;
  scope: string;
  name: string;
  fingerprint: string;
  description: string;
}

interface ItemChangesTable {
  collection: string;
  id: string;
  grown: string | null;
}

interface CollectionFactsTable {
  collection: string;
  version: string;
  facts: string;
}

interface IngestedSourcesTable {
  collection: string;
  host: string;
  scope: string;
  name: string;
  settings: string;
}

interface OrdersTable {
  host: string;
  scope: string;
  name: string;
  rule_id: string;
  ordered_at: string;
  is_canceled: boolean;
}

export interface Tables {
  collections: CollectionsTable;
  items: ItemsTable;
  ingested_files: IngestedFilesTable;
  ingested_sources: IngestedSourcesTable;
  orders: OrdersTable;
  item_changes: ItemChangesTable;
  collection_facts: CollectionFactsTable;
}

export type Db = Kysely<Tables>;
