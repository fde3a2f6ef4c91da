/** Orders -> the documents that show them. Members are moved as text, so that nothing else of a document changes. */
import { changeCollection, changeItems } from '../db/change-document.ts';
import { itemTexts } from '../db/orders.ts';
import type { Db } from '../search/tables.ts';
import { toCollectionRow, toItemRow } from '../stac/item.ts';
import { elementTexts, memberTexts, objectText } from '../stac/json-text.ts';
import { EXTENSIONS } from './extensions.ts';
import { type Order, orderFields, worstOrder } from './orders.ts';

interface Asset {
  'rucio:scope'?: unknown;
  'rucio:name'?: unknown;
  roles?: unknown;
}

function setFields(text: string, order: Order): string {
  const members = memberTexts(text);
  for (const [key, value] of Object.entries(orderFields(order))) members.set(key, JSON.stringify(value));
  return objectText(members);
}

function declare(members: Map<string, string>): void {
  const uri = JSON.stringify(EXTENSIONS.order);
  const declared = elementTexts(members.get('stac_extensions') ?? '[]');
  if (!declared.includes(uri)) members.set('stac_extensions', `[${[...declared, uri].join(',')}]`);
}

/** An Item's text with its order. */
export function withItemOrder(text: string, order: Order): string {
  const members = memberTexts(text);
  members.set('properties', setFields(members.get('properties') ?? '{}', order));
  declare(members);
  return objectText(members);
}

/** A Collection's text with its order. */
export function withCollectionOrder(text: string, order: Order): string {
  const members = memberTexts(setFields(text, order));
  declare(members);
  return objectText(members);
}

/** Files of the lake that an Item was made of. COGs that were put there are none of them. */
function sourcesOf(content: string): { did: { scope: string; name: string } }[] {
  const { assets = {}, properties = {} } = JSON.parse(content) as {
    assets?: Record<string, Asset>;
    properties?: Asset;
  };
  const originals = Object.values(assets).filter(
    ({ roles }) => Array.isArray(roles) && roles.includes('source'),
  );
  return [...originals, properties].flatMap(({ 'rucio:scope': scope, 'rucio:name': name }) =>
    typeof scope === 'string' && typeof name === 'string' ? [{ did: { scope, name } }] : [],
  );
}

export interface OrderWatch {
  signal: AbortSignal;
  /** So many Items more were looked at. */
  onItems(count: number): void;
}

/**
 * Writes orders into the Items of a Collection that were made of the files, a page of Items at once.
 * @returns how many show one
 * @throws the signal's reason between two pages; those before are written
 */
export async function orderItems(
  db: Db,
  collection: string,
  orders: ReadonlyMap<string, Order>,
  { signal, onItems }: OrderWatch,
): Promise<number> {
  let shown = 0;
  const words = Array.from(orders.keys(), (did) => `"rucio:did":${JSON.stringify(did)}`);
  for await (const page of itemTexts(db, collection, words)) {
    signal.throwIfAborted();
    const ordered = page.filter(({ content }) => worstOrder(orders, sourcesOf(content)) !== undefined);
    shown += ordered.length;
    await changeItems(
      db,
      collection,
      ordered.map(({ id }) => id),
      (text) => {
        const order = worstOrder(orders, sourcesOf(text));
        return toItemRow(order ? withItemOrder(text, order) : text);
      },
    );
    onItems(page.length);
  }
  return shown;
}

/** Writes an order into a Collection. */
export async function orderCollection(db: Db, id: string, order: Order): Promise<void> {
  await changeCollection(db, id, async (text) => toCollectionRow(withCollectionOrder(text, order)));
}
