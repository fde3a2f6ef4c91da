/** What a tree of containers leaves out, it says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { treeLines, treeOf } from '../../src/commands/show/tree.ts';

type Holds = Parameters<typeof treeOf>[0];

/** Two containers of `count` datasets each, and one file in each dataset. */
const lake = (count: number): Holds => ({
  async holdings({ scope, name }) {
    const child = (type: 'CONTAINER' | 'DATASET', of: string) => ({ scope, name: of, type, bytes: null });
    if (name === 'all') return { files: 0, others: ['a', 'b'].map((each) => child('CONTAINER', each)) };
    if (name.includes('-')) return { files: 1, others: [] };
    return { files: 0, others: Array.from({ length: count }, (_, n) => child('DATASET', `${name}-${n}`)) };
  },
});

test('a tree of few branches is told as a whole', async () => {
  const lines = treeLines(await treeOf(lake(99), { scope: 's', name: 'all' }, 'CONTAINER'), 0);
  assert.equal(lines.length, 1 + 2 + 2 * 99);
  assert.doesNotMatch(lines.join('\n'), /left out/);
});

test('of a larger one each container says how many it leaves out, and how to see them', async () => {
  const tree = await treeOf(lake(150), { scope: 's', name: 'all' }, 'CONTAINER');
  const lines = treeLines(tree, 0);
  assert.deepEqual(lines.slice(0, 3), ['CONTAINER  s:all', '  CONTAINER  s:a', '    DATASET  s:a-0  1 file']);
  const [a, b] = tree.holds;
  assert.deepEqual([a?.holds.length, a?.leftOut, b?.holds.length, b?.leftOut], [150, undefined, 48, 102]);
  assert.equal(
    lines.at(-1),
    '    … and 102 more, left out here; "rucio-stac ls s:b" lists all that it holds',
  );
});
