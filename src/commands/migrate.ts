/** rucio-stac migrate: brings the database to the newest schema. */
import { parseConfig } from '../config.ts';
import { migrate } from '../db/migrate.ts';
import type { Command } from './command.ts';
import { openUnmigrated } from './open.ts';

export const migrateCommand: Command = {
  summary: 'bring the database to the newest schema (serve and ingest do it too)',
  help: 'rucio-stac migrate\n\nBrings the database to the newest schema. DATABASE_URL names it; without, it is the embedded one.',
  options: {},
  names: 0,
  async run(_, env) {
    const database = await openUnmigrated(parseConfig(env), 'migrate', false);
    try {
      const names = await migrate(database.db);
      process.stdout.write(names.length > 0 ? `ran ${names.join(', ')}\n` : 'nothing to do\n');
    } finally {
      await database.close();
    }
    return 0;
  },
};
