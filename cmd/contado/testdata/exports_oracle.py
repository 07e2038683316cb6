"""Reads exported files with GDAL and compares every row with a reference.

Arguments: the column that names rows, the reference file, the exported files.
Prints JSON: how many rows and values were compared of each file, and what differs.
"""

import json
import re
import sys

from osgeo import gdal, ogr

gdal.UseExceptions()
ogr.UseExceptions()


def read(path, key):
    """Rows by key: values as text or None, and the geometry."""
    options = []
    name = path
    if path.endswith(".csv"):
        options = ["AUTODETECT_TYPE=NO", "GEOM_POSSIBLE_NAMES=geometry,wkt", "KEEP_GEOM_COLUMNS=NO", "EMPTY_STRING_AS_NULL=YES"]
    elif path.endswith(".zip"):
        name = "/vsizip/" + path
    source = gdal.OpenEx(name, gdal.OF_VECTOR, open_options=options)
    layer = source.GetLayer(0)
    fields = [f.GetName() for f in layer.schema]
    rows = {}
    for feature in layer:
        values = {f: (feature.GetFieldAsString(f) if feature.IsFieldSetAndNotNull(f) else None) for f in fields}
        geometry = feature.GetGeometryRef()
        rows[plain(values[key])] = (values, geometry.Clone() if geometry is not None else None)
    if len(rows) != layer.GetFeatureCount():
        raise SystemExit(f"{path}: {layer.GetFeatureCount()} rows, {len(rows)} keys")
    return fields, rows


def plain(text):
    """A value in one spelling: 3.0 is 3, true is 1, days have hyphens."""
    if text in (None, ""):
        return None
    if text.lower() in ("true", "false"):
        return "1" if text.lower() == "true" else "0"
    if re.fullmatch(r"-?\d+", text):
        return text
    try:
        return repr(float(text))[:-2] if float(text).is_integer() and abs(float(text)) < 2**53 else repr(float(text))
    except ValueError:
        pass
    # FlatGeobuf and spreadsheets have times and no days.
    text = re.sub(r"[ T]00:00:00(?:\+00|Z)?$", "", text)
    text = re.sub(r"^(\d{4})/(\d\d)/(\d\d)", r"\1-\2-\3", text)
    return re.sub(r"[ T](\d\d:\d\d:\d\d)(\.0+)?(\+00(:?00)?|Z)?$", r"T\1", text)


def same_place(a, b, tolerance):
    if a is None or b is None:
        return a is None and b is None
    a, b = ogr.ForceToMultiPolygon(a), ogr.ForceToMultiPolygon(b)
    if a.GetGeometryCount() != b.GetGeometryCount():
        return False
    if any(abs(x - y) > tolerance for x, y in zip(a.GetEnvelope(), b.GetEnvelope())):
        return False
    return abs(a.Area() - b.Area()) <= tolerance * 1e-3 + 1e-9 * a.Area()


key, reference, files = sys.argv[1], sys.argv[2], sys.argv[3:]
fields, want = read(reference, key)
report = {}
for path in files:
    found, rows = read(path, key)
    short = path.endswith(".zip")
    # What the exported table adds is a column of ids or of coordinates.
    column = {f: (f[:10] if short else f) for f in fields}
    wrong = [f"no column {column[f]}" for f in fields if column[f] not in found]
    values = 0
    for k, (a, at) in want.items():
        if k not in rows:
            wrong.append(f"no row {k}")
            continue
        b, there = rows[k]
        for f in fields:
            values += 1
            if column[f] in b and plain(a[f]) != plain(b[column[f]]):
                wrong.append(f"{k}, {f}: {b[column[f]]!r} for {a[f]!r}")
        if not path.endswith(".xlsx") and not same_place(at, there, 2e-7):
            wrong.append(f"{k}: the geometry is another")
    report[path.rsplit(".", 1)[1]] = {"rows": len(rows), "values": values, "wrong": wrong[:10]}
json.dump(report, sys.stdout)
