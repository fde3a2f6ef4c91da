/** Where lake and catalogue differ, and how that is told. */

/**
 * `new`: in Rucio and not in STAC; `missing`: its Item was deleted here; `gone`: in STAC and not in Rucio. Replicas came
 * (`replica-new`), went (`replica-gone`), have another address (`replica-moved`), or there is none left (`no-replica`).
 * `changed`: other bytes; `metadata`: other properties. `cog-lost`: the store has not the COG that an Item names; `cog-unregistered`:
 * the lake has it not, though `ingest --register` was asked to put it there; `stac-unregistered`: nor the Item as it is now.
 */
export type DriftKind =
  | 'new'
  | 'missing'
  | 'gone'
  | 'replica-new'
  | 'replica-gone'
  | 'replica-moved'
  | 'no-replica'
  | 'changed'
  | 'metadata'
  | 'cog-lost'
  | 'cog-unregistered'
  | 'stac-unregistered';

export interface Drift {
  kind: DriftKind;
  collection: string;
  /** `scope:name`. */
  did: string;
  /** Id of an Item that it is about, where there is one. */
  item: string | null;
  /** RSE, checksums, names of properties, or key in the store. */
  detail: string;
}

const WORDS: Record<DriftKind, string> = {
  new: 'in Rucio and not in STAC',
  missing: 'in Rucio and not in STAC (the Item was deleted)',
  gone: 'in STAC and not in Rucio',
  'replica-new': 'replica new',
  'replica-gone': 'replica gone',
  'replica-moved': 'replica moved',
  'no-replica': 'no replica left',
  changed: 'checksum changed',
  metadata: 'metadata changed',
  'cog-lost': 'cog lost',
  'cog-unregistered': 'cog not put into the lake',
  'stac-unregistered': 'stac not put into the lake',
};

/** One line for people. */
export function driftLine({ kind, did, item, detail, collection }: Drift): string {
  const where = item === null ? collection : `${collection}/${item}`;
  return `${WORDS[kind]}: ${did}${detail === '' ? '' : ` (${detail})`} -> ${where}\n`;
}
