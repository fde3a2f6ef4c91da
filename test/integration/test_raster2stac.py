"""Each fault of Raster2STAC's, shown on a small input, and what rucio-stac makes of the same input, by the same clients.

Where an assertion about "theirs" fails, Raster2STAC has mended that fault in the version of test/servers/raster2stac: then say so here.
"""

import datetime
import json
import os
from urllib.parse import urlsplit

import numpy as np
import odc.stac
import pystac
import pytest
import rasterio
import requests
import stackstac
from rasterio.io import MemoryFile
from support.documents import use_offline_schemas, validate_document
from support.lake import Source, new_scope, upload
from support.notebook_tool import DAYS, FILL, LAT, LON, Inputs, Theirs
from support.product import S3, Catalogue, run, s3_client
from test_ingest_rerun import summary

pytestmark = pytest.mark.one_database
MENDED = "Raster2STAC has mended this"
# Ends a process of Node's at its first connection to a host.
SHUT = """
const { Socket } = require('node:net');
const { connect } = Socket.prototype;
Socket.prototype.connect = function (...given) {
  const [options] = given.flat();
  if (!options?.path && typeof options !== 'string') process.exit(97);
  return connect.apply(this, given);
};
"""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return Inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="module")
def theirs(inputs, tmp_path_factory):
    assert "RASTER2STAC_BIN" in os.environ, 'not in the environment: RASTER2STAC_BIN; eval "$(test/servers/raster2stac/install)" first'
    return Theirs(inputs, tmp_path_factory.mktemp("theirs"))


@pytest.fixture(scope="module")
def ours(inputs):
    made = Catalogue(kind="embedded", store="s3")
    try:
        made.start()
        made.told = made.cli("ingest", inputs.cube, "--collection", "cube").ok()
        made.cube = sorted(made.items("cube"), key=lambda item: item["id"])
        yield made
    finally:
        made.close()


def read(href):
    with MemoryFile(requests.get(href, timeout=30).content) as file, file.open() as cog:
        return cog.read(1), cog.profile


def test_assets_tell_loaders_their_grid(inputs, theirs, ours):
    (first, *_) = theirs.items("cube")
    asset = first["assets"]["t2m"]
    assert {"epsg", "shape", "transform"} <= asset.keys() and not any(name.startswith("proj:") for name in asset), MENDED
    with pytest.raises(ValueError, match="CRS"):
        odc.stac.load([pystac.Item.from_dict(first)], bands=["t2m"])
    with pytest.raises(ValueError, match="CRS|epsg"):
        stackstac.stack([first], assets=["t2m"])

    loaded = odc.stac.load([pystac.Item.from_dict(item) for item in ours.cube], bands=["t2m"])
    stack = stackstac.stack(ours.cube, assets=["t2m"], snap_bounds=False, rescale=False).compute(scheduler="threads")
    north_up = inputs.t2m[:, ::-1]
    np.testing.assert_array_equal(loaded.t2m, north_up)
    np.testing.assert_array_equal(stack.isel(band=0), np.where(north_up == FILL, np.nan, north_up))
    assert loaded.odc.geobox.crs == "EPSG:4326" and stack.attrs["crs"] == "epsg:4326"
    np.testing.assert_allclose(loaded.latitude, LAT[::-1])
    np.testing.assert_allclose(loaded.longitude, LON)


def test_hrefs_lead_to_the_pixels_from_anywhere(theirs, ours):
    folder = theirs.folder / "relative" / "items"
    (first, *_) = theirs.items("relative")
    href = first["assets"]["t2m"]["href"]
    assert not urlsplit(href).scheme and not href.startswith("/"), MENDED
    # Of the folder in which it ran: neither beside the document nor below the address that it gives itself.
    assert (theirs.folder / href).exists() and not (folder / href).exists()
    item = pystac.Item.from_file(folder / f"{first['id']}.json")
    assert not os.path.exists(item.assets["t2m"].get_absolute_href()), MENDED

    for document in ours.cube:
        for key in ("t2m", "rain"):
            href = pystac.Item.from_dict(document).assets[key].get_absolute_href()
            assert urlsplit(href).scheme == "http" and requests.get(href, timeout=30).status_code == 200


def test_hrefs_on_s3_lead_to_its_endpoint(theirs, ours):
    asset = theirs.items("s3")[0]["assets"]["t2m"]
    key = f"{theirs.prefix}/t2m_20240301000000.tif"
    assert s3_client().head_object(Bucket=S3["S3_BUCKET"], Key=key)["ContentLength"] > 0
    # No host of Amazon's, either: those are BUCKET.s3.REGION.amazonaws.com.
    assert asset["href"] == f"https://{S3['S3_BUCKET']}.{S3['AWS_REGION']}.amazonaws.com/{key}", MENDED

    for item in ours.cube:
        href = item["assets"]["t2m"]["href"]
        assert href.startswith(f"{S3['S3_ENDPOINT']}/{S3['S3_BUCKET']}/")
        with rasterio.open(href) as cog:
            assert cog.shape == (len(LAT), len(LON))


def test_objects_on_s3_have_their_media_type(theirs, ours):
    cog = "image/tiff; application=geotiff; profile=cloud-optimized"
    assert theirs.items("s3")[0]["assets"]["t2m"]["type"] == cog
    assert s3_client().head_object(Bucket=S3["S3_BUCKET"], Key=f"{theirs.prefix}/t2m_20240301000000.tif")["ContentType"] == "binary/octet-stream", MENDED

    asset = ours.cube[0]["assets"]["t2m"]
    key = urlsplit(asset["href"]).path.removeprefix(f"/{S3['S3_BUCKET']}/")
    assert s3_client().head_object(Bucket=S3["S3_BUCKET"], Key=key)["ContentType"] == asset["type"] == cog


def test_nodata_is_kept(theirs, ours):
    asset = theirs.items("cube")[0]["assets"]["t2m"]
    with rasterio.open(asset["href"]) as cog:
        assert cog.nodata is None and np.isnan(cog.read(1)).sum() == 20 and cog.read(1, masked=True).mask.sum() == 0, MENDED
    assert "nodata" not in asset["raster:bands"][0], MENDED

    asset = ours.cube[0]["assets"]["t2m"]
    with rasterio.open(asset["href"]) as cog:
        assert cog.nodata == FILL and cog.read(1, masked=True).mask.sum() == 20
    assert asset["bands"][0]["nodata"] == FILL


def test_packed_integers_stay_packed(inputs, theirs, ours):
    asset = theirs.items("cube")[0]["assets"]["t2m"]
    with rasterio.open(asset["href"]) as cog:
        assert cog.dtypes == ("float64",) and cog.scales == (1,), MENDED
    assert asset["raster:bands"][0]["data_type"] == "float64"

    for step, item in enumerate(ours.cube):
        asset = item["assets"]["t2m"]
        with rasterio.open(asset["href"]) as cog:
            assert cog.dtypes == ("int16",) and cog.scales == (0.01,) and cog.offsets == (280,)
            np.testing.assert_array_equal(cog.read(1), inputs.t2m[step, ::-1])
        (band,) = asset["bands"]
        assert (band["data_type"], band["raster:scale"], band["raster:offset"], band["unit"]) == ("int16", 0.01, 280, "K")


def test_rows_go_from_north_to_south(theirs, ours):
    asset = theirs.items("cube")[0]["assets"]["t2m"]
    with rasterio.open(asset["href"]) as cog:
        assert cog.transform.e > 0, MENDED
    assert asset["transform"][4] > 0, MENDED

    asset = ours.cube[0]["assets"]["t2m"]
    with rasterio.open(asset["href"]) as cog:
        assert cog.transform.e == -0.25 and cog.bounds.top == LAT[-1] + 0.125
        assert asset["proj:transform"][:6] == list(cog.transform)[:6]


def test_steps_within_a_second_are_items_of_their_own(inputs, theirs, ours):
    (left,) = theirs.items("subsecond")
    # Of three steps the last has overwritten the others.
    assert left["properties"]["datetime"].startswith("2024-03-01T00:00:00.5"), MENDED

    ours.cli("ingest", inputs.subsecond, "--collection", "subsecond").ok()
    times = sorted(datetime.datetime.fromisoformat(item["properties"]["datetime"]) for item in ours.items("subsecond"))
    assert [time.timestamp() - times[0].timestamp() for time in times] == [0, 0.25, 0.5]
    assert times[0] == datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC)


def test_what_tells_no_time_is_not_dated_now(inputs, theirs, ours):
    (item,) = theirs.items("timeless")
    told = datetime.datetime.fromisoformat(item["properties"]["datetime"])
    assert abs((datetime.datetime.now(datetime.UTC) - told).total_seconds()) < 3600, MENDED

    refused = ours.cli("ingest", inputs.timeless, "--collection", "timeless")
    assert refused.code == 1 and "timeless.nc does not say when it was taken" in refused.err and "--datetime" in refused.err
    assert ours.get("/search?collections=timeless").json()["features"] == []
    ours.cli("ingest", inputs.timeless, "--collection", "timeless", "--datetime", "2024-03-05T12:00:00Z").ok()
    assert [item["properties"]["datetime"] for item in ours.items("timeless")] == ["2024-03-05T12:00:00Z"]


def test_geotiffs_are_taken(inputs, theirs, ours):
    assert "provide a path to a valid file" in (theirs.results["tiffs"]["error"] or ""), MENDED
    # One alone is opened, and its dimension band met by another, bands.
    assert "TooManyDimensions" in (theirs.results["tiff"]["error"] or ""), MENDED

    assert summary(ours.cli("ingest", inputs.tiffs[0].parent, "--collection", "tiffs").ok())["ingested"] == 2
    items = sorted(ours.items("tiffs"), key=lambda item: item["id"])
    assert [item["id"] for item in items] == [path.stem for path in inputs.tiffs]
    for item, pixels in zip(items, inputs.pixels):
        (asset,) = (each for each in item["assets"].values() if each["roles"] == ["data"])
        values, profile = read(asset["href"])
        np.testing.assert_array_equal(values, pixels[0])
        assert profile["nodata"] == 0 and profile["crs"] == "EPSG:32632"


def test_progress_is_told(theirs, ours):
    assert theirs.results["cube"]["error"] is None and theirs.results["cube"]["said"] == "", MENDED

    for item in ours.cube:
        assert sum("ingest:item:done" in line and item["id"] in line for line in ours.told.lines) == 1, ours.told.err


def test_validation_needs_no_network(theirs, ours, tmp_path):
    error = theirs.results["validated"]["error"] or ""
    assert "no network: stac-extensions.github.io" in error, MENDED

    files = []
    for number, document in enumerate([*ours.cube, ours.json("/collections/cube")]):
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(json.dumps(document))
    # Node asks no proxy of itself, so connections are shut within it.
    shutter = tmp_path / "shut.cjs"
    shutter.write_text(SHUT)
    shut = {"NODE_OPTIONS": f"--require={shutter}"}
    assert run(["node", "-e", "fetch('http://192.0.2.1/')"], env=ours.with_env(shut), timeout=30).code == 97
    assert ours.cli("validate", *files, **shut).ok().out.count("valid") >= len(files)
    broken = tmp_path / "broken.json"
    broken.write_text(files[0].read_text().replace('"proj:epsg": 4326', '"proj:epsg": "four"'))
    told = ours.cli("validate", broken, **shut)
    assert told.code == 1 and "proj:epsg" in told.out
    use_offline_schemas(lambda uri: requests.get(uri, timeout=30).json())
    for file in files[:-1]:
        document = json.loads(file.read_text())
        assert len(validate_document(document)) == 1 + len(document["stac_extensions"])
    validate_document(json.loads(files[-1].read_text()))


def test_items_link_the_lake(inputs, theirs, ours):
    documents = [*theirs.items("cube"), json.loads((theirs.folder / "cube" / "theirs.json").read_text())]
    for document in documents:
        assert {link["rel"] for link in document["links"]} <= {"collection", "items", "parent", "self", "root"}, MENDED
        assert set(document.get("assets", {})) <= {"t2m", "rain"} and "rucio" not in json.dumps(document), MENDED

    scope = new_scope()
    upload(scope, [Source(inputs.cube, "cube.nc")], [{"name": "cubes", "files": ["cube.nc"]}])
    ours.cli("ingest", f"{scope}:cubes", "--collection", "lake").ok()
    items = ours.items("lake")
    assert sorted(item["properties"]["datetime"] for item in items) == [f"{day}Z" for day in DAYS]
    for item in items:
        assert f"{os.environ['RUCIO_HTTPS_URL']}/dids/{scope}/cube.nc" in [link["href"] for link in item["links"] if link["rel"] == "via"]
        source = item["assets"]["source"]
        assert source["rucio:did"] == f"{scope}:cube.nc" and source["rucio:rses"] == ["DEV-DISK"]
        assert requests.get(source["href"], verify=os.environ["RUCIO_CA_CERT"], timeout=60).content == inputs.cube.read_bytes()
