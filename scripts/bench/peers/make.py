#!/usr/bin/env python3
"""Makes the data that measurements need, in a temporary folder.

usage: make.py scene FILE SIDE     three bands of UInt16, 10 m, UTM 32 N
       make.py heights FILE SIDE   one band of Float32, longitude and latitude
       make.py areas FILE COUNT    polygons of a Voronoi partition (GeoJSON)
       make.py parcels FILE COUNT  turned rectangles of 0.3 to 15 ha (GeoJSON)

All of it lies over Emilia-Romagna (9.15 to 12.80 E, 43.70 to 45.18 N), is the
same on every run, and is neither constant nor pure noise, so that compression
and statistics have ordinary work to do. Needs osgeo and numpy, and scipy for
areas.
"""
import json
import sys

import numpy as np
from osgeo import gdal, osr

gdal.UseExceptions()
WEST, SOUTH, EAST, NORTH = 9.15, 43.70, 12.80, 45.18


def waves(rng, x, y, octaves):
    """Smooth relief between about -1 and 1 at every x of each y."""
    out = np.zeros((len(y), len(x)), np.float32)
    for k in range(octaves):
        f, a = 2.0**k, 0.5 * 0.55**k
        px, py, t = rng.uniform(0, 6.28, 3)
        u = f * (x[None, :] * np.cos(t) + y[:, None] * np.sin(t)) + px
        v = f * (y[:, None] * np.cos(t) - x[None, :] * np.sin(t)) + py
        out += (a * np.sin(u) * np.cos(v)).astype(np.float32)
    return out


def create(path, side, bands, kind, origin, cell, epsg):
    options = ["TILED=YES", "COMPRESS=DEFLATE", "ZLEVEL=1", "PREDICTOR=2", "NUM_THREADS=ALL_CPUS", "BIGTIFF=IF_SAFER"]
    ds = gdal.GetDriverByName("GTiff").Create(path, side, side, bands, kind, options)
    ds.SetGeoTransform((origin[0], cell[0], 0, origin[1], 0, -cell[1]))
    srs = osr.SpatialReference()
    srs.ImportFromEPSG(epsg)
    ds.SetProjection(srs.ExportToWkt())
    return ds


def scene(path, side):
    """Reflectances times 10,000 with fields of 200 m and grain."""
    ds = create(path, side, 3, gdal.GDT_UInt16, (600000.0, 4960000.0), (10.0, 10.0), 32632)
    x = np.arange(side) * (20.0 / side)
    for b in range(3):
        noise = np.random.default_rng(100 + b)
        fields = noise.integers(0, 1500, (side // 20 + 1, side // 20 + 1))
        for r0 in range(0, side, 512):
            rows = np.arange(r0, min(side, r0 + 512))
            v = 2500 + 1500 * waves(np.random.default_rng(b), x, rows * (20.0 / side), 5)
            v += fields[rows[:, None] // 20, np.arange(side)[None, :] // 20]
            v += noise.integers(0, 120, v.shape)
            ds.GetRasterBand(b + 1).WriteArray(np.clip(v, 1, 65534).astype(np.uint16), 0, r0)


def heights(path, side):
    """Metres above the sea in steps of 1/4 m."""
    cell = ((EAST - WEST) / side, (NORTH - SOUTH) / side)
    ds = create(path, side, 1, gdal.GDT_Float32, (WEST, NORTH), cell, 4326)
    x = np.arange(side) * (30.0 / side)
    noise = np.random.default_rng(7)
    for r0 in range(0, side, 512):
        rows = np.arange(r0, min(side, r0 + 512))
        v = 900 + 800 * waves(np.random.default_rng(3), x, rows * (30.0 / side), 6)
        v += noise.integers(0, 8, v.shape)
        ds.GetRasterBand(1).WriteArray(np.round(v * 4) / np.float32(4), 0, r0)


def areas(path, count):
    from scipy.spatial import Voronoi

    rng = np.random.default_rng(5)
    p = np.column_stack([rng.uniform(WEST + 0.05, EAST - 0.05, count), rng.uniform(SOUTH + 0.05, NORTH - 0.05, count)])
    # Mirrored points close every cell at the frame.
    w, e, s, n = WEST + 0.02, EAST - 0.02, SOUTH + 0.02, NORTH - 0.02
    mirrors = [p * [-1, 1] + [2 * w, 0], p * [-1, 1] + [2 * e, 0], p * [1, -1] + [0, 2 * s], p * [1, -1] + [0, 2 * n]]
    v = Voronoi(np.vstack([p] + mirrors))
    features = []
    for i in range(count):
        ring = v.vertices[v.regions[v.point_region[i]]]
        middle = ring.mean(axis=0)
        ring = ring[np.argsort(np.arctan2(ring[:, 1] - middle[1], ring[:, 0] - middle[0]))]
        # Edges in steps, as surveyed boundaries have them.
        points = np.vstack([a + (b - a) * np.linspace(0, 1, 40, endpoint=False)[:, None] for a, b in zip(ring, np.roll(ring, -1, axis=0))])
        outline = [[round(float(c), 7) for c in q] for q in points]
        features.append({
            "type": "Feature",
            "properties": {"com_istat_code": f"{i + 1:06d}", "name": f"Area {i + 1}"},
            "geometry": {"type": "Polygon", "coordinates": [outline + outline[:1]]},
        })
    with open(path, "w") as f:
        json.dump({"type": "FeatureCollection", "features": features}, f)


def parcels(path, count):
    rng = np.random.default_rng(9)
    features = []
    for i in range(count):
        x, y = rng.uniform(WEST + 0.1, EAST - 0.1), rng.uniform(SOUTH + 0.1, NORTH - 0.1)
        turn, long, wide = rng.uniform(0, np.pi), rng.uniform(100, 500), rng.uniform(30, 300)
        ring = []
        for u, v in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            east = (u * long * np.cos(turn) - v * wide * np.sin(turn)) / 2
            north = (u * long * np.sin(turn) + v * wide * np.cos(turn)) / 2
            ring.append([round(x + east / (111320 * np.cos(np.radians(y))), 7), round(y + north / 111320, 7)])
        features.append({
            "type": "Feature",
            "properties": {"com_istat_code": f"{i + 1:06d}", "name": f"Parcel {i + 1}"},
            "geometry": {"type": "Polygon", "coordinates": [ring + ring[:1]]},
        })
    with open(path, "w") as f:
        json.dump({"type": "FeatureCollection", "features": features}, f)


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("scene", "heights", "areas", "parcels"):
        sys.exit(__doc__)
    {"scene": scene, "heights": heights, "areas": areas, "parcels": parcels}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))


main()
