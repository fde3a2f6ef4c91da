/** Text of an INI file -> sections of keys and values, as Python's configparser (what Rucio's own client uses) reads it. */
import { UserError } from '../errors.ts';

/** Section name -> key (lower case) -> value, before interpolation. */
type Sections = Map<string, Map<string, string>>;

export interface Ini {
  /** Value after interpolation, trimmed; undefined when neither the section nor [DEFAULT] has it. */
  get(section: string, key: string): string | undefined;
  has(section: string): boolean;
  /** Names of all sections but [DEFAULT]. */
  sections(): string[];
  /** Keys of a section, lower case, without those of [DEFAULT]. */
  keys(section: string): string[];
}

const DEFAULT = 'DEFAULT';
const MAX_DEPTH = 10;

interface Cursor {
  sections: Sections;
  section: Map<string, string> | null;
  key: string | null;
  /** Columns before the option that the next line may continue. */
  indent: number;
}

/**
 * `#` and `;` comment whole lines only; a deeper indented line continues the value above; keys are case-insensitive; a
 * key given twice counts as last given (configparser refuses it).
 * @throws UserError naming file and line when a line is neither section, option, comment nor continuation.
 */
export function parseIni(text: string, file: string): Ini {
  const cursor: Cursor = { sections: new Map(), section: null, key: null, indent: 0 };
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  lines.forEach((line, index) => {
    const fault = readLine(cursor, line);
    if (fault !== null) throw new UserError(`${file}, line ${index + 1}: ${fault}`);
  });
  const { sections } = cursor;
  return {
    get: (section, key) => interpolated(sections, section, key.toLowerCase(), 0),
    has: (section) => sections.has(section),
    sections: () => [...sections.keys()].filter((name) => name !== DEFAULT),
    keys: (section) => [...(sections.get(section)?.keys() ?? [])],
  };
}

/** Takes one line in; returns what is wrong with it, or null. */
function readLine(cursor: Cursor, line: string): string | null {
  const value = line.trim();
  if (value === '' || value.startsWith('#') || value.startsWith(';')) return null;
  const indent = line.length - line.trimStart().length;
  if (cursor.section !== null && cursor.key !== null && indent > cursor.indent) {
    cursor.section.set(cursor.key, `${cursor.section.get(cursor.key)}\n${value}`);
    return null;
  }
  cursor.indent = indent;
  const header = /^\[(.+)\]/.exec(value);
  if (header !== null) {
    const name = header[1]!;
    if (!cursor.sections.has(name)) cursor.sections.set(name, new Map());
    cursor.section = cursor.sections.get(name)!;
    cursor.key = null;
    return null;
  }
  if (cursor.section === null)
    return `"${shown(value)}" stands before any [section]; Rucio's settings belong under [client].`;
  const option = /^(.*?)\s*[=:]\s*(.*)$/.exec(value);
  if (option === null || option[1] === '') return `"${shown(value)}" is not of the form "key = value".`;
  cursor.key = option[1]!.toLowerCase();
  cursor.section.set(cursor.key, option[2]!);
  return null;
}

/** A line for a message: no more of a password than its name. */
const shown = (line: string) => (/pass|secret|token/i.test(line) ? `${line.split(/[\s=:]/, 1)[0]} …` : line);

function raw(sections: Sections, section: string, key: string): string | undefined {
  return sections.get(section)?.get(key) ?? sections.get(DEFAULT)?.get(key);
}

/** `%%` is `%`, `%(key)s` another value. A reference that leads nowhere stays as written: one odd log format must not stop us. */
function interpolated(sections: Sections, section: string, key: string, depth: number): string | undefined {
  const text = raw(sections, section, key);
  if (text === undefined) return undefined;
  return text
    .replace(/%%|%\(([^)]+)\)s/g, (whole, name: string | undefined) => {
      if (name === undefined) return '%';
      if (depth >= MAX_DEPTH) return whole;
      return interpolated(sections, section, name.toLowerCase(), depth + 1) ?? whole;
    })
    .trim();
}
