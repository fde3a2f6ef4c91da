"""stac-api-validator on the classes that the API declares: as it is, and for the extensions with its own faults mended.

It fetches schemas from their public addresses with `requests` and pystac at each run and has no setting for it;
`offline/sitecustomize.py`, on its PYTHONPATH, answers those from src/stac/schemas and refuses everything but loopback.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests
from shapely.geometry import box, mapping, shape
from support.product import clean_env, run

OFFLINE = Path(__file__).parent / "offline"


def test_core_collections_features_item_search(s3_catalogue, lake):
    item = next(each for each in s3_catalogue.items(lake.collection) if each["id"] == lake.scenes[0].stem)
    geometry = json.dumps(mapping(shape(item["geometry"]).centroid.buffer(0.01)))
    command = [str(Path(sys.executable).parent / "stac-api-validator"), "--root-url", f"{s3_catalogue.url}/", "--collection", lake.collection, "--geometry", geometry, "--validate-pagination"]
    for name in ("core", "collections", "features", "item-search", "browseable", "children"):
        command += ["--conformance", name]
    told = run(command, env=clean_env(PYTHONPATH=OFFLINE, PYTHONDONTWRITEBYTECODE="1"), timeout=480)
    print(told)
    assert told.code == 0 and "Errors: none" in told.out, str(told)
    assert "Failed." not in told.out, str(told)
    warnings = told.out.split("Warnings:", 1)[1].split("Errors:")[0]
    # What it recommends beyond the specifications, that we know of and leave so, is in the message.
    assert "Item Search" not in warnings or "recommendations" in warnings, warnings


def make_item(number):
    place = box(10 + number, 40, 11 + number, 41)
    when = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number * 7 % 25)
    # It looks for the letters of `grade`, not its text, among the values it asked for.
    properties = {"datetime": when.strftime("%Y-%m-%dT%H:%M:%SZ"), "eo:cloud_cover": number * 4 + 0.5, "platform": f"probe-{number % 5}-x", "grade": "ABC"[number % 3]}
    assets = {"data": {"href": "https://example.com/data.tif"}}
    return {"type": "Feature", "stac_version": "1.1.0", "id": f"item-{number}", "collection": "many", "geometry": mapping(place), "bbox": list(place.bounds), "properties": properties, "assets": assets, "links": []}


COLLECTION = {"type": "Collection", "stac_version": "1.1.0", "id": "many", "description": "Items that differ", "license": "other", "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [["2024-01-01T00:00:00Z", None]]}}, "links": []}
QUERY = {"comparison-field": "eo:cloud_cover", "eq-value": "20.5", "neq-value": "20.5", "lt-value": "50", "lte-value": "48.5", "gt-value": "50", "gte-value": "48.5", "substring-field": "platform", "starts-with-value": "probe-1", "ends-with-value": "2-x", "contains-value": "be-3", "in-field": "grade", "in-values": "A,B"}


def test_filter_sort_fields_query(make_catalogue):
    catalogue = make_catalogue(store="folder", settings={"RUCIO_STAC_TRANSACTIONS": "true"})
    catalogue.start()
    for path, document in (("", COLLECTION), ("/many/items", {"type": "FeatureCollection", "features": [make_item(number) for number in range(25)]})):
        made = requests.post(f"{catalogue.url}/collections{path}", json=document, timeout=60)
        assert made.status_code == 201, made.text
    command = [sys.executable, str(OFFLINE / "mended_validator.py"), "--root-url", f"{catalogue.url}/", "--collection", "many", "--fields-nested-property", "properties.eo:cloud_cover", "--validate-pagination"]
    command += ["--geometry", json.dumps(mapping(box(12, 39, 20, 42)))]
    for name, value in QUERY.items():
        command += [f"--query-{name}", value]
    for name in ("core", "browseable", "children", "collections", "features", "item-search", "filter", "item-search#sort", "item-search#fields", "item-search#query", "features#sort", "features#fields", "features#query"):
        command += ["--conformance", name]
    told = run(command, env=clean_env(PYTHONPATH=OFFLINE, PYTHONDONTWRITEBYTECODE="1"), timeout=480)
    print(told)
    assert told.code == 0 and "Errors: none" in told.out, str(told)
    assert "Failed." not in told.out, str(told)
    for ran in ("Item Search - Filter Extension", "Features - Filter Extension", "Item Search - Sort", "Item Search - Fields", "Item Search - Query"):
        assert ran in told.out + told.err, f"{ran}: not checked"
