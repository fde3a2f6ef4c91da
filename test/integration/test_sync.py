"""Stay true: what changes in the lake is told, and mended in the catalogue; what fails changes nothing."""

import hashlib
import json
import re
import shutil
import signal
import subprocess
import zlib
from concurrent.futures import ThreadPoolExecutor

import pystac_client
import pytest
import rasterio
import requests
from support.lake import UTM, Source, new_scope, ramp, upload, write_tiff
from support.product import STACK, Catalogue, served, until
from support.rest import Between, Rest


def tile(folder, name, seed, rses=("DEV-DISK",), size=64, **meta):
    path = write_tiff(folder / name, ramp((1, size, size), "uint16", seed), crs="EPSG:32632", transform=UTM, names=["red"])
    return Source(path, name, tuple(rses), {"datetime": f"2024-01-{seed + 1:02}T00:00:00Z", **meta})


class World:
    """A lake with an open dataset, a closed one and one of scenes of two files, and a catalogue of them that is served."""

    def __init__(self, folder):
        self.folder, self.scope = folder, new_scope()
        self.rest = Rest(self.scope)
        self.tiles = [tile(folder, f"tile_{n}.tif", n, ("DEV-DISK", "DEV-CACHE") if n == 0 else ("DEV-DISK",)) for n in range(5)]
        self.shut = [tile(folder, f"shut_{n}.tif", 5 + n) for n in range(2)]
        self.bands = [tile(folder, f"pair_{band}.tif", 8) for band in ("B04", "B08")]
        names = lambda sources: [source.name for source in sources]  # noqa: E731
        datasets = [("open", self.tiles), ("closed", self.shut), ("pairs", self.bands)]
        self.places = upload(self.scope, [*self.tiles, *self.shut, *self.bands], [{"name": name, "files": names(files)} for name, files in datasets])
        self.rest.close("closed")
        self.made = Catalogue(store="folder")
        self.made.start()
        pattern = r"(?<scene>.+)_(?<asset>B\d+)\.tif$"
        for name, more in (("open", ()), ("closed", ()), ("pairs", ("--scene", pattern))):
            self.made.cli("ingest", f"{self.scope}:{name}", *more).ok()

    def sync(self, *args, dataset="open", **env):
        return self.made.cli("sync", *([f"{self.scope}:{dataset}"] if dataset else []), *args, **env)

    def drift(self, *args, dataset="open"):
        """What a sync tells, as (kind, name, detail)."""
        result = self.sync("--json", *args, dataset=dataset)
        assert not STACK.search(result.err), str(result)
        lines = [json.loads(line) for line in result.out.splitlines()]
        return result.code, sorted((each["kind"], each["did"].removeprefix(f"{self.scope}:"), each["detail"]) for each in lines if "kind" in each)

    def item(self, name, dataset="open"):
        return self.made.json(f"/collections/{self.scope}.{dataset}/items/{name}")

    def state(self, name, dataset="open"):
        properties = self.item(name, dataset)["properties"]
        return properties["rucio:state"], properties["rucio:rses"], properties["rucio:storage"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with served(World(tmp_path_factory.mktemp("sync"))) as world:
        yield world


def told(result):
    return [line for line in result.out.splitlines() if line]


def test_nothing_has_changed(world):
    before = {name: world.made.items(f"{world.scope}.{name}") for name in ("open", "closed", "pairs")}
    assert world.drift("--check") == (0, [])
    result = world.sync(dataset=None).ok()
    assert told(result) == [] and result.err.count("0 differences, 0 files ingested, 0 items written, 0 deleted, 0 failed") == 3, str(result)
    assert {name: world.made.items(f"{world.scope}.{name}") for name in before} == before


@pytest.mark.one_database
def test_a_name_that_is_not_catalogued(world):
    world.sync(dataset="nothing").refused(f"{world.scope}:nothing", "ingest")
    world.made.cli("sync", "nonsense").refused("SCOPE:NAME")
    world.sync("--every", "1s").refused("--every", "10s")


def test_files_replicas_and_metadata(world):
    """All at once, as a lake does: told by a check that changes nothing, then mended, then there is nothing more to tell."""
    rest, made = world.rest, world.made
    new = tile(world.folder, "tile_9.tif", 9)
    world.places |= upload(world.scope, [new], [])
    rest.attach("open", new.name)
    rest.set_meta("tile_1.tif", platform="sentinel-2a")
    rest.delete_replicas(("DEV-CACHE", "tile_0.tif"))
    rest.declare_bad("DEV-DISK", "tile_2.tif")
    content = world.tiles[3].path.read_bytes()
    rest.add_replicas("DEV-CACHE", [{"name": "tile_3.tif", "bytes": len(content), "adler32": f"{zlib.adler32(content):08x}", "md5": hashlib.md5(content).hexdigest()}])
    rest.detach("open", "tile_4.tif")

    before = made.items(f"{world.scope}.open")
    expected = [
        ("gone", "tile_4.tif", ""),
        ("metadata", "tile_1.tif", "platform"),
        ("new", "tile_9.tif", ""),
        ("no-replica", "tile_2.tif", ""),
        ("replica-gone", "tile_0.tif", "DEV-CACHE"),
        ("replica-gone", "tile_2.tif", "DEV-DISK"),
        ("replica-new", "tile_3.tif", "DEV-CACHE"),
    ]
    assert world.drift("--check") == (2, expected)
    assert made.items(f"{world.scope}.open") == before
    result = world.sync().ok()
    assert "7 differences, 1 files ingested, 6 items written" in result.err, str(result)
    assert any(line.startswith(f"in STAC and not in Rucio: {world.scope}:tile_4.tif") for line in told(result)), str(result)
    assert any(line.startswith(f"in Rucio and not in STAC: {world.scope}:tile_9.tif") for line in told(result)), str(result)
    assert world.state("tile_0") == ("AVAILABLE", ["DEV-DISK"], ["DISK"])
    assert world.state("tile_2") == ("UNAVAILABLE", [], [])
    assert world.state("tile_3") == ("AVAILABLE", ["DEV-CACHE", "DEV-DISK"], ["DISK"])
    assert world.item("tile_1")["properties"]["platform"] == "sentinel-2a"
    gone = world.item("tile_4")
    assert world.state("tile_4") == ("DELETED", [], []) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", gone["properties"]["rucio:deleted"])
    assert requests.get(gone["assets"]["red"]["href"], timeout=30).ok
    with rasterio.open(new.path) as src, rasterio.open(world.item("tile_9")["assets"]["red"]["href"]) as cog:
        assert (src.read(1) == cog.read(1)).all()
    assert world.drift("--check") == (0, [])
    assert world.item("tile_4") == gone
    assert made.json(f"/collections/{world.scope}.open")["rucio:state"] == "PARTIAL"


def test_availability_is_searched(world):
    client = pystac_client.Client.open(world.made.url)
    collection = f"{world.scope}.open"
    found = lambda text: sorted(item.id for item in client.search(collections=[collection], filter=text, filter_lang="cql2-text").items())  # noqa: E731
    assert found("a_contains(\"rucio:rses\", ('DEV-CACHE'))") == ["tile_3"]
    assert found("\"rucio:state\" = 'AVAILABLE' and a_contains(\"rucio:storage\", ('DISK'))") == ["tile_0", "tile_1", "tile_3", "tile_9"]
    assert found("\"rucio:state\" = 'DELETED'") == ["tile_4"]
    assert found("\"rucio:deleted\" is null") == ["tile_0", "tile_1", "tile_2", "tile_3", "tile_9"]
    names = world.made.json(f"/collections/{collection}/queryables")["properties"]
    assert names["rucio:rses"] == {"type": "array", "items": {"type": "string", "enum": ["DEV-CACHE", "DEV-DISK"]}}
    assert names["rucio:storage"] == {"type": "array", "items": {"type": "string", "enum": ["DISK"]}}
    assert names["rucio:state"] == {"type": "string", "enum": ["AVAILABLE", "DELETED", "UNAVAILABLE"]}


def test_what_is_gone_comes_back_or_is_pruned(world):
    rest, collection = world.rest, f"{world.scope}.open"
    rest.attach("open", "tile_4.tif")
    world.sync().ok()
    assert world.state("tile_4") == ("AVAILABLE", ["DEV-DISK"], ["DISK"]) and "rucio:deleted" not in world.item("tile_4")["properties"]
    rest.detach("open", "tile_4.tif")
    stored = world.made.objects()
    # Looking deletes nothing, whatever else is said.
    assert world.drift("--check", "--prune") == (2, [("gone", "tile_4.tif", "")])
    assert world.state("tile_4")[0] == "AVAILABLE" and world.made.objects() == stored
    world.sync("--prune").ok()
    answer = world.made.get(f"/collections/{collection}/items/tile_4")
    assert answer.status_code == 410 and answer.headers["content-type"].startswith("application/problem+json"), answer.text
    assert f"{world.scope}:tile_4.tif is not in Rucio any more" in answer.json()["detail"]
    assert world.made.get(f"/collections/{collection}/items/tile_4/assets/red").status_code == 410
    assert set(stored) - set(world.made.objects()) == {f"{collection}/tile_4/red.tif"}
    assert world.made.get(f"/collections/{collection}/items/tile_5").status_code == 404
    assert world.drift("--check") == (0, [])
    rest.attach("open", "tile_4.tif")
    assert world.drift() == (0, [("new", "tile_4.tif", "")])
    assert world.state("tile_4")[0] == "AVAILABLE"


@pytest.mark.one_database
def test_other_content_under_a_new_file(world):
    """Rucio's way to change content: another file; the old one is erased, for its last replica goes."""
    other = tile(world.folder, "tile_1b.tif", 20)
    upload(world.scope, [other], [])
    world.rest.attach("open", other.name)
    world.rest.delete_replicas(("DEV-DISK", "tile_1.tif"))
    assert world.drift() == (0, [("gone", "tile_1.tif", ""), ("new", "tile_1b.tif", "")])
    assert world.state("tile_1")[0] == "DELETED" and world.state("tile_1b")[0] == "AVAILABLE"


@pytest.mark.one_database
def test_other_content_under_the_same_name(world):
    """The administrators' way: the bytes are replaced, then the columns."""
    place, other = world.places["tile_3.tif"]["DEV-DISK"], tile(world.folder, "other.tif", 21, size=70)
    world.rest.delete_replicas(("DEV-CACHE", "tile_3.tif"))
    world.sync().ok()
    shutil.copy(other.path, place)
    content = other.path.read_bytes()
    world.rest.set_content("tile_3.tif", len(content), f"{zlib.adler32(content):08x}", hashlib.md5(content).hexdigest())
    code, found = world.drift("--check")
    assert code == 2 and [(kind, name) for kind, name, _ in found] == [("changed", "tile_3.tif")], found
    assert f"{zlib.adler32(content):08x}" in found[0][2]
    world.sync().ok()
    item = world.item("tile_3")
    assert item["assets"]["source"]["file:size"] == len(content)
    with rasterio.open(other.path) as src, rasterio.open(item["assets"]["red"]["href"]) as cog:
        assert (src.read(1) == cog.read(1)).all()


@pytest.mark.one_database
def test_a_scene_of_two_files_loses_one(world):
    world.rest.detach("pairs", "pair_B08.tif")
    before = world.item("pair", "pairs")
    assert world.drift(dataset="pairs") == (0, [("gone", "pair_B08.tif", "")])
    item = world.item("pair", "pairs")
    assert set(item["assets"]) == set(before["assets"]) and item["properties"]["rucio:state"] == "PARTIAL"
    assert {key: asset["href"] for key, asset in item["assets"].items() if key.startswith("B")} == {key: asset["href"] for key, asset in before["assets"].items() if key.startswith("B")}
    assert [asset["rucio:state"] for asset in item["assets"].values() if asset.get("rucio:name") == "pair_B08.tif"] == ["DELETED"]
    world.sync("--prune", dataset="pairs").ok()
    item = world.item("pair", "pairs")
    assert "B08" not in item["assets"] and item["properties"]["rucio:state"] == "AVAILABLE"
    with rasterio.open(world.bands[0].path) as src, rasterio.open(item["assets"]["B04"]["href"]) as cog:
        assert (src.read(1) == cog.read(1)).all()
    assert world.drift("--check", dataset="pairs") == (0, [])


@pytest.mark.one_database
def test_a_scene_keeps_each_files_own_cog(world, tmp_path):
    """A file before the others comes, one goes, and another of its band comes: every address leads to that file's own pixels."""
    pattern = r"(?<scene>keep)_(?<asset>B\d+)(_v\d)?\.tif$"
    b01, b04, b08, later = (tile(tmp_path, f"keep_{band}.tif", 9 + n) for n, band in enumerate(("B01", "B04", "B08", "B04_v2")))
    upload(world.scope, [b01, b04, b08, later], [{"name": "keep", "files": [b04.name, b08.name]}])
    world.made.cli("ingest", f"{world.scope}:keep", "--scene", pattern).ok()

    def assets_are(expected):
        assets = world.item("keep", "keep")["assets"]
        assert set(assets) == set(expected) | {f"source-{key}" for key in expected}
        for key, source in expected.items():
            original = assets[f"source-{key}"]
            assert original["rucio:name"] == source.name and original["href"].endswith(f"/items/keep/assets/source-{key}")
            with rasterio.open(source.path) as src, rasterio.open(assets[key]["href"]) as cog:
                assert (src.read(1) == cog.read(1)).all(), key
        return {asset["rucio:name"]: asset.get("rucio:state") for asset in assets.values() if "rucio:name" in asset}

    assets_are({"B04": b04, "B08": b08})
    world.rest.detach("keep", b04.name)
    world.rest.attach("keep", b01.name, later.name)
    world.sync(dataset="keep").ok()
    states = assets_are({"B01": b01, "B04": later, "B04_2": b04, "B08": b08})
    assert states == {b01.name: "AVAILABLE", later.name: "AVAILABLE", b04.name: "DELETED", b08.name: "AVAILABLE"}
    assert world.drift("--check", dataset="keep") == (0, [])
    world.sync("--prune", dataset="keep").ok()
    assets_are({"B01": b01, "B04": later, "B08": b08})
    mine = [name for name in world.made.objects() if name.startswith(f"{world.scope}.keep/")]
    assert len(mine) == 3, mine
    assert world.drift("--check", dataset="keep") == (0, [])


@pytest.mark.one_database
def test_a_new_file_takes_the_item_of_one_that_is_gone(world, tmp_path):
    """Two names, one Item id: `2024/s1.tif` is moved to `2024.s1.tif`."""
    old, new = tile(tmp_path, "moved_s1.tif", 11), tile(tmp_path, "moved.s1.tif", 12)
    old.name, new.name = "moved/s1.tif", "moved.s1.tif"
    upload(world.scope, [old, new], [{"name": "moving", "files": [old.name]}])
    world.made.cli("ingest", f"{world.scope}:moving").ok()
    assert world.item("moved.s1", "moving")["assets"]["source"]["rucio:name"] == old.name
    world.rest.detach("moving", old.name)
    world.rest.attach("moving", new.name)
    assert world.drift(dataset="moving") == (0, [("gone", old.name, ""), ("new", new.name, "")])
    assets = world.item("moved.s1", "moving")["assets"]
    assert assets["source"]["rucio:name"] == new.name
    with rasterio.open(new.path) as src, rasterio.open(assets["red"]["href"]) as cog:
        assert (src.read(1) == cog.read(1)).all()
    assert world.drift("--check", dataset="moving") == (0, [])


@pytest.mark.one_database
def test_an_item_that_is_gone_here_and_there(world, tmp_path):
    """Its time was told by the lake's metadata alone, which are no more."""
    timeless = tile(tmp_path, "timeless.tif", 13)
    upload(world.scope, [timeless], [{"name": "timeless", "files": [timeless.name]}])
    world.made.cli("ingest", f"{world.scope}:timeless").ok()
    world.made.stop()
    world.made.start(RUCIO_STAC_TRANSACTIONS="true")
    assert requests.delete(f"{world.made.url}/collections/{world.scope}.timeless/items/timeless", timeout=60).status_code == 204
    world.rest.detach("timeless", timeless.name)
    assert world.drift(dataset="timeless") == (0, [])


@pytest.mark.one_database
def test_a_collection_is_of_one_lake(world, tmp_path):
    """Another lake has a DID of the same name: nothing of the first is touched. A lake that has moved is told by its old address."""
    between = Between(world.rest)
    try:
        source = tile(tmp_path, "lake.tif", 14)
        upload(world.scope, [source], [{"name": "lake", "files": [source.name]}])
        made, did = world.made, f"{world.scope}:lake"
        here = made.json(f"/collections/{world.scope}.open")["rucio:host"]
        # The same address in another spelling is the same lake.
        spelt = between.config(tmp_path, rucio_host=f"{between.url.replace('http', 'HTTP')}//")
        made.cli("ingest", did, RUCIO_CONFIG=spelt).ok()
        before = world.item("lake", "lake")
        assert before["properties"]["rucio:host"] == between.url
        made.cli("ingest", did, RUCIO_CONFIG=between.config(tmp_path)).ok()
        made.cli("ingest", did).refused("--collection", f"--moved-from {between.url}", here)
        assert world.item("lake", "lake") == before
    finally:
        between.close()
    world.sync("--moved-from", "elsewhere", dataset="lake").refused("--moved-from", "https://")
    world.sync("--moved-from", "https://nowhere.example", dataset="lake").refused("https://nowhere.example")
    world.sync("--moved-from", between.url, "--check", dataset="lake").refused("--check")
    world.sync("--moved-from", f"{between.url}/", dataset="lake").ok()
    assert world.item("lake", "lake")["properties"]["rucio:host"] == here
    assert world.item("lake", "lake")["assets"]["red"] == before["assets"]["red"]
    assert world.drift("--check", dataset="lake") == (0, [])
    made.cli("ingest", did).ok()
    assert made.json(f"/collections/{world.scope}.lake")["rucio:host"] == here


@pytest.mark.one_database
def test_a_single_file_in_its_datasets_collection(world, tmp_path):
    """Of a dataset of which one file was ingested, the others are neither new nor gone."""
    sources = [tile(tmp_path, f"one_{n}.tif", 10 + n) for n in range(3)]
    upload(world.scope, sources, [{"name": "few", "files": [source.name for source in sources]}])
    world.made.cli("ingest", f"{world.scope}:one_1.tif").ok()
    assert world.drift(dataset="few") == (0, [])
    assert [item["id"] for item in world.made.items(f"{world.scope}.few")] == ["one_1"]
    world.rest.delete_replicas(("DEV-DISK", "one_1.tif"))
    assert world.drift(dataset="few") == (0, [("gone", "one_1.tif", "")])
    world.made.cli("ingest", f"{world.scope}:few").ok()
    assert world.drift("--check", dataset="few") == (0, [])


@pytest.mark.one_database
def test_an_item_that_was_deleted_here_comes_back(world):
    made = world.made
    made.stop()
    made.start(RUCIO_STAC_TRANSACTIONS="true")
    assert requests.delete(f"{made.url}/collections/{world.scope}.closed/items/shut_0", timeout=60).status_code == 204
    code, found = world.drift("--check", dataset="closed")
    assert code == 2 and [(kind, name) for kind, name, _ in found] == [("missing", "shut_0.tif")]
    world.sync(dataset="closed").ok()
    assert world.item("shut_0", "closed")["id"] == "shut_0"


REFUSED = b'{"ExceptionClass": "CannotAuthenticate", "ExceptionMessage": "Cannot authenticate with given credentials"}'


@pytest.mark.one_database
def test_what_fails_changes_nothing(world, tmp_path):
    """No answer, a refusal and an empty list with status 200 are not: everything was removed."""
    between = Between(world.rest)
    try:
        sources = [tile(tmp_path, f"between_{n}.tif", n) for n in range(2)]
        upload(world.scope, sources, [{"name": "between", "files": [source.name for source in sources]}])
        made, did, config = world.made, f"{world.scope}:between", between.config(tmp_path)
        made.cli("ingest", did, RUCIO_CONFIG=config).ok()
        before = made.items(f"{world.scope}.between"), made.json(f"/collections/{world.scope}.between"), made.objects()
        # What the ingestion has looked at is not listed again.
        asked = []
        between.answer = asked.append
        assert "0 differences" in made.cli("sync", did, RUCIO_CONFIG=config).ok().err
        assert not [path for path in asked if path.startswith("/replicas/list")] and [path for path in asked if path.startswith("/dids/bulkmeta")], asked
        cases = {
            "503": lambda path: None if path.startswith("/auth") else (503, {}, b""),
            "token": lambda path: None if path.startswith("/auth") else (401, {"content-type": "application/octet-stream"}, REFUSED),
            "no files": lambda path: (200, {"content-type": "application/x-json-stream"}, b"") if path.endswith("/files") else None,
            "no replicas": lambda path: (500, {}, b"") if path.startswith("/replicas/list") else None,
            "cut": lambda path: (200, {"content-type": "application/x-json-stream"}, b'{"scope": "a", "na') if path.endswith("/files") else None,
        }
        # So that replicas are asked for, too.
        world.rest.attach("between", "tile_0.tif")
        for name, answer in cases.items():
            between.answer = answer
            result = made.cli("sync", did, "--prune", RUCIO_CONFIG=config)
            assert result.code == 1 and not STACK.search(result.err) and "gone" not in result.out and "not in Rucio" not in result.out, f"{name}: {result}"
        (tmp_path / "token").write_text("not-a-token")
        between.answer = lambda path: None
        made.cli("sync", did, "--prune", RUCIO_CONFIG=between.config(tmp_path, auth_type="oidc")).refused("token")
        assert before == (made.items(f"{world.scope}.between"), made.json(f"/collections/{world.scope}.between"), made.objects())
    finally:
        between.close()
    made.cli("sync", did, "--prune", RUCIO_CONFIG=between.config(tmp_path)).refused("cannot be reached")
    assert before == (made.items(f"{world.scope}.between"), made.json(f"/collections/{world.scope}.between"), made.objects())


@pytest.mark.one_database
def test_ten_thousand_files(world, make_catalogue, tmp_path, note):
    """A look at a dataset that has grown by 10,000: in little memory, and in the time that its list takes."""
    # A catalogue of its own: there are no bytes to ingest.
    made = make_catalogue(store="folder")
    made.start()
    few = [tile(tmp_path, f"big_{n}.tif", n) for n in range(2)]
    upload(world.scope, few, [{"name": "big", "files": [source.name for source in few]}])
    made.cli("ingest", f"{world.scope}:big").ok()

    def look():
        command = made.command("sync", "--check", f"{world.scope}:big")
        done = subprocess.run(["/usr/bin/env", "python3", "-c", PEAK, *command], env=made.with_env({}), capture_output=True, text=True, timeout=120)
        return json.loads(done.stdout.splitlines()[-1]) | {"lines": len(done.stdout.splitlines()) - 1, "err": done.stderr}

    small = look()
    assert small["code"] == 0 and small["lines"] == 0, small
    for at in range(0, 10_000, 1000):
        files = [{"name": f"many/{n:05}.tif", "bytes": 1000 + n, "adler32": f"{n:08x}"} for n in range(at, at + 1000)]
        world.rest.add_replicas("DEV-DISK", files)
        world.rest.ask("POST", "/dids/attachments", {"ignore_duplicate": True, "attachments": [{"scope": world.scope, "name": "big", "dids": world.rest.dids(*(each["name"] for each in files))}]})
    big = look()
    assert big["code"] == 2 and big["lines"] == 10_000, big
    assert big["kB"] - small["kB"] < 150_000 and big["seconds"] < 60, (small, big)
    note(f"sync --check of 10,000 files: {big['seconds']:.1f} s, {big['kB'] / 1000:.0f} MB at most ({small['kB'] / 1000:.0f} MB for 2 files)")


# Runs a command, and tells its time and the most memory it had.
PEAK = """
import json, resource, subprocess, sys, time
began = time.monotonic()
code = subprocess.run(sys.argv[1:]).returncode
print(json.dumps({"code": code, "seconds": time.monotonic() - began, "kB": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}))
"""


def test_killed_and_run_again(world, tmp_path):
    sources = [tile(tmp_path, f"kill_{n}.tif", n, size=500) for n in range(8)]
    upload(world.scope, sources, [{"name": "kill", "files": [sources[0].name]}])
    world.made.cli("ingest", f"{world.scope}:kill").ok()
    world.rest.attach("kill", *(source.name for source in sources[1:]))
    broken = world.made.spawn("sync", f"{world.scope}:kill", "--jobs", "1")
    broken.await_text("ingest:item:done", 120)
    broken.signal(signal.SIGKILL)
    broken.wait(10)
    between = world.made.items(f"{world.scope}.kill")
    assert 1 < len(between) <= 8
    assert all(requests.get(item["assets"]["red"]["href"], timeout=30).ok for item in between)
    # The killed one's lease is not waited for.
    code, found = world.drift(dataset="kill")
    assert code == 0 and {kind for kind, _, _ in found} <= {"new"} and len(found) == 8 - len(between), found
    assert len(world.made.items(f"{world.scope}.kill")) == 8
    assert world.drift("--check", dataset="kill") == (0, [])


def test_one_at_a_time(world, tmp_path):
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: world.sync(dataset=None), range(2)))
    assert sorted(result.code for result in both) in ([0, 0], [0, 1]), [str(result) for result in both]
    assert all(result.code == 0 or "being synchronized" in result.err for result in both)


def test_a_dataset_that_is_erased(world):
    world.rest.erase("closed")
    code, found = world.drift("--check", dataset="closed")
    assert (code, found) == (2, [("gone", "shut_0.tif", ""), ("gone", "shut_1.tif", "")])
    world.sync(dataset="closed").ok()
    collection = world.made.json(f"/collections/{world.scope}.closed")
    assert collection["rucio:state"] == "DELETED" and collection["rucio:rses"] == []
    assert world.state("shut_1", "closed")[0] == "DELETED"
    assert world.drift("--check", dataset="closed") == (0, [])
    assert world.made.json(f"/collections/{world.scope}.closed") == collection
    world.sync("--prune", dataset="closed").ok()
    assert world.made.get(f"/collections/{world.scope}.closed").status_code == 410
    assert world.made.get(f"/collections/{world.scope}.closed/items/shut_0").status_code == 410
    world.sync(dataset="closed").refused(f"{world.scope}:closed")


def test_a_server_keeps_itself_true(world):
    made = world.made
    made.stop()
    made.start(RUCIO_STAC_SYNC_EVERY="10s")
    made.server.await_text("sync:round", 60)
    late = tile(world.folder, "late.tif", 25)
    upload(world.scope, [late], [])
    world.rest.attach("open", late.name)
    until(lambda: made.get(f"/collections/{world.scope}.open/items/late").status_code == 200, 60, "the file is in the catalogue")
    assert "sync:failed" not in made.server.text, made.server.text
