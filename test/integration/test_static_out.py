"""--out FOLDER: the same STAC as files, which pystac opens without a server or a network."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import odc.stac
import pystac
import rasterio
from support.documents import use_offline_schemas
from support.product import ROOT


def local_schema(_):
    return json.loads((ROOT / "src" / "stac" / "schemas" / "extensions" / "rucio" / "v1.0.0" / "schema.json").read_text())


def hrefs(folder):
    for path in sorted(folder.rglob("*.json")):
        document = json.loads(path.read_text())
        for link in document.get("links", []):
            yield path, link


def test_static_catalogue(make_catalogue, lake, tmp_path):
    made = make_catalogue()
    out = tmp_path / "static"
    made.cli("ingest", lake.did, "--out", out).ok()

    tops = [out / name for name in ("catalog.json", "collection.json") if (out / name).exists()]
    assert tops, sorted(str(path.relative_to(out)) for path in out.rglob("*"))
    catalog = pystac.read_file(str(tops[0]))
    items = list(catalog.get_items(recursive=True))
    assert len(items) == 12

    for path, link in hrefs(out):
        if link["rel"] in ("root", "parent", "child", "item", "collection"):
            assert not urlsplit(link["href"]).scheme and not link["href"].startswith("/"), (path, link)
            assert (path.parent / link["href"]).resolve().exists(), (path, link)
            assert out.resolve() in (path.parent / link["href"]).resolve().parents
        assert made.url not in link["href"]

    use_offline_schemas(local_schema)
    for item in items:
        item.validate()
    catalog.validate()

    scenes = [item for item in items if item.id in {source.stem for source in lake.scenes}]
    loaded = odc.stac.load(scenes, bands=["red"])
    for index, source in enumerate(lake.scenes):
        with rasterio.open(source.path) as src:
            np.testing.assert_array_equal(loaded.red.isel(time=index), src.read(1))
            assert loaded.odc.geobox.transform == src.transform


def test_the_same_as_the_api_says(make_catalogue, lake, tmp_path):
    made = make_catalogue()
    made.start()
    out = tmp_path / "static"
    made.cli("ingest", f"{lake.scope}:scenes", "--out", out).ok()
    collection = f"{lake.scope}.scenes"
    files = {}
    for path in out.rglob("*.json"):
        document = json.loads(path.read_text())
        if document["type"] == "Feature":
            files[document["id"]] = document
    served = {item["id"]: item for item in made.items(collection)}
    assert files.keys() == served.keys() and len(files) == 3
    for name, item in files.items():
        for key in ("geometry", "bbox", "properties", "collection"):
            assert item[key] == served[name][key], key
        for key, asset in item["assets"].items():
            # Files ask no server: the original is where a replica is.
            place = {"href": next(iter(asset["alternate"].values()))["href"]} if key == "source" else {}
            assert asset == served[name]["assets"][key] | place
    # A second time over the same folder changes no byte.
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in out.rglob("*.json")}
    made.cli("ingest", f"{lake.scope}:scenes", "--out", out).ok()
    assert {path: path.read_bytes() for path in out.rglob("*.json")} == {path: text for path, (text, _) in before.items()}


def test_embedded_assets_travel_with_the_folder(make_catalogue, lake, tmp_path):
    """Without S3 the COGs are in the data folder: the static catalogue must still find them."""
    made = make_catalogue(store="folder")
    out = tmp_path / "static"
    made.cli("ingest", f"{lake.scope}:scenes", "--out", out).ok()
    top = next(out / name for name in ("catalog.json", "collection.json") if (out / name).exists())
    items = [item for item in pystac.read_file(str(top)).get_items(recursive=True)]
    for item in items:
        item.make_asset_hrefs_absolute()
    loaded = odc.stac.load(items, bands=["nir"])
    with rasterio.open(lake.scenes[0].path) as src:
        np.testing.assert_array_equal(loaded.nir.isel(time=0), src.read(2))


# What links, files or file systems of others could take for something else.
AWKWARD = ["plain", "a b", "a/b", "a\\b", "a:b", "a%2Fb", "a%20b", "ö日🛰", ".hidden", "..up", "Case", "case", "collection.json", "nul", "x?y#z", 'q"q', "l" * 300]


def documents(path):
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {(each["type"], each.get("collection"), each["id"]): each for each in lines}


def test_export_of_awkward_ids(make_catalogue, tmp_path):
    """pystac decodes no link: each must be the path, text by text."""
    extent = {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [["2020-01-01T00:00:00Z", None]]}}
    collections = [{"type": "Collection", "stac_version": "1.1.0", "id": name, "description": name, "license": "other", "extent": extent, "links": []} for name in AWKWARD]
    items = [
        {
            "type": "Feature",
            "stac_version": "1.1.0",
            "id": name,
            "collection": home,
            "geometry": {"type": "Point", "coordinates": [1, 2]},
            "bbox": [1, 2, 1, 2],
            "properties": {"datetime": "2024-01-01T00:00:00Z"},
            "links": [],
            "assets": {},
        }
        for home in ("a/b", "Case", "case")
        for name in AWKWARD
    ]
    # A page beside it: the loaded folder has its own place on this machine.
    items[0]["links"] = [{"rel": "about", "href": "rel.html"}]
    (tmp_path / "all.ndjson").write_text("".join(json.dumps(each) + "\n" for each in collections + items))
    made, other = make_catalogue(store="folder"), make_catalogue(store="folder")
    made.cli("load", tmp_path / "all.ndjson").ok()
    made.cli("export", "--format", "static", "-o", tmp_path / "out").ok()

    catalog = pystac.Catalog.from_file(str(tmp_path / "out" / "catalog.json"))
    assert sorted(each.id for each in catalog.get_children()) == sorted(AWKWARD)
    found = [(item.collection_id, item.id) for item in catalog.get_items(recursive=True)]
    assert sorted(found) == sorted((each["collection"], each["id"]) for each in items)

    other.cli("load", tmp_path / "out").ok()
    for name, each in (("here", made), ("there", other)):
        each.cli("export", "-o", tmp_path / f"{name}.ndjson").ok()
    here, there = documents(tmp_path / "here.ndjson"), documents(tmp_path / "there.ndjson")
    [about] = there["Feature", "a/b", "plain"]["links"]
    assert Path(about["href"]).is_relative_to(tmp_path / "out") and about["href"].endswith("/plain/rel.html")
    about["href"] = "rel.html"
    assert there == here
