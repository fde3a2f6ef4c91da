import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentBboxFault } from '../../src/geo/bbox.ts';
import { crossesAsTold, extentOf } from '../../src/geo/extent.ts';

const point = (lon: number, lat: number) => ({ type: 'Point', coordinates: [lon, lat] });
const points = (...coordinates: number[][]) => ({ type: 'MultiPoint', coordinates });

const cases: [string, object & { type: string }, unknown, boolean][] = [
  ['a point crosses nothing', point(45, 45), [50, 40, 40, 50], false],
  ['nor on the antimeridian', point(180, 45), [180, 45, -180, 45], false],
  ['nor what lies on one side', points([170, 0], [175, 1]), [170, 0, -175, 1], false],
  ['nor what touches it', points([170, 0], [180, 1]), [170, 0, -180, 1], false],
  ['positions on both sides do', points([179, 0], [-179, 1]), [179, 0, -179, 1], true],
  ['also with heights', points([179, 0, 5], [-179, 1, 9]), [179, 0, 5, -179, 1, 9], true],
  ['also where most of it is west', points([-10, 0], [180, 0], [-180, 0], [-30, 0]), [-10, 0, -30, 0], true],
  ['not without west > east', points([179, 0], [-179, 1]), [-179, 0, 179, 1], false],
  ['not with a bbox that is none', points([179, 0], [-179, 1]), 'none', false],
];
for (const [title, geometry, bbox, crosses] of cases) {
  test(`${title}: ${JSON.stringify(bbox)}`, () => {
    assert.equal(crossesAsTold(geometry, bbox), crosses);
  });
}

test('the extent of a point is the point', () => {
  const place = point(45, 45);
  assert.deepEqual(extentOf(place, crossesAsTold(place, [50, 40, 40, 50])), [45, 45, 45, 45]);
});

const boxes: [unknown, RegExp | null][] = [
  [[50, 40, 40, 50], null],
  [[50, 50, 50, 50], null],
  [[1, 2, -5, 3, 4, -5], null],
  [undefined, null],
  [[50, 50, 40, 40], /^\[50,50,40,40\]: its south 50 is above its north 40$/],
  [[1, 2, 0, 3, 1, 0], /south 2 is above its north 1/],
  [[1, 2, 9, 3, 4, 5], /bottom 9 is above its top 5/],
];
for (const [bbox, fault] of boxes) {
  test(`bbox ${JSON.stringify(bbox)} of a document is ${fault ? 'refused' : 'fine'}`, () => {
    const found = documentBboxFault(bbox);
    if (fault) assert.match(found ?? '', fault);
    else assert.equal(found, null);
  });
}
