/** A Collection of no more than what STAC asks for, for Items whose own was not given. STAC 1.1 Collection. */
import type { ItemRow } from '../stac/item.ts';

/** @param items some of it, which tell where and when; the catalogue keeps the extent true as others come */
export function minimalCollection(id: string, items: ItemRow[]): string {
  const starts = items.map(({ start }) => start).sort();
  const ends = items.map(({ end }) => end).sort();
  return JSON.stringify({
    type: 'Collection',
    stac_version: '1.1.0',
    id,
    description: `Items of ${id}`,
    license: 'other',
    extent: {
      spatial: { bbox: [[-180, -90, 180, 90]] },
      temporal: { interval: [[starts[0] ?? null, ends.at(-1) ?? null]] },
    },
    links: [],
  });
}
