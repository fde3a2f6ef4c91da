/** JSON Merge Patch on a document's text, RFC 7396: members that the patch does not name keep their text. */
import { memberTexts, objectText } from './json-text.ts';

const isObject = (text: string) => text.startsWith('{');

function merge(target: string | undefined, patch: string): string {
  if (!isObject(patch)) return patch;
  const members = target !== undefined && isObject(target) ? memberTexts(target) : new Map<string, string>();
  for (const [key, value] of memberTexts(patch)) {
    if (value === 'null') members.delete(key);
    else members.set(key, merge(members.get(key), value));
  }
  return objectText(members);
}

/** Both texts must have passed parseObject, which bounds their depth. */
export function mergePatch(target: string, patch: string): string {
  return merge(target.trim(), patch.trim());
}
