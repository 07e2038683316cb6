#!/usr/bin/env python3
"""Draws boxes of Web Mercator by GDAL's warper in this process, one by one.

usage: warp.py rgb|ndvi FILE BOXES OUT FOLDER

BOXES is JSON [[minx, miny, maxx, maxy], ...]; OUT gets [[ms, CPU ms, bytes], ...].
FOLDER, when it is not empty, gets the pictures. Needs osgeo and numpy.
"""
import json
import os
import sys
import time

import numpy as np
from osgeo import gdal

gdal.UseExceptions()
gdal.SetConfigOption("GDAL_PAM_ENABLED", "NO")


def to_bytes(v, low, high):
    return ((v - low) * (255 / (high - low))).clip(0, 255).astype("uint8")


def main():
    if len(sys.argv) != 6 or sys.argv[1] not in ("rgb", "ndvi"):
        sys.exit(__doc__)
    bands = [3, 2, 1] if sys.argv[1] == "rgb" else [4, 3]
    # gdal.Warp of this version takes all bands: a virtual copy has only those wanted.
    source = gdal.Translate("", sys.argv[2], format="VRT", bandList=bands)
    memory, png = gdal.GetDriverByName("MEM"), gdal.GetDriverByName("PNG")
    with open(sys.argv[3]) as f:
        boxes = json.load(f)
    out = []
    for i, box in enumerate(boxes):
        began, cpu = time.perf_counter(), time.process_time()
        warped = gdal.Warp("", source, format="MEM", dstSRS="EPSG:3857", outputBounds=box, width=256, height=256, resampleAlg="bilinear", dstAlpha=True)
        pixels = warped.ReadAsArray()
        if sys.argv[1] == "rgb":
            layers = [to_bytes(p.astype("float32"), 0, 3000) for p in pixels[:3]]
        else:
            nir, red = pixels[0].astype("float32"), pixels[1].astype("float32")
            layers = [to_bytes((nir - red) / np.maximum(nir + red, 1), -0.2, 0.9)]
        image = memory.Create("", 256, 256, len(layers) + 1)
        for b, layer in enumerate(layers + [(pixels[-1] > 0).astype("uint8") * 255]):
            image.GetRasterBand(b + 1).WriteArray(layer)
        png.CreateCopy("/vsimem/tile.png", image)
        body = gdal.VSIGetMemFileBuffer_unsafe("/vsimem/tile.png")
        out.append([(time.perf_counter() - began) * 1000, (time.process_time() - cpu) * 1000, len(body)])
        if sys.argv[5]:
            with open(os.path.join(sys.argv[5], f"{i}.png"), "wb") as f:
                f.write(bytes(body))
    with open(sys.argv[4], "w") as f:
        json.dump(out, f)


main()
