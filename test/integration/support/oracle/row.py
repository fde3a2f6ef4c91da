"""An Item or Collection as searches see it: its properties by name, its place, its time and its words."""

from functools import cached_property

from . import places
from .cql2 import MOST, Instant, Text
from .instants import microseconds
from .text import Num
from .text import dumps, loads
from .words import strings_in

MEMBERS = ("assets", "bbox", "links", "stac_version", "stac_extensions", "type")
PARTS = ["xmin", "ymin", "zmin", "xmax", "ymax", "zmax"]


def at_name(base, name):
    """What stands at a name; of a name with dots the longest keys are tried first."""
    if isinstance(base, dict):
        if name in base:
            return True, base[name]
        steps = name.split(".")
        for length in range(len(steps) - 1, 0, -1):
            found = at_name(base.get(".".join(steps[:length])), ".".join(steps[length:]))
            if found[0]:
                return found
    return False, None


class Item:
    ties = ("id", "collection")

    def __init__(self, document):
        document = self.document = loads(dumps(document))
        self.properties = document["properties"]
        self.key = (document["collection"], document["id"])

    @cached_property
    def geometry(self):
        return places.stored(self.document["geometry"], self.document.get("bbox"))

    @cached_property
    def own_datetime(self):
        return microseconds(self.properties["datetime"]) if self.properties.get("datetime") else None

    @cached_property
    def start_end(self):
        if self.properties.get("start_datetime") and self.properties.get("end_datetime"):
            return microseconds(self.properties["start_datetime"]), microseconds(self.properties["end_datetime"])
        return self.own_datetime, self.own_datetime

    @cached_property
    def newest(self):
        return self.start_end[0] if self.own_datetime is None else self.own_datetime

    @cached_property
    def strings(self):
        return [self.document["id"], *strings_in(self.properties)]

    def read(self, name):
        if name in ("id", "collection"):
            return Text(self.document[name])
        bare = name.removeprefix("properties.")
        if bare == "datetime":
            return None if self.own_datetime is None else Instant(self.own_datetime)
        if name.startswith("bbox.") and name[5:] in PARTS:
            return self.bbox_part(name[5:])
        if name.split(".")[0] in MEMBERS:
            return at_name(self.document, name)[1]
        return at_name(self.properties, bare)[1]

    def bbox_part(self, part):
        bbox = self.document.get("bbox")
        names = PARTS if bbox and len(bbox) == 6 else [each for each in PARTS if each[0] != "z"]
        return bbox[names.index(part)] if bbox and part in names else None


class Collection:
    """Without Items: its extent is what it says itself."""

    ties = ("id",)

    def __init__(self, document):
        self.document = loads(dumps(document))
        self.key = document["id"]

    @cached_property
    def geometry(self):
        bbox = self.document["extent"]["spatial"]["bbox"][0]
        return places.given([bbox[at] for at in ((0, 1, 2, 3) if len(bbox) == 4 else (0, 1, 3, 4))])

    @cached_property
    def start_end(self):
        start, end = self.document["extent"]["temporal"]["interval"][0]
        return microseconds(start) if start else -MOST, microseconds(end) if end else MOST

    @cached_property
    def strings(self):
        return [self.document["id"], *(text for name in ("title", "description", "keywords") for text in strings_in(self.document.get(name, [])))]

    def read(self, name):
        if name == "datetime":
            # Of one that is open at both ends nothing is known.
            return None if self.start_end == (-MOST, MOST) else self.start_end
        return Text(self.document["id"]) if name == "id" else at_name(self.document, name)[1]
