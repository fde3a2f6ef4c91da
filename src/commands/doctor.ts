/** rucio-stac doctor: checks all that a run needs, and says of each fault what to do about it. */
import { type Config, type Env, parseConfig } from '../config.ts';
import type { Command } from './command.ts';
import { attempt, type Finding, ok, skipped } from './doctor/check.ts';
import { checkRses } from './doctor/rses.ts';
import { checkServer } from './doctor/server.ts';
import { checkCa, checkCertificate, checkConfiguration } from './doctor/settings.ts';
import { checkDatabase, checkStore } from './doctor/stores.ts';
import { checkTools } from './doctor/tools.ts';

const HELP = `rucio-stac doctor

Checks the Rucio configuration, CA, certificate, server, clock, token, account and its permissions, the
programs that transfer files, the bucket or folder for COGs, and the database; each is ok, failed (with what to do) or
skipped. Exit code 0 when nothing failed, else 1. Changes nothing but a tiny object that is put into the
bucket and deleted again; userpass and x509 log in where needed.

  --json   print it as JSON

Settings: rucio.cfg as the Rucio client reads it (RUCIO_CONFIG, RUCIO_HOME), S3_*, DATABASE_URL or RUCIO_STAC_DATA.`;

/** Whether anybody means Rucio to be used: one who only loads and serves needs none. */
const wantsRucio = (env: Env) =>
  Boolean(env.RUCIO_CONFIG || env.RUCIO_HOME || env.RUCIO_HOST || env.RUCIO_ACCOUNT || env.RUCIO_AUTH_TYPE);

async function* checkAll(env: Env): AsyncGenerator<{ finding: Finding; secrets: (string | null)[] }> {
  const { config, finding } = await checkConfiguration(env);
  const isOptional =
    finding.state === 'failed' && !wantsRucio(env) && /^No Rucio configuration/.test(finding.detail);
  let isLoggedIn = false;
  const secrets = [config?.password ?? null, config?.bearer.token ?? null];
  yield { finding: isOptional ? { ...finding, state: 'skipped' } : finding, secrets };
  if (config === null) {
    const names = ['CA', 'certificate', 'server', 'clock', 'token', 'account', 'permissions'];
    for (const name of names) yield { finding: skipped(name, 'there is no Rucio configuration'), secrets };
  } else {
    const local = [await checkCa(config), await checkCertificate(config)];
    for (const each of local) yield { finding: each, secrets };
    for (const each of await checkServer(config)) {
      isLoggedIn = each.name === 'permissions' && each.state === 'ok';
      yield { finding: each, secrets };
    }
    yield { finding: await checkTools(config), secrets };
  }
  let settings = null as Config | null;
  const read = await attempt('settings', () => {
    settings = parseConfig(env);
    return ok('settings', 'the environment can be used');
  });
  yield { finding: read, secrets };
  if (settings === null) return;
  const { rses } = settings;
  if (config !== null && isLoggedIn && rses.length > 0)
    yield { finding: await checkRses(config, rses), secrets };
  for (const each of await checkStore(settings, env)) yield { finding: each, secrets };
  for (const each of await checkDatabase(settings)) yield { finding: each, secrets };
}

/** Characters from which on a secret is no word that a message may have for its own. */
const LEAST_SECRET = 8;

/** Whatever a message quotes, no secret leaves: the last line of defence. */
function withoutSecrets(text: string, secrets: (string | null | undefined)[]): string {
  const known = secrets.filter(
    (secret): secret is string => Boolean(secret) && secret!.length >= LEAST_SECRET,
  );
  const plain = text.replace(/:\/\/[^\s/@]+:[^\s/@]+@/g, '://***@');
  return known.reduce((so, secret) => so.replaceAll(secret, '***'), plain);
}

export const doctor: Command = {
  summary: 'check configuration, login, storage and database, and say what to do',
  help: HELP,
  options: { json: { type: 'boolean' } },
  names: 0,
  async run({ options }, env) {
    const all: Finding[] = [];
    for await (const { finding, secrets } of checkAll(env)) {
      const hidden = [...secrets, env.RUCIO_PASSWORD, env.AWS_SECRET_ACCESS_KEY, env.AWS_SESSION_TOKEN];
      const shown = { ...finding, detail: withoutSecrets(finding.detail, hidden) };
      all.push(shown);
      if (!options.json) {
        process.stdout.write(`${shown.state.padEnd(7)}  ${shown.name.padEnd(14)}  ${shown.detail}\n`);
      }
    }
    if (options.json) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    return all.some(({ state }) => state === 'failed') ? 1 : 0;
  },
};
