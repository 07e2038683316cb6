"""NDVI of city districts on single dates of a Landsat series, each cell with
the exact share of it in a district (OGR's intersection), clouds left out by
the bits of collection 1; and how far a monthly composite is from its one
scene."""
import glob
import json
import sys

import numpy as np
from osgeo import gdal, ogr

gdal.UseExceptions()
folder, districts_file, composite_file = sys.argv[1:4]
dates = sys.argv[4:]


def scene(date):
    name = f"LC08_L1TP_{date}"
    (here,) = glob.glob(f"{folder}/{name}_*")
    d = gdal.Open(f"{here}/{name}_B5.TIF")
    nir = d.ReadAsArray().astype(float)
    red = gdal.Open(f"{here}/{name}_B4.TIF").ReadAsArray().astype(float)
    qa = gdal.Open(f"{here}/{name}_BQA.TIF").ReadAsArray()
    # LSDS-1656: cloud bit 4, shadow bits 7-8, cirrus bits 11-12 (high: 3)
    cloudy = (qa >> 4 & 1 == 1) | (qa >> 7 & 3 == 3) | (qa >> 11 & 3 == 3)
    seen = ~cloudy & (nir != 0) & (red != 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return d.GetGeoTransform(), (nir - red) / (nir + red), seen, red


src = ogr.Open(districts_file)
layer = src.GetLayer(0)
shapes = [(f.GetFID(), f.GetGeometryRef().Clone()) for f in layer if f.GetGeometryRef().IsValid()]
out = {"valid": [str(i) for i, _ in shapes]}
for date in dates:
    g, ndvi, seen, _ = scene(date)
    rows, cols = ndvi.shape
    answers = {}
    for fid, shape in shapes:
        x0, x1, y0, y1 = shape.GetEnvelope()
        c0, c1 = int((x0 - g[0]) // g[1]), int((x1 - g[0]) // g[1])
        r0, r1 = int((y1 - g[3]) // g[5]), int((y0 - g[3]) // g[5])
        total = count = total_value = 0.0
        for r in range(r0, r1 + 1):
            for c in range(c0, c1 + 1):
                left, top = g[0] + c * g[1], g[3] + r * g[5]
                ring = ogr.Geometry(ogr.wkbLinearRing)
                for x, y in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0)):
                    ring.AddPoint_2D(left + x * g[1], top + y * g[5])
                cell = ogr.Geometry(ogr.wkbPolygon)
                cell.AddGeometry(ring)
                share = shape.Intersection(cell).Area() / abs(g[1] * g[5])
                total += share
                if 0 <= r < rows and 0 <= c < cols and seen[r, c]:
                    count += share
                    total_value += share * ndvi[r, c]
        answers[str(fid)] = {"valid": count / total, "mean": total_value / count if count > 1e-9 else None}
    out[date] = answers

# July has one scene: where it was seen, its composite is that scene's red band.
g, _, seen, red = scene(dates[1])
d = gdal.Open(composite_file)
cg = d.GetGeoTransform()
got = d.GetRasterBand(1).ReadAsArray()
col, row = round((cg[0] - g[0]) / g[1]), round((cg[3] - g[3]) / g[5])
want = red[row:row + d.RasterYSize, col:col + d.RasterXSize]
ok = seen[row:row + d.RasterYSize, col:col + d.RasterXSize]
out["composite"] = {
    "worst": float(np.abs(got - want)[ok & np.isfinite(got)].max()), "mismatched": int((np.isfinite(got) != ok).sum()), "seen": int(ok.sum()),
}
json.dump(out, sys.stdout)
