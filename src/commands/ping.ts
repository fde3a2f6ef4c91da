/** rucio-stac ping: the version of the Rucio server. */
import { createApi } from '../rucio/api.ts';
import { readRucioConfig } from '../rucio/read-config.ts';
import { createDispatcher } from '../rucio/transport.ts';
import type { Command } from './command.ts';

const HELP = `rucio-stac ping

Prints the version of the Rucio server; needs no login.

Settings: rucio.cfg as the Rucio client reads it (RUCIO_CONFIG, RUCIO_HOME).`;

export const ping: Command = {
  summary: 'print the version of the Rucio server',
  help: HELP,
  options: {},
  names: 0,
  async run(_, env) {
    // Not connectRucio: a password that is missing does not matter here.
    const config = readRucioConfig(env);
    const dispatcher = createDispatcher(config);
    try {
      const answer = (await createApi(config, dispatcher).getOpen('/ping')) as { version?: unknown } | null;
      process.stdout.write(`${String(answer?.version ?? 'unknown')}\n`);
    } finally {
      await dispatcher.destroy();
    }
    return 0;
  },
};
