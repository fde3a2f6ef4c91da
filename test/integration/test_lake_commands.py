"""ls, show and get on a real lake: what Rucio's own client says is there, and the bytes that were put there."""

import json
import signal

import pytest
from support.lake import new_scope
from support.product import until
from test_assets import rucio

pytestmark = pytest.mark.one_database

LIST = "print(json.dumps([each for each in client.list_dids(sys.argv[1], {'name': sys.argv[2]}, did_type='all', long=True)]))"


def listed(catalogue, *args):
    return [json.loads(line) for line in catalogue.cli("ls", *args, "--json").ok().out.splitlines()]


def test_ls_is_what_rucio_lists(s3_catalogue, lake):
    assert {"scope": lake.scope} in listed(s3_catalogue)
    for pattern in ("*", "scene_*", "singles/*", "nothing*"):
        told = json.loads(rucio(LIST, lake.scope, pattern))
        found = listed(s3_catalogue, f"{lake.scope}:{pattern}")
        assert {(each["name"], each["type"], each["bytes"]) for each in found} == {(each["name"], each["did_type"], each["bytes"]) for each in told}
    assert [each["name"] for each in listed(s3_catalogue, lake.did)] == ["meteo", "scenes", "singles"]
    assert listed(s3_catalogue, lake.scope) == listed(s3_catalogue, f"{lake.scope}:*")


def test_ls_says_what_is_catalogued(s3_catalogue, lake):
    found = {each["name"]: each["collections"] for each in listed(s3_catalogue, f"{lake.scope}:*")}
    files = {source.name for source in [*lake.scenes, *lake.singles, lake.cube]}
    assert {name for name, collections in found.items() if lake.collection in collections} == files | {"campaign"}
    assert f"in {lake.collection}" in s3_catalogue.cli("ls", f"{lake.scope}:campaign*").ok().out


def test_show_is_what_rucio_says(s3_catalogue, lake):
    shown = json.loads(s3_catalogue.cli("show", lake.did, "--json").ok().out)
    told = json.loads(rucio("print(json.dumps(list(client.list_replicas([{'scope': sys.argv[1], 'name': 'campaign'}]))))", lake.scope))
    assert {file["name"]: (file["bytes"], file["adler32"], file["md5"], {each["rse"] for each in file["replicas"]}) for file in shown["files"]} == {
        file["name"]: (file["bytes"], file["adler32"], file["md5"], set(file["rses"])) for file in told
    }
    assert shown["metadata"]["title"] == "The campaign"
    assert [(each["name"], each["files"]) for each in shown["tree"]["holds"]] == [("meteo", 1), ("scenes", 3), ("singles", 5)]
    assert shown["collections"] == [lake.collection]
    text = s3_catalogue.cli("show", lake.did).ok().out
    assert f"Collection {lake.collection}: 9 of 9 files" in text and "DEV-CACHE  1 of 9 files" in text
    single = s3_catalogue.cli("show", f"{lake.scope}:{lake.scenes[0].name}").ok().out
    assert f"DATASET  {lake.scope}:scenes" in single and single.count("AVAILABLE") >= 2


def test_show_says_what_is_missing(make_catalogue, lake):
    made = make_catalogue(store="folder")
    # Looking makes no catalogue.
    assert "not there: " in made.cli("show", lake.did).ok().out
    assert not made.data.exists() or made.kind == "postgres"
    made.cli("ingest", f"{lake.scope}:scenes").ok()
    text = made.cli("show", lake.did).ok().out
    assert f"Collection {lake.scope}.scenes: 3 of 9 files" in text
    assert all(source.name in text for source in [*lake.singles, lake.cube])


def test_get_brings_every_file(s3_catalogue, lake, tmp_path):
    result = s3_catalogue.cli("get", lake.did, "--out", tmp_path).ok()
    assert "9 of 9 files" in result.err
    sources = [*lake.scenes, *lake.singles, lake.cube]
    for source in sources:
        assert (tmp_path / "campaign" / source.name).read_bytes() == source.path.read_bytes()
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == len(sources)


def test_get_again_takes_what_is_missing_or_wrong(s3_catalogue, lake, tmp_path):
    s3_catalogue.cli("get", f"{lake.scope}:scenes", "--out", tmp_path).ok()
    one, two, three = (tmp_path / "scenes" / source.name for source in lake.scenes)
    one.unlink()
    # Same size, other bytes.
    two.write_bytes(bytes([two.read_bytes()[0] ^ 1]) + two.read_bytes()[1:])
    kept = three.stat().st_mtime_ns
    result = s3_catalogue.cli("get", f"{lake.scope}:scenes", "--out", tmp_path).ok()
    assert "2 of 3 files" in result.err and "1 were there already" in result.err
    for source, path in zip(lake.scenes, (one, two, three), strict=True):
        assert path.read_bytes() == source.path.read_bytes()
    assert three.stat().st_mtime_ns == kept


def test_get_interrupted_leaves_no_half_file(s3_catalogue, lake, tmp_path):
    process = s3_catalogue.spawn("get", lake.did, "--out", tmp_path, "--jobs", 1)
    until(lambda: any(path.is_file() and path.suffix in (".tif", ".nc") for path in tmp_path.rglob("*.*")), 60, "the first file")
    process.signal(signal.SIGINT)
    assert process.wait(30) in (0, 130), process.text
    for source in [*lake.scenes, *lake.singles, lake.cube]:
        path = tmp_path / "campaign" / source.name
        assert not path.exists() or path.read_bytes() == source.path.read_bytes()
    # What came in part is gone on with, and then nothing of it is left.
    s3_catalogue.cli("get", lake.did, "--out", tmp_path).ok()
    assert not [path for path in tmp_path.rglob("*~*")]
    assert (tmp_path / "campaign" / lake.cube.name).read_bytes() == lake.cube.path.read_bytes()


def test_faults_are_one_sentence(s3_catalogue, lake, tmp_path):
    s3_catalogue.cli("show").refused("SCOPE:NAME")
    s3_catalogue.cli("show", "no-colon").refused("SCOPE:NAME", "no-colon")
    s3_catalogue.cli("show", f"{lake.scope}:nowhere").refused("nowhere", "not found")
    s3_catalogue.cli("ls", f"{lake.scope}:nowhere").refused("nowhere", "not found")
    s3_catalogue.cli("ls", "no-such-scope").refused("no scope", "no-such-scope")
    s3_catalogue.cli("ls", f"{lake.scope}:two\nlines").refused("control character")
    s3_catalogue.cli("show", f"{lake.scope}:two\nlines").refused("two\\nlines")
    s3_catalogue.cli("get", f"{lake.scope}:nowhere").refused("nowhere", "not found")
    s3_catalogue.cli("get", lake.did, "--jobs", "0").refused("--jobs", "0")
    (tmp_path / "file").write_text("")
    s3_catalogue.cli("get", lake.did, "--out", tmp_path / "file").refused("--out")


REGISTER = """
scope = sys.argv[1]
client.add_scope('root', scope)
for dataset, count in (('many', 700), ('few', 400)):
    files = [{'scope': scope, 'name': f'{dataset}/{n:06}.tif', 'bytes': 1000 + n, 'adler32': f'{n:08x}'} for n in range(count)]
    client.add_replicas(rse='DEV-DISK', files=files)
    client.add_replicas(rse='DEV-CACHE', files=files[:3])
    client.add_dataset(scope, dataset)
    client.attach_dids(scope, dataset, [{'scope': scope, 'name': file['name']} for file in files])
client.add_container(scope, 'all')
client.attach_dids(scope, 'all', [{'scope': scope, 'name': name} for name in ('many', 'few')])
"""


def test_show_of_many_files(make_catalogue):
    """Registered alone, as far as bytes are no matter: sums by the server, and the list of all by JSON."""
    scope = new_scope()
    rucio(REGISTER, scope)
    made = make_catalogue(store="folder")
    text = made.cli("show", f"{scope}:all").ok().out
    assert "1100 files" in text and "DEV-DISK   1100 of 1100 files" in text and "DEV-CACHE  6 of 1100 files" in text, text
    assert "few/000000.tif" in text and "and 1090 more" in text
    shown = json.loads(made.cli("show", f"{scope}:few", "--json").ok().out)
    assert [file["name"] for file in shown["files"]] == [f"few/{n:06}.tif" for n in range(400)]
    assert [{each["rse"] for each in file["replicas"]} for file in shown["files"]] == [{"DEV-DISK", "DEV-CACHE"}] * 3 + [{"DEV-DISK"}] * 397
    rucio("client.attach_dids(sys.argv[1], 'few', [{'scope': sys.argv[1], 'name': 'many/000000.tif'}])", scope)
    # A file of two datasets is one file: the server's sums would count it twice.
    again = made.cli("show", f"{scope}:all").ok().out
    assert "1100 files" in again and "DEV-DISK   1100 of 1100 files" in again, again
