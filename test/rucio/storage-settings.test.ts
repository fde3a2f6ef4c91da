import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIni } from '../../src/rucio/ini.ts';
import { readStorageSettings, rseSettings } from '../../src/rucio/read-storage-settings.ts';

const read = (text: string, env: Record<string, string> = {}) =>
  readStorageSettings(env, { ini: parseIni(text, 'rucio.cfg'), file: 'rucio.cfg' }, (path) => `/abs/${path}`);
const nothing = { tokenFile: null, loginToken: false, clientCert: null, clientKey: null };

const TEXT = `
[client]
account = me
[rse:DEV-DISK]
token_file = disk
[rse:GRID]
client_cert = proxy
[rse:*]
login_token = true
`;

test('an RSE has what its section says; others what [rse:*] says', () => {
  const settings = read(TEXT);
  assert.deepEqual(rseSettings(settings, 'DEV-DISK'), { ...nothing, tokenFile: '/abs/disk' });
  assert.deepEqual(rseSettings(settings, 'GRID'), { ...nothing, clientCert: '/abs/proxy' });
  assert.deepEqual(rseSettings(settings, 'OTHER'), { ...nothing, loginToken: true });
  assert.deepEqual(rseSettings(read(''), 'constructor'), nothing);
});

test('variables come first', () => {
  const settings = read(TEXT, {
    RUCIO_STAC_RSE_DEV_DISK_TOKEN_FILE: 'other',
    RUCIO_STAC_RSE_DEV_DISK_CLIENT_KEY: 'key',
    RUCIO_STAC_RSE_GRID_TOKEN_FILE: '',
  });
  assert.deepEqual(rseSettings(settings, 'DEV-DISK'), {
    ...nothing,
    tokenFile: '/abs/other',
    clientKey: '/abs/key',
  });
  assert.deepEqual(rseSettings(settings, 'GRID'), { ...nothing, clientCert: '/abs/proxy' });
});

test('what is not known is told with what is', () => {
  assert.throws(
    () => read('[rse:A]\ntoken = x\n'),
    /\[rse:A\] has "token"; accepted are token_file, login_token/,
  );
  assert.throws(
    () => read('[rse:A]\nlogin_token = maybe\n'),
    /login_token in \[rse:A\] is "maybe"; accepted is true or false/,
  );
});
