"""Addresses of published JSON schemas -> the copies that the project ships (src/stac/schemas).

Addresses that name a version of PROJ's schema all mean the one copy. The rucio extension has no address of its
own: it lives under the server that serves it.
"""

import json
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "src" / "stac" / "schemas"
OF_SPEC = {"catalog": "catalog-spec", "collection": "collection-spec"}


def _table():
    table = {}
    for path in FOLDER.glob("core/v*/*.json"):
        spec = OF_SPEC.get(path.stem, "item-spec")
        table[f"https://schemas.stacspec.org/{path.parent.name}/{spec}/json-schema/{path.name}"] = path
    for path in FOLDER.glob("core/*.json"):
        table[f"https://geojson.org/schema/{path.name}"] = path
    for path in FOLDER.glob("extensions/*/**/*.json"):
        table[f"https://stac-extensions.github.io/{path.relative_to(FOLDER / 'extensions').as_posix()}"] = path
    return table


TABLE = _table()


def schema_path(uri):
    """The file for a schema's address, or None when the project ships none."""
    uri = uri.split("#")[0]
    if re.match(r"https://proj\.org/schemas/v[\d.]+/projjson\.schema\.json$", uri):
        return FOLDER / "extensions" / "projjson.schema.json"
    return TABLE.get(uri)


def read_schema(uri):
    path = schema_path(uri)
    return None if path is None else json.loads(path.read_text())
