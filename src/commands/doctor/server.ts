/** The Rucio server: reachable, its clock, our login there, and what it lets us do. */
import { existsSync } from 'node:fs';
import { connectRucio, type RucioClient } from '../../rucio/connect.ts';
import { RucioError } from '../../rucio/faults.ts';
import { openAgents } from '../../rucio/fetch/get.ts';
import type { RucioConfig } from '../../rucio/read-config.ts';
import { sendPatiently } from '../../rucio/send.ts';
import { identify, timeLeft } from '../whoami.ts';
import { attempt, type Finding, failed, ok, skipped } from './check.ts';
import { openTo } from './settings.ts';

/** Milliseconds: for one answer, and that two clocks may differ. */
const LIMIT = 30_000;
const MOST_SKEW = 60_000;

/** What the server said of itself, and when; null where it was not reached. */
interface Reached {
  /** The server's clock before ours, in milliseconds; null: it does not tell. */
  skew: number | null;
}

export async function checkServer(given: RucioConfig): Promise<Finding[]> {
  // Whoever asks what is wrong wants no patience.
  const config = { ...given, requestRetries: 0 };
  let reached: Reached | null = null;
  const server = await attempt('server', async () => {
    const { version, skew } = await ping(config, config.host);
    reached = { skew };
    if (config.authHost !== config.host) await touch(config);
    return ok('server', `${config.host}, Rucio ${version}`);
  });
  if (server.state === 'failed' || reached === null) {
    const rest = ['clock', 'token', 'account', 'permissions'];
    return [server, ...rest.map((name) => skipped(name, 'the server is not reached'))];
  }
  return [server, checkClock(reached), ...(await checkLogin(config))];
}

async function ping(config: RucioConfig, base: string): Promise<{ version: string; skew: number | null }> {
  const agents = openAgents(config);
  const began = Date.now();
  const ask = { base, path: '/ping', headers: {}, signal: AbortSignal.timeout(LIMIT) };
  try {
    return await sendPatiently(config, agents, ask, async (answer) => {
      const middle = (began + Date.now()) / 2;
      const date = Date.parse(answer.header('date'));
      const text = await answer.body.text();
      const version = /"version"\s*:\s*"([^"]*)"/.exec(text)?.[1];
      if (version === undefined) throw new Error('what answers at /ping is no Rucio server');
      // The header has whole seconds.
      return { version, skew: Number.isNaN(date) ? null : date + 500 - middle };
    });
  } finally {
    agents.destroy();
  }
}

/** Any answer will do: a server that only logs in may have no /ping. */
async function touch(config: RucioConfig): Promise<void> {
  try {
    await ping(config, config.authHost);
  } catch (error) {
    if (!(error instanceof RucioError)) throw error;
  }
}

function checkClock({ skew }: Reached): Finding {
  if (skew === null) return skipped('clock', 'the server does not tell its time');
  const seconds = Math.round(Math.abs(skew) / 1000);
  if (Math.abs(skew) <= MOST_SKEW) return ok('clock', `${seconds} s from the server's`);
  return failed(
    'clock',
    `this machine's clock is ${seconds} s ${skew > 0 ? 'behind' : 'ahead of'} the server's: tokens and signatures then fail. Set it (NTP).`,
  );
}

async function checkLogin(config: RucioConfig): Promise<Finding[]> {
  let client: RucioClient | null = null;
  try {
    client = connectRucio(config);
    return await checkAccount(client);
  } catch (error) {
    const token = await attempt('token', () => Promise.reject(error));
    return [token, ...['account', 'permissions'].map((name) => skipped(name, 'not logged in'))];
  } finally {
    await client?.close();
  }
}

async function checkAccount(client: RucioClient): Promise<Finding[]> {
  const { config } = client;
  const { account, type, status, token, expires } = await identify(client);
  const isOther = config.account !== null && config.account !== account;
  const open = token !== 'BEARER_TOKEN' && existsSync(token) ? openTo(token) : null;
  const from = `from ${token}, good ${timeLeft(expires)}`;
  const kept = isOther
    ? failed(
        'token',
        `${token} holds a token for account ${account}, but ${config.account} is configured. Log in with "rucio-stac login", or correct account.`,
      )
    : open === null
      ? ok('token', from)
      : failed('token', open);
  const active =
    status === 'ACTIVE'
      ? ok('account', `${account}, ${type}, ${status}`)
      : failed('account', `${account} is ${status}. Ask Rucio's administrators to activate it.`);
  const permissions = await attempt('permissions', async () => {
    const scopes = await client.scopes(AbortSignal.timeout(LIMIT));
    return ok('permissions', `can read: ${scopes.length} scope${scopes.length === 1 ? '' : 's'}`);
  });
  return [kept, active, permissions];
}
