/**
 * CQL2 text -> Expression. OGC CQL2 1.0, Annex B.
 *
 * One grammar of expressions is read, whatever they give, so that "(" needs no looking ahead; `check.ts` then tells
 * predicates from values. From loosest to tightest: OR; AND; NOT; comparisons; + -; * / % DIV; ^ (once); sign.
 * Beyond the grammar: a sign before parentheses, offsets in TIMESTAMP, nested geometry collections.
 */
import { checkText, type Expression, isDecimal, joined, type Operation } from './ast.ts';
import { checkFilter } from './check.ts';
import { isPlainName } from './lex.ts';
import { negated, readNumber } from './number.ts';
import { isComparison, operatorName } from './operators.ts';
import { Reader } from './reader.ts';
import { readBbox, readBound, readDate, readTimestamp } from './values.ts';
import { isGeometryName, readGeometry } from './wkt.ts';

/** Names that stand for themselves wherever they are; others only before "(". */
const RESERVED = ['AND', 'OR', 'NOT', 'LIKE', 'BETWEEN', 'IN', 'IS', 'NULL', 'TRUE', 'FALSE', 'DIV'];

/** Whether a name must be in double quotes to be a property. */
export const needsQuotes = (name: string): boolean =>
  !isPlainName(name) || RESERVED.includes(name.toUpperCase());

const INFIX_MARKS = ['=', '<>', '<', '<=', '>', '>=', '+', '-', '*', '/', '%', '^'];
const INFIX_NAMES = ['AND', 'OR', 'NOT', 'LIKE', 'BETWEEN', 'IN', 'IS', 'DIV'];

const negation = (operand: Expression): Operation => ({ op: 'not', args: [operand] });

function readChain(reader: Reader, op: string, read: () => Expression): Expression {
  const args = [read()];
  while (reader.takes(op)) args.push(read());
  return joined(op.toLowerCase(), args);
}

function readOr(reader: Reader): Expression {
  return readChain(reader, 'OR', () => readChain(reader, 'AND', () => readNot(reader)));
}

function readNot(reader: Reader): Expression {
  if (!reader.takes('NOT')) return readPredicate(reader);
  return reader.nested(() => negation(readNot(reader)));
}

function readPredicate(reader: Reader): Expression {
  const left = readSum(reader);
  return restOfPredicate(reader, left);
}

/** What may follow the first operand of a predicate. */
function restOfPredicate(reader: Reader, left: Expression): Expression {
  const { text, kind } = reader.peek;
  if (kind === 'mark' && isComparison(text)) {
    reader.next();
    return { op: text, args: [left, readSum(reader)] };
  }
  if (reader.takes('IS')) {
    const isNot = reader.takes('NOT');
    reader.name('NULL');
    const isNull = { op: 'isNull', args: [left] };
    return isNot ? negation(isNull) : isNull;
  }
  const isNot = reader.isName('NOT');
  if (isNot) reader.next();
  const found = readListed(reader, left);
  if (found === null) {
    if (isNot) throw reader.fault('LIKE, BETWEEN or IN');
    return left;
  }
  return isNot ? negation(found) : found;
}

function readListed(reader: Reader, left: Expression): Operation | null {
  if (reader.takes('LIKE')) return { op: 'like', args: [left, readSum(reader)] };
  if (reader.takes('BETWEEN')) {
    const low = readSum(reader);
    reader.name('AND');
    return { op: 'between', args: [left, low, readSum(reader)] };
  }
  if (!reader.takes('IN')) return null;
  return { op: 'in', args: [left, reader.nested(() => reader.list(() => readSum(reader)))] };
}

function readSum(reader: Reader): Expression {
  return sumFrom(reader, readProduct(reader));
}

function sumFrom(reader: Reader, first: Expression): Expression {
  let left = first;
  while (reader.isMark('+', '-')) {
    left = { op: reader.next().text, args: [left, readProduct(reader)] };
    reader.count();
  }
  return left;
}

function readProduct(reader: Reader): Expression {
  return productFrom(reader, powerFrom(reader, readFactor(reader)));
}

function productFrom(reader: Reader, first: Expression): Expression {
  let left = first;
  while (reader.isMark('*', '/', '%') || reader.isName('DIV')) {
    left = { op: reader.next().text.toLowerCase(), args: [left, powerFrom(reader, readFactor(reader))] };
    reader.count();
  }
  return left;
}

function powerFrom(reader: Reader, base: Expression): Expression {
  if (!reader.takes('^')) return base;
  return { op: '^', args: [base, readFactor(reader)] };
}

function readFactor(reader: Reader): Expression {
  if (reader.takes('+')) {
    if (reader.peek.kind !== 'number') throw reader.fault('a number');
    return readUnsigned(reader);
  }
  if (!reader.takes('-')) return readPrimary(reader);
  if (reader.peek.kind === 'number') {
    const value = readUnsigned(reader);
    return typeof value === 'number' || isDecimal(value) ? negated(value) : value;
  }
  return { op: '*', args: [-1, reader.nested(() => readFactor(reader))] };
}

function readUnsigned(reader: Reader): Expression {
  reader.count();
  return readNumber(reader.next().text);
}

function readPrimary(reader: Reader): Expression {
  const { kind } = reader.peek;
  if (kind === 'number') return readUnsigned(reader);
  reader.count();
  if (kind === 'string') return reader.next().text;
  if (kind === 'quoted') return { property: reader.next().text };
  if (kind === 'name') return readNamed(reader);
  if (!reader.takes('(')) throw reader.fault('a property, a value, a function or "("');
  return reader.nested(() => {
    const inner = readOr(reader);
    reader.mark(')');
    return inner;
  });
}

function readNamed(reader: Reader): Expression {
  const { text } = reader.peek;
  const name = text.toUpperCase();
  if (name === 'TRUE' || name === 'FALSE') {
    reader.next();
    return name === 'TRUE';
  }
  if (RESERVED.includes(name)) throw reader.fault('a property, a value, a function or "("');
  const after = reader.after();
  const isCall = after.kind === 'mark' && after.text === '(';
  const isZ = after.kind === 'name' && after.text.toUpperCase() === 'Z';
  if ((isCall || isZ) && isGeometryName(name)) return readGeometry(reader);
  reader.next();
  return isCall ? reader.nested(() => readCall(reader, text)) : { property: text };
}

function readCall(reader: Reader, name: string): Expression {
  switch (name.toUpperCase()) {
    case 'DATE':
      return { date: readDate(readInParentheses(reader)) };
    case 'TIMESTAMP':
      return { timestamp: readTimestamp(readInParentheses(reader)) };
    case 'BBOX':
      return readBbox(reader.list(() => reader.double()));
    case 'INTERVAL': {
      const at = reader.peek.at;
      const bounds = reader.list(() => readBound(readFactor(reader)));
      const [start, end] = bounds;
      if (start === undefined || end === undefined || bounds.length > 2) {
        throw reader.fault('an interval of a start and an end', at);
      }
      return { interval: [start, end] };
    }
  }
  return { op: operatorName(name) ?? name, args: readArgs(reader) };
}

function readInParentheses(reader: Reader): string {
  reader.mark('(');
  const text = reader.string('text in single quotes');
  reader.mark(')');
  return text;
}

/** Arguments of a function, of which each may be an array; none at all is possible too. */
function readArgs(reader: Reader): Expression[] {
  reader.mark('(');
  if (reader.takes(')')) return [];
  const args: Expression[] = [];
  do args.push(readElement(reader));
  while (reader.takes(','));
  reader.mark(')');
  return args;
}

/**
 * An argument or an element of an array. What stands in parentheses is an array, but one expression in parentheses
 * that an operator follows is an operand: `((a + 1) * 2)` is the array of a product.
 */
function readElement(reader: Reader): Expression {
  if (!reader.isMark('(')) return readOr(reader);
  const elements = reader.nested(() => readArgs(reader));
  reader.count();
  const isOperand = reader.isMark(...INFIX_MARKS) || reader.isName(...INFIX_NAMES);
  if (!isOperand) return elements;
  let operand: Expression = elements;
  while (Array.isArray(operand) && operand.length === 1) operand = operand[0] as Expression;
  return restOfElement(reader, operand);
}

/** The rest of an expression whose first operand has been read. */
function restOfElement(reader: Reader, operand: Expression): Expression {
  const first = restOfPredicate(reader, sumFrom(reader, productFrom(reader, powerFrom(reader, operand))));
  const and = [first];
  while (reader.takes('AND')) and.push(readNot(reader));
  const or = [joined('and', and)];
  while (reader.takes('OR')) or.push(readChain(reader, 'AND', () => readNot(reader)));
  return joined('or', or);
}

/**
 * A filter in CQL2 text.
 * @throws ApiError InvalidParameter naming the position, what was expected and what came
 */
export function parseText(filter: string): Expression {
  checkText(filter);
  const reader = new Reader(filter);
  const expression = readOr(reader);
  if (reader.peek.kind !== 'end') throw reader.fault('an operator or the end');
  return checkFilter(expression);
}
