/** Source, its Items and what is stored -> Collection. STAC 1.1 Collection; extents and summaries are of all Items in the catalogue. */
import type { CollectionFacts } from '../db/collection-facts.ts';
import { didKey } from '../rucio/resolve.ts';
import type { DidType } from '../rucio/types.ts';
import { SUMMARIZED } from '../search/summaries.ts';
import { EXTENSIONS } from './extensions.ts';
import { licenseOf } from './license.ts';
import { orderFields } from './orders.ts';
import type { Source } from './source.ts';
import type { Tally } from './tally.ts';
import { availability, didFields, known } from './to-asset.ts';
import { type Document, didLinks } from './to-item.ts';

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

const listOf = (value: unknown): unknown[] | null =>
  Array.isArray(value) && value.length > 0 ? value : null;

const AVAILABILITY = ['rucio:rses', 'rucio:storage', 'rucio:state', 'rucio:deleted'];

const pick = (document: Document, keys: string[]) =>
  Object.fromEntries(keys.flatMap((key) => (Object.hasOwn(document, key) ? [[key, document[key]]] : [])));

/** Availability is that of all files, so it is told when all were seen. */
function rucioFields(source: Source, tally: Tally | null, existing: Document | null): Document {
  const { did, type, host, isWhole, deleted } = source;
  if (did === null) return {};
  if (deleted !== undefined) {
    const seen = textOf(existing?.['rucio:deleted']) ?? deleted;
    const nowhere = availability([{ replicas: [], deleted: seen }]);
    return {
      'rucio:host': host,
      ...didFields(did, type ?? (existing?.['rucio:type'] as DidType)),
      ...nowhere,
    };
  }
  const seen = isWhole && tally ? tally.availability() : pick(existing ?? {}, AVAILABILITY);
  return { 'rucio:host': host, ...didFields(did, type), ...seen };
}

function extent({ bbox, start, end }: CollectionFacts): Document {
  return {
    spatial: { bbox: [bbox ?? [-180, -90, 180, 90]] },
    temporal: { interval: [[start, end]] },
  };
}

/** Summaries that somebody else made: of properties that are not counted here. */
function otherSummaries(existing: Document | null): Document {
  const entries = Object.entries((existing?.summaries ?? {}) as Document);
  return Object.fromEntries(entries.filter(([key]) => !SUMMARIZED.includes(key)));
}

/** What the source tells; what it does not tell stays as it is stored. */
function toldFields(source: Source, tally: Tally | null, existing: Document | null): Document {
  const { metadata, collectionId, did } = source;
  const title = textOf(metadata.title);
  const description = textOf(metadata.description) ?? title;
  const name = did ? `${did.scope}:${did.name}` : collectionId;
  return {
    title: title ?? existing?.title ?? name,
    description: description ?? existing?.description ?? `Rasters of ${name}`,
    license: licenseOf(source.metadata)?.license ?? existing?.license ?? 'other',
    ...known({
      keywords: listOf(metadata.keywords),
      providers: listOf(metadata.providers),
      'sci:doi': textOf(metadata['sci:doi']),
      'sci:citation': textOf(metadata['sci:citation']),
    }),
    ...rucioFields(source, tally, existing),
  };
}

/** Links to the lake and the licence, made anew where the source tells them; others stay. */
function linksOf(source: Source, existing: Document | null): Document[] {
  const made = [
    ...(source.did ? didLinks(source, source.did) : []),
    ...(licenseOf(source.metadata)?.links ?? []),
  ];
  const remade = new Set([
    ...(source.did ? ['via', 'about'] : []),
    ...(licenseOf(source.metadata) ? ['license'] : []),
  ]);
  const before = Array.isArray(existing?.links) ? (existing.links as Document[]) : [];
  return [...made, ...before.filter(({ rel }) => !remade.has(String(rel)))];
}

/**
 * The Collection as it should be now.
 * @param existing what is stored; fields that ingestion does not make are kept
 * @param tally of all files of this run, item_assets of earlier runs are kept; null: while it goes on
 */
export function toCollection(
  source: Source,
  tally: Tally | null,
  facts: CollectionFacts,
  existing: Document | null,
): Document {
  const assets = (existing?.item_assets ?? {}) as Record<string, Document>;
  const item_assets = { ...assets, ...tally?.itemAssets() };
  const told = toldFields(source, tally, existing);
  const { links: _, ...rest }: Document = {
    type: 'Collection',
    stac_version: '1.1.0',
    id: source.collectionId,
    ...existing,
    ...told,
    ...orderFields(source.did ? source.orders.get(didKey(source.did)) : undefined),
    extent: extent(facts),
    summaries: { ...otherSummaries(existing), ...facts.summaries },
    ...tally?.cubeFields(facts, existing),
    ...(Object.keys(item_assets).length > 0 && { item_assets }),
  };
  if (source.did !== null) for (const key of AVAILABILITY) if (!(key in told)) delete rest[key];
  const uses = (prefix: string) => Object.keys(rest).some((key) => key.startsWith(prefix));
  const scientific = 'https://stac-extensions.github.io/scientific/v1.0.0/schema.json';
  const made = [
    ...(uses('rucio:') ? [EXTENSIONS.rucio] : []),
    ...(uses('cube:') ? [EXTENSIONS.datacube] : []),
    ...(uses('sci:') ? [scientific] : []),
    ...(uses('order:') ? [EXTENSIONS.order] : []),
  ];
  const before = Array.isArray(existing?.stac_extensions) ? (existing.stac_extensions as string[]) : [];
  const stac_extensions = [...new Set([...before, ...made])];
  return { ...rest, stac_extensions, links: linksOf(source, existing) };
}
