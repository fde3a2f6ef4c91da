/** Metadata as Rucio has it -> fields of STAC. docs/rucio.md lists the defaults; a file of the user's own changes or adds rules. */
import { readFileSync } from 'node:fs';
import { messageOf, UserError } from '../errors.ts';

export type Metadata = Record<string, unknown>;

const KINDS = ['text', 'number', 'integer', 'boolean', 'list', 'numbers', 'any'] as const;
type Kind = (typeof KINDS)[number];

export interface FieldRule {
  /** Keys of the metadata, the first that tells something counts; `a.b` is b within a, where there is no key "a.b". */
  from: string[];
  as: Kind;
  /** Where no key tells anything. */
  otherwise: unknown;
}

/** By the name of the STAC field. */
export type Mapping = ReadonlyMap<string, FieldRule | null>;

const rule = (as: Kind, ...from: string[]): FieldRule => ({ from, as, otherwise: null });

/** STAC's names, and the ones that CF/ACDD attributes and lakes use for the same. */
export const DEFAULT_MAPPING: Mapping = new Map([
  ['title', rule('text', 'title')],
  ['description', rule('text', 'description', 'summary', 'abstract')],
  ['license', rule('text', 'license', 'licence')],
  ['keywords', rule('list', 'keywords')],
  ['providers', rule('any', 'providers')],
  ['datetime', rule('text', 'datetime')],
  ['start_datetime', rule('text', 'start_datetime', 'time_coverage_start')],
  ['end_datetime', rule('text', 'end_datetime', 'time_coverage_end')],
  ['bbox', rule('numbers', 'bbox')],
  ['platform', rule('text', 'platform', 'satellite')],
  ['constellation', rule('text', 'constellation')],
  ['mission', rule('text', 'mission')],
  ['instruments', rule('list', 'instruments', 'instrument', 'sensor')],
  ['gsd', rule('number', 'gsd')],
  ['eo:cloud_cover', rule('number', 'eo:cloud_cover', 'cloud_cover')],
  ['sci:doi', rule('text', 'sci:doi', 'doi')],
  ['sci:citation', rule('text', 'sci:citation', 'citation')],
]);

/** Fields that say what a document is, or that are read from the raster or from Rucio itself. */
const OWN =
  /^(?:id|type|stac_version|stac_extensions|geometry|links|assets|collection|extent|summaries|properties)$/;
const READ = /^(?:proj|raster|file|storage|cube|rucio|alternate):/;
/** A field with an extension's prefix stands for itself. */
const PREFIXED = /^[a-z][a-z0-9_-]*:[a-z]/;

/** Whether a field may be told by metadata, in lakes or files; the others are read or made. */
export const isTold = (name: string): boolean => !OWN.test(name) && !READ.test(name);

const isObject = (value: unknown): value is Metadata =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function readRule(name: string, given: unknown, refuse: (why: string) => never): FieldRule | null {
  if (given === null) return null;
  if (!isTold(name)) refuse(`"${name}" is not told by metadata`);
  const before = DEFAULT_MAPPING.get(name);
  const told = isObject(given) ? given : { from: given };
  const { from = [], as = before?.as ?? 'any', value: otherwise = null, ...others } = told;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) refuse(`"${name}" has "${unknown}"; known are from, as and value`);
  const keys = [from].flat();
  if (!keys.every((key) => typeof key === 'string' && key !== '')) {
    refuse(
      `"${name}" comes from ${JSON.stringify(from)}; accepted is a key of the metadata or a list of keys`,
    );
  }
  if (!KINDS.includes(as as Kind)) {
    refuse(`"${name}" is read as ${JSON.stringify(as)}; accepted are ${KINDS.join(', ')}`);
  }
  return { from: keys as string[], as: as as Kind, otherwise };
}

/**
 * Rules of the user's own over the defaults.
 * @param label the file, for messages
 * @throws UserError that names what cannot be used
 */
export function parseMapping(text: string, label: string): Mapping {
  const refuse = (why: string): never => {
    throw new UserError(`The mapping ${label} cannot be used: ${why}; docs/rucio.md shows one.`);
  };
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    return refuse(`it is not JSON (${messageOf(error)})`);
  }
  if (!isObject(given)) return refuse('it is no JSON object of STAC fields');
  const rules = Object.entries(given).map(([name, told]) => [name, readRule(name, told, refuse)] as const);
  return new Map([...DEFAULT_MAPPING, ...rules]);
}

/** @throws UserError */
export function readMappingText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(
      `The mapping ${path} cannot be read (${messageOf(error)}); see that the file is there.`,
    );
  }
}

/** @throws UserError */
export const readMapping = (path: string | null): Mapping =>
  path === null ? DEFAULT_MAPPING : parseMapping(readMappingText(path), path);

function valueAt(metadata: Metadata, key: string): unknown {
  if (Object.hasOwn(metadata, key)) return metadata[key];
  return key
    .split('.')
    .reduce<unknown>((at, part) => (isObject(at) && Object.hasOwn(at, part) ? at[part] : null), metadata);
}

function toNumber(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

function toBoolean(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  const at = ['false', 'true', '0', '1'].indexOf(String(value).toLowerCase());
  return at < 0 ? null : at % 2 === 1;
}

function toList(value: unknown): unknown[] | null {
  const list = Array.isArray(value) ? value : String(value).split(/[,;]/);
  const told = list
    .map((each) => (typeof each === 'string' ? each.trim() : each))
    .filter((each) => each !== '');
  return told.length > 0 ? told : null;
}

/** "[5, 44, 6, 45]" and "5,44,6,45" are lists of numbers, too. */
function toNumbers(value: unknown): number[] | null {
  const list = typeof value === 'string' ? value.replace(/^\s*\[|\]\s*$/g, '').split(',') : value;
  if (!Array.isArray(list)) return null;
  const numbers = list.map(toNumber);
  return numbers.length > 0 && numbers.every((each) => each !== null) ? numbers : null;
}

/** null: it says nothing, or not in this form. */
function convert(value: unknown, as: Kind): unknown {
  if (value === null || value === undefined || value === '') return null;
  if (as === 'number') return toNumber(value);
  if (as === 'integer') return Number.isSafeInteger(toNumber(value)) ? toNumber(value) : null;
  if (as === 'numbers') return toNumbers(value);
  if (as === 'boolean') return toBoolean(value);
  if (as === 'list') return isObject(value) ? null : toList(value);
  if (as === 'text') return isObject(value) || Array.isArray(value) ? null : String(value);
  return value;
}

/** "https://doi.org/10.5281/zenodo.1" -> "10.5281/zenodo.1", as the scientific extension has it; null: no DOI. */
function toDoi(value: unknown): string | null {
  return /^(?:(?:https?:\/\/(?:dx\.)?doi\.org\/)|doi:)?(10\.\d{4,9}\/\S+)$/i.exec(String(value))?.[1] ?? null;
}

/** Fields of STAC that metadata tells. What no rule names and no extension's prefix marks is left out. */
export function mapMetadata(metadata: Metadata, mapping: Mapping): Metadata {
  const fields: Metadata = {};
  for (const [key, value] of Object.entries(metadata)) {
    if (value !== null && PREFIXED.test(key) && !READ.test(key) && !mapping.has(key)) fields[key] = value;
  }
  for (const [name, each] of mapping) {
    if (each === null) continue;
    const { from, as, otherwise } = each;
    const found = from.map((key) => convert(valueAt(metadata, key), as)).find((value) => value !== null);
    const value = name === 'sci:doi' && found !== undefined ? toDoi(found) : (found ?? otherwise);
    const isWrong = name === 'providers' && !(Array.isArray(value) && value.every(isObject));
    if (value !== null && value !== undefined && !isWrong) fields[name] = value;
  }
  return fields;
}
