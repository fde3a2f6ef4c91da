"""Metadata of Rucio's two plugins (JSON and the columns of a DID) as fields of STAC, by the default rules and by one's own."""

import json

import pytest
import rasterio
import requests
from support.documents import use_offline_schemas, validate_document
from support.lake import UTM, Source, new_scope, ramp, upload, write_tiff
from test_assets import rucio

pytestmark = pytest.mark.one_database

LAKE = {
    "datetime": "2024-05-01T10:00:00Z",
    "summary": "Told by an ACDD attribute",
    "satellite": "Sentinel-1A",
    "instrument": "C-SAR",
    "cloud_cover": "12.5",
    "licence": "https://example.org/terms",
    "bbox": [5, 44, 6, 45.5],
    "project": "flood",
    "campaign": "spring",
    "quality": {"score": "0.75"},
}


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """A raster without a reference system, whose metadata says where it is, in a dataset with metadata of its own."""
    scope = new_scope()
    path = write_tiff(tmp_path_factory.mktemp("described") / "a.tif", ramp((1, 64, 64), "uint16", 1), crs=None, transform=UTM, names=["red"])
    with rasterio.open(path) as file:
        assert file.crs is None
    dataset = {"name": "set", "files": ["a.tif"], "meta": {"title": "A set", "abstract": "Long", "licence": "MIT", "keywords": "snow, ice", "doi": "https://doi.org/10.5281/zenodo.1"}}
    upload(scope, [Source(path, "a.tif", ("DEV-DISK",), LAKE)], [dataset])
    return scope


def test_default_rules_and_ones_own(make_catalogue, described, tmp_path):
    made = make_catalogue(store="folder")
    made.cli("ingest", f"{described}:set").ok()
    made.start()
    [item] = made.items(f"{described}.set")
    told = {"description": "Told by an ACDD attribute", "platform": "Sentinel-1A", "instruments": ["C-SAR"], "eo:cloud_cover": 12.5, "license": "other", "datetime": "2024-05-01T10:00:00Z"}
    assert {key: item["properties"].get(key) for key in told} == told
    assert not {"project", "campaign", "quality", "bbox", "satellite"} & set(item["properties"])
    assert [link["href"] for link in item["links"] if link["rel"] == "license"] == ["https://example.org/terms"]
    assert item["bbox"] == [5, 44, 6, 45.5]
    assert item["geometry"] == {"type": "Polygon", "coordinates": [[[5, 44], [6, 44], [6, 45.5], [5, 45.5], [5, 44]]]}
    use_offline_schemas(lambda uri: requests.get(uri, timeout=30).json())
    validate_document(item)
    collection = made.json(f"/collections/{described}.set")
    assert (collection["title"], collection["description"], collection["license"]) == ("A set", "Long", "MIT")
    assert (collection["keywords"], collection["sci:doi"]) == (["snow", "ice"], "10.5281/zenodo.1")
    validate_document(collection)

    rules = tmp_path / "mapping.json"
    rules.write_text(json.dumps({"mission": "project", "campaign": "campaign", "score": {"from": "quality.score", "as": "number"}, "instruments": None, "processing:facility": {"value": "CERN"}}))
    again = made.cli("ingest", f"{described}:set", "--mapping", rules).ok()
    assert "0 files ingested, 1 unchanged" in again.err
    [item] = made.items(f"{described}.set")
    added = {"mission": "flood", "campaign": "spring", "score": 0.75, "processing:facility": "CERN", "platform": "Sentinel-1A"}
    assert {key: item["properties"].get(key) for key in added} == added
    assert "instruments" not in item["properties"]

    # What the lake has no more is where it was.
    rucio("client.detach_dids(sys.argv[1], 'set', [{'scope': sys.argv[1], 'name': 'a.tif'}])", described)
    made.cli("sync", f"{described}:set").ok()
    [gone] = made.items(f"{described}.set")
    assert gone["properties"]["rucio:state"] == "DELETED" and (gone["bbox"], gone["geometry"]) == (item["bbox"], item["geometry"])
    assert {key: gone["properties"].get(key) for key in added} == added

    # Rules count as they were given, also when their file is no more there; those of all are read each time, and where they
    # are not there, Collections with rules of their own are kept true.
    other = made.cli("ingest", f"{described}:a.tif", "--collection", "zz").ok()
    assert other.code == 0
    rules.unlink()
    assert "0 differences, 0 files ingested, 0 items written" in made.cli("sync", f"{described}:set").ok().err
    failed = made.cli("sync", RUCIO_STAC_MAPPING=rules)
    assert failed.code == 1 and "mapping.json cannot be read" in failed.err, str(failed)
    assert f"Collection {described}.set: 0 differences" in failed.err


def test_a_mapping_that_cannot_be_used_is_one_sentence(make_catalogue, described, tmp_path):
    made = make_catalogue(store="folder")
    rules = tmp_path / "mapping.json"
    made.cli("ingest", f"{described}:set", "--mapping", rules).refused("mapping.json", "cannot be read")
    rules.write_text('{"platform": {"form": "x"}}')
    made.cli("ingest", f"{described}:set", "--mapping", rules).refused("mapping.json", "platform", "form", "from, as and value")
