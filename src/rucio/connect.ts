/** RucioConfig -> client of one Rucio server, as far as ingestion needs it: it only reads. */
import { UserError } from '../errors.ts';
import { type AskOptions, createApi } from './api.ts';
import { type DownloadOptions, type DownloadReport, downloadFile } from './download.ts';
import { type MetadataOptions, readMetadata } from './metadata.ts';
import type { RucioConfig } from './read-config.ts';
import { type ListReplicasOptions, listReplicas, type ReplicaLine } from './replicas.ts';
import { type DidStatus, getDid, type ResolveOptions, resolveDid } from './resolve.ts';
import { isJwt } from './token.ts';
import { createDispatcher } from './transport.ts';
import type { Did, ResolvedDid, RucioFile } from './types.ts';

export interface ConnectOptions {
  /** Send the OpenID token to https storages as well. A token of Rucio's own is never sent there. Default: false. */
  bearer?: boolean;
}

export interface RucioClient {
  /** rucio_host, no slash at the end. */
  readonly host: string;
  readonly config: RucioConfig;
  /** Version of the server; needs no login. */
  ping(signal?: AbortSignal): Promise<string>;
  /** The account the server takes us for. */
  whoami(signal?: AbortSignal): Promise<{ account: string; type: string; status: string }>;
  getDid(did: Did, signal?: AbortSignal): Promise<DidStatus>;
  resolve(did: Did, options?: ResolveOptions): Promise<ResolvedDid>;
  /** By `scope:name`. */
  metadata(dids: readonly Did[], options?: MetadataOptions): Promise<Map<string, Record<string, unknown>>>;
  /** By `scope:name`. */
  listReplicas(dids: readonly Did[], options?: ListReplicasOptions): Promise<Map<string, ReplicaLine>>;
  /** downloadFile with this server's CA, certificate, time limits and, where allowed, token. */
  download(file: RucioFile, target: string, options?: DownloadOptions): Promise<DownloadReport>;
  close(): Promise<void>;
}

/** Opens no connection yet. @throws UserError when certificates cannot be read */
export function connectRucio(config: RucioConfig, options: ConnectOptions = {}): RucioClient {
  checkLogin(config);
  const dispatcher = createDispatcher(config);
  const api = createApi(config, dispatcher);

  async function bearerToken(): Promise<string | null> {
    if (options.bearer !== true || config.authType !== 'oidc') return null;
    const token = await api.tokens.get();
    return isJwt(token) ? token : null;
  }

  return {
    host: config.host,
    config,
    async ping(signal) {
      const answer = await api.getOpen('/ping', { signal });
      return String((answer as { version?: unknown }).version ?? 'unknown');
    },
    async whoami(signal) {
      // 303 to /accounts/{account}; followed by hand so that the token goes nowhere else.
      const ask: AskOptions = { signal };
      const path = await api.getLocation('/accounts/whoami', ask);
      const row = (await api.getJson(path, ask)) as Record<string, unknown>;
      return { account: String(row.account), type: String(row.account_type), status: String(row.status) };
    },
    getDid: (did, signal) => getDid(api, did, signal),
    resolve: (did, resolveOptions) => resolveDid(api, did, resolveOptions),
    metadata: (dids, metadataOptions) => readMetadata(api, dids, metadataOptions),
    listReplicas: (dids, listOptions) => listReplicas(api, dids, listOptions),
    async download(file, target, downloadOptions = {}) {
      const seconds = config.download.transferTimeoutSeconds;
      return downloadFile(file, target, {
        dispatcher,
        bearerToken: await bearerToken(),
        ...(seconds !== null && { transferTimeoutSeconds: seconds }),
        ...downloadOptions,
      });
    },
    close: () => dispatcher.destroy(),
  };
}

function checkLogin(config: RucioConfig): void {
  if (config.authType !== 'userpass' || (config.username !== null && config.password !== null)) return;
  const missing = config.username === null ? 'username' : 'password';
  const where = config.file === null ? '' : `${missing} in [client] of ${config.file}, or `;
  throw new UserError(`auth_type userpass needs a ${missing}: set ${where}RUCIO_${missing.toUpperCase()}.`);
}
