/** A reporter of node's test runner: the conformance table, as Markdown, from the tests that passed. */
import { relative, sep } from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import { CLAIMS, type Claim } from './conformance.ts';

interface Count {
  passed: number;
  failed: number;
}

/** "api/sort" of dist/test/api/sort.test.js, or of test/api/sort.test.ts, which source maps make of it. */
function partOf(file: string): string {
  const path = relative(process.cwd(), file).split(sep).join('/');
  return path.replace(/^(?:.*\/)?(?:dist\/)?test\//, '').replace(/\.test\.[jt]s$/, '');
}

const isOf = ({ tests }: Claim, part: string) => tests.some((test) => part.startsWith(test));

function row(claim: Claim, counts: Map<string, Count>): string {
  const own = [...counts].filter(([part]) => isOf(claim, part));
  const passed = own.reduce((sum, [, count]) => sum + count.passed, 0);
  const failed = own.reduce((sum, [, count]) => sum + count.failed, 0);
  const classes = claim.classes.map((each) => `\`${each}\``).join('<br>');
  const files = own
    .map(([part]) => `[${part}](../test/${part}.test.ts)`)
    .concat(claim.clients.map((name) => `[${name}](../test/integration/${name})`));
  const tests = `${failed > 0 ? `**${failed} failed**, ` : ''}${passed} passed`;
  return `| **${claim.title}** | ${classes} | ${tests}: ${files.sort().join(', ')} | ${claim.limits ?? ''} |`;
}

const HEAD = `# Conformance

What the API declares at \`/conformance\`, the tests that show it, and what to know of its limits. Made by \`npm test\` from
the tests that passed; files in test/integration run real clients against the server, on both databases, and are not counted.

| Part | Conformance classes | Tests | Limits |
| --- | --- | --- | --- |
`;

export default async function* conformance(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const counts = new Map<string, Count>();
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const { file, details } = data as { file?: string; details: { type?: string } };
    if (file === undefined || details.type === 'suite') continue;
    const part = partOf(file);
    const count = counts.get(part) ?? { passed: 0, failed: 0 };
    if (type === 'test:pass') count.passed++;
    else count.failed++;
    counts.set(part, count);
  }
  const sorted = new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  yield HEAD + CLAIMS.map((claim) => `${row(claim, sorted)}\n`).join('');
}
