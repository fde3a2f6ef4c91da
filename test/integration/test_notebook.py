"""docs/from-the-notebook.md: every command on it, in order, by a reader who has a rucio.cfg."""

import re
import shutil
import subprocess
import sys

import pytest
from support.product import RUCIO, ROOT, Process, clean_env, clone_folder, free_port, run, until
from test_readme import answers, lines

PAGE = (ROOT / "docs" / "from-the-notebook.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SHOWN = {
    "npx rucio-stac doctor": "ok",
    "npx rucio-stac whoami": "root",
    "npx rucio-stac ls": "intertwin",
    "npx rucio-stac ls intertwin": "intertwin:flood-demo",
    "npx rucio-stac show intertwin:flood-demo": "DEV-DISK",
    "npx rucio-stac validate ./stac/catalog.json": "all valid",
    "npx rucio-stac upload examples/sample --scope intertwin --dataset intertwin:alps-sample --rse DEV-DISK --ingest": "intertwin:scene_T32TPS_20240103T101021.tif",
    "npx rucio-stac request intertwin:alps-sample --rse DEV-DISK --wait": "  OK  ",
}


@pytest.fixture
def folder():
    made = clone_folder("rs-notebook-")
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_every_command(folder):
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    env = clean_env(PORT=port, RUCIO_STAC_BROWSER="false", **RUCIO)
    server, ran = None, []
    try:
        for language, block in BLOCKS:
            text = block.replace("http://127.0.0.1:8080", base)
            if language == "python":
                made = subprocess.run([sys.executable, "-c", text], env=clean_env(), capture_output=True, text=True, timeout=300)
                assert made.returncode == 0, made.stderr
                assert "VV" in made.stdout and "VH" in made.stdout and "time: 6" in made.stdout, made.stdout
                ran.append("python")
                continue
            for line in lines(text):
                if line == "npm start":
                    server = Process(["bash", "-c", f"exec {line}"], env=env, cwd=folder)
                    until(lambda: server.popen.poll() is None and answers(base), 300, "the server")
                else:
                    result = run(["bash", "-c", line], env=env, cwd=folder).ok()
                    assert SHOWN.get(line, "") in result.out, str(result)
                    if line.startswith("curl"):
                        assert '"rse":"DEV-DISK"' in result.out and '"readable":true' in result.out, result.out
                ran.append(line)
    finally:
        if server is not None:
            server.end()
            server.kill()
    assert len(list((folder / "downloads" / "flood-demo").iterdir())) == 7
    assert set(SHOWN) <= set(ran), ran
