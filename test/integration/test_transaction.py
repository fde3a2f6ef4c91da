"""Writing over HTTP as other people's tools do it: stac-api-validator's checks of the Transaction extension, and pystac's documents."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pystac
import pytest
import requests
from support.product import clean_env, run

OFFLINE = Path(__file__).parent / "offline"
EXTENT = pystac.Extent(pystac.SpatialExtent([[-180, -90, 180, 90]]), pystac.TemporalExtent([[datetime(2020, 1, 1, tzinfo=UTC), None]]))
# What stac-api-validator writes.
ITEM = "S2A_47XNF_20230423_0_L2A"


def make_item(name):
    return pystac.Item(name, {"type": "Point", "coordinates": [10.1, 45.0]}, [10.1, 45.0, 10.1, 45.0], datetime(2023, 4, 23, tzinfo=UTC), {"gsd": 10})


@pytest.fixture
def api(make_catalogue):
    catalogue = make_catalogue(store="folder", settings={"RUCIO_STAC_TRANSACTIONS": "true"})
    catalogue.start()
    made = requests.post(f"{catalogue.url}/collections", json=pystac.Collection("written", "Written over HTTP", EXTENT).to_dict(), timeout=60)
    assert made.status_code == 201, made.text
    return catalogue


def test_stac_api_validator(api):
    items = f"{api.url}/collections/written/items"
    # It begins by a DELETE of the Item for which it takes nothing but a 204, which is what there is for one that is there.
    assert requests.post(items, json=make_item(ITEM).to_dict(), timeout=60).status_code == 201
    # It wants a 204 of PUT and PATCH, and writes a cloud cover that is a string, against the eo schema that its Item names.
    headers = "Prefer: return=minimal, handling=lenient"
    command = [str(Path(sys.executable).parent / "stac-api-validator"), "--root-url", f"{api.url}/", "--collection", "written", "--transaction-collection", "written", "--headers", headers]
    for name in ("core", "features", "transaction"):
        command += ["--conformance", name]
    told = run(command, env=clean_env(PYTHONPATH=OFFLINE, PYTHONDONTWRITEBYTECODE="1"), timeout=300)
    print(told)
    assert told.code == 0 and "Errors: none" in told.out, str(told)
    assert "Transaction extension conformance class found" in told.out + told.err, str(told)


def test_what_pystac_writes_it_reads(api):
    items = f"{api.url}/collections/written/items"
    made = requests.post(items, json=pystac.ItemCollection([make_item("a"), make_item("b")]).to_dict(), timeout=60)
    assert made.status_code == 201 and made.json()["created"] == 2, made.text
    read = requests.get(f"{items}/a", timeout=30)
    item = pystac.Item.from_dict(read.json())
    item.properties["title"] = "changed"
    stale = requests.put(f"{items}/a", json=item.to_dict(), headers={"if-match": '"other"'}, timeout=30)
    assert stale.status_code == 412, stale.text
    put = requests.put(f"{items}/a", json=item.to_dict(), headers={"if-match": read.headers["etag"]}, timeout=30)
    assert put.status_code == 200 and put.json()["properties"]["title"] == "changed", put.text
    patched = requests.patch(f"{items}/a", json={"properties": {"title": None}}, headers={"if-match": put.headers["etag"]}, timeout=30)
    assert patched.status_code == 200, patched.text
    assert patched.json() == read.json()
    assert requests.delete(f"{api.url}/collections/written", timeout=30).status_code == 204
    assert requests.get(f"{items}/a", timeout=30).status_code == 404
