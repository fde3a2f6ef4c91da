/** How a DID was ingested, as JSON text: what is remembered of it, so that it can be done the same way again. */
import type { Compression, Dimensions, Resampling } from '../raster/types.ts';
import type { Did } from '../rucio/types.ts';
import { type Mapping, parseMapping, readMapping, readMappingText } from './mapping.ts';
import { type PlanSettings, parseScenePattern } from './plan.ts';
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
  multiband: boolean;
  /** null: by default. */
  dimensions: Dimensions | null;
  /** null: by default. */
  compression: Compression | null;
  overviews: Resampling | null;
  /** `--in-place` */
  inPlace: boolean;
  /** `--datetime`, as it was given. */
  datetime: string | null;
  /** null: as the setting of all says. */
  mapping: GivenMapping | null;
  /** null: COGs stay out of the lake. */
  register: RegisterWish | null;
}

export const DEFAULT_SETTINGS: IngestSettings = {
  scene: null,
  multiband: false,
  dimensions: null,
  compression: null,
  overviews: null,
  inPlace: false,
  datetime: null,
  mapping: null,
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
  scenePattern: patternOf(settings),
  multiband: settings.multiband,
  ...(settings.dimensions === 'bands' && { dimensions: settings.dimensions }),
  inPlace: settings.inPlace,
  ...(settings.compression && { compression: settings.compression }),
  ...(settings.overviews && { resampling: settings.overviews }),
});

export const patternOf = ({ scene }: IngestSettings): RegExp | null =>
  scene === null ? null : parseScenePattern(scene);

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

/** What to tell where the file says something else by now: what it said at the last ingest counts. null: nothing. */
export function mappingNote({ mapping }: IngestSettings, label: string): string | null {
  if (mapping === null || mapping.text === null) return null;
  let now: string;
  try {
    now = readMappingText(mapping.path);
  } catch {
    return null;
  }
  if (now === mapping.text) return null;
  return `${mapping.path} has changed since ${label} was ingested; what it said then counts until "rucio-stac ingest" is run with --mapping again`;
}
