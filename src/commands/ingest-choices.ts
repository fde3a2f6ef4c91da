/** Words after `ingest` -> what is to be done. */
import { resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { parseScenePattern } from '../ingest/file-names.ts';
import { parseGiven, readGivenText } from '../ingest/given.ts';
import { FOOTPRINTS, HISTOGRAMS } from '../ingest/look.ts';
import { readMappingText } from '../ingest/mapping.ts';
import type { IngestSettings } from '../ingest/settings.ts';
import { readInstant } from '../ingest/to-time.ts';
import { compressorOf } from '../raster/compress.ts';
import { COMPRESSIONS, DIMENSIONS, RESAMPLINGS } from '../raster/types.ts';
import type { Words } from './command.ts';
import { readJobs } from './jobs.ts';
import { readRegister } from './register.ts';

export interface Choices {
  name: string;
  collectionId: string | null;
  out: string | null;
  time: ReturnType<typeof readInstant>;
  /** As they were given, for the memory. */
  settings: IngestSettings;
  jobs: number;
  isDryRun: boolean;
}

/** One of the names that an option takes; null: it was not given. @throws UserError */
function oneOf<T extends string>(option: string, given: string | null, names: readonly T[]): T | null {
  const found = names.find((name) => name === given);
  if (given === null || found !== undefined) return found ?? null;
  throw new UserError(`${option} is "${given}"; give one of ${names.join(', ')}.`);
}

/** @throws UserError */
export function readChoices({ options, names }: Words): Choices {
  const [name] = names;
  if (name === undefined)
    throw new UserError('ingest needs a DID (scope:name) or a path; see rucio-stac ingest --help.');
  const text = (key: string) => (typeof options[key] === 'string' ? (options[key] as string) : null);
  const jobs = readJobs(options.jobs, 2);
  const given = text('datetime');
  const time = given === null ? null : readInstant(given);
  if (given !== null && time === null) {
    throw new UserError(
      `--datetime is "${given}"; give a date or RFC 3339 date-time such as 2024-01-03T05:41:12Z.`,
    );
  }
  const collectionId = text('collection');
  if (collectionId !== null && !/^[\p{L}\p{N}][\p{L}\p{N}._~+ -]{0,199}$/u.test(collectionId)) {
    throw new UserError(
      `--collection is "${collectionId}"; an id has letters, digits and . _ ~ + - in it, and begins with a letter or digit.`,
    );
  }
  const other = [
    'multiband',
    'dimensions',
    'register',
    'compression',
    'overviews',
    'histogram',
    'footprint',
    'thumbnail',
  ].find((key) => options[key] !== undefined);
  if (options['in-place'] === true && other !== undefined) {
    throw new UserError(`--in-place makes no COGs, so that --${other} has no meaning; give one of them.`);
  }
  const compression = oneOf('--compression', text('compression'), COMPRESSIONS);
  if (compression !== null) compressorOf(compression, undefined);
  const overviews = oneOf('--overviews', text('overviews'), RESAMPLINGS);
  const [scene, mapping, metadata] = [text('scene'), text('mapping'), text('metadata')];
  const told = metadata === null ? null : { path: resolve(metadata), text: readGivenText(metadata) };
  if (told !== null) parseGiven(told.text, told.path);
  if (scene !== null) parseScenePattern(scene);
  return {
    name,
    collectionId,
    out: text('out'),
    time,
    settings: {
      scene,
      names: true,
      multiband: options.multiband === true,
      thumbnail: options.thumbnail === true,
      dimensions: oneOf('--dimensions', text('dimensions'), DIMENSIONS),
      inPlace: options['in-place'] === true,
      compression,
      overviews,
      histogram: oneOf('--histogram', text('histogram'), HISTOGRAMS),
      footprint: oneOf('--footprint', text('footprint'), FOOTPRINTS),
      datetime: given,
      mapping: mapping === null ? null : { path: resolve(mapping), text: readMappingText(mapping) },
      metadata: told,
      register: readRegister(text, options['register-stac'] === true),
    },
    jobs,
    isDryRun: options['dry-run'] === true,
  };
}
