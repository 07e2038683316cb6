package export

import (
	"math"
	"strconv"
	"strings"

	"contado/geo"

	"github.com/paulmach/orb"
)

// wktOf writes a geometry as well-known text (OGC 06-103r4 §7), with heights
// when it has them; numbers have all their digits and no exponent.
func wktOf(f *geo.Feature) string {
	w := wktWriter{z: f.Z}
	w.geometry(f.Geometry)
	return w.b.String()
}

type wktWriter struct {
	b  strings.Builder
	z  []float64
	at int
}

func (w *wktWriter) number(v float64) {
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-12 || a >= 1e21) {
		format = 'e'
	}
	w.b.WriteString(strconv.FormatFloat(v, format, -1, 64))
}

func (w *wktWriter) position(p orb.Point) {
	w.number(p[0])
	w.b.WriteByte(' ')
	w.number(p[1])
	if w.z != nil {
		z := 0.0 // WKT has no word for a height that is not known
		if w.at < len(w.z) && !math.IsNaN(w.z[w.at]) {
			z = w.z[w.at]
		}
		w.b.WriteByte(' ')
		w.number(z)
	}
	w.at++
}

// in writes n parts in parentheses.
func (w *wktWriter) in(n int, part func(i int)) {
	w.b.WriteByte('(')
	for i := range n {
		if i > 0 {
			w.b.WriteByte(',')
		}
		part(i)
	}
	w.b.WriteByte(')')
}

func (w *wktWriter) points(ps []orb.Point) { w.in(len(ps), func(i int) { w.position(ps[i]) }) }

func (w *wktWriter) polygon(p orb.Polygon) { w.in(len(p), func(i int) { w.points(p[i]) }) }

func (w *wktWriter) geometry(g orb.Geometry) {
	w.b.WriteString(strings.ToUpper(g.GeoJSONType()))
	if w.z != nil {
		w.b.WriteString(" Z ")
	}
	switch g := g.(type) {
	case orb.Point:
		w.in(1, func(int) { w.position(g) })
	case orb.MultiPoint:
		w.in(len(g), func(i int) { w.in(1, func(int) { w.position(g[i]) }) })
	case orb.LineString:
		w.points(g)
	case orb.MultiLineString:
		w.in(len(g), func(i int) { w.points(g[i]) })
	case orb.Ring:
		w.polygon(orb.Polygon{g})
	case orb.Polygon:
		w.polygon(g)
	case orb.MultiPolygon:
		w.in(len(g), func(i int) { w.polygon(g[i]) })
	case orb.Collection:
		w.in(len(g), func(i int) { w.geometry(g[i]) })
	}
}
