import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { parseConfig, printableConfig } from '../../src/config.ts';
import { run } from '../support/run.ts';

describe('the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rucio-stac-words-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const env = { RUCIO_STAC_DATA: join(folder, 'data') };

  const failures: [string[], RegExp][] = [
    [['fly'], /There is no command "fly"; the commands are serve, ingest/],
    [['ingest'], /ingest needs a DID \(scope:name\) or a path/],
    [['ingest', 'x:y', 'z'], /"z" is one name too many/],
    [['ingest', '--fast', 'x:y'], /--fast/],
    [['ingest', 'nothing-here'], /There is no file or folder "nothing-here"/],
    [['ingest', folder], /needs the id of its Collection/],
    [['ingest', folder, '--collection', 'c', '--jobs', '0'], /--jobs is "0"/],
    [['ingest', folder, '--collection', 'c', '--datetime', 'noon'], /--datetime is "noon"/],
    [['ingest', folder, '--collection', 'c', '--scene', '('], /--scene is no regular expression/],
    [['ingest', folder, '--collection', 'c', '--scene', '.*'], /needs a group named scene/],
    [['ingest', folder, '--collection', '../x'], /--collection is "\.\.\/x"/],
    [['ingest', folder, '--collection', 'c'], /holds no rasters|holds no files/],
    [['ingest', 'scope:name'], /rucio\.cfg/],
    [['ping'], /No Rucio configuration.*rucio\.cfg/],
    [['whoami'], /No Rucio configuration.*rucio\.cfg/],
    [['login'], /No Rucio configuration.*rucio\.cfg/],
    [['whoami', 'me'], /"me" is one name too many/],
    [['validate'], /validate needs the path/],
    [['validate', join(folder, 'none.json')], /none\.json does not exist/],
    [['validate', folder], /holds neither catalog\.json nor collection\.json/],
  ];
  for (const [args, expected] of failures) {
    test(`"${args.map((arg) => arg.replace(folder, 'FOLDER')).join(' ')}" ends with one sentence and 1`, async () => {
      const { code, stderr, stdout } = await run(args, env);
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.match(stderr, expected);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
    });
  }

  test('settings that cannot be used are told together', async () => {
    const { code, stderr } = await run(['serve'], {
      PORT: 'http',
      RUCIO_STAC_SAMPLE: 'perhaps',
      DATABASE_URL: 'mysql://x',
    });
    assert.equal(code, 1);
    for (const name of ['PORT', 'RUCIO_STAC_SAMPLE', 'DATABASE_URL']) assert.match(stderr, new RegExp(name));
  });

  test('a database that does not answer is told in one sentence, without its password', async () => {
    const { code, stderr } = await run(['migrate'], {
      DATABASE_URL: 'postgres://someone:geheim@127.0.0.1:1/none',
    });
    assert.equal(code, 1);
    assert.match(stderr, /The database at DATABASE_URL cannot be used/);
    assert.ok(!stderr.includes('geheim'));
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  });

  test('validate tells good from bad', async () => {
    const good = join(folder, 'good.json');
    const bad = join(folder, 'bad.json');
    const catalog = { type: 'Catalog', stac_version: '1.1.0', id: 'x', description: 'x', links: [] };
    writeFileSync(good, JSON.stringify(catalog));
    writeFileSync(bad, JSON.stringify({ ...catalog, description: 5 }));
    assert.deepEqual(await run(['validate', good]), {
      code: 0,
      stdout: `${good}: 1 document, all valid\n`,
      stderr: '',
    });
    const { code, stdout } = await run(['validate', bad]);
    assert.equal(code, 1);
    assert.match(stdout, /description must be string/);
  });

  test('validate follows a catalogue to what lies below it', async () => {
    const catalog = (name: string, children: string[], fields: object = {}) => {
      const links = children.map((href) => ({ rel: 'child', href }));
      const document = {
        type: 'Catalog',
        stac_version: '1.1.0',
        id: name,
        description: 'x',
        links,
        ...fields,
      };
      writeFileSync(join(folder, name), JSON.stringify(document));
    };
    catalog('root.json', ['./a.json', './b.json', 'https://example.org/elsewhere.json']);
    catalog('a.json', ['./root.json']);
    catalog('b.json', []);
    const root = join(folder, 'root.json');
    assert.deepEqual(await run(['validate', root]), {
      code: 0,
      stdout: `${root}: 3 documents, all valid\n`,
      stderr: '',
    });
    catalog('b.json', ['./gone.json'], { description: 5 });
    const { code, stdout } = await run(['validate', root]);
    assert.equal(code, 1);
    assert.match(stdout, /b\.json: description must be string/);
    assert.match(stdout, /gone\.json cannot be read/);
    assert.match(stdout, /3 documents, 2 not valid or missing/);
  });

  test('--help and --version end well', async () => {
    assert.match((await run(['--help'])).stdout, /rucio-stac COMMAND/);
    assert.match((await run(['ingest', '--help'])).stdout, /--dry-run/);
    assert.match((await run(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  });

  test('printed settings hide the password', () => {
    const config = parseConfig({ DATABASE_URL: 'postgres://u:geheim@h/d' });
    assert.equal(printableConfig(config).databaseUrl, 'postgres://u:***@h/d');
  });
});
