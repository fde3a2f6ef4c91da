/** Report of an ingestion -> its last lines on the terminal. */
import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { Register } from '../ingest/register.ts';
import type { IngestReport } from '../ingest/run-scenes.ts';
import { registerLines } from './register.ts';

/** What an ingestion did, for people; a line for each that needs one. */
export function summarize(
  report: IngestReport,
  register: Register | null,
  out: string | null,
  config: Config,
): string {
  const {
    collectionId,
    items,
    changedItems,
    ingestedFiles,
    unchangedFiles,
    skippedFiles,
    failures,
    isInterrupted,
  } = report;
  const parts = [
    `${ingestedFiles} files ingested`,
    `${unchangedFiles} unchanged`,
    `${skippedFiles} skipped`,
    `${failures.length} failed`,
    `${changedItems + (report.isCollectionChanged ? 1 : 0)} rows changed`,
    `${report.uploadedBytes} bytes uploaded`,
  ];
  const lines = [`Collection ${collectionId}: ${items} items; ${parts.join(', ')}`];
  lines.push(
    `catalogue: ${config.databaseUrl === null ? config.dataFolder : 'the database of DATABASE_URL'}`,
  );
  if (out !== null && report.collection) lines.push(`static STAC: ${join(out, 'catalog.json')}`);
  lines.push(...registerLines(register));
  for (const note of report.notes) lines.push(`note: ${note}`);
  for (const failure of failures) lines.push(`failed: ${failure}`);
  if (isInterrupted) lines.push('interrupted; run the same command again to continue');
  return `${lines.join('\n')}\n`;
}
