"""stac-api-validator, as it is, on the classes that the API declares.

It fetches schemas from their public addresses with `requests` and pystac at each run and has no setting for it;
`offline/sitecustomize.py`, on its PYTHONPATH, answers those from src/stac/schemas and refuses everything but loopback.
"""

import json
import sys
from pathlib import Path

from shapely.geometry import mapping, shape
from support.product import clean_env, run

OFFLINE = Path(__file__).parent / "offline"


def test_core_collections_features_item_search(s3_catalogue, lake):
    item = next(each for each in s3_catalogue.items(lake.collection) if each["id"] == lake.scenes[0].stem)
    geometry = json.dumps(mapping(shape(item["geometry"]).centroid.buffer(0.01)))
    command = [str(Path(sys.executable).parent / "stac-api-validator"), "--root-url", f"{s3_catalogue.url}/", "--collection", lake.collection, "--geometry", geometry, "--validate-pagination"]
    for name in ("core", "collections", "features", "item-search", "browseable", "children"):
        command += ["--conformance", name]
    told = run(command, env=clean_env(PYTHONPATH=OFFLINE, PYTHONDONTWRITEBYTECODE="1"), timeout=480)
    print(told)
    assert told.code == 0 and "Errors: none" in told.out, str(told)
    assert "Failed." not in told.out, str(told)
    warnings = told.out.split("Warnings:", 1)[1].split("Errors:")[0]
    # What it recommends beyond the specifications, that we know of and leave so, is in the message.
    assert "Item Search" not in warnings or "recommendations" in warnings, warnings
