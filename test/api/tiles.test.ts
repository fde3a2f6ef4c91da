import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import proj4 from 'proj4';
import { collection, item } from '../support/documents.ts';
import { nir, pixelsOf, red, type Seen, storeScene } from '../support/pictures.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const band = (name: string, minimum: number, maximum: number) => ({
  type: 'image/tiff; application=geotiff; profile=cloud-optimized',
  roles: ['data'],
  href: `rucio-stac://api/assets/scene/${name}.tif`,
  bands: [{ name, statistics: { minimum, maximum } }],
});
const assets = {
  red: band('red', 1000, 5000),
  nir: band('nir', 2000, 8000),
  note: { href: 'https://x.example/' },
};

const grey = (value: number, least: number, most: number) =>
  Math.max(0, Math.min(255, Math.round(((value - least) / (most - least)) * 255)));

/** Column and row of the scene (EPSG:32632) below the centre of a tile's pixel. */
function placeIn(z: number, x: number, y: number, column: number, row: number): [number, number] {
  const world = 2 * Math.PI * 6_378_137;
  const pixel = world / 2 ** z / 256;
  const mercator = [
    x * 256 * pixel - world / 2 + (column + 0.5) * pixel,
    world / 2 - y * 256 * pixel - (row + 0.5) * pixel,
  ];
  const [easting, northing] = proj4('EPSG:3857', '+proj=utm +zone=32 +datum=WGS84', mercator) as [
    number,
    number,
  ];
  return [(easting - 660_000) / 20, (5_170_020 - northing) / 20];
}

const at = (key: string, rest: string) => `/collections/c/items/i/assets/${key}/${rest}`;

describe('pictures of assets', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await storeScene(server.config);
    await server.store([collection('c'), item('i', { assets })]);
  });
  after(() => server.close());

  async function see(path: string): Promise<Seen> {
    const response = await server.get(path);
    assert.equal(response.status, 200, await response.clone().text());
    assert.equal(response.headers.get('content-type'), 'image/png');
    return pixelsOf(new Uint8Array(await response.arrayBuffer()));
  }

  test('a preview is all of it, stretched as the statistics say; nodata is transparent', async () => {
    const seen = await see(at('red', 'preview.png'));
    assert.deepEqual([seen.width, seen.height], [512, 512]);
    for (const [column, row] of [
      [16, 0],
      [300, 200],
      [511, 511],
    ] as const) {
      const value = grey(red(column, row), 1000, 5000);
      assert.deepEqual(seen.at(column, row), [value, value, value, 255]);
    }
    assert.equal(seen.at(15, 15)[3], 0);
    assert.equal(seen.opaque, 512 * 512 - 256);
  });

  test('max_size is of the longer side, and reads an overview', async () => {
    const seen = await see(at('nir', 'preview.png?max_size=64&rescale=2000,8000'));
    assert.deepEqual([seen.width, seen.height], [64, 64]);
    // Eight by eight pixels are averaged, or a part of them is taken.
    const value = grey(nir(32 * 8 + 4, 40 * 8 + 4), 2000, 8000);
    assert.ok(Math.abs(seen.at(32, 40)[0]! - value) <= 1);
  });

  test('a tile has at each pixel what lies below it on the ground', async () => {
    const [z, x, y] = [13, 4349, 2893] as const;
    const seen = await see(at('red', `tiles/${z}/${x}/${y}.png?rescale=1000,3000`));
    assert.deepEqual([seen.width, seen.height], [256, 256]);
    let compared = 0;
    for (let row = 3; row < 256; row += 12)
      for (let column = 3; column < 256; column += 12) {
        const [left, top] = placeIn(z, x, y, column, row);
        // Between two pixels either will do.
        const isNear = [left, top].some((place) => Math.abs(place - Math.round(place)) < 0.13);
        if (isNear || left < 0 || top < 0 || left > 511 || top > 511) continue;
        const value = grey(red(Math.floor(left), Math.floor(top)), 1000, 3000);
        assert.equal(seen.at(column, row)[0], value, `${column} ${row}`);
        compared += 1;
      }
    assert.ok(compared > 100, `${compared} pixels were compared`);
  });

  test('bilinear is between the pixels around', async () => {
    const [z, x, y] = [15, 17_397, 11_573] as const;
    const seen = await see(at('red', `tiles/${z}/${x}/${y}.png?rescale=1000,3000&resampling=bilinear`));
    const [left, top] = placeIn(z, x, y, 100, 100);
    // The values are a plane there, so that what is between them is on it, too.
    const value = 1000 + left - 0.5 + 2 * (top - 0.5);
    assert.ok(value > 1000 && value < 3000);
    assert.ok(Math.abs(seen.at(100, 100)[0]! - grey(value, 1000, 3000)) <= 1);
  });

  test('where the image is not, a tile is transparent', async () => {
    assert.equal((await see(at('red', 'tiles/3/0/0.png'))).opaque, 0);
  });

  test('tiles of 512 pixels, by tilesize or @2x', async () => {
    for (const rest of ['13/4349/2893.png?tilesize=512', '13/4349/2893@2x.png'])
      assert.equal((await see(at('red', `tiles/${rest}`))).width, 512);
  });

  test('three assets are red, green and blue', async () => {
    const path =
      '/collections/c/items/i/preview.png?assets=red,nir,red&rescale=1000,5000,2000,8000,1000,9000';
    const seen = await see(path);
    const [column, row] = [200, 100];
    assert.deepEqual(seen.at(column, row), [
      grey(red(column, row), 1000, 5000),
      grey(nir(column, row), 2000, 8000),
      grey(red(column, row), 1000, 9000),
      255,
    ]);
    const tile = await see(path.replace('preview.png', 'tiles/13/4349/2893.png'));
    assert.ok(tile.opaque > 0);
    assert.equal((await see('/collections/c/items/i/preview.png')).width, 512);
  });

  test('colormaps by name and as JSON', async () => {
    const named = await see(at('red', 'preview.png?colormap_name=Viridis&rescale=1000,5000'));
    // matplotlib.colormaps['viridis'](0)
    assert.deepEqual(
      named.at(16, 0).map((each, index) => Math.abs(each - [71, 6, 88, 255][index]!) <= 4),
      [true, true, true, true],
    );
    const classes = encodeURIComponent(JSON.stringify({ [red(20, 10)]: '#102030' }));
    const single = await see(at('red', `preview.png?colormap=${classes}`));
    assert.deepEqual(single.at(20, 10), [16, 32, 48, 255]);
    assert.equal(single.at(21, 10)[3], 0);
  });

  test('TileJSON says where tiles are, and with which parameters', async () => {
    const query = '?rescale=1000,5000&colormap_name=magma';
    const found = await server.json<Record<string, unknown>>(at('red', `tiles/tilejson.json${query}`));
    assert.equal(found.tilejson, '3.0.0');
    const [template] = found.tiles as [string];
    assert.ok(template.startsWith(`${server.base}${at('red', 'tiles/{z}/{x}/{y}.png?')}`), template);
    // 20 m at 46.6 degrees north are 29 m of Web Mercator; zoom 12 has 38 m, zoom 13 has 19 m.
    assert.equal(found.maxzoom, 13);
    assert.equal(found.minzoom, 12);
    const [west, south, east, north] = found.bounds as [number, number, number, number];
    // rasterio.warp.transform_bounds
    for (const [index, edge] of [11.0882, 46.57019, 11.22522, 46.66462].entries())
      assert.ok(Math.abs([west, south, east, north][index]! - edge) < 0.001, `${found.bounds}`);
    const address = template.replace('{z}', '13').replace('{x}', '4349').replace('{y}', '2893');
    assert.ok((await see(address)).opaque > 0);
  });

  test('a picture has an ETag, by which it is a 304', async () => {
    const path = at('red', 'tiles/13/4349/2893.png');
    const response = await server.get(path);
    const etag = response.headers.get('etag')!;
    assert.match(etag, /^"[\w-]{27}"$/);
    assert.match(response.headers.get('cache-control')!, /max-age/);
    const again = await server.get(path, { headers: { 'if-none-match': etag } });
    assert.equal(again.status, 304);
    const other = await server.get(`${path}?rescale=0,1`, { headers: { 'if-none-match': etag } });
    assert.equal(other.status, 200);
    assert.equal((await server.get(path, { method: 'HEAD' })).status, 200);
  });

  const tile = 'tiles/13/4349/2893.png';
  const refused: [string, number, string, RegExp][] = [
    [at('red', 'tiles/25/0/0.png'), 400, 'z', /"25"; accepted is .* 0 to 24/],
    [at('red', 'tiles/3/8/0.png'), 400, 'x', /"8"; accepted is .* 0 to 7/],
    [at('red', 'tiles/3/0/-1.png'), 400, 'y', /"-1"/],
    [at('red', 'tiles/3/0/1.5.png'), 400, 'y', /"1.5"/],
    [at('red', 'tiles/3/0/99999999999999999999.png'), 400, 'y', /accepted/],
    [at('red', `${tile}?rescale=5,1`), 400, 'rescale', /"5,1"/],
    [at('red', `${tile}?rescale=a,b`), 400, 'rescale', /"a"/],
    [at('red', `${tile}?rescale=1`), 400, 'rescale', /\[1\]/],
    [at('red', `${tile}?rescale=1,2,3,4,5,6`), 400, 'rescale', /one band/],
    [at('red', `${tile}?colormap_name=nope`), 400, 'colormap_name', /"nope".*viridis/],
    [at('red', `${tile}?colormap=[1`), 400, 'colormap', /expected JSON/],
    [at('red', `${tile}?colormap={"1":[1]}`), 400, 'colormap', /accepted/],
    [at('red', `${tile}?colormap={"1":[1,2,3]}&colormap_name=gray`), 400, 'colormap', /only one/],
    [at('red', `${tile}?bidx=2`), 400, 'bidx', /bidx is 2; accepted are 1 to 1/],
    [at('red', `${tile}?bidx=1,1`), 400, 'bidx', /accepted/],
    [at('red', `${tile}?bands=green`), 400, 'bands', /"green"; there are "red"/],
    [at('red', `${tile}?bands=red&bidx=1`), 400, 'bands', /only one/],
    [at('red', `${tile}?resampling=cubic`), 400, 'resampling', /nearest, bilinear/],
    [at('red', `${tile}?tilesize=4096`), 400, 'tilesize', /256, 512/],
    [at('red', `${tile}?assets=red`), 400, 'assets', /no parameter/],
    [at('red', 'preview.png?max_size=5000'), 400, 'max_size', /5000; accepted is .* 2048/],
    [at('red', 'preview.png?tilesize=256'), 400, 'tilesize', /no parameter/],
    [at('note', 'preview.png'), 404, 'assetKey', /own store/],
    [at('none', 'preview.png'), 404, 'assetKey', /no asset "none"/],
    ['/collections/c/items/i/preview.png?assets=red,none,red', 400, 'assets', /no asset "none"/],
    ['/collections/c/items/i/preview.png?assets=red,red', 400, 'assets', /one or three/],
    ['/collections/c/items/none/preview.png', 404, 'itemId', /no Item/],
    ['/collections/none/items/i/tiles/0/0/0.png', 404, 'collectionId', /no Collection/],
  ];
  for (const [path, status, parameter, told] of refused) {
    test(`${path} is a ${status}`, async () => {
      const response = await server.get(path);
      const problem = (await response.json()) as { parameter?: string; description: string };
      assert.equal(response.status, status, problem.description);
      assert.match(problem.description, told);
      assert.equal(problem.parameter, parameter);
    });
  }

  test('no fault reached the log', () => assert.deepEqual(server.faults, []));
});
