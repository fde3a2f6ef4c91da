/** The public address of this API for one request: the setting, else what the request says. */
import type { IncomingMessage } from 'node:http';
import type { Config } from '../config.ts';

interface Asked {
  headers: Record<string, string | string[] | undefined>;
  isTls: boolean;
}

const first = (value: string | string[] | undefined): string | undefined =>
  (Array.isArray(value) ? value[0] : value)?.split(',')[0]?.trim() || undefined;

/** A host, with or without a port; anything else would end up in links. */
const HOST = /^(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const isHost = (text: string) => HOST.test(text) && URL.canParse(`http://${text}/`);
/** Without "." and "..", which whoever follows a link takes out. */
const PREFIX = /^(?:\/(?!(?:\.|%2e){1,2}(?:\/|$))[A-Z0-9._~%-]+)+$/i;

function forwarded(headers: Asked['headers']) {
  const prefix = first(headers['x-forwarded-prefix'])?.replace(/\/+$/, '');
  const host = first(headers['x-forwarded-host']);
  const port = first(headers['x-forwarded-port']);
  const scheme = first(headers['x-forwarded-proto']);
  const isDefault = port === undefined || port === (scheme === 'https' ? '443' : '80');
  return {
    scheme: scheme === 'https' || scheme === 'http' ? scheme : undefined,
    host: host !== undefined && !isDefault && !/:\d+$/.test(host) ? `${host}:${port}` : host,
    prefix: prefix !== undefined && PREFIX.test(prefix) ? prefix : '',
  };
}

/**
 * @param publicUrl the setting, no slash at its end; null: go by the request
 * @param trustProxy whether X-Forwarded-* may be believed
 * @returns an address without a slash at its end
 */
function baseUrl({ headers, isTls }: Asked, publicUrl: string | null, trustProxy: boolean): string {
  if (publicUrl !== null) return publicUrl;
  const told = trustProxy ? forwarded(headers) : { scheme: undefined, host: undefined, prefix: '' };
  const scheme = told.scheme ?? (isTls ? 'https' : 'http');
  const hosts = [told.host, first(headers.host)];
  const host = hosts.find((each) => each !== undefined && isHost(each)) ?? 'localhost';
  return `${scheme}://${host}${told.prefix}`;
}

/** baseUrl of a request as node has it, by the settings. */
export function requestBase(
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
  { publicUrl, trustProxy }: Config,
): string {
  return baseUrl({ headers, isTls: 'encrypted' in socket }, publicUrl, trustProxy);
}

/** Path of a public address ("/stac"), which a proxy may leave on the requests it passes on; "" when there is none. */
export function pathPrefix(publicUrl: string | null): string {
  return publicUrl === null ? '' : new URL(publicUrl).pathname.replace(/\/+$/, '');
}
