/** A Collection's text -> the Rucio scope whose sub-catalogue shows it. The database's column says the same (migrations/0003-scopes.ts). */
import { memberSpans } from './json-text.ts';

/** Bytes; as for an id, because it stands in an address. */
const MOST = 1000;

/** null: none, or none that an address can name. U+FFFD stands for what PostgreSQL's text cannot hold. */
export function scopeOf(content: string): string | null {
  if (!content.includes('rucio:scope')) return null;
  const span = memberSpans(content).get('rucio:scope');
  const scope: unknown = span ? JSON.parse(content.slice(span.start, span.end)) : null;
  if (typeof scope !== 'string' || ['', '.', '..'].includes(scope)) return null;
  const text = scope.toWellFormed().replaceAll('\0', '\uFFFD');
  return Buffer.byteLength(text) <= MOST ? text : null;
}
