"""The documents of the oracle test: Items chosen to be awkward, and more of them at random (seeded), in several Collections."""

from random import Random

from .geometries import AWKWARD, random_geometry
from .text import Num

COLLECTIONS = ["plain", "Plain", "with.dots", "ünï code", "a/b%2Fc", "100%", "z+plus&amp"]

NUMBERS = "0 -0.0 1 1.0 1.50 2 3 7 -7 1e-7 1E-7 -1e-7 0.1 0.30 5 15 40 9007199254740992 9007199254740993 -9007199254740993 123456789012345678901234567890 123456789012345678901234567891 12345678901234567890.123456789 1e20 100000000000000000000 3.141592653589793238462643 1e100 12.5E+1".split()
WORDS = ["alpha", "Alpha", "ALPHA", "beta", "Béta", "be\u0301ta", "été", "ETE", "Straße", "STRASSE", "100%", "50_50", "a\\b", "it's", 'say "hi"', "", " ", "5", "007", "1e3", "true", "null", "2024-01-01", "2024-02-30", "日本", "Ωmega", "zeta-2", "über alles", "\U0001f30d", "\uffff", "line\nbreak"]
MOMENTS = ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000Z", "2024-01-01T01:00:00+01:00", "2023-12-31T19:00:00.5-05:00", "2024-01-01T00:00:00.000001Z", "2024-02-29T12:00:00.123456789Z", "1969-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2016-12-31T23:59:60Z", "2024-06-30t23:59:59z", "1999-12-31T00:00:00+00:00"]
UTC = [moment for moment in MOMENTS if moment[-1] == "Z" or moment.endswith("+00:00")]
IDS = ["plain", "Plain", "PLAIN", "with space", "with/slash", "per%25cent", "100%", "a%2Fb", "ünïcödé", "u\u0308ni", "日本-地図", "\U0001f6f0", "q?x=1&y=2", "hash#tag", "plus+sign", "semi;colon", "quo\"te", "apo'strophe", "back\\slash", "tab\tid", "0", "007", "1e5", "-1", "null", "true", "2024-01-01", "..a", "a..", "comma-free", "x" * 200, "<b>", "{curly}", "[square]", "~tilde", "dollar$", "at@sign", "col:on", "Éa", "e\u0301a", "z"]
VALUES = [None, True, False, [], {}, "text", "5"]


def numbers(random, *, least=0, most=4):
    return [Num(random.choice(NUMBERS)) for _ in range(random.randrange(least, most))]


def mixed(random):
    pick = random.randrange(6)
    if pick == 0:
        return Num(random.choice(NUMBERS))
    if pick == 1:
        return random.choice(MOMENTS)
    if pick == 2:
        return random.choice(WORDS)
    if pick == 3:
        return [*numbers(random), *random.sample(WORDS, 1)]
    return random.choice(VALUES)


MAKERS = {
    "n": lambda random: Num(random.choice(NUMBERS)),
    "m": lambda random: Num(random.randrange(-5, 20)),
    "word": lambda random: random.choice(WORDS),
    "mixed": mixed,
    "seen": lambda random: random.choice([*MOMENTS, *MOMENTS, "2024-01-01", "yesterday", None]),
    "flag": lambda random: random.choice([True, False, None, "true", Num("1")]),
    "tags": lambda random: random.sample(WORDS, random.randrange(4)),
    "nums": numbers,
    "things": lambda random: [mixed(random) for _ in range(random.randrange(4))],
    "nested": lambda random: {"deep": {"n": Num(random.choice(NUMBERS)), "word": random.choice(WORDS)}, "k.x": Num(random.randrange(3))},
    "key.with.dots": lambda random: random.choice([Num(random.randrange(5)), random.choice(WORDS)]),
    "own:a.b": lambda random: {"c": Num(random.randrange(5))},
    "eo:cloud_cover": lambda random: Num(random.choice(["0", "4.999", "5", "15.0", "39.9", "40", "100", "12.3"])),
    "view:sun_elevation": lambda random: Num(random.choice(["-0.5", "0", "4.9", "5", "45", "89.99"])),
    "platform": lambda random: random.choice(["sat-a", "sat-b", "Sat-A", "é"]),
    "id": lambda random: random.choice(["plain", "inner"]),
    "type": lambda random: random.choice(["Feature", "inner", Num("5")]),
    "collection": lambda random: random.choice(["plain", Num("1")]),
    "geometry": lambda random: "not one",
    "title": lambda random: random.choice(["Climate model of the north", "Model climate", "Quick brown fox", "Été à la PLAGE", "日本 地図", "forest"]),
    "description": lambda random: random.choice(["A quick brown dog", "north of the Forêt", "Sentinel-2 climate", "x"]),
    "keywords": lambda random: random.sample(["forêt", "Sentinel-2", "EO", "brown", "2024-01-01T00:00:00Z"], 2),
    "created": lambda random: random.choice(UTC),
    "gsd": lambda random: Num(random.choice(["10", "0.5", "30.0", "1e-7"])),
    "ключ": lambda random: random.choice(WORDS),
    "a-b": lambda random: Num(random.randrange(3)),
    "with space": lambda random: random.choice(WORDS),
    "qu\"ote's": lambda random: Num(random.randrange(3)),
    "select": lambda random: random.choice([True, False]),
}


def times(random):
    pick = random.randrange(10)
    if pick < 6:
        return {"datetime": random.choice([*UTC, f"2024-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}T{random.randrange(24):02}:00:00Z"])}
    start, end = sorted(f"{random.randrange(2019, 2026)}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}T00:00:00{random.choice(['', '.000', '.5'])}Z" for _ in range(2))
    return {"datetime": None if pick < 9 else start, "start_datetime": start, "end_datetime": end}


def item(random, collection, id, place):
    geometry, bbox = place
    properties = {**times(random), **{name: make(random) for name, make in MAKERS.items() if random.random() < 0.55}}
    document = {"type": "Feature", "stac_version": random.choice(["1.0.0", "1.1.0"]), "stac_extensions": [], "id": id, "geometry": geometry}
    if bbox is not None:
        document["bbox"] = bbox
    foreign = {"rel": random.choice(["license", "derived_from"]), "href": "https://other.example/a?b=c#d"}
    own = {"rel": "collection", "href": "./collection.json"}
    document |= {"properties": properties, "collection": collection, "links": [own, foreign] if random.random() < 0.5 else [own], "assets": assets(random)}
    if random.random() < 0.3:
        document["own"] = {"kept": random.choice(VALUES), "n": Num(random.choice(NUMBERS)), "datetime": None}
    return document


def assets(random):
    made = {}
    for key in random.sample(["data", "B04", "a.b", "ключ"], random.randrange(3)):
        made[key] = {"href": f"https://other.example/{random.randrange(9)}.tif", "title": random.choice(WORDS), "roles": ["data"], "n": Num(random.choice(NUMBERS))}
    return made


def items(seed=4):
    """At least 300; ids are alike in several Collections."""
    random = Random(seed)
    made = {}
    for index in range(640):
        collection = COLLECTIONS[index % len(COLLECTIONS)] if random.random() < 0.8 else "plain"
        id = IDS[index] if index < len(IDS) else random.choice([random.choice(IDS), f"item-{index}"])
        place = AWKWARD[index] if index < len(AWKWARD) else random_geometry(random) if random.random() < 0.75 else random.choice(AWKWARD)
        made.setdefault((collection, id), item(random, collection, id, place))
    return list(made.values())


def collection(id, bbox=(-180, -90, 180, 90), interval=(None, None), **more):
    extent = {"spatial": {"bbox": [list(bbox)]}, "temporal": {"interval": [list(interval)]}}
    return {"type": "Collection", "stac_version": "1.1.0", "stac_extensions": [], "id": id, "description": "Made up", "license": "other", "extent": extent, "links": [], **more}
