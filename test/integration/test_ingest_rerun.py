"""What ingest promises beyond the happy path: plan first, nothing twice, go on after a break, tell what is wrong."""

import configparser
import os
import re
import shutil
import signal
import subprocess

import numpy as np
import odc.stac
import pystac
import pytest
import rasterio
import requests
from support.lake import UTM, Source, make_scenes, new_scope, ramp, upload, write_tiff
from support.product import ROOT, RUCIO, STACK

SUMMARY = re.compile(r"Collection (\S+): (\d+) items; (\d+) files ingested, (\d+) unchanged, (\d+) skipped, (\d+) failed, (\d+) rows changed, (\d+) bytes uploaded")


def summary(result):
    match = SUMMARY.search(result.err)
    assert match, str(result)
    names = ("items", "ingested", "unchanged", "skipped", "failed", "rows", "bytes")
    return dict(zip(names, map(int, match.groups()[1:])))


def red_of(item):
    return odc.stac.load([pystac.Item.from_dict(item)], bands=["red"]).red.isel(time=0).values


def small_lake(folder, names, rses=("DEV-DISK",), size=64):
    sources = []
    for n, name in enumerate(names):
        path = write_tiff(folder / f"{n}.tif", ramp((1, size, size), "uint16", n), crs="EPSG:32632", transform=UTM, names=["red"])
        sources.append(Source(path, name, tuple(rses), {"datetime": f"2024-01-{n % 28 + 1:02}T00:00:00Z"}))
    return sources


@pytest.mark.parametrize("store", ["s3", "folder"])
class TestNothingTwice:
    def test_dry_run_then_run_then_run(self, make_catalogue, lake, store):
        made = make_catalogue(store=store)
        did = f"{lake.scope}:campaign"

        plan = made.cli("ingest", did, "--dry-run").ok()
        for source in [*lake.scenes, *lake.singles, lake.cube]:
            assert f"{lake.scope}:{source.name}" in plan.out
        assert lake.collection in plan.out and "9 of 9 files" in plan.out
        assert not made.data.exists() or not any(made.data.rglob("*.tif"))
        assert made.objects() == {} if store == "s3" else not (made.data / "assets").exists()

        first = summary(made.cli("ingest", did).ok())
        assert first["items"] == 12 and first["ingested"] == 9 and first["failed"] == 0
        assert first["rows"] == 13 and first["bytes"] > 0
        stored = made.objects()
        assert len(stored) == 3 * 2 + 5 + 4 * 2
        assert sum(size for size, _, _ in stored.values()) == first["bytes"]

        made.start()
        before = {item["id"]: item for item in made.items(lake.collection)}
        collection = made.json(f"/collections/{lake.collection}")
        second = made.cli("ingest", did).ok()
        assert summary(second) == {"items": 12, "ingested": 0, "unchanged": 9, "skipped": 0, "failed": 0, "rows": 0, "bytes": 0}
        assert made.objects() == stored
        assert {item["id"]: item for item in made.items(lake.collection)} == before
        assert made.json(f"/collections/{lake.collection}") == collection
        assert "0 of 9 files to ingest" in made.cli("ingest", did, "--dry-run").ok().out


def test_the_collection_is_the_same_whichever_file_ends_first(make_catalogue, tmp_path):
    """Both files have an asset "red", of other data types; the one that comes first is much slower."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    for name, size, dtype in (("a.tif", 3000, "uint16"), ("b.tif", 64, "float32")):
        write_tiff(folder / name, ramp((1, size, size), dtype), crs="EPSG:32632", transform=UTM, names=["red"])
    made = make_catalogue(store="folder")
    command = ("ingest", folder, "--jobs", "2", "--datetime", "2024-01-01T00:00:00Z", "--collection", "mixed")
    made.cli(*command).ok()
    assert summary(made.cli(*command).ok())["rows"] == 0
    made.start()
    assert made.json("/collections/mixed")["item_assets"]["red"]["bands"][0]["data_type"] == "uint16"


def test_a_lost_cog_is_made_again(make_catalogue, lake):
    made = make_catalogue(store="folder")
    made.cli("ingest", f"{lake.scope}:scenes").ok()
    lost = sorted((made.data / "assets").rglob("*.tif"))[0]
    content = lost.read_bytes()
    lost.unlink()
    again = summary(made.cli("ingest", f"{lake.scope}:scenes").ok())
    assert again["bytes"] == len(content) and again["rows"] == 0
    assert lost.read_bytes() == content


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_and_run_again(make_catalogue, tmp_path, number):
    scope = new_scope()
    sources = small_lake(tmp_path, [f"tile_{n:02}.tif" for n in range(12)], size=700)
    upload(scope, sources, [{"name": "many", "files": [source.name for source in sources]}])
    made = make_catalogue(store="s3")
    broken = made.spawn("ingest", f"{scope}:many", "--jobs", "1")
    broken.await_text("ingest:item:done", 120)
    broken.signal(number)
    code = broken.wait(30)
    assert code in (130, 143), f"{code}\n{broken.text}"
    assert "again" in broken.text and not STACK.search(broken.text), broken.text
    assert not list((made.data / "work").glob("*")), "left in the work folder"

    rest = made.cli("ingest", f"{scope}:many").ok()
    counts = summary(rest)
    assert counts["items"] == 12 and counts["failed"] == 0
    assert 1 <= counts["unchanged"] < 12 and counts["ingested"] == 12 - counts["unchanged"]
    made.start()
    items = {item["id"]: item for item in made.items(f"{scope}.many")}
    assert len(items) == 12
    for source in sources:
        with rasterio.open(source.path) as src:
            np.testing.assert_array_equal(red_of(items[source.stem]), src.read(1))


def test_killed_and_run_again(make_catalogue, tmp_path):
    """kill -9: no chance to tidy up; no half-written COG may ever be taken for whole."""
    scope = new_scope()
    sources = small_lake(tmp_path, [f"tile_{n:02}.tif" for n in range(8)], size=700)
    upload(scope, sources, [{"name": "many", "files": [source.name for source in sources]}])
    made = make_catalogue(store="folder")
    broken = made.spawn("ingest", f"{scope}:many", "--jobs", "2")
    broken.await_text("ingest:item:done", 120)
    broken.signal(signal.SIGKILL)
    broken.wait(10)
    counts = summary(made.cli("ingest", f"{scope}:many").ok())
    assert counts["items"] == 8 and counts["failed"] == 0
    made.start()
    for item in made.items(f"{scope}.many"):
        source = next(each for each in sources if each.stem == item["id"])
        with rasterio.open(source.path) as src:
            np.testing.assert_array_equal(red_of(item), src.read(1))


def damage(path, how):
    content = bytearray(path.read_bytes())
    if how == "flipped":
        content[len(content) // 2] ^= 0xFF
    elif how == "cut":
        del content[len(content) // 2 :]
    elif how == "gone":
        path.unlink()
        return
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["flipped", "cut", "gone"])
def test_a_bad_replica_is_refused_and_the_next_taken(make_catalogue, tmp_path, how):
    scope = new_scope()
    sources = small_lake(tmp_path, ["a.tif", "b.tif"], ("DEV-DISK", "DEV-CACHE"))
    places = upload(scope, sources, [{"name": "twice", "files": ["a.tif", "b.tif"]}])
    # Whichever Rucio lists first, one of the two meets the bad one first.
    damage(places["a.tif"]["DEV-DISK"], how)
    damage(places["b.tif"]["DEV-CACHE"], how)
    made = make_catalogue(store="folder")
    told = made.cli("ingest", f"{scope}:twice").ok()
    assert summary(told)["items"] == 2
    notes = [line for line in told.lines if line.startswith("note: ")]
    assert notes and all("DEV-DISK" in note or "DEV-CACHE" in note for note in notes), str(told)
    assert any(name in notes[0] for name in ("a.tif", "b.tif"))
    made.start()
    for item in made.items(f"{scope}.twice"):
        source = next(each for each in sources if each.stem == item["id"])
        with rasterio.open(source.path) as src:
            np.testing.assert_array_equal(red_of(item), src.read(1))


def test_no_good_replica_is_told_and_the_others_ingested(make_catalogue, tmp_path):
    scope = new_scope()
    sources = small_lake(tmp_path, ["a.tif", "bad.tif", "c.tif"])
    places = upload(scope, sources, [{"name": "some", "files": [source.name for source in sources]}])
    damage(places["bad.tif"]["DEV-DISK"], "flipped")
    made = make_catalogue(store="folder")
    told = made.cli("ingest", f"{scope}:some")
    assert told.code == 1 and not STACK.search(told.err), str(told)
    assert summary(told) | {"rows": 0, "bytes": 0} == {"items": 2, "ingested": 2, "unchanged": 0, "skipped": 0, "failed": 1, "rows": 0, "bytes": 0}
    failed = [line for line in told.lines if line.startswith("failed: ")]
    assert len(failed) == 1 and "bad.tif" in failed[0] and ("adler32" in failed[0].lower() or "checksum" in failed[0].lower() or "md5" in failed[0].lower()), str(told)
    # Mended in the lake: a rerun takes what was missing, no more.
    shutil.copy(sources[1].path, places["bad.tif"]["DEV-DISK"])
    again = summary(made.cli("ingest", f"{scope}:some").ok())
    assert again["items"] == 3 and again["ingested"] == 1 and again["unchanged"] == 2


def test_files_that_are_no_rasters_are_told(make_catalogue, tmp_path):
    scope = new_scope()
    good = small_lake(tmp_path, ["good.tif"])
    readme = tmp_path / "readme.txt"
    readme.write_text("not a raster")
    liar = tmp_path / "liar.tif"
    liar.write_bytes(b"II*\0" + b"not a TIFF at all" * 9)
    cube = tmp_path / "liar.nc"
    cube.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 400)
    sources = [*good, Source(readme, "readme.txt"), Source(liar, "liar.tif"), Source(cube, "liar.nc2.nc")]
    upload(scope, sources, [{"name": "mixed", "files": [source.name for source in sources]}])
    made = make_catalogue(store="folder")
    told = made.cli("ingest", f"{scope}:mixed")
    assert told.code == 1 and not STACK.search(told.err), str(told)
    counts = summary(told)
    assert (counts["items"], counts["skipped"], counts["failed"]) == (1, 1, 2)
    assert any("skipped" in line and "readme.txt" in line for line in told.lines), str(told)
    failed = " ".join(line for line in told.lines if line.startswith("failed: "))
    assert "liar.tif" in failed and "liar.nc2.nc" in failed


def test_names_with_folders_stay_in_the_work_folder(make_catalogue, tmp_path):
    scope = new_scope()
    sources = small_lake(tmp_path, ["deep/er/x.tif", "deep.er/x.tif.y.tif"])
    upload(scope, sources, [{"name": "deep/set", "files": [source.name for source in sources]}])
    made = make_catalogue(store="folder")
    made.cli("ingest", f"{scope}:deep/set").ok()
    made.start()
    assert sorted(item["id"] for item in made.items(f"{scope}.deep.set")) == ["deep.er.x", "deep.er.x.tif.y"]


def test_local_files_without_rucio(make_catalogue, tmp_path):
    folder = tmp_path / "rasters"
    scenes = make_scenes(folder)
    made = make_catalogue(store="folder")
    first = made.cli("ingest", folder, "--collection", "local", RUCIO_CONFIG=None).ok()
    assert summary(first)["items"] == 3
    assert summary(made.cli("ingest", folder, "--collection", "local", RUCIO_CONFIG=None).ok())["rows"] == 0
    made.start()
    items = {item["id"]: item for item in made.items("local")}
    for source in scenes:
        with rasterio.open(source.path) as src:
            np.testing.assert_array_equal(red_of(items[source.stem]), src.read(1))
    assert "source" not in items[scenes[0].stem]["assets"] or not items[scenes[0].stem]["assets"]["source"]["href"].startswith("/")
    made.cli("ingest", folder, RUCIO_CONFIG=None).refused("--collection")
    made.cli("ingest", tmp_path / "nowhere", "--collection", "local", RUCIO_CONFIG=None).refused("nowhere")


class TestRucioSettings:
    """Every way in that the issue names, and what is said when there is no way in."""

    @pytest.fixture
    def config(self, tmp_path):
        def write(**changes):
            parser = configparser.RawConfigParser()
            parser.read(RUCIO["RUCIO_CONFIG"])
            client = parser["client"]
            client["auth_token_file_path"] = str(tmp_path / "token")
            for key, value in changes.items():
                if value is None:
                    client.pop(key, None)
                else:
                    client[key] = value
            path = tmp_path / "etc" / "rucio.cfg"
            path.parent.mkdir(exist_ok=True)
            with path.open("w") as out:
                parser.write(out)
            return path

        return write

    @pytest.fixture
    def dry(self, make_catalogue, lake):
        made = make_catalogue()
        return lambda **env: made.cli("ingest", f"{lake.scope}:scenes", "--dry-run", **env)

    def test_userpass(self, dry, config):
        assert "3 of 3 files" in dry(RUCIO_CONFIG=config()).ok().out

    def test_https_with_the_ca(self, dry, config):
        path = config(rucio_host=os.environ["RUCIO_HTTPS_URL"], auth_host=os.environ["RUCIO_HTTPS_URL"], ca_cert=os.environ["RUCIO_CA_CERT"])
        assert "3 of 3 files" in dry(RUCIO_CONFIG=path).ok().out
        assert "3 of 3 files" in dry(RUCIO_CONFIG=os.environ["RUCIO_CONFIG_HTTPS"]).ok().out

    def test_https_without_the_ca(self, dry, config):
        path = config(rucio_host=os.environ["RUCIO_HTTPS_URL"], auth_host=os.environ["RUCIO_HTTPS_URL"], ca_cert=None)
        assert re.search("certificate|tls|ca_cert", dry(RUCIO_CONFIG=path).refused(), re.I)

    def test_a_ready_token_file(self, dry, config, tmp_path):
        headers = {"X-Rucio-Account": "root", "X-Rucio-Username": "ddmlab", "X-Rucio-Password": "secret"}
        answer = requests.get(f"{os.environ['RUCIO_URL']}/auth/userpass", headers=headers, timeout=30)
        (tmp_path / "token").write_text(answer.headers["X-Rucio-Auth-Token"])
        # The password is wrong: the token is what lets us in.
        assert "3 of 3 files" in dry(RUCIO_CONFIG=config(password="wrong")).ok().out

    def test_rucio_home(self, dry, config, tmp_path):
        config()
        assert "3 of 3 files" in dry(RUCIO_CONFIG=None, RUCIO_HOME=tmp_path).ok().out

    def test_environment_over_file(self, dry, config):
        path = config(rucio_host="http://127.0.0.1:1", auth_host="http://127.0.0.1:1")
        url = os.environ["RUCIO_URL"]
        assert "3 of 3 files" in dry(RUCIO_CONFIG=path, RUCIO_HOST=url, RUCIO_AUTH_HOST=url).ok().out

    def test_wrong_password(self, dry, config):
        dry(RUCIO_CONFIG=config(password="wrong")).refused("password")

    def test_no_server(self, dry, config):
        dry(RUCIO_CONFIG=config(rucio_host="http://127.0.0.1:1", auth_host="http://127.0.0.1:1")).refused("127.0.0.1:1")

    def test_unknown_host(self, dry, config):
        dry(RUCIO_CONFIG=config(rucio_host="http://rucio.invalid", auth_host="http://rucio.invalid")).refused("rucio.invalid")

    def test_no_configuration(self, dry, tmp_path):
        dry(RUCIO_CONFIG=None).refused("RUCIO_CONFIG")
        dry(RUCIO_CONFIG=tmp_path / "missing.cfg").refused("missing.cfg")

    @pytest.mark.parametrize("did", ["nosuchscope:nothing", "intertwin:nothing"])
    def test_unknown_did(self, make_catalogue, did):
        sentence = make_catalogue().cli("ingest", did, "--dry-run").refused(did.split(":")[1])
        assert did in sentence or "does not exist" in sentence or "no DID" in sentence

    def test_empty_dataset(self, make_catalogue):
        scope = new_scope()
        upload(scope, [], [{"name": "hollow", "files": []}])
        make_catalogue().cli("ingest", f"{scope}:hollow").refused("hollow")

    def test_nothing_given(self, make_catalogue):
        make_catalogue().cli("ingest").refused("ingest --help")
        make_catalogue().cli("ingest", "a:b", "c:d").refused("c:d")
        make_catalogue().cli("ingest", "a:b", "--nope").refused("--nope")
        make_catalogue().cli("ingest", "a:b", "--jobs", "many").refused("--jobs")
        make_catalogue().cli("ingest", "a:b", "--datetime", "yesterday").refused("--datetime")


class TestStoreSettings:
    def test_missing_bucket(self, make_catalogue, lake):
        make_catalogue(store="s3").cli("ingest", f"{lake.scope}:scenes", S3_BUCKET="no-such-bucket").refused("no-such-bucket")

    def test_wrong_key(self, make_catalogue, lake):
        sentence = make_catalogue(store="s3").cli("ingest", f"{lake.scope}:scenes", AWS_SECRET_ACCESS_KEY="wrong").refused()
        assert "wrong" not in sentence.replace("wrong key", "").split() and re.search("key|access|credential", sentence, re.I)

    def test_no_server(self, make_catalogue, lake):
        make_catalogue(store="s3").cli("ingest", f"{lake.scope}:scenes", S3_ENDPOINT="http://127.0.0.1:1").refused("127.0.0.1:1")

    def test_settings_that_cannot_be(self, make_catalogue, lake):
        made = make_catalogue(store="s3")
        made.cli("ingest", f"{lake.scope}:scenes", S3_ENDPOINT="not an address").refused("S3_ENDPOINT")
        made.cli("ingest", f"{lake.scope}:scenes", PORT="many", RUCIO_STAC_SAMPLE="perhaps").refused("PORT", "RUCIO_STAC_SAMPLE")

    def test_no_database(self, make_catalogue):
        made = make_catalogue()
        sentence = made.cli("migrate", DATABASE_URL="postgresql://me:hidden-word@127.0.0.1:1/none").refused("DATABASE_URL")
        assert "hidden-word" not in sentence


class TestOneOwner:
    """The embedded folder, on whichever database the rest runs."""

    def test_ingest_beside_a_server_is_seen_at_once(self, make_catalogue, lake):
        made = make_catalogue(kind="embedded", store="folder")
        made.start()
        assert made.json("/collections")["collections"] == []
        made.cli("ingest", f"{lake.scope}:scenes").ok()
        assert len(made.items(f"{lake.scope}.scenes")) == 3
        item = made.items(f"{lake.scope}.scenes")[0]
        assert item["assets"]["red"]["href"].startswith(f"{made.url}/assets/")
        socket = made.data / "owner.sock"
        assert socket.stat().st_mode & 0o777 == 0o600
        made.stop()
        assert not socket.exists()
        # And with no server it opens the folder itself.
        made.cli("ingest", f"{lake.scope}:singles").ok()
        made.start()
        assert len(made.json("/collections")["collections"]) == 2

    def test_two_servers_on_one_folder(self, make_catalogue):
        made = make_catalogue(kind="embedded", store="folder")
        made.start()
        sentence = made.cli("serve", PORT=0, timeout=60).refused(str(made.data))
        assert str(made.server.pid) in sentence
        assert made.get("/readyz").status_code == 200

    def test_two_ingests_without_a_server(self, make_catalogue, lake):
        """Never a silent wait, never two owners: one is refused, or both are done."""
        made = make_catalogue(kind="embedded", store="folder")
        made.cli("migrate").ok()
        first = made.spawn("ingest", f"{lake.scope}:campaign")
        second = made.spawn("ingest", f"{lake.scope}:scenes")
        codes = sorted([first.wait(180), second.wait(180)])
        assert codes in ([0, 0], [0, 1]), f"{first.text}\n{second.text}"
        if codes == [0, 1]:
            assert "in use" in first.text + second.text
        assert not STACK.search(first.text + second.text)

    def test_a_lock_left_by_a_killed_server_is_taken_over(self, make_catalogue):
        made = make_catalogue(kind="embedded", store="folder")
        made.start()
        made.server.signal(signal.SIGKILL)
        made.server.wait(10)
        made.start()
        made.stop()

    def test_taken_port(self, make_catalogue):
        made = make_catalogue(kind="embedded", store="folder")
        made.start()
        other = make_catalogue(kind="embedded", store="folder")
        other.cli("serve", PORT=made.port, timeout=60).refused(str(made.port), "PORT")


def test_the_seeded_lake(make_catalogue):
    """What test/servers/rucio/seed makes: the demonstrator of the README."""
    made = make_catalogue()
    made.start()
    told = made.cli("ingest", "intertwin:flood-demo").ok()
    assert summary(told)["items"] == 12
    items = made.items("intertwin.flood-demo")
    assert {"VV", "VH", "source"} <= set(items[-1]["assets"]) or {"VV", "VH", "source"} <= set(items[0]["assets"])
    told = made.cli("ingest", "intertwin:legacy/dem_T32TPS.tif").ok()
    assert summary(told)["items"] == 1


def test_npx_and_help():
    told = subprocess.run(["npx", "--no-install", "rucio-stac", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    assert told.returncode == 0 and "ingest" in told.stdout, told.stderr
