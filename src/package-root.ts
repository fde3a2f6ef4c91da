/** Where the package lies: the folder that holds package.json, whether the code runs from `dist/` or an installed package. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** Absolute path of the package's folder. */
export const packageRoot = findRoot();

/** Absolute path of something that ships in the package. */
export function shipped(...parts: string[]): string {
  return join(packageRoot, ...parts);
}

/** Version from package.json. */
export function packageVersion(): string {
  const text = readFileSync(shipped('package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
