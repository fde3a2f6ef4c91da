/** The place of a parser in CQL2 text: looks at the next token, takes it, or says what was expected. */
import type { ApiError } from '../errors.ts';
import { DEEPEST_FILTER, filterFault, MOST_NODES, tooDeep, tooLarge } from './ast.ts';
import { nextToken, syntaxFault, type Token } from './lex.ts';

/** Parentheses and prefixes that stand open at once; those that group nothing do not make a filter deep. */
const MOST_OPEN = 4 * DEEPEST_FILTER;

export class Reader {
  readonly filter: string;
  private token: Token;
  private depth = 0;
  private values = 0;

  constructor(filter: string) {
    this.filter = filter;
    this.token = nextToken(filter, 0);
  }

  get peek(): Token {
    return this.token;
  }

  next(): Token {
    const token = this.token;
    this.token = nextToken(this.filter, token.end);
    return token;
  }

  /** What follows the next token. */
  after(): Token {
    return nextToken(this.filter, this.token.end);
  }

  /** Whether the next token is this name, in any case and not in quotes. */
  isName(...names: string[]): boolean {
    return this.token.kind === 'name' && names.includes(this.token.text.toUpperCase());
  }

  isMark(...marks: string[]): boolean {
    return this.token.kind === 'mark' && marks.includes(this.token.text);
  }

  /** Takes the name or mark when it is next. */
  takes(text: string): boolean {
    const isNext = this.isMark(text) || this.isName(text);
    if (isNext) this.next();
    return isNext;
  }

  mark(mark: string): void {
    if (!this.takes(mark)) throw this.fault(`"${mark}"`);
  }

  /** @throws ApiError InvalidParameter when another name or token is next */
  name(name: string): void {
    if (!this.takes(name)) throw this.fault(name);
  }

  string(what: string): string {
    if (this.token.kind !== 'string') throw this.fault(what);
    return this.next().text;
  }

  /** A signed number as a double, as coordinates are. */
  double(): number {
    const isNegative = this.isMark('-');
    if (isNegative || this.isMark('+')) this.next();
    if (this.token.kind !== 'number') throw this.fault('a number');
    const { text } = this.next();
    const value = Number(text);
    if (!Number.isFinite(value))
      throw filterFault(`filter has the coordinate ${text.slice(0, 40)}, too large`);
    return isNegative && value !== 0 ? -value : value;
  }

  /** One or more parts between parentheses, with commas. */
  list<Part>(read: (reader: Reader) => Part): Part[] {
    this.mark('(');
    const parts: Part[] = [];
    do parts.push(read(this));
    while (this.takes(','));
    this.mark(')');
    return parts;
  }

  /** Parentheses and prefixes are counted as they open, so that no text can exhaust the stack. */
  nested<Result>(read: () => Result): Result {
    if (++this.depth > MOST_OPEN) throw tooDeep();
    const result = read();
    this.depth--;
    return result;
  }

  /** Bounds the work on text with more parts than a filter may have, before they are counted one by one. */
  count(): void {
    if (++this.values > 2 * MOST_NODES) throw tooLarge();
  }

  fault(expected: string, at = this.token.at): ApiError {
    return syntaxFault(this.filter, at, expected);
  }
}
