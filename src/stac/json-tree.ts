/** A JSON text taken apart only where something is read or changed; all else keeps its text. Each change costs its path alone. */
import { elementTexts, memberTexts, objectText } from './json-text.ts';

type Parts = { members: Map<string, JsonNode> } | { elements: JsonNode[] } | { text: string };

export interface JsonNode {
  parts: Parts;
}

export const leaf = (text: string): JsonNode => ({ parts: { text } });

/** What stands in an object or an array, taken apart; of anything else its text. */
export function open(node: JsonNode): Parts {
  const { parts } = node;
  if (!('text' in parts)) return parts;
  const { text } = parts;
  if (text.startsWith('{')) {
    node.parts = { members: new Map(Array.from(memberTexts(text), ([key, value]) => [key, leaf(value)])) };
  } else if (text.startsWith('[')) node.parts = { elements: elementTexts(text).map(leaf) };
  return node.parts;
}

export function textOf({ parts }: JsonNode): string {
  if ('text' in parts) return parts.text;
  if ('elements' in parts) return `[${parts.elements.map(textOf).join(',')}]`;
  return objectText(Array.from(parts.members, ([key, value]): [string, string] => [key, textOf(value)]));
}
