package wkb

import (
	"encoding/binary"
	"math"

	"contado/geo/fault"

	"github.com/paulmach/orb"
)

// maxDepth bounds collections within collections.
const maxDepth = 32

// Decode reads ISO WKB and EWKB of either byte order. The geometry is nil
// when it has no position at all; empty parts of multi geometries are left
// out. z and m are nil unless the geometry has them; parts that lack what
// others have get NaN.
//
// Errors: fault.Invalid for bytes that are cut short, counts that cannot be,
// nesting deeper than 32, bytes left over; fault.Unsupported for curves and
// surfaces.
func Decode(b []byte) (g orb.Geometry, z, m []float64, err error) {
	d := decoder{b: b}
	g, err = d.geometry(0, 0)
	if err == nil && len(d.b) > 0 {
		err = d.bad("has %d bytes left over", len(d.b))
	}
	if err != nil || g == nil {
		return nil, nil, nil, err
	}
	return g, d.zs, d.ms, nil
}

type decoder struct {
	b      []byte
	order  binary.ByteOrder
	z, m   bool // of the part being read
	zs, ms []float64
	n      int // positions so far
}

func (d *decoder) bad(format string, args ...any) error {
	return fault.Errorf("wkb.Decode", fault.Invalid, "the binary geometry "+format, args...)
}

func (d *decoder) u32() (uint32, error) {
	if len(d.b) < 4 {
		return 0, d.bad("is cut short")
	}
	v := d.order.Uint32(d.b)
	d.b = d.b[4:]
	return v, nil
}

// count reads the number of parts that take at least min bytes each.
func (d *decoder) count(least int) (int, error) {
	v, err := d.u32()
	if err != nil {
		return 0, err
	}
	if uint64(v) > uint64(len(d.b)/least) {
		return 0, d.bad("states %d parts and has room for %d", v, len(d.b)/least)
	}
	return int(v), nil
}

func (d *decoder) head() (code uint32, err error) {
	if len(d.b) < 5 {
		return 0, d.bad("is cut short")
	}
	switch d.b[0] {
	case 0:
		d.order = binary.BigEndian
	case 1:
		d.order = binary.LittleEndian
	default:
		return 0, d.bad("begins with byte order %d", d.b[0])
	}
	code = d.order.Uint32(d.b[1:])
	d.b = d.b[5:]
	d.z, d.m = code&flagZ != 0, code&flagM != 0
	srid := code&flagSRID != 0
	code &^= flagZ | flagM | flagSRID
	if srid {
		if _, err := d.u32(); err != nil {
			return 0, err
		}
	}
	if code >= 1000 && code < 4000 {
		d.z = d.z || code/1000 != 2
		d.m = d.m || code/1000 >= 2
		code %= 1000
	}
	return code, nil
}

func (d *decoder) size() int {
	n := 16
	if d.z {
		n += 8
	}
	if d.m {
		n += 8
	}
	return n
}

// geometry reads one geometry; want is the type that it must have, 0 any.
func (d *decoder) geometry(want uint32, depth int) (orb.Geometry, error) {
	code, err := d.head()
	if err != nil {
		return nil, err
	}
	if want != 0 && code != want {
		return nil, d.bad("has a part of type %d where %d belongs", code, want)
	}
	switch code {
	case point:
		return d.point()
	case lineString:
		l, err := d.points()
		if len(l) == 0 || err != nil {
			return nil, err
		}
		return orb.LineString(l), nil
	case polygon:
		return d.polygon()
	case multiPoint, multiLineString, multiPolygon, collection:
		if depth >= maxDepth {
			return nil, d.bad("is nested deeper than %d", maxDepth)
		}
		return d.parts(code, depth)
	}
	if code >= 8 && code <= 17 {
		return nil, fault.Errorf("wkb.Decode", fault.Unsupported, "the binary geometry is a curve or surface (type %d)", code)
	}
	return nil, d.bad("is of the unknown type %d", code)
}

func (d *decoder) f64(at int) float64 { return math.Float64frombits(d.order.Uint64(d.b[at:])) }

// position reads one position; there must be room for it.
func (d *decoder) position() orb.Point {
	p := orb.Point{d.f64(0), d.f64(8)}
	at := 16
	if d.z {
		d.zs = append(pad(d.zs, d.n), d.f64(at))
		at += 8
	} else if d.zs != nil {
		d.zs = append(d.zs, math.NaN())
	}
	if d.m {
		d.ms = append(pad(d.ms, d.n), d.f64(at))
		at += 8
	} else if d.ms != nil {
		d.ms = append(d.ms, math.NaN())
	}
	d.b = d.b[at:]
	d.n++
	return p
}

// pad fills up with NaN for the positions before.
func pad(v []float64, n int) []float64 {
	for len(v) < n {
		v = append(v, math.NaN())
	}
	return v
}

func (d *decoder) point() (orb.Geometry, error) {
	if len(d.b) < d.size() {
		return nil, d.bad("is cut short")
	}
	if math.IsNaN(d.f64(0)) && math.IsNaN(d.f64(8)) { // POINT EMPTY
		d.b = d.b[d.size():]
		return nil, nil
	}
	return d.position(), nil
}

func (d *decoder) points() ([]orb.Point, error) {
	n, err := d.count(d.size())
	if err != nil {
		return nil, err
	}
	out := make([]orb.Point, n)
	for i := range out {
		out[i] = d.position()
	}
	return out, nil
}

func (d *decoder) polygon() (orb.Geometry, error) {
	n, err := d.count(4)
	if err != nil {
		return nil, err
	}
	var out orb.Polygon
	for range n {
		r, err := d.points()
		if err != nil {
			return nil, err
		}
		if len(r) > 0 {
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

func (d *decoder) parts(code uint32, depth int) (orb.Geometry, error) {
	n, err := d.count(9)
	if err != nil {
		return nil, err
	}
	want := code - 3
	if code == collection {
		want = 0
	}
	var points orb.MultiPoint
	var lines orb.MultiLineString
	var areas orb.MultiPolygon
	var all orb.Collection
	for range n {
		g, err := d.geometry(want, depth+1)
		if err != nil {
			return nil, err
		}
		switch g := g.(type) {
		case nil:
			continue
		case orb.Point:
			points = append(points, g)
		case orb.LineString:
			lines = append(lines, g)
		case orb.Polygon:
			areas = append(areas, g)
		}
		if code == collection {
			all = append(all, g)
		}
	}
	switch {
	case code == multiPoint && len(points) > 0:
		return points, nil
	case code == multiLineString && len(lines) > 0:
		return lines, nil
	case code == multiPolygon && len(areas) > 0:
		return areas, nil
	case code == collection && len(all) > 0:
		return all, nil
	}
	return nil, nil
}
