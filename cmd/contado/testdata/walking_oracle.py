"""Walking coverage by zone, counted apart from the program: GDAL reads the
cells, SciPy's Dijkstra finds the times (8 neighbours, Tobler's slope function
normalised to level ground, from the cell to the facility)."""
import json
import sys

import numpy as np
from osgeo import gdal, ogr, osr
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

gdal.UseExceptions()
dem_file, cover_file, people_file, zones_file, points_file = sys.argv[1:6]
SPEED = {1: 2, 2: 5, 3: 2, 4: 3, 5: 4, 6: 4}  # km/h


def read(path):
    d = gdal.Open(path)
    b = d.GetRasterBand(1)
    v = b.ReadAsArray().astype(float)
    if b.GetNoDataValue() is not None:
        v[v == b.GetNoDataValue()] = np.nan
    return d, v


grid, cover = read(cover_file)
_, dem = read(dem_file)
_, people = read(people_file)
people = np.nan_to_num(people)
rows, cols = cover.shape
t = grid.GetGeoTransform()
speed = np.zeros_like(cover)
for k, v in SPEED.items():
    speed[cover == k] = v / 3.6
passable = speed > 0
pace = np.where(passable, 1 / np.where(passable, speed, 1), np.inf)
number = np.arange(rows * cols).reshape(rows, cols)
edges_from, edges_to, cost = [], [], []
for dr, dc in [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]:
    a = (slice(max(0, -dr), rows - max(0, dr)), slice(max(0, -dc), cols - max(0, dc)))
    b = (slice(max(0, dr), rows - max(0, -dr)), slice(max(0, dc), cols - max(0, -dc)))
    ok = passable[a] & passable[b]
    if dr and dc:
        side = (a[0], b[1])
        other = (b[0], a[1])
        ok &= passable[side] | passable[other]
    length = np.hypot(dr * t[5], dc * t[1])
    slope = (dem[b] - dem[a]) / length
    slope = np.where(np.isnan(slope), 0, slope)
    factor = np.exp(-3.5 * (np.abs(slope + 0.05) - 0.05))
    seconds = length / 2 * (pace[a] + pace[b]) / factor
    edges_from.append(number[a][ok])
    edges_to.append(number[b][ok])
    cost.append(seconds[ok])
# Walking from a cell to the facility: search from the facility over reversed edges.
graph = csr_matrix((np.concatenate(cost), (np.concatenate(edges_to), np.concatenate(edges_from))), shape=(rows * cols,) * 2)
sources = []
src = ogr.Open(points_file)
layer = src.GetLayer(0)
to = osr.SpatialReference()
to.ImportFromWkt(grid.GetProjection())
crs = layer.GetSpatialRef()
for s in (to, crs):
    s.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
move = osr.CoordinateTransformation(crs, to)
for f in layer:
    g = f.GetGeometryRef()
    x, y, _ = move.TransformPoint(g.GetX(), g.GetY())
    c, r = int((x - t[0]) / t[1]), int((y - t[3]) / t[5])
    sources.append(number[r, c])
time = dijkstra(graph, indices=sources, min_only=True).reshape(rows, cols)

result = {}
src = ogr.Open(zones_file)
layer = src.GetLayer(0)
move = osr.CoordinateTransformation(layer.GetSpatialRef(), to)
for f in layer:
    m = gdal.GetDriverByName("MEM").Create("", cols, rows, 1, gdal.GDT_Byte)
    m.SetGeoTransform(t)
    m.SetProjection(grid.GetProjection())
    d = ogr.GetDriverByName("Memory").CreateDataSource("m")
    one = d.CreateLayer("one", to)
    n = ogr.Feature(one.GetLayerDefn())
    n.SetGeometry(f.GetGeometryRef())
    one.CreateFeature(n)
    gdal.RasterizeLayer(m, [1], one, burn_values=[1])
    inside = m.ReadAsArray() == 1
    result[str(f.GetField("cat"))] = {
        "People": float(people[inside].sum()),
        "Low30": float(people[inside & (time <= 1800 - 0.05)].sum()),
        "High30": float(people[inside & (time <= 1800 + 0.05)].sum()),
        "Low120": float(people[inside & (time <= 7200 - 0.05)].sum()),
        "High120": float(people[inside & (time <= 7200 + 0.05)].sum()),
        "Unreachable": float(people[inside & np.isinf(time)].sum()),
    }
print(json.dumps(result))
