"""What sync keeps of an ingest: COGs in the store, COGs in the lake (--register), and rules for metadata (--mapping)."""

import hashlib
import json

import pystac
import pytest
import rasterio
import requests
from support.documents import use_offline_schemas, validate_document
from support.lake import UTM, Source, new_scope, ramp, upload, write_tiff
from support.product import S3, STACK, Catalogue, s3_client, served
from support.rest import Rest
from test_publish import as_alice, content, downloaded, metadata, replicas, sums


def tile(folder, name, seed, size=64, **meta):
    path = write_tiff(folder / name, ramp((1, size, size), "uint16", seed), crs="EPSG:32632", transform=UTM, names=["red"])
    return Source(path, name, ("DEV-DISK",), {"datetime": f"2024-01-{seed + 1:02}T00:00:00Z", **meta})


class World:
    """A dataset whose COGs are in a bucket and in the lake, ingested with rules for its metadata; late_*.tif are in no dataset yet."""

    def __init__(self, folder):
        self.folder, self.scope = folder, new_scope()
        self.did, self.collection = f"{self.scope}:set", f"{self.scope}.set"
        self.rest = Rest(self.scope)
        first = [tile(folder, f"tile_{n}.tif", n, level="L2A") for n in range(2)]
        late = [tile(folder, f"late_{n}.tif", 5 + n, level="L1C") for n in range(2)]
        upload(self.scope, [*first, *late], [{"name": "set", "files": [source.name for source in first]}])
        self.rules = folder / "rules.json"
        self.rules.write_text(json.dumps({"processing:level": "level"}))
        self.made = Catalogue()
        self.made.env["RUCIO_STAC_PUBLIC_URL"] = self.made.url
        self.made.start()
        # By a relative path, so that another folder has no such file.
        self.ingested = self.made.cli("ingest", self.did, "--register", "DEV-CACHE", "--register-stac", "--mapping", "rules.json", cwd=folder).ok()

    def sync(self, *args, **env):
        return self.made.cli("sync", self.did, *args, **env)

    def drift(self, *args):
        result = self.sync("--json", *args)
        assert not STACK.search(result.err), str(result)
        lines = [json.loads(line) for line in result.out.splitlines()]
        return result.code, [(each["kind"], each["did"].removeprefix(f"{self.scope}:"), each["detail"]) for each in lines if "kind" in each]

    def texts(self):
        """Item id -> name of its text in the dataset of the COGs."""
        names = [name for name in content(self.scope, "set.cog") if name.endswith(".json")]
        told = {name.split(".")[0]: name for name in names}
        assert len(told) == len(names), names
        return told

    def item(self, name):
        return self.made.json(f"/collections/{self.collection}/items/{name}")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with served(World(tmp_path_factory.mktemp("sync"))) as world:
        yield world


def moved_on(item):
    """An Item without what changes while it stays the same: replicas and orders are the lake's to tell."""
    item = json.loads(json.dumps(item))
    schemes = item["properties"]["storage:schemes"]
    rses = [key for key, scheme in schemes.items() if scheme["type"] == "rucio"]
    for key in rses:
        del schemes[key]
    for fields in (item["properties"], *item["assets"].values()):
        for key in ("alternate", "rucio:rses", "rucio:storage", "rucio:state"):
            fields.pop(key, None)
    item["stac_extensions"] = [uri for uri in item["stac_extensions"] if "/alternate-assets/" not in uri]
    return item


def test_the_lake_has_items_that_stand_for_themselves(world, tmp_path):
    assert "2 Items put into the lake at DEV-CACHE, 0 were there" in world.ingested.err
    texts = world.texts()
    assert set(texts) == {"tile_0", "tile_1"}
    data = downloaded(tmp_path, world.scope, texts["tile_0"])
    assert hashlib.sha256(data).hexdigest()[:12] == texts["tile_0"].split(".")[1]
    served = world.item("tile_0")
    document = json.loads(data)
    assert document == moved_on(served)
    item = pystac.Item.from_dict(document)
    use_offline_schemas(lambda uri: requests.get(uri, timeout=30).json())
    assert any("/schemas/rucio/" in str(uri) for uri in validate_document(document))
    assert all(link.get_absolute_href().startswith("http") for link in item.links)
    with rasterio.open(item.assets["red"].get_absolute_href()) as cog, rasterio.open(world.folder / "tile_0.tif") as source:
        assert (cog.read() == source.read()).all()
    told = metadata(world.scope, texts["tile_0"])
    assert (told["derived_from"], told["datetime"], told["bbox"], told["media_type"]) == (f"{world.scope}:tile_0.tif", served["properties"]["datetime"], served["bbox"], "application/geo+json")


@pytest.mark.one_database
def test_an_item_that_changes_takes_the_place_of_its_earlier_text(world):
    before = world.texts()
    again = world.made.cli("ingest", world.did, "--register", "DEV-CACHE", "--register-stac", "--mapping", world.rules).ok()
    assert "0 COGs put into the lake" in again.err and "0 Items put into the lake at DEV-CACHE, 2 were there" in again.err and world.texts() == before
    world.rest.set_meta("tile_1.tif", level="L2B")
    assert world.drift() == (0, [("metadata", "tile_1.tif", "processing:level"), ("stac-unregistered", "tile_1.tif", "DEV-CACHE")])
    after = world.texts()
    assert after["tile_0"] == before["tile_0"] and after["tile_1"] != before["tile_1"]
    assert replicas(world.scope, after["tile_1"])[after["tile_1"]][3] == {"DEV-CACHE": "AVAILABLE"}


@pytest.mark.one_database
def test_what_sync_ingests_goes_into_the_lake_by_the_rules_of_the_ingest(world, tmp_path):
    world.rules.unlink()
    world.rest.attach("set", "late_0.tif")
    result = world.sync(RUCIO_CONFIG=as_alice(tmp_path))
    failed = [line for line in result.err.splitlines() if line.startswith("failed: ")]
    # Who may not put COGs there gets the Items all the same.
    assert result.code == 1 and len(failed) == 1 and "alice" in failed[0] and "DEV-CACHE" in failed[0] and "1 files ingested" in result.err, str(result)
    assert "rucio:did" not in world.item("late_0")["assets"]["red"]
    world.rest.attach("set", "late_1.tif")
    waiting = [(kind, "late_0.tif", "DEV-CACHE") for kind in ("cog-unregistered", "stac-unregistered")]
    assert world.drift() == (0, [("new", "late_1.tif", ""), *waiting])
    assert set(world.texts()) == {"tile_0", "tile_1", "late_0", "late_1"}
    listed = replicas(world.scope, "set.cog")
    for name in ("late_0", "late_1"):
        item = world.item(name)
        asset = item["assets"]["red"]
        assert item["properties"]["processing:level"] == "L1C" and asset["rucio:rses"] == ["DEV-CACHE"]
        assert listed[asset["rucio:name"]] == (*sums(requests.get(asset["href"], timeout=30).content), {"DEV-CACHE": "AVAILABLE"})


@pytest.mark.one_database
def test_rules_that_have_changed_since_are_told_and_count_with_the_next_ingest(world):
    world.rules.write_text(json.dumps({"processing:level": {"value": "L3"}}))
    result = world.sync().ok()
    assert "0 differences, 0 files ingested, 0 items written" in result.err and f"{world.rules} has changed since {world.did} was ingested" in result.err, str(result)
    assert world.item("tile_0")["properties"]["processing:level"] == "L2A"
    world.rules.unlink()


@pytest.mark.postgres
def test_cogs_that_are_lost_from_the_store_are_told_and_made_again(world):
    made = world.made
    keys = {name: f"{made.name}/{world.collection}/{name}/red.tif" for name in ("tile_0", "tile_1")}
    before = made.objects()
    client = s3_client()
    client.delete_object(Bucket=S3["S3_BUCKET"], Key=keys["tile_0"])
    client.put_object(Bucket=S3["S3_BUCKET"], Key=keys["tile_1"], Body=b"cut")
    lost = [("cog-lost", f"{name}.tif", key.removeprefix(f"{made.name}/")) for name, key in keys.items()]
    items = made.items(world.collection)
    assert world.drift("--check") == (2, lost)
    assert keys["tile_0"] not in made.objects()
    result = world.sync().ok()
    assert f"cog lost: {world.scope}:tile_0.tif ({lost[0][2]}) -> {world.collection}/tile_0" in result.out and "2 files ingested" in result.err, str(result)
    assert made.items(world.collection) == items
    assert {key: (size, etag) for key, (size, _, etag) in made.objects().items()} == {key: (size, etag) for key, (size, _, etag) in before.items()}
    for name in keys:
        with rasterio.open(world.folder / f"{name}.tif") as source, rasterio.open(world.item(name)["assets"]["red"]["href"]) as cog:
            assert (source.read(1) == cog.read(1)).all()
    assert world.drift("--check") == (0, [])
