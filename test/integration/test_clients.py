"""pystac-client as people use it, against documents that this test wrote; what is expected is computed from those.

A warning of pystac-client is a failure: it says that the server lacks something, and that the client does it itself.
"""

import operator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import jsonschema
import pystac
import pytest
import requests
from pystac_client import Client, ConformanceClasses
from pystac_client.exceptions import APIError
from shapely.geometry import Point, box, mapping, shape
from support.product import Catalogue

pytestmark = [pytest.mark.filterwarnings("error::UserWarning")]

BEGIN = datetime(2024, 1, 1, 12, tzinfo=UTC)
METHODS = ["GET", "POST"]


def make_item(number):
    west, south = -165.0 + 14 * number, -60.0 + 5 * number
    place = box(west, south, west + 4, south + 4)
    when = BEGIN + timedelta(days=10 * number)
    properties = {"datetime": when.strftime("%Y-%m-%dT%H:%M:%SZ"), "platform": f"probe-{'abc'[number % 3]}", "counts": {"good": number % 5}, "tags": ["even"] if number % 2 == 0 else ["odd", "rare"]}
    if number % 8 != 7:
        properties["eo:cloud_cover"] = number * 37 % 100 + 0.5
    collection = "alpha" if number % 4 else "beta"
    assets = {"data": {"href": f"https://example.com/{number}.tif", "roles": ["data"]}}
    return {"type": "Feature", "stac_version": "1.1.0", "id": f"item-{number:02}", "collection": collection, "geometry": mapping(place), "bbox": list(place.bounds), "properties": properties, "assets": assets, "links": []}


def make_collection(name, title, keywords, bbox, interval, license="other"):
    extent = {"spatial": {"bbox": [bbox]}, "temporal": {"interval": [interval]}}
    return {"type": "Collection", "stac_version": "1.1.0", "id": name, "title": title, "description": f"About {title}", "keywords": keywords, "license": license, "extent": extent, "links": []}


ITEMS = [make_item(number) for number in range(24)]
YEAR = ["2024-01-01T00:00:00Z", "2024-12-31T00:00:00Z"]
COLLECTIONS = [
    make_collection("alpha", "Clouds of the north", ["cloud", "probe"], [-180, -90, 180, 90], YEAR),
    make_collection("beta", "Quarter of all", ["probe"], [-180, -90, 180, 90], YEAR),
    make_collection("ocean", "Sea surface temperature", ["ocean", "heat"], [-40, 10, -20, 30], ["2010-01-01T00:00:00Z", "2012-01-01T00:00:00Z"], "CC-BY-4.0"),
    make_collection("snow", "Snow of the Alps", ["snow", "mountain"], [5, 44, 15, 48], ["2015-06-01T00:00:00Z", None], "CC-BY-4.0"),
]


def write(url, document):
    made = requests.post(url, json=document, timeout=60)
    assert made.status_code in (200, 201), made.text


@pytest.fixture(scope="module")
def catalogue():
    made = Catalogue(store="folder", settings={"RUCIO_STAC_TRANSACTIONS": "true"})
    try:
        made.start()
        for each in COLLECTIONS:
            write(f"{made.url}/collections", each)
        for name in ("alpha", "beta"):
            features = [each for each in ITEMS if each["collection"] == name]
            write(f"{made.url}/collections/{name}/items", {"type": "FeatureCollection", "features": features})
        yield made
        made.stop()
    finally:
        made.close()


@pytest.fixture
def client(catalogue):
    return Client.open(catalogue.url)


def newest_first(items):
    return sorted(items, key=lambda each: each["properties"]["datetime"], reverse=True)


def ids_of(items):
    return [each["id"] for each in items]


def matching(test):
    return ids_of(newest_first(each for each in ITEMS if test(each)))


def value(item, name):
    return item["properties"].get(name)


def compare(name, op, other):
    return lambda item: value(item, name) is not None and op(value(item, name), other)


def between(first, last):
    return lambda item: first <= item["properties"]["datetime"] <= last


CLOUDY = compare("eo:cloud_cover", operator.ge, 40)
CLEAR = compare("eo:cloud_cover", operator.lt, 10)
AREA = box(-60, -30, 40, 20)
IN_AREA = lambda item: shape(item["geometry"]).intersects(AREA)  # noqa: E731


class HasGeoInterface:
    __geo_interface__ = {"type": "Feature", "properties": {}, "geometry": mapping(AREA)}


FILTER_JSON = {"op": "and", "args": [{"op": ">=", "args": [{"property": "eo:cloud_cover"}, 40]}, {"op": "=", "args": [{"property": "platform"}, "probe-a"]}]}
FILTER_TEXT = "\"eo:cloud_cover\" >= 40 AND platform = 'probe-a'"
BY_FILTER = lambda item: CLOUDY(item) and value(item, "platform") == "probe-a"  # noqa: E731
SPATIAL = {"op": "s_intersects", "args": [{"property": "geometry"}, mapping(AREA)]}

SEARCHES = {
    "filter, JSON": ({"filter": FILTER_JSON, "filter_lang": "cql2-json"}, BY_FILTER),
    "filter, text": ({"filter": FILTER_TEXT, "filter_lang": "cql2-text"}, BY_FILTER),
    "filter of place": ({"filter": SPATIAL, "filter_lang": "cql2-json"}, IN_AREA),
    "filter of text": ({"filter": "platform LIKE '%-b' AND NOT id IN ('item-01')", "filter_lang": "cql2-text"}, lambda item: value(item, "platform") == "probe-b" and item["id"] != "item-01"),
    "filter of time": ({"filter": "T_AFTER(datetime, TIMESTAMP('2024-05-01T00:00:00Z'))", "filter_lang": "cql2-text"}, between("2024-05-01T00:00:01Z", "9999")),
    "filter of an array": ({"filter": "A_CONTAINS(tags, ('rare'))", "filter_lang": "cql2-text"}, lambda item: "rare" in value(item, "tags")),
    "filter of a nested property": ({"filter": "counts.good > 2", "filter_lang": "cql2-text"}, lambda item: value(item, "counts")["good"] > 2),
    "filter IS NULL": ({"filter": '"eo:cloud_cover" IS NULL', "filter_lang": "cql2-text"}, lambda item: value(item, "eo:cloud_cover") is None),
    "query, dict": ({"query": {"eo:cloud_cover": {"gte": 40}, "platform": {"eq": "probe-a"}}}, BY_FILTER),
    "query, in": ({"query": {"platform": {"in": ["probe-a", "probe-c"]}}}, lambda item: value(item, "platform") != "probe-b"),
    "query, startsWith": ({"query": {"platform": {"startsWith": "pro", "endsWith": "-b"}}}, lambda item: value(item, "platform") == "probe-b"),
    "query, shorthand": ({"query": ["eo:cloud_cover<10"]}, CLEAR),
    "query, two shorthands": ({"query": ["eo:cloud_cover>=40", "platform=probe-a"]}, BY_FILTER),
    "query, shorthand of one number": ({"query": ["eo:cloud_cover=37.5"]}, compare("eo:cloud_cover", operator.eq, 37.5)),
    "query, shorthand of JSON": ({"query": ['{"eo:cloud_cover": {"lt": 10}}']}, CLEAR),
    "ids": ({"ids": ["item-03", "item-04", "nothing"]}, lambda item: item["id"] in ("item-03", "item-04")),
    "ids, text": ({"ids": "item-03,item-04"}, lambda item: item["id"] in ("item-03", "item-04")),
    "collections": ({"collections": "beta"}, lambda item: item["collection"] == "beta"),
    "bbox": ({"bbox": list(AREA.bounds)}, IN_AREA),
    "intersects, dict": ({"intersects": mapping(AREA)}, IN_AREA),
    "intersects, text": ({"intersects": '{"type": "Point", "coordinates": [-163, -58]}'}, lambda item: shape(item["geometry"]).intersects(Point(-163, -58))),
    "intersects, shapely": ({"intersects": AREA}, IN_AREA),
    "intersects, a Feature": ({"intersects": HasGeoInterface()}, IN_AREA),
    "datetime, a year": ({"datetime": "2024"}, lambda item: True),
    "datetime, a month": ({"datetime": "2024-02"}, between("2024-02-01", "2024-03-01")),
    "datetime, a day": ({"datetime": "2024-01-11"}, between("2024-01-11", "2024-01-12")),
    "datetime, two days": ({"datetime": "2024-01-01/2024-02-01"}, between("2024-01-01", "2024-02-02")),
    "datetime, a list": ({"datetime": ["2024-01-31", "2024-03-01"]}, between("2024-01-31", "2024-03-02")),
    "datetime, open": ({"datetime": "2024-04-01/.."}, between("2024-04-01", "9999")),
    "datetime, None": ({"datetime": [None, datetime(2024, 4, 1, tzinfo=UTC)]}, between("0", "2024-04-01")),
    "datetime, an instant": ({"datetime": BEGIN}, between("2024-01-01T12:00:00Z", "2024-01-01T12:00:00Z")),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", SEARCHES)
def test_search(client, name, method):
    asked, test = SEARCHES[name]
    expected = matching(test)
    assert expected, "the case finds something"
    search = client.search(method=method, limit=5, **asked)
    assert search.matched() == len(expected)
    assert [each.id for each in search.items()] == expected


@pytest.mark.parametrize("asked", [{"filter": FILTER_JSON, "method": "POST"}, {"filter": FILTER_TEXT, "method": "GET"}])
def test_filter_without_its_language(client, asked):
    assert [each.id for each in client.search(**asked).items()] == matching(BY_FILTER)


def by_cloud(items, reverse):
    """Where there is no value: last, in either direction; ties by Collection and id."""
    known = [each for each in items if value(each, "eo:cloud_cover") is not None]
    return ids_of(sorted(known, key=lambda each: value(each, "eo:cloud_cover"), reverse=reverse))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("sortby", "reverse"),
    [
        ("-properties.eo:cloud_cover", True),
        ("+properties.eo:cloud_cover", False),
        ("eo:cloud_cover", False),
        (["-properties.eo:cloud_cover", "+id"], True),
        ([{"field": "properties.eo:cloud_cover", "direction": "asc"}], False),
        ([{"field": "properties.eo:cloud_cover", "direction": "desc"}, {"field": "id", "direction": "asc"}], True),
    ],
)
def test_sortby(client, sortby, reverse, method):
    found = [each.id for each in client.search(sortby=sortby, method=method, limit=5).items()]
    known = by_cloud(ITEMS, reverse)
    assert found[: len(known)] == known
    assert sorted(found) == ids_of(ITEMS)


@pytest.mark.parametrize("method", METHODS)
def test_sortby_two_fields(client, method):
    found = [each.id for each in client.search(sortby="platform,-id", method=method, limit=7).items()]
    assert found == ids_of(sorted(sorted(ITEMS, key=lambda each: each["id"], reverse=True), key=lambda each: value(each, "platform")))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("fields", "kept", "gone"),
    [
        (["id", "properties.eo:cloud_cover"], {"id", "properties"}, {"geometry", "assets", "bbox"}),
        (["+id", "-geometry"], {"id"}, {"geometry", "assets"}),
        ("-geometry,-assets", {"id", "properties", "bbox"}, {"geometry", "assets"}),
        ({"include": ["id", "bbox"], "exclude": []}, {"id", "bbox"}, {"geometry", "assets"}),
        ({"exclude": ["geometry"]}, {"id", "properties"}, {"geometry"}),
    ],
)
def test_fields(client, fields, kept, gone, method):
    found = list(client.search(fields=fields, method=method, ids=["item-01", "item-02"]).items_as_dicts())
    assert sorted(ids_of(found)) == ["item-01", "item-02"]
    for each in found:
        assert kept <= set(each) and not gone & set(each), each
        original = next(item for item in ITEMS if item["id"] == each["id"])
        if fields == ["id", "properties.eo:cloud_cover"]:
            assert each["properties"] == {"eo:cloud_cover": value(original, "eo:cloud_cover")}


@pytest.mark.parametrize("method", METHODS)
def test_pages(client, method):
    search = client.search(method=method, limit=10)
    pages = list(search.pages())
    assert [len(page) for page in pages] == [10, 10, 4]
    assert [item.id for page in pages for item in page] == matching(lambda item: True)
    assert search.matched() == 24
    as_dicts = list(client.search(method=method, limit=10).pages_as_dicts())
    assert [page["numberReturned"] for page in as_dicts] == [10, 10, 4]
    assert [each["id"] for each in client.search(method=method, limit=7, max_items=12).items_as_dicts()] == matching(lambda item: True)[:12]
    assert len(client.search(method=method, limit=7, max_items=12).item_collection()) == 12


def test_what_was_written_comes_back(client):
    for item in client.search().items():
        original = next(each for each in ITEMS if each["id"] == item.id)
        assert (item.geometry["coordinates"], item.bbox) == ([[list(at) for at in ring] for ring in original["geometry"]["coordinates"]], original["bbox"])
        assert item.to_dict()["properties"] == original["properties"]
        assert item.assets["data"].href == original["assets"]["data"]["href"]


def test_what_it_says_it_can(client):
    for each in ConformanceClasses:
        # `context` was withdrawn; numberMatched has its place.
        assert client.conforms_to(each) == (each != ConformanceClasses.CONTEXT), each


COLLECTION_SEARCHES = {
    "q": ({"q": "temperature"}, ["ocean"]),
    "q, or": ({"q": "snow,ocean"}, ["ocean", "snow"]),
    "q, advanced": ({"q": "of AND -probe"}, ["snow"]),
    "bbox": ({"bbox": [8, 46, 9, 47], "filter": "license = 'CC-BY-4.0'"}, ["snow"]),
    "datetime": ({"datetime": "2011"}, ["ocean"]),
    "datetime, open": ({"datetime": "2016/..", "filter": "license = 'CC-BY-4.0'"}, ["snow"]),
    "filter, text": ({"filter": "title LIKE 'S%'"}, ["ocean", "snow"]),
    "filter, JSON": ({"filter": {"op": "=", "args": [{"property": "id"}, "beta"]}, "filter_lang": "cql2-json"}, ["beta"]),
    "query": ({"query": {"license": {"eq": "CC-BY-4.0"}}}, ["ocean", "snow"]),
    "query, shorthand": ({"query": ["license=CC-BY-4.0"]}, ["ocean", "snow"]),
    "sortby": ({"sortby": "-title"}, ["snow", "ocean", "beta", "alpha"]),
    "sortby, two": ({"sortby": ["license", "-id"]}, ["snow", "ocean", "beta", "alpha"]),
    "all": ({}, ["alpha", "beta", "ocean", "snow"]),
}


@pytest.mark.parametrize("name", COLLECTION_SEARCHES)
def test_collection_search(client, name):
    asked, expected = COLLECTION_SEARCHES[name]
    search = client.collection_search(limit=2, **asked)
    assert search.matched() == len(expected)
    assert [each.id for each in search.collections()] == expected
    assert [len(page) for page in client.collection_search(limit=2, **asked).pages()] == [2] * (len(expected) // 2) + [1] * (len(expected) % 2)


def test_collection_search_at_most(client):
    assert [each.id for each in client.collection_search(limit=2, max_collections=3).collections()] == ["alpha", "beta", "ocean"]


def test_fields_of_collections(client):
    found = list(client.collection_search(fields=["id", "title", "-keywords"], q="snow").collections_as_dicts())
    assert [(each["id"], each["title"]) for each in found] == [("snow", "Snow of the Alps")]
    assert not {"keywords", "extent", "description"} & set(found[0])
    without = list(client.collection_search(fields="-keywords", q="snow").collections_as_dicts())
    assert "keywords" not in without[0] and without[0]["extent"] == COLLECTIONS[3]["extent"]


def test_queryables(client):
    of_all = client.get_queryables()
    jsonschema.Draft202012Validator.check_schema(of_all)
    assert {"eo:cloud_cover", "platform", "datetime", "id", "collection", "geometry"} <= set(of_all["properties"])
    clouds = [value(each, "eo:cloud_cover") for each in ITEMS if value(each, "eo:cloud_cover") is not None]
    number = of_all["properties"]["eo:cloud_cover"]
    assert (number["type"], number["minimum"], number["maximum"]) == ("number", min(clouds), max(clouds))
    assert sorted(of_all["properties"]["platform"]["enum"]) == ["probe-a", "probe-b", "probe-c"]
    of_one = client.get_collection("beta").get_queryables()
    clouds = [value(each, "eo:cloud_cover") for each in ITEMS if each["collection"] == "beta"]
    assert of_one["properties"]["eo:cloud_cover"]["maximum"] == max(clouds)
    merged = client.get_merged_queryables(["alpha", "beta"])
    # What differs between the two is dropped.
    assert {"platform", "datetime"} <= set(merged["properties"]) and "eo:cloud_cover" not in merged["properties"]
    for each in ITEMS:
        properties = {name: inside for name, inside in each["properties"].items() if name in of_all["properties"]}
        jsonschema.Draft202012Validator(of_all).validate(properties)


def test_items_of_a_collection(client):
    beta = client.get_collection("beta")
    assert [each.id for each in beta.get_items()] == matching(lambda item: item["collection"] == "beta")
    assert beta.get_item("item-04").id == "item-04"
    assert beta.get_item("nothing") is None
    assert sorted(each.id for each in beta.get_items("item-04", "item-08")) == ["item-04", "item-08"]
    assert sorted(each.id for each in client.get_collections()) == ["alpha", "beta", "ocean", "snow"]
    assert sorted(each.id for each in client.get_items()) == ids_of(ITEMS)


def sign(thing):
    """What planetary_computer.sign_inplace does: it works on all that a client may give out."""
    if isinstance(thing, dict):
        for each in thing.get("collections", []):
            each["signed"] = True
        for each in thing.get("features", [thing]):
            for asset in each.get("assets", {}).values():
                asset["href"] += "?signed"
    elif isinstance(thing, pystac.Collection):
        thing.extra_fields["signed"] = True
    elif isinstance(thing, pystac.Item):
        for asset in thing.assets.values():
            asset.href += "?signed"
    else:
        for each in thing:
            sign(each)


def test_a_modifier_reaches_all_that_is_read(catalogue):
    client = Client.open(catalogue.url, modifier=sign)
    one = {"ids": ["item-04"]}

    def query(item):
        return urlsplit(item.assets["data"].href).query

    assert [query(each) for each in client.search(**one).items()] == ["signed"]
    assert [query(each) for each in client.search(**one).item_collection()] == ["signed"]
    assert [query(each) for page in client.search(**one).pages() for each in page] == ["signed"]
    assert [each["assets"]["data"]["href"] for each in client.search(**one).items_as_dicts()] == ["https://example.com/4.tif?signed"]
    assert client.search(**one).item_collection_as_dict()["features"][0]["assets"]["data"]["href"] == "https://example.com/4.tif?signed"
    collection = client.get_collection("beta")
    assert collection.extra_fields["signed"] is True
    assert query(collection.get_item("item-04")) == "signed"
    assert {query(each) for each in collection.get_items()} == {"signed"}
    assert all(each.extra_fields["signed"] for each in client.get_collections())
    assert all(each.extra_fields["signed"] for each in client.collection_search(q="snow").collections())


def test_writing(client):
    snow = client.get_collection("snow")
    document = make_item(30) | {"id": "new ü", "collection": "snow", "geometry": mapping(Point(10, 46)), "bbox": [10, 46, 10, 46]}
    made = snow.create_item(pystac.Item.from_dict(document))
    assert (made.id, made.collection_id) == ("new ü", "snow")
    assert snow.get_item("new ü").properties == document["properties"]
    with pytest.raises(APIError) as refused:
        snow.create_item(document)
    assert refused.value.status_code == 409
    patched = snow.patch_item("new ü", {"properties": {"eo:cloud_cover": 3, "counts": None}})
    assert patched.properties == {name: inside for name, inside in document["properties"].items() if name != "counts"} | {"eo:cloud_cover": 3}
    put = snow.update_item(document)
    assert put.properties == document["properties"]
    assert [each.id for each in client.search(collections=["snow"], filter="platform = 'probe-a'", method="GET").items()] == ["new ü"]
    snow.delete_item("new ü")
    assert snow.get_item("new ü") is None
    with pytest.raises(APIError) as missing:
        snow.delete_item("new ü")
    assert missing.value.status_code == 404


def test_a_fault_says_what_is_wrong(client):
    with pytest.raises(APIError, match="eo:clod_cover"):
        list(client.search(filter='"eo:clod_cover" > 5', method="GET").items())
