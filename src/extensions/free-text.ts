/** `q` of every search. STAC API Free-Text Search v1.0.0-rc.1, basic and advanced. */
import { z } from 'zod';
import { readFreeText } from '../search/free-text.ts';
import type { Parameters } from '../search/params.ts';
import type { Extension } from './extension.ts';

const MOST_TERMS = 100;

const parameters: Parameters = {
  q: {
    schema: z
      .union([z.string(), z.array(z.string()).max(MOST_TERMS)])
      .describe(
        'Words in any text of a document. With commas, or as a list: any of these terms. Else AND, OR, "a phrase", +required, -excluded, parentheses; words side by side mean OR',
      ),
    accepted: `text, or a list of at most ${MOST_TERMS} terms`,
    fromText: (text) => text,
    read: (value) => readFreeText(value as string | string[]),
  },
};

export const freeText: Extension = {
  name: 'free-text',
  conformsTo: ['item-search', 'collection-search', 'ogcapi-features'].flatMap((where) => [
    `https://api.stacspec.org/v1.0.0-rc.1/${where}#free-text`,
    `https://api.stacspec.org/v1.0.0-rc.1/${where}#advanced-free-text`,
  ]),
  parameters,
};
