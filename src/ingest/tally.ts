/** Files, in whatever order they end -> what their Collection says of them all together, the same for every order, in little memory. */
import { isDeepStrictEqual } from 'node:util';
import type { CollectionFacts } from '../db/collection-facts.ts';
import { COG_TYPE } from '../stac/media-type.ts';
import { sourceKey } from './part-names.ts';
import { PICTURES, pictureDefinition } from './picture-assets.ts';
import type { Scene, SourceFile } from './source.ts';
import { bandsOf, joinAvailability, stateOfFiles } from './to-asset.ts';
import type { Document, SceneFile } from './to-item.ts';

type Dimensions = Record<string, Document>;

/** Where something stood first: scene, file of the scene, part of the file. */
type Place = readonly [scene: number, file: number, part: number];

interface Placed<T> {
  place: Place;
  value: T;
}

export interface Tally {
  /** A file of a scene that is in the catalogue now. */
  add(scene: Scene, files: readonly SceneFile[]): void;
  /** Files, rasters or not, as the lake has them now. */
  see(files: readonly SourceFile[]): void;
  /** Availability of all files that were seen. */
  availability(): Document;
  itemAssets(): Record<string, Document>;
  /** Dimensions that hold all cubes; none where files are no cubes. @param existing the Collection as it is stored */
  cubeFields(facts: CollectionFacts, existing: Document | null): Document;
}

const compare = (a: Place, b: Place) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];

function keepFirst<T>(kept: Map<string, Placed<T>>, key: string, place: Place, make: () => T): void {
  const before = kept.get(key);
  if (!before || compare(place, before.place) < 0) kept.set(key, { place, value: make() });
}

const inOrder = <T>(kept: Map<string, Placed<T>>): [string, T][] =>
  [...kept].sort(([, a], [, b]) => compare(a.place, b.place)).map(([key, { value }]) => [key, value]);

const isRange = (value: unknown): value is [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every((end) => typeof end === 'number');

/** Two extents of one axis as one; what they disagree in otherwise is left out. */
function mergeDimension(a: Document, b: Document): Document {
  const same = Object.entries(a).filter(([key, value]) => isDeepStrictEqual(value, b[key]));
  const merged = Object.fromEntries(same);
  if (isRange(a.extent) && isRange(b.extent)) {
    merged.extent = [Math.min(a.extent[0], b.extent[0]), Math.max(a.extent[1], b.extent[1])];
  }
  // Of levels and the like; times are told by their extent alone.
  if (a.type !== 'temporal' && Array.isArray(a.values) && Array.isArray(b.values))
    merged.values ??= unionOf(a.values, b.values);
  return merged;
}

/** In an order that is the same whichever comes first. */
function unionOf(a: unknown[], b: unknown[]): unknown[] {
  const all = [...new Set([...a, ...b])];
  const isNumeric = all.every((value) => typeof value === 'number');
  return isNumeric ? all.sort((one, other) => Number(one) - Number(other)) : all.map(String).sort();
}

/** What the Items of a file have as assets. */
function assetsOf({ file, asset, description }: SceneFile): [string, () => Document][] {
  return description.layers.map((layer) => {
    const key = asset ?? layer.asset;
    if (layer.zarr) return [key, () => ({ type: description.mediaType, roles: ['data'] })];
    const make = () => {
      const bands = bandsOf({ layer, file, asset: key }).map(
        ({ statistics: _, 'raster:histogram': __, ...fields }) => fields,
      );
      return { type: COG_TYPE, title: bands[0]?.description ?? key, roles: ['data'], bands };
    };
    return [key, make];
  });
}

export function makeTally(): Tally {
  const assets = new Map<string, Placed<Document>>();
  const originals = new Map<string, Placed<null>>();
  const originalTypes = new Set<string>();
  let isDrawn = false;
  const dimensions = new Map<string, Placed<Document>>();
  const variables = new Map<string, Placed<unknown>>();
  let files = 0;
  let cubes = 0;
  let together: ReturnType<typeof joinAvailability> = null;

  function addCube({ cube }: SceneFile['description'], [scene, file]: Place): void {
    if (!cube) return;
    cubes++;
    for (const [part, [name, dimension]] of Object.entries(cube['cube:dimensions'] as Dimensions).entries()) {
      const place: Place = [scene, file, part];
      const before = dimensions.get(name);
      const first = before && compare(before.place, place) < 0 ? before.place : place;
      const value = before ? mergeDimension(before.value, dimension) : dimension;
      dimensions.set(name, { place: first, value });
    }
    const named = Object.entries(cube['cube:variables'] as Document);
    for (const [part, [name, variable]] of named.entries())
      keepFirst(variables, name, [scene, file, part], () => variable);
  }

  return {
    add({ place }, some) {
      for (const [at, file] of some.entries()) {
        files++;
        isDrawn ||= file.description.pictures !== undefined;
        for (const [part, [key, make]] of assetsOf(file).entries())
          keepFirst(assets, key, [place, at, part], make);
        const isCopied = file.description.layers.some(({ inPlace }) => !inPlace);
        if (file.file.did !== null && isCopied) {
          keepFirst(originals, sourceKey(file, true), [place, at, Number.MAX_SAFE_INTEGER], () => null);
          originalTypes.add(file.description.mediaType);
        }
        addCube(file.description, [place, at, 0]);
      }
    },
    see(some) {
      together = joinAvailability(together, some);
    },
    availability: () => stateOfFiles(together),
    itemAssets() {
      const [type] = originalTypes;
      const source: Document = {
        ...(originalTypes.size === 1 && { type }),
        title: 'The original in the data lake',
        roles: ['source'],
      };
      const all = new Map<string, Placed<Document | null>>([...assets, ...originals]);
      const pictures = isDrawn ? PICTURES.map((kind) => [kind, pictureDefinition(kind)] as const) : [];
      return Object.fromEntries([
        ...inOrder(all).map(([key, made]) => [key, made ?? source] as const),
        ...pictures,
      ]);
    },
    cubeFields(facts, existing) {
      // A Collection of scenes and cubes has no dimensions that would be true of all.
      if (cubes === 0 || cubes !== files) return {};
      const merged: Dimensions = { ...(existing?.['cube:dimensions'] as Dimensions | undefined) };
      for (const [name, dimension] of inOrder(dimensions)) {
        merged[name] = merged[name] === undefined ? dimension : mergeDimension(merged[name], dimension);
        if (merged[name].type === 'temporal' && merged[name].values === undefined) {
          merged[name] = { ...merged[name], extent: [facts.start, facts.end] };
        }
      }
      const before = existing?.['cube:variables'] as Document | undefined;
      return {
        'cube:dimensions': merged,
        'cube:variables': { ...before, ...Object.fromEntries(inOrder(variables)) },
      };
    },
  };
}
