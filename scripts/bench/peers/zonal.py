#!/usr/bin/env python3
"""Zonal statistics by the libraries that people use for them.

usage: zonal.py exactextract|raster-sequential|rasterstats RASTER AREAS CODE OUT STAT,...

AREAS is GeoJSON. Writes CSV with the columns code and the statistics.
exactextract is called with its default strategy, or with its other one.
"""
import csv
import json
import sys


def exactextract_rows(raster, areas, code, stats, strategy="feature-sequential"):
    from exactextract import exact_extract

    with open(areas) as f:
        features = json.load(f)["features"]
    for f in exact_extract(raster, features, stats, include_cols=[code], strategy=strategy):
        yield [f["properties"][code]] + [f["properties"][s] for s in stats]


def rasterstats_rows(raster, areas, code, stats):
    from rasterstats import zonal_stats

    for f in zonal_stats(areas, raster, stats=stats, geojson_out=True, nodata=-99999):
        yield [f["properties"][code]] + [f["properties"][s] for s in stats]


def sequential_rows(*args):
    return exactextract_rows(*args, strategy="raster-sequential")


PROGRAMS = {"exactextract": exactextract_rows, "raster-sequential": sequential_rows, "rasterstats": rasterstats_rows}


def main():
    if len(sys.argv) != 7 or sys.argv[1] not in PROGRAMS:
        sys.exit(__doc__)
    rows = PROGRAMS[sys.argv[1]]
    stats = sys.argv[6].split(",")
    with open(sys.argv[5], "w", newline="") as f:
        out = csv.writer(f)
        out.writerow(["code"] + stats)
        out.writerows(rows(sys.argv[2], sys.argv[3], sys.argv[4], stats))


main()
