/** Replication rules: what was asked for, made once, and how far it is. Rucio REST: /rules, /dids/{s}/{n}/rules. */
import { UserError } from '../errors.ts';
import { type Api, didPath } from './api.ts';
import { RucioError } from './faults.ts';
import type { Did } from './types.ts';

/** OK, REPLICATING, STUCK, SUSPENDED, WAITING_APPROVAL, INJECT */
export type RuleState = string;

export interface Rule extends Did {
  id: string;
  account: string;
  rseExpression: string;
  copies: number;
  state: RuleState;
  locks: { ok: number; replicating: number; stuck: number };
  /** RFC 3339, UTC. */
  created: string | null;
  expires: string | null;
  /** Why it is stuck, in Rucio's words. */
  error: string | null;
}

export interface RuleWish {
  account: string;
  rseExpression: string;
  copies: number;
  /** Seconds; null: for ever. */
  lifetime: number | null;
  comment?: string;
}

export interface Lock extends Did {
  rse: string;
  /** OK, REPLICATING, STUCK */
  state: string;
}

type Row = Record<string, unknown>;

/** "Mon, 23 Nov 2026 15:26:54 UTC" -> RFC 3339. */
function instant(value: unknown): string | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? null : new Date(time).toISOString().replace(/\.000Z$/, 'Z');
}

function toRule(row: Row): Rule {
  return {
    scope: String(row.scope),
    name: String(row.name),
    id: String(row.id),
    account: String(row.account),
    rseExpression: String(row.rse_expression),
    copies: Number(row.copies),
    state: String(row.state),
    locks: {
      ok: Number(row.locks_ok_cnt ?? 0),
      replicating: Number(row.locks_replicating_cnt ?? 0),
      stuck: Number(row.locks_stuck_cnt ?? 0),
    },
    created: instant(row.created_at),
    expires: instant(row.expires_at),
    error: typeof row.error === 'string' && row.error !== '' ? row.error : null,
  };
}

/** Rules on a DID itself, whoever made them. */
export async function rulesOf(api: Api, { scope, name }: Did, signal?: AbortSignal): Promise<Rule[]> {
  return ((await api.getList(`${didPath(scope, name)}/rules`, { signal })) as Row[]).map(toRule);
}

/** A rule, or null where there is none any more. */
export async function getRule(api: Api, id: string, signal?: AbortSignal): Promise<Rule | null> {
  try {
    return toRule((await api.getJson(`/rules/${encodeURIComponent(id)}`, { signal })) as Row);
  } catch (error) {
    if (error instanceof RucioError && error.exceptionClass === 'RuleNotFound') return null;
    throw error;
  }
}

/** Each file that a rule holds, at each RSE where it holds it. */
export async function locksOf(api: Api, id: string, signal?: AbortSignal): Promise<Lock[]> {
  const rows = (await api.getList(`/rules/${encodeURIComponent(id)}/locks`, { signal })) as Row[];
  return rows.map((row) => ({
    scope: String(row.scope),
    name: String(row.name),
    rse: String(row.rse),
    state: String(row.state),
  }));
}

/** Rucio takes no second rule with these the same. */
export const isSame = (rule: Rule, { account, rseExpression, copies }: RuleWish): boolean =>
  rule.account === account && rule.rseExpression === rseExpression && rule.copies === copies;

/** Rucio ends a rule an hour after that was asked for. */
export const endsSoon = ({ expires }: Rule) =>
  expires !== null && Date.parse(expires) - Date.now() <= 3_600_000;

/**
 * Makes a rule, or finds the same one.
 * @throws UserError that says why Rucio does not make it
 */
export async function ensureRule(
  api: Api,
  did: Did,
  wish: RuleWish,
  signal?: AbortSignal,
): Promise<{ rule: Rule; isNew: boolean }> {
  const find = async () => (await rulesOf(api, did, signal)).find((rule) => isSame(rule, wish));
  const before = await find();
  if (before && !endsSoon(before)) return { rule: before, isNew: false };
  // One that is at its end, or was ended, is kept for as long as is asked now.
  if (before) {
    const options = { lifetime: wish.lifetime };
    await api.send(`/rules/${encodeURIComponent(before.id)}`, { method: 'PUT', body: { options }, signal });
    return { rule: (await find()) ?? before, isNew: false };
  }
  const { account, rseExpression, copies, lifetime, comment } = wish;
  const body = {
    dids: [{ scope: did.scope, name: did.name }],
    account,
    copies,
    rse_expression: rseExpression,
    lifetime,
    ...(comment !== undefined && { comment }),
  };
  try {
    await api.send('/rules/', { body, signal });
  } catch (error) {
    if (!(error instanceof RucioError) || error.exceptionClass !== 'DuplicateRule')
      throw ruleFault(error, did, wish);
  }
  const made = await find();
  if (made) return { rule: made, isNew: true };
  throw new UserError(
    `Rucio took the rule on ${did.scope}:${did.name} and does not list it; try again in a moment.`,
  );
}

/** Ends a rule: Rucio lets go of the replicas that no other rule holds. */
export async function cancelRule(api: Api, rule: Rule, signal?: AbortSignal): Promise<void> {
  const body = { purge_replicas: false };
  await api.send(`/rules/${encodeURIComponent(rule.id)}`, { method: 'DELETE', body, signal });
}

/** Rucio's refusal of a rule as a sentence that says what to do; other errors as they are. */
export function ruleFault(error: unknown, { scope, name }: Did, wish: RuleWish): unknown {
  if (!(error instanceof RucioError)) return error;
  const { account, rseExpression, copies } = wish;
  const did = `${scope}:${name}`;
  const tell = (sentence: string) => new RucioError(error.status, error.exceptionClass, sentence);
  switch (error.exceptionClass) {
    case 'InsufficientAccountLimit':
      return tell(
        `The account ${account} has not enough quota at ${rseExpression} for ${did}; ask Rucio's administrators for more, or give another RSE.`,
      );
    case 'InvalidRSEExpression':
      return tell(
        `No RSE fits "${rseExpression}"; give the name of one, or an expression such as country=IT.`,
      );
    case 'InsufficientTargetRSEs':
      return tell(
        `"${rseExpression}" has fewer RSEs than ${copies} copies need; ask for fewer, or widen it.`,
      );
    case 'StagingAreaRuleRequiresLifetime':
      return tell(
        `${rseExpression} is a staging area, where rules need a lifetime; give --lifetime, such as 7d.`,
      );
    case 'ScratchDiskLifetimeConflict':
      return tell(
        `${rseExpression} is scratch space, where rules live for a while only; give a shorter --lifetime.`,
      );
    case 'RSEWriteBlocked':
    case 'ResourceTemporaryUnavailable':
      return tell(`${rseExpression} is closed for writing now; try later, or give another RSE.`);
    default:
      return error;
  }
}
