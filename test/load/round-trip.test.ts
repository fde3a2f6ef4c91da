import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { collection, item } from '../support/documents.ts';
import { run } from '../support/run.ts';

const MARK = 'rucio-stac://api/';

/** Documents that a careless program would change. */
const documents = [
  JSON.stringify(collection('c', { 'x:n': 'HERE' })).replace('"HERE"', '1.50'),
  JSON.stringify(collection('ö/..%2e', { summaries: {} })),
  JSON.stringify(item('a', { stac_version: '1.0.0', title: 'STAC 1.0' })),
  JSON.stringify(item('b', { unknown: [], 'x:n': 'HERE' })).replace(
    '"HERE"',
    '[1.0, 1e-7,123456789012345678901234567890]',
  ),
  JSON.stringify(item('nowhere', { geometry: null, bbox: undefined }, { '': null, 'a.b': { c: [] } })),
  JSON.stringify(item('../ü "x"', { collection: 'ö/..%2e', assets: { d: { href: `${MARK}assets/x.tif` } } })),
  JSON.stringify(item('long'.repeat(100), { links: [{ rel: 'via', href: 'https://elsewhere.example/' }] })),
];

describe('load, export, load', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rucio-stac-trip-'));
  const at = (name: string) => join(folder, name);
  after(() => rmSync(folder, { recursive: true, force: true }));
  const inside = (name: string) => ({ RUCIO_STAC_DATA: at(name) });

  async function ok(args: string[], env: Record<string, string>) {
    const ended = await run(args, env);
    assert.equal(ended.code, 0, ended.stderr);
    return ended;
  }
  const lines = (name: string) => readFileSync(at(name), 'utf8').split('\n').slice(0, -1).sort();

  before(async () => {
    writeFileSync(at('first.ndjson'), documents.join('\n'));
    await ok(['load', at('first.ndjson')], inside('data'));
    await ok(['export', '-o', at('all.ndjson')], inside('data'));
    assert.equal(lines('all.ndjson').length, documents.length);
  });

  for (const [format, name] of [
    ['ndjson', 'out.ndjson'],
    ['geojson', 'out.geojson'],
    ['static', 'out'],
  ] as const) {
    test(`${format}: every document has the same text in the other catalogue`, async () => {
      await ok(['export', '--format', format, '-o', at(name)], inside('data'));
      const { stderr } = await ok(['load', at(name)], inside(`data-${format}`));
      assert.match(stderr, /2 Collections and 5 Items: 7 created/);
      await ok(['export', '-o', at(`${format}.ndjson`)], inside(`data-${format}`));
      assert.deepEqual(lines(`${format}.ndjson`), lines('all.ndjson'));
      assert.ok(!existsSync(at(`${name}.part`)));
    });
  }

  test('parquet: Items say the same, as far as its columns can', async () => {
    await ok(['export', '--format', 'parquet', '-o', at('out.parquet')], inside('data'));
    const { stderr } = await ok(['load', at('out.parquet')], inside('data-parquet'));
    assert.match(stderr, /2 Collections and 5 Items: 7 created/);
    const { stdout } = await ok(['export', '-o', '-', '--ids', 'a'], inside('data-parquet'));
    const found = stdout
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { type: string }]));
    const a = found.find(({ type }) => type === 'Feature') as unknown as Record<string, unknown>;
    const { title, ...properties } = a.properties as Record<string, unknown>;
    // Members beside the specification's are columns like properties.
    assert.equal(title, 'STAC 1.0');
    const expected = JSON.parse(documents[2] as string) as Record<string, unknown>;
    assert.deepEqual({ ...a, title, properties }, expected);
  });

  test('parquet: every id comes along, and what went through once stays the same, text by text', async () => {
    const ids = (name: string) =>
      lines(name).map((line) => {
        const { collection: home, id } = JSON.parse(line) as { collection?: string; id: string };
        return JSON.stringify([home, id]);
      });
    await ok(['export', '-o', at('once.ndjson')], inside('data-parquet'));
    assert.deepEqual(ids('once.ndjson').sort(), ids('all.ndjson').sort());
    await ok(['export', '--format', 'parquet', '-o', at('again.parquet')], inside('data-parquet'));
    await ok(['load', at('again.parquet')], inside('data-again'));
    await ok(['export', '-o', at('twice.ndjson')], inside('data-again'));
    assert.deepEqual(lines('twice.ndjson'), lines('once.ndjson'));
  });

  test('export into a named pipe writes through it', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const [text] = await Promise.all([
      readFile(at('pipe'), 'utf8'),
      ok(['export', '-o', at('pipe')], inside('data')),
    ]);
    assert.deepEqual(text.split('\n').slice(0, -1).sort(), lines('all.ndjson'));
    assert.ok(lstatSync(at('pipe')).isFIFO());
  });

  test('addresses of our own go out with the public one, and come in as our own', async () => {
    const env = { ...inside('data'), RUCIO_STAC_PUBLIC_URL: 'https://stac.example/here' };
    const { stderr } = await ok(['export', '-o', at('public.ndjson')], env);
    assert.doesNotMatch(stderr, /warning/);
    const text = readFileSync(at('public.ndjson'), 'utf8');
    assert.match(text, /"https:\/\/stac\.example\/here\/assets\/x\.tif"/);
    assert.ok(!text.includes(MARK));
    const other = { ...env, ...inside('data-public') };
    await ok(['load', at('public.ndjson')], other);
    await ok(['export', '-o', at('mark.ndjson')], inside('data-public'));
    assert.deepEqual(lines('mark.ndjson'), lines('all.ndjson'));
  });

  for (const format of ['ndjson', 'parquet'])
    test(`${format}: assets in the own store are warned of where the public address is not known`, async () => {
      const args = ['export', '--format', format, '-o', at(`warned.${format}`)];
      const { stderr } = await ok(args, inside('data'));
      const [, ...warnings] = stderr.trim().split('\n');
      assert.equal(warnings.length, 1, stderr);
      assert.match(warnings[0] as string, /^warning: 1 asset lies .* set RUCIO_STAC_PUBLIC_URL/);
    });

  test('export takes what a search takes', async () => {
    const env = inside('data');
    const count = async (args: string[]) =>
      (await ok(['export', '-o', '-', ...args], env)).stdout
        .split('\n')
        .filter((line) => line.includes('"Feature"')).length;
    assert.equal(await count(['--collections', 'c']), 4);
    assert.equal(await count(['--ids', 'a,b']), 2);
    assert.equal(await count(['--limit', '3']), 3);
    assert.equal(await count(['--filter', "id = 'b'"]), 1);
    assert.equal(await count(['--bbox', '0,0,1,1']), 0);
  });

  test('a flood of faults is cut on standard error, and whole in the report', async () => {
    writeFileSync(at('garbage.txt'), 'no JSON [}\n'.repeat(300));
    const { code, stderr } = await run(['load', at('garbage.txt'), '--report', at('faults')], inside('data'));
    assert.equal(code, 1);
    const told = stderr.trim().split('\n');
    assert.equal(told.length, 12, stderr);
    const report = readFileSync(at('faults'), 'utf8').trim().split('\n');
    assert.equal(told[10], `and ${report.length - 10} more failed; all of them are in ${at('faults')}`);
    const { source, place, reason } = JSON.parse(report.at(-1) as string) as Record<string, string>;
    assert.equal(source, at('garbage.txt'));
    assert.ok(place?.startsWith(source) && reason?.startsWith('it is not JSON'));
  });

  test('a source that holds nothing says so, and is no failure', async () => {
    writeFileSync(at('empty.json'), '');
    writeFileSync(at('none.geojson'), '{"type":"FeatureCollection","features":[]}');
    const { stderr } = await ok(['load', at('empty.json'), at('none.geojson')], inside('data'));
    assert.equal(
      stderr,
      `nothing to load in ${at('empty.json')}\nnothing to load in ${at('none.geojson')}\n`,
    );
  });

  test("a static catalogue of somebody else's is not overwritten", async () => {
    mkdirSync(at('theirs'));
    writeFileSync(at('theirs/catalog.json'), '{"type":"Catalog","id":"theirs","links":[]}');
    const { code, stderr } = await run(['export', '--format', 'static', '-o', at('theirs')], inside('data'));
    assert.equal(code, 1);
    assert.match(stderr, /holds something else; give another folder with -o/);
    assert.match(readFileSync(at('theirs/catalog.json'), 'utf8'), /"theirs"/);
  });

  const failures: [string[], RegExp][] = [
    [['load'], /load needs a file, a catalogue or the address/],
    [['load', 'nothing.ndjson'], /nothing\.ndjson does not exist/],
    [['load', 'x', '--mode', 'replace'], /--mode is "replace"; accepted are upsert, insert, skip/],
    [['load', 'x', '--bbox', '1,2'], /bbox is/],
    [['load', 'x', '--datetime', 'noon'], /datetime/],
    [['load', 'x', '--limit', '0'], /--limit is "0"/],
    [['export'], /give -o PATH/],
    [
      ['export', '-o', 'x', '--format', 'csv'],
      /--format is "csv"; accepted are ndjson, geojson, parquet, static/,
    ],
    [['export', '-o', '-', '--format', 'static'], /a static catalogue is a folder/],
    [['export', '-o', 'x', '--filter', ')'], /filter/],
    [['export', '-o', 'x', '--filter', 'clouds < 5'], /filter names "clouds", which is no property here/],
    [['export', '-o', '/nowhere/x.ndjson'], /cannot be written/],
    [['export', '-o', '-', '--collections', 'none'], /there is no Collection "none"/],
  ];
  for (const [args, expected] of failures) {
    test(`"${args.join(' ')}" ends with one sentence and 1`, async () => {
      const { code, stderr } = await run(args, inside('data'));
      assert.equal(code, 1);
      assert.match(stderr, expected);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
    });
  }
});
