/** rucio-stac whoami: the account that Rucio takes us for, how we are logged in, and for how long. */
import type { RucioClient } from '../rucio/connect.ts';
import type { RucioConfig } from '../rucio/read-config.ts';
import type { Command } from './command.ts';
import { table, withRucio } from './lake.ts';

const HELP = `rucio-stac whoami

Prints the account that Rucio takes you for, its type and status, how you are logged in, and until when the token is good.
userpass, x509 and x509_proxy log in for it where needed; for oidc, run rucio-stac login before.

  --json   print it as JSON

Settings: rucio.cfg as the Rucio client reads it (RUCIO_CONFIG, RUCIO_HOME).`;

/** What is told of a login; nothing here is secret. */
export interface Identity {
  account: string;
  type: string;
  status: string;
  host: string;
  /** auth_type, and whom it names. */
  login: string;
  /** BEARER_TOKEN or a file. */
  token: string;
  /** RFC 3339; null: the server does not tell. */
  expires: string | null;
}

function describeLogin({ authType, username, clientCert, oidc }: RucioConfig): string {
  if (authType === 'userpass') return `userpass, user ${username}`;
  if (authType === 'oidc') return oidc.issuer === null ? 'oidc' : `oidc, issuer ${oidc.issuer}`;
  return `${authType}, certificate ${clientCert}`;
}

/** Asks the server, logging in where needed. @throws UserError */
export async function identify(client: RucioClient): Promise<Identity> {
  const { account, type, status } = await client.whoami();
  const { origin, expires } = await client.tokenFacts();
  return {
    account,
    type,
    status,
    host: client.host,
    login: describeLogin(client.config),
    token: origin,
    expires: expires === null ? null : new Date(expires).toISOString(),
  };
}

/** Until when, and how long that is in the unit that fits. */
export function timeLeft(expires: string | null): string {
  if (expires === null) return 'until a time that the server does not tell';
  const seconds = Math.max(0, Math.round((Date.parse(expires) - Date.now()) / 1000));
  const [unit, name] = seconds < 120 ? [1, 'seconds'] : seconds < 7200 ? [60, 'minutes'] : [3600, 'hours'];
  const left = `${Math.round(seconds / unit)} ${name}`;
  return `until ${expires.replace(/\.\d+Z$/, 'Z')} (${left})`;
}

function print(identity: Identity, configured: string | null): string {
  const { account, type, status, host, login, token, expires } = identity;
  const rows = [
    ['account', account],
    ['type', type],
    ['status', status],
    ['server', host],
    ['login', login],
    ['token', `from ${token}, good ${timeLeft(expires)}`],
  ];
  if (configured !== null && configured !== account) {
    rows.push(['note', `rucio.cfg or RUCIO_ACCOUNT names another account, ${configured}; the token decides`]);
  }
  return table(rows);
}

export const whoami: Command = {
  summary: 'print the account that Rucio takes you for, and how long the login lasts',
  help: HELP,
  options: { json: { type: 'boolean' } },
  names: 0,
  async run({ options }, env) {
    await withRucio(env, async (client) => {
      const identity = await identify(client);
      const text = options.json
        ? `${JSON.stringify(identity, null, 2)}\n`
        : print(identity, client.config.account);
      process.stdout.write(text);
    });
    return 0;
  },
};
