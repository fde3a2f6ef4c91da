/** What a client may leave out of a document that it sends, because the address or the specification says it. */
import { memberTexts, objectText } from './json-text.ts';

/** JSON text with the members given before its own, where it has none of the name; no object stays as it is. */
function withMembers(text: string, members: [string, string][]): string {
  if (!text.trimStart().startsWith('{')) return text;
  const own = memberTexts(text);
  const missing = members.filter(([key]) => !own.has(key));
  return missing.length === 0 ? text : objectText([...missing, ...own]);
}

const idMember = (id: string | undefined): [string, string][] =>
  id === undefined ? [] : [['id', JSON.stringify(id)]];

/** @param id that the address names */
export function completeItem(text: string, id?: string): string {
  return withMembers(text, [...idMember(id), ['assets', '{}']]);
}

/** @param id that the address names */
export function completeCollection(text: string, id?: string): string {
  return withMembers(text, idMember(id));
}
