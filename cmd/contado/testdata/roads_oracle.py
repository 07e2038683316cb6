"""Driving times over a layer of roads, made without any of our code.

Arguments: GeoPackage of roads, JSON file with the profile (kmh, surface,
share, oneway), longitude and latitude of the place to start from. Prints
"lon lat seconds" for every vertex that is reached. Each pair of neighbouring
vertices is an edge of its own; lengths are chords of the WGS84 ellipsoid.
"""
import heapq
import json
import math
import sys

from osgeo import ogr

ogr.UseExceptions()
SHUT = {"no", "private", "permit", "agricultural", "forestry", "agricultural;forestry", "employees", "military", "emergency", "psv", "bus", "use_sidepath", "dismount"}


def earth(lon, lat):
    a, f = 6378137.0, 1 / 298.257223563
    e2 = f * (2 - f)
    lam, phi = math.radians(lon), math.radians(lat)
    n = a / math.sqrt(1 - e2 * math.sin(phi) ** 2)
    return n * math.cos(phi) * math.cos(lam), n * math.cos(phi) * math.sin(lam), n * (1 - e2) * math.sin(phi)


def speed(row, profile, limit):
    kmh = profile["kmh"].get(row["class"])
    if row["link"] and row["class"] + "_link" in profile["kmh"]:
        kmh = profile["kmh"][row["class"] + "_link"]
    if not kmh:
        return 0
    if limit:
        kmh = limit * profile["share"]
    for key in (row["surface"], row["tracktype"]):
        factor = profile["surface"].get(key or "", 1)
        if factor < 1:
            return kmh * factor
    return kmh


def edges(path, profile):
    source = ogr.Open(path)  # the layer lives as long as this does
    layer = source.GetLayer(0)
    for f in layer:
        row = {k: f.GetField(k) for k in ("class", "link", "surface", "tracktype", "oneway", "car", "maxspeed_forward", "maxspeed_backward")}
        if row["car"] in SHUT or row["class"] == "ferry":
            continue
        points = [(round(x, 7), round(y, 7)) for x, y, *_ in f.GetGeometryRef().GetPoints()]
        forth, back = speed(row, profile, row["maxspeed_forward"]), speed(row, profile, row["maxspeed_backward"])
        for p, q in zip(points, points[1:]):
            metres = math.dist(earth(*p), earth(*q))
            if forth and row["oneway"] >= 0:
                yield p, q, metres / forth * 3.6
            if back and row["oneway"] <= 0:
                yield q, p, metres / back * 3.6


def by_scipy(links, start):
    import numpy
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    index, best = {}, {}
    for p, q, s in links:
        pair = index.setdefault(p, len(index)), index.setdefault(q, len(index))
        best[pair] = min(s, best.get(pair, math.inf))
    at = numpy.array(list(best))
    m = csr_matrix((numpy.array(list(best.values())), (at[:, 0], at[:, 1])), shape=(len(index), len(index)))
    d = dijkstra(m, indices=index[start])
    return {p: d[i] for p, i in index.items() if math.isfinite(d[i])}


def by_heap(links, start):
    out = {}
    for p, q, s in links:
        out.setdefault(p, []).append((q, s))
    done, queue = {}, [(0.0, start)]
    while queue:
        d, p = heapq.heappop(queue)
        if p in done:
            continue
        done[p] = d
        for q, s in out.get(p, []):
            if q not in done:
                heapq.heappush(queue, (d + s, q))
    return done


def main():
    with open(sys.argv[2]) as f:
        profile = json.load(f)
    start = round(float(sys.argv[3]), 7), round(float(sys.argv[4]), 7)
    links = list(edges(sys.argv[1], profile))
    try:
        times = by_scipy(links, start)
    except ImportError:
        times = by_heap(links, start)
    for (lon, lat), s in times.items():
        print(f"{lon:.7f} {lat:.7f} {s:.6f}")


main()
