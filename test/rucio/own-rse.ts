/** An RSE of one test's own, seen through the addresses that the test gives it: a broken network, another kind of storage, nobody. */
import { randomBytes } from 'node:crypto';
import type { Lake } from './lake.ts';

export interface Protocol {
  scheme: string;
  hostname: string;
  port: number;
  /** Begins and ends with a slash. */
  prefix: string;
  /** Rucio's name; where only this program reads, any will do. */
  impl?: string;
}

/** @returns its name. Not deterministic: files are registered with their PFN. */
export async function addRse(lake: Lake, protocols: Protocol[]): Promise<string> {
  const rse = `IT-${randomBytes(4).toString('hex').toUpperCase()}`;
  await lake.post(`/rses/${rse}`, { deterministic: false, volatile: false, rse_type: 'DISK' });
  for (const [index, protocol] of protocols.entries()) {
    const place = {
      read: index + 1,
      write: index + 1,
      delete: 0,
      third_party_copy_read: 0,
      third_party_copy_write: 0,
    };
    const { read, write, delete: gone } = place;
    await lake.post(`/rses/${rse}/protocols/${protocol.scheme}`, {
      impl: 'rucio.rse.protocols.webdav.Default',
      ...protocol,
      domains: { lan: { read, write, delete: gone }, wan: place },
      extended_attributes: null,
    });
  }
  return rse;
}

export const pfnOf = ({ scheme, hostname, port, prefix }: Protocol, path: string): string =>
  `${scheme}://${hostname}${port === 0 ? '' : `:${port}`}${prefix}${path}`;
