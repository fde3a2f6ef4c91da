"""Where a document is: geometries on the plane of longitude and latitude, within 180 degrees, 180 and -180 one place.

Relations follow the Simple Features, heights aside. What crosses the antimeridian is cut there (RFC 7946 3.1.9): told by
longitudes beyond 180, or by a bbox whose west is above its east.
"""

import shapely
from shapely import affinity
from shapely.geometry import box, shape

from .text import Num

WORLD = box(-180, -91, 180, 91)


def plain(value):
    """Numbers as floats, however they are written."""
    if isinstance(value, Num):
        return float(value.value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def positions(geometry):
    """All positions of a GeoJSON geometry."""
    if "geometries" in geometry:
        return [each for part in geometry["geometries"] for each in positions(part)]

    def walk(value):
        return [value] if not isinstance(value[0], list) else [each for part in value for each in walk(part)]

    return walk(geometry["coordinates"])


def valid(geometry):
    made = shapely.force_2d(shape(geometry))
    return made if made.is_valid else shapely.make_valid(made)


def one(geometry):
    """One geometry of what may overlap itself, or be of several kinds."""
    return shapely.unary_union(geometry) if geometry.geom_type == "GeometryCollection" else geometry


def wrapped(geometry):
    """Each part cut at the antimeridian; of a part only what has its dimension is kept."""
    west, _, east, _ = geometry.bounds
    if west >= -180 and east <= 180:
        return geometry
    parts = []
    for part in explode(geometry):
        for turn in (-360, 0, 360):
            meets = affinity.translate(part, turn).intersection(WORLD)
            parts += [each for each in explode(meets) if shapely.get_dimensions(each) == shapely.get_dimensions(part)]
    return shapely.unary_union(parts)


def explode(geometry):
    if geometry.is_empty:
        return []
    return [each for part in geometry.geoms for each in explode(part)] if hasattr(geometry, "geoms") else [geometry]


def shift(geometry):
    return shapely.transform(geometry, lambda at: at + [[360, 0]] * (at[:, :1] < 0))


def stored(geometry, bbox):
    """A document's geometry on the plane; None where it has none."""
    if geometry is None:
        return None
    geometry, bbox = plain(geometry), plain(bbox)
    made = valid(geometry)
    is_far = any(abs(lon) > 180 for lon, *_ in positions(geometry))
    if not is_far and bbox and bbox[0] > bbox[len(bbox) // 2]:
        made = shift(made)
    return one(wrapped(made))


def given(geometry):
    """A geometry, or a bbox as a list, of a search."""
    geometry = plain(geometry)
    if isinstance(geometry, dict):
        return one(wrapped(valid(geometry)))
    west, south, east, north = box_sides(geometry)
    parts = [(west, east)] if west <= east else [(west, 180), (-180, east)]
    return one(shapely.unary_union([flat_box(a, south, b, north) for a, b in parts]))


def box_sides(bbox):
    half = len(bbox) // 2
    return bbox[0], bbox[1], bbox[half], bbox[half + 1]


def flat_box(west, south, east, north):
    if west == east and south == north:
        return shapely.Point(west, south)
    return shapely.LineString([(west, south), (east, north)]) if west == east or south == north else box(west, south, east, north)


def meets(a, b):
    """Whether two have a point in common, on the cylinder."""
    return any(affinity.translate(a, turn).intersects(b) for turn in (-360, 0, 360))


def heights(geometry):
    """(lowest, highest) in metres, or None."""
    found = [float(at[2]) for at in positions(plain(geometry)) if len(at) > 2]
    return (min(found), max(found)) if found else None


def meets_heights(geometry, bbox):
    """A box of six numbers; what has no heights is at any."""
    bbox = plain(bbox)
    own = heights(geometry) if len(bbox) == 6 else None
    return own is None or (own[1] >= bbox[2] and own[0] <= bbox[5])


def related(op, a, b):
    """`op`: s_contains and so on, of two on the plane."""
    if op == "s_intersects":
        return meets(a, b)
    if op == "s_disjoint":
        return not meets(a, b)
    return bool(getattr(shapely, op[2:])(a, b))
