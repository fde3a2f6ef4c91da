/** RUCIO_STAC_RSES on a real server: replicas by the order of RSE expressions, which follows the lake. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { RucioClient } from '../../src/rucio/connect.ts';
import { openLake as openReplicas } from '../../src/rucio/lake.ts';
import { closeAll, connect, type Lake, openLake, required, SCOPE, sums } from './lake.ts';
import { addRse, type Protocol, pfnOf } from './own-rse.ts';

const run = randomBytes(4).toString('hex');
const name = `order/${run}`;
const at = (hostname: string): Protocol => ({ scheme: 'https', hostname, port: 443, prefix: '/data/' });
const protocols = [at('a.example.invalid'), at('b.example.invalid'), at('c.example.invalid')];

let lake: Lake;
let rucio: RucioClient;
/** In the order that Rucio has without a map: by address. */
const rses: string[] = [];

before(async () => {
  lake = await openLake();
  rucio = connect(required('RUCIO_CONFIG'));
  for (const [index, protocol] of protocols.entries()) {
    const rse = await addRse(lake, [protocol]);
    rses.push(rse);
    await lake.post(`/rses/${rse}/attr/place`, { value: `p${run}${index}` });
    const files = [{ scope: SCOPE, name, ...sums(Buffer.from('abc')), pfn: pfnOf(protocol, 'x') }];
    await lake.post('/replicas', { rse, ignore_availability: true, files });
  }
});
after(closeAll);

async function ordered(...expressions: string[]): Promise<{ order: number[]; faults: string[] }> {
  const faults: string[] = [];
  const options = { rses: expressions, onFault: (expression: string) => faults.push(expression) };
  const replicas = openReplicas(rucio, options);
  const found = await Promise.all([1, 2, 3].map(() => replicas.replicasOf({ scope: SCOPE, name }, null)));
  return { order: found[0]!.map(({ rse }) => rses.indexOf(rse)), faults };
}

test('names, attributes and sets, the best first; within one, and behind all, Rucio’s order', async () => {
  const place = (index: number) => `place=p${run}${index}`;
  assert.deepEqual((await ordered()).order, [0, 1, 2]);
  assert.deepEqual((await ordered(rses[2]!)).order, [2, 0, 1]);
  assert.deepEqual((await ordered(place(2), place(1))).order, [2, 1, 0]);
  assert.deepEqual((await ordered(`${place(2)}|${place(1)}`)).order, [1, 2, 0]);
});

test('an expression that matches nothing, or is none, is told once; the others count', async () => {
  const { order, faults } = await ordered(`place=q${run}`, '((', rses[1]!);
  assert.deepEqual(order, [1, 0, 2]);
  assert.deepEqual(faults, [`place=q${run}`, '((']);
});
