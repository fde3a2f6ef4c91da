"""ingest --in-place: Items point to originals that are COGs, and clients read the originals' own pixels through them."""

import hashlib
import os

import numpy as np
import odc.stac
import pystac
import pytest
import rasterio
import requests
from rasterio.shutil import copy as translate
from support.lake import UTM, Source, new_scope, ramp, upload, write_tiff
from support.product import Catalogue

TIMES = ["2024-05-01T10:00:00Z", "2024-05-02T10:00:00Z"]


class Rasters:
    """Two COGs of GDAL's making with overviews and a striped file, in a dataset each, of one scope."""

    def __init__(self, folder):
        self.scope = new_scope()
        self.cogs = []
        for n, time in enumerate(TIMES):
            pixels = ramp((2, 1100, 1300), "uint16", n)
            pixels[:, :200, :300] = 0
            plain = write_tiff(folder / f"plain{n}.tif", pixels, crs="EPSG:32632", transform=UTM, nodata=0, names=["red", "nir"])
            path = folder / f"cog{n}.tif"
            translate(plain, path, driver="COG", compress="deflate", blocksize=256)
            self.cogs.append(Source(path, f"deep/cog{n}.tif", ("DEV-DISK", "DEV-CACHE") if n == 0 else ("DEV-DISK",), {"datetime": time}))
        self.strips = Source(folder / "plain0.tif", "strips.tif", ("DEV-DISK",), {"datetime": TIMES[0]})
        names = [cog.name for cog in self.cogs]
        self.places = upload(self.scope, [*self.cogs, self.strips], [{"name": "cogs", "files": names}, {"name": "mixed", "files": [names[0], self.strips.name]}])


@pytest.fixture(scope="module")
def rasters(tmp_path_factory):
    return Rasters(tmp_path_factory.mktemp("in-place"))


@pytest.fixture(scope="module")
def catalogue_in_place():
    made = Catalogue(store="s3")
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def items(catalogue_in_place, rasters):
    result = catalogue_in_place.cli("ingest", f"{rasters.scope}:cogs", "--in-place").ok()
    assert "2 files ingested" in result.err and " 0 bytes uploaded" in result.err
    return catalogue_in_place.items(f"{rasters.scope}.cogs")


def of(items, source):
    return next(item for item in items if item["id"] == source.stem)


def test_the_data_asset_is_the_replica(items, rasters):
    for cog in rasters.cogs:
        assets = of(items, cog)["assets"]
        assert list(assets) == ["image"]
        asset = assets["image"]
        content = cog.path.read_bytes()
        assert asset["roles"] == ["data"]
        assert asset["type"] == "image/tiff; application=geotiff; profile=cloud-optimized"
        assert asset["file:size"] == len(content)
        assert asset["file:checksum"] == "d50110" + hashlib.md5(content).hexdigest()
        assert asset["rucio:did"] == f"{rasters.scope}:{cog.name}"
        assert sorted(asset["alternate"]) == sorted(cog.rses)
        hrefs = {each["href"] for each in asset["alternate"].values()}
        assert asset["href"] in hrefs and all(href.startswith("https://") and href.endswith(cog.name) for href in hrefs)
        with rasterio.open(cog.path) as src:
            assert asset["proj:shape"] == [src.height, src.width]
            assert asset["proj:transform"] == list(src.transform)[:6]
            assert [band["name"] for band in asset["bands"]] == list(src.descriptions)
            smallest = len(src.overviews(1)) - 1
        with rasterio.open(cog.path, overview_level=smallest) as src:
            for told, overview in zip(asset["bands"], src.read(masked=True), strict=True):
                assert told["nodata"] == src.nodata
                assert (told["statistics"]["minimum"], told["statistics"]["maximum"]) == (overview.min(), overview.max())
                assert told["statistics"]["mean"] == pytest.approx(overview.mean())


def test_clients_read_the_source_s_own_pixels(items, rasters, monkeypatch):
    # The storage has a certificate of the development CA.
    monkeypatch.setenv("GDAL_CURL_CA_BUNDLE", os.environ["RUCIO_CA_CERT"])
    loaded = odc.stac.load([pystac.Item.from_dict(item) for item in items], bands=["image.1", "image.2"])
    for n, cog in enumerate(rasters.cogs):
        with rasterio.open(cog.path) as src:
            assert loaded.odc.geobox.transform == src.transform
            for index in src.indexes:
                np.testing.assert_array_equal(loaded[f"image.{index}"].isel(time=n).values, src.read(index))
            with rasterio.open(of(items, cog)["assets"]["image"]["href"]) as there:
                np.testing.assert_array_equal(there.read(), src.read())


def test_the_permanent_address_leads_to_a_replica(catalogue_in_place, items, rasters):
    for cog in rasters.cogs:
        item = of(items, cog)
        answer = requests.get(f"{catalogue_in_place.url}/collections/{item['collection']}/items/{item['id']}/assets/image", allow_redirects=False, timeout=30)
        assert answer.status_code == 302, answer.text
        assert answer.headers["Location"].endswith(cog.name) and any(f"/{rse.lower()}/" in answer.headers["Location"] for rse in cog.rses)


def test_again_nothing_is_read(catalogue_in_place, items, rasters):
    result = catalogue_in_place.cli("ingest", f"{rasters.scope}:cogs", "--in-place").ok()
    assert "0 files ingested, 2 unchanged" in result.err and "0 rows changed" in result.err


def test_what_is_no_cog_is_refused_by_name(catalogue_in_place, rasters):
    result = catalogue_in_place.cli("ingest", f"{rasters.scope}:mixed", "--in-place")
    assert result.code == 1, str(result)
    assert "1 files ingested" in result.err
    assert "strips.tif is no Cloud-Optimized GeoTIFF that can stay in place: it is stored in strips" in result.err
    # Without the option both are copied.
    catalogue_in_place.cli("ingest", f"{rasters.scope}:mixed").ok()
    assets = of(catalogue_in_place.items(f"{rasters.scope}.mixed"), rasters.cogs[0])["assets"]
    assert sorted(assets) == ["nir", "red", "source"]


def test_a_path_is_refused(catalogue_in_place, rasters):
    catalogue_in_place.cli("ingest", rasters.cogs[0].path, "--collection", "x", "--in-place").refused("--in-place", "DID")
