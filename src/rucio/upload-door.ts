/** One way to write a file to an RSE (WebDAV, S3, an address that Rucio signs, a path): look what is there, and put it there. */
import { stat } from 'node:fs/promises';
import type { RucioClient } from './connect.ts';
import { ReplicaFault } from './fetch/replica-fault.ts';
import { readableUrl } from './pfn.ts';
import type { FileDid } from './upload-did.ts';
import { lookLocal, putLocal } from './upload-local.ts';
import { type Look, lookHttp } from './upload-look.ts';
import { isS3, signUrl, type WriteDoor, type WriteRse, writePfn } from './upload-rse.ts';
import { lookDav, type PutFile, type PutOptions, putDav, putSigned, StorageFault } from './upload-storage.ts';

export interface Door {
  /** What lies in the file's place. @throws StorageFault, ReplicaFault */
  look(): Promise<Look>;
  /**
   * The file is there afterwards, as its sums say, or nothing is said to be.
   * @param isExclusive what is there stays
   * @throws StorageFault, ReplicaFault; Occupied
   */
  put(isExclusive: boolean): Promise<void>;
}

/** An object's addresses, each good for one purpose. */
interface Signed {
  read(): Promise<string>;
  write(): Promise<string>;
}

/** Looked at once it is there; where keys may only write, the store's answer to what it took has to do. */
async function putObject({ read, write }: Signed, file: PutFile, isExclusive: boolean, options: PutOptions) {
  const md5 = await putSigned(await write(), file, isExclusive, options);
  const { agents, signal } = options;
  const look = await lookHttp(await read(), file, { agents }, signal).catch((error: unknown) => {
    if (md5 === file.md5 && error instanceof ReplicaFault && !error.passing) return null;
    throw error;
  });
  if (look?.is === 'nothing') throw new StorageFault('it has not what it took a moment ago', true);
  if (look?.is === 'other') throw new StorageFault(`it has other bytes than were sent: ${look.reason}`, true);
}

export async function openDoor(
  client: RucioClient,
  rse: WriteRse,
  door: WriteDoor,
  file: FileDid & PutFile,
  { signal, onProgress }: Pick<PutOptions, 'signal' | 'onProgress'>,
): Promise<Door> {
  const pfn = await writePfn(client.api, rse.rse, door, file, signal);
  const { signS3, ...storage } = await client.storageOf(rse.rse);
  const options: PutOptions = { ...storage, signal, onProgress };
  const signed = signedBy();
  const url = new URL(readableUrl(pfn));

  function signedBy(): Signed | null {
    if (isS3(door.scheme)) {
      if (signS3 === null) throw new StorageFault('there are no keys for it');
      return { read: () => signS3(pfn, 'GET'), write: () => signS3(pfn, 'PUT') };
    }
    if (rse.signs === null || door.scheme !== 'https') return null;
    const sign = (operation: 'read' | 'write') => () => signUrl(client.api, rse, operation, pfn, signal);
    return { read: sign('read'), write: sign('write') };
  }

  return {
    async look() {
      if (signed) return lookHttp(await signed.read(), file, { agents: options.agents }, signal);
      return url.protocol === 'file:' ? lookLocal(url, file, signal) : lookDav(url, file, options);
    },
    async put(isExclusive) {
      const { size } = await stat(file.path);
      if (size !== file.bytes) throw new StorageFault(`${file.path} has changed while it was uploaded`);
      if (signed) await putObject(signed, file, isExclusive, options);
      else if (url.protocol === 'file:') await putLocal(url, file, isExclusive, options);
      else await putDav(url, file, isExclusive, options);
    },
  };
}
