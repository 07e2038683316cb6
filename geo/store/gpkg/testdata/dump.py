"""Dumps a GeoPackage as GDAL reads it: one JSON object a layer."""
import json
import sys

from osgeo import ogr

ogr.UseExceptions()
ds = ogr.GetDriverByName("GPKG").Open(sys.argv[1])
for i in range(ds.GetLayerCount()):
    layer = ds.GetLayer(i)
    defn = layer.GetLayerDefn()
    fields = [defn.GetFieldDefn(k) for k in range(defn.GetFieldCount())]
    rows = []
    for f in layer:
        values = []
        for k, d in enumerate(fields):
            if not f.IsFieldSetAndNotNull(k):
                values.append(None)
            elif d.GetSubType() == ogr.OFSTBoolean:
                values.append(bool(f.GetFieldAsInteger(k)))
            elif d.GetType() in (ogr.OFTInteger, ogr.OFTInteger64):
                values.append(str(f.GetFieldAsInteger64(k)))
            elif d.GetType() == ogr.OFTReal:
                values.append(float(f.GetFieldAsDouble(k)))
            elif d.GetType() == ogr.OFTDate:
                values.append("%04d-%02d-%02d" % tuple(f.GetFieldAsDateTime(k)[:3]))
            else:
                values.append(f.GetFieldAsString(k))
        g = f.GetGeometryRef()
        wkb = box = None
        if g is not None and not g.IsEmpty():
            e = g.GetEnvelope()
            box = [e[0], e[2], e[1], e[3]]
            g.FlattenTo2D()
            wkb = g.ExportToIsoWkb().hex()
        rows.append({"id": f.GetFID(), "wkb": wkb, "box": box, "values": values})
    srs = layer.GetSpatialRef()
    print(json.dumps({
        "name": layer.GetName(),
        "geometry": ogr.GeometryTypeToName(ogr.GT_Flatten(layer.GetGeomType())),
        "crs": "%s:%s" % (srs.GetAuthorityName(None), srs.GetAuthorityCode(None)) if srs else "",
        "fields": [[d.GetName(), d.GetFieldTypeName(d.GetType()), d.GetSubType() == ogr.OFSTBoolean] for d in fields],
        "rows": rows,
    }))
