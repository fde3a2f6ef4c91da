/** RUCIO_STAC_RSES: whether Rucio takes each expression, and what it matches. */
import { UserError } from '../../errors.ts';
import { connectRucio } from '../../rucio/connect.ts';
import type { RucioConfig } from '../../rucio/read-config.ts';
import { matchingRses } from '../../rucio/rse-order.ts';
import { attempt, type Finding, ok } from './check.ts';

const LIMIT = 30_000;

export function checkRses(config: RucioConfig, expressions: readonly string[]): Promise<Finding> {
  return attempt('RSEs', async () => {
    const client = connectRucio({ ...config, requestRetries: 0 });
    try {
      const told: string[] = [];
      for (const expression of expressions) {
        const rses = await matchingRses(client.api, expression, AbortSignal.timeout(LIMIT)).catch(
          (error: unknown) => {
            throw new UserError(
              `RUCIO_STAC_RSES: Rucio does not take ${expression}, or it matches no RSE. "rucio rse list --rses EXPRESSION" tries one.`,
              { cause: error },
            );
          },
        );
        told.push(`${expression}: ${rses.slice(0, 5).join(', ')}${rses.length > 5 ? ', …' : ''}`);
      }
      return ok('RSEs', told.join('; '));
    } finally {
      await client.close();
    }
  });
}
