// The part of GDAL's C API that godal does not wrap, or wraps in a way that
// loses information (attribute nulls, read errors in mid layer, field
// subtypes, creation options of layers, PROJ errors). Every function here
// collects errors through its own handler, on the thread of the call, and
// hands them back in a ct_err.
#ifndef CONTADO_GDAL_SHIM_H
#define CONTADO_GDAL_SHIM_H

#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_http.h>
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <gdal.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>
#include <stdint.h>
#include <stdlib.h>

// ct_err is the first failure of a call; without one, the last warning.
typedef struct {
  int cls;       // CPLErr: 0 nothing, 2 warning, 3 failure
  int num;       // CPLE_*
  int warnings;  // how many warnings came
  char msg[1024];
} ct_err;

// ct_begin starts collecting into e; ct_end stops. A call that failed without
// saying why is given words. True when there is a failure.
void ct_begin(ct_err *e);
int ct_end(ct_err *e, int failed, const char *what);

void ct_setup(int64_t cache_bytes, const char *threads);
void ct_set_cache(int64_t bytes);
int ct_quiet_hdf5(void); // whether HDF5 is there

// Raster
int ct_rasterio(GDALRasterBandH band, double x, double y, double w, double h, void *buf, int bw, int bh,
                int dtype, int alg, ct_err *e);
int ct_write(GDALRasterBandH band, int x, int y, int w, int h, const void *buf, int dtype, ct_err *e);
int ct_nodata(GDALRasterBandH band, double *value);
int ct_set_unit(GDALRasterBandH band, const char *unit, ct_err *e);
int ct_geotransform(GDALDatasetH ds, double *gt);

// Spatial reference systems
OGRSpatialReferenceH ct_srs_new(const char *text, int form, ct_err *e);
void ct_srs_free(OGRSpatialReferenceH s);
char *ct_srs_wkt2(OGRSpatialReferenceH s, ct_err *e);
char *ct_srs_projjson(OGRSpatialReferenceH s, ct_err *e);
char *ct_srs_identify(OGRSpatialReferenceH s, ct_err *e);
int ct_srs_kind(OGRSpatialReferenceH s);
int ct_srs_flatten(OGRSpatialReferenceH s, ct_err *e);
int ct_srs_area(OGRSpatialReferenceH s, double *wesn, const char **name);

// Coordinate transformations
OGRCoordinateTransformationH ct_trn_new(OGRSpatialReferenceH src, OGRSpatialReferenceH dst, ct_err *e);
int ct_trn_apply(OGRCoordinateTransformationH t, int n, double *x, double *y, int *ok, ct_err *e);

// Geometries as WKB; *out is freed by ct_free
int ct_make_valid(const void *wkb, size_t n, unsigned char **out, size_t *outn, ct_err *e);
int ct_is_valid(const void *wkb, size_t n, ct_err *e);
void ct_free(void *p);

// Vector layers. ct_buf is a growing row buffer shared by reader and writer.
typedef struct {
  unsigned char *p;
  size_t len, cap;
} ct_buf;
void ct_buf_free(ct_buf *b);
int ct_layer_next(OGRLayerH layer, ct_buf *row, int *problem, ct_err *e);
void ct_layer_filter(OGRLayerH layer, double x0, double y0, double x1, double y1, ct_err *e);
void ct_layer_rewind(OGRLayerH layer, ct_err *e);
int64_t ct_layer_count(OGRLayerH layer, int force, ct_err *e);
OGRLayerH ct_layer_create(GDALDatasetH ds, const char *name, OGRSpatialReferenceH srs, int gtype, int z, int m,
                          char **opts, ct_err *e);
int ct_field_create(OGRLayerH layer, const char *name, const char *alias, int type, int subtype, ct_err *e);
OGRLayerH ct_sql(GDALDatasetH ds, const char *sql, ct_err *e);
void ct_sql_free(GDALDatasetH ds, OGRLayerH l);
int ct_layer_write(OGRLayerH layer, const unsigned char *row, size_t n, ct_err *e);
int ct_transaction(GDALDatasetH ds, int what, ct_err *e);

#endif
