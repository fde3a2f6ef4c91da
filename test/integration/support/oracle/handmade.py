"""Searches written by hand: what random ones seldom meet."""

from .text import Num

BIG, NEXT = Num("123456789012345678901234567890"), Num("123456789012345678901234567891")
ODD = Num("9007199254740993")
TEXT = Num("12345678901234567890.123456789")


def prop(name):
    return {"property": name}


def op(name, *args):
    return {"op": name, "args": list(args)}


def filters(*expressions):
    return [{"filter": each} for each in expressions]


def deep(levels):
    """Nested as deep as a filter may be."""
    made = op("=", prop("m"), Num(1))
    for level in range(levels):
        made = op("and" if level % 2 else "or", made, op("<", prop("n"), Num(level)))
    return made


WEST = {"type": "Polygon", "coordinates": [[[170, -20], [190, -20], [190, 20], [170, 20], [170, -20]]]}
EAST = {"type": "Polygon", "coordinates": [[[-190, -20], [-170, -20], [-170, 20], [-190, 20], [-190, -20]]]}
POINTS = [[180, 10], [-180, 10], [0, 90], [180, 90], [123, -90], [10, 45], [0, 0], [10, 10], [20, 5], [185, -5], [-175, -5], [360, 0], [-360, 0]]
RELATIONS = "s_intersects s_disjoint s_contains s_within s_touches s_crosses s_overlaps s_equals".split()
COLLECTED = {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [10, 45]}, {"type": "LineString", "coordinates": [[170, 0], [190, 20]]}, {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]}]}]}

SEARCHES = [
    # numbers that no double holds
    *filters(*(op(sign, prop("n"), each) for each in (BIG, NEXT, ODD, TEXT, Num("1e100"), Num("-0.0"), Num("1e-7"), Num("0.30")) for sign in ("=", "<>", "<", ">="))),
    *filters(op("in", prop("n"), [BIG, ODD]), op("between", prop("n"), BIG, NEXT), op("a_contains", prop("nums"), [BIG]), op("a_overlaps", prop("nums"), [ODD, NEXT]), op("=", op("-", prop("n"), BIG), Num(1)), op("=", op("+", prop("n"), Num(1)), Num("9007199254740994"))),
    *[{"query": {"n": {operator: each}}} for each in (BIG, ODD, Num("1e-7"), str(BIG), str(ODD), "1e-7", "007") for operator in ("eq", "neq", "lt", "gte")],
    {"query": {"n": {"in": [BIG, ODD]}}},
    {"query": {"nums": {"contains": ODD}}},
    {"query": {"nums": {"eq": [ODD]}}},
    {"sortby": [{"field": "n", "direction": "asc"}]},
    {"sortby": [{"field": "n", "direction": "desc"}, {"field": "m", "direction": "asc"}]},
    # places
    *[{"intersects": each} for each in (WEST, EAST, COLLECTED)],
    *[{"intersects": {"type": "Point", "coordinates": at}} for at in POINTS],
    *[{"bbox": each} for each in ([-180, -90, 180, 90], [180, -90, -180, 90], [-180, -90, -180, 90], [180, 90, 180, 90], [179.999999, 0, -179.999999, 10], [170, 0, -1, -170, 10, 6], [0, 0, 25, 10, 10, 5000], [-180, -90, -10000, 180, 90, 10000])],
    *filters(*(op(relation, prop("geometry"), place) for relation in RELATIONS for place in (WEST, EAST, COLLECTED, {"bbox": [170, -20, -170, 20]}, {"type": "Point", "coordinates": [180, 10]}))),
    *filters(*(op(relation, prop("geometry"), prop("geometry")) for relation in RELATIONS)),
    *filters(op("isNull", prop("geometry")), op("not", op("s_intersects", prop("geometry"), {"bbox": [0, 0, 10, 10]}))),
    # text that other languages have a meaning for
    *filters(*(op("=", prop("word"), text) for text in ("it's", "a\\b", "100%", "", " ", "\U0001f30d", "\uffff", "line\nbreak", 'say "hi"', "null", "'; drop table items; --"))),
    *filters(*(op("like", prop("word"), pattern) for pattern in ("100\\%", "%\\\\%", "%''%", "_", "%\U0001f30d%", "50\\_50"))),
    *filters(op("=", op("accenti", op("casei", prop("word"))), op("accenti", op("casei", "ÉTÉ"))), op("=", op("casei", prop("word")), op("casei", "STRAẞE"))),
    # names
    *filters(*(op("isNull", prop(name)) for name in ("key.with.dots", "own:a.b.c", "nested.k.x", "qu\"ote's", "with space", "assets.a.b.href", "properties.datetime", "properties.geometry", "properties.type", "type", "bbox.zmin", "not.there", "ключ"))),
    *filters(op("=", prop("properties.id"), prop("id")), op("=", prop("type"), "Feature"), op("=", prop("properties.type"), "Feature"), op("a_contains", prop("stac_extensions"), []), op(">", prop("bbox.xmin"), prop("bbox.xmax"))),
    # time
    *filters(*(op(name, {"interval": [prop("start_datetime"), prop("end_datetime")]}, {"interval": ["2022-01-01", ".."]}) for name in ("t_after", "t_before", "t_during", "t_intersects", "t_disjoint", "t_overlaps", "t_contains"))),
    *filters(op("=", prop("seen"), "2024-01-01"), op("in", prop("seen"), ["2024-01-01", "yesterday"]), op("=", prop("datetime"), prop("created")), op("isNull", prop("datetime")), op("like", prop("datetime"), "2024%")),
    *[{"datetime": each} for each in ("2024-01-01T00:00:00.000000999Z", "2017-01-01T00:00:00Z", "../0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z/..")],
    # logic with what is unknown
    *filters(deep(48), True, False, op("not", op("not", op("not", prop("flag")))), op("or", prop("flag"), op("isNull", prop("flag"))), op("and", prop("flag"), op("not", prop("flag")))),
    # nothing, and everything
    {"ids": []},
    {"collections": []},
    {"ids": ["absent"]},
    {"q": "!!!"},
    {"q": []},
    {"query": {}},
    {"sortby": []},
    {"fields": {"include": ["properties", "id", "links"], "exclude": ["properties.n", "properties.nested.deep"]}},
    {"fields": {"exclude": ["properties", "assets.data.href", "geometry.coordinates"]}},
]
