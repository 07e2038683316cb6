"""Indices of two small Sentinel-2 scenes, cell by cell from the files as they
were delivered: how far the program's exports are from them, the hectares of
snow and water at two dates, and the NDVI of four parts of the scene."""
import json
import sys

import numpy as np
from osgeo import gdal

gdal.UseExceptions()
folder = sys.argv[1]
exports = sys.argv[2:]  # name=path


def scene(day):
    boa = gdal.Open(f"{folder}/S2A2A_{day}_022_Barbellino_BOA_10.tif").ReadAsArray().astype(float) * 1e-4
    scl = gdal.Open(f"{folder}/S2A2A_{day}_022_Barbellino_SCL_10.tif").ReadAsArray()
    # bands 1-9 are B01-B09, then B11 and B12; a class cell is 2 x 2 cells
    return {"green": boa[2], "red": boa[3], "nir": boa[7], "swir": boa[9]}, np.kron(scl, np.ones((2, 2), scl.dtype))


def ratio(a, b):
    return (a - b) / (a + b)


days = {}
for day in ("20170703", "20190723"):
    b, scl = scene(day)
    days[day] = {
        "ndvi": ratio(b["nir"], b["red"]), "ndwi": ratio(b["green"], b["nir"]), "ndsi": ratio(b["green"], b["swir"]),
        "snow": np.where((b["nir"] > 0.11) & (b["green"] > 0.1), ratio(b["green"], b["swir"]), -1),
        "clear": ~np.isin(scl, (3, 8, 9, 10)), "scl": scl,
    }
a, b = days["20170703"], days["20190723"]
out = {"exports": {}}
for text in exports:
    name, path = text.split("=", 1)
    day, index, masked = name.split("-")
    want = np.where(days[day]["clear"] | (masked != "clear"), days[day][index], np.nan)
    got = gdal.Open(path).ReadAsArray()
    ok = np.isfinite(want)
    out["exports"][name] = {"worst": float(np.abs(got - want)[ok & np.isfinite(got)].max()),
                            "mismatched": int((np.isfinite(got) != ok).sum()), "seen": int(ok.sum())}


def classes(was, now, ok):
    ha = lambda m: float((m & ok).sum() * 0.01)
    return [ha(~was & ~now), ha(~was & now), ha(was & now), ha(was & ~now), float((~ok).sum() * 0.01)]


both = a["clear"] & b["clear"]
out["water"] = classes(a["ndsi"] > 0, b["ndsi"] > 0, both)  # MNDWI is the same formula
t = -0.35
out["snow"] = [float((a["snow"] <= t).sum() * 0.01), float((a["snow"] > t).sum() * 0.01)]
change = (b["ndvi"] - a["ndvi"])[both]
out["change"] = [float(change.mean()), float(change.min()), float(change.max()), float((~both).sum() * 0.01)]
out["series"] = {}
for k, part in enumerate(((slice(0, 21), slice(0, 12)), (slice(0, 21), slice(12, 24)), (slice(21, 42), slice(0, 12)), (slice(21, 42), slice(12, 24)))):
    for day, d in days.items():
        ok = d["clear"][part]
        out["series"][f"part{k} {day[:4]}-{day[4:6]}-{day[6:]}"] = {
            "valid": float(ok.mean()), "mean": float(d["ndvi"][part][ok].mean()) if ok.any() else None}
pairs, counts = np.unique(np.stack([a["scl"], b["scl"]]).reshape(2, -1), axis=1, return_counts=True)
out["transitions"] = {f"{p} {q}": float(n * 0.01) for (p, q), n in zip(pairs.T, counts)}
json.dump(out, sys.stdout)
