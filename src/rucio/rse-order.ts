/** RSE expressions, best first -> the place of each RSE in them, as Rucio tells it now. Rucio REST: /rses/?expression=. */
import { messageOf } from '../errors.ts';
import type { Api } from './api.ts';

/** Place of an RSE: 0 is best; those that no expression matches come last. */
export type PlaceOf = (rse: string) => number;

export interface RseOrder {
  now(signal: AbortSignal): Promise<PlaceOf>;
}

/** Milliseconds that an answer counts; and a fault, before Rucio is asked again. */
const FRESH = 300_000;
const PAUSE = 30_000;

/** @throws RucioError InvalidRSEExpression for one that is none, or matches nothing */
export async function matchingRses(api: Api, expression: string, signal: AbortSignal): Promise<string[]> {
  const rows = await api.getList(`/rses/?${new URLSearchParams({ expression })}`, { signal });
  return (rows as { rse?: unknown }[]).map(({ rse }) => String(rse));
}

/** @param onFault is told of an expression that Rucio does not take, or that matches nothing; the others count */
export function openRseOrder(
  api: Api,
  expressions: readonly string[],
  onFault: (expression: string, reason: string) => void,
): RseOrder {
  const known = new Map<string, string[]>();
  let until = 0;
  let asked: Promise<void> | null = null;

  async function ask(signal: AbortSignal): Promise<void> {
    until = Date.now() + FRESH;
    for (const expression of expressions) {
      try {
        known.set(expression, await matchingRses(api, expression, signal));
      } catch (error) {
        until = Date.now() + PAUSE;
        onFault(expression, messageOf(error));
      }
    }
  }

  return {
    async now(signal) {
      if (expressions.length > 0 && until <= Date.now()) {
        asked ??= ask(signal).finally(() => {
          asked = null;
        });
        await asked;
      }
      const places = new Map<string, number>();
      for (const [place, expression] of expressions.entries())
        for (const rse of known.get(expression) ?? []) if (!places.has(rse)) places.set(rse, place);
      return (rse) => places.get(rse) ?? expressions.length;
    },
  };
}
