/** rucio-stac login: gets a token from Rucio and keeps it where Rucio's own client looks for it. */
import { createInterface } from 'node:readline';
import { UserError } from '../errors.ts';
import { connectRucio } from '../rucio/connect.ts';
import { type Agents, openAgents } from '../rucio/fetch/get.ts';
import { logIn } from '../rucio/login.ts';
import { beginOidc, codeOnPage, pollToken, readPasted, tokenByCode } from '../rucio/oidc.ts';
import { type RucioConfig, readRucioConfig } from '../rucio/read-config.ts';
import type { FreshToken } from '../rucio/token.ts';
import { keepToken, mustBeWritable, readyTokens } from '../rucio/token-file.ts';
import type { Command } from './command.ts';
import { untilSignal } from './interrupt.ts';
import { identify, timeLeft } from './whoami.ts';

const HELP = `rucio-stac login

Logs in to Rucio with the auth_type of rucio.cfg and keeps the token in auth_token_file_path (or where the Rucio client keeps
it), so that this program and the Rucio client need no further login until it ends.

oidc: prints an address to open in a browser. With oidc_polling = true it then waits until you have signed in there (five
minutes at most); otherwise it asks for the code that the last page shows, on the terminal or from standard input.
userpass, x509, x509_proxy: fetches the token at once.

Settings: rucio.cfg as the Rucio client reads it (RUCIO_CONFIG, RUCIO_HOME).`;

const TRIES = 3;

const tell = (text: string) => process.stderr.write(`${text}\n`);

/** Lines that a person types, or that come from a pipe; ends at the end of input or when `signal` is aborted. */
async function* readLines(signal: AbortSignal): AsyncGenerator<string> {
  // The terminal's own line editing: Ctrl-C then is a signal to the process, as everywhere.
  const lines = createInterface({ input: process.stdin, terminal: false });
  const close = () => lines.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    for await (const line of lines) if (line.trim() !== '') yield line;
  } finally {
    signal.removeEventListener('abort', close);
    lines.close();
    process.stdin.destroy();
  }
}

/** @throws UserError after three codes that Rucio does not know, or at the end of input */
async function askForCode(
  config: RucioConfig,
  agents: Agents,
  address: string,
  signal: AbortSignal,
): Promise<FreshToken> {
  let fault = 'no code came';
  let tries = 0;
  const prompt = process.stdin.isTTY ? 'Code: ' : 'Code:\n';
  process.stderr.write(prompt);
  for await (const line of readLines(signal)) {
    const pasted = readPasted(line, address);
    const code =
      'page' in pasted
        ? await codeOnPage(config, agents, pasted.page, signal)
        : 'code' in pasted
          ? pasted.code
          : null;
    const token = code === null ? null : await tokenByCode(config, agents, code, signal);
    if (token !== null) return token;
    fault =
      'fault' in pasted
        ? pasted.fault
        : code === null
          ? 'the page of that address was opened before; paste the code that it showed'
          : 'Rucio does not know this code, or its five minutes are over';
    tries++;
    if (tries >= TRIES || !process.stdin.isTTY) break;
    process.stderr.write(`That did not work: ${fault}.\n${prompt}`);
  }
  signal.throwIfAborted();
  throw new UserError(`You are not logged in: ${fault}. Run "rucio-stac login" again.`);
}

async function logInByBrowser(config: RucioConfig, agents: Agents, signal: AbortSignal): Promise<FreshToken> {
  const address = await beginOidc(config, agents);
  tell('Open this address in a browser and sign in with your identity provider:\n');
  process.stdout.write(`${address}\n`);
  tell('');
  if (config.oidc.polling) {
    tell('Waiting until you have signed in (five minutes at most; Ctrl-C ends it) …');
    return pollToken(config, agents, address, signal);
  }
  tell('Then paste the code that the last page shows, and press Enter (Ctrl-C ends it).');
  return askForCode(config, agents, address, signal);
}

/** A ready token that would be taken instead of the one kept now, or null. */
async function findShadow(config: RucioConfig): Promise<string | null> {
  if (config.authType !== 'oidc') return null;
  for await (const { origin } of readyTokens(config)) return origin === config.tokenFile ? null : origin;
  return null;
}

async function run(config: RucioConfig, signal: AbortSignal): Promise<number> {
  await mustBeWritable(config);
  const agents = openAgents(config);
  try {
    const fresh =
      config.authType === 'oidc' ? await logInByBrowser(config, agents, signal) : await logIn(config, agents);
    await keepToken(config, fresh.token, fresh.expires);
  } finally {
    agents.destroy();
  }
  const shadow = await findShadow(config);
  // What was kept is what is checked, not what stands before it.
  const client = connectRucio({ ...config, bearer: { token: null, files: [] } });
  try {
    const { account, type, expires } = await identify(client);
    tell(
      `Logged in to ${config.host} as ${account} (${type}) ${timeLeft(expires)}; the token is kept in ${config.tokenFile}.`,
    );
    if (shadow !== null)
      tell(`Note: ${shadow} holds another token, which comes first; remove it for this login to be used.`);
  } finally {
    await client.close();
  }
  return 0;
}

export const login: Command = {
  summary: 'log in to Rucio; the token is kept for this program and the Rucio client',
  help: HELP,
  options: {},
  names: 0,
  run: (_, env) =>
    untilSignal(async (signal) => {
      try {
        return await run(readRucioConfig(env), signal);
      } catch (error) {
        if (!signal.aborted) throw error;
        tell('Ended before you were logged in; nothing was kept.');
        return 130;
      }
    }, null),
};
