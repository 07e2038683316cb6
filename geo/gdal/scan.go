package gdal

/*
#include "shim.h"
*/
import "C"

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
	"unsafe"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/wkb"
	"github.com/paulmach/orb"
)

// ScanOptions tunes ScanWith.
type ScanOptions struct {
	// BBox leaves out features whose box does not meet it (layer's CRS).
	BBox *geo.BBox
	// OnProblem hears of a row whose geometry cannot be decoded, or whose
	// text is not UTF-8. The row is still yielded: without its geometry, or
	// with replacement characters. An error from it ends the scan. nil: a bad
	// geometry ends the scan.
	OnProblem func(fid int64, problem error) error
}

// Scan reads the features of a layer ("" = the only one) in the order of the
// file, until yield returns false or an error. Geometries have straight edges;
// an empty geometry is nil. ID is the format's feature id. A row that cannot be decoded ends the scan with Invalid: see ScanWith.
func (v *Vector) Scan(ctx context.Context, layer string, yield func(geo.Feature) (bool, error)) error {
	return v.ScanWith(ctx, layer, nil, yield)
}

// ScanWith is Scan with options; nil means none.
func (v *Vector) ScanWith(ctx context.Context, name string, o *ScanOptions, yield func(geo.Feature) (bool, error)) error {
	const op = "gdal.Vector.Scan"
	l, err := v.layer(op, name)
	if err != nil {
		return err
	}
	if o == nil {
		o = &ScanOptions{}
	}
	var e C.ct_err
	C.ct_layer_rewind(l.h, &e)
	if b := o.BBox; b != nil {
		if b.IsEmpty() {
			return nil
		}
		C.ct_layer_filter(l.h, C.double(b.MinX), C.double(b.MinY), C.double(b.MaxX), C.double(b.MaxY), &e)
	}
	buf := (*C.ct_buf)(C.calloc(1, C.sizeof_ct_buf))
	defer func() {
		C.ct_buf_free(buf)
		C.free(unsafe.Pointer(buf))
	}()
	for n := 0; ; n++ {
		if n%64 == 0 && ctx.Err() != nil {
			return fault.E(op, fault.Canceled, ctx.Err())
		}
		var problem C.int
		switch C.ct_layer_next(l.h, buf, &problem, &e) {
		case 0:
			return nil
		case -1:
			return wrap(op, fault.Invalid, shimError(&e), "read layer %s of %s after %d features", l.info.Name, v.path, n)
		}
		row := unsafe.Slice((*byte)(buf.p), int(buf.len))
		f, bad := decodeRow(row, l.defs)
		if problem != 0 && bad == nil {
			bad = fmt.Errorf("geometry: %s", C.GoString(&e.msg[0]))
		}
		if bad != nil {
			if o.OnProblem == nil {
				return fault.Errorf(op, fault.Invalid, "feature %d of layer %s of %s: %w", f.ID, l.info.Name, v.path, bad)
			}
			if err := o.OnProblem(f.ID, bad); err != nil {
				return err
			}
		}
		if more, err := yield(f); err != nil || !more {
			return err
		}
	}
}

// rowReader walks a row of shim_vector.c.
type rowReader struct {
	p []byte
}

func (r *rowReader) u8() byte {
	v := r.p[0]
	r.p = r.p[1:]
	return v
}

func (r *rowReader) u32() int {
	v := binary.NativeEndian.Uint32(r.p)
	r.p = r.p[4:]
	return int(v)
}

func (r *rowReader) i64() int64 {
	v := binary.NativeEndian.Uint64(r.p)
	r.p = r.p[8:]
	return int64(v)
}

func (r *rowReader) f64() float64 { return math.Float64frombits(uint64(r.i64())) }

func (r *rowReader) bytes() []byte {
	n := r.u32()
	v := r.p[:n:n]
	r.p = r.p[n:]
	return v
}

// decodeRow makes a feature of a row; a problem is told beside the feature,
// which then lacks the geometry or has its text repaired.
func decodeRow(row []byte, defs []fieldDef) (geo.Feature, error) {
	r := rowReader{row}
	f := geo.Feature{ID: r.i64(), Values: make([]any, len(defs))}
	var problem error
	state, body := r.u8(), r.bytes()
	switch state {
	case 1:
		g, z, m, err := decodeWKB(body)
		if err != nil {
			problem = err
		}
		f.Geometry, f.Z, f.M = g, z, m
	case 3:
		problem = fmt.Errorf("geometry of a kind that has no simple form")
	}
	for i := range defs {
		v, err := r.value(defs[i])
		if err != nil && problem == nil {
			problem = fmt.Errorf("field %d: %w", i+1, err)
		}
		f.Values[i] = v
	}
	return f, problem
}

func decodeGeometry(b []byte) (orb.Geometry, error) {
	g, _, _, err := decodeWKB(b)
	return g, err
}

func decodeWKB(b []byte) (g orb.Geometry, z, m []float64, err error) {
	if g, z, m, err = wkb.Decode(b); err != nil {
		return nil, nil, nil, fmt.Errorf("geometry: %w", err)
	}
	if !finite(g) {
		return nil, nil, nil, fmt.Errorf("geometry: a coordinate is not a finite number")
	}
	return g, z, m, nil
}

func (r *rowReader) value(d fieldDef) (any, error) {
	switch tag := r.u8(); tag {
	case 0:
		return nil, nil
	case 1:
		return r.i64(), nil
	case 2:
		return r.f64(), nil
	case 3:
		return validText(string(r.bytes()))
	case 4:
		return append([]byte{}, r.bytes()...), nil
	case 5:
		return r.u8() != 0, nil
	case 9:
		if s := r.datetime(d); s != "" {
			return s, nil
		}
		return nil, fmt.Errorf("not a date of the calendar")
	default:
		return r.list(tag)
	}
}

func validText(s string) (any, error) {
	if fixed := strings.ToValidUTF8(s, "�"); fixed != s {
		return fixed, fmt.Errorf("text is not UTF-8")
	}
	return s, nil
}

// list reads a list as JSON text. Numbers that JSON has no word for are null.
func (r *rowReader) list(tag byte) (any, error) {
	n := r.u32()
	items := make([]any, n)
	var problem error
	for i := range items {
		switch tag {
		case 6:
			items[i] = r.i64()
		case 7:
			if v := r.f64(); !math.IsNaN(v) && !math.IsInf(v, 0) {
				items[i] = v
			}
		case 8:
			v, err := validText(string(r.bytes()))
			items[i] = v
			if err != nil {
				problem = err
			}
		}
	}
	text, err := json.Marshal(items)
	if err != nil {
		return nil, err
	}
	return string(text), problem
}

// datetime spells a date, time or both in ISO 8601. GDAL's zone is 0 not
// known, 1 local time, else 100 + quarters of an hour east of Greenwich.
// A date and time of no known zone is given without one. "" when the month
// or the day is none.
func (r *rowReader) datetime(d fieldDef) string {
	var v [7]int
	for i := range v {
		v[i] = int(int32(r.u32()))
	}
	y, mo, day, h, mi, ms, zone := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
	ms = min(ms, 59999) // GDAL keeps seconds as float32
	if d.ogrType != oftTime && (mo < 1 || mo > 12 || day < 1 || day > 31) {
		return ""
	}
	date := fmt.Sprintf("%04d-%02d-%02d", y, mo, day)
	if d.ogrType == oftDate {
		return date
	}
	clock := fmt.Sprintf("%02d:%02d:%02d", h, mi, ms/1000)
	if ms%1000 != 0 {
		clock += fmt.Sprintf(".%03d", ms%1000)
	}
	if d.ogrType == oftTime {
		return clock
	}
	return date + "T" + clock + zoneText(zone)
}

func zoneText(zone int) string {
	switch {
	case zone <= 1:
		return ""
	case zone == 100:
		return "Z"
	}
	q := zone - 100
	sign := '+'
	if q < 0 {
		sign, q = '-', -q
	}
	return fmt.Sprintf("%c%02d:%02d", sign, q/4, q%4*15)
}

// parseTime reads what Scan writes: dates, date-times with or without zone.
// zone is GDAL's number.
func parseTime(s string) (t time.Time, zone int, err error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02"} {
		if t, err = time.Parse(layout, s); err != nil {
			continue
		}
		zone := 0
		if layout == time.RFC3339Nano {
			_, off := t.Zone()
			if off%900 != 0 { // GDAL counts zones in quarters of an hour
				t, off = t.UTC(), 0
			}
			zone = 100 + off/900
		}
		if y := t.Year(); y >= 1 && y <= 9999 {
			return t, zone, nil
		}
	}
	return t, 0, fmt.Errorf("%q is not a date or time in ISO 8601", s)
}
