"""Tiles of a COG in a bucket, by range and signed, beside what GDAL warps of the same COG."""

import math

import numpy as np
import pytest
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from rasterio.vrt import WarpedVRT
from support.lake import LAEA, write_tiff
from support.product import Catalogue

pytestmark = pytest.mark.one_database

WORLD = 2 * math.pi * 6378137


@pytest.fixture(scope="module")
def tiled(tmp_path_factory):
    """A smooth raster of 1,100 pixels, so that the COG has overviews; a corner is nodata."""
    y, x = np.mgrid[0:1000, 0:1100]
    pixels = (2000 + 900 * np.sin(x / 90) * np.cos(y / 70)).astype("uint16")
    pixels[:200, :200] = 0
    path = write_tiff(tmp_path_factory.mktemp("in") / "hills_20240101.tif", pixels[None], crs="EPSG:3035", transform=LAEA, nodata=0)
    made = Catalogue(store="s3", settings={"RUCIO_STAC_SIGN_ASSETS": "true"})
    try:
        made.cli("ingest", path, "--collection", "hills", "--datetime", "2024-01-01T00:00:00Z").ok()
        made.start()
        yield made
    finally:
        made.close()


def picture(response):
    assert response.status_code == 200, response.text
    with MemoryFile(response.content) as file, file.open() as png:
        return png.read()


def test_a_tile_is_what_gdal_warps(tiled):
    [item] = tiled.items("hills")
    [(key, asset)] = [(key, asset) for key, asset in item["assets"].items() if "data" in asset["roles"]]
    where = f"/collections/hills/items/{item['id']}/assets/{key}"
    tilejson = tiled.json(f"{where}/tiles/tilejson.json")
    longitude, latitude, _ = tilejson["center"]
    source = tiled.get(where).content
    for zoom in range(tilejson["minzoom"], tilejson["maxzoom"] + 2):
        pixel = WORLD / 2**zoom / 256
        x = int((longitude + 180) / 360 * 2**zoom)
        y = int((1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2 * 2**zoom)
        own = picture(tiled.get(f"{where}/tiles/{zoom}/{x}/{y}.png?rescale=1000,3000&resampling=bilinear"))
        grid = from_origin(x * 256 * pixel - WORLD / 2, WORLD / 2 - y * 256 * pixel, pixel, pixel)
        with MemoryFile(source) as file, file.open() as cog, WarpedVRT(cog, crs="EPSG:3857", transform=grid, width=256, height=256, resampling=Resampling.bilinear) as warped:
            values, valid = warped.read(1).astype(float), warped.dataset_mask() > 0
        both = valid & (own[-1] > 0)
        assert both.sum() > 1000 and np.mean(valid != (own[-1] > 0)) < 0.02
        grey = np.clip((values - 1000) / 2000 * 255, 0, 255)
        assert np.abs(own[0] - grey)[both].mean() < 1.5, zoom


def test_a_preview_is_all_of_it(tiled):
    [item] = tiled.items("hills")
    own = picture(tiled.get(f"/collections/hills/items/{item['id']}/preview.png?max_size=110"))
    assert own.shape[1:] == (100, 110)
    assert (own[-1, :19, :19] == 0).all() and (own[-1, 21:, 21:] == 255).all()
