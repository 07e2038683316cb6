"""Finds a vector tileset of a server, in the words of OGC's suite of Tiles.

tileset.py BASE prints argument and value in turns: the tile matrix set, the
template of tiles, a level, and the rows and columns that have data there.
"""

import json
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
template = f"{base}/collections/{collection['id']}/tiles/{SET}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"


def full(limit):
    """Whether every tile within a limit has something in it: the suite takes 204 for a failure."""
    rows, columns = range(limit["minTileRow"], limit["maxTileRow"] + 1), range(limit["minTileCol"], limit["maxTileCol"] + 1)
    if len(rows) * len(columns) > 16:
        return False
    for row in rows:
        for column in columns:
            with urlopen(template.format(tileMatrix=limit["tileMatrix"], tileRow=row, tileCol=column), timeout=30) as answer:
                if answer.status != 200:
                    return False
    return True


limits = get(f"/collections/{collection['id']}/tiles/{SET}")["tileMatrixSetLimits"]
for at in reversed(limits):
    if full(at):
        break
else:
    raise SystemExit("no level has data in all of its tiles")
print("tilematrixsetdefinitionuri", f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{SET}", "urltemplatefortiles", template, "tilematrix", at["tileMatrix"],
      "mintilerow", at["minTileRow"], "maxtilerow", at["maxTileRow"], "mintilecol", at["minTileCol"], "maxtilecol", at["maxTileCol"])
