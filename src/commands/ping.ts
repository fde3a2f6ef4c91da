/** rucio-stac ping: the version of the Rucio server. */
import { createApi } from '../rucio/api.ts';
import { openAgents } from '../rucio/fetch/get.ts';
import { readRucioConfig } from '../rucio/read-config.ts';
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
    const agents = openAgents(config);
    try {
      const answer = (await createApi(config, agents).getOpen('/ping')) as { version?: unknown } | null;
      process.stdout.write(`${String(answer?.version ?? 'unknown')}\n`);
    } finally {
      agents.destroy();
    }
    return 0;
  },
};
