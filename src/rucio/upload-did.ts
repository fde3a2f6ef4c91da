/** What Rucio is told of a file that is uploaded: its DID and replica, its metadata, the dataset that holds it. Each step can be repeated. */
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { type Api, didPath } from './api.ts';
import { RucioError } from './faults.ts';
import { getDid } from './resolve.ts';
import { type RuleWish, ruleFault } from './rules.ts';
import type { Did } from './types.ts';

export interface FileDid extends Did {
  bytes: number;
  /** 8 hex digits. */
  adler32: string;
  /** 32 hex digits. */
  md5: string;
}

/** C: under way, not to be read; A: there. */
export type ReplicaState = 'C' | 'A';

const classOf = (error: unknown) => (error instanceof RucioError ? error.exceptionClass : '');

/** Times that a step is repeated, and the pause before the first, in milliseconds. */
const REPEATS = 3;
const PAUSE = 100;

/** Of two who do the same at the same moment, Rucio's database refuses one (status 500): the step is repeated, and finds it done. */
const isCollision = (error: unknown) =>
  error instanceof RucioError &&
  error.status === 500 &&
  (error.exceptionClass === 'DatabaseException' || /unique|duplicate/i.test(error.message));

async function repeatable<T>(step: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let repeat = 0; ; repeat++) {
    try {
      return await step();
    } catch (error) {
      if (repeat === REPEATS || !isCollision(error)) throw error;
      await sleep(PAUSE * 2 ** repeat * (1 + Math.random()), undefined, signal && { signal });
    }
  }
}

/** A refusal in the words of who uploads. */
export function uploadFault(error: unknown, { scope, name }: Did): unknown {
  if (!(error instanceof RucioError)) return error;
  const tell = (sentence: string) => new RucioError(error.status, error.exceptionClass, sentence);
  switch (error.exceptionClass) {
    case 'ScopeNotFound':
      return tell(`There is no scope "${scope}" in Rucio; "rucio-stac ls" lists those there are.`);
    case 'InvalidObject':
      return tell(
        `Rucio does not take ${JSON.stringify(`${scope}:${name}`)} as a name: letters, digits and / . - _ are taken, at most 250 of them.`,
      );
    case 'UnsupportedOperation':
      return tell(
        `Rucio does not do this to ${scope}:${name}: ${error.message.replace(/^Rucio refused .*?\), /, '')}`,
      );
    default:
      return error;
  }
}

/**
 * Makes file DID and replica; one that is there already stays as it is, whatever is told of it here.
 * @throws UserError
 */
export async function addReplica(
  api: Api,
  rse: string,
  file: FileDid,
  state: ReplicaState,
  signal?: AbortSignal,
): Promise<void> {
  const { scope, name, bytes, adler32, md5 } = file;
  const files = [{ scope, name, bytes, adler32, md5, state }];
  try {
    const body = { rse, files, ignore_availability: false };
    await repeatable(() => api.send('/replicas', { body, signal }), signal);
  } catch (error) {
    throw uploadFault(error, file);
  }
}

export async function setReplicaState(
  api: Api,
  rse: string,
  { scope, name }: Did,
  state: ReplicaState,
  signal?: AbortSignal,
): Promise<void> {
  const body = { rse, files: [{ scope, name, state }] };
  await repeatable(() => api.send('/replicas', { method: 'PUT', body, signal }), signal);
}

/** Whether the account may say that a replica is there now. Of no replica, so nothing changes. */
export async function maySetStates(api: Api, rse: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await api.send('/replicas', { method: 'PUT', body: { rse, files: [] }, signal });
    return true;
  } catch (error) {
    if (classOf(error) === 'AccessDenied') return false;
    throw error;
  }
}

/** @throws RucioError AccessDenied when the account may add no replicas at an RSE. Adds none. */
export async function mustAddReplicas(api: Api, rse: string, signal?: AbortSignal): Promise<void> {
  try {
    await api.send('/replicas', { body: { rse, files: [] }, signal });
  } catch (error) {
    // An empty list gets no further than past the permissions.
    if (['AccessDenied', 'CannotAuthenticate', ''].includes(classOf(error))) throw error;
  }
}

/** Adds what is not there yet: what people have corrected stays. */
export async function addMetadata(
  api: Api,
  { scope, name }: Did,
  wanted: Record<string, unknown>,
  known: Record<string, unknown>,
  signal?: AbortSignal,
): Promise<void> {
  const missing = Object.entries(wanted).filter(
    ([key, value]) => value !== null && !Object.hasOwn(known, key),
  );
  if (missing.length === 0) return;
  const body = { meta: Object.fromEntries(missing), recursive: false };
  try {
    await repeatable(() => api.send(`${didPath(scope, name)}/meta`, { body, signal }), signal);
  } catch (error) {
    // A server on a database without JSON keeps none.
    if (classOf(error) !== 'InvalidMetadata') throw error;
  }
}

/** Containers that hold a DID directly. */
export async function containersOf(api: Api, { scope, name }: Did, signal?: AbortSignal): Promise<Did[]> {
  const rows = (await api.getList(`${didPath(scope, name)}/parents`, { signal })) as Record<
    string,
    unknown
  >[];
  return rows
    .filter(({ type }) => type === 'CONTAINER')
    .map((row) => ({ scope: String(row.scope), name: String(row.name) }));
}

/** @throws UserError when the dataset or container cannot take them */
export async function attach(
  api: Api,
  dataset: Did,
  dids: readonly Did[],
  signal?: AbortSignal,
): Promise<void> {
  const { scope, name } = dataset;
  const attachments = [{ scope, name, dids: dids.map((each) => ({ scope: each.scope, name: each.name })) }];
  try {
    const body = { ignore_duplicate: true, attachments };
    await repeatable(() => api.send('/dids/attachments', { body, signal }), signal);
  } catch (error) {
    if (['DuplicateContent', 'FileAlreadyExists'].includes(classOf(error))) return;
    throw uploadFault(error, dataset);
  }
}

/** Takes files out of a dataset; one that is not in it is no fault. @throws RucioError */
export async function detach(
  api: Api,
  dataset: Did,
  dids: readonly Did[],
  signal?: AbortSignal,
): Promise<void> {
  const body = { dids: dids.map(({ scope, name }) => ({ scope, name })) };
  try {
    const path = `${didPath(dataset.scope, dataset.name)}/dids`;
    await api.send(path, { method: 'DELETE', body, signal });
  } catch (error) {
    if (classOf(error) !== 'DataIdentifierNotFound') throw error;
  }
}

/**
 * Makes a dataset with a rule that holds it at an RSE, in one step; one that is there and open is taken as it is.
 * @returns true when it is new
 * @throws UserError
 */
export async function ensureDataset(
  api: Api,
  dataset: Did,
  rule: RuleWish,
  signal?: AbortSignal,
): Promise<boolean> {
  const { account, rseExpression, copies, lifetime } = rule;
  const rules = [{ account, copies, rse_expression: rseExpression, grouping: 'DATASET', lifetime }];
  const body = { type: 'DATASET', statuses: { monotonic: false }, meta: {}, rules, lifetime: null };
  try {
    await repeatable(() => api.send(didPath(dataset.scope, dataset.name), { body, signal }), signal);
    return true;
  } catch (error) {
    if (!['DataIdentifierAlreadyExists', 'Duplicate'].includes(classOf(error)))
      throw uploadFault(ruleFault(error, dataset, rule), dataset);
  }
  const { type, open } = await getDid(api, dataset, signal);
  const label = `${dataset.scope}:${dataset.name}`;
  if (type !== 'DATASET')
    throw new UserError(`${label} is a ${type.toLowerCase()} in Rucio, not a dataset; give another name.`);
  if (open === false)
    throw new UserError(
      `The dataset ${label} is closed in Rucio, so nothing can be added; give another name.`,
    );
  return false;
}
