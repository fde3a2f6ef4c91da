/** Cubes -> datacube fields of their Collection: dimensions that hold them all. Datacube extension 2.3.0. */
import { isDeepStrictEqual } from 'node:util';
import type { CollectionFacts } from '../db/collection-facts.ts';
import type { Document, SceneFile } from './to-item.ts';

type Dimensions = Record<string, Document>;

const isRange = (value: unknown): value is [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every((end) => typeof end === 'number');

/** Two extents of one axis as one; what they disagree in otherwise is left out. */
function mergeDimension(a: Document, b: Document): Document {
  const same = Object.entries(a).filter(([key, value]) => isDeepStrictEqual(value, b[key]));
  const merged = Object.fromEntries(same);
  if (isRange(a.extent) && isRange(b.extent)) {
    merged.extent = [Math.min(a.extent[0], b.extent[0]), Math.max(a.extent[1], b.extent[1])];
  }
  return merged;
}

/** Merging what is merged already changes nothing, so that a second run writes nothing. */
function mergeDimensions(all: Dimensions[], facts: CollectionFacts): Dimensions {
  const merged: Dimensions = {};
  for (const [name, dimension] of all.flatMap(Object.entries) as [string, Document][]) {
    const before = merged[name];
    merged[name] = before === undefined ? dimension : mergeDimension(before, dimension);
    if (merged[name].type === 'temporal' && merged[name].values === undefined) {
      merged[name] = { ...merged[name], extent: [facts.start, facts.end] };
    }
  }
  return merged;
}

/**
 * @param files this run's files
 * @param existing the Collection as it is stored; what earlier runs brought stays in
 */
export function cubeFields(files: SceneFile[], facts: CollectionFacts, existing: Document | null): Document {
  const cubes = files.flatMap(({ description }) => (description.cube ? [description.cube] : []));
  // A Collection of scenes and cubes has no dimensions that would be true of all.
  if (cubes.length === 0 || cubes.length !== files.length) return {};
  const before = existing?.['cube:dimensions'] as Dimensions | undefined;
  const dimensions = cubes.map((cube) => cube['cube:dimensions'] as Dimensions);
  const variables = cubes.map((cube) => cube['cube:variables']);
  return {
    'cube:dimensions': mergeDimensions(before ? [before, ...dimensions] : dimensions, facts),
    'cube:variables': Object.assign({}, existing?.['cube:variables'], ...variables),
  };
}
