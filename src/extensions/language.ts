/** Which language an answer is in, and which others there are. STAC API Language 1.0.0-rc.2; src/http/language.ts does it. */
import type { Config } from '../config.ts';
import { LANGUAGE_SCHEMA, plainLanguage } from '../stac/language.ts';
import type { Link } from '../stac/link.ts';
import { JSON_TYPE } from '../stac/media-type.ts';
import type { Extension } from './extension.ts';

/** What the landing page says of its languages; those that it can be given in hold its text. */
export function landingLanguages({ language, languages }: Config): object {
  return {
    stac_extensions: [LANGUAGE_SCHEMA],
    language: plainLanguage(language),
    ...(languages.length > 0 && { languages }),
  };
}

/** Where the landing page is in each language. */
export function landingAlternates(base: string, { language, languages }: Config): Link[] {
  if (languages.length === 0) return [];
  return [language, ...languages].map(({ code, name }) => ({
    rel: 'alternate',
    type: JSON_TYPE,
    href: `${base}/?language=${code}`,
    hreflang: code,
    ...(name !== undefined && { title: name }),
  }));
}

export const language: Extension = {
  name: 'language',
  conformsTo: ['https://api.stacspec.org/v1.0.0-rc.2/language'],
};
