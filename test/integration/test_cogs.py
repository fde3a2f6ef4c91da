"""COGs of every type, layout and compression, as GDAL, xarray and rio-cogeo see them."""

import os
import subprocess
import sys

import numpy as np
import pytest
import requests
from rasterio.io import MemoryFile
from support.lake import UTM, write_tiff
from support.product import ROOT
from test_ingest_rerun import summary


@pytest.mark.one_database
def test_cogs_hold_what_their_sources_hold(tmp_path):
    made = subprocess.run(["node", "--test", *(str(ROOT / f"dist/test/raster/{name}.test.js") for name in ("cog", "beyond-4gb"))], env={**os.environ, "RASTER_COG_OUT": str(tmp_path)}, capture_output=True, text=True, timeout=300)
    assert made.returncode == 0, made.stdout[-3000:]
    seen = subprocess.run([sys.executable, str(ROOT / "test/raster/verify_cogs.py"), str(tmp_path)], capture_output=True, text=True, timeout=300)
    last = seen.stdout.splitlines()[-1]
    assert seen.returncode == 0 and last.endswith("COGs, 0 faults") and int(last.split()[0]) > 100, seen.stdout[-3000:] + seen.stderr[-2000:]


@pytest.mark.one_database
def test_compression_and_overviews_are_chosen(make_catalogue, tmp_path):
    rows, columns = np.mgrid[0:900, 0:800]
    classes = (1 + (rows // 9 + columns // 11) % 5).astype("uint8")[None]
    source = write_tiff(tmp_path / "classes_20240103.tif", classes, crs="EPSG:32632", transform=UTM, names=["class"])
    made = make_catalogue(kind="embedded", store="folder")
    made.start()

    def ingest(*more):
        told = summary(made.cli("ingest", source, "--collection", "classes", *more).ok())
        (item,) = made.items("classes")
        with MemoryFile(requests.get(item["assets"]["class"]["href"], timeout=30).content) as file, file.open() as cog:
            assert (cog.read() == classes).all()
            small = cog.read(1, out_shape=(cog.height // 2, cog.width // 2))
            return told, cog.compression.value, set(np.unique(small))

    _, compression, values = ingest("--compression", "lzw", "--overviews", "mode")
    assert compression == "LZW" and values == {1, 2, 3, 4, 5}
    assert ingest("--compression", "lzw", "--overviews", "mode")[0]["unchanged"] == 1
    told, compression, _ = ingest()
    assert told["ingested"] == 1 and compression == "DEFLATE"
    made.cli("ingest", source, "--collection", "classes", "--compression", "jpeg").refused("--compression", "deflate, lzw, zstd")
    made.cli("ingest", source, "--collection", "classes", "--overviews", "cubic").refused("--overviews", "average, mode, nearest")
    made.cli("ingest", "a:b", "--in-place", "--compression", "lzw").refused("--in-place", "--compression")
