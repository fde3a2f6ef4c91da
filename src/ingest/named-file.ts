/** What a file's name tells of it. */
import type { Metadata } from './mapping.ts';

export interface NamedFile {
  /** What the names of all files of its scene share; null: it is a scene by its stem. */
  scene: string | null;
  /** Its part of the scene, which names its asset; null: the name does not tell. */
  asset: string | null;
  /** Fields of its Item that follow from the name alone. */
  fields: Metadata;
  /** Fields of its Item by a rule that was given. */
  told: Metadata;
  /** Fields of its band. */
  band: Metadata;
}

/** null: the name tells nothing. */
export type ReadName = (name: string) => NamedFile | null;
