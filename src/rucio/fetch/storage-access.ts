/** Settings of an RSE -> what its storage is shown of us: a bearer token, a client certificate. */
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { messageOf } from '../../errors.ts';
import type { RucioConfig } from '../read-config.ts';
import { rseSettings } from '../read-storage-settings.ts';
import { readTls } from '../transport.ts';
import { type Agents, createAgents } from './get.ts';
import { ReplicaFault } from './replica-fault.ts';

export interface StorageAccess {
  tokenFor(rse: string): Promise<string | null>;
  agentsFor(rse: string): Agents | undefined;
  close(): void;
}

/** @param loginToken the OpenID token that Rucio takes; null where it is none */
export function openStorageAccess(
  config: Pick<RucioConfig, 'caCert' | 'storages'>,
  loginToken: () => Promise<string | null>,
): StorageAccess {
  const opened = new Map<string, Agents>();
  return {
    async tokenFor(rse) {
      const settings = rseSettings(config.storages, rse);
      const { tokenFile } = settings;
      if (tokenFile === null) return settings.loginToken ? loginToken() : null;
      try {
        // Read each time: whoever renews it writes it anew.
        const token = (await readFile(tokenFile, 'utf8')).trim().split('\n', 1)[0] ?? '';
        if (/^[\x21-\x7e]+$/.test(token)) return token;
      } catch (error) {
        throw new ReplicaFault(`its token file ${tokenFile} cannot be read: ${messageOf(error)}`, {
          cause: error,
        });
      }
      throw new ReplicaFault(`its token file ${tokenFile} holds no token`);
    },
    agentsFor(rse) {
      const { clientCert, clientKey } = rseSettings(config.storages, rse);
      if (clientCert === null) return undefined;
      const key = `${clientCert}\0${clientKey}`;
      const known = opened.get(key) ?? agentsOf(config.caCert, clientCert, clientKey);
      opened.set(key, known);
      return known;
    },
    close() {
      for (const each of opened.values()) each.destroy();
    },
  };
}

function agentsOf(caCert: string | null, clientCert: string, clientKey: string | null): Agents {
  try {
    // A proxy certificate holds its key.
    const tls = readTls({ caCert, authType: 'x509', clientCert, clientKey: clientKey ?? clientCert });
    // Told now what is wrong with it.
    createSecureContext(tls);
    return createAgents(tls);
  } catch (error) {
    throw new ReplicaFault(`its certificate cannot be used: ${messageOf(error)}`, { cause: error });
  }
}
