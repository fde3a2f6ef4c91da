"""schemathesis on our OpenAPI: what it describes is what the server does, with writing off and on."""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest
import requests
from support.product import clean_env, run
from test_api_validator import COLLECTION, make_item

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance,unsupported_method,allow_header_conformance"
# Seconds; it takes 40 on a machine that does nothing else.
LIMIT = 240


def reads(method, path):
    """Pictures are left out: the Items have no asset that can be drawn (test_tiles.py has)."""
    if path.endswith(".png") or "/tiles/" in path:
        return False
    return method == "GET" or path.endswith(("/search", "/aggregate"))


@pytest.mark.parametrize("writing", ["false", "true"])
def test_what_openapi_says(make_catalogue, tmp_path, writing, note):
    catalogue = make_catalogue(store="folder", settings={"RUCIO_STAC_TRANSACTIONS": "true"})
    catalogue.start()
    for path, document in (("", COLLECTION | {"rucio:scope": "lake"}), ("", COLLECTION | {"id": "spare"}), ("/many/items", {"type": "FeatureCollection", "features": [make_item(number) for number in range(25)]})):
        made = requests.post(f"{catalogue.url}/collections{path}", json=document, timeout=60)
        assert made.status_code == 201, made.text
    if writing == "false":
        catalogue.stop()
        catalogue.start(RUCIO_STAC_TRANSACTIONS="false")
    seen = tmp_path / "seen"
    hooks = Path(__file__).parent
    env = clean_env(PYTHONPATH=hooks, PYTHONDONTWRITEBYTECODE="1", SCHEMATHESIS_HOOKS="support.schemathesis_hooks", SCHEMATHESIS_SEEN=seen)
    command = [str(Path(sys.executable).parent / "st"), "run", f"{catalogue.url}/api", "--phases", "coverage,fuzzing", "--checks", CHECKS]
    command += ["--max-examples", "30", "--seed", "4", "--workers", "1", "--continue-on-failure", "--no-shrink", "--warnings", "off", "--request-timeout", "20"]
    told = run(command, env=env, cwd=tmp_path, timeout=LIMIT)
    print(told)
    assert told.code == 0, told.out
    lines = [json.loads(line) for line in seen.read_text().splitlines()]
    paths = requests.get(f"{catalogue.url}/api", timeout=30).json()["paths"]
    # It reads the description itself without a test of it.
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods} - {("GET", "/api")}
    assert described <= {(method, path) for method, path, _, _ in lines}, "each operation was called"
    right = Counter(status < 400 for method, path, is_right, status in lines if is_right and reads(method, path))
    note(f"schemathesis, writing {writing}: {len(lines)} requests in {told.seconds:.0f} s; {right[True]} of {right.total()} that were meant right were accepted")
    assert right[True] > right.total() * 0.8, right
    # It is still there, and answers.
    assert catalogue.json("/collections/many")["id"] == "many"
