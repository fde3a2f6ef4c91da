/** How a DID was ingested, as JSON text: what is remembered of it, so that it can be done the same way again. */
import { parseScenePattern } from './plan.ts';
import type { ItemTime } from './to-time.ts';
import { readInstant } from './to-time.ts';

export interface IngestSettings {
  /** `--scene`, as it was given. */
  scene: string | null;
  multiband: boolean;
  /** `--in-place` */
  inPlace: boolean;
  /** `--datetime`, as it was given. */
  datetime: string | null;
  /** `--mapping`, a path; null: as the setting says. */
  mapping: string | null;
}

export const DEFAULT_SETTINGS: IngestSettings = {
  scene: null,
  multiband: false,
  inPlace: false,
  datetime: null,
  mapping: null,
};

/** Settings of another release have what it knew; the rest is as by default. */
export const parseSettings = (text: string): IngestSettings => ({
  ...DEFAULT_SETTINGS,
  ...(JSON.parse(text) as Partial<IngestSettings>),
});

export const patternOf = ({ scene }: IngestSettings): RegExp | null =>
  scene === null ? null : parseScenePattern(scene);

export function timeOfSettings({ datetime }: IngestSettings): ItemTime | null {
  const instant = datetime === null ? null : readInstant(datetime);
  return instant === null ? null : { datetime: instant };
}
