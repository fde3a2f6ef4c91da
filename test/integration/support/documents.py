"""pystac's own validation with the schemas of the project, without a network."""

import json
import re
import sys
from pathlib import Path

import pystac
from pystac.validation import JsonSchemaSTACValidator, set_validator

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "offline"))
import schemas  # noqa: E402

OWN = re.compile(r"(https?://.+|\.\.?/.*)/schemas/rucio/v1\.0\.0/schema\.json$")


class Offline(JsonSchemaSTACValidator):
    """Every schema from src/stac/schemas; the rucio extension's, as the server gave it out, from `served`."""

    def __init__(self, served=None):
        super().__init__()
        self.served = served
        self.used = set()

    def _get_schema(self, schema_uri):
        uri = schema_uri.split("#")[0]
        self.used.add(uri)
        if uri in self.schema_cache:
            return self.schema_cache[uri]
        if self.served is not None and OWN.match(uri):
            schema = self.served(uri)
        else:
            schema = schemas.read_schema(uri)
        assert schema is not None, f"no schema ships for {uri}"
        # Some published schemas name themselves by another address than the one they are asked for.
        schema["$id"] = uri
        self.schema_cache[uri] = schema
        return schema


def use_offline_schemas(served=None):
    validator = Offline(served)
    set_validator(validator)
    return validator


def validate_document(document):
    """A document as it was sent, not as pystac would write it."""
    kind = {"Feature": pystac.STACObjectType.ITEM, "Collection": pystac.STACObjectType.COLLECTION, "Catalog": pystac.STACObjectType.CATALOG}[document["type"]]
    return pystac.validation.validate_dict(json.loads(json.dumps(document)), kind, document["stac_version"], document.get("stac_extensions", []))
