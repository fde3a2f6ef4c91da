/** `--metadata FILE`, a small YAML file -> what a person says of a Collection, its Items, bands and file names, over what lake and rasters tell. docs/stac.md shows one. */
import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { messageOf, UserError } from '../errors.ts';
import { type NameRule, overTime, parsePattern } from './file-names.ts';
import { DEFAULT_MAPPING, isTold, type Metadata, mapMetadata } from './mapping.ts';
import type { ReadName } from './named-file.ts';
import type { Source, SourceFile } from './source.ts';

export interface Given {
  collection: Metadata;
  /** Of every Item. */
  properties: Metadata;
  /** By asset key or band name. */
  bands: Record<string, Metadata>;
  rules: NameRule[];
}

export const NOTHING_GIVEN: Given = { collection: {}, properties: {}, bands: {}, rules: [] };

const FIELDS = z.record(z.string(), z.unknown());
const PROVIDER = z.looseObject({ name: z.string().min(1) });
const FORM = z.strictObject({
  collection: z
    .looseObject({
      title: z.string(),
      description: z.string(),
      license: z.string(),
      keywords: z.array(z.string()),
      providers: z.array(PROVIDER),
      doi: z.string(),
      citation: z.string(),
    })
    .partial()
    .optional(),
  properties: FIELDS.optional(),
  bands: z.record(z.string(), FIELDS).optional(),
  files: z.array(z.strictObject({ pattern: z.string().min(1), properties: FIELDS.optional() })).optional(),
});

/** Characters; what a person writes is far less. */
const MOST = 1_000_000;

/** Fields that a Collection takes from such a file; those with an extension's prefix besides. */
const COLLECTION = ['title', 'description', 'license', 'keywords', 'providers', 'doi', 'citation'];

/** "collection.license" of ["collection", "license"]. */
const pathOf = (path: PropertyKey[]) => path.map(String).join('.');

function readForm(text: string, refuse: (why: string) => never): z.infer<typeof FORM> {
  if (text.length > MOST) refuse(`it has ${text.length} characters; accepted are ${MOST}`);
  const document = parseDocument(text, { logLevel: 'error' });
  const [fault] = document.errors;
  if (fault) refuse(`it is not YAML (${fault.message.split('\n')[0]?.replace(/:$/, '')})`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    refuse(`it is not YAML that is read (${messageOf(error)})`);
  }
  const read = FORM.safeParse(value ?? {});
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  return refuse(`${pathOf(issue?.path ?? []) || 'the whole'}: ${issue?.message ?? 'it has another form'}`);
}

/** Those that are not STAC's own to tell. */
function mustBeTold(fields: Metadata, place: string, refuse: (why: string) => never): void {
  const own = Object.keys(fields).find((name) => !isTold(name));
  if (own !== undefined) refuse(`${place}."${own}" is read from the rasters or made, not told`);
}

/** @param label the file, for messages @throws UserError that names what cannot be used */
export function parseGiven(text: string, label: string): Given {
  const refuse = (why: string): never => {
    throw new UserError(`The metadata file ${label} cannot be used: ${why}; docs/stac.md shows one.`);
  };
  const { collection = {}, properties = {}, bands = {}, files = [] } = readForm(text, refuse);
  const other = Object.keys(collection).find((name) => !COLLECTION.includes(name) && !name.includes(':'));
  if (other !== undefined)
    refuse(
      `collection has "${other}"; known are ${COLLECTION.join(', ')} and fields with an extension's prefix`,
    );
  mustBeTold(collection, 'collection', refuse);
  mustBeTold(properties, 'properties', refuse);
  const told = mapMetadata(collection, DEFAULT_MAPPING);
  if (collection.doi !== undefined && told['sci:doi'] === undefined)
    refuse(`collection.doi is "${String(collection.doi)}"; a DOI is as 10.5281/zenodo.1234`);
  const rules = files.map(({ pattern, properties: fields = {} }, index): NameRule => {
    mustBeTold(fields, `files.${index}.properties`, refuse);
    return { pattern: parsePattern(pattern, `files.${index}.pattern in ${label}`), properties: fields };
  });
  return { collection: told, properties, bands, rules };
}

/** @throws UserError */
export function readGivenText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(
      `The metadata file ${path} cannot be read (${messageOf(error)}); see that the file is there.`,
    );
  }
}

function tellFile(file: SourceFile, given: Given, readName: ReadName | null): SourceFile {
  const named = readName?.(file.name) ?? null;
  const { fields, told, band, asset } = named ?? { fields: {}, told: {}, band: {}, asset: null };
  // The lake tells more surely than a name; a person more surely than the lake.
  const metadata = [file.metadata, given.properties, told].reduce(overTime, fields);
  const bands = { ...(asset !== null && Object.keys(band).length > 0 && { [asset]: band }) };
  for (const [name, facts] of Object.entries(given.bands)) bands[name] = { ...bands[name], ...facts };
  return { ...file, metadata, ...(Object.keys(bands).length > 0 && { bands }) };
}

/** A source of which more is said than it tells itself. */
export function withGiven(source: Source, given: Given, readName: ReadName | null): Source {
  return {
    ...source,
    metadata: { ...source.metadata, ...given.collection },
    complete: async (files, signal) =>
      (await source.complete(files, signal)).map((file) => tellFile(file, given, readName)),
  };
}
