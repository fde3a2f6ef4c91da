/** The digits of a number -> what holds them without loss: a double where it does, else a Decimal. */
import { type Decimal, filterFault } from './ast.ts';

/** Digits and exponents beyond these are refused: no measurement has them, and the database would work on them for long. */
const MOST_DIGITS = 1000;
const MOST_EXPONENT = 1000;

/** The significant digits, without zeros at either end, and the power of ten of the first; so equal numbers look equal. */
function canonical(text: string): string {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return '0';
  const first = digits.length - fraction.length + Number(exponent);
  return `${digits.replace(/0+$/, '')}e${first}`;
}

/** As JSON writes a number: no zeros before it, digits on both sides of a point. */
const asJson = (text: string): string =>
  text
    .replace(/^0*(?=\d)/, '')
    .replace(/^\./, '0.')
    .replace(/\.(?!\d)/, '');

/**
 * @param text an unsigned numericLiteral
 * @throws ApiError InvalidParameter when it has too many digits
 */
export function readNumber(text: string): number | Decimal {
  const exponent = Number(/e(.*)$/i.exec(text)?.[1] ?? 0);
  if (text.length > MOST_DIGITS || Math.abs(exponent) > MOST_EXPONENT) {
    throw filterFault(
      `filter has the number ${text.length > 40 ? `${text.slice(0, 40)}...` : text}; accepted are at most ${MOST_DIGITS} characters and exponents of at most ${MOST_EXPONENT}`,
    );
  }
  const number = Number(text);
  if (Number.isFinite(number) && canonical(String(number)) === canonical(text)) return number;
  return { decimal: asJson(text) };
}

/** @param text a number of JSON, with its sign. @throws ApiError InvalidParameter when it has too many digits */
export const readSigned = (text: string): number | Decimal =>
  text.startsWith('-') ? negated(readNumber(text.slice(1))) : readNumber(text);

/** With the other sign; there is no negative zero. */
export function negated(value: number | Decimal): number | Decimal {
  if (typeof value === 'number') return value === 0 ? 0 : -value;
  const { decimal } = value;
  return { decimal: decimal.startsWith('-') ? decimal.slice(1) : `-${decimal}` };
}
