/** A file's name -> what it tells: its scene, its part of it, and fields of STAC, by patterns that are given or built in. */
import { UserError } from '../errors.ts';
import { periodFields, periodOf } from './compact-time.ts';
import { readKnownName } from './known-names.ts';
import type { Metadata } from './mapping.ts';
import type { NamedFile, ReadName } from './named-file.ts';

/** One pattern of a metadata file. */
export interface NameRule {
  pattern: RegExp;
  /** Fields of STAC; `{group}` in a text stands for a group of the pattern. */
  properties: Metadata;
}

/** `--scene`, and the patterns of a metadata file. @throws UserError */
export function parsePattern(text: string, label: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch (error) {
    throw new UserError(`${label} is no regular expression: ${(error as Error).message}.`);
  }
}

/** `--scene`. @throws UserError */
export function parseScenePattern(text: string): RegExp {
  const pattern = parsePattern(text, '--scene');
  if (!/\(\?<scene>/.test(text)) {
    throw new UserError('--scene needs a group named scene, such as "(?<scene>.+)_(?<asset>B\\d+)\\.tif$".');
  }
  return pattern;
}

/** Fields of time that the groups of a pattern tell: `start` and `end`, `datetime`, or year, month, day (or doy), hour, minute, second. */
function timeFields(groups: Record<string, string | undefined>): Metadata {
  const { year, month = '', day = '', doy = '', hour = '', minute = '', second = '' } = groups;
  const start = groups.start === undefined ? null : periodOf(groups.start);
  const end = groups.end === undefined ? null : periodOf(groups.end);
  if (start && end)
    return { datetime: start.datetime, start_datetime: start.datetime, end_datetime: end.end };
  const written =
    groups.datetime ?? (year && `${year}${doy || `${month}${day}`}${hour && `T${hour}`}${minute}${second}`);
  const period = written ? periodOf(written) : null;
  return period ? periodFields(period) : {};
}

function fill(value: unknown, groups: Record<string, string | undefined>): unknown {
  if (typeof value === 'string')
    return value.replace(/\{(\w+)\}/g, (all, name: string) => groups[name] ?? all);
  return Array.isArray(value) ? value.map((each) => fill(each, groups)) : value;
}

const NOTHING: NamedFile = { scene: null, asset: null, fields: {}, told: {}, band: {} };

function readByRule(name: string, { pattern, properties }: NameRule): NamedFile | null {
  const match = pattern.exec(name);
  if (!match) return null;
  const { groups = {} } = match;
  const told = Object.entries(properties).map(([key, value]) => [key, fill(value, groups)]);
  const others = Object.fromEntries(told) as Metadata;
  const [scene = null, asset = null] = [groups.scene, groups.asset ?? groups.band];
  return {
    ...NOTHING,
    scene,
    asset: scene === null ? null : asset,
    told: { ...timeFields(groups), ...others },
  };
}

/**
 * Scenes by `--scene`, else by the first rule that matches, else by names that are built in; fields by the rule over what is built in.
 * @param isKnown names that are built in count
 */
export function makeReadName(
  scenePattern: RegExp | null,
  rules: readonly NameRule[],
  isKnown: boolean,
): ReadName {
  return (name) => {
    const known = isKnown ? readKnownName(name) : null;
    let rule: NamedFile | null = null;
    for (const each of rules) rule ??= readByRule(name, each);
    const groups = scenePattern?.exec(name)?.groups;
    const given = groups && { scene: groups.scene ?? null, asset: groups.asset ?? null };
    const { scene, asset } =
      (scenePattern ? given : [rule, known].find((each) => typeof each?.scene === 'string')) ?? NOTHING;
    if (!rule && !known && !given) return null;
    return { scene, asset, fields: known?.fields ?? {}, told: rule?.told ?? {}, band: known?.band ?? {} };
  };
}

const TIMES = ['datetime', 'start_datetime', 'end_datetime'];

/** Fields over others; where they tell a time, no time of the others is left, for the two would be mixed. */
export function overTime(under: Metadata, over: Metadata): Metadata {
  const isTimed = TIMES.some((key) => over[key] !== undefined);
  const kept = Object.entries(under).filter(([key]) => !isTimed || !TIMES.includes(key));
  return { ...Object.fromEntries(kept), ...over };
}
