"""Works out joins by comparing every row with every other, with GDAL's geometry.

Arguments: a GeoPackage of points, one of areas (code, name), both in degrees.
Prints JSON: rows in each area, and the distance in metres from each point to
the nearest of the others.
"""

import json
import math
import sys

from osgeo import gdal, ogr

gdal.UseExceptions()


def rows(path):
    source = ogr.Open(path)
    return [(f.GetFID(), f.items() if hasattr(f, "items") else {}, f.GetGeometryRef().Clone()) for f in source.GetLayer(0)]


def metres(a, b):
    """Distance on the ellipsoid, by the radii of curvature half-way: exact to a part in 1e5 at a few kilometres."""
    flattening = 1 / 298.257223563
    e2 = flattening * (2 - flattening)
    lat = math.radians((a.GetY() + b.GetY()) / 2)
    w = 1 - e2 * math.sin(lat) ** 2
    north = 6378137 * (1 - e2) / w**1.5
    east = 6378137 / math.sqrt(w) * math.cos(lat)
    return math.hypot(math.radians(b.GetX() - a.GetX()) * east, math.radians(b.GetY() - a.GetY()) * north)


points, areas = rows(sys.argv[1]), rows(sys.argv[2])
count = {a[1]["code"]: sum(1 for p in points if a[2].Intersects(p[2])) for a in areas}
clinics = [p for p in points if p[1]["kind"] == "pharmacy"]
nearest = {str(p[0]): min(metres(p[2], q[2]) for q in clinics if q[0] != p[0]) for p in points}
json.dump({"points": len(points), "count": count, "nearest": nearest}, sys.stdout)
