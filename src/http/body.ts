/** Bytes of a request's body -> text, refused where bytes are no text: what is stored is what was sent. RFC 8259 8.1. */
import { TextDecoder } from 'node:util';
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';

const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]+)/i;

function decoderOf(contentType: string | undefined): TextDecoder {
  const charset = CHARSET.exec(contentType ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    throw new ApiError(
      'UnsupportedMediaType',
      `charset is ${shown(charset)}; accepted is utf-8`,
      'content-type',
    );
  }
}

/**
 * The media type of a body, of those that a route takes.
 * @throws ApiError UnsupportedMediaType
 */
export function bodyType(consumes: readonly string[], contentType: string | undefined): string {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() || consumes[0];
  if (type !== undefined && consumes.includes(type)) return type;
  throw new ApiError(
    'UnsupportedMediaType',
    `the media type is ${shown(type)}; accepted are ${consumes.join(', ')}`,
    'content-type',
  );
}

/** @throws ApiError InvalidBody, UnsupportedMediaType */
export function bodyText(body: unknown, contentType: string | undefined): string {
  const decoder = decoderOf(contentType);
  if (!Buffer.isBuffer(body)) return '';
  try {
    return decoder.decode(body);
  } catch {
    throw new ApiError('InvalidBody', `the body holds bytes that are no ${decoder.encoding} text`);
  }
}
