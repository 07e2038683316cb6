#!/usr/bin/env python3
"""Makes the satellite scenes of the raster measurement.

usage: scenes.py FOLDER SIDE         all of these:
       scenes.py FOLDER SIDE scene   the first one

FOLDER/source/scene/scene.tif      four bands (blue, green, red, near infrared) of SIDE x SIDE cells of 10 m, UInt16
FOLDER/source/mosaic/*.tif         20 scenes of a third of the side: 5 x 4, a tenth of overlap, a day each
FOLDER/source/stack/*.tif          15 scenes of a quarter of the side over one place, a day each
FOLDER/plain.tif                   the large scene as a COG of GDAL's driver (DEFLATE, blocks of 512, by cell)

Relief, fields, texture and grain, so that DEFLATE with a predictor makes it
about 1.7 times smaller, as it does Sentinel-2. The small scenes are windows of
the large one at other places: separate files of like content. The same on
every run. Needs osgeo and numpy.
"""
import os
import sys

import numpy as np
from osgeo import gdal, osr

gdal.UseExceptions()
WEST, NORTH, CELL = 600000.0, 4960000.0, 10.0
PERIOD = 2048
# base, relief, fields, texture, grain of each band
BANDS = [(700, 160, 350, 24, 5), (850, 190, 450, 30, 6), (800, 260, 800, 40, 7), (2600, 420, -1400, 70, 12)]


def fractal(seed, beta):
    """A periodic surface whose spectrum falls with the power beta."""
    f = np.fft.rfft2(np.random.default_rng(seed).standard_normal((PERIOD, PERIOD), dtype=np.float32))
    k = np.hypot(np.fft.fftfreq(PERIOD)[:, None], np.fft.rfftfreq(PERIOD)[None, :])
    k[0, 0] = 1
    f *= k ** (-beta / 2)
    f[0, 0] = 0
    out = np.fft.irfft2(f, s=(PERIOD, PERIOD)).astype(np.float32)
    return out / out.std()


def scene(path, side):
    relief, detail = fractal(1, 2.6), fractal(2, 2.4)
    ds = gdal.GetDriverByName("GTiff").Create(path, side, side, len(BANDS), gdal.GDT_UInt16, ["TILED=YES", "INTERLEAVE=BAND", "BIGTIFF=IF_SAFER"])
    ds.SetGeoTransform((WEST, CELL, 0, NORTH, 0, -CELL))
    srs = osr.SpatialReference()
    srs.ImportFromEPSG(32632)
    ds.SetProjection(srs.ExportToWkt())
    fields = np.random.default_rng(3).random((side // 24 + 2, side // 24 + 2), dtype=np.float32)
    cols = np.arange(side)[None, :]
    for b, (base, r, f, d, grain) in enumerate(BANDS):
        rng = np.random.default_rng(10 + b)
        for r0 in range(0, side, 512):
            rows = np.arange(r0, min(side, r0 + 512))[:, None]
            v = base + r * relief[rows % PERIOD, (cols + rows // PERIOD * 317) % PERIOD]
            v += d * 0.8 * detail[(rows + 13) % PERIOD, (cols + 700) % PERIOD]
            v += d * 0.6 * detail[(rows + b * 400) % PERIOD, (cols + b * 911) % PERIOD]
            u, w = (rows * 2 + cols) // 53, (cols * 2 - rows + 2 * side) // 61
            v += f * fields[u % fields.shape[0], w % fields.shape[1]]
            v += grain * rng.standard_normal(v.shape, dtype=np.float32)
            ds.GetRasterBand(b + 1).WriteArray(np.clip(v, 1, 12000).astype(np.uint16), 0, r0)
        ds.GetRasterBand(b + 1).SetNoDataValue(0)


def window(source, path, col, row, side, west, north):
    gdal.Translate(path, source, srcWin=[col, row, side, side], outputBounds=[west, north, west + side * CELL, north - side * CELL],
                   creationOptions=["TILED=YES", "INTERLEAVE=BAND"])


def main():
    if len(sys.argv) not in (3, 4) or sys.argv[3:] not in ([], ["scene"]):
        sys.exit(__doc__)
    folder, side = sys.argv[1], int(sys.argv[2])
    for name in ("scene", "mosaic", "stack"):
        os.makedirs(os.path.join(folder, "source", name), exist_ok=True)
    big = os.path.join(folder, "source", "scene", "scene.tif")
    scene(big, side)
    if len(sys.argv) == 4:
        return
    gdal.Translate(os.path.join(folder, "plain.tif"), big, format="COG",
                   creationOptions=["COMPRESS=DEFLATE", "PREDICTOR=YES", "OVERVIEW_RESAMPLING=AVERAGE", "NUM_THREADS=ALL_CPUS", "BIGTIFF=IF_SAFER"])
    third, quarter = side // 3, side // 4
    for n in range(20):
        r, c = divmod(n, 5)
        window(big, os.path.join(folder, "source", "mosaic", f"m_202506{n + 1:02d}.tif"), c * third * 17 // 37, r * third * 17 // 37, third,
               WEST + c * 33000, NORTH - r * 33000)
    for n in range(15):
        window(big, os.path.join(folder, "source", "stack", f"s_202507{n + 1:02d}.tif"), (n + 1) * side // 22, (n + 1) * side // 26, quarter,
               700000 + (n + 1) * 370, 4900000 + (n + 1) * 290)


main()
