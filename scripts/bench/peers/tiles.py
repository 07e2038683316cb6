#!/usr/bin/env python3
"""Draws tiles in this process, one after the other, without HTTP.

usage: tiles.py gdal FILE LIST OUT        PNG of bands 1 to 3 between 0 and 6000
       tiles.py mapserver FILE LIST OUT   MVT of the layer in a GeoPackage

LIST is JSON [[z, x, y], ...]; OUT gets [[milliseconds, bytes], ...], where 0
bytes is a tile with nothing in it. Needs osgeo and numpy, or mapscript.
"""
import json
import math
import os
import sys
import time

HALF = math.pi * 6378137


def bounds(z, x, y):
    side = 2 * HALF / 2**z
    return -HALF + x * side, HALF - (y + 1) * side, -HALF + (x + 1) * side, HALF - y * side


def gdal_tiles(path):
    from osgeo import gdal

    gdal.UseExceptions()
    gdal.SetConfigOption("GDAL_PAM_ENABLED", "NO")
    source = gdal.Open(path)
    memory, png = gdal.GetDriverByName("MEM"), gdal.GetDriverByName("PNG")

    def draw(z, x, y):
        warped = gdal.Warp("", source, format="MEM", dstSRS="EPSG:3857", outputBounds=bounds(z, x, y), width=256, height=256,
                           resampleAlg="bilinear", dstAlpha=True)
        pixels = warped.ReadAsArray()
        if not pixels[-1].any():
            return b""
        image = memory.Create("", 256, 256, 4)
        for b in range(3):
            image.GetRasterBand(b + 1).WriteArray((pixels[b].clip(0, 6000) * (255 / 6000)).astype("uint8"))
        image.GetRasterBand(4).WriteArray((pixels[-1] > 0).astype("uint8") * 255)
        png.CreateCopy("/vsimem/tile.png", image)
        return gdal.VSIGetMemFileBuffer_unsafe("/vsimem/tile.png")

    return draw


MAP = """MAP
  SIZE 256 256
  EXTENT -20037508 -20037508 20037508 20037508
  PROJECTION "init=epsg:3857" END
  OUTPUTFORMAT
    NAME "mvt" DRIVER MVT MIMETYPE "application/vnd.mapbox-vector-tile" EXTENSION "mvt"
    FORMATOPTION "EXTENT=4096" FORMATOPTION "EDGE_BUFFER=16"
  END
  WEB METADATA "ows_enable_request" "*" "wms_srs" "EPSG:3857" "wms_title" "tiles" "wms_onlineresource" "http://127.0.0.1/" END END
  LAYER
    NAME "%(layer)s" TYPE POLYGON STATUS ON
    CONNECTIONTYPE OGR CONNECTION "%(path)s" DATA "%(layer)s" PROCESSING "CLOSE_CONNECTION=DEFER"
    PROJECTION "init=epsg:4326" END
    METADATA "gml_include_items" "all" "wms_title" "areas" END
    CLASS STYLE COLOR 0 0 0 END END
  END
END"""


def mapserver_tiles(path):
    import mapscript

    layer = os.path.splitext(os.path.basename(path))[0]
    template = mapscript.fromstring(MAP % {"layer": layer, "path": path})
    asked = {"SERVICE": "WMS", "VERSION": "1.1.1", "REQUEST": "GetMap", "LAYERS": layer, "STYLES": "", "SRS": "EPSG:3857",
             "WIDTH": "256", "HEIGHT": "256", "FORMAT": "application/vnd.mapbox-vector-tile"}

    def draw(z, x, y):
        request = mapscript.OWSRequest()
        for k, v in asked.items():
            request.setParameter(k, v)
        request.setParameter("BBOX", ",".join(map(repr, bounds(z, x, y))))
        mapscript.msIO_installStdoutToBuffer()
        try:
            if template.clone().OWSDispatch(request) != mapscript.MS_SUCCESS:
                raise RuntimeError(f"no tile {z}/{x}/{y}")
            mapscript.msIO_stripStdoutBufferContentHeaders()
            body = bytes(mapscript.msIO_getStdoutBufferBytes())
        finally:
            mapscript.msIO_resetHandlers()
        if body[:1] == b"<":
            raise RuntimeError(body[:300])
        return body

    return draw


def fields(message):
    """Numbers and values of the fields of a protobuf message."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
            continue
        if key & 7 != 2:
            raise ValueError(f"wire type {key & 7} is not in vector tiles")
        size = varint()
        yield key >> 3, message[at : at + size]
        at += size


def features(tile):
    """How many features the layers of a vector tile have."""
    return sum(sum(1 for n, _ in fields(layer) if n == 2) for k, layer in fields(tile) if k == 3)


def main():
    if len(sys.argv) != 5 or sys.argv[1] not in ("gdal", "mapserver"):
        sys.exit(__doc__)
    with open(sys.argv[3]) as f:
        addresses = json.load(f)
    draw = {"gdal": gdal_tiles, "mapserver": mapserver_tiles}[sys.argv[1]](sys.argv[2])
    size = {"gdal": len, "mapserver": lambda tile: len(tile) if features(tile) else 0}[sys.argv[1]]
    out = []
    for z, x, y in addresses:
        began = time.perf_counter()
        tile = draw(z, x, y)
        took = (time.perf_counter() - began) * 1000
        out.append([took, size(tile)])
    with open(sys.argv[4], "w") as f:
        json.dump(out, f)


main()
