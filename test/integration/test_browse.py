"""Following links from the landing page, as clients do that know nothing of an API: pystac, and pystac-client's walk."""

import pystac
import pystac_client
import requests


def test_pystac_reaches_every_item_by_child_and_item_links(catalogue, lake):
    root = pystac.Catalog.from_file(f"{catalogue.url}/")
    reached = [(item.collection_id, item.id) for item in root.get_items(recursive=True)]
    found, page = [], requests.get(f"{catalogue.url}/search?limit=1000", timeout=60).json()
    while True:
        found += [(item["collection"], item["id"]) for item in page["features"]]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            break
        page = requests.get(following[0], timeout=60).json()
    assert len(found) > 5
    assert sorted(reached) == sorted(found)


def test_a_collection_is_below_the_catalogue_of_its_scope(catalogue, lake):
    root = pystac.Catalog.from_file(f"{catalogue.url}/")
    scope = next(child for child in root.get_children() if child.id == lake.scope)
    assert isinstance(scope, pystac.Catalog) and not isinstance(scope, pystac.Collection)
    collection = next(child for child in scope.get_children() if child.id == lake.collection)
    assert collection.get_parent().id == lake.scope
    assert collection.get_root().id == root.id


def test_pystac_client_takes_the_collections_with_their_parents(catalogue, lake):
    client = pystac_client.Client.open(f"{catalogue.url}/")
    collection = client.get_collection(lake.collection)
    assert collection.get_parent().id == lake.scope
    assert {each.id for each in collection.get_items()} == {item["id"] for item in catalogue.items(lake.collection)}
    assert lake.collection in {each.id for each in client.get_collections()}
    assert lake.scope in {each.id for each in client.get_children()}
