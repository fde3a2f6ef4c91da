"""upload, ingest --register and request on a real lake: what Rucio's own client finds there, downloads, and says of it."""

import hashlib
import json
import os
import signal
import subprocess
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.warp
import requests
from support.documents import use_offline_schemas, validate_document
from support.lake import UTM, Source, make_scenes, new_scope, ramp, upload, write_tiff
from support.product import RUCIO, S3, Catalogue, s3_client, until
from test_assets import rucio

STATE = Path(os.environ.get("RUCIO_DEV_STATE", "/nowhere"))
STORAGE = STATE / "storage" / "dav"


def sums(data):
    return len(data), f"{zlib.adler32(data):08x}", hashlib.md5(data).hexdigest()


def replicas(scope, name):
    """name -> (bytes, adler32, md5, {RSE: state}), as Rucio's client lists a DID's files."""
    told = json.loads(rucio("print(json.dumps(list(client.list_replicas([{'scope': sys.argv[1], 'name': sys.argv[2]}], all_states=True))))", scope, name))
    return {each["name"]: (each["bytes"], each["adler32"], each["md5"], each["states"]) for each in told}


def content(scope, name):
    return {each["name"]: each["type"] for each in json.loads(rucio("print(json.dumps(list(client.list_content(sys.argv[1], sys.argv[2]))))", scope, name))}


def metadata(scope, name):
    return json.loads(rucio("print(json.dumps(client.get_metadata(sys.argv[1], sys.argv[2], plugin='JSON')))", scope, name))


def downloaded(folder, scope, name):
    """Bytes that `rucio download` brings; it compares the checksums itself."""
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "RUCIO_CONFIG": os.environ["RUCIO_CONFIG"], "X509_USER_PROXY": str(STATE / "tls" / "client.pem"), "NO_PROXY": "127.0.0.1,localhost"}
    # The client makes no folders for slashes in a name.
    (folder / scope / name).parent.mkdir(parents=True)
    done = subprocess.run([str(Path(os.environ["RUCIO_DEV_BIN"]) / "rucio"), "download", "--dir", str(folder), f"{scope}:{name}"], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    [path] = [path for path in Path(folder).rglob("*") if path.is_file()]
    return path.read_bytes()


def as_alice(folder):
    """A rucio.cfg of the plain user alice."""
    text = Path(RUCIO["RUCIO_CONFIG"]).read_text()
    lines = [line for line in text.splitlines() if not line.startswith(("account", "username", "auth_token_file_path"))]
    path = folder / "alice.cfg"
    path.write_text("\n".join(lines).replace("[client]", f"[client]\naccount = alice\nusername = alice\nauth_token_file_path = {folder}/token"))
    return path


@pytest.fixture(scope="module")
def catalogue():
    made = Catalogue(store="s3")
    yield made
    made.close()


@pytest.fixture(scope="module")
def scope():
    made = new_scope()
    rucio("client.add_scope('root', sys.argv[1])", made)
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Rasters of this machine: two scenes, one in a folder, and a text that is none."""
    made = tmp_path_factory.mktemp("local")
    for n, name in enumerate(("tile_20240301T101500.tif", "more/tile_20240302.tif")):
        write_tiff(made / name, ramp((2, 120, 150), "int16", n), crs="EPSG:32632", transform=UTM, names=["red", "nir"])
    (made / "notes.txt").write_text("no raster")
    return made


# ---- upload ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def uploaded(catalogue, scope, folder):
    return catalogue.cli("upload", folder, "--scope", scope, "--rse", "DEV-DISK", "--dataset", f"{scope}:local").ok()


@pytest.mark.one_database
def test_rucio_has_what_was_uploaded(uploaded, scope, folder, tmp_path):
    names = ["more/tile_20240302.tif", "tile_20240301T101500.tif"]
    assert uploaded.out.split() == [f"{scope}:{name}" for name in names]
    assert content(scope, "local") == dict.fromkeys(names, "FILE")
    listed = replicas(scope, "local")
    for name in names:
        data = (folder / name).read_bytes()
        assert listed[name] == (*sums(data), {"DEV-DISK": "AVAILABLE"})
        assert downloaded(tmp_path / name.replace("/", "_"), scope, name) == data
    told = metadata(scope, names[1])
    assert told["datetime"] == "2024-03-01T10:15:00Z" and told["epsg"] == 32632 and told["bands"] == ["red", "nir"] and told["media_type"].startswith("image/tiff")
    with rasterio.open(folder / names[1]) as source:
        expected = rasterio.warp.transform_bounds(source.crs, "EPSG:4326", *source.bounds, densify_pts=21)
    assert told["bbox"] == pytest.approx(expected, abs=1e-6)
    [rule] = json.loads(rucio("print(json.dumps([each for each in client.list_did_rules(sys.argv[1], 'local')], default=str))", scope))
    assert (rule["rse_expression"], rule["copies"], rule["expires_at"]) == ("DEV-DISK", 1, None)
    assert not list((STORAGE / "dev-disk" / scope).rglob("*.rucio.upload"))


@pytest.mark.one_database
def test_uploading_again_sends_nothing(uploaded, catalogue, scope, folder):
    before = {path: path.stat().st_mtime_ns for path in (STORAGE / "dev-disk" / scope).rglob("*.tif")}
    rucio("client.set_metadata(sys.argv[1], 'tile_20240301T101500.tif', 'datetime', '2024-03-01T11:00:00Z', recursive=False)", scope)
    again = catalogue.cli("upload", folder, "--scope", scope, "--rse", "DEV-DISK", "--dataset", f"{scope}:local").ok()
    assert "0 files uploaded" in again.err and "2 were there" in again.err
    assert {path: path.stat().st_mtime_ns for path in (STORAGE / "dev-disk" / scope).rglob("*.tif")} == before
    # What a person has corrected stays.
    assert metadata(scope, "tile_20240301T101500.tif")["datetime"] == "2024-03-01T11:00:00Z"


@pytest.mark.one_database
def test_another_rse_is_another_replica(uploaded, catalogue, scope, folder):
    name = "tile_20240301T101500.tif"
    catalogue.cli("upload", folder / name, "--scope", scope, "--rse", "DEV-CACHE", "--lifetime", "2d").ok()
    assert replicas(scope, name)[name][3] == {"DEV-DISK": "AVAILABLE", "DEV-CACHE": "AVAILABLE"}
    [rule] = json.loads(rucio("print(json.dumps([each for each in client.list_did_rules(sys.argv[1], sys.argv[2])], default=str))", scope, name))
    assert rule["rse_expression"] == "DEV-CACHE" and rule["expires_at"] is not None


@pytest.mark.one_database
def test_a_killed_upload_is_not_said_to_be_there_and_is_continued(catalogue, scope, tmp_path):
    path = write_tiff(tmp_path / "large_20240305.tif", np.random.default_rng(1).normal(size=(1, 2500, 2500)), crs="EPSG:32632", transform=UTM)
    args = ("upload", path, "--scope", scope, "--rse", "DEV-DISK", "--dataset", f"{scope}:killed")
    process = catalogue.spawn(*args)
    until(lambda: list((STORAGE / "dev-disk" / scope).rglob("large*.rucio.upload")), 60, "the bytes are on their way", every=0.002)
    process.signal(signal.SIGKILL)
    process.wait(30)
    assert replicas(scope, path.name)[path.name][3] == {"DEV-DISK": "COPYING"}
    assert content(scope, "killed") == {}
    assert "1 files uploaded" in catalogue.cli(*args).ok().err
    assert replicas(scope, "killed") == {path.name: (*sums(path.read_bytes()), {"DEV-DISK": "AVAILABLE"})}
    [stored] = (STORAGE / "dev-disk" / scope).rglob(path.name)
    assert stored.read_bytes() == path.read_bytes()
    assert not list((STORAGE / "dev-disk" / scope).rglob("*.rucio.upload"))


@pytest.mark.one_database
def test_uploads_by_s3_and_by_path(catalogue, scope, folder, tmp_path):
    """RSEs of our own: an S3 bucket with our keys, and a folder of this machine."""
    host, port = S3["S3_ENDPOINT"].split("//")[1].split(":")
    doors = {
        f"{scope.upper()}-S3": {"scheme": "s3", "hostname": host, "port": int(port), "prefix": f"/{S3['S3_BUCKET']}/{scope}/", "impl": "rucio.rse.protocols.gfal.Default"},
        f"{scope.upper()}-PATH": {"scheme": "file", "hostname": "localhost", "port": 0, "prefix": f"{tmp_path}/", "impl": "rucio.rse.protocols.posix.Default"},
    }
    add = """
for rse, door in json.loads(sys.argv[1]).items():
    client.add_rse(rse, deterministic=True)
    client.add_protocol(rse, door | {'domains': dict.fromkeys(('lan', 'wan'), {'read': 1, 'write': 1, 'delete': 1})})
    client.set_local_account_limit('root', rse, -1)"""
    rucio(add, json.dumps(doors))
    name = "tile_20240301T101500.tif"
    data = (folder / name).read_bytes()
    try:
        for rse in doors:
            catalogue.cli("upload", folder / name, "--scope", scope, "--rse", rse, "--prefix", "doors/").ok()
        assert replicas(scope, f"doors/{name}")[f"doors/{name}"] == (*sums(data), dict.fromkeys(doors, "AVAILABLE"))
    finally:
        rucio("for rse in sys.argv[1:]:\n    client.update_rse(rse, {'availability_read': False, 'availability_write': False})", *doors)
    [path] = tmp_path.rglob("*.tif")
    assert path.read_bytes() == data
    client = s3_client()
    [found] = client.list_objects_v2(Bucket=S3["S3_BUCKET"], Prefix=f"{scope}/")["Contents"]
    assert client.get_object(Bucket=S3["S3_BUCKET"], Key=found["Key"])["Body"].read() == data


@pytest.mark.one_database
def test_who_may_register_but_not_change_states_registers_last(catalogue, scope, folder, tmp_path):
    """The generic policy lets a plain user register replicas at scratch space, and not say later that they are there."""
    rse, name = f"{scope.upper()}-SCRATCHDISK", "tile_20240301T101500.tif"
    add = """
rse, port = sys.argv[1:]
client.add_rse(rse, deterministic=True)
client.add_protocol(rse, {'scheme': 'https', 'hostname': '127.0.0.1', 'port': int(port), 'prefix': f'/{rse.lower()}/', 'impl': 'rucio.rse.protocols.webdav.Default', 'domains': dict.fromkeys(('lan', 'wan'), {'read': 1, 'write': 1, 'delete': 1})})
client.set_local_account_limit('alice', rse, 1000000)"""
    rucio(add, rse, os.environ["RUCIO_DAVS_URL"].rsplit(":", 1)[1])
    try:
        args = ("upload", folder / name, "--scope", "user.alice", "--rse", rse, "--dataset", f"user.alice:{scope}", "--prefix", f"{scope}/")
        for told in ("1 files uploaded", "1 were there"):
            assert told in catalogue.cli(*args, RUCIO_CONFIG=as_alice(tmp_path)).ok().err
        assert replicas("user.alice", scope) == {f"{scope}/{name}": (*sums((folder / name).read_bytes()), {rse: "AVAILABLE"})}

        # Two who send other bytes by one name at the same time: one of them is refused, and overwrites nothing.
        paths = [write_tiff(tmp_path / str(n) / "both_20240301.tif", ramp((1, 40, 50), "int16", n), crs="EPSG:32632", transform=UTM) for n in range(2)]
        with ThreadPoolExecutor(2) as pool:
            both = list(pool.map(lambda path: catalogue.cli("upload", path, "--scope", "user.alice", "--rse", rse, "--prefix", f"{scope}/", RUCIO_CONFIG=as_alice(path.parent)), paths))
        [won] = [path for path, result in zip(paths, both) if result.code == 0]
        [lost] = [result for result in both if result.code == 1]
        assert "other content" in lost.err or "nothing was overwritten" in lost.err, str(lost)
        placed = f"{scope}/both_20240301.tif"
        assert replicas("user.alice", placed) == {placed: (*sums(won.read_bytes()), {rse: "AVAILABLE"})}
        assert downloaded(tmp_path / "got", "user.alice", placed) == won.read_bytes()
        assert not list((STORAGE / rse.lower()).rglob("*.rucio.upload"))
    finally:
        rucio("client.update_rse(sys.argv[1], {'availability_read': False, 'availability_write': False})", rse)


@pytest.mark.one_database
def test_upload_is_refused_in_one_sentence(catalogue, scope, folder, uploaded, tmp_path):
    args = ("upload", folder, "--scope", scope, "--rse", "DEV-DISK")
    catalogue.cli(*args, "--dataset", "intertwin:era5-t2m-cube").refused("closed")
    catalogue.cli(*args, RUCIO_CONFIG=as_alice(tmp_path)).refused("alice", "DEV-DISK", "administrators")


@pytest.mark.one_database
def test_other_content_under_a_name_is_refused(catalogue, scope, uploaded, tmp_path):
    path = write_tiff(tmp_path / "tile_20240301T101500.tif", ramp((2, 120, 150), "int16", 9), crs="EPSG:32632", transform=UTM)
    spaced = write_tiff(tmp_path / "a b.tif", ramp((1, 20, 20), "int16"), crs="EPSG:32632", transform=UTM)
    told = replicas(scope, path.name)
    result = catalogue.cli("upload", path, spaced, "--scope", scope, "--rse", "DEV-CACHE")
    assert result.code == 1 and "2 failed" in result.err and "other content" in result.err and "does not take" in result.err, str(result)
    assert "Traceback" not in result.err and result.out == "" and replicas(scope, path.name) == told


# ---- ingest --register ----------------------------------------------------------------


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """dataset `scenes` of three files in the container `campaign`."""
    made = new_scope()
    files = make_scenes(tmp_path_factory.mktemp("scenes"))
    datasets = [{"name": "scenes", "files": [file.name for file in files]}]
    upload(made, files, datasets, [{"name": "campaign", "children": ["scenes"]}])
    return made


@pytest.fixture(scope="module")
def registered(catalogue, source):
    catalogue.start()
    catalogue.cli("ingest", f"{source}:scenes").ok()
    return catalogue.cli("ingest", f"{source}:scenes", "--register", "DEV-CACHE").ok()


def test_the_lake_knows_its_cogs(registered, catalogue, source, tmp_path):
    assert f"6 COGs put into the lake at DEV-CACHE, 0 were there; dataset {source}:scenes.cog" in registered.err
    assert content(source, "campaign") == {"scenes": "DATASET", "scenes.cog": "DATASET"}
    listed, held = replicas(source, "scenes.cog"), content(source, "scenes.cog")
    assert set(listed) == set(held) and len(held) == 6
    for item in catalogue.items(f"{source}.scenes"):
        cogs = {key: asset for key, asset in item["assets"].items() if "data" in asset["roles"]}
        assert set(cogs) == {"red", "nir"}
        for asset in cogs.values():
            data = requests.get(asset["href"], timeout=30).content
            assert asset["rucio:did"] == f"{source}:{asset['rucio:name']}" and asset["rucio:type"] == "FILE"
            assert hashlib.sha256(data).hexdigest() == asset["file:checksum"][4:] and asset["file:checksum"][4:16] in asset["rucio:name"]
            assert listed[asset["rucio:name"]] == (*sums(data), {"DEV-CACHE": "AVAILABLE"})
            assert asset["rucio:adler32"] == sums(data)[1] and asset["rucio:rses"] == ["DEV-CACHE"] and asset["rucio:state"] == "AVAILABLE"
            [(rse, alternate)] = asset["alternate"].items()
            assert rse == "DEV-CACHE" and alternate["storage:refs"] == ["DEV-CACHE"] and "DEV-CACHE" in item["properties"]["storage:schemes"]
            assert requests.get(alternate["href"], verify=os.environ["RUCIO_CA_CERT"], timeout=30).content == data
    name = cogs["red"]["rucio:name"]
    told = metadata(source, name)
    assert told["derived_from"] == item["assets"]["source"]["rucio:did"] and told["media_type"] == cogs["red"]["type"]
    assert (told["datetime"], told["epsg"], told["bbox"], told["bands"]) == (item["properties"]["datetime"], 32632, item["bbox"], ["red"])
    path = tmp_path / "cog.tif"
    path.write_bytes(downloaded(tmp_path / "got", source, name))
    with rasterio.open(path) as ours, rasterio.open(cogs["red"]["href"]) as theirs:
        assert np.array_equal(ours.read(), theirs.read()) and ours.profile == theirs.profile


def test_items_with_cogs_of_the_lake_are_valid(registered, catalogue, source):
    def served(uri):
        return requests.get(uri, timeout=30).json()

    use_offline_schemas(served)
    for item in catalogue.items(f"{source}.scenes"):
        used = validate_document(item)
        assert any("/schemas/rucio/" in str(uri) for uri in used) and any("alternate-assets" in str(uri) for uri in used)


def test_registering_again_registers_nothing(registered, catalogue, source):
    before = {path: path.stat().st_mtime_ns for path in (STORAGE / "dev-cache" / source).rglob("*.tif")}
    again = catalogue.cli("ingest", f"{source}:scenes", "--register", "DEV-CACHE").ok()
    assert "0 COGs put into the lake at DEV-CACHE, 6 were there" in again.err and "0 rows changed" in again.err
    # And a run without it keeps what is known.
    assert "0 rows changed" in catalogue.cli("ingest", f"{source}:scenes").ok().err
    assert {path: path.stat().st_mtime_ns for path in (STORAGE / "dev-cache" / source).rglob("*.tif")} == before


@pytest.mark.one_database
def test_cogs_beside_their_source_are_no_sources(registered, catalogue, source):
    result = catalogue.cli("ingest", f"{source}:campaign").ok()
    assert "3 files ingested" in result.err and "6 skipped" in result.err
    assert len(catalogue.items(f"{source}.campaign")) == 3


@pytest.mark.one_database
def test_the_permanent_address_leads_to_the_store_and_lists_the_lake(registered, catalogue, source):
    [item, *_] = catalogue.items(f"{source}.scenes")
    address = f"{catalogue.url}/collections/{source}.scenes/items/{item['id']}/assets/red"
    assert requests.get(address, allow_redirects=False, timeout=30).headers["location"] == item["assets"]["red"]["href"]
    assert [each["rse"] for each in requests.get(f"{address}?f=json", timeout=30).json()["replicas"]][:2] == [None, "DEV-CACHE"]
    there = requests.get(f"{address}?rse=DEV-CACHE", allow_redirects=False, timeout=30).headers["location"]
    assert there == item["assets"]["red"]["alternate"]["DEV-CACHE"]["href"]


@pytest.mark.one_database
def test_registering_is_refused_before_anything_is_done(catalogue, source, tmp_path):
    catalogue.cli("ingest", f"{source}:scenes", "--register", "DEV-CACHE", RUCIO_CONFIG=as_alice(tmp_path)).refused("alice", "DEV-CACHE")


@pytest.mark.one_database
def test_an_item_links_to_the_item_that_its_file_was_made_of(registered, catalogue, scope, tmp_path):
    for n, name in enumerate(("raw", "made")):
        path = write_tiff(tmp_path / f"{name}_20240401.tif", ramp((1, 64, 64), "uint16", n), crs="EPSG:32632", transform=UTM, names=["red"])
        catalogue.cli("upload", path, "--scope", scope, "--rse", "DEV-DISK", "--dataset", f"{scope}:{name}").ok()
    rucio("client.set_metadata(sys.argv[1], 'made_20240401.tif', 'derived_from', sys.argv[1] + ':raw_20240401.tif', recursive=False)", scope)
    for name in ("raw", "made"):
        catalogue.cli("ingest", f"{scope}:{name}").ok()
    [made], [raw] = (catalogue.items(f"{scope}.{name}") for name in ("made", "raw"))
    [link] = [link for link in made["links"] if link["rel"] == "derived_from"]
    answer = requests.get(link["href"], timeout=30)
    assert answer.status_code == 200 and answer.json() == raw and link["type"] == "application/geo+json"
    assert not [link for link in raw["links"] if link["rel"] == "derived_from"]
    assert catalogue.cli("sync", f"{scope}:made", "--check").code == 0


def test_upload_goes_on_to_the_catalogue(catalogue, scope, folder):
    catalogue.cli("upload", folder, "--scope", scope, "--rse", "DEV-DISK", "--dataset", f"{scope}:onward", "--prefix", "onward/", "--ingest").ok()
    [collection] = {item["collection"] for item in catalogue.items(f"{scope}.onward")}
    assert collection == f"{scope}.onward" and len(catalogue.items(collection)) == 2


# ---- request --------------------------------------------------------------------------


def rules(scope, name):
    return json.loads(rucio("print(json.dumps(list(client.list_did_rules(sys.argv[1], sys.argv[2])), default=str))", scope, name))


def without_order(document):
    """A document as it would be if nothing was ordered."""
    document = json.loads(json.dumps(document))
    for fields in (document, document.get("properties", {})):
        for key in [key for key in fields if key.startswith("order:")]:
            del fields[key]
    document["stac_extensions"] = [uri for uri in document["stac_extensions"] if "/order/" not in uri]
    return document


def orders(catalogue, collection):
    """Item id -> its order:status, and the Collection's."""
    told = {item["id"]: item["properties"].get("order:status") for item in catalogue.items(collection)}
    return told, catalogue.json(f"/collections/{collection}").get("order:status")


def test_an_order_from_its_rule_to_the_bytes(registered, catalogue, source, tmp_path):
    collection = f"{source}.scenes"
    args = ("request", f"{source}:scenes", "--rse", "DEV-CACHE")
    before = {item["id"]: item for item in catalogue.items(collection)}, catalogue.json(f"/collections/{collection}")
    [first, second, third] = sorted(before[0])

    # The first scene is at DEV-CACHE already.
    made = catalogue.cli(*args).ok()
    [rule] = [each for each in rules(source, "scenes") if each["rse_expression"] == "DEV-CACHE"]
    assert rule["account"] == "root" and rule["copies"] == 1 and made.out.startswith(f"{rule['id']}  REPLICATING  1/3 locks OK")
    assert orders(catalogue, collection) == ({first: "succeeded", second: "shipping", third: "shipping"}, "shipping")
    use_offline_schemas(lambda uri: requests.get(uri, timeout=30).json())
    for document in [*catalogue.items(collection), catalogue.json(f"/collections/{collection}")]:
        fields = document.get("properties", document)
        assert fields["order:id"] == rule["id"] and fields["order:date"].endswith("Z")
        assert any("/order/v1.1.0/" in str(uri) for uri in validate_document(document))
        assert without_order(document) == (before[0].get(document["id"]) or before[1])

    # The same again is the same rule, and an ingestion finds nothing to change.
    again = catalogue.cli(*args, "--json").ok()
    assert json.loads(again.out)["id"] == rule["id"] and "was there" in again.err
    assert [each["id"] for each in rules(source, "scenes") if each["rse_expression"] == "DEV-CACHE"] == [rule["id"]]
    assert "0 rows changed" in catalogue.cli("ingest", f"{source}:scenes").ok().err

    # A transfer fails; the next look at the lake tells.
    rucio("client.update_replicas_states('DEV-CACHE', [{'scope': sys.argv[1], 'name': sys.argv[2], 'state': 'U'}])", source, f"{third}.tif")
    catalogue.cli("sync", f"{source}:scenes").ok()
    assert orders(catalogue, collection) == ({first: "succeeded", second: "shipping", third: "failed"}, "failed")
    waited = catalogue.cli(*args, "--wait")
    assert waited.code == 1 and "STUCK" in waited.out and "1 stuck" in waited.out, str(waited)

    # The bytes come, by hand instead of by FTS.
    paths = [tmp_path / f"{name}.tif" for name in (second, third)]
    for path in paths:
        path.write_bytes(downloaded(tmp_path / path.stem, source, path.name))
    catalogue.cli("upload", *paths, "--scope", source, "--rse", "DEV-CACHE", "--dataset", f"{source}:scenes").ok()
    # Rucio's daemons have yet to see that the rule is no longer stuck.
    assert "3/3 locks OK" in catalogue.cli(*args, "--wait").ok().out
    assert orders(catalogue, collection) == (dict.fromkeys((first, second, third), "succeeded"), "succeeded")

    # Its end is kept in mind while Rucio still has the rule.
    catalogue.cli(*args, "--cancel").ok()
    [rule] = [each for each in rules(source, "scenes") if each["id"] == rule["id"]]
    assert rule["expires_at"] is not None
    catalogue.cli("ingest", f"{source}:scenes").ok()
    assert orders(catalogue, collection) == (dict.fromkeys((first, second, third), "canceled"), "canceled")
    catalogue.cli(*args).ok()
    assert [each["expires_at"] for each in rules(source, "scenes") if each["id"] == rule["id"]] == [None]
    assert orders(catalogue, collection)[1] == "succeeded"


@pytest.mark.one_database
def test_a_request_is_refused_in_one_sentence(catalogue, scope, uploaded, tmp_path):
    told = catalogue.cli("request", f"{scope}:local", "--rse", "DEV-CACHE", "--lifetime", "2d").ok()
    assert "the catalogue has nothing of it" in told.err and ", until 2" in told.out
    catalogue.cli("request", f"{scope}:local", "--rse", "DEV-DISK", RUCIO_CONFIG=as_alice(tmp_path)).refused("alice", "quota")
