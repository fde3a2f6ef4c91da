"""From a DID to an xarray: files in Rucio -> rucio-stac ingest -> found by pystac-client -> loaded by odc.stac and stackstac.

What must come out is what rasterio and xarray read from the files that went in.
"""

import hashlib
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import odc.stac
import pystac_client
import pytest
import rasterio
import requests
import shapely
import stackstac
import xarray
from pyproj import Transformer
from shapely.geometry import box, mapping, shape
from support.lake import CUBE_TIMES, SCENE_TIMES, SINGLES

RIO = Path(sys.executable).parent / "rio"


@pytest.fixture(scope="module")
def client(catalogue):
    return pystac_client.Client.open(f"{catalogue.url}/")


def corners(path):
    """Footprint by PROJ, edges densified, lon/lat."""
    with rasterio.open(path) as src:
        to_lonlat = Transformer.from_crs(src.crs, "OGC:CRS84", always_xy=True)
        outline = shapely.segmentize(box(*src.bounds), max(src.bounds.right - src.bounds.left, src.bounds.top - src.bounds.bottom) / 40)
    return shapely.transform(outline, lambda xy: np.column_stack(to_lonlat.transform(xy[:, 0], xy[:, 1])))


def same(actual, expected):
    np.testing.assert_array_equal(np.asarray(actual), np.asarray(expected))


def test_one_item_a_scene_and_a_time_step(catalogue, lake):
    items = catalogue.items(lake.collection)
    stems = {source.stem for source in [*lake.scenes, *lake.singles]}
    steps = {f"{lake.cube.stem}_{time.replace('-', '').replace(':', '')}" for time in CUBE_TIMES}
    assert {item["id"] for item in items} == stems | steps
    assert len(items) == len(stems | steps)


def test_collection_says_what_its_items_span(catalogue, lake):
    collection = catalogue.json(f"/collections/{lake.collection}")
    footprints = [corners(source.path) for source in [*lake.scenes, *lake.singles]]
    # The cube's edges are half a step beyond its outermost cell centres.
    footprints.append(box(5 - 0.125, 45 - 0.125, 20 + 0.125, 55 + 0.125))
    west, south, east, north = shapely.union_all(footprints).bounds
    assert collection["extent"]["spatial"]["bbox"][0] == pytest.approx([west, south, east, north], abs=2e-3)
    assert collection["extent"]["temporal"]["interval"][0] == ["2022-01-15T00:00:00Z", "2023-07-01T18:00:00Z"]
    assert collection["title"] == "The campaign"


@pytest.mark.parametrize("method", ["GET", "POST"])
class TestFinding:
    def ids(self, client, **search):
        return sorted(item.id for item in client.search(**search).items())

    def test_by_collection_and_pages_of_one(self, client, lake, method):
        found = self.ids(client, method=method, collections=[lake.collection], limit=1)
        assert len(found) == len(set(found)) == 12

    def test_by_datetime(self, client, lake, method):
        search = {"method": method, "collections": [lake.collection]}
        assert self.ids(client, **search, datetime=SCENE_TIMES[1]) == [lake.scenes[1].stem]
        assert self.ids(client, **search, datetime="2023-06-02/2023-06-30") == [source.stem for source in lake.scenes[1:]]
        assert self.ids(client, **search, datetime="../2022-12-31T23:59:59Z") == sorted(source.stem for source in lake.singles)
        assert len(self.ids(client, **search, datetime=["2023-07-01T00:00:00Z", None])) == 4

    def test_by_ids(self, client, lake, method):
        wanted = sorted([lake.scenes[2].stem, lake.singles[0].stem])
        assert self.ids(client, method=method, ids=wanted) == wanted

    def test_by_bbox_as_shapely_says(self, client, lake, catalogue, method):
        everything = catalogue.items(lake.collection)
        for edges in [(10.2, 46.9, 10.4, 47.0), (-11, 38, -8, 41), (-180, -90, 180, 90), (0, 0, 1, 1), (4, 44, 30, 60)]:
            expected = sorted(item["id"] for item in everything if shape(item["geometry"]).intersects(box(*edges)))
            assert self.ids(client, method=method, collections=[lake.collection], bbox=edges) == expected, edges

    def test_by_geometry_as_shapely_says(self, client, lake, catalogue, method):
        everything = catalogue.items(lake.collection)
        shapes = [
            shapely.Point(10.33, 46.94), shapely.LineString([(-20, 39), (20, 52)]), box(9, 46, 11, 48),
            shapely.MultiPoint([(10.33, 46.94), (-10, 39.5)]), shapely.Polygon([(4, 44), (30, 44), (4, 60)]),
            shapely.MultiPolygon([box(-11, 38, -8, 41), box(9, 46, 11, 48)]),
        ]
        for wanted in shapes:
            expected = sorted(item["id"] for item in everything if shape(item["geometry"]).intersects(wanted))
            assert self.ids(client, method=method, collections=[lake.collection], intersects=mapping(wanted)) == expected, wanted

    def test_newest_first(self, client, lake, method):
        times = [item.datetime for item in client.search(method=method, collections=[lake.collection], limit=5).items()]
        assert times == sorted(times, reverse=True)


def test_footprints_as_proj_says(catalogue, lake):
    items = {item["id"]: item for item in catalogue.items(lake.collection)}
    for source in [*lake.scenes, *lake.singles]:
        expected, footprint = corners(source.path), shape(items[source.stem]["geometry"])
        # EPSG:3035 is where proj4 and PROJ part most: 1e-3 degrees of an edge.
        assert footprint.symmetric_difference(expected).area <= 2e-3 * expected.length, source.name
        assert items[source.stem]["bbox"] == pytest.approx(expected.bounds, abs=1e-3), source.name
        assert footprint.exterior.is_ccw


def test_scenes_load_with_odc_stac(client, lake):
    items = client.search(collections=[lake.collection], ids=[source.stem for source in lake.scenes]).item_collection()
    loaded = odc.stac.load(items, bands=["red", "nir"])
    assert list(loaded.time.dt.strftime("%Y-%m-%dT%H:%M:%SZ").values) == SCENE_TIMES
    for index, source in enumerate(lake.scenes):
        with rasterio.open(source.path) as src:
            assert loaded.odc.geobox.shape == (src.height, src.width)
            assert loaded.odc.geobox.transform == src.transform
            assert loaded.odc.geobox.crs == src.crs
            for band, name in enumerate(["red", "nir"], 1):
                assert loaded[name].dtype == src.dtypes[band - 1]
                assert loaded[name].nodata == src.nodata
                same(loaded[name].isel(time=index), src.read(band))


def test_scenes_load_with_stackstac(client, lake):
    items = client.search(collections=[lake.collection], ids=[source.stem for source in lake.scenes]).items_as_dicts()
    stack = stackstac.stack(sorted(items, key=lambda item: item["properties"]["datetime"]), assets=["red", "nir"])
    assert stack.shape == (3, 2, 257, 301)
    with rasterio.open(lake.scenes[0].path) as src:
        assert stack.attrs["transform"] == src.transform
        assert stack.attrs["crs"] == "epsg:32632"
    values = stack.compute(scheduler="threads")
    for index, source in enumerate(lake.scenes):
        with rasterio.open(source.path) as src:
            # stackstac makes float64 of everything and NaN of nodata.
            expected = src.read(masked=True).astype("float64").filled(np.nan)
        same(values.isel(time=index), expected)


@pytest.mark.parametrize("name", SINGLES)
def test_each_type_and_projection_loads(client, lake, name):
    source = next(each for each in lake.singles if name in each.name)
    search = client.search(collections=[lake.collection], ids=[source.stem])
    loaded = odc.stac.load(search.items(), bands=["value"])
    stack = stackstac.stack(list(search.items_as_dicts()), assets=["value"], snap_bounds=False).compute(scheduler="threads")
    with rasterio.open(source.path) as src:
        pixels = src.read(1)
        assert loaded.odc.geobox.shape == stack.shape[2:] == pixels.shape
        assert loaded.odc.geobox.transform == src.transform
        assert stack.attrs["transform"].almost_equals(src.transform, 1e-9)
        assert loaded.odc.geobox.crs == src.crs
        assert stack.attrs["crs"] == f"epsg:{src.crs.to_epsg()}"
        assert loaded.value.dtype == src.dtypes[0]
        same(loaded.value.isel(time=0), pixels)
        same(stack.isel(time=0, band=0), src.read(1, masked=True).astype("float64").filled(np.nan))


@pytest.fixture(scope="module")
def cube_items(client, lake):
    items = client.search(collections=[lake.collection], datetime="2023-07-01T00:00:00Z/2023-07-01T23:59:59Z").item_collection()
    assert len(items) == 4
    return items


@pytest.mark.parametrize("variable", ["t2m", "tp"])
def test_a_cube_loads_as_xarray_reads_it(cube_items, lake, variable):
    loaded = odc.stac.load(cube_items, bands=[variable])
    with xarray.open_dataset(lake.cube.path, mask_and_scale=False) as raw, xarray.open_dataset(lake.cube.path) as physical:
        assert list(loaded.time.values) == list(raw.time.values)
        # North-up in the COG; south-up in the file.
        stored = raw[variable].isel(lat=slice(None, None, -1))
        assert loaded[variable].dtype == stored.dtype
        same(loaded[variable], stored)
        np.testing.assert_allclose(loaded[variable].longitude, raw.lon, atol=1e-12)
        np.testing.assert_allclose(loaded[variable].latitude, stored.lat, atol=1e-12)
        band = cube_items[0].assets[variable].extra_fields["bands"][0]
        scale, offset = band.get("raster:scale", 1), band.get("raster:offset", 0)
        values = loaded[variable].where(loaded[variable] != band["nodata"]) * scale + offset
        np.testing.assert_allclose(values, physical[variable].isel(lat=slice(None, None, -1)), rtol=1e-6, equal_nan=True)


@pytest.mark.parametrize("variable", ["t2m", "tp"])
def test_a_cube_loads_with_stackstac(client, lake, variable):
    items = client.search(collections=[lake.collection], datetime="2023-07-01T00:00:00Z/2023-07-01T23:59:59Z").items_as_dicts()
    stack = stackstac.stack(sorted(items, key=lambda item: item["id"]), assets=[variable], snap_bounds=False, rescale=False).compute(scheduler="threads")
    with xarray.open_dataset(lake.cube.path, mask_and_scale=False) as raw:
        stored = raw[variable].isel(lat=slice(None, None, -1))
        same(stack.isel(band=0), stored.where(stored != stored.attrs["_FillValue"]).astype("float64"))


def test_every_cog_is_valid_and_holds_the_source_exactly(catalogue, lake, tmp_path):
    sources = {source.stem: source for source in [*lake.scenes, *lake.singles]}
    checked = 0
    for item in catalogue.items(lake.collection):
        for key, asset in item["assets"].items():
            if "data" not in asset["roles"]:
                continue
            assert asset["type"] == "image/tiff; application=geotiff; profile=cloud-optimized"
            response = requests.get(asset["href"], timeout=60)
            assert response.status_code == 200 and response.headers["content-type"] == asset["type"], asset["href"]
            assert len(response.content) == asset["file:size"]
            assert asset["file:checksum"] == "1220" + hashlib.sha256(response.content).hexdigest()
            copy = tmp_path / f"{checked}.tif"
            copy.write_bytes(response.content)
            told = subprocess.run([RIO, "cogeo", "validate", "--strict", copy], capture_output=True, text=True, timeout=60)
            assert told.returncode == 0 and "is a valid cloud optimized GeoTIFF" in told.stdout and "not a valid" not in told.stdout, f"{asset['href']}: {told.stdout}{told.stderr}"
            with rasterio.open(copy) as cog:
                assert cog.profile["tiled"] and cog.compression is not None
                assert asset["proj:shape"] == list(cog.shape)
                assert asset["proj:transform"][:6] == list(cog.transform)[:6]
                assert asset["proj:epsg"] == cog.crs.to_epsg() and asset["proj:code"] == f"EPSG:{cog.crs.to_epsg()}"
                assert asset["proj:bbox"] == list(cog.bounds)
                band = asset["bands"][0]
                assert band["data_type"] == cog.dtypes[0]
                assert band["name"] == key
                nodata = "nan" if cog.nodata is not None and np.isnan(cog.nodata) else cog.nodata
                assert band.get("nodata") == nodata
                statistics, valid = band["statistics"], cog.read(1, masked=True)
                assert statistics["minimum"] == valid.min() and statistics["maximum"] == valid.max()
                assert statistics["mean"] == pytest.approx(valid.mean(dtype="float64"), rel=1e-9, abs=1e-9)
                assert statistics["stddev"] == pytest.approx(valid.std(dtype="float64"), rel=1e-9)
                assert statistics["valid_percent"] == pytest.approx(100 * valid.count() / valid.size)
                if item["id"] in sources:
                    with rasterio.open(sources[item["id"]].path) as src:
                        same(cog.read(1), src.read(["red", "nir"].index(key) + 1 if key in ("red", "nir") else 1))
                        assert (cog.transform, cog.crs) == (src.transform, src.crs)
                        assert cog.nodata == src.nodata or (np.isnan(cog.nodata) and np.isnan(src.nodata))
            checked += 1
    assert checked == 3 * 2 + 5 + 4 * 2


def test_rio_cogeo_validates_over_http(catalogue, lake):
    item = next(each for each in catalogue.items(lake.collection) if each["id"] == lake.scenes[0].stem)
    for key in ("red", "nir"):
        told = subprocess.run([RIO, "cogeo", "validate", "--strict", item["assets"][key]["href"]], capture_output=True, text=True, timeout=120)
        assert told.returncode == 0 and "is a valid cloud optimized GeoTIFF" in told.stdout, told.stdout + told.stderr


def test_the_original_is_there_by_each_of_its_replicas(catalogue, lake):
    ca = os.environ["RUCIO_CA_CERT"]
    for item in catalogue.items(lake.collection):
        source = next((each for each in [*lake.scenes, *lake.singles] if each.stem == item["id"]), lake.cube)
        asset, original = item["assets"]["source"], source.path.read_bytes()
        assert asset["roles"] == ["source"]
        assert asset["href"] == f"{catalogue.url}/collections/{lake.collection}/items/{item['id']}/assets/source"
        assert requests.get(asset["href"], verify=ca, timeout=60).content == original
        assert asset["file:size"] == len(original)
        assert asset["rucio:adler32"] == f"{zlib.adler32(original):08x}"
        assert (asset["rucio:scope"], asset["rucio:name"], asset["rucio:did"]) == (lake.scope, source.name, f"{lake.scope}:{source.name}")
        assert sorted(asset["rucio:rses"]) == sorted(asset["alternate"]) == sorted(source.rses)
        if "file:checksum" in asset:
            assert asset["file:checksum"] == "d50110" + hashlib.md5(original).hexdigest()
        for rse, alternate in asset["alternate"].items():
            assert alternate["alternate:name"] == rse
            assert alternate["href"].startswith("https://")
            assert requests.get(alternate["href"], verify=ca, timeout=60).content == original


def test_links_lead_to_rucio(catalogue, lake):
    items = catalogue.items(lake.collection)
    for document in [items[0], catalogue.json(f"/collections/{lake.collection}")]:
        via = [link["href"] for link in document["links"] if link["rel"] == "via"]
        assert any(href.startswith(os.environ["RUCIO_HTTPS_URL"]) for href in via), json.dumps(document["links"])


def test_single_file_and_dataset_too(make_catalogue, lake):
    made = make_catalogue()
    made.start()
    made.cli("ingest", f"{lake.scope}:{lake.scenes[0].name}", "--collection", "one").ok()
    assert [item["id"] for item in made.items("one")] == [lake.scenes[0].stem]
    made.cli("ingest", f"{lake.scope}:meteo").ok()
    assert len(made.items(f"{lake.scope}.meteo")) == 4
