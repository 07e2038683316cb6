package gdal

/*
#include "shim.h"
*/
import "C"

import (
	"math"
	"unsafe"

	"contado/geo/fault"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
)

// MakeValid repairs a geometry by GEOS's line-work method: all vertices stay,
// self-crossing rings become the areas they enclose. The result may be of
// another type (a collapsed polygon becomes a line) and is nil when nothing
// is left. g is not changed.
//
// Errors: Invalid when g has coordinates that are not finite or cannot be
// repaired.
func MakeValid(g orb.Geometry) (orb.Geometry, error) {
	const op = "gdal.MakeValid"
	setup()
	if g == nil || isEmpty(g) {
		return nil, nil
	}
	b, err := encodeGeometry(op, g)
	if err != nil {
		return nil, err
	}
	var e C.ct_err
	var out *C.uchar
	var n C.size_t
	failed := C.ct_make_valid(unsafe.Pointer(&b[0]), C.size_t(len(b)), &out, &n, &e) != 0
	defer C.ct_free(unsafe.Pointer(out))
	if failed {
		return nil, wrap(op, fault.Invalid, shimError(&e), "repair geometry")
	}
	if out == nil {
		return nil, nil
	}
	v, err := decodeGeometry(C.GoBytes(unsafe.Pointer(out), C.int(n)))
	return v, fault.E(op, fault.Invalid, err)
}

// IsValid reports whether a geometry obeys the OGC rules, and if not why and
// where, in GEOS's words ("Self-intersection at or near point 1 2").
func IsValid(g orb.Geometry) (bool, string) {
	setup()
	if g == nil || isEmpty(g) {
		return true, ""
	}
	b, err := encodeGeometry("gdal.IsValid", g)
	if err != nil {
		return false, err.Error()
	}
	var e C.ct_err
	if C.ct_is_valid(unsafe.Pointer(&b[0]), C.size_t(len(b)), &e) == 1 {
		return true, ""
	}
	if reason := C.GoString(&e.msg[0]); reason != "" {
		return false, reason
	}
	return false, "not valid"
}

// encodeGeometry writes WKB. What orb cannot write (nil parts) or GEOS cannot
// read (numbers that are not finite) is refused here.
func encodeGeometry(op string, g orb.Geometry) ([]byte, error) {
	g = plain(g)
	if !finite(g) {
		return nil, fault.Errorf(op, fault.Invalid, "a coordinate is not a finite number")
	}
	b, err := wkb.Marshal(g)
	if err != nil {
		return nil, fault.E(op, fault.Invalid, err)
	}
	if len(b) == 0 || len(b) > math.MaxInt32 {
		return nil, fault.Errorf(op, fault.Invalid, "geometry of %d bytes cannot be encoded", len(b))
	}
	return b, nil
}

// plain turns orb's own kinds into OGC ones.
func plain(g orb.Geometry) orb.Geometry {
	switch g := g.(type) {
	case orb.Ring:
		return orb.Polygon{g}
	case orb.Bound:
		return g.ToPolygon()
	}
	return g
}

// isEmpty reports whether a geometry has no point at all.
func isEmpty(g orb.Geometry) bool {
	empty := true
	eachPoint(g, func(orb.Point) bool {
		empty = false
		return false
	})
	return empty
}

func finite(g orb.Geometry) bool {
	ok := true
	eachPoint(g, func(p orb.Point) bool {
		s := p[0] - p[0] + p[1] - p[1] // NaN for infinities and NaN
		ok = s == 0
		return ok
	})
	return ok
}

// eachPoint walks all points until f says stop; it reports whether it ended.
func eachPoint(g orb.Geometry, f func(orb.Point) bool) bool {
	each := func(ps []orb.Point) bool {
		for _, p := range ps {
			if !f(p) {
				return false
			}
		}
		return true
	}
	switch g := g.(type) {
	case orb.Point:
		return f(g)
	case orb.MultiPoint:
		return each(g)
	case orb.LineString:
		return each(g)
	case orb.Ring:
		return each(g)
	case orb.MultiLineString:
		for _, l := range g {
			if !each(l) {
				return false
			}
		}
	case orb.Polygon:
		for _, r := range g {
			if !each(r) {
				return false
			}
		}
	case orb.MultiPolygon:
		for _, p := range g {
			if !eachPoint(p, f) {
				return false
			}
		}
	case orb.Collection:
		for _, m := range g {
			if !eachPoint(m, f) {
				return false
			}
		}
	case orb.Bound:
		return f(g.Min) && f(g.Max)
	}
	return true
}
