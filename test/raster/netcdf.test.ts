import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import h5wasm from 'h5wasm/node';
import { UserError } from '../../src/errors.ts';
import { formatInstant, timeDecoder } from '../../src/raster/cf-time.ts';
import { openRaster } from '../../src/raster/open-raster.ts';
import { cubes, fixture, near, plainNodata, readBand, scratch, sha256 } from './support.ts';

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

test('times of a calendar of other years are told as the same dates, with a warning', async () => {
  for (const [name, calendar] of [
    ['noleap.nc', 'noleap'],
    ['360-day.nc', '360_day'],
    ['all-leap.nc', 'all_leap'],
  ]) {
    const file = await openRaster(fixture(name!));
    assert.deepEqual(file.warnings, [
      `times are of the ${calendar} calendar and are told as the same dates of the standard calendar`,
    ]);
    await file.close();
  }
});

test('a date that the standard calendar has not is refused by name', async () => {
  await assert.rejects(
    openRaster(fixture('360-day-february.nc')),
    (error) => error instanceof UserError && /2000-02-30 of the calendar '360_day'/.test(error.message),
  );
});

test('an uneven axis is refused by name', async () => {
  await assert.rejects(openRaster(fixture('irregular.nc')), /'v' is left out: 'lat' is not evenly spaced/);
});

test('steps of other dimensions become layers, named by the values of their coordinates', async () => {
  const file = await openRaster(fixture('extra-dimensions.nc'), { only: ['tas'] });
  assert.deepEqual(
    file.layers.slice(0, 3).map(({ key, asset }) => [key, asset]),
    [
      ['tas_number0_level850_20200101T000000Z', 'tas_number0_level850'],
      ['tas_number0_level850_20200102T000000Z', 'tas_number0_level850'],
      ['tas_number0_level500.5_20200101T000000Z', 'tas_number0_level500.5'],
    ],
  );
  const [band] = file.layers[2]!.bands;
  assert.equal(band!.name, 'tas_number0_level500.5');
  assert.equal(band!.description, 'Air temperature, number 0, level 500.5 hPa');
  await file.close();
});

test('steps of other dimensions become bands when asked, in the order of the file', async () => {
  const file = await openRaster(fixture('extra-dimensions.nc'), { only: ['tas'], dimensions: 'bands' });
  const { variables } = cubes().find(([name]) => name === 'extra-dimensions.nc')![1];
  assert.deepEqual(
    file.layers.map(({ key, asset }) => [key, asset]),
    [
      ['tas_20200101T000000Z', 'tas'],
      ['tas_20200102T000000Z', 'tas'],
    ],
  );
  for (const [step, layer] of file.layers.entries()) {
    assert.deepEqual(
      layer.bands.map(({ name }) => name),
      [0, 1, 2].flatMap((number) => [850, 500.5].map((level) => `tas_number${number}_level${level}`)),
    );
    for (const [index, { name }] of layer.bands.entries())
      assert.equal(sha256(await readBand(layer, index)), variables[name]!.sha256[step]);
  }
  await file.close();
});

test('the cube lists other dimensions with their kind, values and unit, in the order of the file', async () => {
  const file = await openRaster(fixture('extra-dimensions.nc'));
  const { 'cube:dimensions': dimensions, 'cube:variables': variables } = file.cube!;
  assert.deepEqual(dimensions.level, {
    type: 'spatial',
    axis: 'z',
    description: 'pressure',
    values: [850, 500.5],
    unit: 'hPa',
  });
  assert.deepEqual(dimensions.number, {
    type: 'other',
    description: 'ensemble member',
    values: [0, 1, 2],
    unit: '1',
  });
  assert.deepEqual(dimensions.depth, { type: 'other', values: [0, 1, 2] });
  const order = (name: string) => (variables[name] as { dimensions: string[] }).dimensions;
  assert.deepEqual(order('tas'), ['number', 'time', 'level', 'lat', 'lon']);
  assert.deepEqual(order('mixed'), ['level', 'lon', 'time', 'lat']);
  assert.deepEqual(order('single'), ['time', 'one', 'lat', 'lon']);
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
  assert.equal(decode(0, 'days since 1900-01-01', 'julian'), '1900-01-13T00:00:00Z');
  assert.equal(decode(1460.5, 'days since 1999-01-01', '365_day'), '2003-01-01T12:00:00Z');
  assert.equal(decode(-1, 'hours since 2000-03-01', 'noleap'), '2000-02-28T23:00:00Z');
  assert.equal(decode(14, 'months since 2000-01-16', '360_day'), '2001-03-16T00:00:00Z');
  assert.equal(decode(366 * 3, 'days since 1999-02-28', 'all_leap'), '2002-02-28T00:00:00Z');
  assert.throws(
    () => decode(366, 'days since 2000-02-29', '366_day'),
    /2001-02-29 of the calendar '366_day'/,
  );
  assert.throws(() => timeDecoder('days since 2000-01-31', '360_day'), /not understood/);
  assert.throws(() => timeDecoder('days since 2000-01-01', 'none'), /calendar 'none' is not read/);
});

test('HDF5 that is no NetCDF is told by what it lacks', async () => {
  await h5wasm.ready;
  const folder = scratch();
  const refused = async (
    name: string,
    fill: (file: InstanceType<typeof h5wasm.File>) => void,
    message: RegExp,
  ) => {
    const path = join(folder, name);
    const file = new h5wasm.File(path, 'w');
    fill(file);
    file.close();
    await assert.rejects(
      openRaster(path),
      (error) => error instanceof UserError && message.test(error.message),
    );
  };
  const image = { name: 'image', data: new Float32Array(12), shape: [3, 4] };
  await refused(
    'plain.h5',
    (file) => void file.create_dataset(image),
    /plain\.h5 holds no variable on a regular grid: variable 'image' is left out: its dimensions have no names/,
  );
  await refused('empty.h5', () => {}, /empty\.h5 holds no variable on a regular grid$/);
  await refused(
    'scales.h5',
    (file) => {
      const made = file.create_dataset(image);
      for (const [index, name] of ['row', 'column'].entries()) {
        const scale = file.create_dataset({ name, data: new Float32Array(index + 3), shape: [index + 3] });
        scale.make_scale(name);
        made.attach_scale(index, `/${name}`);
      }
    },
    /'image' is left out: it has no lat\/lon or projected x\/y dimensions with coordinates/,
  );
  rmSync(folder, { recursive: true });
});
