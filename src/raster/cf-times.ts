/** CF time coordinate (and its bounds), or ACDD attributes of the file -> LayerTimes. CF 1.11 sections 4.4 and 7.1. */
import { calendarNote } from './cf-calendar.ts';
import { type Attributes, type CfFile, findVariable, textAt, type Variable } from './cf-file.ts';
import { formatInstant, isTimeUnit, timeDecoder } from './cf-time.ts';
import { parseInstant } from './gdal-metadata.ts';
import type { LayerTime } from './types.ts';

/**
 * One time for each step.
 * @param warnings told there, once: that times of another calendar are mapped
 * @throws UserError for calendars and units that are not read
 */
export async function readTimes(file: CfFile, variable: Variable, warnings: string[]): Promise<LayerTime[]> {
  const units = textAt(variable.attributes, 'units') ?? '';
  const calendar = textAt(variable.attributes, 'calendar');
  const decode = timeDecoder(units, calendar);
  const instants = Array.from((await variable.values()) as Float64Array, (value) =>
    formatInstant(decode(value)),
  );
  const note = calendarNote(calendar);
  if (note !== null && !warnings.includes(note)) warnings.push(note);
  const boundsName = textAt(variable.attributes, 'bounds');
  const bounds = boundsName === null ? undefined : findVariable(file, variable.path, boundsName);
  if (bounds?.shape.at(-1) !== 2 || bounds.shape.length !== variable.shape.length + 1) {
    return instants.map((datetime) => ({ datetime }));
  }
  const own = textAt(bounds.attributes, 'units');
  const decodeBounds = own !== null && isTimeUnit(own) ? timeDecoder(own, calendar) : decode;
  const edges = Array.from((await bounds.values()) as Float64Array, (value) =>
    formatInstant(decodeBounds(value)),
  );
  return instants.map((datetime, index) => {
    const [start, end] = [edges[index * 2]!, edges[index * 2 + 1]!].sort();
    return { datetime, start: start!, end: end! };
  });
}

/** Time of a variable without a time dimension: a scalar time coordinate that it names, or the only one there is. */
export async function scalarTime(
  file: CfFile,
  variable: Variable,
  warnings: string[],
): Promise<LayerTime | null> {
  const named = (textAt(variable.attributes, 'coordinates') ?? '').split(/\s+/);
  for (const name of [...named, 'time']) {
    const found = name === '' ? undefined : findVariable(file, variable.path, name);
    if (found && found.shape.length === 0 && isTimeUnit(textAt(found.attributes, 'units') ?? '')) {
      return (await readTimes(file, found, warnings))[0] ?? null;
    }
  }
  return null;
}

/** ACDD time_coverage_start and _end: for files that have no time coordinate at all. */
export function coverageTime(attributes: Attributes): LayerTime | null {
  const start = parseInstant(textAt(attributes, 'time_coverage_start') ?? '');
  const end = parseInstant(textAt(attributes, 'time_coverage_end') ?? '');
  if (start === null) return null;
  return end !== null && end >= start ? { datetime: start, start, end } : { datetime: start };
}
