"""RFC 3339 text -> microseconds since 0001-01-01 in UTC. Digits beyond microseconds do not count; second 60 is the next minute."""

import re
from datetime import date

SHAPE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2}))?", re.ASCII)
MICRO = 1_000_000


def microseconds(text, dates=True):
    """None where the text is no date-time; with `dates`, a date is its midnight."""
    match = SHAPE.fullmatch(text)
    if match is None or (match[4] is None and not dates):
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    zone = match[8] or "Z"
    offset = 0 if zone in "Zz" else (int(zone[1:3]) * 60 + int(zone[4:6])) * (-1 if zone[0] == "-" else 1)
    if hour > 23 or minute > 59 or second > 60 or (zone not in "Zz" and (int(zone[1:3]) > 23 or int(zone[4:6]) > 59)):
        return None
    try:
        days = date(year, month, day).toordinal()
    except ValueError:
        return None
    seconds = ((days * 24 + hour) * 60 + minute - offset) * 60 + second
    return seconds * MICRO + int((match[7] or "")[:6].ljust(6, "0"))
