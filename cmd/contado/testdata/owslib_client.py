"""Reads OGC API Features as a program of Python does, with OWSLib.

Arguments: base address, dataset. Prints JSON.
"""

import json
import sys
from urllib.request import urlopen

from owslib.ogcapi.features import Features

base, dataset = sys.argv[1:3]
service = Features(base)
box = [9.50, 47.10, 9.55, 47.20]
page = service.collection_items(dataset, limit=5)
ids = []
following = page
while following is not None:
    ids += [f["id"] for f in following["features"]]
    link = [x["href"] for x in following["links"] if x["rel"] == "next"]
    following = json.load(urlopen(link[0])) if link and len(ids) < 20 else None
print(json.dumps({
    "collections": service.feature_collections(),
    "title": service.collection(dataset)["title"],
    "classes": len(service.conformance()["conformsTo"]),
    "openapi": service.api()["openapi"],
    "queryables": sorted(service.collection_queryables(dataset)["properties"]),
    "matched": page["numberMatched"],
    "ids": ids,
    "filtered": service.collection_items(dataset, limit=100, filter="kind = 'pharmacy'")["numberMatched"],
    "in box": service.collection_items(dataset, limit=1, bbox=box)["numberMatched"],
    "one": service.collection_item(dataset, "7")["id"],
}))
