/** How a DID was ingested, as JSON text: what is remembered of it, so that it can be done the same way again. */
import type { Compression, CUBES, Dimensions, Resampling } from '../raster/types.ts';
import type { Did } from '../rucio/types.ts';
import { makeReadName, parseScenePattern } from './file-names.ts';
import { type Given, NOTHING_GIVEN, parseGiven, readGivenText, withGiven } from './given.ts';
import type { LookSettings } from './look.ts';
import { type Mapping, parseMapping, readMapping, readMappingText } from './mapping.ts';
import type { ReadName } from './named-file.ts';
import type { PlanSettings } from './plan.ts';
import type { Source } from './source.ts';
import type { ItemTime } from './to-time.ts';
import { readInstant } from './to-time.ts';

/** `--mapping`: what the file said, so that it counts wherever and whenever `sync` runs. */
export interface GivenMapping {
  /** Where it was, with no `..` or working folder in it. */
  path: string;
  /** null: an earlier release remembered the path alone. */
  text: string | null;
}

/** `--register` */
export interface RegisterWish {
  rse: string;
  /** null: named after the source. */
  dataset: Did | null;
  /** `--register-stac`: Items, too. */
  stac: boolean;
}

export interface IngestSettings {
  /** `--scene`, as it was given. */
  scene: string | null;
  /** Names of missions' files tell scenes, bands and times; false: an earlier release did not read them. */
  names: boolean;
  multiband: boolean;
  /** null: by default. */
  dimensions: Dimensions | null;
  /** null: by default. */
  cube: (typeof CUBES)[number] | null;
  /** null: by default. */
  compression: Compression | null;
  overviews: Resampling | null;
  histogram: NonNullable<LookSettings['histogram']> | null;
  footprint: NonNullable<LookSettings['footprint']> | null;
  /** `--thumbnail` */
  thumbnail: boolean;
  /** `--in-place` */
  inPlace: boolean;
  /** `--datetime`, as it was given. */
  datetime: string | null;
  /** null: as the setting of all says. */
  mapping: GivenMapping | null;
  /** `--metadata`: what the file said; null: none was given. */
  metadata: { path: string; text: string } | null;
  /** null: COGs stay out of the lake. */
  register: RegisterWish | null;
}

export const DEFAULT_SETTINGS: IngestSettings = {
  scene: null,
  names: false,
  multiband: false,
  dimensions: null,
  cube: null,
  compression: null,
  overviews: null,
  histogram: null,
  footprint: null,
  thumbnail: false,
  inPlace: false,
  datetime: null,
  mapping: null,
  metadata: null,
  register: null,
};

/** Settings of another release have what it knew; the rest is as by default. */
export function parseSettings(text: string): IngestSettings {
  const { mapping, ...known } = JSON.parse(text) as Partial<IngestSettings> & { mapping?: unknown };
  const given = typeof mapping === 'string' ? { path: mapping, text: null } : mapping;
  return { ...DEFAULT_SETTINGS, ...known, mapping: (given ?? null) as GivenMapping | null };
}

/** What of the settings changes what a file becomes. */
export const planSettings = (settings: IngestSettings): PlanSettings => ({
  readName: readNameOf(settings),
  multiband: settings.multiband,
  ...(settings.dimensions === 'bands' && { dimensions: settings.dimensions }),
  ...(settings.cube === 'item' && { cube: settings.cube }),
  inPlace: settings.inPlace,
  ...(settings.compression && { compression: settings.compression }),
  ...(settings.overviews && { resampling: settings.overviews }),
  ...(settings.histogram && { histogram: settings.histogram }),
  ...(settings.footprint && { footprint: settings.footprint }),
});

/** @throws UserError */
const givenOf = ({ metadata }: IngestSettings): Given =>
  metadata === null ? NOTHING_GIVEN : parseGiven(metadata.text, metadata.path);

/** @throws UserError */
export function readNameOf(settings: IngestSettings): ReadName | null {
  const { scene, names } = settings;
  const { rules } = givenOf(settings);
  if (scene === null && !names && rules.length === 0) return null;
  return makeReadName(scene === null ? null : parseScenePattern(scene), rules, names);
}

/** A source with all that is said of it besides. @throws UserError */
export const withSettings = (source: Source, settings: IngestSettings): Source =>
  withGiven(source, givenOf(settings), readNameOf(settings));

export function timeOfSettings({ datetime }: IngestSettings): ItemTime | null {
  const instant = datetime === null ? null : readInstant(datetime);
  return instant === null ? null : { datetime: instant };
}

/**
 * @param pathOfAll RUCIO_STAC_MAPPING
 * @throws UserError
 */
export function mappingOfSettings({ mapping }: IngestSettings, pathOfAll: string | null): Mapping {
  if (mapping === null) return readMapping(pathOfAll);
  return mapping.text === null ? readMapping(mapping.path) : parseMapping(mapping.text, mapping.path);
}

/** What to tell where a file says something else by now: what it said at the last ingest counts. */
export function changedNotes({ mapping, metadata }: IngestSettings, label: string): string[] {
  const notes: string[] = [];
  for (const [option, given, read] of [
    ['--mapping', mapping, readMappingText],
    ['--metadata', metadata, readGivenText],
  ] as const) {
    if (given === null || given.text === null) continue;
    let now: string;
    try {
      now = read(given.path);
    } catch {
      continue;
    }
    if (now === given.text) continue;
    notes.push(
      `${given.path} has changed since ${label} was ingested; what it said then counts until "rucio-stac ingest" is run with ${option} again`,
    );
  }
  return notes;
}
