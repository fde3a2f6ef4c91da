"""Collections without Items, for searches over Collections: awkward extents, texts and members; and such searches at random."""

from . import geometries
from .filters import COMPARISONS, Filters, operation, prop
from .queries import Queries
from .text import Num
from .world import MOMENTS, NUMBERS, WORDS, collection

BOXES = [(-180, -90, 180, 90), (5, 44, 16, 48), (177, -19, -178, -16), (-180, 80, 180, 90), (180, 0, 180, 10), (-180, 0, -180, 10), (10, 45, 10, 45), (0, 0, 10, 10), (10, 10, 20, 20), (0, 0, -100, 10, 10, 500), (170, -5, 0, -170, 5, 10), (-30, -90, 30, -60)]
INTERVALS = [(None, "2010-01-01T00:00:00Z"), ("2018-01-01T00:00:00Z", None), ("2015-01-01T00:00:00Z", "2016-01-01T00:00:00Z"), ("2020-01-01T00:00:00.000001Z", "2020-01-01T00:00:00.000001Z"), ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"), ("2024-01-01T00:00:00Z", "2024-06-01T00:00:00Z"), (None, None)]
TITLES = ["Alpine", "World", "Forêt du nord", "Sea ice", "日本 地図", "Quick brown fox"]
NUMERIC, TEXTUAL, OTHER = ["n", "own:x.y", "mixed"], ["title", "license", "description", "mixed", "stac_version"], ["keywords", "id", "flag", "not.there"]


def documents(random):
    made = []
    for index in range(60):
        more = {"title": random.choice(TITLES), "keywords": random.sample(["snow", "EO", "Earth Observation", "forêt"], 2), "n": Num(random.choice(NUMBERS)), "mixed": random.choice([None, True, Num("5"), "5", *MOMENTS[:4], *WORDS[:5]]), "own:x": {"y": Num(random.randrange(3))}, "flag": random.choice([True, False])}
        kept = {name: value for name, value in more.items() if random.random() < 0.7}
        made.append(collection(f"{random.choice(['sea', 'Sea', 'mer é', 'a/b', '5%25'])}-{index}", random.choice(BOXES), random.choice(INTERVALS), **kept))
    return made


class Searches(Queries):
    """The parameters that Collections have, over their own members."""

    def predicate(self, depth=2):
        if depth and self.random.random() < 0.4:
            parts = [self.predicate(depth - 1) for _ in range(2)]
            return self.pick([operation("and", *parts), operation("or", *parts), operation("not", parts[0])])
        filters = Filters(self.random)
        return self.pick([
            operation(self.pick(COMPARISONS), prop(self.pick(NUMERIC)), filters.number()),
            operation(self.pick(COMPARISONS), prop(self.pick([*TEXTUAL, "id"])), self.pick([*TITLES, *WORDS, *MOMENTS[:4], "other", "sea-3"])),
            operation("like", operation("casei", prop(self.pick(TEXTUAL))), operation("casei", self.pick(["%a%", "FOR%", "5", "_uick%"]))),
            operation("isNull", prop(self.pick([*NUMERIC, *TEXTUAL, *OTHER, "datetime", "geometry"]))),
            operation("a_overlaps", prop("keywords"), ["snow", "EO"]),
            operation(self.pick(["s_intersects", "s_disjoint", "s_within", "s_touches"]), prop("geometry"), self.pick([{"bbox": [0, 0, 10, 10]}, {"bbox": [170, -20, -170, 20]}, geometries.random_search_place(self.random)])),
            operation(self.pick(["t_intersects", "t_before", "t_during", "t_disjoint", "t_equals"]), prop("datetime"), {"interval": self.pick([["2014-01-01", "2017-01-01"], ["..", "2012-01-01"], ["2019-01-01T00:00:00Z", ".."]])}),
        ])

    def make(self):
        parts = {
            "bbox": (0.25, lambda: geometries.random_bbox(self.random)),
            "datetime": (0.25, lambda: self.pick(["2015-06-01T00:00:00Z", "2019-01-01T00:00:00Z/..", "../2005-01-01T00:00:00Z", "2020-01-01T00:00:00.000001Z", "2010-01-01T00:00:00Z", "2016-01-01T00:00:00.000001Z/2017-12-31T23:59:59Z"])),
            "q": (0.2, lambda: self.pick(["snow", "FORET", "earth OR ice", "nord AND foret", "-snow", "sea", '"earth observation"', "+snow -EO", ["quick brown", "日本"], "Made up"])),
            "filter": (0.5, self.predicate),
            "query": (0.15, lambda: {self.pick([*NUMERIC, *TEXTUAL]): self.condition()}),
            "sortby": (0.5, lambda: [{"field": name, "direction": self.pick(["asc", "desc"])} for name in dict.fromkeys(self.some(["id", *NUMERIC, *TEXTUAL, "flag", "keywords"], 3))]),
            "fields": (0.2, lambda: {"include": self.random.sample(["title", "extent", "own:x.y", "keywords", "n", "not.there"], 2), "exclude": self.random.sample(["description", "extent.temporal", "own:x"], 1)}),
        }
        return {name: make() for name, (chance, make) in parts.items() if self.random.random() < chance}
