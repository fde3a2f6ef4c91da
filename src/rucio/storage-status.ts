/** Statuses with which storages answer, whether they are read or written. RFC 9110, 15. */

/** They may say otherwise a moment later. */
export const PASSING_STATUS: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);
export const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
export const MAX_REDIRECTS = 10;
