/**
 * Languages that a client asks for, and a document in several of them -> the document in the one that fits best.
 * STAC Language 1.0.0, whose Language Object may hold more: here the text in that language. RFC 9110 12.5.4, RFC 4647.
 */
import { z } from 'zod';
import { memberSpans, objectText } from './json-text.ts';

export const LANGUAGE_SCHEMA = 'https://stac-extensions.github.io/language/v1.0.0/schema.json';

/** Language Object. */
export interface Language {
  code: string;
  name?: string;
  alternate?: string;
  dir?: 'ltr' | 'rtl';
  title?: string;
  description?: string;
  keywords?: string[];
}

/** What a client takes: a tag or "*", in lower case, and how much (0 to 1). */
export interface LanguageRange {
  tag: string;
  weight: number;
}

/** Members of a document that a Language Object can hold in another language. */
const TEXTS = ['title', 'description', 'keywords'] as const;

const TAG = /^(?:\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)$/;
const RANGE = /^\s*([^\s;]+)\s*(?:;\s*[qQ]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/;

/** RFC 5646, as far as its form goes. */
export const isLanguageTag = (tag: string): boolean => tag !== '*' && TAG.test(tag) && tag.length <= 100;

/** Accept-Language, or the parameter `language`, which has its form -> what is wanted, most wanted first; null: it has another form. */
export function parseLanguageRanges(text: string): LanguageRange[] | null {
  const ranges: LanguageRange[] = [];
  for (const part of text.slice(0, 2000).split(',')) {
    if (part.trim() === '') continue;
    const [, tag = '', weight = '1'] = RANGE.exec(part) ?? [];
    if (!TAG.test(tag)) return null;
    ranges.push({ tag: tag.toLowerCase(), weight: Number(weight) });
  }
  return ranges.sort((a, b) => b.weight - a.weight);
}

/** Whether one tag is the other, or more special: "de-CH" is a "de". */
const isWithin = (tag: string, range: string) => tag === range || tag.startsWith(`${range}-`);

/** Lookup (RFC 4647 3.4), and if that finds none, a more special language than was asked for. */
function find(range: string, codes: string[]): string | undefined {
  for (let wanted = range; wanted !== ''; wanted = wanted.slice(0, Math.max(0, wanted.lastIndexOf('-')))) {
    const found = codes.find((code) => code.toLowerCase() === wanted);
    if (found !== undefined) return found;
  }
  return codes.find((code) => isWithin(code.toLowerCase(), range));
}

/** The language to answer in. @param codes what there is, that of the document itself first; it stands in when nothing fits */
export function chooseLanguage(ranges: LanguageRange[], codes: string[]): string {
  const [own = ''] = codes;
  const refused = ranges.filter(({ weight }) => weight === 0).map(({ tag }) => tag);
  const allowed = codes.filter((code) => !refused.includes(code.toLowerCase()));
  for (const { tag, weight } of ranges) {
    if (weight === 0) continue;
    const found = tag === '*' ? allowed[0] : find(tag, allowed);
    if (found !== undefined) return found;
  }
  return own;
}

function isLanguage(value: unknown): value is Language {
  const { code } = (value ?? {}) as { code?: unknown };
  return typeof code === 'string' && isLanguageTag(code);
}

const hasText = (language: Language) => TEXTS.some((key) => language[key] !== undefined);

/** Without the texts: what a client needs to know of a language that it is not given. */
export function plainLanguage(language: Language): Language {
  const entries = Object.entries(language).filter(([key]) => !(TEXTS as readonly string[]).includes(key));
  return Object.fromEntries(entries) as unknown as Language;
}

interface Translations {
  own: Language;
  /** Whose text the document holds. */
  others: Language[];
  /** All that it names beside its own. */
  named: Language[];
}

/** A document's languages whose text it holds; null: it is in one only. */
function translationsOf(document: { language?: unknown; languages?: unknown }): Translations | null {
  const { language: own, languages } = document;
  if (!isLanguage(own) || !Array.isArray(languages)) return null;
  const named = languages.filter(isLanguage);
  const others = named.filter(hasText);
  return others.length > 0 ? { own, others, named } : null;
}

function readTranslations(
  content: string,
): { spans: ReturnType<typeof memberSpans>; found: Translations } | null {
  if (!content.includes('"languages"')) return null;
  const spans = memberSpans(content);
  const read = (key: string): unknown => {
    const span = spans.get(key);
    return span ? JSON.parse(content.slice(span.start, span.end)) : undefined;
  };
  const found = translationsOf({ language: read('language'), languages: read('languages') });
  return found && { spans, found };
}

const written = z.strictObject({
  code: z.string().refine(isLanguageTag, 'expected a language tag (RFC 5646)'),
  name: z.string().min(1).optional(),
  alternate: z.string().min(1).optional(),
  dir: z.enum(['ltr', 'rtl']).optional(),
  title: z.string().min(1).optional(),
  description: z.string().min(1).optional(),
});
const writtenList = z
  .tuple([written.omit({ title: true, description: true })], written)
  .refine(
    (list) => new Set(list.map(({ code }) => code.toLowerCase())).size === list.length,
    'a code is there twice',
  )
  .refine(
    (list) => list.slice(1).every(hasText as (language: object) => boolean),
    'title or description is missing',
  );

/** A JSON list of Language Objects, the first without text: it is that of the document itself. @throws Error that says what is wrong */
export function parseLanguageList(text: string): { language: Language; languages: Language[] } {
  const [language, ...languages] = writtenList.parse(JSON.parse(text)) as [Language, ...Language[]];
  return { language, languages };
}

/** Codes of the languages in which a document's text can be given, its own first; none when it does not tell. */
export function languagesOf(content: string): string[] {
  const read = readTranslations(content);
  return read ? [read.found.own, ...read.found.others].map(({ code }) => code) : [];
}

/** A document's text in the language that fits; as it is, when that is its own. */
export function inLanguage(content: string, ranges: LanguageRange[]): string {
  if (ranges.length === 0) return content;
  const read = readTranslations(content);
  if (read === null) return content;
  const { spans, found } = read;
  const { own, others, named } = found;
  const code = chooseLanguage(ranges, [own.code, ...others.map((each) => each.code)]);
  const chosen = others.find((each) => each.code === code);
  if (!chosen || code === own.code) return content;
  const members = new Map([...spans].map(([key, { start, end }]) => [key, content.slice(start, end)]));
  const left = [own, ...named.filter((each) => each !== chosen)].map(plainLanguage);
  const changed = { language: plainLanguage(chosen), languages: left };
  for (const [key, value] of Object.entries(changed)) members.set(key, JSON.stringify(value));
  for (const key of TEXTS) if (chosen[key] !== undefined) members.set(key, JSON.stringify(chosen[key]));
  // Stored text ends with its links.
  const links = members.get('links');
  members.delete('links');
  if (links !== undefined) members.set('links', links);
  return objectText(members);
}

const TOLD = /"language"\s*:\s*\{[^{}]*?"code"\s*:\s*"([A-Za-z0-9-]{1,100})"/g;
const DOCUMENT = /"stac_version"\s*:/g;

/**
 * Content-Language of an answer: those that its documents tell, and where one tells none, that of the catalogue.
 * Goes by the text; an answer may have many documents.
 */
export function languagesIn(body: string, otherwise: string): string {
  const told = body.includes('"language"') ? Array.from(body.matchAll(TOLD), ([, code = '']) => code) : [];
  const documents = told.length > 0 ? (body.match(DOCUMENT)?.length ?? 1) : 1;
  return [...new Set([...told, ...(told.length < documents ? [otherwise] : [])])].slice(0, 20).join(', ');
}
