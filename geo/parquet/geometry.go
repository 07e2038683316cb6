package parquet

import (
	"fmt"
	"math"
	"strings"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"contado/geo/fault"
	"contado/geo/wkb"
	"contado/geo/zm"

	"github.com/paulmach/orb"
)

// geometryColumn reads the geometries of one column.
type geometryColumn struct {
	leaf   int    // WKB, or the leaf of x
	kind   string // OGC name of a native layout; "" = WKB
	depth  int    // repetitions down to a position: 0 point … 3 multipolygon
	axes   int    // leaves of a record of coordinates; 0: interleaved in one list
	width  int    // numbers of a position when interleaved
	z, m   bool
	isNull int // definition level below which the geometry itself is null
}

// layouts are GeoArrow's, by how many lists deep a position lies.
var layouts = map[string]struct {
	kind  string
	depth int
}{
	"point": {"Point", 0}, "linestring": {"LineString", 1}, "polygon": {"Polygon", 2},
	"multipoint": {"MultiPoint", 1}, "multilinestring": {"MultiLineString", 2}, "multipolygon": {"MultiPolygon", 3},
}

// newGeometry settles how a column is read. Encodings are "WKB" and, in 1.1,
// "point" … "multipolygon"; drafts wrote "geoarrow.point".
func newGeometry(c *pq.Column, at int, encoding string) (*geometryColumn, error) {
	const op = "parquet.Open"
	name := strings.TrimPrefix(strings.ToLower(encoding), "geoarrow.")
	if name == "wkb" {
		if !c.Leaf() || c.Repeated() || (c.Type().Kind() != pq.ByteArray && c.Type().Kind() != pq.FixedLenByteArray) {
			return nil, fault.Errorf(op, fault.Invalid, "the geometry column %s is not binary", c.Name())
		}
		return &geometryColumn{leaf: at}, nil
	}
	l, ok := layouts[name]
	if !ok {
		return nil, fault.Errorf(op, fault.Unsupported, "geometries in %s have the encoding %q, which is not known", c.Name(), encoding)
	}
	g := &geometryColumn{leaf: at, kind: l.kind, depth: l.depth}
	if c.Optional() {
		g.isNull = 1
	}
	inner, lists := c, 0
	for !inner.Leaf() && len(inner.Columns()) == 1 {
		inner = inner.Columns()[0]
		if inner.Repeated() {
			lists++
		}
	}
	if inner.Leaf() { // a list of numbers a position
		g.width = 2
		if lists != l.depth+1 || inner.Type().Kind() != pq.Double {
			return nil, fault.Errorf(op, fault.Invalid, "the geometry column %s is not a %s of lists of numbers", c.Name(), encoding)
		}
		return g, nil
	}
	return g, g.axesOf(inner, lists)
}

// axesOf checks the record of coordinates: x, y, perhaps z and m.
func (g *geometryColumn) axesOf(c *pq.Column, lists int) error {
	names := ""
	for _, m := range c.Columns() {
		if !m.Leaf() || m.Repeated() || m.Type().Kind() != pq.Double {
			return fault.Errorf("parquet.Open", fault.Invalid, "the coordinates in %s are no numbers", c.Name())
		}
		names += m.Name()
	}
	g.axes = len(names)
	switch names {
	case "xy":
	case "xyz":
		g.z = true
	case "xym":
		g.m = true
	case "xyzm":
		g.z, g.m = true, true
	default:
		return fault.Errorf("parquet.Open", fault.Invalid, "the coordinates have the axes %q", names)
	}
	if lists != g.depth {
		return fault.Errorf("parquet.Open", fault.Invalid, "a %s is %d lists deep, not %d", g.kind, g.depth, lists)
	}
	return nil
}

// nativeGeometry tells Parquet's own logical types of 2025.
func nativeGeometry(c *pq.Column) bool {
	if !c.Leaf() || c.Repeated() || c.Type().LogicalType() == nil {
		return false
	}
	switch c.Type().LogicalType().Value.(type) {
	case *format.GeometryType, *format.GeographyType:
		return true
	}
	return false
}

// native settles a column of Parquet's own type, whose reference system is
// said by the type.
func (f *File) native(c *pq.Column, at int) error {
	crs := ""
	switch t := c.Type().LogicalType().Value.(type) {
	case *format.GeometryType:
		crs = t.CRS
	case *format.GeographyType:
		crs = t.CRS
	}
	if rest, ok := strings.CutPrefix(crs, "projjson:"); ok {
		if crs, ok = f.pq.Lookup(rest); !ok {
			return fault.Errorf("parquet.Open", fault.Invalid, "the reference system of %s is said to be in %q, which is not there", c.Name(), rest)
		}
	}
	m := &columnMeta{Encoding: "WKB"}
	if crs != "" && crs != "OGC:CRS84" {
		m.CRS = []byte(fmt.Sprintf("%q", crs))
		if strings.HasPrefix(strings.TrimSpace(crs), "{") {
			m.CRS = []byte(crs)
		}
	}
	return f.primary(c, at, m)
}

// read gives the geometry of a row: nil when it has none.
func (g *geometryColumn) read(values [][]pq.Value) (orb.Geometry, []float64, []float64, error) {
	v := values[g.leaf]
	if len(v) == 0 {
		return nil, nil, nil, fmt.Errorf("a value is missing")
	}
	if g.kind == "" {
		if v[0].IsNull() || len(v[0].ByteArray()) == 0 {
			return nil, nil, nil, nil
		}
		out, z, m, err := wkb.Decode(v[0].ByteArray())
		if err == nil && out != nil && !allFinite(out) {
			return nil, nil, nil, fmt.Errorf("a coordinate is not a finite number")
		}
		return out, z, m, err
	}
	b := &builder{depth: g.depth}
	var err error
	if g.axes == 0 {
		err = g.interleaved(b, v)
	} else {
		err = g.records(b, values)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	return b.geometry(g.kind), b.z, b.m, nil
}

// records reads coordinates that have a leaf an axis.
func (g *geometryColumn) records(b *builder, values [][]pq.Value) error {
	axis := values[g.leaf : g.leaf+g.axes]
	for i, x := range axis[0] {
		for _, other := range axis[1:] {
			if len(other) != len(axis[0]) || other[i].IsNull() != x.IsNull() {
				return fmt.Errorf("the axes have different lengths")
			}
		}
		if x.IsNull() {
			continue // an empty part, or no geometry at all
		}
		p := orb.Point{x.Double(), axis[1][i].Double()}
		if !finite(p) {
			if g.depth == 0 && math.IsNaN(p[0]) && math.IsNaN(p[1]) {
				return nil // POINT EMPTY
			}
			return fmt.Errorf("a coordinate is not a finite number")
		}
		b.add(p, x.RepetitionLevel())
		next := 2
		if g.z {
			b.z = append(b.z, axis[next][i].Double())
			next++
		}
		if g.m {
			b.m = append(b.m, axis[next][i].Double())
		}
	}
	return nil
}

// interleaved reads positions that are lists of 2, 3 or 4 numbers.
func (g *geometryColumn) interleaved(b *builder, v []pq.Value) error {
	for i := 0; i < len(v); {
		if v[i].IsNull() {
			i++
			continue
		}
		end := i + 1
		for end < len(v) && v[end].RepetitionLevel() == g.depth+1 {
			end++
		}
		n := end - i
		if n < 2 || n > 4 {
			return fmt.Errorf("a position of %d numbers", n)
		}
		p := orb.Point{v[i].Double(), v[i+1].Double()}
		if !finite(p) {
			return fmt.Errorf("a coordinate is not a finite number")
		}
		b.add(p, v[i].RepetitionLevel())
		if n >= 3 {
			b.z = append(b.z, v[i+2].Double())
		}
		if n == 4 {
			b.m = append(b.m, v[i+3].Double())
		}
		i = end
	}
	if n := len(b.points); b.z != nil && len(b.z) != n || b.m != nil && len(b.m) != n {
		return fmt.Errorf("positions of different lengths")
	}
	return nil
}

// builder gathers positions with the level at which each one repeats: the
// depth itself continues a line, less begins a new ring, polygon, geometry.
type builder struct {
	depth  int
	points []orb.Point
	levels []int
	z, m   []float64
}

func (b *builder) add(p orb.Point, level int) {
	b.points, b.levels = append(b.points, p), append(b.levels, level)
}

func (b *builder) geometry(kind string) orb.Geometry {
	if len(b.points) == 0 {
		return nil
	}
	switch kind {
	case "Point":
		return b.points[0]
	case "MultiPoint":
		return orb.MultiPoint(b.points)
	case "LineString":
		return orb.LineString(b.points)
	}
	var lines orb.MultiLineString
	var areas orb.MultiPolygon
	for from := 0; from < len(b.points); {
		to := from + 1
		for to < len(b.points) && b.levels[to] >= b.depth {
			to++
		}
		line := b.points[from:to:to]
		if b.levels[from] <= b.depth-2 || len(areas) == 0 {
			areas = append(areas, nil)
		}
		lines = append(lines, line)
		areas[len(areas)-1] = append(areas[len(areas)-1], line)
		from = to
	}
	switch kind {
	case "MultiLineString":
		return lines
	case "Polygon":
		out := make(orb.Polygon, len(lines))
		for i, l := range lines {
			out[i] = orb.Ring(l)
		}
		return out
	}
	return areas
}

func allFinite(g orb.Geometry) bool { return zm.Each(g, finite) }
