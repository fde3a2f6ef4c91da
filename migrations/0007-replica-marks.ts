/** What Rucio said of all replicas of a Collection together when they were last compared one by one. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table replica_marks (
      collection text collate "C" primary key references collections (id) on delete cascade,
      mark text not null
    )`.execute(db);
}
