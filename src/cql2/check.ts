/** Whether each operator of a filter has the number and the kinds of arguments that it takes, and the filter its bounds. */
import { shown } from '../geo/shown.ts';
import {
  DEEPEST_FILTER,
  type Expression,
  filterFault,
  isArray,
  isBbox,
  isGeometry,
  isInstant,
  isInterval,
  isOperation,
  isProperty,
  MOST_NODES,
  type Operation,
  partsOf,
  tooDeep,
  tooLarge,
} from './ast.ts';
import { type Kind, OPERATORS } from './operators.ts';

function kindOf(expression: Expression): Kind {
  if (typeof expression !== 'object') return typeof expression as Kind;
  if (isArray(expression)) return 'array';
  if (isProperty(expression)) return 'any';
  if (isOperation(expression)) {
    if (expression.op === 'and' || expression.op === 'or') return 'boolean';
    return OPERATORS.get(expression.op)?.gives ?? 'any';
  }
  if (isInstant(expression)) return 'instant';
  if (isInterval(expression)) return 'interval';
  return isBbox(expression) || isGeometry(expression) ? 'geometry' : 'number';
}

const isPredicate = (expression: Expression) => isOperation(expression) && kindOf(expression) === 'boolean';

const times = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

function refuse(op: string, index: number, came: Expression, accepted: readonly Kind[]): never {
  throw filterFault(
    `filter: argument ${index + 1} of ${op} is ${shown(came)}; accepted are ${accepted.join(', ')}, a property or a function`,
  );
}

function checkList(list: Expression[]): void {
  if (list.length === 0) throw filterFault('filter: the list of in is empty; it has at least one value');
  for (const value of list) {
    const kind = kindOf(value);
    if (isPredicate(value) || !['any', 'string', 'number', 'boolean', 'instant'].includes(kind)) {
      throw filterFault(`filter: the list of in holds ${shown(value)}; accepted are scalar values`);
    }
  }
}

const PATTERN = ['casei', 'accenti'];

/** The second argument of `like`: text, or text in casei() and accenti(). @throws ApiError InvalidParameter */
function checkPattern(pattern: Expression): void {
  let inner = pattern;
  while (isOperation(inner) && PATTERN.includes(inner.op)) inner = inner.args[0] as Expression;
  if (typeof inner === 'string') return;
  throw filterFault(
    `filter: the pattern of like is ${shown(pattern)}; accepted are text, and text in casei() or accenti()`,
  );
}

function checkOperation({ op, args }: Operation): void {
  const isLogical = op === 'and' || op === 'or';
  const operator = isLogical
    ? { takes: args.map((): Kind[] => ['boolean']) }
    : (OPERATORS.get(op) ?? { takes: null });
  if (operator.takes === null) return;
  const { takes } = operator;
  if (takes.length !== args.length) {
    throw filterFault(`filter: ${op} takes ${times(takes.length, 'argument')}, not ${args.length}`);
  }
  for (const [index, accepted] of takes.entries()) {
    const arg = args[index] as Expression;
    const kind = kindOf(arg);
    // Of booleans, a comparison takes literals only; `x = (a and b)` is not in the grammar.
    const isOutOfPlace = isPredicate(arg) && !isLogical && op !== 'not' && op !== 'isNull';
    if ((kind !== 'any' && !accepted.includes(kind)) || isOutOfPlace) refuse(op, index, arg, accepted);
  }
  if (op === 'like') checkPattern(args[1] as Expression);
  if (op === 'in') checkList(args[1] as Expression[]);
  if (op === 'isNull' && isArray(args[0] as Expression)) refuse(op, 0, args[0] as Expression, ['string']);
}

/**
 * The filter as it came, when it is one.
 * @throws ApiError InvalidParameter
 */
export function checkFilter(filter: Expression): Expression {
  let nodes = 0;
  const visit = (expression: Expression, depth: number): void => {
    if (depth > DEEPEST_FILTER) throw tooDeep();
    if (++nodes > MOST_NODES) throw tooLarge();
    if (isOperation(expression)) checkOperation(expression);
    for (const part of partsOf(expression)) visit(part, depth + 1);
  };
  visit(filter, 1);
  const kind = kindOf(filter);
  if (kind === 'boolean' || kind === 'any') return filter;
  throw filterFault(
    `filter is ${shown(filter)}, which is neither true nor false of an Item; expected a predicate`,
  );
}
