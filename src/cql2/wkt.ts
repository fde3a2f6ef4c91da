/** WKT within CQL2 text -> GeoJSON. OGC CQL2 1.0, Annex B, geometric literals; Z may be said, the number of coordinates counts. */
import { type Geometry, geometryFault } from '../geo/geometry.ts';
import { filterFault } from './ast.ts';
import type { Reader } from './reader.ts';

const TYPES: Record<string, string> = {
  POINT: 'Point',
  LINESTRING: 'LineString',
  POLYGON: 'Polygon',
  MULTIPOINT: 'MultiPoint',
  MULTILINESTRING: 'MultiLineString',
  MULTIPOLYGON: 'MultiPolygon',
  GEOMETRYCOLLECTION: 'GeometryCollection',
};
const DEEPEST = 8;

type Read = (reader: Reader) => unknown;

function readPosition(reader: Reader): number[] {
  const position = [reader.double(), reader.double()];
  if (!reader.isMark(',') && !reader.isMark(')')) position.push(reader.double());
  return position;
}

const listOf =
  (read: Read): Read =>
  (reader) =>
    reader.list(read);

const readLine = listOf(readPosition);
const readPolygon = listOf(readLine);

/** POINT(1 2), and each point of a MULTIPOINT, which older WKT writes without parentheses of its own. */
function readPoint(reader: Reader): unknown {
  reader.mark('(');
  const position = readPosition(reader);
  reader.mark(')');
  return position;
}

const COORDINATES: Record<string, Read> = {
  Point: readPoint,
  LineString: readLine,
  Polygon: readPolygon,
  MultiPoint: listOf((reader) => (reader.isMark('(') ? readPoint(reader) : readPosition(reader))),
  MultiLineString: readPolygon,
  MultiPolygon: listOf(readPolygon),
};

/** Whether a name is that of a geometry. */
export const isGeometryName = (name: string): boolean => Object.hasOwn(TYPES, name.toUpperCase());

function readParts(reader: Reader, depth: number): Geometry {
  const { text, at } = reader.next();
  const type = TYPES[text.toUpperCase()];
  if (type === undefined) throw reader.fault('a geometry', at);
  if (reader.isName('Z')) reader.next();
  if (type !== 'GeometryCollection') return { type, coordinates: (COORDINATES[type] as Read)(reader) };
  if (depth >= DEEPEST) throw reader.fault(`geometries nested at most ${DEEPEST} deep`, at);
  return { type, geometries: reader.list(() => readParts(reader, depth + 1)) };
}

/** The geometry that begins at the reader's place. @throws ApiError InvalidParameter */
export function readGeometry(reader: Reader): Geometry {
  const geometry = readParts(reader, 0);
  const fault = geometryFault(geometry);
  if (fault) throw filterFault(`filter has a ${geometry.type} that is none: ${fault}`);
  return geometry;
}
