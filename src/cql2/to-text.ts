/** Expression -> CQL2 text that reads back as the same Expression. OGC CQL2 1.0, Annex B. */
import type { Geometry } from '../geo/geometry.ts';
import {
  type Expression,
  isArray,
  isBbox,
  isDecimal,
  isGeometry,
  isInterval,
  isOperation,
  isProperty,
  type Operation,
} from './ast.ts';
import { isArithmetic, isComparison } from './operators.ts';
import { needsQuotes } from './parse-text.ts';

const CONTROLS: Record<string, string> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  "'": "''",
  '\\': '\\\\',
};

const literal = (text: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the standard escapes these.
  `'${text.replace(/[\x07-\r'\\]/g, (char) => CONTROLS[char] as string)}'`;

const name = (text: string) => (needsQuotes(text) ? `"${text.replaceAll('"', '""')}"` : text);

function coordinates(value: unknown, isPosition: boolean): string {
  const list = value as unknown[];
  if (typeof list[0] === 'number') return isPosition ? list.join(' ') : `(${list.join(' ')})`;
  const isLine = Array.isArray(list[0]) && typeof list[0][0] === 'number';
  return `(${list.map((part) => coordinates(part, isLine)).join(', ')})`;
}

function wkt({ type, coordinates: places, geometries }: Geometry): string {
  const tag = type.toUpperCase();
  if (geometries) return `${tag}(${geometries.map(wkt).join(', ')})`;
  const first = (places as unknown[]).flat(3);
  const isSolid = Array.isArray(places) && positionLength(places) === 3;
  if (type === 'MultiPoint') {
    const points = (places as number[][]).map((place) => `(${place.join(' ')})`);
    return `${tag}${isSolid ? ' Z' : ''}(${points.join(', ')})`;
  }
  return first.length === 0 ? tag : `${tag}${isSolid ? ' Z' : ''}${coordinates(places, false)}`;
}

function positionLength(places: unknown[]): number {
  return Array.isArray(places[0]) ? positionLength(places[0]) : places.length;
}

/** How tight an operator binds; an operand that binds looser stands in parentheses. */
function bindingOf(expression: Expression): number {
  if (!isOperation(expression)) return 9;
  const { op } = expression;
  if (op === 'or') return 1;
  if (op === 'and') return 2;
  if (op === 'not') return 3;
  if (isComparison(op) || ['like', 'between', 'in', 'isNull'].includes(op)) return 4;
  if (op === '+' || op === '-') return 5;
  if (op === '^') return 7;
  return isArithmetic(op) ? 6 : 9;
}

function operand(expression: Expression, binding: number): string {
  const text = toText(expression);
  return bindingOf(expression) < binding ? `(${text})` : text;
}

function operation({ op, args }: Operation): string {
  const [first, second, third] = args as [Expression, Expression, Expression];
  const binding = bindingOf({ op, args });
  if (op === 'and' || op === 'or') {
    return args.map((arg) => operand(arg, binding + 1)).join(` ${op.toUpperCase()} `);
  }
  if (op === 'not') return `NOT ${operand(first, binding)}`;
  if (op === 'isNull') return `${operand(first, 5)} IS NULL`;
  if (op === 'like') return `${operand(first, 5)} LIKE ${operand(second, 5)}`;
  if (op === 'in') return `${operand(first, 5)} IN ${toText(second)}`;
  if (op === 'between') return `${operand(first, 5)} BETWEEN ${operand(second, 5)} AND ${operand(third, 5)}`;
  if (isComparison(op)) return `${operand(first, 5)} ${op} ${operand(second, 5)}`;
  if (op === '^') return `${operand(first, 8)} ^ ${operand(second, 8)}`;
  if (isArithmetic(op))
    return `${operand(first, binding)} ${op.toUpperCase()} ${operand(second, binding + 1)}`;
  return `${op}(${args.map(toText).join(', ')})`;
}

export function toText(expression: Expression): string {
  if (typeof expression === 'string') return literal(expression);
  if (typeof expression === 'boolean') return expression ? 'TRUE' : 'FALSE';
  if (typeof expression === 'number') return String(expression);
  if (isArray(expression)) return `(${expression.map(toText).join(', ')})`;
  if (isOperation(expression)) return operation(expression);
  if (isProperty(expression)) return name(expression.property);
  if (isDecimal(expression)) return expression.decimal;
  if (isInterval(expression)) return `INTERVAL(${expression.interval.map(toText).join(', ')})`;
  if (isBbox(expression)) return `BBOX(${expression.bbox.join(', ')})`;
  if (isGeometry(expression)) return wkt(expression);
  return 'date' in expression ? `DATE('${expression.date}')` : `TIMESTAMP('${expression.timestamp}')`;
}
