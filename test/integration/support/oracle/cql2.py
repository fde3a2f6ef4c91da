"""CQL2 JSON -> true, false or None (unknown) of a document. OGC CQL2 1.0, and what docs/filter.md decides beside it.

Numbers are compared exactly. Of different types `<>` is true and all other comparisons are false; null is unknown.
"""

import math
import re
import unicodedata
from fractions import Fraction

from . import places
from .instants import microseconds
from .text import Num


class Instant:
    def __init__(self, at):
        self.at = at


class Text(str):
    """Text that is never an instant: an id, or what CASEI and ACCENTI give."""


class Number:
    def __init__(self, value):
        self.value = value


MOST = 10**30
COMPARE = {"=": lambda a, b: a == b, "<>": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}


def both(values):
    values = list(values)
    return False if any(value is False for value in values) else (None if None in values else True)


def either(values):
    values = list(values)
    return True if any(value is True for value in values) else (None if None in values else False)


def negated(value):
    return None if value is None else not value


def kind(value):
    for name, types in (("number", (Num, Number)), ("boolean", bool), ("instant", Instant), ("string", str)):
        if isinstance(value, types):
            return name
    return "array" if isinstance(value, list) else "object"


def canonical(value):
    """What two elements have in common when they are equal."""
    if isinstance(value, (Num, Number)):
        return ("number", value.value)
    if isinstance(value, Instant):
        return ("instant", value.at)
    if isinstance(value, list):
        return ("array", tuple(map(canonical, value)))
    if isinstance(value, dict):
        return ("object", frozenset((key, canonical(each)) for key, each in value.items()))
    return (kind(value) if value is not None else "null", value if not isinstance(value, str) else str(value))


def compare(op, a, b):
    if a is None or b is None:
        return None
    kinds = {kind(a), kind(b)}
    if kinds == {"string", "instant"} or kinds == {"string"}:
        read = [value.at if isinstance(value, Instant) else None if isinstance(value, Text) else microseconds(value) for value in (a, b)]
        if None not in read:
            return COMPARE[op](*read)
        if "instant" in kinds:
            return op == "<>"
        return COMPARE[op](str(a), str(b))
    if len(kinds) > 1:
        return op == "<>"
    if kinds == {"number"}:
        return COMPARE[op](a.value, b.value)
    if kinds == {"instant"}:
        return COMPARE[op](a.at, b.at)
    if kinds == {"boolean"}:
        return COMPARE[op](a, b)
    return COMPARE[op](canonical(a), canonical(b)) if op in ("=", "<>") else False


def casei(text):
    return Text(unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold()))


def accenti(text):
    return Text(unicodedata.normalize("NFC", "".join(char for char in unicodedata.normalize("NFD", text) if unicodedata.category(char) != "Mn")))


def like(value, pattern):
    if value is None or pattern is None:
        return None
    if not isinstance(value, str):
        return False
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    made = "".join(".*" if part == "%" else "." if part == "_" else re.escape(part[-1]) for part in parts)
    return re.fullmatch(made, str(value), re.DOTALL) is not None


def calculate(op, a, b):
    if kind(a) != "number" or kind(b) != "number" or a is None or b is None:
        return None
    a, b = a.value, b.value
    if op in ("/", "%", "div") and b == 0:
        return None
    if op == "^":
        if a == 0 and b < 0:
            return None
        assert b.denominator == 1
        return Number(a**b.numerator)
    quotient = math.trunc(a / b) if op in ("%", "div") else 0
    made = {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b, "div": lambda: Fraction(quotient), "%": lambda: a - b * quotient}
    return Number(made[op]())


def scalar(expression, row):
    if isinstance(expression, dict):
        if "property" in expression:
            return row.read(expression["property"])
        for name in ("date", "timestamp"):
            if name in expression:
                return Instant(microseconds(expression[name]))
        op, args = expression["op"], expression["args"]
        if op in ("casei", "accenti"):
            value = scalar(args[0], row)
            return (casei if op == "casei" else accenti)(str(value)) if isinstance(value, str) else None
        if op in ("+", "-", "*", "/", "%", "div", "^"):
            return calculate(op, *(scalar(arg, row) for arg in args))
        return truth(expression, row)
    return expression


def instant(value):
    """The moment of a value, or None."""
    if isinstance(value, Instant):
        return value.at
    return microseconds(value) if isinstance(value, str) and not isinstance(value, Text) else None


def period(expression, row):
    if "interval" not in expression:
        value = scalar(expression, row)
        if isinstance(value, tuple):
            return value
        return (instant(value),) * 2
    ends = []
    for bound, most in zip(expression["interval"], (-MOST, MOST), strict=True):
        ends.append(most if bound == ".." else instant(scalar(bound, row)))
    return tuple(ends)


def temporal(op, a, b):
    def holds(*relations):
        return both(None if None in (x, y) else COMPARE[sign](x, y) for x, sign, y in relations)

    (a0, a1), (b0, b1) = a, b
    relations = {
        "after": [(a0, ">", b1)], "before": [(a1, "<", b0)], "contains": [(a0, "<", b0), (a1, ">", b1)],
        "during": [(a0, ">", b0), (a1, "<", b1)], "equals": [(a0, "=", b0), (a1, "=", b1)],
        "finishedBy": [(a0, "<", b0), (a1, "=", b1)], "finishes": [(a0, ">", b0), (a1, "=", b1)],
        "intersects": [(a0, "<=", b1), (a1, ">=", b0)], "meets": [(a1, "=", b0)], "metBy": [(a0, "=", b1)],
        "overlappedBy": [(a0, ">", b0), (a0, "<", b1), (a1, ">", b1)], "overlaps": [(a0, "<", b0), (a1, ">", b0), (a1, "<", b1)],
        "startedBy": [(a0, "=", b0), (a1, ">", b1)], "starts": [(a0, "=", b0), (a1, "<", b1)],
    }
    if op == "t_disjoint":
        return negated(temporal("t_intersects", a, b))
    return holds(*relations[op[2:]])


def elements(expression, row):
    return [None if value is None else value for value in (scalar(each, row) for each in expression)] if isinstance(expression, list) else scalar(expression, row)


def arrays(op, args, row):
    a, b = (elements(arg, row) for arg in args)
    if a is None or b is None:
        return None
    if not isinstance(a, list) or not isinstance(b, list):
        return False
    if any(isinstance(each, Instant) for each in [*a, *b]):
        a, b = ([Instant(at) if (at := instant(each)) is not None else each for each in side] for side in (a, b))
    a, b = set(map(canonical, a)), set(map(canonical, b))
    return {"a_contains": a >= b, "a_containedBy": a <= b, "a_equals": a == b, "a_overlaps": bool(a & b)}[op]


def place(expression, row):
    """(geometry of the plane, as it was given: GeoJSON or bbox)."""
    if "property" in expression:
        return row.geometry, row.document.get("geometry")
    source = expression.get("bbox", expression)
    key = repr(source)
    if key not in GIVEN:
        GIVEN[key] = places.given(source)
    return GIVEN[key], source


GIVEN = {}


def spatial(op, args, row):
    (a, own), (b, other) = (place(arg, row) for arg in args)
    if a is None or b is None:
        return None
    value = places.related("s_intersects" if op == "s_disjoint" else op, a, b)
    if op in ("s_intersects", "s_disjoint"):
        for source, beside in ((own, other), (other, own)):
            value = value and (not isinstance(source, list) or isinstance(beside, list) or places.meets_heights(beside, source))
    return not value if op == "s_disjoint" else value


def truth(expression, row):
    if isinstance(expression, bool):
        return expression
    if "property" in expression:
        value = row.read(expression["property"])
        return None if value is None else value is True
    op, args = expression["op"], expression["args"]
    if op in ("and", "or"):
        return (both if op == "and" else either)(truth(arg, row) for arg in args)
    if op == "not":
        return negated(truth(args[0], row))
    if op == "isNull":
        return row.geometry is None if args[0] == {"property": "geometry"} else scalar(args[0], row) is None
    if op[:2] == "s_":
        return spatial(op, args, row)
    if op[:2] == "t_":
        return temporal(op, *(period(arg, row) for arg in args))
    if op[:2] == "a_":
        return arrays(op, args, row)
    if op == "in":
        return either(compare("=", scalar(args[0], row), scalar(each, row)) for each in args[1])
    values = [scalar(arg, row) for arg in args]
    if op == "like":
        return like(*values)
    if op == "between":
        value, low, high = values
        return None if None in (low, high) else both([compare(">=", value, low), compare("<=", value, high)])
    return compare(op, *values)
