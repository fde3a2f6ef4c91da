"""JSON whose numbers keep their text, so that thirty digits, 1.50 and -0.0 are compared as they were written."""

import json
from fractions import Fraction


class Num:
    """A number of JSON: its text, and its exact value."""

    __slots__ = ("text", "value")

    def __init__(self, text):
        self.text = str(text)
        self.value = Fraction(self.text)

    def __eq__(self, other):
        return isinstance(other, Num) and self.text == other.text

    def __hash__(self):
        return hash(self.text)

    def __repr__(self):
        return self.text


def loads(text):
    return json.loads(text, parse_int=Num, parse_float=Num)


def dumps(value):
    if isinstance(value, Num):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{dumps(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(dumps, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
