/** rucio-stac request SCOPE:NAME: a replication rule, how far it is, and the catalogue's documents that show it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Env, parseConfig } from '../config.ts';
import { collectionsOfDids, collectionsOfFiles } from '../db/find-ingested.ts';
import { countItems, rememberOrders } from '../db/orders.ts';
import { UserError } from '../errors.ts';
import { orderCollection, orderItems } from '../ingest/order-documents.ts';
import { isThere, type Order, ordersOfRule } from '../ingest/orders.ts';
import type { RucioClient } from '../rucio/connect.ts';
import { didKey } from '../rucio/resolve.ts';
import {
  cancelRule,
  ensureRule,
  getRule,
  isSame,
  type Lock,
  locksOf,
  type Rule,
  rulesOf,
} from '../rucio/rules.ts';
import type { Did } from '../rucio/types.ts';
import type { Db } from '../search/tables.ts';
import type { Command, Words } from './command.ts';
import { parseLifetime } from './durations.ts';
import { untilSignal } from './interrupt.ts';
import { askCatalogue, mustBeDid, tellDone, withRucio } from './lake.ts';

const HELP = `rucio-stac request SCOPE:NAME --rse EXPRESSION

Asks Rucio for copies of a DID at an RSE, by a replication rule, or finds the same rule that was made before, and tells how
far it is. Items and Collections of the catalogue show it as order:status; run it again, or ingest, to bring them up to date.
Without --rse it tells the rules that there are.

  --rse EXPRESSION  name of an RSE, or an expression such as country=IT
  --copies N        how many (1)
  --lifetime TIME   until the rule ends: 30d, 12h or seconds; for ever, unless told
  --wait            until all is there (exit code 0), or cannot come (1)
  --cancel          end the rule
  --json            the rules as JSON, one a line`;

/** States in which a rule stays, unless somebody helps. */
const ENDS = ['OK', 'STUCK', 'SUSPENDED'];
/** Milliseconds between two looks at a rule. */
const LOOK = 3000;

interface Choices {
  did: Did;
  rse: string | null;
  copies: number;
  lifetime: number | null;
  wait: boolean;
  cancel: boolean;
  json: boolean;
}

function readChoices({ names, options }: Words): Choices {
  const text = (key: string) => (typeof options[key] === 'string' ? (options[key] as string) : null);
  const copies = Number(text('copies') ?? 1);
  if (!Number.isInteger(copies) || copies < 1 || copies > 1000)
    throw new UserError(`--copies is "${text('copies')}"; give a whole number from 1 to 1000.`);
  const rse = text('rse');
  const alone = ['copies', 'lifetime', 'wait', 'cancel'].find((key) => options[key] !== undefined);
  if (rse === null && alone !== undefined)
    throw new UserError(`--${alone} needs --rse, which says where copies are to be.`);
  return {
    did: mustBeDid(names[0], 'request'),
    rse,
    copies,
    lifetime: parseLifetime(text('lifetime')),
    wait: options.wait === true,
    cancel: options.cancel === true,
    json: options.json === true,
  };
}

function ruleLine({ id, state, locks, rseExpression, copies, account, expires, error }: Rule): string {
  const { ok, replicating, stuck } = locks;
  const parts = [
    `${ok}/${ok + replicating + stuck} locks OK`,
    ...(stuck > 0 ? [`${stuck} stuck`] : []),
    `${copies} ${copies === 1 ? 'copy' : 'copies'} at ${rseExpression}`,
    `account ${account}`,
    ...(expires === null ? [] : [`until ${expires}`]),
    ...(error === null ? [] : [error]),
  ];
  return `${id}  ${state}  ${parts.join(', ')}\n`;
}

const print = (rule: Rule, { json }: Choices) =>
  process.stdout.write(json ? `${JSON.stringify(rule)}\n` : ruleLine(rule));

/** Brings the documents of the catalogue up to date. @returns a sentence of what they show */
async function show(
  db: Db,
  host: string,
  did: Did,
  orders: Map<string, Order>,
  signal: AbortSignal,
): Promise<string> {
  const own = orders.get(didKey(did))!;
  const files = Array.from(orders.keys(), (key) => {
    const at = key.indexOf(':');
    return { scope: key.slice(0, at), name: key.slice(at + 1) };
  });
  const homes = (await collectionsOfDids(db)).get(didKey(did)) ?? [];
  const catalogued = await collectionsOfFiles(db, files);
  const isKnown = ({ scope, name }: Did) => catalogued.has(didKey({ scope, name }));
  const known = files.filter((each) => isKnown(each) || (homes.length > 0 && didKey(each) === didKey(did)));
  if (known.length === 0) return 'the catalogue has nothing of it';
  await rememberOrders(
    db,
    known.map((each) => {
      const { id, date, status } = orders.get(didKey(each))!;
      const is_canceled = status === 'canceled';
      return { host, scope: each.scope, name: each.name, rule_id: id, ordered_at: date, is_canceled };
    }),
  );
  const collections = [...new Set([...catalogued.values()].flat())];
  const progress = tellDone('request', didKey(did), 'items', await countItems(db, collections));
  let [items, seen] = [0, 0];
  const onItems = (count: number) => {
    seen += count;
    progress.done(seen);
  };
  try {
    for (const collection of collections)
      items += await orderItems(db, collection, orders, { signal, onItems });
  } finally {
    progress.end();
  }
  for (const home of homes) await orderCollection(db, home, own);
  const named = homes.length > 0 ? ` and the Collection ${homes.join(', ')}` : '';
  return `${items} ${items === 1 ? 'Item' : 'Items'} of the catalogue${named} show it; order:status ${own.status}`;
}

async function showRule(
  client: RucioClient,
  rule: Rule,
  locks: Lock[],
  isCanceled: boolean,
  env: Env,
  signal: AbortSignal,
): Promise<void> {
  const orders = ordersOfRule(rule, rule, locks);
  if (isCanceled) for (const [key, order] of orders) orders.set(key, { ...order, status: 'canceled' });
  const told = await askCatalogue(parseConfig(env), 'request', 'there is no catalogue yet', (db) =>
    show(db, client.host, rule, orders, signal),
  );
  process.stderr.write(`${told}\n`);
}

/** @returns the rule as it is when nothing more will change, or the signal comes */
async function waitFor(client: RucioClient, rule: Rule, signal: AbortSignal): Promise<Rule> {
  let now = rule;
  while (!ENDS.includes(now.state) && !signal.aborted) {
    await sleep(LOOK, undefined, { signal }).catch(() => undefined);
    const next = await getRule(client.api, rule.id);
    if (next === null)
      throw new UserError(`The rule ${rule.id} is no more: somebody ended it, or its lifetime did.`);
    if (next.locks.ok !== now.locks.ok || next.state !== now.state) process.stderr.write(ruleLine(next));
    now = next;
  }
  return now;
}

async function cancel(
  client: RucioClient,
  choices: Choices,
  account: string,
  env: Env,
  signal: AbortSignal,
): Promise<number> {
  const { did, rse, copies } = choices;
  const wish = { account, rseExpression: rse!, copies, lifetime: null };
  const rule = (await rulesOf(client.api, did, signal)).find((each) => isSame(each, wish));
  if (!rule)
    throw new UserError(
      `The account ${account} has no rule for ${copies} ${copies === 1 ? 'copy' : 'copies'} of ${didKey(did)} at ${rse}; without --rse the rules that there are are told.`,
    );
  // They go with the rule.
  const locks = await locksOf(client.api, rule.id, signal);
  await cancelRule(client.api, rule);
  process.stderr.write(`the rule ${rule.id} is ended\n`);
  await showRule(client, rule, locks, true, env, signal);
  return 0;
}

async function run(choices: Choices, env: Env, signal: AbortSignal): Promise<number> {
  const { did, rse, copies, lifetime } = choices;
  return withRucio(env, async (client) => {
    await client.getDid(did, signal);
    if (rse === null) {
      const rules = await rulesOf(client.api, did, signal);
      for (const rule of rules) print(rule, choices);
      if (rules.length === 0) process.stderr.write(`no rule is on ${didKey(did)} itself\n`);
      return 0;
    }
    const { account } = await client.whoami(signal);
    if (choices.cancel) return cancel(client, choices, account, env, signal);
    const wish = { account, rseExpression: rse, copies, lifetime };
    const { rule, isNew } = await ensureRule(client.api, did, wish, signal);
    process.stderr.write(
      isNew ? `Rucio took the order, rule ${rule.id}\n` : `the rule ${rule.id} was there\n`,
    );
    // The documents tell the order as long as it is waited for, too.
    const look = async (now: Rule) =>
      showRule(client, now, await locksOf(client.api, now.id, signal), false, env, signal);
    if (!choices.wait || ENDS.includes(rule.state)) {
      print(rule, choices);
      await look(rule);
      return choices.wait && !isThere(rule) ? 1 : 0;
    }
    process.stderr.write(ruleLine(rule));
    await look(rule);
    const last = await waitFor(client, rule, signal);
    print(last, choices);
    if (signal.aborted) return 130;
    await look(last);
    return isThere(last) ? 0 : 1;
  });
}

export const request: Command = {
  summary: 'ask the lake for copies of a DID at an RSE',
  help: HELP,
  options: {
    rse: { type: 'string' },
    copies: { type: 'string' },
    lifetime: { type: 'string' },
    wait: { type: 'boolean' },
    cancel: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  names: 1,
  async run(words, env) {
    const choices = readChoices(words);
    return untilSignal((signal) => run(choices, env, signal), null);
  },
};
