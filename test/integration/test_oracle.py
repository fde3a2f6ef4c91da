"""Searches whose answer is computed beside the server, in plain Python and shapely: which rows, how many, in which order
over all pages there and back, and each document as it was sent. Half of a search's forms are asked by GET, half by POST.
"""

import json
from urllib.parse import quote

import pytest
import requests
from support.oracle import client, world
from support.oracle.queries import Queries
from support.oracle.row import Item
from support.oracle.search import expected, given_document, without_own_links
from support.oracle.text import dumps

SEED = 2024
SEARCHES = 340
COUNTED = {"items": 0, "searches": 0, "pages": 0}


@pytest.fixture(scope="module")
def api(note):
    from support.product import Catalogue

    catalogue = Catalogue(store="folder", settings={"RUCIO_STAC_TRANSACTIONS": "true", "RUCIO_STAC_ADDITIONAL_PROPERTIES": "true"})
    try:
        catalogue.start()
        yield catalogue
        catalogue.stop()
        note("oracle: {items} Items, {searches} searches, {pages} pages were compared".format(**COUNTED))
    finally:
        catalogue.close()


def send(url, document):
    made = requests.post(url, data=dumps(document).encode(), headers={"content-type": "application/json"}, timeout=120)
    assert made.status_code == 201, made.text[:3000]


@pytest.fixture(scope="module")
def items(api):
    """Written through the API, validated; in parts of 50."""
    documents = world.items()
    for id in world.COLLECTIONS:
        send(f"{api.url}/collections", world.collection(id))
        own = [each for each in documents if each["collection"] == id]
        for at in range(0, len(own), 50):
            send(f"{api.url}/collections/{quote(id, safe='')}/items", {"type": "FeatureCollection", "features": own[at : at + 50]})
    COUNTED["items"] = len(documents)
    return [Item(each) for each in documents]


def keys(page):
    return [(each["collection"], each["id"]) for each in page["features"]]


def telling(search):
    """With the fields by which rows are told apart."""
    fields = search.get("fields")
    if not fields:
        return search
    names = ("id", "collection")
    kept = {name: [path for path in paths if path not in names] for name, paths in fields.items()}
    return search | {"fields": {**kept, "include": [*kept["include"], *names]} if kept.get("include") else kept}


def check(api, items, search, *, method, is_text, pages):
    """One form of a search, in so many pages."""
    rows = expected(items, search)
    wanted = [row.key for row in rows]
    limit = max(-(-len(wanted) // pages), 1)
    search = telling(search)
    forward, back = client.walk(api.url, "/search", search, method=method, is_text=is_text, limit=limit)
    got = [key for page in forward for key in keys(page)]
    COUNTED["pages"] += len(forward) + len(back)
    told = f"{method} {dumps(search)}"
    assert set(got) == set(wanted), f"{told}\nmissing: {sorted(set(wanted) - set(got))}\nnot expected: {sorted(set(got) - set(wanted))}"
    assert got == wanted, f"{told}\norder: {[pair for pair in zip(got, wanted, strict=False) if pair[0] != pair[1]][:5]} (got, expected)"
    assert [key for page in reversed(back) for key in keys(page)] == wanted, f"{told}: not the same back"
    assert {int(page["numberMatched"].text) for page in forward} == {len(wanted)}, told
    given = [each for page in forward for each in page["features"]]
    for document, row in zip(given, rows, strict=True):
        assert without_own_links(document) == given_document(row, search), told


@pytest.mark.parametrize("number", range(SEARCHES))
def test_a_search_at_random(api, items, number):
    made = Queries(SEED + number)
    search = made.make()
    is_text = made.pick([True, False])
    gets = client.can_get(search)
    methods = ["GET", "POST"] if gets else ["POST", "POST"]
    made.random.shuffle(methods)
    check(api, items, search, method=methods[0], is_text=is_text, pages=made.pick([2, 3, 5]))
    check(api, items, search, method=methods[1], is_text=not is_text, pages=1)
    COUNTED["searches"] += 1


def test_each_item_is_given_as_it_was_sent(api, items):
    for row in items:
        collection, id = (quote(part, safe="") for part in row.key)
        document = client.ask("GET", f"{api.url}/collections/{collection}/items/{id}")
        assert without_own_links(document) == without_own_links(row.document), json.dumps(row.key)
