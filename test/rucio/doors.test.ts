import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../src/errors.ts';
import { type DoorOptions, orderAttempts } from '../../src/rucio/fetch/doors.ts';
import { sentenceOf } from '../../src/rucio/fetch/run-tool.ts';
import { TOOLS } from '../../src/rucio/fetch/tools.ts';
import { schemeOf } from '../../src/rucio/pfn.ts';

const ALL = new Map(TOOLS.map(({ impl, command }) => [impl, `/usr/bin/${command}`]));

/** PFNs by "RSE pfn", in Rucio's order. */
async function order(lines: string[], preferredImpl: string[] = [], tools = ALL): Promise<string[]> {
  const replicas = lines.map((line, index) => {
    const [rse, pfn, type = 'DISK'] = line.split(' ') as [string, string, string?];
    return { rse, pfn, scheme: schemeOf(pfn), priority: index + 1, state: 'AVAILABLE', type };
  });
  const options: DoorOptions = { preferredImpl, tools, hasS3: true };
  const { attempts } = await orderAttempts(replicas, options);
  return attempts.map(({ replica, tool }) => `${replica.rse} ${replica.scheme} ${tool?.command ?? 'own'}`);
}

test('RSEs go by priority; of one RSE, what we read ourselves goes before what needs a tool', async () => {
  const lines = ['A root://a//x', 'A davs://a/x', 'B https://b/x', 'B s3://b.example.org/c/x'];
  assert.deepEqual((await order(lines)).slice(0, 4), [
    'A davs own',
    'A root xrdcp',
    'B https own',
    'B s3 own',
  ]);
});

test('tapes come after all disks', async () => {
  const lines = ['T https://t/x TAPE', 'A root://a//x', 'B https://b/x'];
  assert.deepEqual(await order(lines, [], new Map([['xrootd', '/usr/bin/xrdcp']])), [
    'A root xrdcp',
    'B https own',
    'T https own',
  ]);
});

test('every replica has a turn by its best door before any has another', async () => {
  assert.deepEqual(await order(['A root://a//x', 'B https://b/x']), [
    'A root xrdcp',
    'B https own',
    'A root gfal-copy',
    'A root rucio',
  ]);
});

test('preferred_impl chooses among the PFNs of an RSE, and among tools; "gfal.NoRename" is gfal', async () => {
  const lines = ['A davs://a/x', 'A root://a//x'];
  assert.equal((await order(lines, ['xrootd', 'rclone']))[0], 'A root xrdcp');
  assert.equal((await order(lines, ['gfal.NoRename']))[0], 'A root gfal-copy');
  assert.equal((await order(lines, ['webdav', 'xrootd']))[0], 'A davs own');
  assert.equal((await order(lines, ['xrootd'], new Map()))[0], 'A davs own');
});

test('a tool that preferred_impl names has a turn at https, after ours', async () => {
  assert.deepEqual(await order(['A https://a/x'], ['xrootd', 'rclone']), ['A https own', 'A https rclone']);
  assert.deepEqual(await order(['A https://a/x']), ['A https own']);
});

test('each scheme has its tools', async () => {
  const first = async (pfn: string) => (await order([`A ${pfn}`])).map((line) => line.split(' ')[2]);
  assert.deepEqual(await first('root://a//x'), ['xrdcp', 'gfal-copy', 'rucio']);
  assert.deepEqual(await first('gsiftp://a/x'), ['gfal-copy', 'rucio']);
  assert.deepEqual(await first('srm://a:8443/srm/managerv2?SFN=/x'), ['gfal-copy', 'rucio']);
  assert.deepEqual(await first('rclone://a/x'), ['rclone', 'rucio']);
  assert.deepEqual(await first('globus://a/x'), ['rucio']);
  assert.deepEqual(await first('-f'), []);
});

test('arguments: no PFN, name or scope is an option, and names do not lead out of the folder', () => {
  const job = {
    did: { scope: '-s', name: '-rf' },
    rse: 'A',
    pfn: 'rclone://remote/-x/../y',
    scheme: 'rclone',
    folder: '/w/f',
    part: '/w/x.tif~1.part',
    timeoutSeconds: 5,
  };
  const call = (impl: string, more: object = {}) =>
    TOOLS.find((tool) => tool.impl === impl)!.call({ ...job, ...more });
  assert.deepEqual(call('rucio')?.args.slice(-2), ['--', '-s:-rf']);
  assert.equal(call('rucio')?.path, '/w/f/-s/-rf');
  for (const name of ['../../etc/passwd', '/etc/passwd', 'a/../../b'])
    assert.throws(() => call('rucio', { did: { scope: 's', name } }), UserError);
  assert.deepEqual(call('rclone')?.args, ['copyto', '--', 'remote:-x/../y', '/w/f/file']);
  const sftp = { pfn: 'sftp://me@host:2222//data/x', scheme: 'sftp' };
  assert.deepEqual(call('rclone', sftp)?.args, [
    'copyto',
    '--',
    ':sftp,host=host,user=me,port=2222:/data/x',
    '/w/f/file',
  ]);
  for (const pfn of ['rclone://-x/y', 'rclone://a,b=c/y', 'rclone://me@a/y', 'sftp://a:b:c/y'])
    assert.equal(call('rclone', { pfn }), null);
  assert.deepEqual(call('xrootd', { pfn: 'root://h//-x' })?.args.slice(-3), [
    '--continue',
    'root://h//-x',
    '/w/x.tif~1.part',
  ]);
});

test("of a tool's last words one sentence is told, without stamps, colours and signatures", () => {
  assert.equal(
    sentenceOf('2026/01/01 10:00:00 Failed to copyurl: GET https://a/x?sig=secret: 404 Not Found\n', 1),
    'Failed to copyurl: GET https://a/x?... 404 Not Found (exit code 1)',
  );
  assert.equal(
    sentenceOf(
      '[0B/0B][100%][==][0B/s]\r\n\x1b[31mRun: [ERROR] Server responded with an error: [3011] No such file\x1b[0m\n\n',
      54,
    ),
    'Server responded with an error: [3011] No such file (exit code 54)',
  );
  assert.equal(sentenceOf('', 'SIGSEGV'), 'ended by SIGSEGV');
  assert.ok(sentenceOf('error '.repeat(1000), 1).length < 300);
});
