"""`sortby` -> the order of rows: numbers, then instants, then other text by code point, nulls last whichever the direction."""

from functools import cmp_to_key

from .cql2 import Instant, Text
from .instants import microseconds
from .text import Num


def rank(value):
    if isinstance(value, Num):
        return (0, value.value)
    if isinstance(value, Instant):
        return (1, value.at)
    if isinstance(value, Text):
        return (2, str(value))
    if isinstance(value, bool):
        return (2, "true" if value else "false")
    if isinstance(value, str):
        at = microseconds(value)
        return (2, value) if at is None else (1, at)
    return (3, 0)


def ordered(rows, sortby, ties):
    """`rows`: Documents; `ties`: names that follow in the last key's direction where they are not named themselves."""
    last = sortby[-1]["direction"]
    keys = [(each["field"], each["direction"]) for each in sortby]
    keys += [(name, last) for name in ties if name not in [field for field, _ in keys]]

    def compare(a, b):
        for field, direction in keys:
            (kind_a, a_value), (kind_b, b_value) = rank(a.read(field)), rank(b.read(field))
            if kind_a != kind_b:
                return -1 if kind_a < kind_b else 1
            if a_value != b_value:
                return (-1 if a_value < b_value else 1) * (1 if direction == "asc" else -1)
        return 0

    return sorted(rows, key=cmp_to_key(compare))
