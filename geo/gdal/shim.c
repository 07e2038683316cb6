#ifndef _GNU_SOURCE
#define _GNU_SOURCE // RTLD_DEFAULT
#endif
#include "shim.h"

#include <dlfcn.h>
#include <math.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

static void CPL_STDCALL ct_handler(CPLErr cls, CPLErrorNum num, const char *msg) {
  ct_err *e = (ct_err *)CPLGetErrorHandlerUserData();
  if (e == NULL || cls < CE_Warning) return;
  if (cls == CE_Warning) e->warnings++;
  if (e->cls >= CE_Failure || (int)cls < e->cls) return;
  e->cls = (int)cls;
  e->num = (int)num;
  snprintf(e->msg, sizeof e->msg, "%s", msg == NULL ? "" : msg);
}

void ct_begin(ct_err *e) {
  memset(e, 0, sizeof *e);
  CPLPushErrorHandlerEx(ct_handler, e);
}

int ct_end(ct_err *e, int failed, const char *what) {
  CPLPopErrorHandler();
  if (failed && e->cls < CE_Failure) {
    e->cls = CE_Failure;
    e->num = CPLE_AppDefined;
    if (e->msg[0] == 0) snprintf(e->msg, sizeof e->msg, "%s failed without a message", what);
  }
  return e->cls >= CE_Failure;
}

// ---- process set-up ------------------------------------------------------

static void *no_open(void *user, const char *name, const char *access) {
  (void)user;
  (void)access;
  CPLError(CE_Failure, CPLE_NotSupported, "remote files are switched off: %s", name);
  return NULL;
}

static int no_stat(void *user, const char *name, VSIStatBufL *st, int flags) {
  (void)user;
  (void)name;
  (void)flags;
  (void)st;
  return -1;
}

static CPLHTTPResult *no_fetch(const char *url, CSLConstList opts, GDALProgressFunc progress, void *arg,
                               CPLHTTPFetchWriteFunc write, void *write_arg, void *user) {
  (void)opts;
  (void)progress;
  (void)arg;
  (void)write;
  (void)write_arg;
  (void)user;
  CPLHTTPResult *r = (CPLHTTPResult *)CPLCalloc(1, sizeof *r);
  r->nStatus = 1;
  r->pszErrBuf = CPLStrdup("network access is switched off");
  CPLError(CE_Failure, CPLE_NotSupported, "network access is switched off: %s", url);
  return r;
}

// The handlers of remote file systems are replaced by one that refuses, so
// that no file (a VRT, a sidecar) can make the process speak to a server.
static void refuse_remote(void) {
  static const char *const prefixes[] = {
      "/vsicurl/",  "/vsicurl_streaming/",  "/vsicurl?",     "/vsis3/",    "/vsis3_streaming/",
      "/vsigs/",    "/vsigs_streaming/",    "/vsiaz/",       "/vsiaz_streaming/",
      "/vsiadls/",  "/vsioss/",             "/vsioss_streaming/", "/vsiswift/", "/vsiswift_streaming/",
      "/vsihdfs/",  "/vsiwebhdfs/",         "/vsistdin/",    "/vsistdin?", "/vsistdout/", NULL};
  for (int i = 0; prefixes[i] != NULL; i++) {
    VSIFilesystemPluginCallbacksStruct *cb = VSIAllocFilesystemPluginCallbacksStruct();
    cb->open = no_open;
    cb->stat = no_stat;
    VSIInstallPluginHandler(prefixes[i], cb);
    VSIFreeFilesystemPluginCallbacksStruct(cb);
  }
  CPLHTTPSetFetchCallback(no_fetch, NULL);
}

void ct_setup(int64_t cache_bytes, const char *threads) {
#ifdef __GLIBC__
  // Blocks are read by many threads and freed by others: with an arena for
  // each thread the memory that glibc keeps grows without end.
  mallopt(M_ARENA_MAX, 2);
#endif
  // What no handler of ours catches must not be printed to standard error.
  CPLSetErrorHandler(CPLQuietErrorHandler);
  CPLSetConfigOption("GDAL_NUM_THREADS", threads);
  CPLSetConfigOption("PROJ_NETWORK", "OFF");
  CPLSetConfigOption("CPL_VSIL_CURL_ALLOWED_EXTENSIONS", "none");
  CPLSetConfigOption("GDAL_HTTP_MAX_RETRY", "0");
  CPLSetConfigOption("CPL_DEBUG", "OFF");
  // Python and plug-ins named by a file must never run.
  CPLSetConfigOption("GDAL_VRT_ENABLE_PYTHON", "NO");
  CPLSetConfigOption("GML_SKIP_RESOLVE_ELEMS", "ALL");
  CPLSetConfigOption("GML_DOWNLOAD_SCHEMA", "NO");
  CPLSetConfigOption("OGR_SQLITE_LOAD_EXTENSIONS", NULL);
  // An .aux.xml beside a file that is only read must not appear.
  CPLSetConfigOption("GDAL_PAM_PROXY_DIR", NULL);
  OSRSetPROJEnableNetwork(FALSE);
  ct_set_cache(cache_bytes);
  refuse_remote();
}

// HDF5 prints what goes wrong to standard error, thread by thread, unless the
// thread says not to. It comes with GDAL or does not; we do not link to it.
int ct_quiet_hdf5(void) {
  typedef int (*set_auto)(int64_t stack, void *func, void *data);
  set_auto f = NULL;
  *(void **)&f = dlsym(RTLD_DEFAULT, "H5Eset_auto2");
  if (f != NULL) f(0, NULL, NULL);
  return f != NULL;
}

void ct_set_cache(int64_t bytes) { GDALSetCacheMax64((GIntBig)bytes); }

// ---- rasters -------------------------------------------------------------

int ct_rasterio(GDALRasterBandH band, double x, double y, double w, double h, void *buf, int bw, int bh,
                int dtype, int alg, ct_err *e) {
  int maxx = GDALGetRasterBandXSize(band), maxy = GDALGetRasterBandYSize(band);
  GDALRasterIOExtraArg extra;
  INIT_RASTERIO_EXTRA_ARG(extra);
  extra.eResampleAlg = (GDALRIOResampleAlg)alg;
  extra.bFloatingPointWindowValidity = TRUE;
  extra.dfXOff = x;
  extra.dfYOff = y;
  extra.dfXSize = w;
  extra.dfYSize = h;
  int x0 = (int)floor(x + 1e-6), y0 = (int)floor(y + 1e-6);
  int x1 = (int)ceil(x + w - 1e-6), y1 = (int)ceil(y + h - 1e-6);
  if (x0 < 0) x0 = 0;
  if (y0 < 0) y0 = 0;
  if (x1 > maxx) x1 = maxx;
  if (y1 > maxy) y1 = maxy;
  if (x0 >= maxx) x0 = maxx - 1;
  if (y0 >= maxy) y0 = maxy - 1;
  if (x1 <= x0) x1 = x0 + 1;
  if (y1 <= y0) y1 = y0 + 1;
  ct_begin(e);
  CPLErr r = GDALRasterIOEx(band, GF_Read, x0, y0, x1 - x0, y1 - y0, buf, bw, bh, (GDALDataType)dtype, 0, 0, &extra);
  return ct_end(e, r != CE_None, "reading cells");
}

int ct_write(GDALRasterBandH band, int x, int y, int w, int h, const void *buf, int dtype, ct_err *e) {
  ct_begin(e);
  CPLErr r = GDALRasterIO(band, GF_Write, x, y, w, h, (void *)buf, w, h, (GDALDataType)dtype, 0, 0);
  return ct_end(e, r != CE_None, "writing cells");
}

int ct_nodata(GDALRasterBandH band, double *value) {
  int ok = 0;
  switch ((int)GDALGetRasterDataType(band)) {
    case GDT_Int64:
      *value = (double)GDALGetRasterNoDataValueAsInt64(band, &ok);
      break;
    case GDT_UInt64:
      *value = (double)GDALGetRasterNoDataValueAsUInt64(band, &ok);
      break;
    default:
      *value = GDALGetRasterNoDataValue(band, &ok);
  }
  return ok;
}

int ct_set_unit(GDALRasterBandH band, const char *unit, ct_err *e) {
  ct_begin(e);
  return ct_end(e, GDALSetRasterUnitType(band, unit) != CE_None, "setting the unit");
}

int ct_geotransform(GDALDatasetH ds, double *gt) { return GDALGetGeoTransform(ds, gt) == CE_None; }

// ---- spatial reference systems -------------------------------------------

OGRSpatialReferenceH ct_srs_new(const char *text, int form, ct_err *e) {
  OGRSpatialReferenceH s = OSRNewSpatialReference(NULL);
  OGRErr r;
  ct_begin(e);
  OSRSetAxisMappingStrategy(s, OAMS_TRADITIONAL_GIS_ORDER);
  if (form == 0) {  // AUTHORITY:CODE, URN or PROJJSON; the caller lets no file name or address through
    r = OSRSetFromUserInput(s, text);
  } else if (form == 1) {
    char *p = (char *)text;
    r = OSRImportFromWkt(s, &p);
  } else {
    r = OSRImportFromProj4(s, text);
  }
  if (ct_end(e, r != OGRERR_NONE, "reading the reference system")) {
    OSRRelease(s);
    return NULL;
  }
  OSRSetAxisMappingStrategy(s, OAMS_TRADITIONAL_GIS_ORDER);
  return s;
}

void ct_srs_free(OGRSpatialReferenceH s) { OSRRelease(s); }

char *ct_srs_wkt2(OGRSpatialReferenceH s, ct_err *e) {
  static const char *const opts[] = {"FORMAT=WKT2_2019", "MULTILINE=NO", NULL};
  char *out = NULL;
  ct_begin(e);
  OGRErr r = OSRExportToWktEx(s, &out, opts);
  if (ct_end(e, r != OGRERR_NONE, "writing the reference system")) {
    CPLFree(out);
    return NULL;
  }
  return out;
}

char *ct_srs_projjson(OGRSpatialReferenceH s, ct_err *e) {
  static const char *const opts[] = {"MULTILINE=NO", "SCHEMA=", NULL};
  char *out = NULL;
  ct_begin(e);
  OGRErr r = OSRExportToPROJJSON(s, &out, opts);
  if (ct_end(e, r != OGRERR_NONE, "writing the reference system")) {
    CPLFree(out);
    return NULL;
  }
  return out;
}

static int is_same(OGRSpatialReferenceH a, OGRSpatialReferenceH b) {
  static const char *const opts[] = {"IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES",
                                     "CRITERION=EQUIVALENT_EXCEPT_AXIS_ORDER_GEOGCRS", NULL};
  return OSRIsSameEx(a, b, opts);
}

// same_as_code tells whether s is what its authority says the code is.
static int same_as_code(OGRSpatialReferenceH s, const char *code) {
  OGRSpatialReferenceH o = OSRNewSpatialReference(NULL);
  OSRSetAxisMappingStrategy(o, OAMS_TRADITIONAL_GIS_ORDER);
  int same = OSRSetFromUserInput(o, code) == OGRERR_NONE && is_same(s, o);
  OSRRelease(o);
  return same;
}

static char *code_of(OGRSpatialReferenceH s) {
  const char *name = OSRGetAuthorityName(s, NULL), *code = OSRGetAuthorityCode(s, NULL);
  if (name == NULL || code == NULL) return NULL;
  return CPLStrdup(CPLSPrintf("%s:%s", name, code));
}

// ct_srs_identify gives "AUTHORITY:CODE" when s really is that system: the
// code it carries is checked against the authority's definition, else PROJ's
// database is searched for an equivalent one.
//
// A shift to WGS 84 spelled out in the text is part of the system: only a null
// shift on GRS 80 or WGS 84 says nothing that the code does not say too.
static int own_shift(OGRSpatialReferenceH s) {
  double p[7] = {0};
  if (OSRGetTOWGS84(s, p, 7) != OGRERR_NONE) return 0;
  for (int i = 0; i < 7; i++)
    if (p[i] != 0) return 1;
  double f = OSRGetInvFlattening(s, NULL);
  return !(fabs(f - 298.257223563) < 1e-4);
}

char *ct_srs_identify(OGRSpatialReferenceH s, ct_err *e) {
  char *found = NULL;
  ct_begin(e);
  if (own_shift(s)) {
    ct_end(e, 0, "");
    return NULL;
  }
  char *own = code_of(s);
  if (own != NULL && same_as_code(s, own)) {
    found = own;
    own = NULL;
  }
  CPLFree(own);
  if (found == NULL) {
    // 70 is "the same but for names", which is_same then makes sure of. An EPSG
    // code goes before those of other authorities.
    int n = 0, *confidence = NULL;
    OGRSpatialReferenceH *m = OSRFindMatches(s, NULL, &n, &confidence);
    for (int i = 0; i < n && confidence[i] >= 70; i++) {
      const char *auth = OSRGetAuthorityName(m[i], NULL);
      int epsg = auth != NULL && EQUAL(auth, "EPSG");
      if ((found != NULL && !epsg) || !is_same(s, m[i])) continue;
      CPLFree(found);
      found = code_of(m[i]);
      if (epsg && found != NULL) break;
    }
    OSRFreeSRSArray(m);
    CPLFree(confidence);
  }
  // The search misses degrees that are longitude first and have no name, as
  // programs write them that speak PROJ texts.
  if (found == NULL && OSRIsGeographic(s)) {
    static const char *const plain[] = {"EPSG:4326", "EPSG:4258"};
    for (int i = 0; i < 2 && found == NULL; i++)
      if (same_as_code(s, plain[i])) found = CPLStrdup(plain[i]);
  }
  ct_end(e, 0, "");
  return found;
}

// 0 other, 1 geographic, 2 projected
int ct_srs_kind(OGRSpatialReferenceH s) {
  if (OSRIsGeographic(s)) return 1;
  if (OSRIsProjected(s)) return 2;
  return 0;
}

int ct_srs_flatten(OGRSpatialReferenceH s, ct_err *e) {
  ct_begin(e);
  OGRErr r = OGRERR_NONE;
  if (OSRIsCompound(s)) r = OSRStripVertical(s);
  if (r == OGRERR_NONE && OSRGetAxesCount(s) == 3 && !OSRIsGeocentric(s)) r = OSRDemoteTo2D(s, NULL);
  return ct_end(e, r != OGRERR_NONE, "dropping the vertical axis");
}

int ct_srs_area(OGRSpatialReferenceH s, double *wesn, const char **name) {
  return OSRGetAreaOfUse(s, &wesn[0], &wesn[2], &wesn[1], &wesn[3], name) && wesn[0] >= -180.000001;
}

// ---- coordinate transformations ------------------------------------------

OGRCoordinateTransformationH ct_trn_new(OGRSpatialReferenceH src, OGRSpatialReferenceH dst, ct_err *e) {
  ct_begin(e);
  OGRCoordinateTransformationH t = OCTNewCoordinateTransformation(src, dst);
  if (ct_end(e, t == NULL, "making the transformation") && t != NULL) {
    OCTDestroyCoordinateTransformation(t);
    t = NULL;
  }
  return t;
}

int ct_trn_apply(OGRCoordinateTransformationH t, int n, double *x, double *y, int *ok, ct_err *e) {
  ct_begin(e);
  int all = OCTTransformEx(t, n, x, y, NULL, ok);
  ct_end(e, 0, "");
  for (int i = 0; i < n; i++) {
    if (!ok[i] || !isfinite(x[i]) || !isfinite(y[i])) {
      x[i] = NAN;
      y[i] = NAN;
      all = 0;
    }
  }
  return all;
}
