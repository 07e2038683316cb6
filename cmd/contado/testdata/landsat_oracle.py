"""NDVI of a Landsat 8 scene by the formulas of the USGS handbook, and how far
the files that the program wrote are from it: numbers of the whole array, of
rectangles of cells and half cells, and at points."""
import json
import sys

import numpy as np
from osgeo import gdal, osr

gdal.UseExceptions()
folder, plain_file, masked_file, crop_file, tile_file = sys.argv[1:6]


def read(path):
    return gdal.Open(path).ReadAsArray()


sun = np.sin(np.radians(64.74360932))
rho = {b: (2e-5 * read(f"{folder}/l8_{b}.tif").astype(float) - 0.1) / sun for b in ("B3", "B4", "B5")}
ndvi = (rho["B5"] - rho["B4"]) / (rho["B5"] + rho["B4"])
qa = read(f"{folder}/l8_BQA.tif")
# LDCM-DFCB-004: cloud in bits 14-15 (medium: 2), cirrus in bits 12-13 (high: 3)
clear = ~(((qa >> 14) & 3 >= 2) | ((qa >> 12) & 3 == 3))


def compare(got, want):
    seen = np.isfinite(want)
    return {"worst": float(np.abs(got - want)[seen & np.isfinite(got)].max()),
            "mismatched": int((np.isfinite(got) != seen).sum()), "seen": int(seen.sum())}


def stats(weights, rows, cols, mask):
    v, m = ndvi[rows, cols], mask[rows, cols]
    w = np.broadcast_to(weights, v.shape) * m
    return {"count": float(w.sum()), "mean": float((w * v).sum() / w.sum()), "cells": float(np.broadcast_to(weights, v.shape).sum())}


half = np.ones(101)
half[[0, -1]] = 0.5
everywhere = np.ones_like(clear)
whole = slice(100, 250), slice(100, 300)
halves = slice(300, 400), slice(350, 451)

d = gdal.Open(f"{folder}/l8_B4.tif")
g = d.GetGeoTransform()
utm = osr.SpatialReference(d.GetProjection())
degrees = osr.SpatialReference()
degrees.ImportFromEPSG(4326)
for s in (utm, degrees):
    s.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
back = osr.CoordinateTransformation(utm, degrees)
points = []
for col, row in ((60, 40), (313, 301), (600, 580), (450, 120)):
    lon, lat, _ = back.TransformPoint(g[0] + (col + 0.5) * g[1], g[3] + (row + 0.5) * g[5])
    points.append({"lon": lon, "lat": lat, "ndvi": float(ndvi[row, col]), "clear": bool(clear[row, col])})

crop = gdal.Open(crop_file)

# The tile: the cell under the centre of each of its pixels.
tile = gdal.Open(tile_file)
tg = tile.GetGeoTransform()
mercator = osr.SpatialReference(tile.GetProjection())
mercator.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
x, y = np.meshgrid(tg[0] + (np.arange(tile.RasterXSize) + 0.5) * tg[1], tg[3] + (np.arange(tile.RasterYSize) + 0.5) * tg[5])
xy = np.array(osr.CoordinateTransformation(mercator, utm).TransformPoints(np.column_stack([x.ravel(), y.ravel()])))
col, row = np.floor((xy[:, 0] - g[0]) / g[1]).astype(int), np.floor((xy[:, 1] - g[3]) / g[5]).astype(int)
inside = (col >= 0) & (col < d.RasterXSize) & (row >= 0) & (row < d.RasterYSize)
want = np.full(col.shape, np.nan)
water = (rho["B3"] - rho["B5"]) / (rho["B3"] + rho["B5"])
want[inside] = water[row[inside], col[inside]]
values = tile.GetRasterBand(1).ReadAsArray().ravel().astype(float)
seen = tile.GetRasterBand(1).GetMaskBand().ReadAsArray().ravel() > 0
same = np.where(seen & inside, np.abs(values - want) < 1e-5, seen == inside)

json.dump({
    "plain": compare(read(plain_file), ndvi),
    "masked": compare(read(masked_file), np.where(clear, ndvi, np.nan)),
    "crop": compare(crop.GetRasterBand(1).ReadAsArray(), ndvi[200:264, 150:278]),
    "whole": stats(1.0, *whole, everywhere), "whole_clear": stats(1.0, *whole, clear),
    "halves": stats(half, *halves, everywhere), "halves_clear": stats(half, *halves, clear),
    "points": points,
    "tile": {"pixels": int(same.size), "same": int(same.sum()), "inside": int(inside.sum())},
}, sys.stdout)
