/** Options of a command that name which Items it takes. */
import { messageOf, UserError } from '../errors.ts';
import { parseBbox } from '../geo/bbox.ts';
import type { Filters } from '../load/stac-api.ts';
import { parseDatetime } from '../stac/datetime.ts';
import type { Words } from './command.ts';

/** @throws UserError for what is none */
function checked<Value>(check: () => Value): Value {
  try {
    return check();
  } catch (error) {
    throw new UserError(`--${messageOf(error)}.`);
  }
}

/** @throws UserError */
export function readFilters(options: Words['options']): Filters {
  const text = (name: string) => (typeof options[name] === 'string' ? (options[name] as string) : null);
  const [bbox, datetime, limit] = [text('bbox'), text('datetime'), text('limit')];
  if (bbox !== null) checked(() => parseBbox(bbox));
  if (datetime !== null) checked(() => parseDatetime(datetime));
  if (limit !== null && !/^[1-9]\d{0,14}$/.test(limit))
    throw new UserError(`--limit is "${limit}"; give a whole number from 1.`);
  return {
    collections: text('collections')?.split(',') ?? null,
    bbox: bbox?.split(',').map(Number) ?? null,
    datetime,
    limit: limit === null ? null : Number(limit),
  };
}
