/** The asset of a file as it is stored -> the replicas that it tells: the best of each RSE, as they are made into the asset again. */
import type { Document } from '../ingest/to-item.ts';
import type { Replica } from '../rucio/types.ts';

const schemeOf = (href: string) => href.slice(0, Math.max(0, href.indexOf(':'))).toLowerCase();

export function toldReplicas(asset: Document): Replica[] {
  const alternates = Object.entries((asset.alternate ?? {}) as Record<string, { href?: unknown }>);
  const types = Array.isArray(asset['rucio:storage']) ? (asset['rucio:storage'] as string[]) : [];
  // The one that the asset itself leads to came first.
  const rank = (href: string) => (href === asset.href ? 0 : 1);
  return alternates
    .map(([rse, { href }]) => ({ rse, pfn: String(href) }))
    .sort((a, b) => rank(a.pfn) - rank(b.pfn))
    .map(({ rse, pfn }, index) => ({
      rse,
      pfn,
      scheme: schemeOf(pfn),
      priority: index + 1,
      state: 'AVAILABLE',
      // Which RSE has which class is not told; which classes there are is all that is made of it.
      type: types[index % Math.max(1, types.length)] ?? 'DISK',
    }));
}
