"""A later copy of a CORINE map with pasture built over and broad-leaved forest
turned to pasture in two blocks, and a map of 100 x before + after to count by."""
import sys

import numpy as np
from osgeo import gdal

gdal.UseExceptions()
before_file, after_file, pairs_file = sys.argv[1:4]
d = gdal.Open(before_file)
before = d.ReadAsArray()
after = before.copy()
for rows, cols, was, now in ((slice(300, 1100), slice(400, 1600), 18, 2), (slice(500, 1500), slice(1800, 3400), 23, 18)):
    block = after[rows, cols]
    block[before[rows, cols] == was] = now


def write(path, values, kind):
    out = gdal.GetDriverByName("GTiff").Create(path, d.RasterXSize, d.RasterYSize, 1, kind, ["COMPRESS=DEFLATE"])
    out.SetGeoTransform(d.GetGeoTransform())
    out.SetProjection(d.GetProjection())
    out.GetRasterBand(1).WriteArray(values)


write(after_file, after, gdal.GDT_Byte)
write(pairs_file, before.astype(np.uint16) * 100 + after, gdal.GDT_UInt16)
print("{}")
