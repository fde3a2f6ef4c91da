/** What a handler gets and gives: plain values, no express. */
import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import type { Config } from '../config.ts';
import type { LiveFacts } from '../db/live-facts.ts';
import type { Database } from '../db/schema.ts';
import type { Lake } from '../rucio/lake.ts';
import type { Signer } from '../s3/sign.ts';
import { exactText } from '../stac/exact-json.ts';
import { JSON_TYPE } from '../stac/media-type.ts';
import type { Validator } from '../stac/validate.ts';

export interface ApiRequest {
  /** Decoded path parameters. */
  params: Record<string, string>;
  query: URLSearchParams;
  /** As node gives them, by lower-case name. */
  headers: IncomingHttpHeaders;
  /** Body as text, as it came. */
  text: string;
  /** Public address of this API, no slash at the end. */
  base: string;
  /** Network of who asks, where it is known outside: an address that stands for it. */
  reader: string | null;
  /** Before work that may have waited long. @throws ApiError Unavailable when the client went away */
  mustBeWanted(): void;
}

export interface Reply {
  status?: number;
  type: string;
  /** Whole, or in parts that are sent as they come. */
  body: string | Uint8Array | AsyncIterable<string | Uint8Array>;
  headers?: Record<string, string>;
}

export interface Context {
  config: Config;
  database: Database;
  validator: Validator;
  /** What the Items of each Collection are together. */
  facts: LiveFacts;
  /** null: no Rucio is configured. */
  lake: Lake | null;
  /** null: addresses in our bucket are given as they are. */
  signer: Signer | null;
  /** Where public addresses of our own objects begin, a slash at its end; null: there is no bucket. */
  bucket: string | null;
}

export interface RouteParameter {
  name: string;
  in: 'path' | 'query' | 'header';
  schema: z.ZodType;
}

export interface Route {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** OpenAPI form, such as /collections/{collectionId}. */
  path: string;
  operationId: string;
  summary: string;
  tag: string;
  parameters?: RouteParameter[];
  /** Schema of a JSON body. */
  body?: z.ZodType;
  /** Media types of the body, the first where a request names none; without: JSON, whatever a request says. */
  consumes?: string[];
  /** Status codes it gives, with what they say. */
  responses: Record<number, string>;
  /** Media types of its answer. */
  produces?: string | string[];
  handle(request: ApiRequest, context: Context): Promise<Reply>;
}

export const OPENAPI_TYPE = 'application/vnd.oai.openapi+json;version=3.1';
export const PROBLEM_TYPE = 'application/problem+json';

/** A JSON value as a reply. */
export function reply(value: unknown, type = JSON_TYPE): Reply {
  return { type, body: exactText(value) };
}
