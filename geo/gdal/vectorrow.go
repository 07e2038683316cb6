package gdal

/*
#include "shim.h"
*/
import "C"

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unsafe"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/wkb"
	"github.com/paulmach/orb"
)

func (w *VectorWriter) write(f geo.Feature) error {
	const op = "gdal.WriteVector"
	if len(f.Values) != len(w.schema.Fields) {
		return fault.Errorf(op, fault.Invalid, "%d values for %d fields", len(f.Values), len(w.schema.Fields))
	}
	fid := int64(-1)
	if w.ids && f.ID != 0 {
		fid = f.ID
	}
	w.row = binary.NativeEndian.AppendUint64(w.row[:0], uint64(fid))
	if err := w.putGeometry(&f); err != nil {
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

func (w *VectorWriter) putGeometry(f *geo.Feature) error {
	const op = "gdal.WriteVector"
	g := f.Geometry
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
	if !finite(g) {
		return fault.Errorf(op, fault.Invalid, "a coordinate is not a finite number")
	}
	var z, m []float64
	if w.schema.HasZ {
		z = w.unknown(f.Z, g)
	}
	if w.schema.HasM {
		m = w.unknown(f.M, g)
	}
	w.row = append(w.row, 1, 0, 0, 0, 0)
	at := len(w.row)
	var err error
	if w.row, err = wkb.Append(w.row, g, z, m); err != nil {
		return err
	}
	n := len(w.row) - at
	if n > math.MaxInt32 {
		return fault.Errorf(op, fault.TooLarge, "a geometry of %d bytes", n)
	}
	binary.NativeEndian.PutUint32(w.row[at-4:], uint32(n)) //nolint:gosec // checked above
	return nil
}

// unknown fills in for a row without heights or measures: NaN.
func (w *VectorWriter) unknown(v []float64, g orb.Geometry) []float64 {
	if v != nil {
		return v
	}
	w.nan = w.nan[:0]
	for range wkb.Positions(g) {
		w.nan = append(w.nan, math.NaN())
	}
	return w.nan
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
func (w *VectorWriter) putValue(f geo.Field, v any) error {
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

func (w *VectorWriter) putInteger(v any) error {
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

func (w *VectorWriter) putReal(v any) error {
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

func (w *VectorWriter) putTime(s string) error {
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
