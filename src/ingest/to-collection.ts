/** Source, its Items and what is stored -> Collection. STAC 1.1 Collection; extents and summaries are of all Items in the catalogue. */
import type { CollectionFacts } from '../db/collection-facts.ts';
import type { Source } from './source.ts';
import { availability, bandFields, COG_MEDIA_TYPE, didFields, known } from './to-asset.ts';
import { type Document, didLinks, EXTENSIONS, type SceneFile } from './to-item.ts';

/** SPDX ids and STAC's own words; anything else that is no address cannot be told from a typing error and becomes "other". */
const LICENSE = /^[\w.+-]+$/;

function describe(source: Source): string {
  const { description, title } = source.metadata;
  if (typeof description === 'string' && description !== '') return description;
  if (typeof title === 'string' && title !== '') return title;
  return `Rasters of ${source.label}`;
}

function licenseOf({ metadata }: Source): { license: string; links: Document[] } {
  const { license } = metadata;
  if (typeof license !== 'string' || license === '') return { license: 'other', links: [] };
  if (/^https?:\/\//.test(license)) return { license: 'other', links: [{ rel: 'license', href: license }] };
  return { license: LICENSE.test(license) ? license : 'other', links: [] };
}

const listOf = (value: unknown): unknown[] | null =>
  Array.isArray(value) && value.length > 0 ? value : null;

function rucioFields({ did, type, host, files }: Source): Document {
  return did === null ? {} : { 'rucio:host': host, ...didFields(did, type), ...availability(files) };
}

/** What Items of this Collection have as assets. */
export function itemAssets(files: SceneFile[]): Record<string, Document> {
  const assets: Record<string, Document> = {};
  for (const { file, asset, description } of files) {
    for (const layer of description.layers) {
      const key = asset ?? layer.asset;
      const bands = layer.bands.map((band) => {
        const { statistics: _, ...fields } = bandFields(band);
        return fields;
      });
      assets[key] ??= {
        type: COG_MEDIA_TYPE,
        title: layer.bands[0]?.description ?? key,
        roles: ['data'],
        bands,
      };
    }
    if (file.did !== null) {
      assets.source ??= {
        type: description.mediaType,
        title: 'The original in the data lake',
        roles: ['source'],
      };
    }
  }
  return assets;
}

function extent({ bbox, start, end }: CollectionFacts): Document {
  return {
    spatial: { bbox: [bbox ?? [-180, -90, 180, 90]] },
    temporal: { interval: [[start, end]] },
  };
}

function ownFields(source: Source, facts: CollectionFacts): Document {
  const { metadata, collectionId } = source;
  const { license, links } = licenseOf(source);
  return {
    type: 'Collection',
    stac_version: '1.1.0',
    id: collectionId,
    title: typeof metadata.title === 'string' ? metadata.title : source.label,
    description: describe(source),
    ...known({
      keywords: listOf(metadata.keywords),
      providers: listOf(metadata.providers),
      'sci:doi': typeof metadata['sci:doi'] === 'string' ? metadata['sci:doi'] : null,
      'sci:citation': typeof metadata['sci:citation'] === 'string' ? metadata['sci:citation'] : null,
    }),
    license,
    extent: extent(facts),
    summaries: facts.summaries,
    ...rucioFields(source),
    links: [...(source.did ? didLinks(source, source.did) : []), ...links],
  };
}

/** Dimensions and variables of the cubes among the files, on the Collection's time axis. */
function cubeFields(files: SceneFile[], facts: CollectionFacts): Document {
  const cubes = files.flatMap(({ description }) => (description.cube ? [description.cube] : []));
  if (cubes.length === 0 || cubes.length !== files.length) return {};
  const dimensions: Document = Object.assign({}, ...cubes.map((cube) => cube['cube:dimensions']));
  for (const [name, dimension] of Object.entries(dimensions)) {
    const { type, values: _, ...rest } = dimension as Document;
    if (cubes.length > 1 && type === 'temporal')
      dimensions[name] = { ...rest, type, extent: [facts.start, facts.end] };
  }
  return {
    'cube:dimensions': dimensions,
    'cube:variables': Object.assign({}, ...cubes.map((cube) => cube['cube:variables'])),
  };
}

/**
 * The Collection as it should be now.
 * @param existing what is stored; fields that ingestion does not make are kept
 * @param files this run's files; item_assets of earlier runs are kept
 */
export function toCollection(
  source: Source,
  files: SceneFile[],
  facts: CollectionFacts,
  existing: Document | null,
): Document {
  const own = { ...ownFields(source, facts), ...cubeFields(files, facts) };
  const before = (existing?.item_assets ?? {}) as Record<string, Document>;
  const item_assets = { ...before, ...itemAssets(files) };
  const document: Document = {
    ...existing,
    ...own,
    ...(Object.keys(item_assets).length > 0 && { item_assets }),
  };
  const { links, ...rest } = document;
  const uses = (prefix: string) => Object.keys(rest).some((key) => key.startsWith(prefix));
  const scientific = 'https://stac-extensions.github.io/scientific/v1.0.0/schema.json';
  const made = [
    ...(uses('rucio:') ? [EXTENSIONS.rucio] : []),
    ...(uses('cube:') ? [EXTENSIONS.datacube] : []),
    ...(uses('sci:') ? [scientific] : []),
  ];
  const kept = Array.isArray(existing?.stac_extensions) ? (existing.stac_extensions as string[]) : [];
  const stac_extensions = [...new Set([...kept, ...made])];
  return { ...rest, stac_extensions, links };
}
