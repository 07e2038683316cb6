// Geometries and rows. A row travels in one buffer, host byte order:
//
//   int64 fid, uint8 geometry state, uint32 length, WKB bytes, then for each
//   field one tag byte and its payload:
//   0 null | 1 int64 | 2 double | 3 text (uint32 length, bytes) | 4 binary
//   (same) | 5 boolean (uint8) | 6 list of int64 (uint32 count) | 7 list of
//   double | 8 list of text | 9 date and time (7 int32: year, month, day,
//   hour, minute, milliseconds, zone)
#include "shim.h"

#include <math.h>
#include <string.h>

enum { GEOM_NONE = 0, GEOM_WKB = 1, GEOM_EMPTY = 2, GEOM_BAD = 3 };

// ---- the buffer ----------------------------------------------------------

void ct_buf_free(ct_buf *b) {
  free(b->p);
  b->p = NULL;
  b->len = b->cap = 0;
}

static unsigned char *grow(ct_buf *b, size_t n) {
  if (b->len + n > b->cap) {
    size_t cap = b->cap == 0 ? 4096 : b->cap;
    while (cap < b->len + n) cap *= 2;
    unsigned char *p = (unsigned char *)realloc(b->p, cap);
    if (p == NULL) return NULL;
    b->p = p;
    b->cap = cap;
  }
  unsigned char *at = b->p + b->len;
  b->len += n;
  return at;
}

static int put(ct_buf *b, const void *p, size_t n) {
  unsigned char *at = grow(b, n);
  if (at == NULL) return 0;
  if (n > 0) memcpy(at, p, n);
  return 1;
}

static int put_tag(ct_buf *b, int tag) {
  unsigned char t = (unsigned char)tag;
  return put(b, &t, 1);
}

static int put_bytes(ct_buf *b, const void *p, size_t n) {
  uint32_t len = (uint32_t)n;
  return n <= UINT32_MAX && put(b, &len, 4) && put(b, p, n);
}

// ---- geometries ----------------------------------------------------------

// plain_geometry gives a geometry of the seven OGC simple types, with straight
// edges; it takes ownership of g.
static OGRGeometryH plain_geometry(OGRGeometryH g) {
  if (g == NULL) return NULL;
  if (OGR_G_HasCurveGeometry(g, FALSE)) {
    OGRGeometryH lin = OGR_G_GetLinearGeometry(g, 0, NULL);
    OGR_G_DestroyGeometry(g);
    g = lin;
    if (g == NULL) return NULL;
  }
  switch (wkbFlatten(OGR_G_GetGeometryType(g))) {
    case wkbPolyhedralSurface:
    case wkbTIN:
      g = OGR_G_ForceTo(g, wkbMultiPolygon, NULL);
      break;
    case wkbTriangle:
      g = OGR_G_ForceTo(g, wkbPolygon, NULL);
      break;
    default:
      break;
  }
  return g;
}

static int put_geometry(ct_buf *b, OGRGeometryH ref, int *state) {
  uint32_t zero = 0;
  *state = GEOM_NONE;
  if (ref == NULL) return put_tag(b, GEOM_NONE) && put(b, &zero, 4);
  if (OGR_G_IsEmpty(ref)) {
    *state = GEOM_EMPTY;
    return put_tag(b, GEOM_EMPTY) && put(b, &zero, 4);
  }
  OGRGeometryH g = plain_geometry(OGR_G_Clone(ref));
  size_t n = g == NULL ? 0 : OGR_G_WkbSizeEx(g);
  if (n == 0 || n > INT32_MAX) {
    *state = GEOM_BAD;
    if (g != NULL) OGR_G_DestroyGeometry(g);
    return put_tag(b, GEOM_BAD) && put(b, &zero, 4);
  }
  size_t mark = b->len;
  uint32_t len = (uint32_t)n;
  int ok = put_tag(b, GEOM_WKB) && put(b, &len, 4);
  unsigned char *at = ok ? grow(b, n) : NULL;
  if (at != NULL && OGR_G_ExportToIsoWkb(g, wkbNDR, at) != OGRERR_NONE) {
    *state = GEOM_BAD;
    b->len = mark;
    ok = put_tag(b, GEOM_BAD) && put(b, &zero, 4);
  } else if (at != NULL) {
    *state = GEOM_WKB;
  } else {
    ok = 0;
  }
  OGR_G_DestroyGeometry(g);
  return ok;
}

static int from_wkb(const void *wkb, size_t n, OGRGeometryH *g) {
  *g = NULL;
  return OGR_G_CreateFromWkbEx(wkb, NULL, g, n) == OGRERR_NONE && *g != NULL;
}

int ct_make_valid(const void *wkb, size_t n, unsigned char **out, size_t *outn, ct_err *e) {
  OGRGeometryH g = NULL, v = NULL;
  *out = NULL;
  *outn = 0;
  ct_begin(e);
  int ok = from_wkb(wkb, n, &g);
  if (ok) {
    v = OGR_G_MakeValid(g);
    ok = v != NULL;
  }
  if (ok && !OGR_G_IsEmpty(v)) {
    *outn = OGR_G_WkbSizeEx(v);
    *out = (unsigned char *)malloc(*outn);
    ok = *out != NULL && OGR_G_ExportToIsoWkb(v, wkbNDR, *out) == OGRERR_NONE;
  }
  if (g != NULL) OGR_G_DestroyGeometry(g);
  if (v != NULL) OGR_G_DestroyGeometry(v);
  return ct_end(e, !ok, "repairing the geometry");
}

// ct_is_valid returns 1 valid, 0 not valid (the reason is the warning in e),
// -1 the geometry could not be read.
int ct_is_valid(const void *wkb, size_t n, ct_err *e) {
  OGRGeometryH g = NULL;
  ct_begin(e);
  if (!from_wkb(wkb, n, &g)) {
    ct_end(e, 1, "reading the geometry");
    return -1;
  }
  int valid = OGR_G_IsValid(g);
  OGR_G_DestroyGeometry(g);
  ct_end(e, 0, "");
  return valid ? 1 : 0;
}

void ct_free(void *p) { free(p); }

// ---- reading rows --------------------------------------------------------

static int put_datetime(ct_buf *b, OGRFeatureH f, int i) {
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, tz = 0;
  float sec = 0;
  if (!OGR_F_GetFieldAsDateTimeEx(f, i, &y, &mo, &d, &h, &mi, &sec, &tz)) return put_tag(b, 0);
  int32_t v[7] = {y, mo, d, h, mi, (int32_t)lrint(sec * 1000.0), tz};
  return put_tag(b, 9) && put(b, v, sizeof v);
}

static int put_list(ct_buf *b, OGRFeatureH f, int i, OGRFieldType type) {
  int n = 0;
  uint32_t count;
  if (type == OFTRealList) {
    const double *v = OGR_F_GetFieldAsDoubleList(f, i, &n);
    count = (uint32_t)n;
    return put_tag(b, 7) && put(b, &count, 4) && put(b, v, (size_t)n * 8);
  }
  if (type == OFTStringList) {
    char **v = OGR_F_GetFieldAsStringList(f, i);
    count = (uint32_t)CSLCount(v);
    int ok = put_tag(b, 8) && put(b, &count, 4);
    for (uint32_t k = 0; ok && k < count; k++) ok = put_bytes(b, v[k], strlen(v[k]));
    return ok;
  }
  if (type == OFTInteger64List) {
    const GIntBig *v = OGR_F_GetFieldAsInteger64List(f, i, &n);
    count = (uint32_t)n;
    return put_tag(b, 6) && put(b, &count, 4) && put(b, v, (size_t)n * 8);
  }
  const int *v = OGR_F_GetFieldAsIntegerList(f, i, &n);
  count = (uint32_t)n;
  int ok = put_tag(b, 6) && put(b, &count, 4);
  for (int k = 0; ok && k < n; k++) {
    int64_t x = v[k];
    ok = put(b, &x, 8);
  }
  return ok;
}

static int put_field(ct_buf *b, OGRFeatureH f, int i) {
  if (!OGR_F_IsFieldSetAndNotNull(f, i)) return put_tag(b, 0);
  OGRFieldDefnH def = OGR_F_GetFieldDefnRef(f, i);
  OGRFieldType type = OGR_Fld_GetType(def);
  switch (type) {
    case OFTInteger:
    case OFTInteger64: {
      int64_t v = OGR_F_GetFieldAsInteger64(f, i);
      if (OGR_Fld_GetSubType(def) == OFSTBoolean) return put_tag(b, 5) && put_tag(b, v != 0);
      return put_tag(b, 1) && put(b, &v, 8);
    }
    case OFTReal: {
      double v = OGR_F_GetFieldAsDouble(f, i);
      return put_tag(b, 2) && put(b, &v, 8);
    }
    case OFTBinary: {
      int n = 0;
      const void *v = OGR_F_GetFieldAsBinary(f, i, &n);
      return put_tag(b, 4) && put_bytes(b, v, (size_t)n);
    }
    case OFTDate:
    case OFTTime:
    case OFTDateTime:
      return put_datetime(b, f, i);
    case OFTIntegerList:
    case OFTInteger64List:
    case OFTRealList:
    case OFTStringList:
      return put_list(b, f, i, type);
    default: {
      const char *v = OGR_F_GetFieldAsString(f, i);
      return put_tag(b, 3) && put_bytes(b, v, strlen(v));
    }
  }
}

// ct_layer_next returns 1 with a row, 0 at the end, -1 on failure. *problem
// is 1 when the row's geometry could not be decoded: e then says why.
int ct_layer_next(OGRLayerH layer, ct_buf *row, int *problem, ct_err *e) {
  row->len = 0;
  *problem = 0;
  ct_begin(e);
  OGRFeatureH f = OGR_L_GetNextFeature(layer);
  if (f == NULL) return ct_end(e, 0, "") ? -1 : 0;
  // The row is here: a failure said while reading it is about its geometry.
  *problem = e->cls >= CE_Failure;
  int64_t fid = OGR_F_GetFID(f);
  int state = GEOM_NONE;
  int ok = put(row, &fid, 8) && put_geometry(row, OGR_F_GetGeometryRef(f), &state);
  if (state == GEOM_BAD) *problem = 1;
  int n = OGR_F_GetFieldCount(f);
  for (int i = 0; ok && i < n; i++) ok = put_field(row, f, i);
  OGR_F_Destroy(f);
  ct_end(e, 0, "");
  if (!ok) {
    e->cls = CE_Failure;
    e->num = CPLE_OutOfMemory;
    snprintf(e->msg, sizeof e->msg, "no memory for a row");
    return -1;
  }
  return 1;
}

void ct_layer_filter(OGRLayerH layer, double x0, double y0, double x1, double y1, ct_err *e) {
  ct_begin(e);
  OGR_L_SetSpatialFilterRect(layer, x0, y0, x1, y1);
  ct_end(e, 0, "");
}

void ct_layer_rewind(OGRLayerH layer, ct_err *e) {
  ct_begin(e);
  OGR_L_SetSpatialFilter(layer, NULL);
  OGR_L_ResetReading(layer);
  ct_end(e, 0, "");
}

int64_t ct_layer_count(OGRLayerH layer, int force, ct_err *e) {
  ct_begin(e);
  int64_t n = OGR_L_GetFeatureCount(layer, force);
  ct_end(e, 0, "");
  return n;
}

// ---- writing rows --------------------------------------------------------

OGRLayerH ct_layer_create(GDALDatasetH ds, const char *name, OGRSpatialReferenceH srs, int gtype, int z, int m,
                          char **opts, ct_err *e) {
  ct_begin(e);
  OGRwkbGeometryType t = (OGRwkbGeometryType)gtype;
  if (t != wkbNone) t = OGR_GT_SetModifier(t, z, m);
  OGRLayerH l = GDALDatasetCreateLayer(ds, name, srs, t, opts);
  return ct_end(e, l == NULL, "creating the layer") ? NULL : l;
}

int ct_field_create(OGRLayerH layer, const char *name, const char *alias, int type, int subtype, ct_err *e) {
  ct_begin(e);
  OGRFieldDefnH d = OGR_Fld_Create(name, (OGRFieldType)type);
  OGR_Fld_SetSubType(d, (OGRFieldSubType)subtype);
  if (*alias) OGR_Fld_SetAlternativeName(d, alias);
  OGRErr r = OGR_L_CreateField(layer, d, TRUE);
  OGR_Fld_Destroy(d);
  return ct_end(e, r != OGRERR_NONE, "creating a field");
}

static const unsigned char *set_field(OGRFeatureH f, int i, const unsigned char *p) {
  uint32_t n;
  int64_t v;
  double d;
  int32_t t[7];
  switch (*p++) {
    case 0:
      OGR_F_SetFieldNull(f, i);
      return p;
    case 1:
      memcpy(&v, p, 8);
      OGR_F_SetFieldInteger64(f, i, v);
      return p + 8;
    case 2:
      memcpy(&d, p, 8);
      OGR_F_SetFieldDouble(f, i, d);
      return p + 8;
    case 3:  // the text is followed by a zero byte
      memcpy(&n, p, 4);
      OGR_F_SetFieldString(f, i, (const char *)p + 4);
      return p + 4 + n + 1;
    case 4:
      memcpy(&n, p, 4);
      OGR_F_SetFieldBinary(f, i, (int)n, p + 4);
      return p + 4 + n;
    case 5:
      OGR_F_SetFieldInteger(f, i, *p);
      return p + 1;
    case 9:
      memcpy(t, p, sizeof t);
      OGR_F_SetFieldDateTimeEx(f, i, t[0], t[1], t[2], t[3], t[4], (float)(t[5] / 1000.0), t[6]);
      return p + sizeof t;
    default:
      return NULL;
  }
}

int ct_layer_write(OGRLayerH layer, const unsigned char *row, size_t n, ct_err *e) {
  const unsigned char *p = row;
  int64_t fid;
  uint32_t len;
  OGRErr r = OGRERR_NONE;
  ct_begin(e);
  OGRFeatureH f = OGR_F_Create(OGR_L_GetLayerDefn(layer));
  memcpy(&fid, p, 8);
  if (fid != OGRNullFID) OGR_F_SetFID(f, fid);
  int state = p[8];
  memcpy(&len, p + 9, 4);
  p += 13;
  if (state == GEOM_WKB) {
    OGRGeometryH g = NULL;
    if (from_wkb(p, len, &g))
      OGR_F_SetGeometryDirectly(f, g);
    else
      r = OGRERR_CORRUPT_DATA;
    p += len;
  }
  int fields = OGR_F_GetFieldCount(f);
  for (int i = 0; r == OGRERR_NONE && i < fields; i++) {
    p = p < row + n ? set_field(f, i, p) : NULL;
    if (p == NULL) r = OGRERR_CORRUPT_DATA;
  }
  if (r == OGRERR_NONE) r = OGR_L_CreateFeature(layer, f);
  OGR_F_Destroy(f);
  return ct_end(e, r != OGRERR_NONE, "writing the feature");
}

// what: 0 start, 1 commit, 2 roll back. Returns -1 when the format has no
// transactions, 0 when done, 1 on failure.
int ct_transaction(GDALDatasetH ds, int what, ct_err *e) {
  ct_begin(e);
  int can = GDALDatasetTestCapability(ds, ODsCTransactions);
  OGRErr r = OGRERR_NONE;
  if (can && what == 0) r = GDALDatasetStartTransaction(ds, FALSE);
  if (can && what == 1) r = GDALDatasetCommitTransaction(ds);
  if (can && what == 2) r = GDALDatasetRollbackTransaction(ds);
  int failed = ct_end(e, r != OGRERR_NONE, "the transaction");
  return can ? failed : -1;
}

// ct_sql runs a statement in the file's own SQL; a result set is given back,
// to be freed by ct_sql_free.
OGRLayerH ct_sql(GDALDatasetH ds, const char *sql, ct_err *e) {
  ct_begin(e);
  OGRLayerH l = GDALDatasetExecuteSQL(ds, sql, NULL, NULL);
  if (ct_end(e, 0, "running a statement") && l != NULL) {
    GDALDatasetReleaseResultSet(ds, l);
    l = NULL;
  }
  return l;
}

void ct_sql_free(GDALDatasetH ds, OGRLayerH l) {
  if (l != NULL) GDALDatasetReleaseResultSet(ds, l);
}
