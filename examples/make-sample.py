"""Writes examples/sample: six two-band Sentinel-2-like scenes (strips, no COG) and one CF NetCDF-4 cube.

Every value follows a formula, so that a pixel can be checked by hand (n counts scenes or days from 0):

    red  (B04) = 1000 + (column + 2 * row + 100 * n) % 4000, stored as it is
    nir  (B08) = 2000 + (2 * column + row + 150 * n) % 6000
    both = 0 (nodata) where column < 16 and row < 16
    t2m = 280 + ((5 * lat_index + 3 * lon_index + 20 * n) % 2000) / 100 kelvin, packed int16, scale 0.01, offset 273.15
    tp  = ((lat_index + 2 * lon_index + 7 * n) % 64) / 1024 metres; NaN where (lat_index + lon_index) % 97 == 0

lat_index counts from the south, as stored. Run with a Python that has rasterio and netCDF4.
"""
import os
from datetime import datetime, timedelta

import netCDF4
import numpy as np
import rasterio
from rasterio.transform import from_origin

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'sample')
SIZE = 512
SCENES = 6
FIRST = datetime(2024, 1, 3, 10, 10, 21)
# In tile T32TPS, near Merano.
TRANSFORM = from_origin(660000, 5170020, 20, 20)


def scene(n):
    time = FIRST + timedelta(days=12 * n)
    row, column = np.mgrid[0:SIZE, 0:SIZE]
    red = 1000 + (column + 2 * row + 100 * n) % 4000
    nir = 2000 + (2 * column + row + 150 * n) % 6000
    bands = np.stack([red, nir]).astype('uint16')
    bands[:, :16, :16] = 0
    path = os.path.join(OUT, f'scene_T32TPS_{time:%Y%m%dT%H%M%S}.tif')
    with rasterio.open(path, 'w', driver='GTiff', width=SIZE, height=SIZE, count=2, dtype='uint16', nodata=0,
                       crs='EPSG:32632', transform=TRANSFORM, compress='deflate', predictor=2, zlevel=9,
                       interleave='band', blockysize=64) as dst:
        dst.write(bands)
        dst.descriptions = ('red', 'nir')
        dst.scales = (0.0001, 0.0001)
        dst.offsets = (0, 0)
        dst.update_tags(datetime=f'{time:%Y-%m-%dT%H:%M:%SZ}', platform='sentinel-2a')


def cube():
    path = os.path.join(OUT, 'era5_alps_2024-01.nc')
    with netCDF4.Dataset(path, 'w', format='NETCDF4') as ds:
        ds.title = 'Daily weather in the Alps (made up)'
        ds.institution = 'rucio-stac example'
        ds.Conventions = 'CF-1.11'
        lat = 43.0 + 0.1 * np.arange(60)
        lon = 5.0 + 0.1 * np.arange(120)
        for name, values, units in (('lat', lat, 'degrees_north'), ('lon', lon, 'degrees_east')):
            ds.createDimension(name, len(values))
            axis = ds.createVariable(name, 'f8', (name,))
            axis[:] = np.round(values, 1)
            axis.units = units
            axis.standard_name = 'latitude' if name == 'lat' else 'longitude'
        ds.createDimension('time', SCENES)
        time = ds.createVariable('time', 'i8', ('time',))
        time.units = 'hours since 2024-01-01 00:00:00'
        time.calendar = 'proleptic_gregorian'
        time.standard_name = 'time'
        time[:] = 24 * np.arange(SCENES)
        n, i, j = np.mgrid[0:SCENES, 0 : len(lat), 0 : len(lon)]
        t2m = ds.createVariable('t2m', 'i2', ('time', 'lat', 'lon'), zlib=True, complevel=9, fill_value=np.int16(-32768))
        t2m.set_auto_maskandscale(False)
        t2m.scale_factor = 0.01
        t2m.add_offset = 273.15
        t2m.units = 'K'
        t2m.standard_name = 'air_temperature'
        t2m.long_name = '2 metre temperature'
        # (280 - 273.15) / 0.01 = 685
        t2m[:] = (685 + (5 * i + 3 * j + 20 * n) % 2000).astype('i2')
        tp = ds.createVariable('tp', 'f4', ('time', 'lat', 'lon'), zlib=True, complevel=9, fill_value=np.float32('nan'))
        tp.units = 'm'
        tp.long_name = 'Total precipitation'
        rain = (((i + 2 * j + 7 * n) % 64) / 1024).astype('f4')
        rain[(i + j) % 97 == 0] = np.nan
        tp[:] = rain


os.makedirs(OUT, exist_ok=True)
for number in range(SCENES):
    scene(number)
cube()
