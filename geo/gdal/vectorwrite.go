package gdal

/*
#include "shim.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unsafe"

	"contado/geo"
	"contado/geo/fault"
	"github.com/airbusgeo/godal"
)

// VectorWriteOptions tunes WriteVectorWith.
type VectorWriteOptions struct {
	// DatasetOptions and LayerOptions are creation options KEY=VALUE; those
	// that the writer sets itself come first.
	DatasetOptions, LayerOptions []string
	// Description is kept in a GeoPackage's table of contents.
	Description string
	// KeepIDs says whether Feature.ID becomes the format's feature id; nil
	// means yes where the format keeps ids (GPKG, GeoJSON). An ID of 0 lets
	// the format number the feature itself.
	KeepIDs *bool
	// OnWarning hears what the format could not keep as it was: a field name
	// cut to ten letters by Shapefile, a value too wide for its column. nil:
	// such a loss is an error (Invalid).
	OnWarning func(message string)
}

// batch is how many features go into one transaction.
const batch = 50000

// WriteVector makes a file of one layer with one of the drivers GPKG (with a
// spatial index), GeoJSON, GeoJSONSeq, FlatGeobuf, ESRI Shapefile or CSV.
// next gives the features until its second value is false. A layer of Multi
// type takes single geometries too. A file that is there is not touched
// (Exist). On an error the file is left unfinished:
// the caller removes it.
//
// Errors: Invalid for values or geometries that do not fit the schema;
// Unsupported for another driver; those of next.
func WriteVector(ctx context.Context, path, driver, layer string, s geo.Schema, next func() (geo.Feature, bool, error)) error {
	return WriteVectorWith(ctx, path, driver, layer, s, nil, next)
}

// WriteVectorWith is WriteVector with options; nil means defaults.
func WriteVectorWith(ctx context.Context, path, driver, layer string, s geo.Schema, o *VectorWriteOptions,
	next func() (geo.Feature, bool, error),
) error {
	w, err := CreateVector(path, driver, layer, s, o)
	if err != nil {
		return err
	}
	for err == nil {
		f, more, nerr := next()
		if err = nerr; err != nil || !more {
			break
		}
		err = w.Write(ctx, f)
	}
	if err != nil {
		return errors.Join(err, w.Abort())
	}
	return w.Close()
}

// VectorWriter is a vector file being written, for one goroutine.
type VectorWriter struct {
	ds     *godal.Dataset
	path   string
	layer  C.OGRLayerH
	schema geo.Schema
	ids    bool
	warn   func(string)
	row    []byte
	nan    []float64
	n      int64
}

// lossy looks at the warning that a call left. Without a listener it is an
// error: nothing is cut in silence.
func (w *VectorWriter) lossy(e *C.ct_err) error {
	if e.cls != 2 {
		return nil
	}
	msg := C.GoString(&e.msg[0])
	if w.warn == nil {
		return fault.Errorf("gdal.WriteVector", fault.Invalid, "write to %s: %s", w.path, msg)
	}
	w.warn(msg)
	return nil
}

var vectorFormats = map[string]struct{ ids bool }{
	"GPKG": {true}, "GeoJSON": {true}, "GeoJSONSeq": {true}, "FlatGeobuf": {}, "ESRI Shapefile": {}, "CSV": {},
}

// CreateVector is WriteVectorWith for rows that come one by one; the caller
// ends with Close, or with Abort and removes the file.
func CreateVector(path, driver, layer string, s geo.Schema, o *VectorWriteOptions) (*VectorWriter, error) {
	const op = "gdal.WriteVector"
	setup()
	if o == nil {
		o = &VectorWriteOptions{}
	}
	format, ok := vectorFormats[driver]
	if !ok {
		return nil, fault.Errorf(op, fault.Unsupported, "cannot write vector files with driver %q", driver)
	}
	name, err := outputName(op, path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(name); err == nil {
		return nil, fault.Errorf(op, fault.Exist, "%s is there already", path)
	}
	if layer == "" || strings.ContainsRune(layer, 0) {
		return nil, fault.Errorf(op, fault.Invalid, "layer name %q cannot be used", layer)
	}
	var c call
	ds, err := godal.CreateVector(godal.DriverName(driver), name,
		godal.CreationOption(o.DatasetOptions...), godal.ErrLogger(c.handle))
	if err != nil {
		return nil, wrap(op, fault.Other, err, "create %s", path)
	}
	w := &VectorWriter{ds: ds, path: path, schema: s, ids: format.ids, warn: o.OnWarning}
	if o.KeepIDs != nil {
		w.ids = *o.KeepIDs
	}
	if err = w.createLayer(driver, layer, o); err == nil {
		err = w.transaction(0)
	}
	if err != nil {
		return nil, errors.Join(err, ds.Close(godal.ErrLogger(c.handle)))
	}
	return w, nil
}

var geometryCodes = map[string]C.int{
	"": 100, "Geometry": 0, "Point": 1, "LineString": 2, "Polygon": 3, "MultiPoint": 4,
	"MultiLineString": 5, "MultiPolygon": 6, "GeometryCollection": 7,
}

func (w *VectorWriter) createLayer(driver, layer string, o *VectorWriteOptions) error {
	const op = "gdal.WriteVector"
	code, ok := geometryCodes[w.schema.GeometryType]
	if !ok {
		return fault.Errorf(op, fault.Invalid, "unknown geometry type %q", w.schema.GeometryType)
	}
	var ref C.OGRSpatialReferenceH
	if w.schema.CRS.Known() {
		s, err := newSRS(string(w.schema.CRS))
		if err != nil {
			return err
		}
		defer s.close()
		ref = s.h
	}
	var list **C.char
	for _, kv := range append(w.layerDefaults(driver, o), o.LayerOptions...) {
		cs := C.CString(kv)
		list = C.CSLAddString(list, cs)
		C.free(unsafe.Pointer(cs))
	}
	defer C.CSLDestroy(list)
	cname := C.CString(layer)
	defer C.free(unsafe.Pointer(cname))
	var e C.ct_err
	w.layer = C.ct_layer_create(datasetHandle(w.ds), cname, ref, code, flag(w.schema.HasZ), flag(w.schema.HasM), list, &e)
	if w.layer == nil {
		return wrap(op, fault.Invalid, shimError(&e), "create layer %s of %s", layer, w.path)
	}
	for _, f := range w.schema.Fields {
		if err := w.createField(f); err != nil {
			return err
		}
	}
	if driver == "GPKG" {
		return w.describeColumns(layer)
	}
	return nil
}

func flag(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

func (w *VectorWriter) layerDefaults(driver string, o *VectorWriteOptions) []string {
	switch driver {
	case "GPKG":
		out := []string{"SPATIAL_INDEX=YES", "FID=" + w.freeName("fid"), "GEOMETRY_NAME=" + w.freeName("geom")}
		if o.Description != "" {
			out = append(out, "DESCRIPTION="+o.Description)
		}
		return out
	case "FlatGeobuf":
		return []string{"SPATIAL_INDEX=YES"}
	case "CSV":
		if w.schema.GeometryType != "" {
			return []string{"GEOMETRY=AS_WKT"} // else GDAL would drop it
		}
	case "ESRI Shapefile":
		return []string{"ENCODING=UTF-8"}
	}
	return nil
}

// freeName is a column name that no field has; SQL does not tell case.
func (w *VectorWriter) freeName(base string) string {
	name := base
	for n := 1; slices.ContainsFunc(w.schema.Fields, func(f geo.Field) bool { return strings.EqualFold(f.Name, name) }); n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	return name
}

func (w *VectorWriter) createField(f geo.Field) error {
	const op = "gdal.WriteVector"
	if f.Name == "" || strings.ContainsRune(f.Name, 0) {
		return fault.Errorf(op, fault.Invalid, "field name %q cannot be used", f.Name)
	}
	t, sub := oftString, 0
	switch f.Type {
	case geo.String:
	case geo.Integer:
		t = oftInteger64
	case geo.Real:
		t = oftReal
	case geo.Boolean:
		t, sub = oftInteger, ofstBoolean
	case geo.Date:
		t = oftDate
	case geo.DateTime:
		t = oftDateTime
	case geo.Binary:
		t = oftBinary
	case geo.JSON:
		sub = ofstJSON
	default:
		return fault.Errorf(op, fault.Invalid, "field %s is of unknown type %q", f.Name, f.Type)
	}
	cs, alias := C.CString(f.Name), C.CString(strings.ReplaceAll(f.Alias, "\x00", ""))
	defer C.free(unsafe.Pointer(cs))
	defer C.free(unsafe.Pointer(alias))
	var e C.ct_err
	if C.ct_field_create(w.layer, cs, alias, C.int(t), C.int(sub), &e) != 0 {
		return wrap(op, fault.Invalid, shimError(&e), "create field %s of %s", f.Name, w.path)
	}
	return w.lossy(&e)
}

// transaction runs one step; formats without transactions do nothing.
func (w *VectorWriter) transaction(what C.int) error {
	var e C.ct_err
	if C.ct_transaction(datasetHandle(w.ds), what, &e) == 1 {
		return wrap("gdal.WriteVector", fault.Other, shimError(&e), "transaction on %s", w.path)
	}
	return nil
}

// Write adds a row.
func (w *VectorWriter) Write(ctx context.Context, f geo.Feature) error {
	w.n++
	if w.n%64 == 1 && ctx.Err() != nil {
		return fault.E("gdal.WriteVector", fault.Canceled, ctx.Err())
	}
	if err := w.write(f); err != nil {
		return fmt.Errorf("feature %d (number %d): %w", f.ID, w.n, err)
	}
	if w.n%batch == 0 {
		if err := w.transaction(1); err != nil {
			return err
		}
		return w.transaction(0)
	}
	return nil
}

// Close finishes the file.
func (w *VectorWriter) Close() error {
	err := w.transaction(1)
	var c call
	return errors.Join(err, wrap("gdal.WriteVector", fault.Other, w.ds.Close(godal.ErrLogger(c.handle)), "finish %s", w.path))
}

// Abort lets go of a file that is not to be finished.
func (w *VectorWriter) Abort() error {
	_ = w.transaction(2) // what made the caller give up is the error to tell
	var c call
	_ = w.ds.Close(godal.ErrLogger(c.handle))
	return nil
}
