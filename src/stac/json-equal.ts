/** Whether two JSON texts say the same value, as RFC 6902 4.6 has it: numbers by their value and to the last digit. */
import { elementTexts, memberTexts } from './json-text.ts';

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** Longest exponent that is read as a number; a longer one is compared as text. */
const LONGEST_EXPONENT = 1000;

/** A number's text in the one form that all texts of its value share. */
function canonicalNumber(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = NUMBER.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const end = lastNonZero(digits);
  if (end === 0) return '0';
  if (exponent.length > LONGEST_EXPONENT) return text;
  return `${sign}${digits.slice(0, end)}e${BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - end)}`;
}

/** Length without zeros at the end; a pattern for it would look at each run of zeros again and again. */
function lastNonZero(digits: string): number {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end--;
  return end;
}

function haveSameMembers(a: string, b: string): boolean {
  const [left, right] = [memberTexts(a), memberTexts(b)];
  if (left.size !== right.size) return false;
  for (const [key, value] of left) {
    const other = right.get(key);
    if (other === undefined || !isSameJson(value, other)) return false;
  }
  return true;
}

function haveSameElements(a: string, b: string): boolean {
  const [left, right] = [elementTexts(a), elementTexts(b)];
  return (
    left.length === right.length && left.every((each, index) => isSameJson(each, right[index] as string))
  );
}

/** Both must have passed JSON.parse and stand without space around them. */
export function isSameJson(a: string, b: string): boolean {
  if (a === b) return true;
  const [first, second] = [a[0] as string, b[0] as string];
  const areNumbers = /[-\d]/.test(first) && /[-\d]/.test(second);
  if (areNumbers) return canonicalNumber(a) === canonicalNumber(b);
  if (first !== second) return false;
  if (first === '"') return JSON.parse(a) === JSON.parse(b);
  if (first === '{') return haveSameMembers(a, b);
  return first === '[' && haveSameElements(a, b);
}
