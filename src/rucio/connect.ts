/** RucioConfig -> client of one Rucio server. What it does itself only reads; rules.ts and upload*.ts write through `api`. */
import { statSync } from 'node:fs';
import { type Api, createApi } from './api.ts';
import { type DownloadOptions, type DownloadReport, downloadFile } from './download.ts';
import { type Agents, openAgents } from './fetch/get.ts';
import { openLeftovers } from './fetch/leftovers.ts';
import { openRanges, type Ranges } from './fetch/open-ranges.ts';
import type { SignS3 } from './fetch/open-replica.ts';
import { openStorageAccess } from './fetch/storage-access.ts';
import { findTools } from './fetch/tools.ts';
import { isJwt } from './jwt.ts';
import { childrenOf, holdingsOf, type ListedDid, searchDids } from './listing.ts';
import { checkLogin } from './login.ts';
import { type MetadataOptions, readMetadata } from './metadata.ts';
import type { RucioConfig } from './read-config.ts';
import {
  type ListReplicasOptions,
  listReplicas,
  type ReplicaLine,
  type RseSum,
  sumReplicas,
} from './replicas.ts';
import {
  completeFiles,
  type DidStatus,
  getDid,
  type ResolveOptions,
  readContents,
  resolveDid,
} from './resolve.ts';
import type { AskOptions } from './send.ts';
import type { Did, DidContents, ListedFile, ResolvedDid, RucioFile } from './types.ts';

export interface ConnectOptions {
  /** Send the OpenID token to https storages as well. A token of Rucio's own is never sent there. Default: false. */
  bearer?: boolean;
  /** Opens s3 addresses; without it they are passed over. */
  signS3?: SignS3;
}

export interface RucioClient {
  /** rucio_host, no slash at the end. */
  readonly host: string;
  readonly config: RucioConfig;
  /** Version of the server; needs no login. */
  ping(signal?: AbortSignal): Promise<string>;
  /** The account the server takes us for. */
  whoami(signal?: AbortSignal): Promise<{ account: string; type: string; status: string }>;
  /** Where the token in use comes from (BEARER_TOKEN or a file) and when it ends, in milliseconds since 1970; never the token. */
  tokenFacts(signal?: AbortSignal): Promise<{ origin: string; expires: number | null }>;
  /** Names of all scopes. */
  scopes(signal?: AbortSignal): Promise<string[]>;
  /** DIDs of a scope whose name fits a pattern with `*`. */
  search(scope: string, pattern: string, signal?: AbortSignal): Promise<ListedDid[]>;
  /** What a dataset or container holds directly. */
  children(did: Did, signal?: AbortSignal): Promise<ListedDid[]>;
  /** The same with files counted, not listed. */
  holdings(did: Did, signal?: AbortSignal): Promise<{ files: number; others: ListedDid[] }>;
  getDid(did: Did, signal?: AbortSignal): Promise<DidStatus>;
  /** A DID and the list of its files, some hundred bytes each. */
  contents(did: Did, options?: ResolveOptions): Promise<DidContents>;
  /** What else is known of some thousands of listed files: replicas, md5, metadata. In the same order. */
  complete(files: readonly ListedFile[], options?: ResolveOptions): Promise<RucioFile[]>;
  /** Both, for all files at once. */
  resolve(did: Did, options?: ResolveOptions): Promise<ResolvedDid>;
  /** By `scope:name`. */
  metadata(dids: readonly Did[], options?: MetadataOptions): Promise<Map<string, Record<string, unknown>>>;
  /** What each RSE has of a dataset. */
  sumReplicas(dataset: Did, signal?: AbortSignal): Promise<RseSum[]>;
  /** By `scope:name`. */
  listReplicas(dids: readonly Did[], options?: ListReplicasOptions): Promise<Map<string, ReplicaLine>>;
  /** downloadFile with this server's CA, certificate, time limits and, where allowed, token. */
  download(file: RucioFile, target: string, options?: DownloadOptions): Promise<DownloadReport>;
  /** A file's bytes by range, where it stays: over https, or http. */
  openRanges(file: RucioFile, signal: AbortSignal): Promise<Ranges>;
  readonly api: Api;
  /** How the storage of an RSE is reached, and what it is shown of us. */
  storageOf(rse: string): Promise<StorageDoor>;
  close(): Promise<void>;
}

export interface StorageDoor {
  /** With this server's CA, and the client certificate where there is one. */
  agents: Agents;
  /** With the RSE's own certificate, for the storage's own origin. */
  ownAgents: Agents | undefined;
  /** Sent over https to the storage's own origin. */
  bearerToken: string | null;
  signS3: SignS3 | null;
}

/** Tools find the configuration and the roots that we found. */
function toolEnv({ file, caCert }: RucioConfig): Record<string, string> {
  const isFile = caCert !== null && statSync(caCert, { throwIfNoEntry: false })?.isFile() === true;
  return { ...(file !== null && { RUCIO_CONFIG: file }), ...(isFile && { SSL_CERT_FILE: caCert }) };
}

/** Opens no connection yet. @throws UserError when certificates cannot be read */
export function connectRucio(config: RucioConfig, options: ConnectOptions = {}): RucioClient {
  checkLogin(config);
  const agents = openAgents(config);
  const api = createApi(config, agents);

  const { download } = config;

  async function loginToken(): Promise<string | null> {
    if (config.authType !== 'oidc') return null;
    const token = await api.tokens.get();
    return isJwt(token) ? token : null;
  }

  const storages = openStorageAccess(config, loginToken);
  const leftovers = openLeftovers();
  const { signS3 } = options;
  const transfers: DownloadOptions = {
    agents,
    storages,
    leftovers,
    preferredImpl: download.preferredImpl,
    tools: findTools(config.searchPath),
    toolEnv: toolEnv(config),
    ...(signS3 && { signS3 }),
    ...(download.transferTimeoutSeconds !== null && {
      transferTimeoutSeconds: download.transferTimeoutSeconds,
    }),
  };

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
    async tokenFacts(signal) {
      const { origin, expires } = await api.tokens.held();
      return { origin, expires: expires ?? (await api.tokenEnd({ signal })) };
    },
    scopes: async (signal) => ((await api.getJson('/scopes/', { signal })) as unknown[]).map(String),
    search: (scope, pattern, signal) => searchDids(api, scope, pattern, signal),
    children: (did, signal) => childrenOf(api, did, signal),
    holdings: (did, signal) => holdingsOf(api, did, signal),
    getDid: (did, signal) => getDid(api, did, signal),
    contents: (did, contentsOptions) => readContents(api, did, contentsOptions),
    complete: (files, completeOptions) => completeFiles(api, files, completeOptions),
    resolve: (did, resolveOptions) => resolveDid(api, did, resolveOptions),
    metadata: (dids, metadataOptions) => readMetadata(api, dids, metadataOptions),
    sumReplicas: (dataset, signal) => sumReplicas(api, dataset, signal),
    listReplicas: (dids, listOptions) => listReplicas(api, dids, listOptions),
    async download(file, target, downloadOptions = {}) {
      const bearerToken = options.bearer === true ? await loginToken() : null;
      return downloadFile(file, target, { ...transfers, bearerToken, ...downloadOptions });
    },
    async openRanges(file, signal) {
      const bearerToken = options.bearer === true ? await loginToken() : null;
      return openRanges(file, { agents, storages, bearerToken, signal });
    },
    api,
    async storageOf(rse) {
      const bearerToken =
        (await storages.tokenFor(rse)) ?? (options.bearer === true ? await loginToken() : null);
      return { agents, ownAgents: storages.agentsFor(rse), bearerToken, signS3: signS3 ?? null };
    },
    async close() {
      storages.close();
      agents.destroy();
    },
  };
}
