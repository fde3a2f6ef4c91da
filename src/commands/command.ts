/** What a command is, and how its words are read. */
import type { parseArgs as ParseArgs, ParseArgsConfig } from 'node:util';
import type { Env } from '../config.ts';
import { messageOf, UserError } from '../errors.ts';

export interface Words {
  options: Record<string, string | boolean | string[] | undefined>;
  names: string[];
}

export interface Command {
  summary: string;
  help: string;
  options: NonNullable<ParseArgsConfig['options']>;
  /** Most names it takes beside its options. */
  names: number;
  /** @returns exit code */
  run(words: Words, env: Env): Promise<number>;
}

/** @throws UserError for words that the command does not know */
export function readOptions(name: string, command: Command, args: string[], parse: typeof ParseArgs): Words {
  const hint = `see rucio-stac ${name} --help`;
  let words: Words;
  try {
    const { values, positionals } = parse({
      args,
      options: command.options,
      allowPositionals: true,
      strict: true,
    });
    words = { options: values as Words['options'], names: positionals };
  } catch (error) {
    throw new UserError(`${messageOf(error).split('.')[0]}; ${hint}.`);
  }
  if (words.names.length > command.names) {
    throw new UserError(`"${words.names[command.names]}" is one name too many; ${hint}.`);
  }
  return words;
}

export function printHelp(commands: Record<string, Command>): void {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);
  process.stdout.write(
    `rucio-stac COMMAND …\n\n${lines.join('\n')}\n\nrucio-stac COMMAND --help says more.\n`,
  );
}
