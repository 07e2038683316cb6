"""Training squares of a Landsat scene, 5 x 5 cells each wholly of one kind by
the quality band and NDVI, on one half of the candidates; with a map as the
third argument, how much of the scene it has right on cells amid others of
their kind that no training square holds."""
import json
import sys

import numpy as np
from osgeo import gdal

gdal.UseExceptions()
folder = sys.argv[1]


def read(band):
    return gdal.Open(f"{folder}/l8_{band}.tif").ReadAsArray()


red, nir, qa = read("B4").astype(float), read("B5").astype(float), read("BQA")
ndvi = (nir - red) / (nir + red - 10000)
cloud = (qa >> 14) & 3
kinds = {"cloud": cloud == 3, "forest": (ndvi > 0.55) & (cloud < 2), "open": (ndvi < 0.4) & (cloud < 2)}
N = 5
g = gdal.Open(f"{folder}/l8_B4.tif").GetGeoTransform()
squares = []
used = np.zeros(red.shape, bool)
for name, mask in kinds.items():
    found = [(r, c) for r in range(0, red.shape[0] - N, N) for c in range(0, red.shape[1] - N, N) if mask[r:r + N, c:c + N].all()]
    step = max(1, len(found) // 25)
    for r, c in found[::step]:
        used[r:r + N, c:c + N] = True
        squares.append({"class": name, "x0": g[0] + c * g[1], "x1": g[0] + (c + N) * g[1], "y1": g[3] + r * g[5], "y0": g[3] + (r + N) * g[5]})
out = {"squares": squares}
if len(sys.argv) > 2:
    got = gdal.Open(sys.argv[2]).ReadAsArray()
    out["counts"] = {str(v): int((got == v).sum()) for v in np.unique(got)}
    out["right"] = {}
    for k, (name, mask) in enumerate(kinds.items()):
        core = mask.copy()  # cells with eight neighbours of their kind: no mixed ones
        for dr in (-1, 0, 1):
            for dc in (-1, 0, 1):
                core &= np.roll(mask, (dr, dc), (0, 1))
        core[[0, -1], :] = core[:, [0, -1]] = False
        out["right"][name] = float((got[core & ~used] == k + 1).mean())
json.dump(out, sys.stdout)
