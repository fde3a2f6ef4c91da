"""Geometries that peers trip over: null, at and across the antimeridian, at the poles, on edges, solid, invalid."""

from .text import Num


def point(*at):
    return {"type": "Point", "coordinates": list(at)}


def ring(west, south, east, north):
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def polygon(*sides):
    return {"type": "Polygon", "coordinates": [ring(*sides)]}


def line(*places):
    return {"type": "LineString", "coordinates": [list(at) for at in places]}


def many(*boxes):
    return {"type": "MultiPolygon", "coordinates": [[ring(*sides)] for sides in boxes]}


# (geometry, bbox); west above east says that it crosses the antimeridian
AWKWARD = [
    (None, None),
    (many((170, -10, 180, 10), (-180, -10, -175, 10)), [170, -10, -175, 10]),
    (polygon(170, -10, 185, 10), [170, -10, -175, 10]),
    (polygon(-190, 20, -170, 40), [170, 20, -170, 40]),
    (polygon(175, 50, -175, 60), [175, 50, -175, 60]),
    (line([170, 0], [190, 20]), [170, 0, -170, 20]),
    (line([-170, -60], [170, -40]), [170, -60, -170, -40]),
    (point(180, 10), [180, 10, 180, 10]),
    (point(-180, 10), [-180, 10, -180, 10]),
    (point(185, -5), [-175, -5, -175, -5]),
    (line([180, -30], [180, 30]), [180, -30, 180, 30]),
    (line([-180, -30], [-180, -10]), [-180, -30, -180, -10]),
    (polygon(-180, -90, 180, 90), [-180, -90, 180, 90]),
    (polygon(-180, 85, 180, 90), [-180, 85, 180, 90]),
    (polygon(-180, -90, 180, -80), [-180, -90, 180, -80]),
    (point(0, 90), [0, 90, 0, 90]),
    (point(123, -90), [123, -90, 123, -90]),
    (line([-180, 90], [180, 90]), [-180, 90, 180, 90]),
    (point(0, 0), [0, 0, 0, 0]),
    (point(Num("-0.0"), Num("0.0")), [0, 0, 0, 0]),
    (point(10, 45), [10, 45, 10, 45]),
    (point(10, 45, 1000), [10, 45, 1000, 10, 45, 1000]),
    (point(10, 45, -50), [10, 45, -50, 10, 45, -50]),
    (line([0, 40, 100], [10, 50, 3000]), [0, 40, 100, 10, 50, 3000]),
    ({"type": "Polygon", "coordinates": [[[0, 0, 10], [10, 0, 20], [10, 10, 30], [0, 10, 20], [0, 0, 10]]]}, [0, 0, 10, 10, 10, 30]),
    (polygon(0, 0, 10, 10), [0, 0, 10, 10]),
    (polygon(10, 0, 20, 10), [10, 0, 20, 10]),
    (polygon(10, 10, 20, 20), [10, 10, 20, 20]),
    ({"type": "Polygon", "coordinates": [ring(0, 0, 40, 40), ring(10, 10, 30, 30)[::-1]]}, [0, 0, 40, 40]),
    ({"type": "MultiPoint", "coordinates": [[5, 5], [25, 25], [180, 0]]}, [5, 0, 180, 25]),
    ({"type": "MultiPoint", "coordinates": [[-180, 5], [180, 5], [179, 5]]}, [179, 5, -180, 5]),
    ({"type": "MultiLineString", "coordinates": [[[0, 0], [10, 10]], [[0, 10], [10, 0]]]}, [0, 0, 10, 10]),
    ({"type": "MultiLineString", "coordinates": [[[170, 5], [180, 5]], [[-180, 5], [-170, 5]]]}, [170, 5, -170, 5]),
    (line([0, 5], [10, 5], [10, 10], [0, 10], [0, 5]), [0, 5, 10, 10]),
    # a bow tie, and a line of one place
    ({"type": "Polygon", "coordinates": [[[20, 0], [30, 10], [30, 0], [20, 10], [20, 0]]]}, [20, 0, 30, 10]),
    (line([7, 7], [7, 7]), [7, 7, 7, 7]),
    ({"type": "Polygon", "coordinates": [[[-5, -5], [5, -5], [0, 5], [-5, -5]]]}, [-5, -5, 5, 5]),
    (many((0, 0, 5, 5), (20, 20, 25, 25), (-30, -30, -25, -25)), [-30, -30, 25, 25]),
    ({"type": "Polygon", "coordinates": [[[170, 0, 5], [190, 0, 5], [190, 10, 5], [170, 10, 5], [170, 0, 5]]]}, [170, 0, 5, -170, 10, 5]),
]


def random_geometry(random):
    """Sides of half degrees, so that many touch."""
    half = lambda low, high: random.randrange(low * 2, high * 2) / 2  # noqa: E731
    west, south = half(-175, 175), half(-85, 80)
    kind = random.choice("point line polygon polygon triangle many beyond".split())
    if kind == "point":
        return point(west, south), [west, south, west, south]
    east, north = west + half(1, 30), min(south + half(1, 10), 90)
    told = [west, south, east if east <= 180 else east - 360, north]
    if kind == "beyond" and west > 140:
        return polygon(west, south, west + 60, north), [west, south, west + 60 - 360 if west + 60 > 180 else west + 60, north]
    if kind == "line":
        return line([west, south], [east, north]), told
    if kind == "triangle":
        return {"type": "Polygon", "coordinates": [[[west, south], [east, south], [west, north], [west, south]]]}, told
    if kind == "many" and west > -170:
        return many((west, south, east, north), (west - 5, south, west - 3, north)), [west - 5, south, told[2], north]
    return polygon(west, south, east, north), told


def random_search_place(random):
    """A geometry to search by: those of the data, and collections of them."""
    pick = lambda: random.choice(AWKWARD[1:])[0] if random.random() < 0.4 else random_geometry(random)[0]  # noqa: E731
    if random.random() < 0.2:
        return {"type": "GeometryCollection", "geometries": [pick(), pick()]}
    return pick()


def random_bbox(random):
    sides = random.choice([
        [-180, -90, 180, 90], [170, -20, -170, 20], [180, 10, 180, 10], [-180, 0, -170, 10], [170, 0, 180, 10], [180, -90, -180, 90],
        [0, 0, 10, 10], [10, 10, 10, 10], [5, 5, 6, 6], [-180, 85, 180, 90], [0, 90, 0, 90], [10, 0, 10, 10], [20, -5, 40, 25], [0, -90, 1, 0], [100, -45, -100, 45],
    ]) if random.random() < 0.6 else random_geometry(random)[1]
    if len(sides) == 4 and random.random() < 0.25:
        low, high = sorted(random.choice([-100, 0, 10, 25, 1000, 5000]) for _ in range(2))
        return [*sides[:2], low, *sides[2:], high]
    return sides
