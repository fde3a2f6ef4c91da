/** Worker threads of src/raster: what they give is what one thread gives. This file's process begins without any. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { openRaster } from '../../src/raster/open-raster.ts';
import { makeTileBudget } from '../../src/raster/tile-budget.ts';
import type { Layer } from '../../src/raster/types.ts';
import { writeCog } from '../../src/raster/write-cog.ts';
import { fixture, readBand, scratch, sha256 } from './support.ts';

const folder = scratch();
after(() => rmSync(folder, { recursive: true }));

const started: Worker[] = [];
process.on('worker', (worker) => started.push(worker));

const write = async (layer: Layer, name: string) => (await writeCog(layer, join(folder, name))).sha256;

/** Written so that worker threads have been worth it. */
async function warmUp(layer: Layer): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await write(layer, 'warm.tif');
}

test('a small COG starts no thread, a larger one does, and both have the same bytes', async () => {
  for (const name of ['mask.tif', 'described.tif']) {
    const file = await openRaster(fixture(name), { multiband: true });
    const alone = await write(file.layers[0]!, name);
    if (name === 'mask.tif') assert.equal(started.length, 0);
    await warmUp(file.layers[0]!);
    assert.ok(started.length > 0);
    assert.equal(await write(file.layers[0]!, name), alone);
    await file.close();
  }
});

test('threads tell what is wrong with a block as one thread does', async () => {
  const good = await openRaster(fixture('overviews.tif'));
  await warmUp(good.layers[0]!);
  assert.ok(started.length > 0);
  const before = sha256(await readBand(good.layers[0]!, 0));
  const broken = await openRaster(fixture('broken-deflate.tif'));
  await assert.rejects(write(broken.layers[0]!, 'broken.tif'), /^UserError: .*block 0 cannot be decoded/);
  await broken.close();
  assert.equal(sha256(await readBand(good.layers[0]!, 0)), before);
  await good.close();
});

test('a thread that ends fails what it was at, and others take its place', async () => {
  const file = await openRaster(fixture('overviews.tif'));
  const [layer] = file.layers;
  await warmUp(layer!);
  const before = await write(layer!, 'before.tif');
  const failed = assert.rejects(write(layer!, 'failing.tif'), /^ThreadError: a worker thread ended/);
  await Promise.all(started.splice(0).map((worker) => worker.terminate()));
  await failed;
  assert.equal(await write(layer!, 'after.tif'), before);
  await file.close();
});

test('many COGs written side by side are what each is alone', async () => {
  const names = ['overviews.tif', 'mask.tif', 'palette.tif', 'narrow.tif'];
  const files = await Promise.all(names.map((name) => openRaster(fixture(name))));
  const alone: string[] = [];
  for (const [at, file] of files.entries()) alone.push(await write(file.layers[0]!, `alone-${at}.tif`));
  const again = await Promise.all(names.map((name) => openRaster(fixture(name))));
  const together = again.map((file, at) => write(file.layers[0]!, `together-${at}.tif`));
  assert.deepEqual(await Promise.all(together), alone);
  for (const file of [...files, ...again]) await file.close();
});

test('room for tiles goes to who came first, one that is too large goes alone, and a failure reaches all who wait', async () => {
  const budget = makeTileBudget(10);
  const order: string[] = [];
  const take = async (name: string, bytes: number) => {
    await budget.take(bytes);
    order.push(name);
  };
  await take('first', 6);
  const large = take('large', 20);
  const small = take('small', 3);
  assert.deepEqual(order, ['first']);
  budget.release(6);
  await large;
  assert.deepEqual(order, ['first', 'large']);
  budget.release(20);
  await small;
  const waiting = [take('a', 9), take('b', 9)];
  budget.fail(new Error('disk is full'));
  for (const one of await Promise.allSettled(waiting)) {
    assert.ok(one.status === 'rejected' && one.reason.message === 'disk is full');
  }
});
