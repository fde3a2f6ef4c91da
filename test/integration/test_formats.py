"""Whole search results as NDJSON and stac-geoparquet, opened by what scientists have; and the server's memory meanwhile."""

import asyncio
import datetime
import json
import threading
from pathlib import Path

import duckdb
import geopandas
import pyarrow.parquet
import pytest
import requests
import rustac
import shapely.geometry
import stac_geoparquet.arrow
from support.product import Catalogue

SCHEMA = "https://stac-extensions.github.io/"
COLLECTION = {
    "type": "Collection",
    "stac_version": "1.1.0",
    "id": "awkward",
    "description": "Items that columns find hard",
    "license": "other",
    "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [["2020-01-01T00:00:00Z", None]]}},
    "links": [],
}


def box(west, south, east, north):
    return {"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]}


def item(name, properties=None, **members):
    made = {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": name,
        "collection": "awkward",
        "geometry": box(10, 40, 11, 41),
        "bbox": [10, 40, 11, 41],
        "properties": {"datetime": "2024-01-01T00:00:00Z"} | (properties or {}),
        "links": [],
        "assets": {"data": {"href": "https://files.example/a.tif", "roles": ["data"]}},
    }
    return {key: value for key, value in (made | members).items() if value is not ...}


ITEMS = [
    item("plain", {"eo:cloud_cover": 12.5, "platform": "s2"}),
    item("unicode-ö日本🛰", {"title": "Δx = 1\u00a0µm \"quoted\" \\ /"}),
    item("whole", {"count": 9007199254740993, "eo:cloud_cover": 3}),
    item("negative", {"count": -(2**63)}),
    item("small", {"eo:cloud_cover": 1e-7}),
    item("interval", {"datetime": None, "start_datetime": "1999-12-31T23:59:59.123456Z", "end_datetime": "2024-02-29T12:00:00+00:00"}),
    item("nested", {"proj": {"deep": {"list": [{"a": 1}, {"b": [1.5, 2]}]}}, "flags": [True, False]}),
    item("empty-list", {"flags": []}),
    item("date-line", geometry={"type": "MultiPolygon", "coordinates": [box(179, 0, 180, 1)["coordinates"], box(-180, 0, -179, 1)["coordinates"]]}, bbox=[179, 0, -179, 1]),
    item("assets", assets={"ä.b": {"href": "https://files.example/b.tif", "bands": [{"name": "B1", "eo:common_name": "red"}], "proj:shape": [10, 20], "raster:scale": 0.1}}),
    item("old", {"created": "2020-01-01T00:00:00Z"}, stac_version="1.0.0", stac_extensions=[SCHEMA + "eo/v1.1.0/schema.json"]),
]
# Each client has its limits with these: no geometry, heights beside none, types that do not go together.
HARD = [
    item("nowhere", geometry=None, bbox=...),
    item("high", geometry={"type": "Point", "coordinates": [1, 2, 3]}, bbox=[1, 2, 3, 1, 2, 3]),
    item("mixed-number", {"mixed": 1}),
    item("mixed-text", {"mixed": "one"}),
    item("mixed-object", {"mixed": {"a": 1}, "huge": 10**30}),
    item("bare", {"nothing": {}}, assets={}),
    item("same-name", {"id": "of the properties", "properties.id": "of the column"}),
]
# Metres, in the CRS of the data: as the clients write it, WKB.
FOOTPRINT = {"type": "Polygon", "coordinates": [[[600000, 4500000], [600020, 4500000], [600020, 4500010.5], [600000, 4500000]]]}
CENTRE = {"type": "Point", "coordinates": [600010.25, 4500005]}
PROJECTED = [
    item(name, {"proj:code": "EPSG:32632", "proj:geometry": own}, assets={"data": {"href": "https://files.example/a.tif", "proj:geometry": FOOTPRINT}})
    for name, own in (("footprint", FOOTPRINT), ("centre", CENTRE))
]
HEIGHTS = [item("low"), item("height", geometry={"type": "Point", "coordinates": [1, 2, 3]}, bbox=[1, 2, 3, 1, 2, 3])]
# What is written of it where not all have heights.
FLAT = [item("low"), item("height", geometry={"type": "Point", "coordinates": [1, 2, 3]}, bbox=[1, 2, 1, 2])]
OTHERS = {"hard": HARD, "projected": PROJECTED, "heights": HEIGHTS}


def without_nulls(value):
    """What a column cannot tell apart: a member that is null and one that is not there."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def comparable(found):
    made = without_nulls(found)
    # rustac makes all polygons MultiPolygons where some are.
    shape = shapely.geometry.shape(made["geometry"])
    made["geometry"] = shapely.MultiPolygon([shape]).wkt if shape.geom_type == "Polygon" else shape.wkt
    made["bbox"] = [float(edge) for edge in made["bbox"]]
    made.setdefault("stac_extensions", [])
    for key, value in made["properties"].items():
        if key in ("datetime", "start_datetime", "end_datetime", "created"):
            made["properties"][key] = datetime.datetime.fromisoformat(value)
    return made


def write_lines(path, documents):
    path.write_text("".join(json.dumps(each) + "\n" for each in documents))
    return path


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    made = Catalogue(store="folder")
    try:
        made.start()
        file = write_lines(
            tmp_path_factory.mktemp("formats") / "items.ndjson",
            [COLLECTION, *ITEMS, *(each for name, items in OTHERS.items() for each in (COLLECTION | {"id": name}, *(one | {"collection": name} for one in items)))],
        )
        # While the server owns the database.
        made.cli("load", str(file)).ok()
        yield made
    finally:
        made.close()


def fetch(served, query, path):
    with requests.get(f"{served.url}/{query}", stream=True, timeout=120) as response:
        assert response.status_code == 200, response.text
        path.write_bytes(b"".join(response.iter_content(65536)))
    return str(path)


@pytest.fixture(scope="module")
def parquet(served, tmp_path_factory):
    return fetch(served, "collections/awkward/items?f=parquet", tmp_path_factory.mktemp("parquet") / "items.parquet")


@pytest.fixture(scope="module")
def expected(served):
    page = requests.get(f"{served.url}/collections/awkward/items?limit=100", timeout=60).json()
    assert len(page["features"]) == len(ITEMS)
    return {feature["id"]: comparable(feature) for feature in page["features"]}


def test_ndjson_is_read_a_line_at_a_time(served):
    with requests.get(f"{served.url}/search?f=ndjson", stream=True, timeout=60) as response:
        found = [json.loads(line) for line in response.iter_lines()]
    assert sorted(each["id"] for each in found) == sorted(each["id"] for each in sum(OTHERS.values(), ITEMS))


def test_stac_geoparquet_gives_the_same_items(parquet, expected):
    found = stac_geoparquet.arrow.stac_table_to_items(pyarrow.parquet.read_table(parquet))
    assert {each["id"]: comparable(each) for each in found} == expected


def test_rustac_gives_the_same_items(parquet, expected):
    async def read():
        return await rustac.read(parquet)

    found = asyncio.run(read())["features"]
    assert {each["id"]: comparable(each) for each in found} == expected


def test_geopandas_knows_where_it_is(parquet):
    frame = geopandas.read_parquet(parquet).set_index("id")
    assert frame.crs.to_string() == "OGC:CRS84"
    assert frame.geometry["plain"].bounds == (10, 40, 11, 41)
    assert str(frame.datetime.dtype).endswith("UTC]")
    assert frame.loc["whole", "count"] == 9007199254740993 or frame["count"].dtype.kind == "f"


def test_duckdb_queries_it(parquet):
    rows = duckdb.sql(f"select id, \"count\" from '{parquet}' where \"count\" is not null order by id").fetchall()
    assert rows == [("negative", -(2**63)), ("whole", 9007199254740993)]
    name = duckdb.sql(f"select assets['ä.b'].bands[1].name from '{parquet}' where id = 'assets'").fetchall()
    assert name == [("B1",)]


def test_what_columns_find_hard_is_still_a_file_that_opens(served, tmp_path):
    path = fetch(served, "collections/hard/items?f=parquet", tmp_path / "hard.parquet")
    table = pyarrow.parquet.read_table(path)
    rows = {row["id"]: row for row in table.to_pylist()}
    assert len(rows) == len(HARD)
    assert rows["nowhere"]["geometry"] is None and rows["nowhere"]["bbox"] is None
    assert rows["high"]["bbox"] == {"xmin": 1, "ymin": 2, "xmax": 1, "ymax": 2}
    assert shapely.from_wkb(rows["high"]["geometry"]).z == 3
    assert [json.loads(rows[f"mixed-{kind}"]["mixed"]) for kind in ("number", "text", "object")] == [1, "one", {"a": 1}]
    assert rows["mixed-object"]["huge"] == 1e30
    assert rows["same-name"]["properties.id"] == "of the properties"
    assert rows["same-name"]["properties.properties.id"] == "of the column"
    assert len(geopandas.read_parquet(path)) == len(HARD)
    assert duckdb.sql(f"select count(*) from '{path}'").fetchall() == [(len(HARD),)]


def properties_of(items):
    return {each["id"]: each["properties"].get("proj:geometry") for each in items}


def test_geometries_in_the_crs_of_the_data_are_read(served, tmp_path):
    path = fetch(served, "collections/projected/items?f=parquet", tmp_path / "projected.parquet")
    written = properties_of(PROJECTED)
    found = list(stac_geoparquet.arrow.stac_table_to_items(pyarrow.parquet.read_table(path)))
    plain = json.loads(json.dumps(found))
    assert properties_of(plain) == written
    assert [each["assets"]["data"]["proj:geometry"] for each in plain] == [FOOTPRINT, FOOTPRINT]
    frame = geopandas.read_parquet(path).set_index("id")
    assert frame["proj:geometry"]["centre"].wkt == "POINT (600010.25 4500005)"
    assert frame["proj:geometry"].values.crs is None
    for name, wkb in duckdb.sql(f"select id, \"proj:geometry\"::blob from '{path}'").fetchall():
        assert shapely.geometry.mapping(shapely.from_wkb(wkb)) == shapely.geometry.mapping(shapely.geometry.shape(written[name]))


def test_boxes_with_heights_beside_others_are_read(served, tmp_path):
    path = fetch(served, "collections/heights/items?f=parquet", tmp_path / "heights.parquet")
    found = stac_geoparquet.arrow.stac_table_to_items(pyarrow.parquet.read_table(path))
    written = {each["id"]: comparable(each) for each in FLAT}
    assert {each["id"]: (comparable(each)["geometry"], comparable(each)["bbox"]) for each in found} == {key: (each["geometry"], each["bbox"]) for key, each in written.items()}


def test_nothing_found_is_a_file_that_opens(served, tmp_path):
    path = fetch(served, "search?ids=none&f=parquet", tmp_path / "none.parquet")
    assert len(geopandas.read_parquet(path)) == 0
    assert list(stac_geoparquet.arrow.stac_table_to_items(pyarrow.parquet.read_table(path))) == []


def test_files_of_other_programs_are_loaded(make_catalogue, tmp_path, expected):
    documents = [json.loads(json.dumps(each)) for each in ITEMS]
    table = stac_geoparquet.arrow.parse_stac_items_to_arrow(documents)
    path = tmp_path / "theirs.parquet"
    stac_geoparquet.arrow.to_parquet(table, path)
    other = make_catalogue(store="folder")
    other.start()
    other.cli("load", str(path), "--create-collections").ok()
    page = requests.get(f"{other.url}/search?limit=100", timeout=60).json()
    found = {feature["id"]: comparable(feature) for feature in page["features"]}
    strip = lambda each: {key: value for key, value in each.items() if key != "links"}  # noqa: E731
    assert {key: strip(each) for key, each in found.items()} == {key: strip(each) for key, each in expected.items()}


MANY = 20_000
# MB. V8 otherwise lets 200 MB of garbage lie before it collects any, as much for a small answer as for a large one.
SMALL_HEAP = "--max-old-space-size=128 --max-semi-space-size=2"


def test_memory_is_flat_while_a_whole_catalogue_is_streamed(make_catalogue, tmp_path):
    """20,000 Items of 6 KB, 120 MB: as text they would not fit into the heap, as bytes they would show in the process."""
    many = ((COLLECTION if index < 0 else item(f"i{index}", {"note": f"{index:06}" * 1000})) for index in range(-1, MANY))
    file = write_lines(tmp_path / "many.ndjson", many)
    made = make_catalogue(store="folder")
    made.start()
    made.cli("load", str(file), "--no-validate", timeout=280).ok()
    made.stop()
    made.start(NODE_OPTIONS=SMALL_HEAP)

    def rss():
        status = Path(f"/proc/{made.server.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) // 1024

    def stream(form, limit):
        with requests.get(f"{made.url}/search?f={form}&limit={limit}", stream=True, timeout=280) as response:
            assert response.status_code == 200
            return sum(len(chunk) for chunk in response.iter_content(1 << 20))

    def peak_of(form, limit):
        peak, ended = [rss()], threading.Event()

        def watch():
            while not ended.wait(0.05):
                peak[0] = max(peak[0], rss())

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            size = stream(form, limit)
        finally:
            ended.set()
            watcher.join()
        return size, peak[0]

    for form in ("ndjson", "parquet"):
        # What one answer takes is not what grows with the answer: four times as much may take little more.
        _, before = peak_of(form, MANY // 4)
        size, peak = peak_of(form, MANY)
        assert form == "parquet" or size > MANY * 6000
        assert peak - before < 60, f"{form}: {before} MB for a quarter, {peak} MB for all"
    assert made.server.popen.poll() is None, made.server.text
