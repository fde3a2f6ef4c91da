/** What was ordered of a lake: for a DID that is catalogued, the replication rule that was asked for last. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table orders (
      host text collate "C" not null,
      scope text collate "C" not null,
      name text collate "C" not null,
      rule_id text not null,
      ordered_at text not null,
      is_canceled boolean not null,
      primary key (host, scope, name)
    )`.execute(db);
}
