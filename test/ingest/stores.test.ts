import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../../src/errors.ts';
import type { FileDescription } from '../../src/ingest/describe.ts';
import { fetchStore } from '../../src/ingest/fetch-store.ts';
import { groupStores, storeOf } from '../../src/ingest/group-stores.ts';
import type { ListedFile, SourceFile } from '../../src/ingest/source.ts';
import { findStore, rootOf } from '../../src/ingest/store-place.ts';
import { makeTally } from '../../src/ingest/tally.ts';
import type { RucioClient } from '../../src/rucio/connect.ts';

const folder = mkdtempSync(join(tmpdir(), 'stores-'));
after(() => rmSync(folder, { recursive: true }));

const part = (name: string, adler32 = '0000abcd', scope = 's'): ListedFile => ({
  did: { scope, name },
  name,
  bytes: 10,
  adler32,
  md5: null,
  version: null,
});

test('a part names its store by the outermost folder that ends in .zarr', () => {
  assert.deepEqual(storeOf('a/x.zarr/t/0.0'), { store: 'a/x.zarr', key: 't/0.0' });
  assert.deepEqual(storeOf('X.ZARR/y.zarr/0'), { store: 'X.ZARR', key: 'y.zarr/0' });
  for (const name of ['x.zarr', 'a.zarr.zip', '.zarr/t', 'a/.zarr/t', 'zarr/t', 'x.zarr/'])
    assert.equal(storeOf(name), null, name);
});

test('parts of a store are one file, which goes by the DID of its root metadata; those of other scopes are another', () => {
  const files = groupStores([
    part('a.tif'),
    part('x.zarr/.zattrs'),
    part('x.zarr/.zgroup'),
    part('x.zarr/t/0'),
    part('x.zarr/zarr.json', '0000abcd', 'other'),
  ]);
  assert.deepEqual(
    files.map(({ did, name, bytes, parts }) => [did?.scope, did?.name, name, bytes, parts?.length]),
    [
      ['s', 'a.tif', 'a.tif', 10, undefined],
      ['s', 'x.zarr/.zgroup', 'x.zarr', 30, 3],
      ['other', 'x.zarr/zarr.json', 'x.zarr', 10, 1],
    ],
  );
});

test('a store is another when one of its parts is, and the same in whatever order they come', () => {
  const version = (...parts: ListedFile[]) => groupStores(parts)[0]?.version;
  const [root, one, two] = [part('x.zarr/.zgroup'), part('x.zarr/t/0'), part('x.zarr/t/1')] as const;
  const whole = version(root, one, two);
  assert.equal(version(two, root, one), whole);
  assert.notEqual(version(root, one), whole);
  assert.notEqual(version(root, part('x.zarr/t/0', 'ffffabcd'), two), whole);
});

test('a part whose name leads out of the folder is refused before anything is fetched', async () => {
  const [store] = groupStores([part('x.zarr/.zgroup'), part('x.zarr/../../out')]);
  const client = {
    complete: async (asked: object[]) => asked.map((file) => ({ ...file, replicas: [], metadata: {} })),
    download: async () => ({ faults: [] }),
  } as unknown as RucioClient;
  const options = { folder, signal: new AbortController().signal, onProgress: () => {} };
  await assert.rejects(
    fetchStore(client, store!, options),
    (error) => error instanceof UserError && /x\.zarr\/\.\.\/\.\.\/out/.test(error.message),
  );
});

test('a store stays where an RSE has all of its parts beneath one root', async () => {
  const [store] = groupStores([part('a/x.zarr/.zgroup'), part('a/x.zarr/t/.zarray'), part('a/x.zarr/t/0')]);
  const replica = (rse: string, pfn: string) => ({
    rse,
    pfn,
    scheme: 'davs',
    priority: 1,
    state: 'AVAILABLE',
    type: 'DISK',
  });
  const clientOf = (placesOf: (name: string) => [string, string][]) =>
    ({
      complete: async (asked: { name: string }[]) =>
        asked.map((file) => ({
          ...file,
          metadata: {},
          replicas: placesOf(file.name).map(([rse, pfn]) => replica(rse, pfn)),
        })),
      storageOf: async () => ({ agents: undefined, ownAgents: undefined, bearerToken: null }),
    }) as unknown as RucioClient;
  const { signal } = new AbortController();
  const hashed = (name: string): [string, string] => ['HASHED', `davs://one.example/${name.length}/${name}`];
  const named = (name: string): [string, string] => ['NAMED', `davs://two.example/rucio/${name}`];
  const place = await findStore(
    clientOf((name) => [hashed(name), named(name)]),
    store!,
    signal,
  );
  assert.deepEqual(place.rses, ['NAMED']);
  assert.deepEqual(place.keys, ['.zgroup', 't/.zarray', 't/0']);
  await assert.rejects(
    findStore(
      clientOf((name) => [hashed(name)]),
      store!,
      signal,
    ),
    (error) =>
      error instanceof UserError && /a\/x\.zarr cannot stay in place: no storage/.test(error.message),
  );
  assert.equal(rootOf('davs://two.example/a/x.zarr/t/0', 't/0'), 'davs://two.example/a/x.zarr');
  assert.equal(rootOf('davs://two.example/a/x.zarr/t/0?sig=1', 't/0'), null);
  assert.equal(rootOf('davs://two.example/a/x.zarr', 't/0'), null);
});

test('levels of the files of a Collection are told together, in an order that no order of files changes', () => {
  const description = (values: number[]): FileDescription => ({
    mediaType: 'application/netcdf',
    cube: {
      'cube:dimensions': { level: { type: 'spatial', axis: 'z', values, unit: 'hPa' } },
      'cube:variables': {},
    },
    attributes: {},
    warnings: [],
    layers: [],
  });
  const file = { ...part('a.nc'), replicas: [], metadata: {} } as unknown as SourceFile;
  const dimensionsOf = (...lists: number[][]) => {
    const tally = makeTally();
    for (const [place, values] of lists.entries())
      tally.add({ id: 'a', place, files: [] }, [{ file, asset: null, description: description(values) }]);
    const facts = { start: null, end: null } as unknown as Parameters<typeof tally.cubeFields>[0];
    return tally.cubeFields(facts, null)['cube:dimensions'];
  };
  const level = { type: 'spatial', axis: 'z', values: [500, 850, 1000], unit: 'hPa' };
  assert.deepEqual(dimensionsOf([850, 500], [1000, 850]), { level });
  assert.deepEqual(dimensionsOf([1000, 850], [850, 500]), { level });
});
