/** What a reader of a source finds, one document after another. */
import { elementTexts, memberTexts } from '../stac/json-text.ts';

export interface FoundDocument {
  /** JSON text as it came. */
  text: string;
  /** Where it stands, for reports: a path or an address, with a line or an index. */
  place: string;
  /** Where the source has it, for an Item that does not name its Collection. */
  collection?: string;
  /** Where to read on once it is written, and all before it. */
  mark?: unknown;
  /** By what its reader knows it again, once it is written. */
  key?: string;
}

/** What should have been a document. */
export interface FoundFault {
  fault: string;
  place: string;
  mark?: unknown;
}

export type Found = FoundDocument | FoundFault;

/** Members of a JSON object whose elements are documents. */
export const LISTS = ['features', 'collections', 'items'] as const;

/** Of a type whose lists are its own, whatever they are named. */
export const isDocument = (type: unknown) =>
  type === 'Feature' || type === 'Collection' || type === 'Catalog';

/** A text with many documents is taken apart; any other is one document. A text that is no JSON object stays one, for whoever parses it. */
export function documentsIn(found: FoundDocument): FoundDocument[] {
  const { text, place } = found;
  if (!LISTS.some((name) => text.includes(`"${name}"`))) return [found];
  try {
    const { type } = JSON.parse(text) as { type?: unknown };
    if (isDocument(type)) return [found];
    const members = memberTexts(text);
    const lists = LISTS.filter((name) => members.get(name)?.startsWith('['));
    if (lists.length === 0) return [found];
    return lists.toSorted().flatMap((list) =>
      elementTexts(members.get(list) as string).map((each, index) => ({
        ...found,
        text: each,
        place: `${place} ${list}[${index}]`,
      })),
    );
  } catch {
    return [found];
  }
}
