"""Every command of README.md, as it stands there, in the order in which it stands there.

Only what is an example is put in its place: the addresses and keys of the reader's own servers, and the port.
"""

import os
import re
import shutil
import subprocess
import sys

import pytest
import requests
from support.product import KIND, POSTGRES, ROOT, RUCIO, S3, Catalogue, Process, clean_env, clone_folder, free_port, run, until

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^( *)```(\w+)\n(.*?)^ *```$", README, re.MULTILINE | re.DOTALL)
# `npm test` is what .ci/run begins with; here it would run every test again.
ELSEWHERE = {"npm test"}


def blocks(language):
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, found, text in BLOCKS if found == language]


def lines(block):
    return [line for line in block.splitlines() if line.strip()]


def answers(base):
    try:
        return requests.get(f"{base}/readyz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


@pytest.fixture(scope="module")
def reader():
    """A folder as a clone has it, and the reader's servers."""
    folder = clone_folder("rs-readme-")
    database = Catalogue(store="folder")
    yield folder, database
    database.close()
    shutil.rmtree(folder, ignore_errors=True)


def test_every_command_is_run_here_or_named():
    commands = [line for block in blocks("sh") for line in lines(block)]
    assert len(commands) >= 10
    for name in ("npm start", "npm test", "npx rucio-stac ingest intertwin:flood-demo --dry-run"):
        assert name in commands


def test_the_commands_one_after_another(reader):
    folder, database = reader
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    env = clean_env(PORT=port, **RUCIO)
    server = None

    def await_server():
        def ready():
            assert server.popen.poll() is None, server.text
            return answers(base)

        until(ready, 300, "the server")

    def python(block):
        code = block.replace("http://127.0.0.1:8080", base)
        made = subprocess.run([sys.executable, "-c", code], env=clean_env(AWS_NO_SIGN_REQUEST="YES"), capture_output=True, text=True, timeout=300)
        assert made.returncode == 0, made.stderr
        return made.stdout

    ran = []
    examples = iter(blocks("python"))
    try:
        for block in blocks("sh"):
            for line in lines(block):
                if line in ELSEWHERE:
                    continue
                if line.startswith("export "):
                    names = re.findall(r"([A-Z0-9_]+)=", line)
                    real = S3 | {"DATABASE_URL": database.env["DATABASE_URL"] if KIND == "postgres" else POSTGRES or ""}
                    if names == ["DATABASE_URL"] and KIND != "postgres":
                        # The embedded run has no server of its own to migrate; the other run has.
                        continue
                    if names == ["DATABASE_URL"]:
                        # npm ends by the signal itself; that the server below it ends well is a test of its own.
                        assert server.end() in (0, -15, 143)
                        until(lambda: not answers(base), 30, "the port to be free")
                        server = None
                    env |= {name: real[name] for name in names}
                    continue
                if line in ("npm start", "npx rucio-stac serve"):
                    if server is not None:
                        continue
                    server = Process(["bash", "-c", f"exec {line}"], env=env, cwd=folder)
                    await_server()
                    ran.append(line)
                    if line == "npm start":
                        shown = python(next(examples))
                        assert "red" in shown and "nir" in shown
                    continue
                result = run(["bash", "-c", line.replace("http://127.0.0.1:8080", base)], env=env, cwd=folder).ok()
                ran.append(line)
                if line.endswith("--dry-run"):
                    assert "7 of 7 files to ingest" in result.out
                elif line == "npx rucio-stac ingest intertwin:flood-demo" and "S3_BUCKET" not in env:
                    assert "12 items" in result.err
                    shown = python(next(examples))
                    assert "VV" in shown and "VH" in shown
                elif "/aggregate?" in line:
                    shown = python(next(examples))
                    assert re.match(r"[1-9]\d* \[", shown) and "sample-scenes" in shown, shown
                    assert '"total_count"' in result.out
                elif "preview.png" in line:
                    assert (folder / "scene.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
                elif "S3_BUCKET" in env and line == "npx rucio-stac ingest intertwin:flood-demo":
                    page = requests.get(f"{base}/collections/intertwin.flood-demo/items", timeout=30).json()
                    hrefs = [asset["href"] for item in page["features"] for key, asset in item["assets"].items() if key != "source"]
                    assert hrefs and all(href.startswith(os.environ["S3_ENDPOINT"]) for href in hrefs)
                elif "rucio-stac get" in line:
                    assert len(list((folder / "downloads").rglob("*.nc"))) == 1
                elif "--out ./stac" in line:
                    assert (folder / "stac" / "catalog.json").is_file()
                elif "rucio-stac load" in line:
                    assert re.search(r" 0 failed$", result.err, re.MULTILINE), result.err
                elif "--format parquet" in line:
                    assert "1 Collections and 12 Items" in result.err
                    assert (folder / "my-rasters.parquet").read_bytes()[:4] == b"PAR1"
                elif "rucio-stac export" in line:
                    assert len((folder / "all.ndjson").read_text().splitlines()) > 12
                elif "my-rasters" in line:
                    page = requests.get(f"{base}/collections/my-rasters/items", timeout=30).json()
                    assert page["numberMatched"] == 12
        assert next(examples, None) is None
        assert len(ran) == (17 if KIND == "postgres" else 16), ran
    finally:
        if server is not None:
            server.kill()


def test_the_settings_are_those_that_the_code_knows():
    table = re.search(r"### Settings\n(.*?)\n\n`", README, re.DOTALL).group(1)
    told = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", table))
    told |= {"RUCIO_STAC_DESCRIPTION", "RUCIO_STAC_ID"} if "`_DESCRIPTION`, `_ID`" in table else set()
    sources = [path.read_text() for path in (ROOT / "src").rglob("*.ts")]
    known = {name for text in sources for name in re.findall(r"\b((?:RUCIO_STAC|S3)_[A-Z_0-9]+)\b", text)}
    known -= {"RUCIO_STAC_DEBUG"}
    assert known <= told, known - told
    for name in told - {"_DESCRIPTION", "_ID"}:
        assert any(re.search(rf"\b{name}\b", text) for text in sources), f"{name} is told and not known"
