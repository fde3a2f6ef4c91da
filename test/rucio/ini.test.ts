import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIni } from '../../src/rucio/ini.ts';

const parse = (text: string) => parseIni(text, 'rucio.cfg');

test('keys are case-insensitive, separators are = and :, the first one counts', () => {
  const ini = parse(
    '[client]\nRucio_Host = https://a:443/x\nauth_host: http://b=c\npassword = a=b:c\nempty =\n',
  );
  assert.equal(ini.get('client', 'rucio_host'), 'https://a:443/x');
  assert.equal(ini.get('client', 'AUTH_HOST'), 'http://b=c');
  assert.equal(ini.get('client', 'password'), 'a=b:c');
  assert.equal(ini.get('client', 'empty'), '');
  assert.equal(ini.get('client', 'none'), undefined);
  assert.equal(ini.has('download'), false);
});

test('comments take whole lines, a # within a value stays', () => {
  const ini = parse('# one\n; two\n[client]\n  # three\npassword = pa#ss ; word\n');
  assert.equal(ini.get('client', 'password'), 'pa#ss ; word');
});

test('a deeper line continues the value, an indented file is read all the same', () => {
  const ini = parse('  [client]\n  oidc_scope = openid\n    profile\n  account = me\n');
  assert.equal(ini.get('client', 'oidc_scope'), 'openid\nprofile');
  assert.equal(ini.get('client', 'account'), 'me');
});

test('%% is %, %(key)s another value, [DEFAULT] stands behind every section', () => {
  const ini = parse(
    '[DEFAULT]\nbase = /etc\n[client]\npassword = 50%%\nca_cert = %(base)s/ca.pem\nodd = %(nowhere)s 5% %(odd)s\n',
  );
  assert.equal(ini.get('client', 'password'), '50%');
  assert.equal(ini.get('client', 'ca_cert'), '/etc/ca.pem');
  assert.match(ini.get('client', 'odd')!, /^%\(nowhere\)s 5% /);
  assert.equal(ini.get('client', 'base'), '/etc');
});

test('Windows line ends and a byte order mark do not matter', () => {
  assert.equal(parse('\uFEFF[client]\r\naccount = me\r\n').get('client', 'account'), 'me');
});

test('a line that means nothing is named with file and line', () => {
  assert.throws(() => parse('[client]\naccount = me\nnonsense\n'), /rucio\.cfg, line 3: "nonsense"/);
  assert.throws(() => parse('account = me\n'), /line 1: .*\[client\]/);
});
