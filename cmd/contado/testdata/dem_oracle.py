"""Heights at places, bilinear between cell centres, over rasters that lie
beside each other. Arguments: rasters. Reads "lon lat" lines, prints heights."""
import sys

import numpy
from osgeo import gdal

gdal.UseExceptions()
tiles = []
for path in sys.argv[1:]:
    d = gdal.Open(path)
    tiles.append((d.GetGeoTransform(), d.ReadAsArray().astype(float)))
for line in sys.stdin:
    lon, lat = map(float, line.split())
    found = "nan"
    for g, v in tiles:
        c, r = (lon - g[0]) / g[1] - 0.5, (lat - g[3]) / g[5] - 0.5
        if 0 <= c < v.shape[1] - 1 and 0 <= r < v.shape[0] - 1:
            i, k = int(c), int(r)
            x, y = c - i, r - k
            w = numpy.array([[(1 - x) * (1 - y), x * (1 - y)], [(1 - x) * y, x * y]])
            found = repr(float((w * v[k:k + 2, i:i + 2]).sum()))
            break
    print(found)
