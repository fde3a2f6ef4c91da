/** Found documents -> rows, or what is wrong with each. */
import { ApiError, messageOf } from '../errors.ts';
import { completeItem } from '../stac/complete.ts';
import { type CollectionRow, type ItemRow, toCollectionRow, toItemRow } from '../stac/item.ts';
import { memberTexts } from '../stac/json-text.ts';
import { withMark } from '../stac/link.ts';
import type { Validator } from '../stac/validate.ts';
import type { Found } from './found.ts';

export interface Candidate {
  place: string;
  /** `collection/id` where they are known, for reports. */
  name: string | null;
  row: ItemRow | CollectionRow | null;
  fault: string | null;
  /** Of what was found. */
  key?: string;
}

export interface ToRows {
  /** Collection of Items that name none. */
  collection: string | null;
  /** Public address that stands for the mark of our own; null: none is known. */
  base: string | null;
}

export const isItem = (row: ItemRow | CollectionRow): row is ItemRow => 'collection' in row;

function typeIn(text: string): unknown {
  const type = memberTexts(text).get('type');
  return type === undefined ? undefined : JSON.parse(type);
}

/** The Collection of an Item: as it says, else as its source does, else as the command does. */
function homeOf(text: string, otherwise: string | undefined): string | undefined {
  const own = memberTexts(text).get('collection');
  return own === undefined || own === 'null' ? otherwise : undefined;
}

function toRow(text: string, home: string | undefined, base: string | null): ItemRow | CollectionRow {
  JSON.parse(text);
  const marked = base === null ? text : withMark(text, base);
  const type = text.startsWith('{') ? typeIn(text) : undefined;
  if (type === 'Collection') return toCollectionRow(marked);
  const row = completeItem(marked);
  return toItemRow(row, text.startsWith('{') ? homeOf(text, home) : home);
}

export function toCandidate(found: Found, { collection, base }: ToRows): Candidate {
  const { place } = found;
  if ('fault' in found) return { place, name: null, row: null, fault: found.fault };
  const home = found.collection ?? collection ?? undefined;
  const key = found.key === undefined ? {} : { key: found.key };
  try {
    const row = toRow(found.text.trim(), home, base);
    return { place, name: isItem(row) ? `${row.collection}/${row.id}` : row.id, row, fault: null, ...key };
  } catch (error) {
    if (!(error instanceof ApiError) && !(error instanceof SyntaxError)) throw error;
    const isHomeless = error instanceof ApiError && error.parameter === 'collection' && home === undefined;
    const hint = isHomeless ? '; --collection names one for Items without' : '';
    const what = error instanceof ApiError ? error.message : `it is not JSON: ${messageOf(error)}`;
    return { place, name: null, row: null, fault: `${what}${hint}`, ...key };
  }
}

/** Marks those that are not valid by the schemas. */
export async function checkCandidates(candidates: Candidate[], validator: Validator): Promise<void> {
  const sound = candidates.filter(({ row }) => row !== null);
  const documents = sound.map(({ row }) => JSON.parse((row as ItemRow).content) as object);
  const faults = await validator.validate(documents);
  for (const [index, fault] of faults.entries()) {
    const candidate = sound[index];
    if (fault && candidate) [candidate.row, candidate.fault] = [null, fault];
  }
}
