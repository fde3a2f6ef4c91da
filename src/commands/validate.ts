/** rucio-stac validate FILE…: checks STAC documents, and what a catalogue links to on disk, with the schemas that ship in the package. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { messageOf, UserError } from '../errors.ts';
import { makeValidator, type Validator } from '../stac/validate.ts';
import type { Command } from './command.ts';

const HELP = `rucio-stac validate FILE…

Checks Items, Collections, Catalogs and ItemCollections without the network, and follows the links of a Catalog or
Collection to its children and Items on disk. A folder stands for its catalog.json or collection.json.
Exit code 1 when a document is not valid or missing.`;

interface Found {
  documents: object[];
  /** Paths of what it links to. */
  next: string[];
}

/** @throws UserError when there is nothing to read */
function findFile(name: string): string {
  const stat = statSync(name, { throwIfNoEntry: false });
  if (stat?.isFile()) return resolve(name);
  const within = ['catalog.json', 'collection.json']
    .map((each) => join(name, each))
    .find((each) => existsSync(each));
  if (stat?.isDirectory() && within !== undefined) return resolve(within);
  const reason = stat ? 'holds neither catalog.json nor collection.json' : 'does not exist';
  throw new UserError(`${name} ${reason}; give the path of a STAC document on this machine.`);
}

function linkedFiles(document: unknown, file: string): string[] {
  const { links } = (document ?? {}) as { links?: unknown };
  if (!Array.isArray(links)) return [];
  return (links as { rel?: unknown; href?: unknown }[]).flatMap(({ rel, href }) => {
    const isBelow = rel === 'child' || rel === 'item';
    if (!isBelow || typeof href !== 'string' || /^[a-z][a-z0-9+.-]*:/i.test(href)) return [];
    return [resolve(dirname(file), decodeURIComponent(href))];
  });
}

/** @throws UserError when the file is no JSON object */
function readFile(file: string): Found {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UserError(
      `${file} cannot be read as JSON: ${messageOf(error)}; give the path of a STAC document.`,
    );
  }
  if (typeof value !== 'object' || value === null)
    throw new UserError(`${file} is JSON but no STAC document.`);
  const { features } = value as { features?: unknown };
  return {
    documents: Array.isArray(features) ? (features as object[]) : [value],
    next: linkedFiles(value, file),
  };
}

async function checkFile(
  file: string,
  shown: string,
  validator: Validator,
  queue: string[],
): Promise<number[]> {
  let found: Found;
  try {
    found = readFile(file);
  } catch (error) {
    process.stdout.write(`${shown}: ${messageOf(error)}\n`);
    return [0, 1];
  }
  queue.push(...found.next);
  const results = await validator.validate(found.documents);
  for (const [index, fault] of results.entries()) {
    const name = results.length > 1 ? `${shown} [${index}]` : shown;
    if (fault !== null) process.stdout.write(`${name}: ${fault}\n`);
  }
  return [results.length, results.filter((fault) => fault !== null).length];
}

/** The document and all below it, each file once. */
async function checkTree(name: string, validator: Validator): Promise<boolean> {
  const first = findFile(name);
  readFile(first);
  const queue = [first];
  const seen = new Set<string>();
  let documents = 0;
  let faults = 0;
  for (const file of queue) {
    if (seen.has(file)) continue;
    seen.add(file);
    const [count = 0, wrong = 0] = await checkFile(file, file === first ? name : file, validator, queue);
    documents += count;
    faults += wrong;
  }
  const of = documents === 1 ? 'document' : 'documents';
  process.stdout.write(
    `${name}: ${documents} ${of}, ${faults === 0 ? 'all valid' : `${faults} not valid or missing`}\n`,
  );
  return faults === 0;
}

export const validateCommand: Command = {
  summary: 'check STAC documents, without the network',
  help: HELP,
  options: {},
  names: Number.POSITIVE_INFINITY,
  async run({ names }) {
    if (names.length === 0)
      throw new UserError('validate needs the path of a STAC document; see rucio-stac validate --help.');
    const validator = makeValidator();
    let isValid = true;
    for (const name of names) isValid = (await checkTree(name, validator)) && isValid;
    return isValid ? 0 : 1;
  },
};
