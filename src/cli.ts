/** Command line -> command. Every failure is one clear sentence and exit code 1. */
import { parseArgs } from 'node:util';
import { type Command, printHelp, readOptions } from './commands/command.ts';
import { doctor } from './commands/doctor.ts';
import { exportCommand } from './commands/export.ts';
import { get } from './commands/get.ts';
import { ingest } from './commands/ingest.ts';
import { load } from './commands/load.ts';
import { login } from './commands/login.ts';
import { ls } from './commands/ls.ts';
import { migrateCommand } from './commands/migrate.ts';
import { ping } from './commands/ping.ts';
import { request } from './commands/request.ts';
import { serve } from './commands/serve.ts';
import { show } from './commands/show.ts';
import { sync } from './commands/sync.ts';
import { upload } from './commands/upload.ts';
import { validateCommand } from './commands/validate.ts';
import { whoami } from './commands/whoami.ts';
import { unknownSettings, wantsDebug } from './config.ts';
import { messageOf, UserError } from './errors.ts';
import { packageVersion } from './package-root.ts';

const commands: Record<string, Command> = {
  serve,
  ingest,
  sync,
  load,
  export: exportCommand,
  migrate: migrateCommand,
  validate: validateCommand,
  login,
  whoami,
  ping,
  doctor,
  ls,
  show,
  get,
  upload,
  request,
};

async function run(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    printHelp(commands);
    return name === undefined ? 1 : 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    throw new UserError(
      `There is no command "${name}"; the commands are ${Object.keys(commands).join(', ')}.`,
    );
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(`${command.help}\n`);
    return 0;
  }
  for (const sentence of unknownSettings(process.env)) process.stderr.write(`rucio-stac: ${sentence}\n`);
  return command.run(readOptions(name, command, rest, parseArgs), process.env);
}

/** An error that is nobody's expectation: its message, and where to see more. */
function tell(error: unknown): void {
  const isExpected = error instanceof UserError || (error instanceof Error && error.name === 'ApiError');
  const message = messageOf(error).split('\n')[0];
  const more = isExpected ? '' : ' (set RUCIO_STAC_DEBUG=true to see where)';
  process.stderr.write(`rucio-stac: ${message}${more}\n`);
  if (wantsDebug(process.env) && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}

// The S3 SDK announces its next Node version on every run; package.json pins the SDK instead.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

/** Runs one command line and ends the process with its exit code. */
export async function main(args: string[]): Promise<void> {
  // A reader that goes away early (| head) is no failure.
  process.stdout.on('error', () => process.exit(0));
  try {
    process.exitCode = await run(args);
  } catch (error) {
    tell(error);
    process.exitCode = 1;
  }
}
