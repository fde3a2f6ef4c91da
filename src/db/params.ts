/** Parameters as text, the way `pg` sends them, so that the embedded database takes the same values. */

function quoteElement(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  const text = toTextParam(value);
  return `"${(text ?? '').replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function toTextParam(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return `{${value.map(quoteElement).join(',')}}`;
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}

/** One text, or null, for each parameter. */
export function toTextParams(params: readonly unknown[]): (string | null)[] {
  return params.map(toTextParam);
}
