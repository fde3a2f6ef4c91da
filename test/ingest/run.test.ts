import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { readCollection, readItem } from '../../src/db/read.ts';
import type { Database } from '../../src/db/schema.ts';
import { deleteCollection, upsertCollection } from '../../src/db/upsert-items.ts';
import { openLocalSource } from '../../src/ingest/local-source.ts';
import { makePlan } from '../../src/ingest/plan.ts';
import { makeLog } from '../../src/ingest/progress.ts';
import { runPlan } from '../../src/ingest/run.ts';
import type { IngestContext, IngestReport } from '../../src/ingest/run-scenes.ts';
import { makeStaticWriter } from '../../src/ingest/static-out.ts';
import type { Document } from '../../src/ingest/to-item.ts';
import { shipped } from '../../src/package-root.ts';
import { folderStore } from '../../src/s3/folder-store.ts';
import { toCollectionRow } from '../../src/stac/item.ts';
import { OWN_PREFIX } from '../../src/stac/link.ts';
import { makeValidator } from '../../src/stac/validate.ts';
import { openTestCatalogue } from '../support/catalogue.ts';

const validator = makeValidator();

describe('ingest of a local folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rucio-stac-ingest-'));
  const input = join(folder, 'input');
  const assets = join(folder, 'assets');
  let database: Database;
  before(async () => {
    database = await openTestCatalogue();
  });
  after(async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await deleteCollection(database.db, 'local');
    for (const each of [input, assets]) rmSync(each, { recursive: true, force: true });
    cpSync(shipped('examples', 'sample'), input, { recursive: true, preserveTimestamps: true });
  });

  const lines: string[] = [];
  async function ingest(
    settings: Partial<IngestContext> = {},
    metadata: Record<string, unknown> = { title: 'Local', license: 'CC0-1.0' },
  ): Promise<IngestReport> {
    lines.length = 0;
    const source = openLocalSource(input, 'local', metadata);
    const store = folderStore(assets, OWN_PREFIX);
    const plan = makePlan(source, { readName: null, multiband: false });
    return runPlan(plan, {
      db: database.db,
      store,
      validator,
      workFolder: join(folder, 'work'),
      time: null,
      settings: null,
      jobs: 2,
      signal: new AbortController().signal,
      progress: makeLog({ write: (line) => lines.push(line) }, 'ingest'),
      ...settings,
    });
  }

  const item = async (id: string) =>
    JSON.parse((await readItem(database.db, 'local', id)) ?? 'null') as Document;
  const collection = async () =>
    JSON.parse((await readCollection(database.db, 'local')) ?? 'null') as Document;

  test('scenes become an Item each, a cube one a step; the Collection is of them all', async () => {
    const report = await ingest();
    assert.deepEqual([report.items, report.ingestedFiles, report.failures], [12, 7, []]);
    const scene = await item('scene_T32TPS_20240115T101021');
    assert.deepEqual(Object.keys(scene.assets as object), ['red', 'nir']);
    assert.equal((scene.properties as Document).datetime, '2024-01-15T10:10:21Z');
    const step = await item('era5_alps_2024-01_20240102T000000Z');
    assert.deepEqual(Object.keys(step.assets as object).sort(), ['t2m', 'tp']);
    const { extent, title, license, item_assets } = (await collection()) as {
      extent: { spatial: { bbox: number[][] }; temporal: { interval: string[][] } };
      title: string;
      license: string;
      item_assets: object;
    };
    assert.deepEqual(extent.temporal.interval, [['2024-01-01T00:00:00Z', '2024-03-03T10:10:21Z']]);
    // The cube's edges, half a pixel beyond its centres: 5.0 to 16.9 and 43.0 to 48.9 at 0.1 degrees.
    const [bbox] = extent.spatial.bbox;
    for (const [index, edge] of [4.95, 42.95, 16.95, 48.95].entries())
      assert.ok(Math.abs((bbox?.[index] ?? 0) - edge) < 1e-9);
    assert.deepEqual([title, license], ['Local', 'CC0-1.0']);
    assert.deepEqual(Object.keys(item_assets).sort(), ['nir', 'red', 't2m', 'tp']);
  });

  test('whichever file comes first, the Collection is the same, and a second run leaves it', async () => {
    for (const pattern of [/\.nc$/, /\.tif$/]) {
      await deleteCollection(database.db, 'local');
      const first = readdirSync(input).find((name) => pattern.test(name)) ?? '';
      // Sources are in the order of their names.
      const renamed = join(input, `0_${first}`);
      renameSync(join(input, first), renamed);
      await ingest({ jobs: 1 });
      assert.ok(!('cube:dimensions' in (await collection())));
      const again = await ingest({ jobs: 1 });
      assert.deepEqual([again.changedItems, again.isCollectionChanged], [0, false]);
      renameSync(renamed, join(input, first));
    }
  });

  test('a Collection of cubes has their dimensions, and keeps them', async () => {
    for (const name of readdirSync(input)) if (!name.endsWith('.nc')) rmSync(join(input, name));
    await ingest();
    const dimensions = (await collection())['cube:dimensions'] as Record<
      string,
      { extent: unknown; values?: unknown }
    >;
    assert.deepEqual(Object.keys(dimensions).sort(), ['lat', 'lon', 'time']);
    assert.equal((await ingest()).isCollectionChanged, false);
    // Two cubes: the dimensions hold both, and stay so.
    cpSync(shipped('test', 'raster', 'fixtures', 'descending.nc'), join(input, 'older.nc'));
    await ingest();
    const both = (await collection())['cube:dimensions'] as Record<string, { extent: unknown }>;
    assert.deepEqual(both.time?.extent, ['2020-02-28T00:00:00Z', '2024-01-06T00:00:00Z']);
    assert.equal((await ingest()).isCollectionChanged, false);
  });

  test('a second run changes no row and stores no byte', async () => {
    await ingest();
    const stat = () =>
      readdirSync(assets, { recursive: true }).map(
        (name) => `${name} ${statSync(join(assets, String(name))).mtimeMs}`,
      );
    const before = stat();
    const again = await ingest();
    assert.deepEqual(
      [
        again.ingestedFiles,
        again.unchangedFiles,
        again.changedItems,
        again.isCollectionChanged,
        again.uploadedBytes,
      ],
      [0, 7, 0, false, 0],
    );
    assert.deepEqual(stat(), before);
  });

  test('a COG that is gone from the store is made again', async () => {
    await ingest();
    const lost = join(assets, 'local', 'scene_T32TPS_20240103T101021', 'red.tif');
    rmSync(lost);
    const again = await ingest();
    assert.deepEqual([again.ingestedFiles, again.unchangedFiles, again.changedItems], [1, 6, 0]);
    assert.ok(existsSync(lost));
  });

  test('a file that cannot be read is named, and the others are ingested', async () => {
    const whole = readFileSync(join(input, 'scene_T32TPS_20240103T101021.tif'));
    writeFileSync(join(input, 'cut_20240101.tif'), whole.subarray(0, whole.length / 2));
    writeFileSync(join(input, 'noise_20240101.tif'), 'no raster at all');
    writeFileSync(join(input, 'empty_20240101.nc'), '');
    writeFileSync(join(input, 'notes.txt'), 'hello');
    const report = await ingest();
    assert.equal(report.items, 12);
    assert.equal(report.skippedFiles, 1);
    assert.equal(report.failures.length, 3);
    for (const name of ['cut_20240101.tif', 'noise_20240101.tif', 'empty_20240101.nc']) {
      assert.ok(
        report.failures.some((failure) => failure.includes(name)),
        `${name}: ${report.failures.join('\n')}`,
      );
    }
    for (const failure of report.failures)
      assert.ok(!failure.includes('\n') && !/at .*\.js/.test(failure), failure);
    assert.deepEqual(readdirSync(join(folder, 'work')), []);
  });

  test('a scene without a time is refused by name, and taken with one given', async () => {
    cpSync(join(input, 'scene_T32TPS_20240103T101021.tif'), join(input, 'timeless.tif'));
    for (const name of readdirSync(input))
      if (name !== 'timeless.tif') rmSync(join(input, name), { recursive: true });
    const source = readFileSync(join(input, 'timeless.tif'));
    // The sample says its time in its metadata; blot it out, byte for byte.
    const blotted = Buffer.from(
      source.toString('latin1').replaceAll('datetime', 'dxtetime').replaceAll('DATETIME', 'DXTETIME'),
      'latin1',
    );
    writeFileSync(join(input, 'timeless.tif'), blotted);
    const report = await ingest();
    assert.match(report.failures[0] ?? '', /timeless\.tif does not say when it was taken.*--datetime/);
    const given = await ingest({ time: { datetime: '2020-05-01T00:00:00Z' } });
    assert.deepEqual([given.failures, given.items], [[], 1]);
  });

  test('a time that is given is for what tells none, and changes no other', async () => {
    const report = await ingest({ time: { datetime: '2020-05-01T00:00:00Z' } });
    assert.deepEqual([report.failures, report.items], [[], 12]);
    const { properties } = (await item('era5_alps_2024-01_20240102T000000Z')) as { properties: Document };
    assert.equal(properties.datetime, '2024-01-02T00:00:00Z');
  });

  test('scenes whose names begin alike for long keep their own pixels', async () => {
    for (const name of readdirSync(input)) {
      const time = /_(2024\d{4}T\d{6})\.tif$/.exec(name)?.[1];
      if (time) cpSync(join(input, name), join(input, `${'x'.repeat(90)}_${time}.tif`));
      rmSync(join(input, name));
    }
    const report = await ingest({ jobs: 6 });
    assert.deepEqual([report.failures, report.items], [[], 6]);
    const minima = new Map<string, number>();
    for (const day of ['20240103', '20240115', '20240127', '20240208', '20240220', '20240303']) {
      const { assets: found } = (await item(`${'x'.repeat(90)}_${day}T101021`)) as {
        assets: { red: { bands: { statistics: { minimum: number } }[] } };
      };
      minima.set(day, found.red.bands[0]?.statistics.minimum ?? 0);
    }
    // examples/README.md: red of scene n begins at 1000 + 100 n, past the corner without data a little above.
    assert.deepEqual([...minima.values()], [1016, 1116, 1216, 1316, 1416, 1516]);
  });

  test('what a Collection tells stays when more is added to it, and is told anew by its source', async () => {
    await ingest();
    const told = { title: 'Kept', description: 'Kept', license: 'MIT', keywords: ['kept'] };
    const before = await collection();
    const link = { rel: 'license', href: 'https://example.org/l' };
    const stored = toCollectionRow(JSON.stringify({ ...before, ...told, links: [link] }));
    await upsertCollection(database.db, stored);
    cpSync(join(input, 'scene_T32TPS_20240103T101021.tif'), join(input, 'another_20250101.tif'));
    await ingest({}, {});
    const { title, description, license, keywords, links } = await collection();
    assert.deepEqual({ title, description, license, keywords, links }, { ...told, links: [link] });
    await ingest();
    assert.equal((await collection()).title, 'Local');
  });

  test('an interrupted run continues where it stopped', async () => {
    const abort = new AbortController();
    const first = await ingest({ signal: abort.signal, jobs: 1, onItems: () => abort.abort() });
    assert.equal(first.isInterrupted, true);
    assert.ok(first.ingestedFiles < 7 && first.ingestedFiles > 0);
    assert.deepEqual(readdirSync(join(folder, 'work')), []);
    const second = await ingest();
    assert.equal(second.unchangedFiles, first.ingestedFiles);
    assert.equal(second.ingestedFiles, 7 - first.ingestedFiles);
    assert.equal(second.items, 12);
  });

  test('what a run that was killed left in the work folder goes, what another run needs stays', async () => {
    const work = join(folder, 'work');
    for (const pid of [2 ** 22 - 1, process.ppid])
      mkdirSync(join(work, `ingest-${pid}-x`), { recursive: true });
    await ingest();
    assert.deepEqual(readdirSync(work), [`ingest-${process.ppid}-x`]);
    rmSync(work, { recursive: true });
  });

  test('what changed is read again, and Items that a scene makes no more are gone', async () => {
    await ingest();
    // Other bytes under the same name: two steps where there were six.
    const cube = join(input, 'era5_alps_2024-01.nc');
    cpSync(shipped('test', 'raster', 'fixtures', 'descending.nc'), cube);
    const changed = await ingest();
    assert.deepEqual([changed.failures, changed.ingestedFiles, changed.unchangedFiles], [[], 1, 6]);
    assert.equal(await item('era5_alps_2024-01_20240102T000000Z'), null);
    assert.equal(changed.items, 8);
    assert.ok(await item('era5_alps_2024-01_20200229T000000Z'));
  });

  test('a variable without time is an asset of every step', async () => {
    for (const name of readdirSync(input)) rmSync(join(input, name), { recursive: true });
    cpSync(shipped('test', 'raster', 'fixtures', 'packed.nc'), join(input, 'packed.nc'));
    const report = await ingest();
    assert.deepEqual([report.failures, report.items], [[], 3]);
    const step = await item('packed_20240102T000000Z');
    assert.deepEqual(Object.keys(step.assets as object).sort(), ['lsm', 't2m', 'tp']);
  });

  test('progress is a line an event', async () => {
    await ingest();
    const events = lines.map((line) => line.slice(0, line.indexOf(' ')));
    assert.equal(events.filter((event) => event === 'ingest:item:done').length, 12);
    assert.equal(events[0], 'ingest:start');
    for (const line of lines) JSON.parse(line.slice(line.indexOf(' ')));
  });

  test('static STAC has relative links that lead to files, and COGs beside the Items', async () => {
    const out = join(folder, 'out');
    const writer = makeStaticWriter({
      folder: out,
      collectionId: 'local',
      assetFolder: assets,
      base: 'https://example.org/stac',
    });
    const report = await ingest({
      onItems: (_, items) => {
        for (const each of items) writer.item(each);
      },
    });
    writer.finish(report.collection as Document);
    const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Document;
    interface Link {
      rel: string;
      href: string;
    }
    const links = (document: Document, rel: string) =>
      (document.links as Link[]).filter((link) => link.rel === rel);
    const root = read(join(out, 'catalog.json'));
    const [child] = links(root, 'child');
    assert.equal(child?.href, './local/collection.json');
    const home = read(join(out, 'local', 'collection.json'));
    assert.equal(links(home, 'item').length, 12);
    for (const { href } of links(home, 'item')) {
      const path = join(out, 'local', decodeURIComponent(href));
      const document = read(path);
      for (const { href: up } of links(document, 'collection')) assert.ok(existsSync(join(path, '..', up)));
      for (const asset of Object.values(document.assets as Record<string, { href: string }>)) {
        assert.match(asset.href, /^\.\//);
        assert.ok(existsSync(join(path, '..', decodeURIComponent(asset.href))));
      }
    }
    assert.ok(!readFileSync(join(out, 'local', 'collection.json'), 'utf8').includes('rucio-stac://'));
  });
});
