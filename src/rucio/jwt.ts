/** What an OpenID token (JWT, RFC 7519) tells of itself. Read, never verified: Rucio does that. */

/** Three parts of base64url, as OpenID providers give them; Rucio's own tokens are not. */
export function isJwt(token: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(token);
}

/** `exp`, in milliseconds since 1970; null: it does not tell. */
export function expiryOf(token: string): number | null {
  if (!isJwt(token)) return null;
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as {
      exp?: unknown;
    };
    return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : null;
  } catch {
    return null;
  }
}
