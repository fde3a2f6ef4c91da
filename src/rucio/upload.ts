/**
 * Local files -> DIDs with a replica at an RSE. In an order in which nothing is said to be there that is not: the replica is
 * registered as COPYING, the bytes go to a name of the upload and are renamed once they are whole, then it is AVAILABLE, and
 * then it is in the dataset. Whatever a run that was ended has left, the next takes on. Bytes of somebody else are not
 * overwritten: Rucio keeps the sums of who registers a name first, and where that comes last, the place has to be free.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import type { RucioClient } from './connect.ts';
import { ReplicaFault } from './fetch/replica-fault.ts';
import { didKey } from './resolve.ts';
import { endsSoon, ensureRule, type RuleWish, rulesOf } from './rules.ts';
import type { Did } from './types.ts';
import {
  addMetadata,
  addReplica,
  attach,
  ensureDataset,
  type FileDid,
  maySetStates,
  mustAddReplicas,
  setReplicaState,
} from './upload-did.ts';
import { openDoor } from './upload-door.ts';
import { type Look, NOTHING } from './upload-look.ts';
import { openWriteRse, type WriteRse } from './upload-rse.ts';
import { Occupied, StorageFault } from './upload-storage.ts';

export interface UploadFile extends FileDid {
  /** Where it is on this machine. */
  path: string;
  metadata: Record<string, unknown>;
}

/** What Rucio knows of files that are to be uploaded. */
interface Standing {
  /** By `scope:name`; null: Rucio does not know the file. */
  known: { bytes: number | null; adler32: string | null; md5: string | null } | null;
  /** Of the replica at the RSE, in Rucio's words; null: there is none. */
  state: string | null;
  metadata: Record<string, unknown>;
}

export interface UploadTarget {
  client: RucioClient;
  rse: WriteRse;
  /** May say that a replica is there; else it is registered only once it is. */
  mayAnnounce: boolean;
  /** Holds each file that is in no dataset, or the dataset. */
  rule: RuleWish;
  dataset: Did | null;
  /** Files that the dataset has, by `scope:name`. */
  attached: Set<string>;
}

export interface UploadOptions {
  signal: AbortSignal;
  /** Bytes of the running attempt. */
  onProgress(bytes: number): void;
}

/** Times that a passing fault of the storage is met with another attempt, and the pause before each, in milliseconds. */
const ROUNDS = 3;
const PAUSE = 1000;

/**
 * Finds out whether and how files can be written, before any is.
 * @throws UserError
 */
export async function openTarget(
  client: RucioClient,
  rse: string,
  { dataset, lifetime }: { dataset: Did | null; lifetime: number | null },
  signal: AbortSignal,
): Promise<UploadTarget> {
  const { api } = client;
  const [{ account }, write] = await Promise.all([client.whoami(signal), openWriteRse(api, rse, signal)]);
  const mayAnnounce = await maySetStates(api, rse, signal);
  if (!mayAnnounce) await mustAddReplicas(api, rse, signal);
  const rule = { account, rseExpression: rse, copies: 1, lifetime };
  return { client, rse: write, mayAnnounce, rule, dataset, attached: new Set() };
}

/**
 * Makes the target's dataset, held at the RSE by a rule, or takes the one there is; learns which files it has.
 * @throws UserError
 */
export async function prepareDataset(
  { client, dataset, rule, attached }: UploadTarget,
  metadata: Record<string, unknown>,
  signal: AbortSignal,
): Promise<void> {
  if (dataset === null) return;
  const { api } = client;
  const isNew = await ensureDataset(api, dataset, rule, signal);
  const known = isNew ? {} : ((await client.metadata([dataset], { signal })).get(didKey(dataset)) ?? {});
  await addMetadata(api, dataset, metadata, known, signal);
  if (isNew) return;
  const rules = await rulesOf(api, dataset, signal);
  if (!rules.some((each) => each.rseExpression === rule.rseExpression && !endsSoon(each)))
    await ensureRule(api, dataset, rule, signal);
  for (const child of await client.children(dataset, signal)) attached.add(didKey(child));
}

/** What Rucio has by the name of a file, and the state of its replica at the RSE. */
async function registeredOf(
  { client, rse }: UploadTarget,
  file: Did,
  signal: AbortSignal,
): Promise<Omit<Standing, 'metadata'>> {
  const key = didKey(file);
  const line = (await client.listReplicas([file], { allStates: true, signal })).get(key);
  // A file without any replica is not listed.
  const known = line ?? (await client.getDid(file, signal).catch(unlessUnknown));
  if (known && 'type' in known && known.type !== 'FILE')
    throw new UserError(`${key} is a ${known.type.toLowerCase()} in Rucio; give the file another name.`);
  const state = line?.replicas.find((replica) => replica.rse === rse.rse)?.state ?? null;
  return { known, state };
}

async function standingOf(target: UploadTarget, file: Did, signal: AbortSignal): Promise<Standing> {
  const registered = await registeredOf(target, file, signal);
  if (registered.known === null) return { ...registered, metadata: {} };
  const metadata = (await target.client.metadata([file], { signal })).get(didKey(file)) ?? {};
  return { ...registered, metadata };
}

function unlessUnknown(error: unknown): null {
  if ((error as { exceptionClass?: unknown }).exceptionClass === 'DataIdentifierNotFound') return null;
  throw error;
}

/** Rucio takes contradicting sums without a word, so they are compared here. */
function mustBeSame(file: UploadFile, { known }: Pick<Standing, 'known'>): void {
  if (known === null) return;
  const differs = (['bytes', 'adler32', 'md5'] as const).find(
    (field) => known[field] !== null && known[field] !== file[field],
  );
  if (differs === undefined) return;
  throw new UserError(
    `${didKey(file)} is in Rucio with other content (${differs} ${known[differs]}, the file's is ${file[differs]}), and files are never changed there; give it another name.`,
  );
}

const isFault = (error: unknown): error is StorageFault | ReplicaFault =>
  error instanceof StorageFault || error instanceof ReplicaFault;

const occupied = ({ rse }: UploadTarget, file: UploadFile, reason: string) =>
  new UserError(
    `${didKey(file)} is not in Rucio, and yet the storage of ${rse.rse} has another file in its place (${reason}); nothing was overwritten: give the file another name, or have what is there deleted.`,
  );

/** What lies in the file's place, by the first door that tells; where none does, writing will tell why. */
async function lookAtDoors(target: UploadTarget, file: UploadFile, options: UploadOptions): Promise<Look> {
  for (const door of target.rse.doors) {
    try {
      return await (await openDoor(target.client, target.rse, door, file, options)).look();
    } catch (error) {
      if (!isFault(error)) throw error;
    }
  }
  return NOTHING;
}

/** @param isExclusive Rucio does not know the file: what is in its place is somebody's, who may have begun at the same time */
async function putAtDoors(
  target: UploadTarget,
  file: UploadFile,
  isExclusive: boolean,
  options: UploadOptions,
): Promise<void> {
  const { client, rse } = target;
  const { signal } = options;
  const faults: string[] = [];
  for (const each of rse.doors) {
    for (let round = 0; round < ROUNDS; round++) {
      if (round > 0) await sleep(PAUSE * 2 ** (round - 1), undefined, { signal });
      try {
        const door = await openDoor(client, rse, each, file, options);
        // Another run with the same bytes may have been first.
        if (round > 0 && (await door.look()).is === 'same') return;
        return await door.put(isExclusive).catch(async (error: unknown) => {
          if (!(error instanceof Occupied)) throw error;
          const look = await door.look();
          // It came there by an attempt whose answer was lost.
          if (look.is !== 'same')
            throw occupied(target, file, 'reason' in look ? look.reason : error.message);
        });
      } catch (error) {
        if (!isFault(error)) throw error;
        if (round === 0 || !error.passing) faults.push(`${each.scheme}: ${error.message}`);
        if (!error.passing) break;
      }
    }
  }
  throw new UserError(
    `${didKey(file)} cannot be written to the storage of ${rse.rse} (${[...new Set(faults)].join('; ')}); run the same command again to continue, or give another RSE.`,
  );
}

/** @returns whether bytes went to the RSE; false: they were there */
export async function uploadFile(
  target: UploadTarget,
  file: UploadFile,
  options: UploadOptions,
): Promise<boolean> {
  const { client, rse, mayAnnounce, dataset, rule, attached } = target;
  const { api } = client;
  const { signal } = options;
  const standing = await standingOf(target, file, signal);
  mustBeSame(file, standing);
  const isThere = standing.state === 'AVAILABLE';
  const isAnnounced = standing.state !== null;
  if (isAnnounced && !isThere && !mayAnnounce)
    throw new UserError(
      `${didKey(file)} is ${standing.state} at ${rse.rse} in Rucio, and your account may not change that; ask Rucio's administrators.`,
    );
  // Bytes that an ended run has put there are not sent again; those of somebody else stay.
  const found = isThere ? null : await lookAtDoors(target, file, options);
  if (found?.is === 'other' && standing.known === null) throw occupied(target, file, found.reason);
  const isToPut = found !== null && found.is !== 'same';
  const told = async () => {
    await addMetadata(api, file, file.metadata, standing.metadata, signal);
    if (dataset === null) await ensureRule(api, file, rule, signal);
  };
  if (mayAnnounce && !isThere) {
    if (!isAnnounced) {
      await addReplica(api, rse.rse, file, 'C', signal);
      // Somebody may have registered other bytes by this name at the same time: Rucio keeps the first, without a word.
      mustBeSame(file, await registeredOf(target, file, signal));
    }
    await told();
  }
  if (isToPut) await putAtDoors(target, file, standing.known === null && !mayAnnounce, options);
  signal.throwIfAborted();
  if (mayAnnounce && !isThere) await setReplicaState(api, rse.rse, file, 'A', signal);
  else {
    if (!isThere) {
      mustBeSame(file, await registeredOf(target, file, signal));
      await addReplica(api, rse.rse, file, 'A', signal);
      mustBeSame(file, await registeredOf(target, file, signal));
    }
    await told();
  }
  if (dataset !== null && !attached.has(didKey(file))) {
    await attach(api, dataset, [file], signal);
    attached.add(didKey(file));
  }
  return isToPut;
}
