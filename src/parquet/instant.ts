/** RFC 3339 text <-> microseconds since 1970-01-01T00:00:00Z. */

const FRACTION = /\.(\d+)/;

/** Digits beyond the sixth of a second are left out. */
export function toMicroseconds(text: string): bigint {
  const digits = FRACTION.exec(text)?.[1] ?? '';
  // A leap second is the first of the next minute.
  const whole = text
    .replace(FRACTION, '')
    .replace(/:60(?=[Zz+-])/, ':59')
    .toUpperCase();
  const isLeap = /:60(?=[Zz+.-])/.test(text);
  const seconds = BigInt(Date.parse(whole.replace(' ', 'T'))) / 1000n;
  return (seconds + (isLeap ? 1n : 0n)) * 1_000_000n + BigInt(digits.slice(0, 6).padEnd(6, '0'));
}

const modulo = (value: bigint, by: bigint) => ((value % by) + by) % by;

export function fromMicroseconds(value: bigint): string {
  const rest = modulo(value, 1_000_000n);
  const text = new Date(Number((value - rest) / 1000n)).toISOString().replace('.000Z', '');
  return rest === 0n ? `${text}Z` : `${text}.${String(rest).padStart(6, '0').replace(/0+$/, '')}Z`;
}
