/** rucio-stac ls [SCOPE[:PATTERN]]: scopes, DIDs, and what a dataset or container holds, with what is catalogued. */
import { type Config, parseConfig } from '../config.ts';
import { collectionsOfDids, collectionsOfFiles } from '../db/find-ingested.ts';
import { UserError } from '../errors.ts';
import { formatBytes } from '../ingest/plan.ts';
import type { RucioClient } from '../rucio/connect.ts';
import type { ListedDid } from '../rucio/listing.ts';
import { didKey } from '../rucio/resolve.ts';
import type { Command } from './command.ts';
import { askCatalogue, table, withRucio } from './lake.ts';

const HELP = `rucio-stac ls [SCOPE | SCOPE:PATTERN | SCOPE:NAME]

Lists the scopes of the lake, the DIDs of a scope, or what a dataset or container holds directly, and says in which
Collections of the catalogue they are.

  SCOPE:PATTERN  names with * for any characters (quote it: 'intertwin:s1_*')
  --json         a JSON object a line`;

/** A name without `*` is a DID, and what it holds is meant; of a file, the file itself. */
async function listDids(client: RucioClient, text: string): Promise<ListedDid[]> {
  if (/\p{Cc}/u.test(text))
    throw new UserError(
      `${JSON.stringify(text)} holds a control character; no scope or name of a lake does.`,
    );
  const colon = text.indexOf(':');
  const scope = colon < 0 ? text : text.slice(0, colon);
  const name = colon < 0 ? '' : text.slice(colon + 1);
  if (name === '' || name.includes('*')) {
    const found = await client.search(scope, name || '*');
    // Rucio lists nothing of a scope that it does not know, and no error.
    if (found.length === 0 && !(await client.scopes()).includes(scope))
      throw new UserError(`There is no scope "${scope}"; "rucio-stac ls" lists those that there are.`);
    return found;
  }
  const status = await client.getDid({ scope, name });
  return status.type === 'FILE' ? [status] : client.children({ scope, name });
}

async function catalogued(dids: ListedDid[], config: Config) {
  return askCatalogue(config, 'ls', new Map<string, string[]>(), async (db) => {
    const files = await collectionsOfFiles(
      db,
      dids.filter(({ type }) => type === 'FILE'),
    );
    return new Map([...files, ...(await collectionsOfDids(db))]);
  });
}

export const ls: Command = {
  summary: 'list scopes and DIDs of the lake, and what is catalogued of them',
  help: HELP,
  options: { json: { type: 'boolean' } },
  names: 1,
  async run({ names, options }, env) {
    const [text] = names;
    const isJson = options.json === true;
    if (text === undefined) {
      const scopes = await withRucio(env, (client) => client.scopes());
      process.stdout.write(
        scopes
          .sort()
          .map((scope) => `${isJson ? JSON.stringify({ scope }) : scope}\n`)
          .join(''),
      );
      return 0;
    }
    const dids = await withRucio(env, (client) => listDids(client, text));
    const known = await catalogued(dids, parseConfig(env));
    if (isJson) {
      const lines = dids.map((did) => {
        const { scope, name, type, bytes } = did;
        const collections = known.get(didKey(did)) ?? [];
        return `${JSON.stringify({ scope, name, type, bytes, collections })}\n`;
      });
      process.stdout.write(lines.join(''));
      return 0;
    }
    if (dids.length === 0) process.stderr.write(`There is nothing at ${text}.\n`);
    const rows = dids.map((did) => [
      did.type,
      didKey(did),
      did.bytes === null ? '' : formatBytes(did.bytes),
      (known.get(didKey(did)) ?? []).map((id) => `in ${id}`).join(', '),
    ]);
    process.stdout.write(table(rows));
    return 0;
  },
};
