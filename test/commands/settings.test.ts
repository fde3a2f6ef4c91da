import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseConfig, unknownSettings } from '../../src/config.ts';
import { nearestName } from '../../src/nearest-name.ts';
import { run } from '../support/run.ts';

describe('settings', () => {
  const mistyped: [string, string][] = [
    ['RUCIO_STAC_TRANSACTION', 'did you mean RUCIO_STAC_TRANSACTIONS?'],
    ['RUCIO_STAC_PUBLICURL', 'did you mean RUCIO_STAC_PUBLIC_URL?'],
    ['RUCIO_STAC_BROWSRE', 'did you mean RUCIO_STAC_BROWSER?'],
    ['RUCIO_STAC_QQQQQQQQ', 'README.md lists the settings'],
  ];
  for (const [name, hint] of mistyped) {
    test(`${name} is told with a hint`, () => {
      const told = unknownSettings({ [name]: 'true', RUCIO_STAC_TRANSACTIONS: 'true' });
      assert.deepEqual(told, [`there is no setting ${name}, it is passed over; ${hint}`]);
    });
  }

  test('a name that is not ours is nobody’s mistake', () => {
    assert.deepEqual(unknownSettings({ RUCIO_ACCOUNT: 'root', RUCIO_STAC: 'x' }), []);
  });

  test('the nearest of two is named', () => {
    assert.equal(nearestName('kitten', ['mitten', 'sitting', 'kitte']), 'mitten');
    assert.equal(nearestName('', ['a']), null);
  });

  const wrong: [string, string][] = [
    ['RUCIO_STAC_WEBUI', 'rucio.example'],
    ['RUCIO_STAC_WEBUI', 'javascript:alert(1)'],
    ['RUCIO_STAC_BROWSER', 'maybe'],
    ['RUCIO_STAC_DEBUG', '2'],
  ];
  for (const [name, value] of wrong) {
    test(`${name}=${value} is refused`, () => {
      assert.throws(
        () => parseConfig({ [name]: value }),
        new RegExp(`^UserError: These settings cannot be used: ${name} is ".+"; accepted `),
      );
    });
  }

  test('the address of the web UI has no slash at its end', () => {
    assert.equal(
      parseConfig({ RUCIO_STAC_WEBUI: 'https://rucio.example/ui/' }).webui,
      'https://rucio.example/ui',
    );
  });

  test('a command tells each, one line on stderr, and goes on', async () => {
    const { code, stdout, stderr } = await run(['serve', '--print-config'], {
      RUCIO_STAC_TRANSACTION: 'true',
    });
    assert.equal(code, 0);
    assert.equal((JSON.parse(stdout) as { transactions: boolean }).transactions, false);
    const told = stderr.split('\n').filter((line) => line.includes('RUCIO_STAC_'));
    assert.equal(told.length, 1, stderr);
    assert.match(told[0] ?? '', /^rucio-stac: there is no setting RUCIO_STAC_TRANSACTION, /);
  });
});
