/** Replication rules that were asked for -> how the order of each file and Collection stands. Order extension 1.1.0. */
import { didKey } from '../rucio/resolve.ts';
import type { Lock, Rule } from '../rucio/rules.ts';
import type { Did } from '../rucio/types.ts';

/** As far as rules know them. */
type OrderStatus = 'ordered' | 'pending' | 'shipping' | 'succeeded' | 'failed' | 'canceled';

export interface Order {
  status: OrderStatus;
  /** Of the rule. */
  id: string;
  /** RFC 3339, UTC: when the rule was made. */
  date: string;
}

/** The first of these that one file has is what an Item of several has. */
const WORST: OrderStatus[] = ['failed', 'canceled', 'pending', 'ordered', 'shipping', 'succeeded'];

/** Every file is where it is to be. Rucio calls a rule STUCK until a daemon has looked at it again. */
export function isThere({ state, locks: { ok, replicating, stuck } }: Rule): boolean {
  return state === 'OK' || (state === 'STUCK' && ok > 0 && replicating === 0 && stuck === 0);
}

/** Of a rule as a whole; null: Rucio has it no more. */
export function statusOfRule(rule: Rule | null): OrderStatus {
  if (rule && isThere(rule)) return 'succeeded';
  switch (rule?.state) {
    case undefined:
      return 'canceled';
    case 'REPLICATING':
      return 'shipping';
    case 'WAITING_APPROVAL':
      return 'pending';
    case 'STUCK':
    case 'SUSPENDED':
      return 'failed';
    default:
      // INJECT: Rucio has not looked for the files yet.
      return 'ordered';
  }
}

/** Of one file, by what its rule holds of it. */
function statusOfLocks(locks: readonly Lock[]): OrderStatus {
  if (locks.some(({ state }) => state === 'STUCK')) return 'failed';
  return locks.every(({ state }) => state === 'OK') ? 'succeeded' : 'shipping';
}

/** The order of each file of a rule, and of the DID that it is on, by `scope:name`. */
export function ordersOfRule(did: Did, rule: Rule, locks: readonly Lock[]): Map<string, Order> {
  const { id } = rule;
  const date = rule.created ?? new Date().toISOString();
  const byFile = new Map<string, Lock[]>();
  for (const lock of locks) {
    const known = byFile.get(didKey(lock));
    if (known) known.push(lock);
    else byFile.set(didKey(lock), [lock]);
  }
  const files = Array.from(byFile, ([key, held]): [string, Order] => [
    key,
    { status: statusOfLocks(held), id, date },
  ]);
  return new Map([...files, [didKey(did), { status: statusOfRule(rule), id, date }]]);
}

export function worstOrder(orders: ReadonlyMap<string, Order>, files: readonly { did: Did | null }[]) {
  const found = files.flatMap(({ did }) => (did && orders.get(didKey(did))) ?? []);
  return found.sort((a, b) => WORST.indexOf(a.status) - WORST.indexOf(b.status))[0];
}

export function orderFields(order: Order | undefined): Record<string, string> {
  if (!order) return {};
  return { 'order:status': order.status, 'order:id': order.id, 'order:date': order.date };
}
