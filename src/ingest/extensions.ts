/** STAC extensions of the documents that are made, and which of them a document uses. */
import { OWN_PREFIX } from '../stac/link.ts';

const extension = (name: string, version: string) =>
  `https://stac-extensions.github.io/${name}/${version}/schema.json`;

export const EXTENSIONS = {
  projection: extension('projection', 'v1.2.0'),
  raster: extension('raster', 'v2.0.0'),
  file: extension('file', 'v2.1.0'),
  alternate: extension('alternate-assets', 'v1.2.0'),
  storage: extension('storage', 'v2.0.0'),
  datacube: extension('datacube', 'v2.3.0'),
  eo: extension('eo', 'v2.0.0'),
  sar: extension('sar', 'v1.3.0'),
  sat: extension('sat', 'v1.2.0'),
  grid: extension('grid', 'v1.1.0'),
  processing: extension('processing', 'v1.2.0'),
  render: extension('render', 'v2.0.0'),
  scientific: extension('scientific', 'v1.0.0'),
  rucio: `${OWN_PREFIX}schemas/rucio/v1.0.0/schema.json`,
  zarr: extension('zarr', 'v1.1.0'),
  // Last, as `request` adds it to what is stored.
  order: extension('order', 'v1.1.0'),
};

/** How the names of an extension's fields begin. */
const FIELDS: Record<keyof typeof EXTENSIONS, string> = {
  projection: 'proj:',
  raster: 'raster:',
  file: 'file:',
  alternate: 'alternate"',
  storage: 'storage:',
  datacube: 'cube:',
  eo: 'eo:',
  sar: 'sar:',
  sat: 'sat:',
  grid: 'grid:',
  processing: 'processing:',
  render: 'renders"',
  scientific: 'sci:',
  rucio: 'rucio:',
  zarr: 'zarr:',
  order: 'order:',
};

/** The extensions whose fields a document has, wherever they stand in it. */
export function extensionsOf(document: object): string[] {
  const text = JSON.stringify(document);
  const uses = (field: string) => text.includes(`"${field}`);
  return Object.entries(EXTENSIONS).flatMap(([name, uri]) =>
    uses(FIELDS[name as keyof typeof EXTENSIONS]) ? [uri] : [],
  );
}
