import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crsOfEpsg, epsgDefinition, epsgOfGeoKeys } from '../../src/geo/crs.ts';
import { footprint, projectedBbox } from '../../src/geo/footprint.ts';

type Transform = [number, number, number, number, number, number];

const grid = (epsg: number, width: number, height: number, transform: Transform) => ({
  width,
  height,
  transform,
  crs: { epsg, proj4: epsgDefinition(epsg)?.proj4 ?? null },
});

test('a lon/lat grid has a ring of five points, counterclockwise', () => {
  assert.deepEqual(footprint(grid(4326, 100, 50, [0.1, 0, 5, 0, -0.1, 50])), {
    geometry: {
      type: 'Polygon',
      coordinates: [
        [
          [5, 45],
          [15, 45],
          [15, 50],
          [5, 50],
          [5, 45],
        ],
      ],
    },
    bbox: [5, 45, 15, 50],
  });
});

test('a lon/lat cube that spans the globe is -180 to 180, and latitudes end at the poles', () => {
  const found = footprint(grid(4326, 24, 13, [15, 0, -187.5, 0, -15, 97.5]));
  assert.deepEqual(found?.bbox, [-180, -90, 180, 90]);
  assert.equal(found?.geometry.type, 'Polygon');
  assert.deepEqual(footprint(grid(4326, 36, 18, [10, 0, 0, 0, -10, 90]))?.bbox, [-180, -90, 180, 90]);
});

test('a lon/lat grid across the antimeridian is split, with west greater than east', () => {
  const found = footprint(grid(4326, 60, 10, [1, 0, 150, 0, -1, 10]));
  assert.deepEqual(found?.bbox, [150, 0, -150, 10]);
  assert.equal(found?.geometry.type, 'MultiPolygon');
  assert.deepEqual(found?.geometry.coordinates.length, 2);
});

test('a UTM grid across the antimeridian is split', () => {
  const found = footprint(grid(32660, 50, 40, [5000, 0, 700000, 0, -5000, 1800000]));
  assert.ok(found && found.geometry.type === 'MultiPolygon');
  const [west, south, east, north] = found.bbox;
  assert.ok(west > 178 && west < 179 && east > -179.5 && east < -178 && south < north);
  for (const part of found.geometry.coordinates) {
    const lons = part[0]!.map(([lon]) => lon);
    assert.ok(Math.min(...lons) >= -180 && Math.max(...lons) <= 180);
    assert.ok(Math.max(...lons) - Math.min(...lons) < 5);
  }
});

test('a polar grid that holds the pole spans all longitudes', () => {
  const north = footprint(grid(3413, 50, 40, [100000, 0, -2500000, 0, -100000, 2000000]));
  assert.deepEqual([north?.bbox[0], north?.bbox[2], north?.bbox[3]], [-180, 180, 90]);
  assert.ok(north!.bbox[1] > 55 && north!.bbox[1] < 66);
  const south = footprint(grid(3031, 50, 40, [100000, 0, -2500000, 0, -100000, 2000000]));
  assert.deepEqual([south?.bbox[0], south?.bbox[1], south?.bbox[2]], [-180, -90, 180]);
  assert.equal(south?.geometry.type, 'Polygon');
});

test('a polar grid beside the pole does not span all longitudes', () => {
  const found = footprint(grid(3413, 10, 10, [10000, 0, 500000, 0, -10000, -500000]));
  assert.ok(found!.bbox[2] - found!.bbox[0] < 20);
});

test('the whole web mercator map is the whole globe', () => {
  const edge = 20037508.342789244;
  const found = footprint(grid(3857, 256, 256, [(2 * edge) / 256, 0, -edge, 0, (-2 * edge) / 256, edge]));
  assert.deepEqual(found?.bbox, [-180, -85.0511288, 180, 85.0511288]);
});

test('without a CRS or a grid there is no footprint', () => {
  const none = { epsg: null, proj4: null };
  assert.equal(footprint({ width: 5, height: 5, transform: [1, 0, 3, 0, -1, 5], crs: none }), null);
  assert.equal(footprint(grid(32632, 5, 5, [1, 0, 0, 0, 1, 0])), null);
});

test('projectedBbox is in units of the CRS', () => {
  assert.deepEqual(
    projectedBbox(grid(32632, 10, 20, [10, 0, 600000, 0, -10, 5000000])),
    [600000, 4999800, 600100, 5000000],
  );
});

test('EPSG codes survive the way through geokeys', () => {
  for (const code of [4326, 32632, 3035, 3857, 4258]) {
    assert.equal(epsgOfGeoKeys(crsOfEpsg(code)!.geoKeys), code);
  }
  assert.equal(crsOfEpsg(999999), null);
});
