/**
 * Request -> the network of who sent it, for whoever knows which copy of a file is near to it; never the address itself.
 * As long as resolvers tell it (RFC 7871, 11.1): 24 bits of IPv4, 56 of IPv6.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Where nobody outside can tell who is meant: of this machine, this site, this provider (IANA special-purpose registries). */
const inside = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 3],
] as const)
  inside.addSubnet(network, bits, 'ipv4');
const outside = new BlockList();
outside.addSubnet('2000::', 3, 'ipv6');

/** Some proxies write the port, too, and some write IPv4 as IPv6. */
function bareAddress(text: string): string {
  const [, bracketed] = /^\[([^\]]+)\](?::\d+)?$/.exec(text) ?? [];
  const [, v4] = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text) ?? [];
  return (bracketed ?? v4 ?? text).replace(/^::ffff:(?=\d+\.)/i, '');
}

/** null: not one that is known outside. */
function networkOf(text: string): string | null {
  const address = bareAddress(text.trim());
  if (isIPv4(address)) {
    return inside.check(address, 'ipv4') ? null : address.replace(/\.\d+$/, '.0');
  }
  if (!isIPv6(address) || address.includes('%') || !outside.check(address, 'ipv6')) return null;
  // As a URL has it: hexadecimal, one "::" at most.
  const [front, back] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const groups = (part = '') => (part === '' ? [] : part.split(':'));
  const [first, last] = [groups(front), groups(back)];
  const all = [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last];
  const [a, b, c, d = '0'] = all;
  const rest = (Number.parseInt(d, 16) & 0xff00).toString(16);
  return new URL(`http://[${a}:${b}:${c}:${rest}::]/`).hostname.slice(1, -1);
}

/**
 * @param remoteAddress of the connection
 * @param trustProxy whether X-Forwarded-For may be believed: its first address that is known outside is the reader's
 * @returns an address that stands for its network; null: it is not known
 */
export function readerNetwork(
  headers: IncomingHttpHeaders,
  remoteAddress: string | undefined,
  trustProxy: boolean,
): string | null {
  const told = trustProxy ? [headers['x-forwarded-for'] ?? []].flat().join(',').slice(0, 1000) : '';
  for (const address of [...told.split(','), remoteAddress ?? '']) {
    const network = networkOf(address);
    if (network !== null) return network;
  }
  return null;
}
