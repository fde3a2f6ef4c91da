/** rucio-stac validate FILE…: checks STAC documents with the schemas that ship in the package. */
import { readFileSync } from 'node:fs';
import { messageOf, UserError } from '../errors.ts';
import { makeValidator } from '../stac/validate.ts';
import type { Command } from './command.ts';

function readDocument(file: string): object[] {
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
  return Array.isArray(features) ? (features as object[]) : [value];
}

export const validateCommand: Command = {
  summary: 'check STAC documents, without the network',
  help: 'rucio-stac validate FILE…\n\nChecks Items, Collections, Catalogs and ItemCollections. Exit code 1 when one is not valid.',
  options: {},
  names: Number.POSITIVE_INFINITY,
  async run({ names }) {
    if (names.length === 0)
      throw new UserError('validate needs the path of a STAC document; see rucio-stac validate --help.');
    const validator = makeValidator();
    let faults = 0;
    for (const file of names) {
      const results = await validator.validate(readDocument(file));
      for (const [index, fault] of results.entries()) {
        const name = results.length > 1 ? `${file} [${index}]` : file;
        process.stdout.write(fault === null ? `${name}: valid\n` : `${name}: ${fault}\n`);
        if (fault !== null) faults++;
      }
    }
    return faults > 0 ? 1 : 0;
  },
};
