/** The operators of CQL2 by their JSON names, and which kinds of arguments each takes. OGC CQL2 1.0, Annex B and schema cql2.yml. */

/** What an expression is, as far as it can be told without the data: a property or function may be anything. */
export type Kind = 'any' | 'boolean' | 'number' | 'string' | 'instant' | 'interval' | 'geometry' | 'array';

const COMPARISON = ['=', '<>', '<', '<=', '>', '>='];
const ARITHMETIC = ['+', '-', '*', '/', '%', 'div', '^'];
const SPATIAL = ['contains', 'crosses', 'disjoint', 'equals', 'intersects', 'overlaps', 'touches', 'within'];
const TEMPORAL = [
  'after',
  'before',
  'contains',
  'disjoint',
  'during',
  'equals',
  'finishedBy',
  'finishes',
  'intersects',
  'meets',
  'metBy',
  'overlappedBy',
  'overlaps',
  'startedBy',
  'starts',
];
const ARRAY = ['containedBy', 'contains', 'equals', 'overlaps'];

export interface Operator {
  /** What it gives. */
  gives: Kind;
  /** The accepted kinds of each argument. */
  takes: readonly (readonly Kind[])[];
}

const SCALAR: readonly Kind[] = ['string', 'number', 'boolean', 'instant'];

function table(): Map<string, Operator> {
  const operators = new Map<string, Operator>();
  const add = (names: string[], gives: Kind, ...takes: (readonly Kind[])[]) => {
    for (const name of names) operators.set(name, { gives, takes });
  };
  add(COMPARISON, 'boolean', SCALAR, SCALAR);
  add(['not'], 'boolean', ['boolean']);
  add(['like'], 'boolean', ['string'], ['string']);
  // The standard has numbers only; instants and text are compared as >= and <= do.
  const ordered: Kind[] = ['number', 'string', 'instant'];
  add(['between'], 'boolean', ordered, ordered, ordered);
  add(['in'], 'boolean', SCALAR, ['array']);
  add(['isNull'], 'boolean', [...SCALAR, 'interval', 'geometry']);
  add(['casei', 'accenti'], 'string', ['string']);
  add(ARITHMETIC, 'number', ['number'], ['number']);
  add(
    SPATIAL.map((name) => `s_${name}`),
    'boolean',
    ['geometry'],
    ['geometry'],
  );
  const time: Kind[] = ['instant', 'interval'];
  add(
    TEMPORAL.map((name) => `t_${name}`),
    'boolean',
    time,
    time,
  );
  add(
    ARRAY.map((name) => `a_${name}`),
    'boolean',
    ['array'],
    ['array'],
  );
  return operators;
}

/** Every operator but `and` and `or`, which take any number of booleans. */
export const OPERATORS: ReadonlyMap<string, Operator> = table();

const BY_LOWER = new Map(['and', 'or', ...OPERATORS.keys()].map((name) => [name.toLowerCase(), name]));

/** The JSON name of an operator written in any case; null: it is none. */
export const operatorName = (name: string): string | null => BY_LOWER.get(name.toLowerCase()) ?? null;

export const isComparison = (op: string): boolean => COMPARISON.includes(op);
export const isArithmetic = (op: string): boolean => ARITHMETIC.includes(op);
