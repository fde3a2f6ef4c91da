"""Writes test/render/fixtures: rasters with a mask, alpha and longitudes up to 360, and expected.json with what lies below pixels of tiles.

Run with a Python that has rasterio and pyproj. What is expected of a pixel is the value of the source's pixel below its centre, by PROJ
and the affine transform that rasterio reads; null where there is none. Centres within 0.15 of the edge between two pixels are left out.
"""
import json, math, os, sys
import numpy as np, pyproj, rasterio
from rasterio.transform import from_origin

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, 'fixtures')
RASTER = os.path.join(HERE, '..', 'raster', 'fixtures')
os.environ['GDAL_TIFF_INTERNAL_MASK'] = 'YES'
WORLD = 2 * math.pi * 6378137


def pattern(height, width, dtype):
    y, x = np.mgrid[0:height, 0:width]
    return ((x * 7 + y * 13) % 251).astype(dtype)


def write(name, values, transform, crs, mask=None, **profile):
    path = os.path.join(OUT, name)
    bands, height, width = values.shape
    with rasterio.open(path, 'w', driver='GTiff', width=width, height=height, count=bands, dtype=values.dtype, crs=crs, transform=transform,
                       compress='deflate', **profile) as out:
        out.write(values)
        if mask is not None:
            out.write_mask(mask)


TILED = dict(tiled=True, blockxsize=32, blockysize=32)
UTM = from_origin(600000, 5200020, 10, 10)
disc = np.hypot(*(np.mgrid[0:90, 0:100] - 45.)) < 40
write('mask.tif', pattern(90, 100, 'u1')[None], UTM, 'EPSG:32632', mask=disc, **TILED)
write('mask-strips.tif', pattern(90, 100, 'u1')[None], UTM, 'EPSG:32632', mask=disc)
opacity = np.where(disc, 255, 0).astype('u1')
write('alpha.tif', np.stack([pattern(90, 100, 'u1'), opacity]), UTM, 'EPSG:32632', photometric='minisblack', alpha='yes', **TILED)
write('globe-0-360.tif', pattern(90, 180, 'i2')[None], from_origin(0, 90, 2, 2), 'EPSG:4326', nodata=0)

# Fixture -> zooms. The middle of the raster is on each tile; without zooms, those of its resolution and of a fourth of it.
CASES = {'mask.tif': [14], 'mask-strips.tif': [14], 'alpha.tif': [14], 'globe-0-360.tif': [0, 1], 'rotated.tif': None, 'south-up.tif': None, 'antimeridian.tif': None,
         'polar.tif': None, 'mercator.tif': None, 'sinusoidal.tif': None, 'laea-europe.tif': None, 'point.tif': None, 'palette.tif': None,
         'big-endian.tif': None, 'planar-tiles.tif': None, 'nodata-nan.tif': None, 'type-int64.tif': None, 'user-lcc.tif': None}
expected = {}
for name, zooms in CASES.items():
    path = os.path.join(OUT, name)
    folder = 'render' if os.path.exists(path) else 'raster'
    if folder == 'raster':
        path = os.path.join(RASTER, name)
    with rasterio.open(path) as source:
        values, valid = source.read(1), source.dataset_mask() > 0
        to_crs = pyproj.Transformer.from_crs('EPSG:3857', source.crs, always_xy=True)
        back = pyproj.Transformer.from_crs(source.crs, 'EPSG:3857', always_xy=True)
        # No tile is at a pole.
        at = (.3, .7) if name == 'polar.tif' else (.5, .5)
        middle = source.transform * (source.width * at[0], source.height * at[1])
        x, y = back.transform(*middle)
        right = back.transform(*(source.transform * (source.width * at[0] + 1, source.height * at[1])))
        size = math.hypot(right[0] - x, right[1] - y)
        fit = max(0, round(math.log2(WORLD / 256 / size)))
        cases = []
        for zoom in zooms or [fit, fit + 2]:
            pixel = WORLD / 2**zoom / 256
            column, row = int((x + WORLD / 2) // (256 * pixel)), int((WORLD / 2 - y) // (256 * pixel))
            samples = []
            for dy in range(2, 256, 7):
                for dx in range(2, 256, 7):
                    place = to_crs.transform((column * 256 + dx + .5) * pixel - WORLD / 2, WORLD / 2 - (row * 256 + dy + .5) * pixel)
                    if not all(map(math.isfinite, place)):
                        continue
                    if name.startswith('globe'):
                        place = (place[0] % 360, place[1])
                    c, r = ~source.transform * place
                    if abs(c - round(c)) < .15 or abs(r - round(r)) < .15:
                        continue
                    inside = 0 <= c < source.width and 0 <= r < source.height
                    value = float(values[int(r), int(c)]) if inside and valid[int(r), int(c)] else None
                    samples.append([dx, dy, None if value is None or math.isnan(value) else value])
            # Of what is empty all around, some.
            full = [each for each in samples if each[2] is not None]
            empty = [each for each in samples if each[2] is None]
            cases.append(dict(tile=[zoom, column, row], samples=full[:: max(1, len(full) // 60)] + empty[:: max(1, len(empty) // 20)]))
            print(name, zoom, len(full), len(empty), file=sys.stderr)
        expected[f'{folder}/{name}'] = cases
with open(os.path.join(OUT, 'expected.json'), 'w') as out:
    out.write('{\n' + ',\n'.join(f' {json.dumps(name)}: {json.dumps(cases)}' for name, cases in expected.items()) + '\n}\n')
