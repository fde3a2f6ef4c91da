"""Every type of source -> COGs that odc.stac and stackstac load exactly, on the grid of the source, as rasterio and xarray read it.

GeoTIFFs of a lake and a NetCDF-4 cube are in test_did_to_xarray.py; what xarray reads in cubes was written down by test/raster/make-fixtures.py.
"""

import hashlib
import http.server
import json
import os
import re
import shutil
import ssl
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import odc.stac
import pystac
import pytest
import rasterio
import requests
import stackstac
from affine import Affine
from rasterio.io import MemoryFile
from rio_cogeo.cogeo import cog_validate
from support.documents import use_offline_schemas, validate_document
from support.product import ROOT, Catalogue
from test_ingest_rerun import summary

pytestmark = pytest.mark.one_database
FIXTURES = ROOT / "test/raster/fixtures"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text())
CUBES = {
    "classic.nc": "NetCDF-3",
    "classic-offsets.nc": "NetCDF-3, 64-bit offsets",
    "classic-data.nc": "NetCDF-3, 64-bit data",
    "packed.nc": "NetCDF-4",
    "extra-dimensions.nc": "levels and members",
    "packed-2.zarr": "Zarr v2",
    "packed-3.zarr": "Zarr v3",
    "sharded.zarr": "Zarr v3 in shards",
}
TIFFS = [
    "mask.tif", "mask-south-up.tif", "bits-1.tif", "bits-2-tiles.tif", "bits-4-palette.tif", "palette.tif", "half.tif", "south-up.tif", "point.tif",
    "compress-lerc_zstd.tif", "compress-packbits.tif", "planar.tif", "sparse-mixed.tif", "big-endian-bigtiff.tif", "nodata-nan.tif", "polar.tif", "antimeridian.tif",
    *(f"type-{name}.tif" for name in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64")),
]
REMOTE = "overviews.tif"


@contextmanager
def https(folder):
    """Files at an https address with the certificate of the lake's storage; each answer's status and length."""
    answers = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            content = (Path(folder) / self.path.lstrip("/")).read_bytes()
            asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range", ""))
            first, last = (int(asked[1]), min(int(asked[2] or len(content)), len(content) - 1)) if asked else (0, len(content) - 1)
            part = content[first : last + 1] if self.command == "GET" else b""
            answers.append((206 if asked else 200, len(part)))
            self.send_response(answers[-1][0])
            if asked:
                self.send_header("content-range", f"bytes {first}-{last}/{len(content)}")
            self.send_header("accept-ranges", "bytes")
            self.send_header("content-length", str(last + 1 - first))
            self.end_headers()
            self.wfile.write(part)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    tls = Path(os.environ["RUCIO_DEV_STATE"]) / "tls"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / "server.crt", tls / "server.key")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{server.server_port}", answers
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    for name in (*CUBES, *TIFFS):
        (shutil.copytree if name.endswith(".zarr") else shutil.copy)(FIXTURES / name, folder / name)
    made = Catalogue(kind="embedded", store="s3")
    try:
        made.start()
        made.told = summary(made.cli("ingest", folder, "--collection", "sources", "--datetime", "2024-01-01").ok())
        with https(FIXTURES) as (address, made.answers):
            made.cli("ingest", f"{address}/{REMOTE}", "--collection", "remote", "--datetime", "2024-01-01", NODE_EXTRA_CA_CERTS=os.environ["RUCIO_CA_CERT"]).ok()
        made.documents = [*made.items("sources"), *made.items("remote")]
        yield made
    finally:
        made.close()


def of(sources, name, key=None):
    """Items of a source, those that have an asset if one is named, in the order of time."""
    stem = name.rsplit(".", 1)[0]
    found = [item for item in sources.documents if re.fullmatch(rf"{re.escape(stem)}(_\d{{8}}T\d+Z)?", item["id"]) and (key is None or key in item["assets"])]
    return sorted(found, key=lambda item: item["properties"]["datetime"])


def load(items, key):
    """Pixels by time, as odc.stac and as stackstac load them, with the grid that each tells."""
    loaded = odc.stac.load([pystac.Item.from_dict(item) for item in items], bands=[key])
    stack = stackstac.stack(items, assets=[key], snap_bounds=False, rescale=False).compute(scheduler="threads")
    box = loaded.odc.geobox
    assert f"epsg:{box.crs.to_epsg()}" == stack.attrs["crs"] and stack.attrs["transform"].almost_equals(box.transform, 1e-9)
    return loaded[key], stack.isel(band=0), box


def north_up(pixels, transform):
    if transform.e < 0:
        return pixels, transform
    return pixels[:, ::-1], Affine(transform.a, 0, transform.c, 0, -transform.e, transform.f + transform.e * pixels.shape[1])


@pytest.mark.parametrize("name", [*TIFFS, REMOTE])
def test_geotiffs_load_as_rasterio_reads_them(sources, name):
    with rasterio.open(FIXTURES / name) as source:
        pixels, transform = north_up(source.read(masked=True), source.transform)
        keys = [asset for item in of(sources, name) for asset, each in item["assets"].items() if each["roles"] == ["data"]]
        assert len(keys) == source.count
        for band, key in enumerate(keys):
            loaded, stack, box = load(of(sources, name, key), key)
            assert loaded.dtype == source.dtypes[band] and box.crs == source.crs and box.transform.almost_equals(transform, 1e-9)
            np.testing.assert_array_equal(loaded.isel(time=0), pixels.data[band])
            np.testing.assert_array_equal(stack.isel(time=0), pixels[band].astype("float64").filled(np.nan))


@pytest.mark.parametrize("name", CUBES, ids=CUBES.values())
def test_cubes_load_as_xarray_reads_them(sources, name):
    variables = EXPECTED[name]["variables"]
    for key, told in variables.items():
        items = of(sources, name, key)
        loaded, stack, box = load(items, key)
        assert loaded.dtype == told["dtype"] and box.crs.to_epsg() == EXPECTED[name]["epsg"] and box.shape == (told["height"], told["width"])
        assert box.transform.almost_equals(Affine(*told["transform"]), 1e-9)
        if told["times"] != [None]:
            assert [np.datetime64(item["properties"]["datetime"].rstrip("Z"), "us") for item in items] == [np.datetime64(time) for time in told["times"]]
        steps = [np.ascontiguousarray(loaded.isel(time=step)) for step in range(len(items))]
        # What has no time belongs to each step.
        wanted = told["sha256"] if told["times"] != [None] else told["sha256"] * len(items)
        assert [hashlib.sha256(step.tobytes()).hexdigest() for step in steps] == wanted
        nodata = np.nan if told["nodata"] in (None, "nan") else told["nodata"]
        np.testing.assert_array_equal(stack, [np.where(step == nodata, np.nan, step) for step in steps])


def test_a_geotiff_at_an_address_was_read_by_range(sources):
    parts = [length for status, length in sources.answers if status == 206]
    size = (FIXTURES / REMOTE).stat().st_size
    assert parts and all(length < size for _, length in sources.answers)


def test_every_cog_is_strictly_valid(sources):
    checked = 0
    for item in sources.documents:
        for asset in item["assets"].values():
            if asset["roles"] != ["data"]:
                continue
            answer = requests.get(asset["href"], timeout=30)
            assert answer.status_code == 200 and len(answer.content) == asset["file:size"]
            with MemoryFile(answer.content) as file:
                valid, errors, warned = cog_validate(file.name, strict=True, quiet=True)
            assert valid and not errors and not warned, (asset["href"], errors, warned)
            checked += 1
    assert checked > 100


def test_every_document_is_valid(sources):
    use_offline_schemas(lambda uri: requests.get(uri, timeout=30).json())
    assert sources.told["ingested"] == len(CUBES) + len(TIFFS)
    for document in [*sources.documents, *sources.json("/collections")["collections"]]:
        assert len(validate_document(document)) == 1 + len(document.get("stac_extensions", []))
