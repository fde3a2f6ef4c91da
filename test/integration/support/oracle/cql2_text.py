"""CQL2 JSON -> CQL2 text. OGC CQL2 1.0, Annex B."""

import re

from .text import Num

PLAIN = re.compile(r"[A-Za-z_:][A-Za-z0-9_:.]*", re.ASCII)
RESERVED = "AND OR NOT LIKE BETWEEN IN IS NULL TRUE FALSE DIV DATE TIMESTAMP INTERVAL BBOX CASEI ACCENTI".split()


def literal(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def name(text):
    if PLAIN.fullmatch(text) and text.upper() not in RESERVED:
        return text
    return '"' + text.replace('"', '""') + '"'


def position(at):
    return " ".join(str(part) for part in at)


def nested(value):
    if not isinstance(value[0], (list, tuple)):
        return position(value)
    return "(" + ", ".join(nested(each) for each in value) + ")"


def wkt(geometry):
    kind = geometry["type"].upper()
    if "geometries" in geometry:
        return f"{kind}({', '.join(map(wkt, geometry['geometries']))})"
    places = geometry["coordinates"]
    first = places
    while isinstance(first[0], (list, tuple)):
        first = first[0]
    solid = " Z" if len(first) == 3 else ""
    if kind == "MULTIPOINT":
        return f"{kind}{solid}({', '.join(f'({position(at)})' for at in places)})"
    return f"{kind}{solid}({position(places)})" if kind == "POINT" else f"{kind}{solid}{nested(places)}"


def text(expression):
    if isinstance(expression, bool):
        return "TRUE" if expression else "FALSE"
    if isinstance(expression, str):
        return literal(expression)
    if isinstance(expression, Num):
        return expression.text
    if isinstance(expression, list):
        return f"({', '.join(map(text, expression))})"
    if "property" in expression:
        return name(expression["property"])
    if "date" in expression:
        return f"DATE({literal(expression['date'])})"
    if "timestamp" in expression:
        return f"TIMESTAMP({literal(expression['timestamp'])})"
    if "interval" in expression:
        return f"INTERVAL({', '.join(map(text, expression['interval']))})"
    if "bbox" in expression:
        return f"BBOX({', '.join(map(str, expression['bbox']))})"
    if "type" in expression:
        return wkt(expression)
    return operation(expression["op"], expression["args"])


def operation(op, args):
    parts = [text(arg) for arg in args]
    if op in ("and", "or"):
        return "(" + f" {op.upper()} ".join(parts) + ")"
    if op == "not":
        return f"NOT ({parts[0]})"
    if op == "isNull":
        return f"{parts[0]} IS NULL"
    if op in ("like", "in"):
        return f"{parts[0]} {op.upper()} {parts[1]}"
    if op == "between":
        return f"{parts[0]} BETWEEN {parts[1]} AND {parts[2]}"
    if op in ("=", "<>", "<", "<=", ">", ">="):
        return f"{parts[0]} {op} {parts[1]}"
    if op in ("+", "-", "*", "/", "%", "div", "^"):
        return f"({parts[0]} {op.upper()} {parts[1]})"
    return f"{op.upper()}({', '.join(parts)})"
