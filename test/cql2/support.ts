/** OGC's published examples and test data, beside this file in the sources. */
import { readFileSync } from 'node:fs';
import { shipped } from '../../src/package-root.ts';

interface Example {
  name: string;
  text: string;
  json?: unknown;
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(shipped('test', 'cql2', 'corpus', name), 'utf8'));

export const examples = read('examples.json') as Example[];
