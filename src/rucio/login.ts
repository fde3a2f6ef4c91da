/** userpass or certificate -> a token of Rucio's own. GET /auth/userpass, /auth/x509, /auth/x509_proxy. */
import { UserError } from '../errors.ts';
import { refusalError } from './faults.ts';
import type { Agents } from './fetch/get.ts';
import type { RucioConfig } from './read-config.ts';
import { sendPatiently, voHeader } from './send.ts';
import type { FreshToken } from './token.ts';

/** A new token, good for as long as the server says (an hour). @throws UserError, RucioError */
export async function logIn(config: RucioConfig, agents: Agents): Promise<FreshToken> {
  checkLogin(config);
  const account: Record<string, string> =
    config.account === null ? {} : { 'x-rucio-account': config.account };
  const secret: Record<string, string> =
    config.authType === 'userpass'
      ? { 'x-rucio-username': config.username ?? '', 'x-rucio-password': config.password ?? '' }
      : {};
  const headers = { ...account, ...secret, ...voHeader(config) };
  const ask = { base: config.authHost, path: `/auth/${config.authType}`, headers };
  return sendPatiently(config, agents, ask, async (answer) => {
    await answer.body.dump();
    const token = answer.header('x-rucio-auth-token');
    const expires = Date.parse(answer.header('x-rucio-auth-token-expires'));
    if (token !== '') return { token, expires: Number.isNaN(expires) ? null : expires };
    const accounts = answer.header('x-rucio-auth-accounts');
    const exceptionMessage =
      accounts === '' ? 'no token came back' : `it may use several accounts, name one: ${accounts}`;
    const asked = `GET ${ask.path}`;
    throw refusalError(
      { status: answer.status, exceptionClass: 'CannotAuthenticate', exceptionMessage, asked },
      config,
    );
  });
}

/** @throws UserError when user name or password are missing */
export function checkLogin(config: RucioConfig): void {
  if (config.authType !== 'userpass' || (config.username !== null && config.password !== null)) return;
  const missing = config.username === null ? 'username' : 'password';
  const where = config.file === null ? '' : `${missing} in [client] of ${config.file}, or `;
  throw new UserError(`auth_type userpass needs a ${missing}: set ${where}RUCIO_${missing.toUpperCase()}.`);
}
