"""What aggregations count of Items. STAC API Aggregation v0.3.0."""

from collections import Counter
from datetime import date, datetime, timedelta
from math import floor

from .instants import MICRO
from .text import Num

NAMES = ["total_count", "datetime_min", "datetime_max", "datetime_frequency", "collection_frequency", "platform_frequency", "grid_code_frequency", "cloud_cover_frequency", "sun_elevation_frequency"]
EDGES = [("*-5.0", None, 5), ("5.0-15.0", 5, 15), ("15.0-40.0", 15, 40), ("40.0-*", 40, None)]


def moment(at):
    return datetime.combine(date.fromordinal(1), datetime.min.time()) + timedelta(microseconds=at - 24 * 3600 * MICRO)


def truncated(at, interval):
    time = moment(at)
    starts = {"year": {"month": 1, "day": 1, "hour": 0}, "quarter": {"month": (time.month - 1) // 3 * 3 + 1, "day": 1, "hour": 0}, "month": {"day": 1, "hour": 0}, "day": {"hour": 0}, "hour": {}}
    return time.replace(minute=0, second=0, microsecond=0, **starts[interval]).isoformat() + "Z"


def numbers(rows, name):
    return [row.properties[name].value for row in rows if isinstance(row.properties.get(name), Num)]


def counts(rows, interval):
    """name -> a value, or how many of each key."""
    times = [row.own_datetime for row in rows if row.own_datetime is not None]
    cover = numbers(rows, "eo:cloud_cover")
    return {
        "total_count": len(rows),
        "datetime_min": min(times, default=None),
        "datetime_max": max(times, default=None),
        "datetime_frequency": Counter(truncated(at, interval) for at in times),
        "collection_frequency": Counter(row.document["collection"] for row in rows),
        "platform_frequency": Counter(row.properties["platform"] for row in rows if "platform" in row.properties),
        "grid_code_frequency": Counter(["none"] * len(rows)),
        "cloud_cover_frequency": {key: sum((low is None or value >= low) and (high is None or value < high) for value in cover) for key, low, high in EDGES},
        "sun_elevation_frequency": Counter(str(floor(value / 5) * 5) for value in numbers(rows, "view:sun_elevation")),
    }
