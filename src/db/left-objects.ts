/** COGs in the store that no Item has any more: remembered, so that they can be deleted when that is asked for. */
import { sql } from 'kysely';
import type { Db } from '../search/tables.ts';

export async function leaveObjects(db: Db, collection: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await sql`
    insert into left_objects (collection, key)
    select ${collection}, key from unnest(${[...keys]}::text[]) as gone (key)
    on conflict do nothing`.execute(db);
}

/** Keys of COGs that no Item of a Collection has any more. */
export async function readLeftObjects(db: Db, collection: string): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`
    select key from left_objects where collection = ${collection} order by key`.execute(db);
  return rows.map(({ key }) => key);
}

/** They are no more, or are in use again. @returns how many were remembered */
export async function forgetLeftObjects(
  db: Db,
  collection: string,
  keys: readonly string[],
): Promise<number> {
  const { rows } = await sql`
    delete from left_objects where collection = ${collection} and key = any(${[...keys]}::text[])
    returning key`.execute(db);
  return rows.length;
}

/** What follows `_` in ASCII: the end of all ids that go on with one. */
const AFTER = '`';

/** The scene that an object is of, `collection/SCENE/name`: its Items have that id, or that and a time. */
const sceneOf = (key: string) => key.split('/').at(-2) ?? '';

/** Of objects, the keys of those whose address an Item has all the same. */
export async function findUsed(
  db: Db,
  collection: string,
  objects: readonly { key: string; href: string }[],
): Promise<string[]> {
  if (objects.length === 0) return [];
  const keys = objects.map(({ key }) => key);
  const quoted = objects.map(({ href }) => JSON.stringify(href));
  const { rows } = await sql<{ key: string }>`
    select key from unnest(${keys}::text[], ${quoted}::text[], ${keys.map(sceneOf)}::text[]) as object (key, href, scene)
    where exists (
      select from items
      where collection = ${collection}
        and (id = object.scene or (id > object.scene || '_' and id < object.scene || ${AFTER}))
        and strpos(content, object.href) > 0
    )`.execute(db);
  return rows.map(({ key }) => key);
}

/**
 * Takes an object out of the memory, to be deleted from the store, unless an Item has it: no scene is written meanwhile.
 * @returns false where it is in use, or was taken by another
 */
export async function takeLeftObject(
  db: Db,
  collection: string,
  object: { key: string; href: string },
): Promise<boolean> {
  return db.transaction().execute(async (transaction) => {
    await sql`select id from collections where id = ${collection} for update`.execute(transaction);
    const isUsed = (await findUsed(transaction, collection, [object])).length > 0;
    return (await forgetLeftObjects(transaction, collection, [object.key])) > 0 && !isUsed;
  });
}
