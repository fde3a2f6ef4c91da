/** STAC API Language 1.0.0-rc.2: negotiation by Accept-Language (RFC 9110 12.5.4), with the fields of STAC Language 1.0.0. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseConfig } from '../../src/config.ts';
import { chooseLanguage, parseLanguageRanges } from '../../src/stac/language.ts';
import { makeValidator } from '../../src/stac/validate.ts';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

interface Document {
  id: string;
  title?: string;
  description: string;
  keywords?: string[];
  language?: { code: string };
  languages?: { code: string }[];
  stac_extensions?: string[];
  conformsTo?: string[];
  links: { rel: string; href: string; hreflang?: string; type?: string }[];
}

const SCHEMA = 'https://stac-extensions.github.io/language/v1.0.0/schema.json';
const LANGUAGES = JSON.stringify([
  { code: 'en', name: 'English' },
  { code: 'de', name: 'Deutsch', title: 'Seen', description: 'Seen der Welt' },
  { code: 'pt-BR', title: 'Lagos', description: 'Lagos do mundo' },
]);

const lakes = collection('lakes', {
  stac_extensions: [SCHEMA],
  title: 'Lakes',
  description: 'All lakes',
  keywords: ['water'],
  'x:kept': [null, 1e-7],
  language: { code: 'en', name: 'English' },
  languages: [
    { code: 'de', name: 'Deutsch', title: 'Seen', description: 'Alle Seen', keywords: ['Wasser'] },
    { code: 'fr', title: 'Lacs' },
    // Elsewhere, not here: it has no text.
    { code: 'ja', name: '日本語' },
  ],
});

const codes = ({ language, languages = [] }: Document) => [language?.code, languages.map(({ code }) => code)];

describe('language', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({
      RUCIO_STAC_TITLE: 'Lakes',
      RUCIO_STAC_DESCRIPTION: 'Lakes of the world',
      RUCIO_STAC_LANGUAGES: LANGUAGES,
    });
    await server.store([
      lakes,
      collection('plain'),
      collection('finnish', { language: { code: 'fi' } }),
      collection('scoped', { 'rucio:scope': 's', language: { code: 'it' } }),
      item('i', { collection: 'plain' }),
      item('f', { collection: 'finnish' }, { language: { code: 'fi' } }),
    ]);
  });
  after(() => server.close());

  async function ask(
    path: string,
    accept?: string,
  ): Promise<{ document: Document; told: string | null; headers: Headers }> {
    const response = await server.get(path, {
      headers: accept === undefined ? {} : { 'accept-language': accept },
    });
    assert.equal(response.status, 200, path);
    const document = (await response.json()) as Document;
    return { document, told: response.headers.get('content-language'), headers: response.headers };
  }

  test('the landing page conforms, declares the extension, and tells its language and the others', async () => {
    const { document, told, headers } = await ask('/');
    assert.ok(document.conformsTo?.includes('https://api.stacspec.org/v1.0.0-rc.2/language'));
    assert.ok(document.stac_extensions?.includes(SCHEMA));
    assert.deepEqual(codes(document), ['en', ['de', 'pt-BR']]);
    assert.equal(told, 'en');
    assert.match(headers.get('vary') ?? '', /\bAccept-Language\b/);
    assert.deepEqual(await makeValidator().validate([document]), [null]);
  });

  test('the landing page is in the language that is wanted most and that there is', async () => {
    for (const [accept, code, title] of [
      ['de', 'de', 'Seen'],
      ['DE-ch', 'de', 'Seen'],
      ['de-CH;q=0.5, en;q=0.4', 'de', 'Seen'],
      ['en;q=0.4, de;q=0.5', 'de', 'Seen'],
      ['fr, de;q=0.1', 'de', 'Seen'],
      ['pt', 'pt-BR', 'Lagos'],
      ['pt-br', 'pt-BR', 'Lagos'],
      // RFC 4647 lookup finds no "pt-PT", and a "pt-BR" is none.
      ['pt-PT', 'en', 'Lakes'],
      ['en', 'en', 'Lakes'],
      ['*', 'en', 'Lakes'],
      ['fr', 'en', 'Lakes'],
      ['de;q=0', 'en', 'Lakes'],
      ['en;q=0, *', 'de', 'Seen'],
      ['', 'en', 'Lakes'],
      ['not a language!', 'en', 'Lakes'],
    ] as const) {
      const { document, told } = await ask('/', accept);
      assert.deepEqual([told, document.language?.code, document.title], [code, code, title], accept);
    }
  });

  test('languages never hold the language of the document, and nobody is lost', async () => {
    for (const code of ['en', 'de', 'pt-BR']) {
      const { document } = await ask('/', code);
      const others = ['en', 'de', 'pt-BR'].filter((each) => each !== code);
      assert.deepEqual(codes(document), [code, others]);
      assert.deepEqual(await makeValidator().validate([document]), [null]);
    }
  });

  test('alternate links lead to each language, and the parameter goes before the header', async () => {
    for (const [path, expected] of [
      ['/', { en: 'Lakes', de: 'Seen', 'pt-BR': 'Lagos' }],
      ['/collections/lakes', { en: 'Lakes', de: 'Seen', fr: 'Lacs' }],
    ] as const) {
      const { document } = await ask(path);
      const links = document.links.filter(({ rel, hreflang }) => rel === 'alternate' && hreflang);
      assert.deepEqual(
        links.map(({ hreflang }) => hreflang),
        Object.keys(expected),
      );
      for (const { href, hreflang = '' } of links) {
        const { document: found, told } = await ask(href, 'en, de;q=0.5');
        assert.deepEqual([told, found.title], [hreflang, expected[hreflang as keyof typeof expected]]);
      }
    }
  });

  test('a Collection is in the language wanted, and the rest of it is as it was', async () => {
    const { document: own } = await ask('/collections/lakes');
    assert.deepEqual([own.title, own.description, own.keywords], ['Lakes', 'All lakes', ['water']]);
    const { document: german, told } = await ask('/collections/lakes', 'de');
    assert.deepEqual([german.title, german.description, german.keywords], ['Seen', 'Alle Seen', ['Wasser']]);
    assert.equal(told, 'de');
    assert.deepEqual(codes(german), ['de', ['en', 'fr', 'ja']]);
    assert.deepEqual(await makeValidator().validate([german]), [null]);
    const { title: _, description: __, keywords: ___, language: ____, languages: _____, ...rest } = german;
    for (const [key, value] of Object.entries(rest))
      assert.deepEqual(value, (own as unknown as Record<string, unknown>)[key], key);
    // What is not translated stays.
    const { document: french } = await ask('/collections/lakes', 'fr');
    assert.deepEqual([french.title, french.description], ['Lacs', 'All lakes']);
  });

  test('a language without text is not given', async () => {
    const { document, told } = await ask('/collections/lakes', 'ja');
    assert.deepEqual([told, document.title], ['en', 'Lakes']);
  });

  test('lists are in the language wanted, each Collection as far as it can be', async () => {
    for (const path of ['/collections', '/children', '/catalogs/s/children']) {
      const { document, headers } = await ask(path, 'de');
      assert.match(headers.get('vary') ?? '', /\bAccept-Language\b/, path);
      const { collections, children } = document as unknown as Record<string, Document[]>;
      const found = (collections ?? children ?? []).find(({ id }) => id === 'lakes');
      if (path !== '/catalogs/s/children') assert.equal(found?.title, 'Seen', path);
    }
  });

  test('Content-Language names the languages of what is there', async () => {
    const told = async (path: string, accept?: string) =>
      new Set((await ask(path, accept)).told?.split(', '));
    assert.deepEqual(await told('/collections/plain'), new Set(['en']));
    assert.deepEqual(await told('/collections/finnish'), new Set(['fi']));
    assert.deepEqual(await told('/collections', 'de'), new Set(['de', 'fi', 'it', 'en']));
    assert.deepEqual(await told('/catalogs/s/children'), new Set(['it']));
    assert.deepEqual(await told('/search'), new Set(['fi', 'en']));
    assert.deepEqual(await told('/collections/finnish/items/f'), new Set(['fi']));
    assert.deepEqual(await told('/catalogs/s', 'de'), new Set(['en']));
    assert.deepEqual(await told('/conformance'), new Set(['en']));
  });

  test('each language has an entity tag of its own', async () => {
    const german = await server.get('/collections/lakes', { headers: { 'accept-language': 'de' } });
    const english = await server.get('/collections/lakes');
    const [de, en] = [german, english].map(({ headers }) => headers.get('etag') ?? '') as [string, string];
    assert.notEqual(de, en);
    const status = async (tag: string, language: string) => {
      const headers = { 'if-none-match': tag, 'accept-language': language };
      return (await server.get('/collections/lakes', { headers })).status;
    };
    assert.deepEqual(
      [await status(de, 'de'), await status(en, 'en'), await status(en, 'de'), await status(de, 'en')],
      [304, 304, 200, 200],
    );
  });

  test('a parameter that is no list of language tags is a 400 that names it', async () => {
    for (const path of ['/', '/collections/lakes']) {
      for (const value of ['d%C3%A9', 'de;q=2', 'toolongtobeatag', 'de_DE']) {
        const response = await server.get(`${path}?language=${value}`);
        assert.equal(response.status, 400, value);
        assert.equal(((await response.json()) as { parameter: string }).parameter, 'language');
      }
    }
  });
});

describe('language ranges', () => {
  test('are ordered by weight, those of equal weight as they came', () => {
    const tags = (text: string) => parseLanguageRanges(text)?.map(({ tag }) => tag);
    // RFC 9110 12.5.4
    assert.deepEqual(tags('da, en-gb;q=0.8, en;q=0.7'), ['da', 'en-gb', 'en']);
    assert.deepEqual(tags('en;q=0.7,da,fi'), ['da', 'fi', 'en']);
    assert.equal(parseLanguageRanges('en;q=1.5'), null);
    assert.equal(parseLanguageRanges('en;q=0.1234'), null);
  });

  test('are looked up from the special to the general (RFC 4647 3.4)', () => {
    const choose = (text: string, ...there: string[]) =>
      chooseLanguage(parseLanguageRanges(text) ?? [], there);
    assert.equal(choose('zh-Hant-CN-x-private1', 'en', 'zh', 'zh-Hant'), 'zh-Hant');
    assert.equal(choose('fr-FR, zh-Hant', 'en', 'zh'), 'zh');
    assert.equal(choose('de', 'en', 'de-AT'), 'de-AT');
    assert.equal(choose('de', 'en', 'den'), 'en');
  });
});

describe('RUCIO_STAC_LANGUAGES', () => {
  test('what cannot be used is told', () => {
    const wrong = [
      'de',
      '[]',
      '{"code":"de"}',
      '[{"code":"de_DE"}]',
      '[{"code":"en"},{"code":"de"}]',
      '[{"code":"en"},{"code":"EN","title":"x"}]',
      '[{"code":"en","title":"x"}]',
    ];
    for (const value of wrong)
      assert.throws(() => parseConfig({ RUCIO_STAC_LANGUAGES: value }), /RUCIO_STAC_LANGUAGES/, value);
    assert.equal(parseConfig({}).language.code, 'en');
  });
});
