"""Every document that the server gives out is valid to pystac, with the project's schemas and no network."""

import json

import pytest
import requests
from support.documents import use_offline_schemas, validate_document


@pytest.fixture(scope="module")
def validator(s3_catalogue):
    def served(uri):
        response = requests.get(uri, timeout=30)
        assert response.status_code == 200, uri
        return response.json()

    return use_offline_schemas(served)


def test_landing_page(s3_catalogue, validator):
    landing = s3_catalogue.json("/")
    assert validate_document(landing)


def test_collections(s3_catalogue, lake, validator):
    listed = s3_catalogue.json("/collections")["collections"]
    assert [each["id"] for each in listed] == [lake.collection]
    for collection in listed:
        validate_document(collection)
        assert s3_catalogue.json(f"/collections/{collection['id']}") == collection


def test_items_of_all_pages(s3_catalogue, lake, validator):
    address, seen = f"{s3_catalogue.url}/collections/{lake.collection}/items?limit=5", []
    while address:
        page = requests.get(address, timeout=30).json()
        assert page["numberMatched"] == 12 and page["numberReturned"] == len(page["features"])
        for item in page["features"]:
            used = validate_document(item)
            assert len(used) == 1 + len(item["stac_extensions"])
            one = s3_catalogue.json(f"/collections/{lake.collection}/items/{item['id']}")
            assert one == item
            seen.append(item["id"])
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    assert len(seen) == len(set(seen)) == 12


def test_extensions_are_declared_and_used(s3_catalogue, lake, validator):
    for item in s3_catalogue.items(lake.collection):
        extensions = " ".join(item["stac_extensions"])
        for name in ("projection/v1.2.0", "file/v2.1.0", "alternate-assets/v1.2.0", "/schemas/rucio/v1.0.0/"):
            assert name in extensions, (item["id"], name)
        # Its schema wants a field of it wherever it is declared; degrees are no spatial resolution, which is in metres.
        assert ("raster/v2.0.0" in extensions) == ('"raster:' in json.dumps(item)), item["id"]
        assert item["stac_version"] == "1.1.0"


def test_a_wrong_rucio_field_is_not_valid(s3_catalogue, lake, validator):
    item = s3_catalogue.items(lake.collection)[0]
    item["assets"]["source"]["rucio:adler32"] = "NOT HEX"
    with pytest.raises(Exception, match="adler32|NOT HEX"):
        validate_document(item)


def test_the_validate_command_agrees(s3_catalogue, lake, tmp_path):
    item = tmp_path / "item.json"
    item.write_text(s3_catalogue.get(f"/collections/{lake.collection}/items/{lake.scenes[0].stem}").text)
    page = tmp_path / "page.json"
    page.write_text(s3_catalogue.get("/search").text)
    assert "valid" in s3_catalogue.cli("validate", item, page).ok().out
    broken = tmp_path / "broken.json"
    broken.write_text(item.read_text().replace('"datetime":"2023', '"datetime":"June 2023'))
    told = s3_catalogue.cli("validate", broken)
    assert told.code == 1 and "datetime" in told.out


def test_the_examples_of_the_rucio_extension(s3_catalogue, validator):
    """As the server gives them out, beside the schema that they name."""
    folder = f"{s3_catalogue.url}/schemas/rucio/v1.0.0"
    readme = requests.get(f"{folder}/README.md", timeout=30)
    assert readme.headers["content-type"].startswith("text/markdown")
    for name in ("item", "collection"):
        assert f"examples/{name}.json" in readme.text
        document = requests.get(f"{folder}/examples/{name}.json", timeout=30).json()
        assert f"{folder}/schema.json" in document["stac_extensions"]
        validate_document(document)
        document["properties" if name == "item" else "assets"] = {"rucio:state": "SOMEWHERE", "datetime": "2024-01-01T00:00:00Z"} if name == "item" else {"a": {"href": "x", "rucio:state": "SOMEWHERE"}}
        with pytest.raises(Exception, match="SOMEWHERE"):
            validate_document(document)
