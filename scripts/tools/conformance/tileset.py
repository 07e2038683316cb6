"""Finds a vector tileset of a server, in the words of OGC's suite of Tiles.

tileset.py BASE prints argument and value in turns: the tile matrix set, the
template of tiles, a level, and the rows and columns that have data there.
"""

import json
import math
import sys
from urllib.request import urlopen

base = sys.argv[1].rstrip("/")
SET = "WebMercatorQuad"


def get(path):
    with urlopen(base + path, timeout=30) as answer:
        return json.load(answer)


for collection in get("/collections")["collections"]:
    if any(link["rel"].endswith("/tilesets-vector") for link in collection["links"]):
        break
else:
    raise SystemExit("no collection has vector tiles")
west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
level = 12


def column(lon):
    return int((lon + 180) / 360 * 2**level)


def row(lat):
    return int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**level)


template = f"{base}/collections/{collection['id']}/tiles/{SET}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
print("tilematrixsetdefinitionuri", f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{SET}", "urltemplatefortiles", template, "tilematrix", level,
      "mintilerow", row(north), "maxtilerow", row(south), "mintilecol", column(west), "maxtilecol", column(east))
