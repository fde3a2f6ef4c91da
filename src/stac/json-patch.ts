/** JSON Patch on a document's text, RFC 6902, with JSON Pointers, RFC 6901: what no operation names keeps its text. */
import { ApiError } from '../errors.ts';
import { shown, shownText } from '../geo/shown.ts';
import { isSameJson } from './json-equal.ts';
import { DEEPEST_JSON, elementTexts, isTooDeep, memberTexts } from './json-text.ts';
import { type JsonNode, leaf, open, textOf } from './json-tree.ts';

const OPERATIONS = ['add', 'remove', 'replace', 'move', 'copy', 'test'] as const;
type Name = (typeof OPERATIONS)[number];

/** Path parts, decoded. */
type Pointer = string[];

interface Operation {
  op: Name;
  path: Pointer;
  /** Of move and copy. */
  from: Pointer;
  /** JSON text, of add, replace and test. */
  value: string;
  /** For messages: `operation 2 (remove "/a")`. */
  name: string;
  /** For messages: `[2]`. */
  place: string;
}

/** What one patch may hold, and how many characters it may copy and compare: a few copies of copies would fill the memory. */
const MOST_OPERATIONS = 1000;
const MOST_CHARACTERS = 64_000_000;

function misread(detail: string, place: string): never {
  throw new ApiError('InvalidBody', `operation ${place.slice(1, -1)}: ${detail}`, place);
}

/** RFC 5789 2.2: what does not fit the state of the document is a conflict. */
function misfit({ name, place }: Operation, detail: string): never {
  throw new ApiError('Conflict', `${name}: ${detail}`, place);
}

function toPointer(value: unknown, member: string, place: string): Pointer {
  if (typeof value !== 'string' || (value !== '' && !value.startsWith('/')) || /~(?![01])/.test(value)) {
    misread(`${member} is ${shown(value)}; expected a JSON Pointer such as "/properties/gsd"`, place);
  }
  const parts = value.split('/').slice(1);
  if (parts.length > DEEPEST_JSON) misread(`${member} goes deeper than ${DEEPEST_JSON} levels`, place);
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

const isWithin = (inner: Pointer, outer: Pointer) =>
  inner.length > outer.length && outer.every((part, index) => part === inner[index]);

function toOperation(text: string, index: number): Operation {
  const place = `[${index}]`;
  if (!text.startsWith('{')) misread(`it is ${shownText(text)}; expected an object`, place);
  const { op, path, from } = JSON.parse(text) as Record<string, unknown>;
  const value = memberTexts(text).get('value');
  if (!OPERATIONS.includes(op as Name))
    misread(`op is ${shown(op)}; accepted are ${OPERATIONS.join(', ')}`, place);
  const hasFrom = op === 'move' || op === 'copy';
  const hasValue = op === 'add' || op === 'replace' || op === 'test';
  if (hasValue && value === undefined) misread(`value is missing; ${op} needs it`, place);
  const operation = {
    op: op as Name,
    path: toPointer(path, 'path', place),
    from: hasFrom ? toPointer(from, 'from', place) : [],
    value: value ?? '',
    name: `operation ${index} (${op as Name} ${shown(path)})`,
    place,
  };
  if (op === 'move' && isWithin(operation.path, operation.from))
    misread('a value cannot be moved into itself', place);
  return operation;
}

/** The operations of a patch's text. @throws ApiError InvalidBody that names the operation's index */
function toOperations(patch: string): Operation[] {
  if (isTooDeep(patch))
    throw new ApiError('InvalidBody', `the patch nests deeper than ${DEEPEST_JSON} levels`);
  let value: unknown;
  try {
    value = JSON.parse(patch);
  } catch (error) {
    throw new ApiError('InvalidBody', `the body is not JSON: ${(error as Error).message}`);
  }
  if (!Array.isArray(value))
    throw new ApiError(
      'InvalidBody',
      `a JSON Patch is a list of operations; what came is ${shownText(patch.trim())}`,
    );
  if (value.length > MOST_OPERATIONS)
    throw new ApiError(
      'InvalidBody',
      `the patch has ${value.length} operations; at most ${MOST_OPERATIONS} are accepted`,
    );
  return elementTexts(patch).map(toOperation);
}

/** Index that a pointer's part names in an array; `-` is the one after the last. Null: it names none. */
function toIndex(part: string, length: number): number | null {
  if (part === '-') return length;
  return /^(?:0|[1-9]\d{0,9})$/.test(part) ? Number(part) : null;
}

function find(root: JsonNode, pointer: Pointer, operation: Operation): JsonNode {
  let node = root;
  for (const [depth, part] of pointer.entries()) {
    const parts = open(node);
    const next =
      'members' in parts
        ? parts.members.get(part)
        : 'elements' in parts
          ? parts.elements[toIndex(part, parts.elements.length) ?? -1]
          : undefined;
    if (!next) misfit(operation, `there is nothing at ${shown(`/${pointer.slice(0, depth + 1).join('/')}`)}`);
    node = next;
  }
  return node;
}

function add(root: JsonNode, value: JsonNode, operation: Operation): void {
  const { path } = operation;
  const last = path.at(-1);
  if (last === undefined) {
    root.parts = value.parts;
    return;
  }
  const parts = open(find(root, path.slice(0, -1), operation));
  if ('members' in parts) parts.members.set(last, value);
  else if ('elements' in parts) {
    const index = toIndex(last, parts.elements.length);
    if (index === null || index > parts.elements.length)
      misfit(
        operation,
        `${shown(last)} is no index of a list of ${parts.elements.length}; accepted are 0 to ${parts.elements.length} and "-"`,
      );
    parts.elements.splice(index, 0, value);
  } else misfit(operation, 'what it would be added to is neither an object nor a list');
}

/** Takes what is at a pointer out, and gives it. */
function take(root: JsonNode, pointer: Pointer, operation: Operation): JsonNode {
  const found = find(root, pointer, operation);
  const last = pointer.at(-1);
  if (last === undefined) misfit(operation, 'the whole document cannot be taken out');
  const parts = open(find(root, pointer.slice(0, -1), operation));
  if ('members' in parts) parts.members.delete(last);
  else if ('elements' in parts) parts.elements.splice(Number(last), 1);
  return found;
}

/** Runs one operation on the tree; gives the characters that it copied or compared. */
function run(root: JsonNode, operation: Operation): number {
  const { op, path, from, value } = operation;
  if (op === 'add') add(root, leaf(value), operation);
  else if (op === 'remove') take(root, path, operation);
  else if (op === 'replace') find(root, path, operation).parts = leaf(value).parts;
  else if (op === 'move') {
    if (path.join('/') !== from.join('/') || path.length !== from.length)
      add(root, take(root, from, operation), operation);
    else find(root, from, operation);
  } else if (op === 'copy') {
    const text = textOf(find(root, from, operation));
    add(root, leaf(text), operation);
    return text.length;
  } else {
    const there = textOf(find(root, path, operation));
    if (!isSameJson(there, value))
      misfit(operation, `the value there is ${shownText(there)}, not ${shownText(value)}`);
    return there.length;
  }
  return 0;
}

/**
 * A document's text with a patch applied, whole or not at all.
 * @throws ApiError InvalidBody for a patch that is wrong in itself, Conflict for one that does not fit the document, with
 * the operation's index
 */
export function jsonPatch(document: string, patch: string): string {
  const root = leaf(document.trim());
  let characters = 0;
  for (const operation of toOperations(patch)) {
    characters += run(root, operation);
    if (characters > MOST_CHARACTERS)
      throw new ApiError(
        'PayloadTooLarge',
        `${operation.name}: the patch copies and compares more than ${MOST_CHARACTERS} characters`,
        operation.place,
      );
  }
  return textOf(root);
}
