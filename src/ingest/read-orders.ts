/** What was ordered earlier of a source's files -> how it stands now, as Rucio says. */
import { type OrderRow, readOrders } from '../db/orders.ts';
import type { RucioClient } from '../rucio/connect.ts';
import { didKey } from '../rucio/resolve.ts';
import { getRule, locksOf } from '../rucio/rules.ts';
import type { Did } from '../rucio/types.ts';
import type { Db } from '../search/tables.ts';
import { type Order, ordersOfRule } from './orders.ts';
import type { Source } from './source.ts';

type Orders = Map<string, Order>;

/** A rule's orders, by `scope:name`; null: the rule is no more. */
async function askRule(client: RucioClient, id: string, signal: AbortSignal): Promise<Orders | null> {
  const rule = await getRule(client.api, id, signal);
  return rule && ordersOfRule(rule, rule, await locksOf(client.api, id, signal));
}

/** A function that fills `source.orders` for some files, asking Rucio once for each rule. */
export function makeOrderReader(
  db: Db,
  source: Source,
  signal: AbortSignal,
): (files: readonly { did: Did | null }[]) => Promise<void> {
  const { lake, did: home, orders, host } = source;
  if (lake === null || host === null) return async () => {};
  const asked = new Map<string, Promise<Orders | null>>();
  const ask = (id: string) => {
    const known = asked.get(id) ?? askRule(lake, id, signal);
    asked.set(id, known);
    return known;
  };
  async function take(row: OrderRow): Promise<void> {
    const key = didKey(row);
    const held = row.is_canceled ? null : await ask(row.rule_id);
    const order = held?.get(key);
    // What the rule holds no more, or is no more itself, is no longer on order.
    orders.set(key, order ?? { status: 'canceled', id: row.rule_id, date: row.ordered_at });
    const isHome = home !== null && key === didKey(home);
    // Files that came into the dataset since are on its order as well.
    if (isHome) for (const [file, each] of held ?? []) if (!orders.has(file)) orders.set(file, each);
  }
  let isBegun = false;
  return async (files) => {
    const dids = files.flatMap(({ did }) => did ?? []);
    const rows = await readOrders(db, host, isBegun || home === null ? dids : [home, ...dids]);
    isBegun = true;
    for (const row of rows) await take(row);
  };
}
