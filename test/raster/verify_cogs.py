"""COGs written by test/raster/cog.test.ts, against their sources as GDAL and xarray read them.

    RASTER_COG_OUT=/tmp/cogs node --test dist/test/raster/cog.test.js dist/test/raster/beyond-4gb.test.js
    python test/raster/verify_cogs.py /tmp/cogs

Checks each COG of the manifest: rio-cogeo strict without errors or warnings, equal pixels, CRS, transform, nodata,
descriptions, scales, offsets, units and masks (of overviews, too); statistics kept; layout flags. Exit code 1 when anything differs.
"""
import json, os, re, sys, warnings
import numpy as np, rasterio, xarray
from rasterio.transform import Affine
from rio_cogeo.cogeo import cog_validate

warnings.filterwarnings('ignore')


def north_up(data, transform, referenced):
    if referenced and transform.b == 0 and transform.d == 0 and transform.e > 0:
        return data[:, ::-1], Affine(transform.a, 0, transform.c, 0, -transform.e, transform.f + transform.e * data.shape[1])
    return data, transform


def same_float(left, right):
    return (left is None and right is None) or (left is not None and right is not None and
           (left == right or (np.isnan(left) and np.isnan(right))))


def halved(mask):
    """255 where any of four is."""
    rows, columns = (size + size % 2 for size in mask.shape)
    padded = np.zeros((rows, columns), 'u1')
    padded[: mask.shape[0], : mask.shape[1]] = mask
    return padded.reshape(rows // 2, 2, columns // 2, 2).max(axis=(1, 3))


def check_mask(mask, cog, fail):
    if 'per_dataset' not in [flag.name for flag in cog.mask_flag_enums[0]]: fail('no mask')
    if (cog.dataset_mask() != mask).any(): fail('mask differs')
    for level in range(len(cog.overviews(1))):
        mask = halved(mask)
        with rasterio.open(cog.name, overview_level=level) as overview:
            if (overview.dataset_mask() != mask).any(): fail(f'mask of overview {level} differs')


def check_tiff(entry, cog, fail):
    with rasterio.open(entry['source']) as src:
        bands = list(range(entry['band'], entry['band'] + entry['bands']))
        referenced = src.transform != Affine.identity()
        data, transform = north_up(src.read(bands), src.transform, referenced)
        pick = lambda values: [values[b - 1] for b in bands]
        if src.crs != cog.crs: fail(f'crs {cog.crs} instead of {src.crs}')
        if not transform.almost_equals(cog.transform, 1e-9): fail(f'transform {cog.transform} instead of {transform}')
        if not same_float(src.nodata, cog.nodata): fail(f'nodata {cog.nodata} instead of {src.nodata}')
        for name in ('descriptions', 'scales', 'offsets', 'units', 'dtypes'):
            if pick(getattr(src, name)) != list(getattr(cog, name)):
                fail(f'{name} {getattr(cog, name)} instead of {pick(getattr(src, name))}')
        if src.colorinterp[0].name == 'palette' and (cog.colorinterp[0].name != 'palette' or any(cog.colormap(1)[n][:3] != colour[:3] for n, colour in src.colormap(1).items())):
            fail('colour table differs')
        tags = src.tags()
        if 'per_dataset' in [flag.name for flag in src.mask_flag_enums[0]]:
            mask = src.dataset_mask()
            check_mask(mask[::-1] if src.transform.e > 0 else mask, cog, fail)
        for key, value in tags.items():
            if cog.tags().get(key) != value: fail(f'tag {key}: {cog.tags().get(key)!r} instead of {value!r}')
    return data


def check_cube(entry, cog, fail):
    with xarray.open_dataset(entry['source'], mask_and_scale=False, decode_times=False, decode_coords=False) as ds:
        # "tas_number0_level850": the longest name of a variable, then each dimension with its value.
        name = max((n for n in ds if entry['variable'].startswith(n)), key=len)
        array = ds[name]
        for dimension, value in re.findall(r'_([a-z]+)(-?[0-9.]+)', entry['variable'][len(name):]):
            array = array.sel({dimension: float(value)}) if dimension in array.coords else array.isel({dimension: int(value)})
        if 'time' in array.dims: array = array.isel(time=entry['step'])
        array = array.squeeze(drop=True)
        array = array.transpose(next(d for d in array.dims if d in ('lat', 'y')), ...)
        y, x = array.dims
        if float(ds[y][0]) < float(ds[y][-1]): array = array.isel({y: slice(None, None, -1)})
        xs = ds[x].values.astype('f8')
        if 'lon' in x and xs.max() > 180: array = array.isel({x: np.argsort((xs + 180) % 360 - 180)})
        attrs = array.attrs
        if '_FillValue' in attrs and not same_float(float(attrs['_FillValue']), cog.nodata): fail(f'nodata {cog.nodata}')
        if cog.scales[0] != attrs.get('scale_factor', 1): fail(f'scale {cog.scales}')
        if cog.offsets[0] != attrs.get('add_offset', 0): fail(f'offset {cog.offsets}')
        if (cog.units[0] or None) != attrs.get('units'): fail(f'unit {cog.units}')
        if cog.crs is None: fail('no crs')
        name = os.path.basename(entry['source'])
        wanted = 'EPSG:32632' if name.startswith('projected') else 'EPSG:4326'
        if name == 'projected-parameters.nc':
            from pyproj import Transformer
            point = Transformer.from_crs(cog.crs.to_wkt(), 'EPSG:32632', always_xy=True).transform(600000, 5200000)
            if np.hypot(point[0] - 600000, point[1] - 5200000) > 1e-6: fail(f'crs {cog.crs} is not UTM 32')
        elif cog.crs != rasterio.CRS.from_string(wanted): fail(f'crs {cog.crs} instead of {wanted}')
        return array.values[np.newaxis]


def check_beyond(folder):
    """The sparse COG of beyond-4gb.test.ts: each tile of each level holds its own number."""
    facts, path = json.load(open(os.path.join(folder, 'beyond.json'))), os.path.join(folder, 'beyond-4gb.tif')
    valid, errors, warned = cog_validate(path, strict=True, quiet=True)
    faults = [] if valid and not errors and not warned else [f'rio-cogeo: {errors} {warned}']
    for index, level in enumerate(facts['levels']):
        with rasterio.open(path, **({} if index == 0 else {'overview_level': index - 1})) as cog:
            read, tile, across = cog.read(1), facts['tile'], level['across']
            numbers = (np.arange(across**2) + level['first']).reshape(across, across).astype('u1')
            if (read != np.kron(numbers, np.ones((tile, tile), 'u1'))[: cog.height, : cog.width]).any(): faults.append(f'level {index} differs')
    for fault in faults: print(f'beyond-4gb.tif: {fault}')
    return len(faults)


def main(folder):
    faults = check_beyond(folder)
    entries = json.load(open(os.path.join(folder, 'manifest.json')))
    for entry in entries:
        path = os.path.join(folder, entry['cog'])
        found = []
        valid, errors, warned = cog_validate(path, strict=True, quiet=True)
        if not valid or errors or warned: found.append(f'rio-cogeo: {errors} {warned}')
        with rasterio.open(path) as cog:
            check = check_cube if 'variable' in entry else check_tiff
            data = check(entry, cog, found.append)
            read = cog.read()
            if read.dtype != data.dtype or read.shape != data.shape or read.tobytes() != np.ascontiguousarray(data).tobytes():
                found.append('pixels differ')
            if cog.get_tag_item('LAYOUT', 'IMAGE_STRUCTURE') != 'COG': found.append('GDAL sees no COG layout')
            for overview in cog.overviews(1):
                cog.read(1, out_shape=(max(1, cog.height // overview), max(1, cog.width // overview)))
        for fault in found: print(f'{entry["cog"]}: {fault}')
        faults += len(found)
    print(f'{len(entries)} COGs, {faults} faults')
    return 1 if faults or not entries else 0


sys.exit(main(sys.argv[1]))
