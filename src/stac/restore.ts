/** What a client read and sends back unchanged -> what is stored of it, so that a PUT keeps nothing that only the reply had. */
import { isSameJson } from './json-equal.ts';
import { memberTexts, objectText } from './json-text.ts';

/**
 * Members of `sent` that say what `shown` says get the text that they have in `stored`, where that is another; they go
 * where it has none. All three are objects' texts.
 */
export function restored(sent: string, shown: string, stored: string): string {
  const [members, given, own] = [memberTexts(sent), memberTexts(shown), memberTexts(stored)];
  for (const [key, text] of given) {
    const said = members.get(key);
    const before = own.get(key);
    if (text === before || said === undefined || !isSameJson(said, text)) continue;
    if (before === undefined) members.delete(key);
    else members.set(key, before);
  }
  return objectText(members);
}
