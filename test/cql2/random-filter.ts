/** Filters made at random from a seed, every kind of expression among them. */
import type { Bound, Expression } from '../../src/cql2/ast.ts';
import { joined } from '../../src/cql2/ast.ts';

export const PROPERTY_NAMES = [
  'a',
  'eo:cloud_cover',
  'properties.proj:code',
  's2:dark-features',
  'Größe',
  'and',
  'Date',
  'x y',
  'a"b',
  'point',
  'a-1',
  '_',
  ':',
  '日本',
  "o'clock",
  'div',
  'e5',
  'Z',
];
export const FUNCTION_NAMES = ['foo', 'Bar', 'geo:area', 'a.b'];
const TEXTS = [
  '',
  'a',
  "it's",
  '\\',
  '\\%',
  "'",
  'ünïcödé',
  '日本',
  '%_',
  'a\nb\tc\v\f\r\b\x07',
  '"',
  "''",
  '\\a',
  '😀',
  '2024-01-01',
  '..',
  'AND',
  ' ',
];
const NUMBERS = [0, 1, -1, 0.1, -2.5, 1e21, 1e-7, 123456789, 5e-324, 1.7976931348623157e308];
const DECIMALS = ['12345678901234567890', '-0.12345678901234567890123', '1e400', '-1e400'];

export function randomFilter(seed: number): Expression {
  let state = seed >>> 0;
  /** Mulberry32: from 0 to 1. */
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const below = (count: number) => Math.floor(random() * count);
  const pick = <Value>(values: readonly Value[]): Value => values[below(values.length)] as Value;
  const many = <Value>(least: number, most: number, make: () => Value): Value[] =>
    Array.from({ length: least + below(most - least + 1) }, make);
  const longitude = () => Math.round((random() * 360 - 180) * 1e6) / 1e6;
  const latitude = () => Math.round((random() * 180 - 90) * 1e6) / 1e6;

  const property = () => ({ property: pick(PROPERTY_NAMES) });
  const number = (): Expression => (random() < 0.2 ? { decimal: pick(DECIMALS) } : pick(NUMBERS));
  const instant = (): Expression =>
    random() < 0.5
      ? { date: '2024-02-29' }
      : { timestamp: pick(['2024-01-01T00:00:00Z', '1999-12-31T23:59:60.5Z']) };
  const call = (depth: number): { op: string; args: Expression[] } => ({
    op: pick(FUNCTION_NAMES),
    args: many(0, 3, () => any(depth - 1)),
  });
  const leafOr = (depth: number, leaf: () => Expression, more: () => Expression): Expression => {
    const chance = random();
    if (depth > 0 && chance < 0.5) return more();
    return chance < 0.75 ? property() : leaf();
  };
  const numeric = (depth: number): Expression =>
    leafOr(depth, number, () => ({
      op: pick(['+', '-', '*', '/', '%', 'div', '^']),
      args: [numeric(depth - 1), numeric(depth - 1)],
    }));
  const textual = (depth: number): Expression =>
    leafOr(
      depth,
      () => pick(TEXTS),
      () => ({ op: pick(['casei', 'accenti']), args: [textual(depth - 1)] }),
    );
  const scalar = (depth: number): Expression => {
    const kinds = [
      () => numeric(depth),
      () => textual(depth),
      instant,
      () => random() < 0.5,
      () => call(depth),
    ];
    return pick(kinds)();
  };
  const position = (solid: boolean) => [longitude(), latitude(), ...(solid ? [below(5000) / 8] : [])];
  const ring = (solid: boolean) => {
    const first = position(solid);
    return [first, ...many(2, 4, () => position(solid)), first];
  };
  const geometry = (depth: number): Expression => {
    const solid = random() < 0.3;
    const line = () => many(2, 4, () => position(solid));
    const shapes = [
      () => ({ type: 'Point', coordinates: position(solid) }),
      () => ({ type: 'LineString', coordinates: line() }),
      () => ({ type: 'Polygon', coordinates: many(1, 2, () => ring(solid)) }),
      () => ({ type: 'MultiPoint', coordinates: many(1, 3, () => position(solid)) }),
      () => ({ type: 'MultiLineString', coordinates: many(1, 3, line) }),
      () => ({ type: 'MultiPolygon', coordinates: many(1, 2, () => many(1, 2, () => ring(solid))) }),
    ];
    if (depth > 0 && random() < 0.2) {
      const geometries = many(1, 3, () => geometry(depth - 1)) as { type: string }[];
      return { type: 'GeometryCollection', geometries };
    }
    return pick<() => Expression>(shapes)();
  };
  const place = (depth: number): Expression => {
    const chance = random();
    if (chance < 0.3) return property();
    if (chance < 0.8) return geometry(Math.min(depth, 2));
    if (chance < 0.9) return { bbox: [longitude(), -12.5, longitude(), latitude() / 2 + 45] };
    return { bbox: [longitude(), -80, -1.5, longitude(), 80, 1e4] };
  };
  const bound = (): Bound => {
    const chance = random();
    if (chance < 0.5) return pick(['..', '2024-01-01', '2024-01-01T00:00:00.25Z']);
    return chance < 0.8 ? property() : call(1);
  };
  const time = (): Expression =>
    pick([instant, property, () => ({ interval: [bound(), bound()] as [Bound, Bound] })])();
  const list = (depth: number): Expression => many(0, 4, () => any(depth - 1));
  const pattern = (): Expression =>
    random() < 0.7 ? pick(TEXTS) : { op: pick(['casei', 'accenti']), args: [pick(TEXTS)] };
  function any(depth: number): Expression {
    if (depth <= 0) return pick<() => Expression>([property, number, () => pick(TEXTS), () => true])();
    const kinds = [scalar, place, predicate, list, numeric];
    return random() < 0.15 ? time() : pick(kinds)(depth - 1);
  }
  function predicate(depth: number): Expression {
    const below1 = depth - 1;
    const two = (op: string, make: () => Expression) => ({ op, args: [make(), make()] });
    const kinds: (() => Expression)[] = [
      () => two(pick(['=', '<>', '<', '<=', '>', '>=']), () => scalar(2)),
      () => ({ op: 'like', args: [textual(2), pattern()] }),
      () => ({ op: 'between', args: [numeric(2), numeric(1), numeric(1)] }),
      () => ({ op: 'in', args: [scalar(2), many(1, 4, () => scalar(1))] }),
      () => ({
        op: 'isNull',
        args: [pick([() => scalar(2), time, () => place(1), () => predicate(below1)])()],
      }),
      () => two(`s_${pick(['intersects', 'equals', 'disjoint', 'within'])}`, () => place(2)),
      () => two(`t_${pick(['after', 'finishedBy', 'metBy', 'during'])}`, time),
      () =>
        two(`a_${pick(['equals', 'contains', 'containedBy', 'overlaps'])}`, () =>
          pick([() => list(2), property])(),
        ),
      () => call(2),
      property,
      () => random() < 0.5,
    ];
    if (depth <= 0 || random() < 0.3) return pick(kinds)();
    return pick([
      () =>
        joined(
          pick(['and', 'or']),
          many(2, 4, () => predicate(below1)),
        ),
      () => ({ op: 'not', args: [predicate(below1)] }),
    ])();
  }
  return predicate(below(5));
}
