"""Writes test/raster/fixtures: small rasters of every kind, and expected.json with what GDAL and xarray read in them.

Run with a Python that has rasterio, netCDF4, xarray, zarr, pyproj and shapely. The same versions give the same expectations.
Checksums are sha256 of little-endian pixels, north-up (row 0 in the north), longitudes from -180 to 180.
"""
import hashlib, itertools, json, os, shutil, sys
import netCDF4, numcodecs, numpy as np, pyproj, rasterio, shapely, xarray, zarr
from rasterio.transform import Affine, from_origin

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fixtures')
os.makedirs(OUT, exist_ok=True)
for old in os.listdir(OUT):
    path = os.path.join(OUT, old)
    shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
expected = {}
UTM = from_origin(600000, 5200020, 10, 10)


def sha(array):
    array = np.ascontiguousarray(array)
    return hashlib.sha256(array.astype(array.dtype.newbyteorder('<')).tobytes()).hexdigest()


def number(value):
    if value is None:
        return None
    if np.isnan(float(value)):
        return 'nan'
    return int(value) if float(value).is_integer() and abs(float(value)) < 2**53 else str(int(value)) if isinstance(value, (int, np.integer)) else float(value)


def stats(values, nodata, mask=None):
    good = np.ones(values.shape, bool) if mask is None else mask != 0
    if nodata is not None and not np.isnan(float(nodata)):
        good &= values != np.array(nodata).astype(values.dtype)
    if values.dtype.kind == 'f':
        good &= np.isfinite(values)
    some = values[good].astype('f8')
    if some.size == 0:
        return dict(minimum=None, maximum=None, mean=None, stddev=None, valid_percent=0)
    return dict(minimum=float(some.min()), maximum=float(some.max()), mean=float(some.mean()), stddev=float(some.std()),
                valid_percent=100 * good.sum() / good.size)


def footprint(transform, width, height, crs):
    """bbox and area in square degrees, 21 points an edge, by PROJ; None where the antimeridian or a pole is met."""
    steps = np.linspace(0, 1, 21)
    edge = [(s * width, 0) for s in steps] + [(width, s * height) for s in steps] + \
           [((1 - s) * width, height) for s in steps] + [(0, (1 - s) * height) for s in steps]
    xy = [transform * point for point in edge]
    tr = pyproj.Transformer.from_crs(crs, 'EPSG:4326', always_xy=True)
    lon, lat = tr.transform(*zip(*xy))
    ring = shapely.Polygon(zip(lon, lat))
    return dict(bbox=list(ring.bounds), area=ring.area)


def pattern(bands, height, width, dtype):
    y, x = np.mgrid[0:height, 0:width]
    kind = np.dtype(dtype)
    layers = []
    for band in range(bands):
        value = (x * 7 + y * 13 + (x * y) % 11 + band * 29).astype('i8')
        if kind.kind == 'f':
            layers.append((value / 8 - 40).astype(kind))
        elif kind.kind == 'i':
            layers.append((value % 200 - 100).astype(kind))
        else:
            layers.append((value % 250).astype(kind))
    return np.stack(layers)


def tif(name, data, *, transform=UTM, crs='EPSG:32632', nodata=None, after=None, config=None, footprint_crs=None, mask=None, **options):
    bands, height, width = data.shape
    path = os.path.join(OUT, name)
    profile = dict(driver='GTiff', width=width, height=height, count=bands, dtype=data.dtype.name, nodata=nodata, **options)
    if transform is not None:
        profile['transform'] = transform
    if crs is not None:
        profile['crs'] = crs
    with rasterio.Env(**(config or {})), rasterio.open(path, 'w', **profile) as dst:
        dst.write(data)
        if mask is not None:
            dst.write_mask(mask)
        if after:
            after(dst)
    with rasterio.open(path) as src:
        read = src.read()
        place = src.transform
        kept = src.dataset_mask() if mask is not None else None
        if transform is not None and place.b == 0 and place.e > 0:
            read = read[:, ::-1]
            kept = kept if kept is None else kept[::-1]
            place = Affine(place.a, 0, place.c, 0, -place.e, place.f + place.e * height)
        expected[name] = dict(
            format='GeoTIFF', width=width, height=height, count=bands, dtype=src.dtypes[0],
            epsg=src.crs.to_epsg() if src.crs else None, transform=list(place)[:6],
            nodata=number(src.nodata), descriptions=list(src.descriptions), scales=list(src.scales), offsets=list(src.offsets),
            units=list(src.units), tags=src.tags(), sha256=[sha(band) for band in read],
            statistics=[stats(band, src.nodata, kept) for band in read])
        if kept is not None:
            expected[name]['mask'] = sha((kept != 0).astype('uint8'))
        if src.crs and transform is not None and footprint_crs is not False:
            expected[name]['footprint'] = footprint(place, width, height, footprint_crs or src.crs)
    for extra in os.listdir(OUT):
        if extra.endswith('.aux.xml'):
            os.remove(os.path.join(OUT, extra))


for dtype in ['uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'uint64', 'int64', 'float32', 'float64']:
    data = pattern(1, 33, 45, dtype)
    if dtype in ('uint64', 'int64'):
        data[0, 3, 4] = np.iinfo(dtype).max
    predictor = 3 if dtype.startswith('f') else 2
    tif(f'type-{dtype}.tif', data, compress='deflate', predictor=predictor)
for compress in ['none', 'lzw', 'zstd', 'packbits', 'lerc', 'lerc_deflate', 'lerc_zstd']:
    tif(f'compress-{compress}.tif', pattern(1, 40, 50, 'int16'), compress=compress)
tif('compress-lzw-predictor.tif', pattern(3, 40, 50, 'uint16'), compress='lzw', predictor=2, interleave='pixel')
tif('compress-zstd-float.tif', pattern(2, 40, 50, 'float32'), compress='zstd', predictor=3, interleave='pixel')
tif('big-endian.tif', pattern(2, 40, 50, 'uint16'), compress='deflate', predictor=2, endianness='big', interleave='pixel')
tif('big-endian-float.tif', pattern(1, 40, 50, 'float64'), compress='deflate', predictor=3, endianness='big')
tif('big-endian-raw.tif', pattern(1, 40, 50, 'int32'), endianness='big', tiled=True, blockxsize=16, blockysize=32)
tif('bigtiff.tif', pattern(1, 40, 50, 'uint8'), BIGTIFF='YES', compress='deflate')
tif('tiles.tif', pattern(3, 70, 100, 'uint16'), tiled=True, blockxsize=32, blockysize=16, compress='deflate', interleave='pixel', nodata=0)
tif('planar.tif', pattern(3, 70, 100, 'uint16'), interleave='band', compress='deflate', blockysize=9)
tif('planar-tiles.tif', pattern(2, 70, 100, 'float32'), interleave='band', tiled=True, blockxsize=48, blockysize=32, compress='deflate')
tif('sparse.tif', pattern(1, 70, 100, 'uint8') * 0 + 9, tiled=True, blockxsize=32, blockysize=32, compress='deflate', SPARSE_OK='TRUE', nodata=9)
tif('half.tif', pattern(1, 40, 50, 'float32'), nbits=16, compress='deflate')
tif('south-up.tif', pattern(2, 40, 50, 'uint8'), transform=Affine(0.5, 0, 5, 0, 0.5, 40), crs='EPSG:4326', compress='deflate')
tif('rotated.tif', pattern(1, 40, 50, 'uint8'), transform=Affine(8, 3, 600000, 3, -8, 5200000), compress='deflate')
tif('point.tif', pattern(1, 40, 50, 'uint8'), after=lambda dst: dst.update_tags(AREA_OR_POINT='Point'))
tif('user-lcc.tif', pattern(1, 40, 50, 'uint8'), transform=from_origin(-20000, 30000, 1000, 1000), compress='deflate',
    crs=rasterio.CRS.from_proj4('+proj=lcc +lat_0=48 +lon_0=9 +lat_1=45 +lat_2=51 +x_0=1000 +y_0=2000 +datum=WGS84 +units=m'))
tif('user-laea-sphere.tif', pattern(1, 40, 50, 'uint8'), transform=from_origin(-20000, 30000, 1000, 1000), compress='deflate',
    crs=rasterio.CRS.from_proj4('+proj=laea +lat_0=40 +lon_0=-100 +x_0=0 +y_0=0 +R=6370997 +units=m'), footprint_crs='+proj=laea +lat_0=40 +lon_0=-100 +R=6370997 +no_defs +type=crs')
tif('sinusoidal.tif', pattern(1, 40, 50, 'uint8'), transform=from_origin(1111950.5197665, 5559752.598833, 1000, 1000), compress='deflate',
    crs=rasterio.CRS.from_proj4('+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m'), footprint_crs='+proj=sinu +R=6371007.181 +no_defs +type=crs')
tif('laea-europe.tif', pattern(1, 40, 50, 'uint8'), transform=from_origin(4000000, 3200000, 10000, 10000), crs='EPSG:3035', compress='deflate')
tif('mercator.tif', pattern(1, 40, 50, 'uint8'), transform=from_origin(1000000, 6000000, 1000, 1000), crs='EPSG:3857', compress='deflate')
tif('polar.tif', pattern(1, 40, 50, 'uint8'), transform=from_origin(-2500000, 2000000, 100000, 100000), crs='EPSG:3413', compress='deflate', footprint_crs=False)
tif('antimeridian.tif', pattern(1, 40, 50, 'uint8'), transform=from_origin(700000, 1800000, 5000, 5000), crs='EPSG:32660', compress='deflate', footprint_crs=False)
tif('no-crs.tif', pattern(1, 40, 50, 'uint8'), crs=None, compress='deflate')
tif('no-georeference.tif', pattern(1, 40, 50, 'uint8'), crs=None, transform=None, compress='deflate')
nan = pattern(1, 40, 50, 'float32')
nan[0, :7, :9] = np.nan
tif('nodata-nan.tif', nan, nodata=np.nan, compress='deflate')
low = pattern(1, 40, 50, 'float32')
low[0, :7, :9] = np.finfo('f4').min
tif('nodata-lowest.tif', low, nodata=float(np.finfo('f4').min), compress='deflate')
big = pattern(1, 40, 50, 'int64')
big[0, :2] = -9007199254740996
tif('nodata-int64.tif', big, nodata=-9007199254740996, compress='deflate')


def describe(dst):
    dst.descriptions = ('red', 'near infrared <nir>')
    dst.scales = (0.0001, 0.0001)
    dst.offsets = (-0.1, 0)
    dst.units = ('1', 'W/m2')
    dst.update_tags(datetime='2024-03-01T10:20:30Z', TIFFTAG_DATETIME='2024:03:05 01:02:03', PLATFORM='S2 & "co"')
    dst.update_tags(1, wavelength='665')


tif('described.tif', pattern(2, 60, 70, 'uint16'), nodata=0, after=describe, compress='deflate')
smooth = (pattern(1, 1100, 1300, 'uint16') % 97).astype('uint8')
smooth[0, 200:500, 300:900] = 0
tif('overviews.tif', smooth, nodata=0, compress='zstd', tiled=True, blockxsize=256, blockysize=256, predictor=2)
classes = (np.add.outer(np.arange(600) // 7, np.arange(600) // 5)[None] % 6 + pattern(1, 600, 600, 'uint16') % 3).astype('uint8')
colours = {value: (value * 30, 255 - value * 30, value * value, 255) for value in range(9)}
tif('palette.tif', classes, nodata=0, compress='deflate', photometric='palette', after=lambda dst: dst.write_colormap(1, colours))
tif('narrow.tif', (pattern(2, 1300, 512, 'int16') % 5), compress='zstd', interleave='pixel', tiled=True, predictor=2)
holes = np.ones((700, 620), bool)
holes[40:333, 55:401] = False
holes[::9, ::7] = False
holes[500:, 610:] = False
inside = {'GDAL_TIFF_INTERNAL_MASK': True}
tif('mask.tif', smooth[:, :700, :620], mask=holes, config=inside, compress='deflate', tiled=True, blockxsize=256, blockysize=128)
tif('mask-bands.tif', pattern(2, 45, 53, 'int64'), mask=holes[30:75, 30:83], config=inside, compress='lzw', interleave='pixel', blockysize=7)
tif('mask-south-up.tif', pattern(1, 45, 53, 'float32'), transform=Affine(0.5, 0, 5, 0, 0.5, 40), crs='EPSG:4326', nodata=-40, mask=holes[30:75, 30:83], config=inside)
tif('mask-none-valid.tif', pattern(1, 45, 53, 'uint8'), mask=np.zeros((45, 53), bool), config=inside, compress='deflate')
tif('strips.tif', pattern(2, 40, 50, 'int32'), interleave='pixel', compress='lzw', predictor=2, blockysize=7)
tif('large-tile.tif', pattern(2, 18, 20, 'uint16'), interleave='pixel', tiled=True, blockxsize=64, blockysize=64, compress='deflate', predictor=2)
tif('big-endian-planar.tif', pattern(2, 70, 100, 'uint32'), interleave='band', tiled=True, blockxsize=48, blockysize=32, compress='deflate', predictor=2, endianness='big')
tif('big-endian-bigtiff.tif', pattern(1, 40, 50, 'float32'), compress='zstd', predictor=3, endianness='big', BIGTIFF='YES')
for bits in (1, 2, 4):
    tif(f'bits-{bits}.tif', pattern(1, 40, 51, 'uint8') % 2**bits, nbits=bits, compress='deflate', nodata=0)
tif('bits-2-tiles.tif', pattern(3, 40, 51, 'uint8') % 4, nbits=2, interleave='pixel', tiled=True, blockxsize=32, blockysize=16, compress='lzw')
tif('bits-4-planar.tif', pattern(2, 40, 51, 'uint8') % 16, nbits=4, interleave='band', compress='packbits', blockysize=9)
tif('bits-4-palette.tif', pattern(1, 40, 51, 'uint8') % 16, nbits=4, photometric='palette', after=lambda dst: dst.write_colormap(1, {n: (n * 9, n, 255 - n, 255) for n in range(16)}))
with rasterio.open(os.path.join(OUT, 'sparse-mixed.tif'), 'w', driver='GTiff', width=100, height=70, count=1, dtype='int16', transform=UTM, crs='EPSG:32632',
                   tiled=True, blockxsize=32, blockysize=32, compress='deflate', SPARSE_OK='TRUE', nodata=-7) as dst:
    dst.write(pattern(1, 32, 32, 'int16'), window=rasterio.windows.Window(32, 32, 32, 32))
with rasterio.open(os.path.join(OUT, 'sparse-mixed.tif')) as src:
    mixed = src.read()
tif('sparse-mixed.tif', mixed, nodata=-7, tiled=True, blockxsize=32, blockysize=32, compress='deflate', SPARSE_OK='TRUE')
tif('complex.tif', pattern(1, 8, 9, 'float32').astype('complex64'))
tif('bits-12.tif', pattern(1, 8, 9, 'uint16'), nbits=12)
del expected['complex.tif'], expected['bits-12.tif']

# Broken ones.
good = open(os.path.join(OUT, 'tiles.tif'), 'rb').read()
open(os.path.join(OUT, 'broken-truncated.tif'), 'wb').write(good[: len(good) // 2])
deflate = bytearray(open(os.path.join(OUT, 'type-uint16.tif'), 'rb').read())
at = deflate.rfind(b'\x78\x9c') if b'\x78\x9c' in deflate else len(deflate) // 2
deflate[at + 20 : at + 60] = b'\xff' * 40
open(os.path.join(OUT, 'broken-deflate.tif'), 'wb').write(deflate)
open(os.path.join(OUT, 'broken-loop.tif'), 'wb').write(b'II*\0\x08\0\0\0' + b'\0\0' + b'\x08\0\0\0')
open(os.path.join(OUT, 'empty.tif'), 'wb').close()
open(os.path.join(OUT, 'text.tif'), 'w').write('<html>not found</html>')


def moment(time, decode):
    if not decode:
        return str(time)
    return np.datetime_as_string(time.astype('datetime64[us]')) if isinstance(time, np.datetime64) else time.isoformat()


def combinations(array):
    """Steps of all dimensions of several steps beside time and space, with what they add to a key."""
    extra = [d for d in array.dims if d not in ('lon', 'longitude', 'x', 'lat', 'latitude', 'y', 'time') and array.sizes[d] > 1]
    for steps in itertools.product(*(range(array.sizes[d]) for d in extra)):
        at = dict(zip(extra, steps))
        word = lambda d: format(array[d].values[at[d]].item(), 'g') if d in array.coords else str(at[d])
        yield ''.join(f'_{d}{word(d)}' for d in extra), at


def cube(name, build, variables, *, crs=4326, roll=False, decode=True, shift=0, scale=1, format='NETCDF4'):
    """`build(dataset)` fills the file; `variables` are those that must become layers."""
    path = os.path.join(OUT, name)
    with netCDF4.Dataset(path, 'w', format=format) as ds:
        build(ds)
    with xarray.open_dataset(path, mask_and_scale=False, decode_times=decode, decode_coords=False) as ds:
        expect(name, ds, variables, 'NetCDF', crs=crs, roll=roll, decode=decode, shift=shift, scale=scale)


def store(name, source, variables, *, version, encoding, consolidated=False):
    """A Zarr store of what a NetCDF fixture holds."""
    path = os.path.join(OUT, name)
    with xarray.open_dataset(os.path.join(OUT, source)) as ds:
        ds[variables].drop_encoding().to_zarr(path, zarr_format=version, encoding=encoding, consolidated=consolidated)
    with xarray.open_zarr(path, mask_and_scale=False, decode_coords=False, consolidated=consolidated) as ds:
        expect(name, ds, variables, 'Zarr')


def expect(name, ds, variables, format, *, crs=4326, roll=False, decode=True, shift=0, scale=1):
    expected[name] = dict(format=format, epsg=crs, variables={})
    for variable, (suffix, at) in ((v, c) for v in variables for c in combinations(ds[v])):
        array = ds[variable].isel(at)
        x = next(d for d in array.dims if d in ('lon', 'longitude', 'x'))
        y = next(d for d in array.dims if d in ('lat', 'latitude', 'y'))
        for extra in [d for d in array.dims if d not in (x, y, 'time')]:
            array = array.isel({extra: 0})
        if ds[y].size > 1 and float(ds[y][0]) < float(ds[y][-1]):
            array = array.isel({y: slice(None, None, -1)})
        xs = ds[x].values.astype('f8') * scale + shift
        if roll:
            xs = (xs + 180) % 360 - 180
            order = np.argsort(xs)
            array = array.isel({x: order})
            xs = xs[order]
        array = array.transpose(..., y, x)
        ys = array[y].values.astype('f8') * scale
        dx = (xs[-1] - xs[0]) / (len(xs) - 1)
        dy = (ys[-1] - ys[0]) / (len(ys) - 1)
        steps = array['time'].values if 'time' in array.dims else [None]
        arrays = [array.isel(time=i).values if 'time' in array.dims else array.values for i in range(len(steps))]
        attrs = array.attrs
        fill = attrs.get('_FillValue', attrs.get('missing_value'))
        expected[name]['variables'][variable + suffix] = dict(variable=variable,
            dtype=str(arrays[0].dtype), nodata=number(fill), scale=float(attrs['scale_factor']) if 'scale_factor' in attrs else None,
            offset=float(attrs['add_offset']) if 'add_offset' in attrs else None, unit=attrs.get('units'),
            transform=[dx, 0, xs[0] - dx / 2, 0, dy, ys[0] - dy / 2], width=len(xs), height=len(ys),
            times=[None if t is None else moment(t, decode) for t in steps],
            sha256=[sha(a) for a in arrays], statistics=[stats(a, fill) for a in arrays])


def axes(ds, lon, lat, times=None, units='hours since 1900-01-01', calendar=None, time_type='f8', kind='f8', unlimited=False):
    ds.createDimension('lat', len(lat))
    ds.createDimension('lon', len(lon))
    for name, values, unit in (('lat', lat, 'degrees_north'), ('lon', lon, 'degrees_east')):
        v = ds.createVariable(name, kind, (name,))
        v[:] = values
        v.units = unit
        v.standard_name = 'latitude' if name == 'lat' else 'longitude'
    if times is not None:
        ds.createDimension('time', None if unlimited else len(times))
        v = ds.createVariable('time', time_type, ('time',))
        v[:] = times
        v.units = units
        v.standard_name = 'time'
        if calendar:
            v.calendar = calendar


def values(shape, dtype):
    return (np.arange(np.prod(shape)) * 37 % 2000 - (0 if np.dtype(dtype).kind == 'u' else 700)).reshape(shape).astype(dtype)


def var(ds, name, dims, dtype, fill=None, **attrs):
    v = ds.createVariable(name, dtype, dims, zlib=ds.data_model == 'NETCDF4', fill_value=fill)
    v.set_auto_maskandscale(False)
    data = values([len(ds.dimensions[d]) for d in dims], dtype)
    if fill is not None:
        data.flat[:5] = fill
    v[:] = data
    v.setncatts(attrs)
    return v


LON = 10 + 0.25 * np.arange(12)
LAT = 40 + 0.25 * np.arange(9)
TYX = ('time', 'lat', 'lon')


def packed(ds):
    axes(ds, LON, LAT, [1086960, 1086984, 1087008], units='hours since 1900-01-01 00:00:00.0', calendar='gregorian')
    var(ds, 't2m', TYX, 'i2', fill=np.int16(-32767), scale_factor=0.01, add_offset=273.15, units='K', long_name='2 metre temperature')
    var(ds, 'tp', TYX, 'f4', fill=np.float32('nan'), units='m')
    var(ds, 'lsm', ('lat', 'lon'), 'u1')
    ds.title = 'A cube'


def descending(ds):
    axes(ds, LON.astype('f4'), LAT[::-1].astype('f4') + np.float32(0.1), [0, 1], units='days since 2020-02-28', kind='f4')
    var(ds, 'v', TYX, 'i4')


def globe(ds):
    axes(ds, 15 * np.arange(24), 75 - 15 * np.arange(11), [0, 6], units='hours since 2021-01-01T00:00:00Z', time_type='i8')
    var(ds, 'v', TYX, 'f8')


def east(ds):
    axes(ds, 200 + 0.5 * np.arange(8), LAT, [0], units='seconds since 1970-01-01')
    var(ds, 'v', TYX, 'i2')


def subsecond(ds):
    axes(ds, LON, LAT, [0, 0.25, 0.5, 86400.001], units='seconds since 2022-05-05 05:05:05', calendar='proleptic_gregorian')
    var(ds, 'v', TYX, 'u2')


def int64ms(ds):
    axes(ds, LON, LAT, [1700000000123, 1700000000124], units='milliseconds since 1970-01-01', time_type='i8')
    var(ds, 'v', TYX, 'u1')


def noleap(ds):
    axes(ds, LON, LAT, [0, 400], units='days since 2000-01-01', calendar='noleap')
    var(ds, 'v', TYX, 'f4')


def bounds(ds):
    axes(ds, LON, LAT, [12, 36], units='hours since 2023-01-01')
    ds['time'].bounds = 'time_bnds'
    ds.createDimension('nv', 2)
    ds.createVariable('time_bnds', 'f8', ('time', 'nv'))[:] = [[0, 24], [24, 48]]
    var(ds, 'v', TYX, 'f4', fill=np.float32(-9999))


def projected(ds, wkt=True, km=False):
    ds.createDimension('y', 6)
    ds.createDimension('x', 8)
    unit = 0.001 if km else 1
    for name, data in (('y', 5200000 - 100 * np.arange(6)), ('x', 600000 + 100 * np.arange(8))):
        v = ds.createVariable(name, 'f8', (name,))
        v[:] = data * unit
        v.units = 'km' if km else 'm'
        v.standard_name = f'projection_{name}_coordinate'
    m = ds.createVariable('crs', 'i4')
    m.grid_mapping_name = 'transverse_mercator'
    if wkt:
        m.crs_wkt = pyproj.CRS(32632).to_wkt()
    else:
        m.longitude_of_central_meridian = 9.0
        m.latitude_of_projection_origin = 0.0
        m.scale_factor_at_central_meridian = 0.9996
        m.false_easting = 500000.0
        m.false_northing = 0.0
        m.semi_major_axis = 6378137.0
        m.inverse_flattening = 298.257223563
    var(ds, 'dem', ('y', 'x'), 'f4', grid_mapping='crs')


def classic(ds):
    """Records of several variables, padded each; text, fill values, packed values."""
    axes(ds, LON[:11], LAT, [0, 1.5, 3], units='days since 2020-02-28', unlimited=True, time_type='f8' if ds.data_model != 'NETCDF3_64BIT_DATA' else 'i8')
    ds['time'][:] = [0, 1, 3]
    var(ds, 'v', TYX, 'i2', fill=np.int16(-32767), scale_factor=0.01, add_offset=273.15, units='K')
    var(ds, 'b', TYX, 'i1', flag_values=np.array([1, 2, 3], 'i1'), long_name='a flag')
    var(ds, 'd', ('lat', 'lon'), 'f8')
    ds.createDimension('letters', 5)
    ds.createVariable('name', 'S1', ('letters',))[:] = np.array(list('abcde'), 'S1')
    if ds.data_model == 'NETCDF3_64BIT_DATA':
        for kind in ('u1', 'u2', 'u4', 'i8', 'u8'):
            var(ds, kind, ('lat', 'lon'), kind)
    ds.title = 'An older cube'


def single(ds):
    """The only variable of records is not padded to four bytes."""
    axes(ds, LON[:11], LAT)
    ds.createDimension('step', None)
    var(ds, 'v', ('step', 'lat', 'lon'), 'i1')[:] = values((3, 9, 11), 'i1')


def extra(ds):
    axes(ds, LON, LAT, [0, 1], units='days since 2020-01-01')
    ds.createDimension('one', 1)
    ds.createDimension('depth', 3)
    for name, data, units in (('level', [850, 500.5], 'hPa'), ('number', [0, 1, 2], '1')):
        ds.createDimension(name, len(data))
        v = ds.createVariable(name, 'f4' if name == 'level' else 'i4', (name,))
        v[:] = data
        v.units = units
        v.long_name = 'pressure' if name == 'level' else 'ensemble member'
    var(ds, 'single', ('time', 'one', 'lat', 'lon'), 'i2')
    var(ds, 'many', ('time', 'depth', 'lat', 'lon'), 'i2')
    var(ds, 'tas', ('number', 'time', 'level', 'lat', 'lon'), 'i2', long_name='Air temperature', units='K')
    var(ds, 'mixed', ('level', 'lon', 'time', 'lat'), 'i4')


def calendar(ds, kind, times):
    axes(ds, LON, LAT, times, units='days since 2000-01-01', calendar=kind)
    var(ds, 'v', TYX, 'f4')


def irregular(ds):
    axes(ds, LON, np.array([40, 41, 43, 46.0]))
    var(ds, 'v', ('lat', 'lon'), 'f4')


cube('packed.nc', packed, ['t2m', 'tp', 'lsm'])
cube('descending.nc', descending, ['v'])
cube('globe-0-360.nc', globe, ['v'], roll=True)
cube('east-of-180.nc', east, ['v'], shift=-360)
cube('subsecond.nc', subsecond, ['v'])
cube('int64-time.nc', int64ms, ['v'])
cube('noleap.nc', noleap, ['v'])
cube('360-day.nc', lambda ds: calendar(ds, '360_day', [15, 45, 75.5]), ['v'])
cube('360-day-february.nc', lambda ds: calendar(ds, '360_day', [30, 59]), [])
cube('all-leap.nc', lambda ds: calendar(ds, 'all_leap', [59, 366]), ['v'])
cube('classic.nc', classic, ['v', 'b', 'd'], format='NETCDF3_CLASSIC')
cube('classic-offsets.nc', classic, ['v', 'b', 'd'], format='NETCDF3_64BIT_OFFSET')
cube('classic-data.nc', classic, ['v', 'b', 'd', 'u1', 'u2', 'u4', 'i8', 'u8'], format='NETCDF3_64BIT_DATA')
cube('classic-single.nc', single, ['v'], format='NETCDF3_CLASSIC')
cube('bounds.nc', bounds, ['v'])
cube('projected.nc', projected, ['dem'], crs=32632)
cube('projected-km.nc', lambda ds: projected(ds, km=True), ['dem'], crs=32632, scale=1000)
cube('projected-parameters.nc', lambda ds: projected(ds, wkt=False), ['dem'], crs=None)
cube('extra-dimensions.nc', extra, ['single', 'many', 'tas', 'mixed'])
cube('irregular.nc', irregular, [])
t2m = dict(dtype='i2', scale_factor=0.01, add_offset=273.15, _FillValue=np.int16(-32767), chunks=(2, 5, 12))
store('packed-2.zarr', 'packed.nc', ['t2m', 'tp', 'lsm'], version=2, consolidated=True, encoding=dict(
    t2m=dict(t2m, compressors=numcodecs.Blosc('lz4', shuffle=numcodecs.Blosc.SHUFFLE)), tp=dict(compressors=numcodecs.Zlib(5), _FillValue=np.float32('nan'), chunks=(3, 9, 7)),
    lsm=dict(compressors=None)))
store('packed-3.zarr', 'packed.nc', ['t2m', 'tp', 'lsm'], version=3, encoding=dict(
    t2m=dict(t2m, compressors=zarr.codecs.BloscCodec(cname='zstd')), tp=dict(compressors=zarr.codecs.GzipCodec(), _FillValue=np.float32('nan'), chunks=(3, 9, 7)),
    lsm=dict(compressors=zarr.codecs.ZstdCodec())))
store('sharded.zarr', 'extra-dimensions.nc', ['tas'], version=3, consolidated=True, encoding=dict(
    tas=dict(chunks=(1, 1, 1, 5, 6), shards=(3, 2, 2, 10, 12), compressors=zarr.codecs.ZstdCodec())))
whole = open(os.path.join(OUT, 'packed.nc'), 'rb').read()
open(os.path.join(OUT, 'broken-truncated.nc'), 'wb').write(whole[: len(whole) * 2 // 3])
with open(os.path.join(OUT, 'expected.json'), 'w') as f:
    json.dump(expected, f, indent=1, sort_keys=True, allow_nan=False)
files = [os.path.join(folder, f) for folder, _, names in os.walk(OUT) for f in names]
print(sum(map(os.path.getsize, files)), 'bytes', len(files), 'files')
