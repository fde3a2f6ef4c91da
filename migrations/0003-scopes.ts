/** The Rucio scope of each Collection, whose sub-catalogue shows it. src/stac/scope.ts says the same of a text. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table collections add column scope text collate "C" generated always as (
      case
        when jsonb_typeof(document -> 'rucio:scope') = 'string'
          and document ->> 'rucio:scope' not in ('', '.', '..')
          and octet_length(document ->> 'rucio:scope') <= 1000
        then document ->> 'rucio:scope'
      end
    ) stored`.execute(db);
  await sql`create index collections_scope on collections (scope, id)`.execute(db);
}
