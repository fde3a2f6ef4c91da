import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { writeWhole } from '../../src/load/write-whole.ts';

describe('a file is written whole or not at all', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rucio-stac-whole-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const at = (...names: string[]) => join(folder, ...names);
  const names = () => readdirSync(folder).sort();

  async function* broken() {
    yield 'half';
    throw new Error('it broke');
  }

  test('another file beside it stays, whatever its name', async () => {
    writeFileSync(at('a.ndjson'), 'old');
    writeFileSync(at('a.ndjson.part'), 'of somebody else');
    await writeWhole(['new'], at('a.ndjson'));
    assert.equal(readFileSync(at('a.ndjson'), 'utf8'), 'new');
    assert.equal(readFileSync(at('a.ndjson.part'), 'utf8'), 'of somebody else');
    assert.deepEqual(names(), ['a.ndjson', 'a.ndjson.part']);
  });

  test('a file that others may not read stays so', async () => {
    writeFileSync(at('a'), 'old');
    chmodSync(at('a'), 0o600);
    await writeWhole(['new'], at('a'));
    assert.equal(statSync(at('a')).mode & 0o777, 0o600);
  });

  test('a fault leaves what was there, and nothing beside it', async () => {
    writeFileSync(at('a'), 'old');
    await assert.rejects(writeWhole(broken(), at('a')), /it broke/);
    assert.equal(readFileSync(at('a'), 'utf8'), 'old');
    await assert.rejects(writeWhole(broken(), at('b')), /it broke/);
    assert.deepEqual(names(), ['a']);
  });

  for (const [what, target] of [
    ['a file', 'there'],
    ['nothing yet', 'new'],
  ] as const) {
    test(`a link to ${what} stays a link, and what it names is replaced`, async () => {
      mkdirSync(at('d'));
      writeFileSync(at('d', 'there'), 'old');
      symlinkSync(join('d', target), at('link'));
      symlinkSync('link', at('link2'));
      await writeWhole(['new'], at('link2'));
      assert.equal(readlinkSync(at('link2')), 'link');
      assert.equal(readlinkSync(at('link')), join('d', target));
      assert.equal(readFileSync(at('d', target), 'utf8'), 'new');
      assert.deepEqual(names(), ['d', 'link', 'link2']);
    });
  }

  for (const isLink of [false, true]) {
    test(`a named pipe${isLink ? ' behind a link' : ''} is written through and stays`, async () => {
      execFileSync('mkfifo', [at('pipe')]);
      symlinkSync('pipe', at('link'));
      const read = readFile(at('pipe'), 'utf8');
      await writeWhole(['new', Buffer.from(' text')], at(isLink ? 'link' : 'pipe'));
      assert.equal(await read, 'new text');
      assert.ok(lstatSync(at('pipe')).isFIFO());
      assert.ok(lstatSync(at('link')).isSymbolicLink());
      assert.deepEqual(names(), ['link', 'pipe']);
    });
  }

  test('a pipe that nobody reads is waited for, until a signal ends that', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const abort = new AbortController();
    const writing = writeWhole(['new'], at('pipe'), abort.signal);
    abort.abort();
    await assert.rejects(writing, { name: 'AbortError' });
  });

  test('a pipe whose reader stops reading is left at a signal', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const reader = openSync(at('pipe'), constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      // More than a pipe holds.
      const writing = writeWhole([Buffer.alloc(1 << 20)], at('pipe'), AbortSignal.timeout(200));
      await assert.rejects(writing, { name: 'AbortError' });
    } finally {
      closeSync(reader);
    }
  });

  test('a reader gets more than a pipe holds', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const read = readFile(at('pipe'));
    await writeWhole([Buffer.alloc(1 << 22, 'a'), 'end'], at('pipe'));
    assert.equal((await read).toString('latin1'), `${'a'.repeat(1 << 22)}end`);
  });

  test('a process that ends at once leaves nothing behind', () => {
    const module = new URL('../../src/load/write-whole.js', import.meta.url).href;
    const script = `
      import { readdirSync, writeFileSync } from 'node:fs';
      import { writeWhole } from ${JSON.stringify(module)};
      async function* made() {
        yield 'half';
        writeFileSync('seen', readdirSync('.').join());
        process.exit(0);
      }
      await writeWhole(made(), 'a');`;
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
    assert.match(readFileSync(at('seen'), 'utf8'), /^rucio-stac-\d+-[0-9a-f]{12}\.part$/);
    assert.deepEqual(names(), ['seen']);
  });

  test('a folder is refused, a link that leads to itself too', async () => {
    await assert.rejects(writeWhole(['new'], folder), { code: 'EISDIR' });
    symlinkSync('b', at('a'));
    symlinkSync('a', at('b'));
    await assert.rejects(writeWhole(['new'], at('a')), { code: 'ELOOP' });
  });
});
