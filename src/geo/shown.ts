/** A value that came from outside -> a few words of it for a message: never all of a large one, never deep. */

const MOST = 80;
const MOST_PARTS = 6;
const DEEPEST = 3;

const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 3)}...` : text);

function preview(value: unknown, depth: number): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return `"${cut(value, MOST - 2)}"`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (depth === 0) return Array.isArray(value) ? '[...]' : '{...}';
  const parts: string[] = [];
  for (const key in value) {
    if (parts.length === MOST_PARTS) {
      parts.push('...');
      break;
    }
    const part = preview((value as Record<string, unknown>)[key], depth - 1);
    parts.push(Array.isArray(value) ? part : `"${cut(key, 20)}":${part}`);
  }
  return Array.isArray(value) ? `[${parts.join(',')}]` : `{${parts.join(',')}}`;
}

/** Text as it came, on one line: for what has its own quotation marks, and for JSON whose numbers are to keep their digits. */
export const shownText = (text: string): string => cut(text.slice(0, 2 * MOST).replaceAll(/\s+/g, ' '), MOST);

/** At most 80 characters; a string stands in quotes, undefined is "missing". */
export const shown = (value: unknown): string => cut(preview(value, DEEPEST), MOST);
