/** All pages of a search, by its next links, as a client walks them. */
import type { ItemCollection, TestServer } from './server.ts';

/** @param most pages after which the links are taken to go round */
export async function walk(
  server: TestServer,
  path: string,
  body?: object,
  most = 100,
): Promise<ItemCollection[]> {
  const asPost = (each: object) => ({ method: 'POST', body: JSON.stringify(each) });
  let page = await server.json<ItemCollection>(path, body && asPost(body));
  const pages = [page];
  for (;;) {
    const next = page.links.find(({ rel }) => rel === 'next');
    if (!next) return pages;
    if (pages.length >= most) throw new Error(`more than ${most} pages`);
    page = await server.json<ItemCollection>(
      next.href,
      next.method === 'POST' ? asPost(next.body ?? {}) : undefined,
    );
    pages.push(page);
  }
}

export const idsOf = (pages: { features: { id: string }[] }[]): string[] =>
  pages.flatMap(({ features }) => features.map(({ id }) => id));
