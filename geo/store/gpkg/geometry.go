package gpkg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/fault"
)

// decodeGeometry reads a GeoPackage geometry (GeoPackage 1.3, §2.1.3: a header,
// then ISO WKB). z and m have a height and a measure for each position, in the
// order of the geometry, and are nil where there are none (NaN in parts that
// lack what others have). An empty geometry is nil; empty parts of a geometry
// are dropped. The bytes are hostile: every count is checked against what is
// left before anything is allocated. The WKB reader is our own because orb's
// knows neither Z nor M and nests without limit.
func decodeGeometry(blob []byte) (g orb.Geometry, z, m []float64, err error) {
	h, err := readHeader(blob)
	if err != nil || h.empty {
		return nil, nil, nil, err
	}
	r := wkbReader{rest: blob[h.size:]}
	g, err = r.geometry(0)
	if err != nil {
		return nil, nil, nil, fault.E("gpkg.Geometry", kindOfGeometry(err), err)
	}
	if len(r.rest) != 0 {
		return nil, nil, nil, invalid("geometry has %d bytes too many", len(r.rest))
	}
	return g, r.z, r.m, nil
}

func kindOfGeometry(err error) fault.Kind {
	if errors.Is(err, errSurface) {
		return fault.Unsupported
	}
	return fault.Invalid
}

func invalid(format string, args ...any) error {
	return fault.Errorf("gpkg.Geometry", fault.Invalid, format, args...)
}

// header is the fixed part before the WKB.
type header struct {
	size  int // of header and envelope: where the WKB begins
	empty bool
	// box is the envelope when hasBox; points are written without one.
	hasBox bool
	box    geo.BBox
}

const fixedHeader = 8

// envelopeSizes is the length in bytes by the indicator in the flags: none,
// xy, xyz, xym, xyzm.
var envelopeSizes = [8]int{0, 32, 48, 48, 64, -1, -1, -1}

func readHeader(blob []byte) (header, error) {
	if len(blob) < fixedHeader || blob[0] != 'G' || blob[1] != 'P' {
		return header{}, invalid("geometry does not begin with the GeoPackage header")
	}
	if blob[2] != 0 {
		return header{}, fault.Errorf("gpkg.Geometry", fault.Unsupported, "geometry encoding version %d is unknown", blob[2])
	}
	flags := blob[3]
	if flags&0x20 != 0 {
		return header{}, fault.Errorf("gpkg.Geometry", fault.Unsupported, "geometry is of an extended type")
	}
	envelope := envelopeSizes[flags>>1&7]
	if envelope < 0 || len(blob) < fixedHeader+envelope {
		return header{}, invalid("geometry has a broken envelope")
	}
	h := header{size: fixedHeader + envelope, empty: flags&0x10 != 0}
	if envelope > 0 && !h.empty {
		var order binary.ByteOrder = binary.BigEndian
		if flags&1 == 1 {
			order = binary.LittleEndian
		}
		at := func(i int) float64 { return math.Float64frombits(order.Uint64(blob[fixedHeader+8*i:])) }
		h.box = geo.BBox{MinX: at(0), MaxX: at(1), MinY: at(2), MaxY: at(3)}
		// NaN sides are the envelope of an empty geometry.
		h.hasBox = !h.box.IsEmpty()
	}
	return h, nil
}

// boxOf is the extent of a geometry, from its envelope where there is one; ok
// is false for an empty geometry.
func boxOf(blob []byte) (box geo.BBox, ok bool, err error) {
	h, err := readHeader(blob)
	if err != nil || h.empty {
		return geo.BBox{}, false, err
	}
	if h.hasBox {
		return h.box, true, nil
	}
	g, _, _, err := decodeGeometry(blob)
	if err != nil || g == nil {
		return geo.BBox{}, false, err
	}
	return geo.BBoxOf(g.Bound()), true, nil
}

// The ISO codes of WKB; those with arcs are 8 to 12, surfaces made of patches
// 15 to 17.
const (
	wkbPoint = 1 + iota
	wkbLineString
	wkbPolygon
	wkbMultiPoint
	wkbMultiLineString
	wkbMultiPolygon
	wkbCollection
)

// maxDepth bounds the nesting of collections, and so the stack.
const maxDepth = 16

var (
	errShort   = errors.New("geometry is cut short")
	errSurface = errors.New("geometry is a surface of patches (convert it: ogr2ogr -nlt MULTIPOLYGON)")
)

type wkbReader struct {
	rest  []byte
	order binary.ByteOrder
	dims  int // coordinates of a position: 2, 3 or 4
	hasZ  bool
	hasM  bool
	// Heights and measures of the n positions so far; nil while there are none.
	z, m []float64
	n    int
}

// prefix reads byte order and type, and sets the reader for the body.
func (r *wkbReader) prefix() (kind uint32, err error) {
	if len(r.rest) < 5 {
		return 0, errShort
	}
	switch r.rest[0] {
	case 0:
		r.order = binary.BigEndian
	case 1:
		r.order = binary.LittleEndian
	default:
		return 0, fmt.Errorf("geometry has the unknown byte order %d", r.rest[0])
	}
	code := r.order.Uint32(r.rest[1:])
	r.rest = r.rest[5:]
	// ISO adds 1000 for Z, 2000 for M, 3000 for both; older writers set bits.
	z, m := code&0x80000000 != 0, code&0x40000000 != 0
	code &^= 0xC0000000
	if group := code / 1000; group <= 3 {
		z, m = z || group&1 != 0, m || group&2 != 0
		code %= 1000
	}
	r.shape(z, m)
	return code, nil
}

func (r *wkbReader) shape(z, m bool) {
	r.dims, r.hasZ, r.hasM = 2, z, m
	if z {
		r.dims++
	}
	if m {
		r.dims++
	}
}

// count reads a number of parts of at least size bytes each.
func (r *wkbReader) count(size int) (int, error) {
	if len(r.rest) < 4 {
		return 0, errShort
	}
	n := r.order.Uint32(r.rest)
	r.rest = r.rest[4:]
	if uint64(n)*uint64(size) > uint64(len(r.rest)) {
		return 0, errShort
	}
	return int(n), nil
}

// geometry reads any geometry; nil when it is empty.
func (r *wkbReader) geometry(depth int) (orb.Geometry, error) {
	kind, err := r.prefix()
	if err != nil {
		return nil, err
	}
	switch kind {
	case wkbPoint:
		p, ok, err := r.position()
		if err != nil || !ok {
			return nil, err
		}
		return p, nil
	case wkbLineString:
		return orNil(r.positions())
	case wkbPolygon:
		return orNil(r.polygon())
	case wkbMultiPoint:
		return orNil(parts(r, wkbPoint, 5+16, (*wkbReader).point))
	case wkbMultiLineString:
		return orNil(parts(r, wkbLineString, 5+4, (*wkbReader).positions))
	case wkbMultiPolygon:
		return orNil(parts(r, wkbPolygon, 5+4, (*wkbReader).polygon))
	case wkbCollection:
		return r.collection(depth)
	case wkbCircularString, wkbCompoundCurve, wkbCurvePolygon, wkbMultiCurve, wkbMultiSurface:
		return r.curved(kind, depth)
	case 13, 14, 15, 16, 17:
		return nil, errSurface
	}
	return nil, fmt.Errorf("geometry type %d is unknown", kind)
}

// orNil gives a geometry its orb type; one without parts is nil.
func orNil[S ~[]E, E any](s S, err error) (orb.Geometry, error) {
	if err != nil || len(s) == 0 {
		return nil, err
	}
	switch v := any(s).(type) {
	case orb.LineString:
		return v, nil
	case orb.Polygon:
		return v, nil
	case []orb.LineString:
		return orb.MultiLineString(v), nil
	case []orb.Polygon:
		return orb.MultiPolygon(v), nil
	case [][]orb.Point:
		out := make(orb.MultiPoint, len(v))
		for i := range v {
			out[i] = v[i][0]
		}
		return out, nil
	}
	return nil, fmt.Errorf("geometry of type %T", s)
}

// position reads one point; all NaN is the empty point (ok is false).
func (r *wkbReader) position() (p orb.Point, ok bool, err error) {
	if len(r.rest) < 8*r.dims {
		return p, false, errShort
	}
	at := func(i int) float64 { return math.Float64frombits(r.order.Uint64(r.rest[8*i:])) }
	p[0], p[1] = at(0), at(1)
	z, m := math.NaN(), math.NaN()
	if r.hasZ {
		z = at(2)
	}
	if r.hasM {
		m = at(r.dims - 1)
	}
	r.rest = r.rest[8*r.dims:]
	if math.IsNaN(p[0]) && math.IsNaN(p[1]) {
		return p, false, nil
	}
	// x−x is 0 for finite numbers only.
	if p[0]-p[0] != 0 || p[1]-p[1] != 0 {
		return p, false, fmt.Errorf("geometry has the coordinate %g %g", p[0], p[1])
	}
	r.z = extended(r.z, r.n, z, r.hasZ)
	r.m = extended(r.m, r.n, m, r.hasM)
	r.n++
	return p, true, nil
}

// extended adds the number of a position to those of the n before it, which
// have NaN when this is the first; nil as long as no position has one.
func extended(list []float64, n int, v float64, has bool) []float64 {
	if !has && list == nil {
		return nil
	}
	for len(list) < n {
		list = append(list, math.NaN())
	}
	return append(list, v)
}

// point reads the body of a member of a multipoint, as a list of none or one.
func (r *wkbReader) point() ([]orb.Point, error) {
	p, ok, err := r.position()
	if err != nil || !ok {
		return nil, err
	}
	return []orb.Point{p}, nil
}

func (r *wkbReader) positions() (orb.LineString, error) {
	n, err := r.count(8 * r.dims)
	if err != nil {
		return nil, err
	}
	line := make(orb.LineString, n)
	for i := range line {
		p, ok, err := r.position()
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, errors.New("geometry has an empty position in a line")
		}
		line[i] = p
	}
	return line, nil
}

func (r *wkbReader) polygon() (orb.Polygon, error) {
	n, err := r.count(4)
	if err != nil {
		return nil, err
	}
	poly := make(orb.Polygon, 0, n)
	for i := range n {
		ring, err := r.positions()
		if err != nil {
			return nil, err
		}
		if len(ring) > 0 {
			poly = append(poly, orb.Ring(ring))
		} else if i == 0 && n > 1 {
			return nil, errors.New("polygon has holes and no outer ring")
		}
	}
	return poly, nil
}

// parts reads the members of a multi geometry, all of one kind, and drops
// the empty ones.
func parts[S ~[]E, E any](r *wkbReader, kind uint32, size int, body func(*wkbReader) (S, error)) ([]S, error) {
	n, err := r.count(size)
	if err != nil {
		return nil, err
	}
	out := make([]S, 0, n)
	order, z, m := r.order, r.hasZ, r.hasM
	for range n {
		got, err := r.prefix()
		if err != nil {
			return nil, err
		}
		if got != kind {
			return nil, fmt.Errorf("geometry of type %d has a member of type %d", kind+3, got)
		}
		part, err := body(r)
		if err != nil {
			return nil, err
		}
		if len(part) > 0 {
			out = append(out, part)
		}
	}
	r.order = order
	r.shape(z, m)
	return out, nil
}

func (r *wkbReader) collection(depth int) (orb.Geometry, error) {
	if depth == maxDepth {
		return nil, fmt.Errorf("geometry collections are nested more than %d deep", maxDepth)
	}
	n, err := r.count(5 + 4)
	if err != nil {
		return nil, err
	}
	out := make(orb.Collection, 0, n)
	order, z, m := r.order, r.hasZ, r.hasM
	for range n {
		g, err := r.geometry(depth + 1)
		if err != nil {
			return nil, err
		}
		if g != nil {
			out = append(out, g)
		}
	}
	r.order = order
	r.shape(z, m)
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}
