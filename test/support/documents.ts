/** Small STAC documents, valid unless a test makes them otherwise. */

export function collection(id: string, fields: object = {}): object {
  return {
    type: 'Collection',
    stac_version: '1.1.0',
    id,
    description: `Collection ${id}`,
    license: 'other',
    extent: {
      spatial: { bbox: [[-180, -90, 180, 90]] },
      temporal: { interval: [['2020-01-01T00:00:00Z', null]] },
    },
    links: [],
    ...fields,
  };
}

/** West, south, east, north as a closed ring. */
export function box(west: number, south: number, east: number, north: number): object {
  const ring = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  return { type: 'Polygon', coordinates: [ring] };
}

export function item(id: string, fields: object = {}, properties: object = {}): object {
  return {
    type: 'Feature',
    stac_version: '1.1.0',
    id,
    collection: 'c',
    geometry: box(10, 40, 11, 41),
    bbox: [10, 40, 11, 41],
    properties: { datetime: '2024-01-01T00:00:00Z', ...properties },
    links: [],
    assets: {},
    ...fields,
  };
}
