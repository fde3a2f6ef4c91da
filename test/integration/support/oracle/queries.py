"""Searches at random over everything that a search takes, as bodies of POST /search. Numbers are `Num`."""

from random import Random

from . import geometries
from .filters import ARRAYS, FLAGS, NUMERIC, TEXTUAL, TIMES, Filters
from .text import Num
from .world import COLLECTIONS, IDS, NUMBERS, WORDS

DATETIMES = ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000001Z", "../2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z/..", "/2023-01-01T00:00:00Z", "2023-01-01T00:00:00+02:00/", "2023-12-31T23:59:59.5Z/2024-01-01T01:00:00+01:00", "2020-01-01T00:00:00Z/2022-12-31T23:59:59Z", "0001-01-01T00:00:00Z/9999-12-31T23:59:59Z", "2016-12-31T23:59:60Z", "2024-02-29t12:00:00.123456z"]
TERMS = ["climate", "CLIMATE", "north", "brown", "fox", "été", "ete", "forêt", "foret", "sentinel-2", "EO", "日本", "alpha", "strasse", "007", "clim", "nothing", "plage"]
PHRASES = ['"climate model"', '"model climate"', '"quick brown"', '"brown quick"', '"Sentinel 2"', '"north of the"']
FIELDS = ["id", "properties", "properties.n", "n", "word", "properties.nested.deep.n", "nested.deep", "properties.key.with.dots", "key.with.dots", "geometry", "bbox", "assets", "assets.data.href", "assets.a.b", "assets.data.roles", "own", "own.n", "properties.nothing", "stac_extensions", "properties.datetime", "type", "properties.type", "eo:cloud_cover", "ключ", "with space", "collection", "properties.things", "own.nothing", "properties.nested.deep", "assets.data"]
SORTS = ["id", "collection", "datetime", "properties.datetime", "properties.id", "bbox.xmin", "bbox.zmax", "stac_version", "nested.deep.n", "nested.deep.word", "assets.data.title", "geometry.none", *NUMERIC, *TEXTUAL, *TIMES, *FLAGS, *ARRAYS]
SORTS = [name for name in SORTS if name != "geometry.none"]


class Queries:
    def __init__(self, seed):
        self.random = Random(seed)
        self.pick = self.random.choice
        self.filters = Filters(self.random)

    def some(self, values, most):
        return [self.pick(values) for _ in range(self.random.randrange(1, most))]

    def free_text(self):
        pick = self.random.random()
        if pick < 0.25:
            return self.pick(TERMS)
        if pick < 0.45:
            return [self.pick([*TERMS, "climate model", "brown fox", "quick brown", "!!!"]) for _ in range(self.random.randrange(1, 4))]
        if pick < 0.6:
            return ",".join(self.some([*TERMS, "climate model", *PHRASES], 4))
        return self.advanced(2)

    def advanced(self, depth):
        parts = []
        for _ in range(self.random.randrange(1, 4)):
            term = f"({self.advanced(depth - 1)})" if depth and self.random.random() < 0.3 else self.pick([*TERMS, *PHRASES])
            parts.append(term if self.random.random() < 0.7 else f"{term} AND {self.pick(['', '-'])}{self.pick([*TERMS, *PHRASES])}")
        joint = self.pick([" ", " OR "])
        if joint == " ":
            parts = [f"{self.pick(['', '', '', '+', '-'])}{part}" for part in parts]
        return joint.join(parts)

    def condition(self):
        """One property's conditions of the query extension."""
        operator = self.pick("eq neq lt lte gt gte in startsWith endsWith contains".split())
        if operator in ("startsWith", "endsWith"):
            return {operator: self.pick(["", "a", "A", "%", "_", "é", "2024", "\\", "Str"])}
        if operator == "in":
            return {operator: self.some([Num(self.pick(NUMBERS)), self.pick(WORDS), True, "2024-01-01T00:00:00Z"], 5)}
        value = self.pick([Num(self.pick(NUMBERS)), Num(self.pick(NUMBERS)), self.pick(WORDS), True, "2024-01-01T00:00:00Z"])
        if operator in ("eq", "neq") and self.random.random() < 0.2:
            value = self.pick([None, [], [Num("1"), Num("2")], ["alpha"]])
        return {operator: value}

    def query(self):
        names = [*NUMERIC, *TEXTUAL, *TIMES, *FLAGS, *ARRAYS, "id", "collection"]
        found = {}
        for name in self.some(names, 3):
            made = self.condition()
            # An array has no meaning beside what is always one text or instant.
            if name in ("id", "collection", "datetime", "properties.datetime") and any(isinstance(value, list) and operator != "in" or operator == "contains" for operator, value in made.items()):
                continue
            found[name] = made
        return found

    def fields(self):
        """Either list may be missing, or empty, which is not the same."""
        lists = {"include": self.random.sample(FIELDS, self.random.randrange(5)), "exclude": self.random.sample(FIELDS, self.random.randrange(4))}
        return {name: paths for name, paths in lists.items() if self.random.random() < 0.8}

    def place(self):
        return {"bbox": geometries.random_bbox(self.random)} if self.random.random() < 0.5 else {"intersects": geometries.random_search_place(self.random)}

    def make(self):
        parts = {
            "ids": (0.08, lambda: self.some(IDS, 12)),
            "collections": (0.15, lambda: self.some([*COLLECTIONS, "absent"], 4)),
            "datetime": (0.18, lambda: self.pick(DATETIMES)),
            "filter": (0.6, lambda: self.filters.predicate()),
            "query": (0.15, self.query),
            "q": (0.15, self.free_text),
            "sortby": (0.65, lambda: [{"field": name, "direction": self.pick(["asc", "desc"])} for name in dict.fromkeys(self.some(SORTS, 4))]),
            "fields": (0.25, self.fields),
        }
        made = {name: make() for name, (chance, make) in parts.items() if self.random.random() < chance}
        if self.random.random() < 0.25:
            made |= self.place()
        return made
