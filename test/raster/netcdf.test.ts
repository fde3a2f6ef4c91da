import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../src/errors.ts';
import { formatInstant, timeDecoder } from '../../src/raster/cf-time.ts';
import { openRaster } from '../../src/raster/open-raster.ts';
import { cubes, fixture, near, plainNodata, readBand, sha256 } from './support.ts';

/** Without zone and without zeros at the end of the fraction. */
const plainTime = (time: string | null | undefined) =>
  (time ?? '')
    .replace('Z', '')
    .replace(/(\.\d*?)0*$/, '$1')
    .replace(/\.$/, '');

for (const [name, expected] of cubes()) {
  const variables = Object.entries(expected.variables);
  if (variables.length === 0) continue;
  test(`${name}: values, grid and times are those xarray reads`, async () => {
    const file = await openRaster(fixture(name));
    try {
      assert.deepEqual(
        [...new Set(file.layers.map((layer) => layer.asset))].sort(),
        variables.map(([v]) => v).sort(),
      );
      for (const [variable, facts] of variables) {
        const layers = file.layers.filter((layer) => layer.asset === variable);
        assert.equal(layers.length, facts.times.length);
        for (const [index, layer] of layers.entries()) {
          const band = layer.bands[0]!;
          assert.equal(layer.grid.crs.epsg, expected.epsg);
          assert.equal(layer.grid.width, facts.width);
          assert.equal(layer.grid.height, facts.height);
          layer.grid.transform.forEach((value, at) => {
            // float32 coordinates carry noise that is snapped away here.
            const share = name === 'descending.nc' ? 1e-6 : 1e-12;
            assert.ok(
              near(value, facts.transform[at]!, share),
              `${layer.grid.transform} / ${facts.transform}`,
            );
          });
          assert.equal(band.dataType, facts.dtype);
          assert.equal(plainNodata(band.nodata), facts.nodata);
          assert.equal(band.scale, facts.scale === null && facts.offset !== null ? 1 : facts.scale);
          assert.equal(band.offset, facts.offset);
          assert.equal(band.unit, facts.unit);
          assert.equal(plainTime(layer.time?.datetime), plainTime(facts.times[index]));
          assert.equal(sha256(await readBand(layer, 0)), facts.sha256[index]);
        }
      }
    } finally {
      await file.close();
    }
  });
}

test('layer keys carry the time, to the millisecond where needed', async () => {
  const file = await openRaster(fixture('subsecond.nc'));
  assert.deepEqual(
    file.layers.map((layer) => layer.key),
    ['v_20220505T050505Z', 'v_20220505T050505250Z', 'v_20220505T050505500Z', 'v_20220506T050505001Z'],
  );
  await file.close();
});

test('float32 coordinates give the decimal grid they stand for', async () => {
  const file = await openRaster(fixture('descending.nc'));
  assert.deepEqual(file.layers[0]!.grid.transform, [0.25, 0, 9.875, 0, -0.25, 42.225]);
  await file.close();
});

test('time bounds become start and end', async () => {
  const file = await openRaster(fixture('bounds.nc'));
  assert.deepEqual(file.layers[1]!.time, {
    datetime: '2023-01-02T12:00:00Z',
    start: '2023-01-02T00:00:00Z',
    end: '2023-01-03T00:00:00Z',
  });
  await file.close();
});

test('a global cube from 0 to 360 degrees starts at -180 or west of it by less than a pixel', async () => {
  const file = await openRaster(fixture('globe-0-360.nc'));
  assert.deepEqual(file.layers[0]!.grid.transform, [15, 0, -187.5, 0, -15, 82.5]);
  await file.close();
});

test('a calendar with other days is refused by name', async () => {
  await assert.rejects(
    openRaster(fixture('noleap.nc')),
    (error) => error instanceof UserError && /calendar 'noleap'/.test(error.message),
  );
});

test('an uneven axis is refused by name', async () => {
  await assert.rejects(openRaster(fixture('irregular.nc')), /'v' is left out: 'lat' is not evenly spaced/);
});

test('a variable with more dimensions is left out with a warning', async () => {
  const file = await openRaster(fixture('extra-dimensions.nc'));
  assert.deepEqual(file.warnings, [
    "variable 'many' is left out: its dimension 'depth' has 3 steps beside time and space",
  ]);
  await file.close();
});

test('the cube is described as the datacube extension wants it', async () => {
  const file = await openRaster(fixture('packed.nc'));
  assert.deepEqual(file.cube, {
    'cube:dimensions': {
      lon: { type: 'spatial', axis: 'x', extent: [9.875, 12.875], step: 0.25, reference_system: 4326 },
      lat: { type: 'spatial', axis: 'y', extent: [39.875, 42.125], step: 0.25, reference_system: 4326 },
      time: {
        type: 'temporal',
        extent: ['2024-01-01T00:00:00Z', '2024-01-03T00:00:00Z'],
        values: ['2024-01-01T00:00:00Z', '2024-01-02T00:00:00Z', '2024-01-03T00:00:00Z'],
      },
    },
    'cube:variables': {
      t2m: {
        dimensions: ['time', 'lat', 'lon'],
        type: 'data',
        variable_type: 'data',
        data_type: 'int16',
        description: '2 metre temperature',
        unit: 'K',
        nodata: -32767,
      },
      tp: {
        dimensions: ['time', 'lat', 'lon'],
        type: 'data',
        variable_type: 'data',
        data_type: 'float32',
        description: 'tp',
        unit: 'm',
        nodata: 'nan',
      },
      lsm: {
        dimensions: ['lat', 'lon'],
        type: 'data',
        variable_type: 'data',
        data_type: 'uint8',
        description: 'lsm',
      },
    },
  });
  await file.close();
});

test('CF times are exact', () => {
  const decode = (value: number | bigint, units: string, calendar: string | null = null) =>
    formatInstant(timeDecoder(units, calendar)(value));
  // Expected values: cftime 1.6.6, xarray 2026.9.
  assert.equal(decode(738000, 'days since 1-1-1 00:00:00'), '2021-07-28T00:00:00Z');
  assert.equal(decode(738000, 'days since 1-1-1 00:00:00', 'proleptic_gregorian'), '2021-07-30T00:00:00Z');
  assert.equal(decode(300000, 'days since 1200-03-01'), '2021-07-22T00:00:00Z');
  assert.equal(decode(11, 'days since 1582-10-04'), '1582-10-25T00:00:00Z');
  assert.equal(decode(0.1, 'days since 2000-01-01'), '2000-01-01T02:24:00Z');
  assert.equal(decode(43.5, 'minutes since 1999-12-31 23:30:00 +02:00'), '1999-12-31T22:13:30Z');
  assert.equal(decode(-1n, 'microseconds since 1970-01-01'), '1969-12-31T23:59:59.999999Z');
  assert.equal(decode(1500n, 'nanoseconds since 1970-01-01'), '1970-01-01T00:00:00.000002Z');
  assert.throws(() => timeDecoder('months since 2000-01-01', null), /not understood/);
  assert.throws(() => timeDecoder('days since 2000-01-01', '360_day'), /360_day/);
});
