"""What Items tell of names, pixels and pictures, against numpy, shapely, PROJ and rasterio."""

import numpy as np
import pytest
import rasterio
import requests
from pyproj import Transformer
from rasterio import features
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from shapely.geometry import shape
from shapely.ops import transform, unary_union
from support.documents import use_offline_schemas, validate_document
from support.lake import write_tiff
from test_ingest_rerun import summary

GRID = from_origin(600000, 5200020, 20, 20)
BANDS = {"B02": 1, "B03": 2, "B04": 3}
METADATA = """
collection:
  title: Swaths
  license: CC-BY-4.0
  providers: [{name: Eurac Research, roles: [processor]}]
  doi: https://doi.org/10.5281/zenodo.1234
properties: {mission: flood-watch}
bands: {B04: {description: reflectance at 665 nm}}
"""


def swath(band):
    """Data aslant, nothing beside it."""
    rows, columns = np.mgrid[0:1300, 0:1100]
    values = (500 + band * 300 + rows // 2 + columns // 3).astype("uint16")
    values[(columns < rows * 0.3) | (columns > 700 + rows * 0.25)] = 0
    return values[None]


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    from support.product import Catalogue

    folder = tmp_path_factory.mktemp("swaths")
    for band, number in BANDS.items():
        write_tiff(folder / "in" / f"T32TPS_20240103T101319_{band}.tif", swath(number), crs="EPSG:32632", transform=GRID, nodata=0)
    given = folder / "metadata.yaml"
    given.write_text(METADATA)
    made = Catalogue(kind="embedded", store="s3")
    try:
        made.start()
        made.ingest = lambda *more: made.cli("ingest", folder / "in", "--collection", "swaths", "--metadata", given, *more)
        made.ingest("--thumbnail", "--footprint", "data", "--histogram", "exact").ok()
        (made.item,) = made.items("swaths")
        made.given = given
        yield made
    finally:
        made.close()


@pytest.mark.one_database
def test_names_and_a_metadata_file_tell_scene_bands_and_collection(described):
    item, collection = described.item, described.json("/collections/swaths")
    assert item["id"] == "T32TPS_20240103T101319"
    assert set(item["assets"]) == {*BANDS, "thumbnail", "overview"}
    told = {"datetime": "2024-01-03T10:13:19Z", "constellation": "sentinel-2", "grid:code": "MGRS-32TPS", "mission": "flood-watch"}
    assert told.items() <= item["properties"].items()
    (red,) = item["assets"]["B04"]["bands"]
    assert (red["name"], red["eo:common_name"], red["gsd"], red["description"]) == ("B04", "red", 10, "reflectance at 665 nm")
    assert (collection["title"], collection["license"], collection["sci:doi"]) == ("Swaths", "CC-BY-4.0", "10.5281/zenodo.1234")
    assert collection["providers"] == [{"name": "Eurac Research", "roles": ["processor"]}]
    assert collection["item_assets"]["thumbnail"]["roles"] == ["thumbnail"]


@pytest.mark.one_database
def test_the_documents_are_valid(described):
    use_offline_schemas(lambda uri: requests.get(uri, timeout=30).json())
    used = validate_document(described.item)
    assert len(used) == 1 + len(described.item["stac_extensions"])
    assert any("/render/v2.0.0/" in uri for uri in used) and any("/processing/v1.2.0/" in uri for uri in used)
    validate_document(described.json("/collections/swaths"))


@pytest.mark.one_database
@pytest.mark.parametrize("band", BANDS)
def test_statistics_and_histogram_are_those_of_numpy(described, band):
    (told,) = described.item["assets"][band]["bands"]
    pixels = swath(BANDS[band])
    valid = pixels[pixels != 0]
    histogram = told["raster:histogram"]
    counts, edges = np.histogram(valid, bins=32, range=(valid.min(), valid.max()))
    assert histogram == {"count": 32, "min": edges[0], "max": edges[-1], "buckets": counts.tolist()}
    statistics = told["statistics"]
    assert (statistics["minimum"], statistics["maximum"]) == (valid.min(), valid.max())
    assert statistics["mean"] == pytest.approx(valid.mean()) and statistics["stddev"] == pytest.approx(valid.std())


@pytest.mark.one_database
def test_the_footprint_goes_round_the_data(described):
    mask = (swath(3)[0] != 0).astype("uint8")
    shapes = unary_union([shape(each) for each, value in features.shapes(mask, transform=GRID) if value == 1])
    to_lonlat = Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True).transform
    data = transform(to_lonlat, shapes.segmentize(500))
    told = shape(described.item["geometry"])
    assert told.is_valid and told.exterior.is_ccw
    assert data.difference(told).area < 1e-6 * data.area
    assert data.area / told.area > 0.98
    grid = transform(to_lonlat, shape({"type": "Polygon", "coordinates": [[GRID * corner for corner in ((0, 0), (1100, 0), (1100, 1300), (0, 1300))]]}).segmentize(500))
    assert told.area < 0.8 * grid.area
    assert described.item["bbox"] == pytest.approx(told.bounds)


@pytest.mark.one_database
def test_pictures_are_of_red_green_and_blue(described):
    render = described.item["properties"]["renders"]["overview"]
    assert render["assets"] == ["B04", "B03", "B02"]
    for key, size in (("thumbnail", 256), ("overview", 1024)):
        asset = described.item["assets"][key]
        answer = requests.get(asset["href"], timeout=30)
        assert answer.headers["content-type"] == asset["type"] == "image/png"
        assert len(answer.content) == asset["file:size"]
        with MemoryFile(answer.content) as file, file.open() as png:
            assert (png.height, png.count) == (size, 4) and png.width == round(size * 1100 / 1300)
            red, green, blue, alpha = png.read().astype(float)
        # Where a pixel of the picture has data all over, or nowhere.
        step = 1300 / size
        rows, columns = ((np.arange(n) + 0.5) * step for n in (png.height, png.width))
        edge = columns[None] - rows[:, None] * 0.3, 700 + rows[:, None] * 0.25 - columns[None]
        inside = (edge[0] > 3 * step) & (edge[1] > 3 * step)
        outside = (edge[0] < -3 * step) | (edge[1] < -3 * step)
        assert (alpha[inside] == 255).all() and (alpha[outside] == 0).all() and inside.any() and outside.any()
        for seen, number, (least, most) in zip((red, green, blue), (3, 2, 1), render["rescale"]):
            value = 500 + number * 300 + rows[:, None] / 2 + columns[None] / 3
            wanted = np.clip((value - least) / (most - least) * 255, 0, 255)
            assert np.abs(seen - wanted)[inside].max() < 3


@pytest.mark.one_database
def test_of_a_raster_at_an_address_as_much_is_told(described):
    href = described.item["assets"]["B04"]["href"]
    described.cli("ingest", href, "--collection", "address", "--metadata", described.given, "--datetime", "2024-01-03T10:13:19Z").ok()
    (item,) = described.items("address")
    assert item["properties"]["mission"] == "flood-watch"
    assert described.json("/collections/address")["title"] == "Swaths"


@pytest.mark.one_database
def test_nothing_is_done_again(described):
    options = ("--thumbnail", "--footprint", "data", "--histogram", "exact")
    again = summary(described.ingest(*options).ok())
    assert (again["unchanged"], again["rows"], again["bytes"]) == (3, 0, 0)


@pytest.mark.one_database
def test_what_cannot_be_used_is_refused(make_catalogue, tmp_path):
    made = make_catalogue(kind="embedded", store="folder")
    made.start()
    source = write_tiff(tmp_path / "a_20240103.tif", swath(1)[:, :64, :64], crs="EPSG:32632", transform=GRID)
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("collection: {licence: MIT}")
    made.cli("ingest", source, "--collection", "a", "--metadata", wrong).refused("licence", "license", "wrong.yaml")
    made.cli("ingest", source, "--collection", "a", "--metadata", tmp_path / "none.yaml").refused("none.yaml", "cannot be read")
    made.cli("ingest", source, "--collection", "a", "--histogram", "all").refused("--histogram", "overview, exact, none")
    made.cli("ingest", source, "--collection", "a", "--footprint", "hull").refused("--footprint", "grid, data")
