"""A small data lake of our own making, in Rucio, and what rasterio and netCDF4 say is in it."""

import json
import os
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

import netCDF4
import numpy as np
import rasterio
from rasterio.transform import from_origin

UPLOADER = Path(__file__).parent / "rucio_upload.py"


def write_tiff(path, pixels, *, crs, transform, nodata=None, names=None, tags=None, **profile):
    """`pixels`: band, row, column. A plain striped file unless the profile says otherwise."""
    count, height, width = pixels.shape
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(path, "w", driver="GTiff", width=width, height=height, count=count, dtype=pixels.dtype, crs=crs, transform=transform, nodata=nodata, **profile) as out:
        out.write(pixels)
        for index, name in enumerate(names or [], 1):
            out.set_band_description(index, name)
        if tags:
            out.update_tags(**tags)
    return path


def ramp(shape, dtype, seed=0):
    """Values over the whole range of a type, none alike its neighbour, without the extremes."""
    rng = np.random.default_rng(seed)
    if np.issubdtype(dtype, np.floating):
        return (rng.normal(0, 1000, shape)).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(max(info.min, -(2**40)) + 1, min(info.max, 2**40) - 1, shape, dtype=np.int64).astype(dtype)


@dataclass
class Source:
    """A file of the lake and how to find its Items."""

    path: Path
    name: str
    rses: tuple = ("DEV-DISK",)
    meta: dict = None

    @property
    def stem(self):
        return Path(self.name).with_suffix("").as_posix().replace("/", ".")


SCENE_TIMES = ["2023-06-01T10:20:30Z", "2023-06-11T10:20:30Z", "2023-06-21T10:20:30Z"]
UTM = from_origin(600000, 5200020, 10, 10)
LAEA = from_origin(4321000, 3210000, 25, 25)
LONLAT = from_origin(-10.5, 40.25, 0.01, 0.01)


def make_scenes(folder):
    """Two bands in UTM, uint16 with nodata 0, three days; sizes that are no multiple of a tile."""
    sources = []
    for n, time in enumerate(SCENE_TIMES):
        pixels = ramp((2, 257, 301), "uint16", n)
        pixels[:, :40, :50] = 0
        compact = time.replace("-", "").replace(":", "")
        name = f"scene_{compact}.tif"
        path = write_tiff(folder / name, pixels, crs="EPSG:32632", transform=UTM, nodata=0, names=["red", "nir"])
        sources.append(Source(path, name, ("DEV-DISK", "DEV-CACHE") if n == 0 else ("DEV-DISK",), {"datetime": time}))
    return sources


# name: dtype, CRS, transform, nodata, profile of the source file
SINGLES = {
    "dem-laea": ("float32", "EPSG:3035", LAEA, -9999, {"tiled": True, "blockxsize": 128, "blockysize": 128, "compress": "lzw"}),
    "landcover-lonlat": ("uint8", "EPSG:4326", LONLAT, 255, {"compress": "deflate"}),
    "signed-utm33": ("int16", "EPSG:32633", from_origin(300000, 5000000, 30, 30), None, {}),
    "counts-mercator": ("int32", "EPSG:3857", from_origin(1000000, 6000000, 100, 100), None, {"compress": "packbits"}),
    "double-nan": ("float64", "EPSG:32632", UTM, float("nan"), {"compress": "deflate", "predictor": 3}),
}


def make_singles(folder):
    sources = []
    for n, (name, (dtype, crs, transform, nodata, profile)) in enumerate(SINGLES.items()):
        pixels = ramp((1, 190, 211), dtype, 100 + n)
        if nodata is not None:
            pixels[0, 100:150, 30:60] = nodata
        path = write_tiff(folder / "deep" / f"{name}.tif", pixels, crs=crs, transform=transform, nodata=nodata, names=["value"], **profile)
        sources.append(Source(path, f"singles/{name}.tif", ("DEV-DISK",), {"datetime": f"2022-0{n + 1}-15T00:00:00Z"}))
    return sources


CUBE_TIMES = ["2023-07-01T00:00:00Z", "2023-07-01T06:00:00Z", "2023-07-01T12:00:00Z", "2023-07-01T18:00:00Z"]


def make_cube(folder):
    """CF NetCDF-4: packed int16 temperature and plain float32 precipitation, six-hourly, rows from south to north."""
    path = folder / "meteo_20230701.nc"
    rng = np.random.default_rng(42)
    with netCDF4.Dataset(path, "w", format="NETCDF4") as nc:
        nc.Conventions, nc.title = "CF-1.8", "Made-up six-hourly meteorology"
        for name, size in (("time", 4), ("lat", 41), ("lon", 61)):
            nc.createDimension(name, size)
        time = nc.createVariable("time", "i8", ("time",))
        time.units, time.calendar, time.standard_name = "hours since 2023-07-01 00:00:00", "standard", "time"
        time[:] = [0, 6, 12, 18]
        lat = nc.createVariable("lat", "f8", ("lat",))
        lat.units, lat.standard_name = "degrees_north", "latitude"
        lat[:] = 45 + 0.25 * np.arange(41)
        lon = nc.createVariable("lon", "f8", ("lon",))
        lon.units, lon.standard_name = "degrees_east", "longitude"
        lon[:] = 5 + 0.25 * np.arange(61)
        t2m = nc.createVariable("t2m", "i2", ("time", "lat", "lon"), zlib=True, fill_value=np.int16(-32767), chunksizes=(1, 20, 30), shuffle=True)
        t2m.units, t2m.standard_name = "K", "air_temperature"
        t2m.scale_factor, t2m.add_offset = 0.01, 280.0
        t2m.set_auto_maskandscale(False)
        t2m[:] = rng.integers(-3000, 3000, (4, 41, 61)).astype("i2")
        t2m[1, :5, :7] = -32767
        rain = nc.createVariable("tp", "f4", ("time", "lat", "lon"), zlib=True, fill_value=np.float32(-9999))
        rain.units, rain.long_name = "m", "Total precipitation"
        values = rng.gamma(0.3, 0.002, (4, 41, 61)).astype("f4")
        values[2, 10:12, :] = -9999
        rain[:] = values
    return Source(path, path.name, ("DEV-DISK",), {"title": "Six-hourly meteorology"})


def upload(scope, files, datasets=(), containers=()):
    """Uploads with Rucio's own client; name -> {RSE: path in the storage}."""
    state = Path(os.environ["RUCIO_DEV_STATE"])
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "RUCIO_CONFIG": os.environ["RUCIO_CONFIG"], "X509_USER_PROXY": str(state / "tls" / "client.pem"), "NO_PROXY": "127.0.0.1,localhost", "PYTHONDONTWRITEBYTECODE": "1"}
    lake = {
        "scope": scope,
        "files": [{"path": str(file.path), "name": file.name, "rses": list(file.rses), "meta": file.meta or {}} for file in files],
        "datasets": list(datasets),
        "containers": list(containers),
    }
    done = subprocess.run([str(Path(os.environ["RUCIO_DEV_BIN"]) / "python"), str(UPLOADER)], input=json.dumps(lake), env=env, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-4000:]
    return {name: {rse: Path(path) for rse, path in rses.items()} for name, rses in json.loads(done.stdout).items()}


def new_scope():
    return f"it{secrets.token_hex(4)}"


class Lake:
    """container `campaign` -> datasets `scenes` (3 files), `singles` (5 files), `meteo` (1 cube)."""

    def __init__(self, folder):
        self.scope = new_scope()
        self.scenes = make_scenes(folder)
        self.singles = make_singles(folder)
        self.cube = make_cube(folder)
        names = lambda sources: [source.name for source in sources]  # noqa: E731
        self.places = upload(
            self.scope,
            [*self.scenes, *self.singles, self.cube],
            [
                {"name": "scenes", "files": names(self.scenes), "meta": {"title": "Scenes", "description": "Two bands, three days", "license": "CC-BY-4.0", "keywords": ["a", "b"]}},
                {"name": "singles", "files": names(self.singles)},
                {"name": "meteo", "files": [self.cube.name]},
            ],
            [{"name": "campaign", "children": ["scenes", "singles", "meteo"], "meta": {"title": "The campaign"}}],
        )
        self.collection = f"{self.scope}.campaign"
        self.did = f"{self.scope}:campaign"
