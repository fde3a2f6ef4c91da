/** An Item as it is stored, and as it would be made now -> how lake and catalogue differ. */
import { isDeepStrictEqual } from 'node:util';
import type { Document } from '../ingest/to-item.ts';
import type { Drift, DriftKind } from './drift.ts';

type Asset = Document;

/** What changes with replicas alone. */
const OF_REPLICAS = [
  'rucio:rses',
  'rucio:storage',
  'rucio:state',
  'rucio:deleted',
  'storage:schemes',
  'alternate',
];

const didOf = (asset: Asset): string | null =>
  typeof asset['rucio:did'] === 'string' ? asset['rucio:did'] : null;

const assetsOf = ({ assets }: Document) => Object.values((assets ?? {}) as Record<string, Asset>);

/** Asset of an Item that is a file of the lake, by `scope:name`. */
export function assetOfDid(item: Document, did: string): Asset | null {
  return assetsOf(item).find((asset) => didOf(asset) === did) ?? null;
}

function addressesOf({ alternate }: Asset): Map<string, unknown> {
  const entries = Object.entries((alternate ?? {}) as Record<string, { href?: unknown }>);
  return new Map(entries.map(([rse, { href }]) => [rse, href]));
}

function withoutReplicas(document: Document, isOfLake: boolean): Document {
  const left = isOfLake ? [...OF_REPLICAS, 'href', 'storage:refs'] : OF_REPLICAS;
  return Object.fromEntries(Object.entries(document).filter(([key]) => !left.includes(key)));
}

const sumsOf = (asset: Asset) =>
  [asset['file:size'], asset['rucio:adler32'], asset['file:checksum']]
    .map((each) => String(each ?? '-'))
    .join(' ');

/** Names of what differs beside replicas, as paths. */
function changedNames(stored: Document, made: Document): string[] {
  const before = (stored.properties ?? {}) as Document;
  const now = (made.properties ?? {}) as Document;
  const [a, b] = [withoutReplicas(before, false), withoutReplicas(now, false)];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  // What an earlier release did not tell yet is no drift.
  const properties = keys.filter((key) => !isDeepStrictEqual(a[key], b[key]));
  const assets = Object.entries((made.assets ?? {}) as Record<string, Asset>).filter(([key, asset]) => {
    const old = ((stored.assets ?? {}) as Record<string, Asset>)[key];
    const isOfLake = didOf(asset) !== null;
    return (
      old === undefined ||
      !isDeepStrictEqual(withoutReplicas(old, isOfLake), withoutReplicas(asset, isOfLake))
    );
  });
  return [...properties, ...assets.map(([key]) => `assets.${key}`)];
}

/** Differences of the replicas of one file. */
function replicaDrift(before: Asset, now: Asset): [DriftKind, string][] {
  const [old, made] = [addressesOf(before), addressesOf(now)];
  const came = [...made.keys()].filter((rse) => !old.has(rse));
  const went = [...old.keys()].filter((rse) => !made.has(rse));
  const moved = [...made].filter(([rse, href]) => old.has(rse) && old.get(rse) !== href).map(([rse]) => rse);
  return [
    ...came.map((rse): [DriftKind, string] => ['replica-new', rse]),
    ...went.map((rse): [DriftKind, string] => ['replica-gone', rse]),
    ...moved.map((rse): [DriftKind, string] => ['replica-moved', rse]),
    ...(old.size > 0 && made.size === 0 ? [['no-replica', ''] as [DriftKind, string]] : []),
  ];
}

/** @param label of what the Item was made of, where it was made of one file */
export function compareItems(stored: Document, made: Document, label: string): Drift[] {
  const [collection, item] = [String(made.collection), String(made.id)];
  const tell = (kind: DriftKind, did: string, detail: string): Drift => ({
    kind,
    collection,
    did,
    item,
    detail,
  });
  const found: Drift[] = [];
  for (const now of assetsOf(made)) {
    const did = didOf(now);
    const before = did === null ? null : assetOfDid(stored, did);
    if (did === null || before === null) continue;
    if (now['rucio:state'] === 'DELETED') {
      if (before['rucio:state'] !== 'DELETED') found.push(tell('gone', did, ''));
      continue;
    }
    for (const [kind, detail] of replicaDrift(before, now)) found.push(tell(kind, did, detail));
    const [was, is] = [sumsOf(before), sumsOf(now)];
    if (was !== is) found.push(tell('changed', did, `${was} -> ${is}`));
  }
  const names = found.some(({ kind }) => kind === 'changed') ? [] : changedNames(stored, made);
  if (names.length > 0) found.push(tell('metadata', label, names.join(', ')));
  return found;
}
