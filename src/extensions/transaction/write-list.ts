/**
 * POST of many documents at once -> what became of each. Whole or not at all, unless `partial` is asked for.
 * STAC API Transaction, "POST": "the server should communicate this failure back to the client with an error status code".
 */
import { z } from 'zod';
import { inTransaction } from '../../db/retrying.ts';
import type { OnConflict } from '../../db/upsert-items.ts';
import { type Fate, writeMany } from '../../db/write-many.ts';
import { ApiError, type ErrorCode } from '../../errors.ts';
import { shown } from '../../geo/shown.ts';
import {
  type ApiRequest,
  type Context,
  PROBLEM_TYPE,
  type Reply,
  type RouteParameter,
} from '../../http/api.ts';
import { problemReply } from '../../http/problem.ts';
import type { CollectionRow, ItemRow, Json } from '../../stac/item.ts';
import { elementTexts, memberTexts } from '../../stac/json-text.ts';
import { JSON_TYPE } from '../../stac/media-type.ts';
import type { Kind } from './kind.ts';
import { faultsOf } from './write-one.ts';

const MODES = ['insert', 'upsert', 'skip'] as const satisfies OnConflict[];

export const listParameters: RouteParameter[] = [
  {
    name: 'mode',
    in: 'query',
    schema: z
      .enum(MODES)
      .describe(
        'Of many: what becomes of one that is there already. insert: a fault; upsert: it is written anew; skip: it stays',
      ),
  },
  {
    name: 'partial',
    in: 'query',
    schema: z.boolean().describe('Of many: those without a fault are written although others have one'),
  },
];

interface Options {
  mode: OnConflict;
  isPartial: boolean;
}

/** What became of one; `failed` has why, `id` is null where none could be read. */
interface Entry {
  index: number;
  id: string | null;
  status: Exclude<Fate, 'there'> | 'failed';
  code?: ErrorCode;
  reason?: string;
}

/** One document of the list: its row, or what is wrong with it. */
interface Candidate {
  index: number;
  id: string | null;
  row: ItemRow | CollectionRow | null;
  fault: ApiError | null;
}

/** Thrown out of a transaction, so that nothing of it stays. */
class Refused extends Error {
  readonly entries: Entry[];

  constructor(entries: Entry[]) {
    super('refused');
    this.entries = entries;
  }
}

function oneOf<Value extends string>(
  query: URLSearchParams,
  name: string,
  accepted: readonly Value[],
): Value {
  const all = query.getAll(name);
  const [value = accepted[0]] = all;
  if (all.length <= 1 && accepted.includes(value as Value)) return value as Value;
  throw new ApiError(
    'InvalidParameter',
    `${name} is ${shown(all.length > 1 ? all : value)}; accepted are ${accepted.join(', ')}`,
    name,
  );
}

/** @throws ApiError InvalidParameter */
export function readOptions(query: URLSearchParams): Options {
  const isPartial = oneOf(query, 'partial', ['false', 'true']) === 'true';
  return { mode: oneOf(query, 'mode', MODES), isPartial };
}

function idIn(text: string): string | null {
  if (!text.startsWith('{')) return null;
  const { id } = JSON.parse(text) as { id?: unknown };
  return typeof id === 'string' ? id : null;
}

function toCandidate(kind: Kind, text: string, index: number, { params, base }: ApiRequest): Candidate {
  const id = idIn(text);
  try {
    return { index, id, row: kind.toRow(text, params, base), fault: null };
  } catch (error) {
    if (error instanceof ApiError) return { index, id, row: null, fault: error };
    throw error;
  }
}

/** Marks those whose id came before in the list. */
function refuseTwins(candidates: Candidate[]): void {
  const first = new Map<string, number>();
  for (const candidate of candidates) {
    const { id, index } = candidate;
    const before = id === null ? undefined : first.get(id);
    if (id !== null && before === undefined) first.set(id, index);
    if (before === undefined) continue;
    candidate.fault ??= new ApiError(
      'InvalidDocument',
      `two have the id ${shown(id)}; the other is at ${before}`,
      'id',
    );
  }
}

async function checkAll(candidates: Candidate[], request: ApiRequest, context: Context): Promise<void> {
  refuseTwins(candidates);
  const sound = candidates.filter(({ fault }) => fault === null);
  const faults = await faultsOf(
    sound.flatMap(({ row }) => row ?? []),
    request,
    context,
  );
  for (const [at, candidate] of sound.entries()) {
    const fault = faults[at];
    if (fault) candidate.fault = new ApiError('InvalidDocument', fault);
  }
}

function toEntry({ index, id, fault }: Candidate, fates: Map<string, Fate>): Entry {
  if (fault) return { index, id, status: 'failed', code: fault.code, reason: fault.message };
  const fate = fates.get(id as string) as Fate;
  if (fate !== 'there') return { index, id, status: fate };
  return { index, id, status: 'failed', code: 'Conflict', reason: 'a document with this id exists already' };
}

/** Writes what is sound; all of it or nothing, unless partial. @throws Refused */
async function writeSound(
  candidates: Candidate[],
  { mode, isPartial }: Options,
  { database }: Context,
): Promise<Entry[]> {
  const isWhole = candidates.every(({ fault }) => fault === null);
  if (!isWhole && !isPartial)
    throw new Refused(candidates.filter(({ fault }) => fault).map((each) => toEntry(each, new Map())));
  const rows = candidates.flatMap(({ row, fault }) => (row && !fault ? [row] : []));
  return inTransaction(database.db, async (db) => {
    const fates = await writeMany(db, rows, mode);
    const entries = candidates.map((candidate) => toEntry(candidate, fates));
    const failed = entries.filter(({ status }) => status === 'failed');
    if (failed.length > 0 && !isPartial) throw new Refused(failed);
    return entries;
  });
}

const STATUSES = ['created', 'updated', 'unchanged', 'skipped', 'failed'] as const;

function toReport(entries: Entry[]): object {
  const counts = STATUSES.map((name) => [name, entries.filter(({ status }) => status === name).length]);
  return { ...Object.fromEntries(counts), results: entries };
}

/** The problem that faults of a list are, with the report of them. */
function refusal(kind: Kind, entries: Entry[], isPartial: boolean, request: ApiRequest): Reply {
  const failed = entries.filter(({ status }) => status === 'failed');
  const worst = failed.find(({ code }) => code !== 'Conflict') ?? (failed[0] as Entry);
  const name = ({ index, id }: Entry) => `${kind.list}[${index}]${id === null ? '' : ` ${shown(id)}`}`;
  const told = failed.slice(0, 3).map((entry) => `${name(entry)}: ${entry.reason?.slice(0, 200)}`);
  const more = failed.length > told.length ? `; and ${failed.length - told.length} more` : '';
  const rest = isPartial ? 'the others are written' : 'nothing is written';
  const error = new ApiError(worst.code as ErrorCode, `${told.join('; ')}${more}; ${rest}`, kind.list);
  const { status, body } = problemReply(error, kind.listPath(request.params));
  const problem = { ...(JSON.parse(body as string) as object), ...toReport(entries) };
  return { status, type: PROBLEM_TYPE, body: JSON.stringify(problem) };
}

/**
 * Writes the documents of a list.
 * @param body the request's, parsed
 * @throws ApiError InvalidBody
 */
export async function createMany(
  kind: Kind,
  body: Json,
  request: ApiRequest,
  context: Context,
  options: Options,
): Promise<Reply> {
  const list = memberTexts(request.text).get(kind.list);
  if (list === undefined || !Array.isArray(body[kind.list]))
    throw new ApiError(
      'InvalidBody',
      `${kind.list} is ${shown(body[kind.list])}; expected a list of documents`,
      kind.list,
    );
  const candidates = elementTexts(list).map((text, index) => toCandidate(kind, text, index, request));
  await checkAll(candidates, request, context);
  try {
    const entries = await writeSound(candidates, options, context);
    if (entries.some(({ status }) => status === 'failed')) return refusal(kind, entries, true, request);
    const isNew = options.mode === 'insert' || entries.some(({ status }) => status === 'created');
    return { status: isNew ? 201 : 200, type: JSON_TYPE, body: JSON.stringify(toReport(entries)) };
  } catch (error) {
    if (error instanceof Refused) return refusal(kind, error.entries, false, request);
    throw error;
  }
}
