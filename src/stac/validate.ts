/**
 * STAC documents -> faults, by stac-node-validator with the schemas that ship in the package: nothing is fetched.
 * Extensions whose schema does not ship are passed over; the core is always checked.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { BBOX_ORDER, documentBboxFault } from '../geo/bbox.ts';
import { shown } from '../geo/shown.ts';
import { shipped } from '../package-root.ts';
import { checkInstant, toUtc } from './datetime.ts';
import { collectionLinks, itemLinks, OWN_PREFIX, withBase } from './link.ts';

export interface Validator {
  /** One entry a document: null when it is valid, else the first faults, each beginning with its JSON path. */
  validate(documents: object[]): Promise<(string | null)[]>;
}

interface SchemaError {
  instancePath?: string;
  message?: string;
  params?: { additionalProperty?: string };
}

interface Report {
  valid: boolean | null;
  skipped: boolean;
  messages: string[];
  children: Report[];
  results: { core: SchemaError[]; extensions: Record<string, SchemaError[]> };
}

/** Stands for the server's own address while a document is checked. */
const SELF = 'https://rucio-stac.invalid';

const CORE = /^https:\/\/schemas\.stacspec\.org\/v(1\.[01]\.0)\/[a-z]+-spec\/json-schema\/([a-z-]+)\.json#?$/;
const EXTENSION =
  /^https:\/\/stac-extensions\.github\.io\/([a-z0-9-]+)\/(v[0-9a-z.-]+)\/((?:platforms\/)?[a-z0-9-]+)\.json#?$/;
const OWN = /^https?:\/\/[^?#]+(\/schemas\/([a-z]+)\/(v\d+\.\d+\.\d+)\/schema\.json)#?$/;

const VERSIONS = ['1.0.0', '1.1.0'];

/** Where the schema of a URI lies in the package, or null when it does not ship. */
export function schemaFile(uri: string): string | null {
  const core = CORE.exec(uri);
  const extension = EXTENSION.exec(uri);
  const own = OWN.exec(uri);
  const parts = core
    ? ['core', `v${core[1]}`, `${core[2]}.json`]
    : extension
      ? ['extensions', extension[1], extension[2], `${extension[3]}.json`]
      : own
        ? ['extensions', own[2], own[3], 'schema.json']
        : uri.startsWith('https://proj.org/schemas/')
          ? ['extensions', 'projjson.schema.json']
          : uri.startsWith('https://geojson.org/schema/')
            ? ['core', uri.slice(uri.lastIndexOf('/') + 1).replace(/#$/, '')]
            : null;
  const file = parts ? shipped('src', 'stac', 'schemas', ...(parts as string[])) : null;
  return file !== null && existsSync(file) ? file : null;
}

async function loadSchema(uri: string): Promise<object> {
  const file = schemaFile(uri);
  if (file === null) throw new Error(`the schema ${uri} does not ship with rucio-stac`);
  const schema = JSON.parse(readFileSync(file, 'utf8')) as { $id?: string };
  // Some published schemas name themselves by another address than the one they are asked for.
  return { ...schema, $id: uri };
}

/** The server gives these links itself; a document that comes without them is none the worse. */
function ownLinks({ type, id, collection }: Record<string, unknown>) {
  if (type === 'Feature' && typeof collection === 'string') return itemLinks(SELF, collection, String(id));
  return type === 'Collection' ? collectionLinks(SELF, String(id)) : [];
}

/**
 * The one URI under which an extension's schema is compiled, or null when it does not ship. The rucio extension's may name
 * any host; each would be compiled, and kept, anew.
 */
function extensionUri(uri: string): string | null {
  const own = OWN.exec(uri)?.[1];
  const canonical = own ? SELF + own : uri.replace(/#$/, '');
  return (own || EXTENSION.test(uri)) && schemaFile(canonical) !== null ? canonical : null;
}

/** The document as it is served: own addresses made whole, own links added, extensions without a shipped schema left out. */
function prepare(document: object): object {
  const text = JSON.stringify(document);
  const copy = JSON.parse(withBase(text, SELF)) as Record<string, unknown>;
  if (Array.isArray(copy.links) || copy.links === undefined)
    copy.links = [...ownLinks(copy), ...(copy.links ?? [])];
  if (Array.isArray(copy.stac_extensions)) {
    const seen = new Map<string, string>();
    copy.stac_extensions = copy.stac_extensions.flatMap((uri: unknown) => {
      const one = typeof uri === 'string' ? extensionUri(uri) : null;
      if (typeof uri !== 'string' || one === null) return typeof uri === 'string' ? [] : [uri];
      // Two hosts' addresses of one schema are no repetition; the same address twice is.
      const isOther = (seen.get(one) ?? uri) !== uri;
      seen.set(one, uri);
      return isOther ? [] : [one];
    });
  }
  return copy;
}

function describe(errors: SchemaError[], source: string): string[] {
  return errors.map(({ instancePath, message, params }) => {
    const extra = params?.additionalProperty ? ` (${shown(params.additionalProperty)})` : '';
    const path = (instancePath ?? '').replace(/^\//, '').replaceAll('/', '.') || 'document';
    return `${path.slice(0, 200)} ${message ?? 'is wrong'}${extra} [${source}]`;
  });
}

/** stac-node-validator throws on versions such as "__proto__". */
function versionFault({ stac_version: version }: { stac_version?: unknown }): string | null {
  if (VERSIONS.includes(version as string)) return null;
  return `stac_version is ${shown(version)}; accepted are ${VERSIONS.join(' and ')}`;
}

/** Of an Item's bbox, or one of a Collection's. */
function bboxFault({ bbox, extent }: { bbox?: unknown; extent?: unknown }): string | null {
  const { spatial } = (extent ?? {}) as { spatial?: { bbox?: unknown } };
  const listed = Array.isArray(spatial?.bbox) ? spatial.bbox : [];
  const boxes = new Map<string, unknown>([
    ['bbox', bbox],
    ...listed.map((each, index): [string, unknown] => [`extent.spatial.bbox.${index}`, each]),
  ]);
  for (const [path, each] of boxes) {
    const fault = documentBboxFault(each);
    if (fault) return `${path} is ${fault}; accepted are ${BBOX_ORDER}`;
  }
  return null;
}

/** Of a Collection's temporal extent, whose schema knows the form of each end alone. STAC 1.1 Collection, "Temporal Extent Object". */
function intervalFault({ extent }: { extent?: unknown }): string | null {
  const { temporal } = (extent ?? {}) as { temporal?: { interval?: unknown } };
  const listed = Array.isArray(temporal?.interval) ? temporal.interval : [];
  for (const [index, each] of listed.entries()) {
    const [start, end] = Array.isArray(each) ? (each as unknown[]) : [];
    if (typeof start !== 'string' || typeof end !== 'string') continue;
    if (checkInstant(start) === null || checkInstant(end) === null || toUtc(start) <= toUtc(end)) continue;
    return `extent.temporal.interval.${index} is [${shown(start)}, ${shown(end)}]; accepted is a start that is not after its end`;
  }
  return null;
}

function faultOf(report: Report): string | null {
  if (report.valid === true) return null;
  if (report.skipped)
    return report.messages.join('; ') || 'document is no STAC document of version 1.0.0 or 1.1.0';
  const faults = [
    ...describe(report.results.core, 'STAC core'),
    ...Object.entries(report.results.extensions).flatMap(([uri, errors]) => describe(errors, uri)),
  ];
  // Where one of several forms may fit, the validator lists the fault of each form, the general one last.
  return [...new Set(faults)].slice(0, 5).join('; ').replaceAll(OWN_PREFIX, '') || 'document is not valid';
}

type Validate = (documents: object[], settings: object) => Promise<Report>;

/** Makes a validator; compiled schemas are kept for its lifetime. */
export function makeValidator(): Validator {
  const require = createRequire(import.meta.url);
  // stac-node-validator calls URL.parse, which Node has from 22.1 on.
  const withParse = URL as unknown as { parse?: (text: string) => URL | null };
  withParse.parse ??= (text) => (URL.canParse(text) ? new URL(text) : null);
  const run = require('stac-node-validator') as Validate;
  let compiled: unknown;
  const keepCompiled = {
    createAjv: async (ajv: unknown) => (compiled ??= ajv),
    afterLoading: async (document: object) => document,
    bypassValidation: async () => null,
    testFn: async () => {},
  };
  const settings = { loader: loadSchema, customValidator: keepCompiled };
  async function validate(documents: object[]): Promise<(string | null)[]> {
    const faults = documents.map(
      (document) => versionFault(document) ?? bboxFault(document) ?? intervalFault(document),
    );
    const known = documents.filter((_, index) => faults[index] === null);
    if (known.length === 0) return faults;
    const { children } = await run(known.map(prepare), settings);
    return faults.map((fault) => fault ?? faultOf(children.shift() as Report));
  }
  // One after another: two that compile the same schema at once trip over each other.
  let last: Promise<unknown> = Promise.resolve();
  return {
    validate(documents) {
      const answer = last.then(() => validate(documents));
      last = answer.catch(() => {});
      return answer;
    },
  };
}
