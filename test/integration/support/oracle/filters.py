"""CQL2 filters at random over the properties of the world."""

from . import geometries
from .text import Num
from .world import COLLECTIONS, IDS, MOMENTS, NUMBERS, WORDS

NUMERIC = ["n", "m", "mixed", "eo:cloud_cover", "view:sun_elevation", "nested.deep.n", "nested.k.x", "key.with.dots", "own:a.b.c", "gsd", "a-b", "qu\"ote's", "properties.n", "bbox.xmin", "bbox.ymax", "bbox.zmin", "assets.data.n", "assets.a.b.n", "properties.type"]
TEXTUAL = ["word", "mixed", "title", "description", "platform", "nested.deep.word", "key.with.dots", "ключ", "with space", "properties.id", "properties.type", "properties.collection", "assets.data.title", "stac_version", "type", "created"]
TIMES = ["datetime", "properties.datetime", "seen", "created", "start_datetime", "end_datetime", "mixed", "properties.seen"]
ARRAYS = ["tags", "nums", "things", "keywords", "mixed", "bbox", "word"]
FLAGS = ["flag", "select", "mixed", "properties.flag", "word"]
COMPARISONS = ["=", "<>", "<", "<=", ">", ">="]
SPATIAL = ["s_intersects", "s_intersects", "s_disjoint", "s_contains", "s_within", "s_touches", "s_crosses", "s_overlaps", "s_equals"]
TEMPORAL = [f"t_{name}" for name in "after before contains disjoint during equals finishedBy finishes intersects meets metBy overlappedBy overlaps startedBy starts".split()]
PATTERNS = ["%", "_", "a%", "%a", "%é%", "A_pha", "%\\%", "%\\_%", "", "__", "2024%", "%'%", "Stra%e", "%\\\\%", "%\n%"]
SINGLE = [moment for moment in MOMENTS if not moment.startswith("2016")] + ["2024-03-05T00:00:00Z", "2023-07-01T00:00:00+02:00"]


def prop(name):
    return {"property": name}


def operation(op, *args):
    return {"op": op, "args": list(args)}


class Filters:
    def __init__(self, random):
        self.random = random
        self.pick = random.choice

    def number(self):
        return Num(self.pick([*NUMBERS, "0.5", "10", "-2", "123456789012345678901234567889.5"]))

    def numeric(self, depth=2):
        pick = self.random.random()
        if depth == 0 or pick < 0.55:
            return prop(self.pick(NUMERIC)) if self.random.random() < 0.75 else self.number()
        op = self.pick(["+", "-", "*", "+", "-", "*", "%", "div", "^"])
        if op == "^":
            return operation(op, prop(self.pick(["m", "a-b", "gsd"])), Num(self.random.randrange(4)))
        return operation(op, self.numeric(depth - 1), self.numeric(depth - 1))

    def text(self):
        value = prop(self.pick(TEXTUAL))
        pick = self.random.random()
        if pick < 0.3:
            return operation("casei", value)
        if pick < 0.45:
            return operation("accenti", value)
        return operation("accenti", operation("casei", value)) if pick < 0.6 else value

    def same(self, value, literal):
        """The literal within the same functions as the value."""
        return operation(value["op"], self.same(value["args"][0], literal)) if "op" in value else literal

    def moment(self):
        pick = self.random.random()
        if pick < 0.25:
            return {"date": self.pick(["2024-01-01", "2024-02-29", "2023-12-31", "2020-05-05"])}
        return {"timestamp": self.pick(SINGLE)} if pick < 0.6 else prop(self.pick(TIMES))

    def interval(self):
        pick = self.random.random()
        if pick < 0.3:
            return {"interval": [prop("start_datetime"), prop("end_datetime")]}
        low, high = sorted(self.random.sample(["1970-01-01", "2020-01-01T00:00:00Z", "2022-06-01", "2024-01-01", "2024-01-01T00:00:00.5Z", "2024-06-01T00:00:00Z", "2030-01-01"], 2))
        ends = [".." if self.random.random() < 0.2 else low, ".." if self.random.random() < 0.2 else high]
        return {"interval": ends if ends != ["..", ".."] else [low, high]}

    def literal(self):
        return self.pick([self.number(), self.pick(WORDS), self.pick(MOMENTS), True, False, {"timestamp": self.pick(SINGLE)}, {"date": "2024-01-01"}])

    def compare(self):
        pick = self.random.random()
        op = self.pick(COMPARISONS)
        if pick < 0.35:
            return operation(op, self.numeric(), self.numeric())
        if pick < 0.55:
            value = self.text()
            return operation(op, value, self.same(value, self.pick(WORDS)))
        if pick < 0.7:
            return operation(op, prop(self.pick(TIMES)), self.pick([self.moment(), self.pick(SINGLE), "2024-01-01", "yesterday"]))
        if pick < 0.8:
            return operation(op, prop(self.pick(["id", "collection"])), self.pick([self.pick(IDS), self.pick(COLLECTIONS), Num("5"), prop("word"), prop("properties.id")]))
        if pick < 0.9:
            return operation(op, *(prop(self.pick([*NUMERIC, *TEXTUAL, *ARRAYS, *FLAGS, *TIMES, "nested", "assets"])) for _ in range(2)))
        sides = [prop(self.pick([*NUMERIC, *TEXTUAL, *ARRAYS, *FLAGS, *TIMES])), self.literal()]
        return operation(op, *(sides if self.random.random() < 0.7 else sides[::-1]))

    def listed(self):
        pick = self.random.random()
        if pick < 0.3:
            value = self.text()
            return operation("like", value, self.same(value, self.pick(PATTERNS)))
        if pick < 0.6:
            if self.random.random() < 0.6:
                return operation("between", self.numeric(1), self.numeric(1), self.numeric(1))
            name = self.pick([*TIMES, *TEXTUAL])
            return operation("between", prop(name), self.pick([self.pick(SINGLE), "A", {"date": "2020-01-01"}]), self.pick([self.pick(SINGLE), "z", {"timestamp": "2024-06-01T00:00:00Z"}]))
        value = self.pick([prop(self.pick([*NUMERIC, *TEXTUAL, *FLAGS, *TIMES, "id", "collection"])), self.text(), self.numeric(1)])
        return operation("in", value, [self.pick([self.literal(), self.pick(IDS), self.number(), self.pick(WORDS), prop("word"), prop("n")]) for _ in range(self.random.randrange(1, 6))])

    def spatial(self):
        place = {"bbox": geometries.random_bbox(self.random)} if self.random.random() < 0.4 else geometries.random_search_place(self.random)
        op = self.pick(SPATIAL)
        if "bbox" in place and op not in ("s_intersects", "s_disjoint"):
            place["bbox"] = place["bbox"] if len(place["bbox"]) == 4 else [place["bbox"][at] for at in (0, 1, 3, 4)]
        sides = [prop("geometry"), place]
        return operation(op, *(sides if self.random.random() < 0.8 else sides[::-1]))

    def temporal(self):
        return operation(self.pick(TEMPORAL), *(self.pick([self.moment, self.interval])() for _ in range(2)))

    def array(self):
        values = lambda: [self.pick([self.number(), self.pick(WORDS), self.pick([True, False]), "brown", "EO"]) for _ in range(self.random.randrange(4))]  # noqa: E731
        literal = values()
        if self.random.random() < 0.15:
            literal.append({"timestamp": "2024-01-01T00:00:00Z"})
        sides = [prop(self.pick(ARRAYS)), literal if self.random.random() < 0.75 else prop(self.pick(ARRAYS))]
        return operation(self.pick(["a_contains", "a_containedBy", "a_equals", "a_overlaps"]), *(sides if self.random.random() < 0.8 else sides[::-1]))

    def null(self):
        return operation("isNull", prop(self.pick([*NUMERIC, *TEXTUAL, *TIMES, *ARRAYS, "geometry", "nested.deep", "nothing.here"])))

    def predicate(self, depth=2):
        pick = self.random.random()
        if depth > 0 and pick < 0.35:
            return operation(self.pick(["and", "or"]), *(self.predicate(depth - 1) for _ in range(self.random.randrange(2, 4))))
        if depth > 0 and pick < 0.45:
            return operation("not", self.predicate(depth - 1))
        if pick < 0.48:
            return prop(self.pick(FLAGS))
        return self.pick([self.compare, self.compare, self.compare, self.listed, self.listed, self.spatial, self.temporal, self.array, self.null])()
