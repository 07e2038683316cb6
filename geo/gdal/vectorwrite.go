package gdal

/*
#include "shim.h"
*/
import "C"

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"unsafe"

	"contado/geo"
	"contado/geo/fault"
	"github.com/airbusgeo/godal"
	"github.com/paulmach/orb"
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
	const op = "gdal.WriteVector"
	setup()
	if o == nil {
		o = &VectorWriteOptions{}
	}
	w, err := newVectorWriter(path, driver, layer, s, o)
	if err != nil {
		return err
	}
	err = w.writeAll(ctx, next)
	var c call
	if cerr := w.ds.Close(godal.ErrLogger(c.handle)); err == nil {
		err = wrap(op, fault.Other, cerr, "finish %s", path)
	}
	return err
}

type vectorWriter struct {
	ds     *godal.Dataset
	path   string
	layer  C.OGRLayerH
	schema geo.Schema
	ids    bool
	warn   func(string)
	row    []byte
}

// lossy looks at the warning that a call left. Without a listener it is an
// error: nothing is cut in silence.
func (w *vectorWriter) lossy(e *C.ct_err) error {
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

func newVectorWriter(path, driver, layer string, s geo.Schema, o *VectorWriteOptions) (*vectorWriter, error) {
	const op = "gdal.WriteVector"
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
	w := &vectorWriter{ds: ds, path: path, schema: s, ids: format.ids, warn: o.OnWarning}
	if o.KeepIDs != nil {
		w.ids = *o.KeepIDs
	}
	if err := w.createLayer(driver, layer, o); err != nil {
		_ = ds.Close(godal.ErrLogger(c.handle))
		return nil, err
	}
	return w, nil
}

var geometryCodes = map[string]C.int{
	"": 100, "Geometry": 0, "Point": 1, "LineString": 2, "Polygon": 3, "MultiPoint": 4,
	"MultiLineString": 5, "MultiPolygon": 6, "GeometryCollection": 7,
}

func (w *vectorWriter) createLayer(driver, layer string, o *VectorWriteOptions) error {
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
	w.layer = C.ct_layer_create(datasetHandle(w.ds), cname, ref, code, list, &e)
	if w.layer == nil {
		return wrap(op, fault.Invalid, shimError(&e), "create layer %s of %s", layer, w.path)
	}
	for _, f := range w.schema.Fields {
		if err := w.createField(f); err != nil {
			return err
		}
	}
	return nil
}

func (w *vectorWriter) layerDefaults(driver string, o *VectorWriteOptions) []string {
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
func (w *vectorWriter) freeName(base string) string {
	name := base
	for n := 1; slices.ContainsFunc(w.schema.Fields, func(f geo.Field) bool { return strings.EqualFold(f.Name, name) }); n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	return name
}

func (w *vectorWriter) createField(f geo.Field) error {
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
	cs := C.CString(f.Name)
	defer C.free(unsafe.Pointer(cs))
	var e C.ct_err
	if C.ct_field_create(w.layer, cs, C.int(t), C.int(sub), &e) != 0 {
		return wrap(op, fault.Invalid, shimError(&e), "create field %s of %s", f.Name, w.path)
	}
	return w.lossy(&e)
}

// transaction runs one step; formats without transactions do nothing.
func (w *vectorWriter) transaction(what C.int) error {
	var e C.ct_err
	if C.ct_transaction(datasetHandle(w.ds), what, &e) == 1 {
		return wrap("gdal.WriteVector", fault.Other, shimError(&e), "transaction on %s", w.path)
	}
	return nil
}

func (w *vectorWriter) writeAll(ctx context.Context, next func() (geo.Feature, bool, error)) (err error) {
	const op = "gdal.WriteVector"
	if err := w.transaction(0); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = w.transaction(2) // the first error is the one to tell
		}
	}()
	for n := 1; ; n++ {
		if n%64 == 1 && ctx.Err() != nil {
			return fault.E(op, fault.Canceled, ctx.Err())
		}
		f, more, err := next()
		if err != nil {
			return err
		}
		if !more {
			return w.transaction(1)
		}
		if err := w.write(f); err != nil {
			return fmt.Errorf("feature %d (number %d): %w", f.ID, n, err)
		}
		if n%batch == 0 {
			if err := w.transaction(1); err != nil {
				return err
			}
			if err := w.transaction(0); err != nil {
				return err
			}
		}
	}
}

func (w *vectorWriter) write(f geo.Feature) error {
	const op = "gdal.WriteVector"
	if len(f.Values) != len(w.schema.Fields) {
		return fault.Errorf(op, fault.Invalid, "%d values for %d fields", len(f.Values), len(w.schema.Fields))
	}
	fid := int64(-1)
	if w.ids && f.ID != 0 {
		fid = f.ID
	}
	w.row = binary.NativeEndian.AppendUint64(w.row[:0], uint64(fid))
	if err := w.putGeometry(f.Geometry); err != nil {
		return err
	}
	for i, v := range f.Values {
		if err := w.putValue(w.schema.Fields[i], v); err != nil {
			return fault.E(op, fault.Invalid, fmt.Errorf("field %s: %w", w.schema.Fields[i].Name, err))
		}
	}
	var e C.ct_err
	if C.ct_layer_write(w.layer, (*C.uchar)(unsafe.Pointer(&w.row[0])), C.size_t(len(w.row)), &e) != 0 {
		return wrap(op, fault.Invalid, shimError(&e), "write to %s", w.path)
	}
	return w.lossy(&e)
}

func (w *vectorWriter) putGeometry(g orb.Geometry) error {
	const op = "gdal.WriteVector"
	if g == nil || isEmpty(g) {
		w.row = append(w.row, 0, 0, 0, 0, 0)
		return nil
	}
	if w.schema.GeometryType == "" {
		return fault.Errorf(op, fault.Invalid, "a geometry in a table without geometry")
	}
	g = promote(plain(g), w.schema.GeometryType)
	if t := w.schema.GeometryType; t != "Geometry" && g.GeoJSONType() != t {
		return fault.Errorf(op, fault.Invalid, "a %s in a layer of %s", g.GeoJSONType(), t)
	}
	b, err := encodeGeometry(op, g)
	if err != nil {
		return err
	}
	w.row = append(w.row, 1)
	w.row = binary.NativeEndian.AppendUint32(w.row, uint32(len(b)))
	w.row = append(w.row, b...)
	return nil
}

// promote makes a single geometry the only part of a multi one.
func promote(g orb.Geometry, want string) orb.Geometry {
	switch t := g.(type) {
	case orb.Point:
		if want == "MultiPoint" {
			return orb.MultiPoint{t}
		}
	case orb.LineString:
		if want == "MultiLineString" {
			return orb.MultiLineString{t}
		}
	case orb.Polygon:
		if want == "MultiPolygon" {
			return orb.MultiPolygon{t}
		}
	}
	if _, ok := g.(orb.Collection); !ok && want == "GeometryCollection" {
		return orb.Collection{g}
	}
	return g
}

// putValue encodes a value the way its field is written.
func (w *vectorWriter) putValue(f geo.Field, v any) error {
	if v == nil {
		w.row = append(w.row, 0)
		return nil
	}
	switch f.Type {
	case geo.Integer:
		return w.putInteger(v)
	case geo.Real:
		return w.putReal(v)
	case geo.Boolean:
		b, ok := v.(bool)
		if !ok {
			return fmt.Errorf("a %T is not a boolean", v)
		}
		w.row = append(w.row, 5, 0)
		if b {
			w.row[len(w.row)-1] = 1
		}
		return nil
	case geo.Binary:
		b, ok := v.([]byte)
		if !ok {
			return fmt.Errorf("a %T is not binary", v)
		}
		w.row = append(w.row, 4)
		w.row = binary.NativeEndian.AppendUint32(w.row, uint32(len(b)))
		w.row = append(w.row, b...)
		return nil
	}
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("a %T is not text", v)
	}
	if f.Type == geo.Date || f.Type == geo.DateTime {
		return w.putTime(s)
	}
	if strings.ContainsRune(s, 0) {
		return fmt.Errorf("text with a zero byte")
	}
	w.row = append(w.row, 3)
	w.row = binary.NativeEndian.AppendUint32(w.row, uint32(len(s)))
	w.row = append(append(w.row, s...), 0)
	return nil
}

func (w *vectorWriter) putInteger(v any) error {
	n, ok := v.(int64)
	if f, isFloat := v.(float64); isFloat && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		n, ok = int64(f), true
	}
	if !ok {
		return fmt.Errorf("%v (%T) is not an integer", v, v)
	}
	w.row = append(w.row, 1)
	w.row = binary.NativeEndian.AppendUint64(w.row, uint64(n))
	return nil
}

func (w *vectorWriter) putReal(v any) error {
	x, ok := v.(float64)
	if n, isInt := v.(int64); isInt {
		x, ok = float64(n), true
	}
	if !ok {
		return fmt.Errorf("a %T is not a number", v)
	}
	w.row = append(w.row, 2)
	w.row = binary.NativeEndian.AppendUint64(w.row, math.Float64bits(x))
	return nil
}

func (w *vectorWriter) putTime(s string) error {
	t, zone, err := parseTime(s)
	if err != nil {
		return err
	}
	w.row = append(w.row, 9)
	for _, v := range [7]int{
		t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second()*1000 + t.Nanosecond()/1e6, zone,
	} {
		w.row = binary.NativeEndian.AppendUint32(w.row, uint32(int32(v)))
	}
	return nil
}
