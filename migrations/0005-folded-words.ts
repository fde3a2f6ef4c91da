/** Words of free text are folded like upper case: "ß" as "ss", one sigma. Those that hold such letters are made anew. */
import { type Kysely, sql } from 'kysely';
import { refreshDocuments } from '../src/db/refresh-documents.ts';
import type { Db } from '../src/search/tables.ts';

/** The letters, and as JSON may write them. */
const LETTERS = String.raw`[ßẞς]|\\u(00[dD][fF]|1[eE]9[eE]|03[cC]2)`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await refreshDocuments(db as Db, sql<boolean>`content ~ ${LETTERS}`);
}
