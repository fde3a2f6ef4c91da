"""What a search must answer: the rows in their order, and each document as it is to be given."""

import re

from . import places
from .cql2 import MOST, both, compare, either, like, negated, arrays, truth
from .instants import microseconds
from .order import ordered
from .project import project
from .text import Num
from .words import finds

NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
COMPARISONS = {"eq": "=", "neq": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def sides_of(text):
    ends = text.split("/") if "/" in text else [text, text]
    return [most if end in ("", "..") else microseconds(end) for end, most in zip(ends, (-MOST, MOST), strict=True)]


def readings(value):
    """Text that is a number means that number, too, as pystac-client sends it."""
    return [value, Num(value)] if isinstance(value, str) and re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,2})?", value) else [value]


def readings(value):
    """Text that is a number means the number too, as clients send it: pystac-client's query=["eo:cloud_cover<10"]."""
    return [value, Num(value)] if isinstance(value, str) and NUMBER.fullmatch(value) else [value]


def condition(row, name, operator, value):
    prop = {"property": name}
    found = row.read(name)
    if operator in COMPARISONS and value is None:
        return (found is None) == (operator == "eq")
    if operator in COMPARISONS and isinstance(value, list):
        same = arrays("a_equals", [prop, value], row)
        return same if operator == "eq" else negated(same)
    if operator in COMPARISONS:
        made = [compare(COMPARISONS[operator], found, each) for each in readings(value)]
        return both(made) if operator == "neq" else either(made)
    if operator == "in":
        return either(compare("=", found, reading) for each in value for reading in readings(each))
    if operator == "contains":
        element = arrays("a_contains", [prop, [value]], row)
        return either([found if found is None else isinstance(found, str) and value in found, element]) if isinstance(value, str) else element
    if found is None or not isinstance(found, str):
        return None if found is None else False
    return found.startswith(value) if operator == "startsWith" else found.endswith(value)


def conditions(search):
    """Functions of a row, each of which must be true."""
    if search.get("ids"):
        yield lambda row: row.document["id"] in search["ids"]
    if search.get("collections"):
        yield lambda row: row.document["collection"] in search["collections"]
    if "datetime" in search:
        start, end = sides_of(search["datetime"])
        yield lambda row: row.start_end[0] <= end and row.start_end[1] >= start
    for name in ("bbox", "intersects"):
        if name in search:
            place = places.given(search[name])
            yield lambda row, place=place: row.geometry is not None and places.meets(row.geometry, place)
    if len(search.get("bbox", [])) == 6:
        yield lambda row: "geometry" not in row.document or places.meets_heights(row.document["geometry"], search["bbox"])
    if "q" in search:
        yield lambda row: finds(search["q"], row.strings)
    if "filter" in search:
        yield lambda row: truth(search["filter"], row)
    if "query" in search:
        yield lambda row: both(condition(row, name, operator, value) for name, made in search["query"].items() for operator, value in made.items())


def matching(rows, search):
    tests = list(conditions(search))
    return [row for row in rows if all(test(row) is True for test in tests)]


def expected(rows, search):
    found = matching(rows, search)
    if search.get("sortby"):
        return ordered(found, search["sortby"], rows[0].ties)
    if rows[0].ties == ("id",):
        return sorted(found, key=lambda row: row.key)
    return sorted(found, key=lambda row: (row.newest, row.document["id"], row.document["collection"]), reverse=True)


OWN = {"self", "root", "parent", "collection", "items", "item", "child", "children", "http://www.opengis.net/def/rel/ogc/1.0/queryables", "http://www.opengis.net/def/rel/ogc/1.0/sortables", "aggregate", "aggregations"}


def without_own_links(document):
    if "links" not in document:
        return document
    return document | {"links": [link for link in document["links"] if link.get("rel") not in OWN]}


def given_document(row, search, kind="item"):
    """As it is to be given, without the server's own links."""
    document = without_own_links(row.document)
    return project(document, search["fields"], kind) if "fields" in search else document


__all__ = ["Num", "expected", "given_document", "like", "matching", "without_own_links"]
