/** A person with a browser at Rucio's OpenID login: follows redirects, keeps cookies, fills in the provider's form. */
import assert from 'node:assert/strict';
import { request } from 'undici';
import { readRucioConfig } from '../../src/rucio/read-config.ts';
import { required, trusting } from './lake.ts';

interface Page {
  address: string;
  status: number;
  html: string;
}

/** Opens the address that `rucio-stac login` prints, signs in as `user`, and gives the last page. Any password is right there. */
export async function signIn(address: string, user: string): Promise<Page> {
  const browser = openBrowser();
  const form = await browser.open(address);
  const [, action] = /<form method="post" action="([^"]+)"/.exec(form.html) ?? [];
  assert.ok(action, `no form at ${form.address} (${form.status}): ${form.html.slice(0, 300)}`);
  return browser.open(
    new URL(action, form.address).href,
    new URLSearchParams({ login: user, password: 'x' }),
  );
}

/** The same up to Rucio's last page, which is not opened: its address, as somebody may paste it. */
export async function signInAndStop(address: string, user: string): Promise<string> {
  const browser = openBrowser((next) => next.includes('/auth/oidc_code'));
  const form = await browser.open(address);
  const [, action] = /<form method="post" action="([^"]+)"/.exec(form.html) ?? [];
  const last = await browser.open(
    new URL(action!, form.address).href,
    new URLSearchParams({ login: user, password: 'x' }),
  );
  return last.address;
}

export const codeOn = ({ html }: Page): string => /<b>\s*([A-Za-z0-9]{50})\s*<\/b>/.exec(html)?.[1] ?? '';

function openBrowser(stopAt: (address: string) => boolean = () => false) {
  const config = readRucioConfig({ RUCIO_CONFIG: required('RUCIO_CONFIG_OIDC') });
  const dispatcher = trusting(config);
  const jar = new Map<string, string>();

  async function open(start: string, form?: URLSearchParams): Promise<Page> {
    let [address, body] = [start, form?.toString()];
    for (let hops = 0; hops < 12; hops++) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await request(address, {
        dispatcher,
        method: body === undefined ? 'GET' : 'POST',
        headers: { cookie, ...(body !== undefined && type) },
        body: body ?? null,
      });
      for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (name) jar.set(name, value!);
      }
      const html = await answer.body.text();
      const location = answer.headers.location;
      if (typeof location !== 'string') return { address, status: answer.statusCode, html };
      address = new URL(location, address).href;
      body = undefined;
      if (stopAt(address)) return { address, status: answer.statusCode, html };
    }
    throw new Error(`too many redirects from ${start}`);
  }
  return { open };
}
