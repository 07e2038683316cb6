package encode

// AppendGeometry writes a GeoJSON geometry, null when there is none. swap
// writes y before x.
func AppendGeometry(b []byte, g *Geometry, swap bool, places int) []byte {
	return appendGeometry(b, g, swap, places)
}

func appendGeometry(b []byte, g *Geometry, swap bool, places int) []byte {
	if g == nil || g.Kind == 0 {
		return append(b, "null"...)
	}
	if g.Kind == Collection {
		b = append(b, `{"type":"GeometryCollection","geometries":[`...)
		for i := range g.Members {
			b = appendGeometry(comma(b, i), &g.Members[i], swap, places)
		}
		return append(b, "]}"...)
	}
	w := positions{g, swap, places}
	b = append(append(b, `{"type":"`...), g.Kind.String()...)
	b = append(b, `","coordinates":`...)
	switch g.Kind {
	case Point:
		b = w.position(b, 0)
	case MultiPoint, LineString:
		b = w.line(b, 0, g.Len())
	case MultiLineString:
		b = w.rings(b, 0, max(1, len(g.Ends)))
	case Polygon:
		b = w.rings(b, 0, max(1, len(g.Ends)))
	case MultiPolygon:
		b = append(b, '[')
		n := 0
		for from, to := range g.Polygons {
			b = w.rings(comma(b, n), from, to)
			n++
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

// positions writes the coordinates of a geometry.
type positions struct {
	g      *Geometry
	swap   bool
	places int
}

func (w *positions) rings(b []byte, from, to int) []byte {
	b = append(b, '[')
	for i := from; i < to; i++ {
		a, z := w.g.Span(i)
		b = w.line(comma(b, i-from), a, z)
	}
	return append(b, ']')
}

func (w *positions) line(b []byte, from, to int) []byte {
	b = append(b, '[')
	for i := from; i < to; i++ {
		b = w.position(comma(b, i-from), i)
	}
	return append(b, ']')
}

func (w *positions) position(b []byte, i int) []byte {
	x, y := w.g.XY[2*i], w.g.XY[2*i+1]
	if w.swap {
		x, y = y, x
	}
	b = appendNumber(append(b, '['), x, w.places)
	b = appendNumber(append(b, ','), y, w.places)
	if i < len(w.g.Z) {
		b = appendNumber(append(b, ','), w.g.Z[i], -1)
	}
	return append(b, ']')
}
