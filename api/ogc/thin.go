package ogc

import (
	"math"

	"contado/api/ogc/encode"
	"contado/geo"
	"contado/geo/gdal"
)

// thinner takes out of geometries what a zoom of the web map grid does not
// show: positions go to a lattice of half a pixel, and those that say nothing
// more are dropped. Where a position goes depends on it alone, so neighbours
// that share a border share it still, without gaps.
type thinner struct {
	cell float64 // of the lattice, in units of the stored system
	out  encode.Geometry
	ring []int64 // lattice x, y of the line at hand
}

// pixel is the size in metres of a pixel of zoom 0 on the equator, of tiles
// of 256 pixels (17-083r4, annex D.1).
const pixel = 156543.03392804097

func newThinner(zoom float64, stored geo.CRS, home geo.BBox) (*thinner, error) {
	info, err := gdal.DescribeCRS(stored)
	if err != nil {
		return nil, err
	}
	lat := 0.0
	if known(home) {
		lat = math.Max(-85, math.Min(85, (home.MinY+home.MaxY)/2))
	}
	metres := pixel / math.Exp2(zoom) * math.Cos(lat*math.Pi/180) / 2
	if stored == geo.WebMercator {
		metres = pixel / math.Exp2(zoom) / 2
	}
	unit := info.MetresPerUnit
	if info.Geographic || unit <= 0 {
		unit = 111_320
	}
	return &thinner{cell: metres / unit}, nil
}

// thin gives the simplified geometry, which lives until the next call.
// Nothing vanishes: a polygon of less than a cell becomes its box, a line its
// ends. Holes of less than a cell are filled.
func (t *thinner) thin(g *encode.Geometry) *encode.Geometry {
	t.out.Reset()
	t.into(&t.out, g)
	return &t.out
}

func (t *thinner) into(out, g *encode.Geometry) {
	out.Kind = g.Kind
	switch g.Kind {
	case encode.Point, encode.MultiPoint:
		out.XY = append(out.XY, g.XY...)
	case encode.LineString, encode.MultiLineString:
		for from, to := range g.Lines {
			t.line(out, g.XY[2*from:2*to])
		}
	case encode.Polygon, encode.MultiPolygon:
		for from, to := range g.Polygons {
			for i := from; i < to; i++ {
				a, z := g.Span(i)
				t.polygonRing(out, g.XY[2*a:2*z], i == from)
			}
			out.Parts = append(out.Parts, uint32(len(out.Ends)))
		}
	case encode.Collection:
		for i := range g.Members {
			var m encode.Geometry
			t.into(&m, &g.Members[i])
			out.Members = append(out.Members, m)
		}
	}
}

// lattice puts a line on the lattice, without positions that come twice in a
// row, or that lie on the straight way or the way back.
func (t *thinner) lattice(xy []float64) {
	r := t.ring[:0]
	for i := 0; i+1 < len(xy); i += 2 {
		x, y := int64(math.Round(xy[i]/t.cell)), int64(math.Round(xy[i+1]/t.cell))
		for n := len(r); n >= 4; n = len(r) {
			ax, ay, bx, by := r[n-4], r[n-3], r[n-2], r[n-1]
			if (bx-ax)*(y-by) != (by-ay)*(x-bx) {
				break
			}
			r = r[:n-2]
		}
		if n := len(r); n >= 2 && r[n-2] == x && r[n-1] == y {
			continue
		}
		r = append(r, x, y)
	}
	t.ring = r
}

func (t *thinner) line(out *encode.Geometry, xy []float64) {
	t.lattice(xy)
	if len(t.ring) >= 4 {
		t.write(out, t.ring)
		return
	}
	n := len(xy)
	if mid := n / 4 * 2; n > 4 && xy[0] == xy[n-2] && xy[1] == xy[n-1] {
		out.XY = append(out.XY, xy[0], xy[1], xy[mid], xy[mid+1])
	} else {
		out.XY = append(out.XY, xy[0], xy[1])
	}
	out.XY = append(out.XY, xy[n-2], xy[n-1])
	out.Ends = append(out.Ends, uint32(out.Len()))
}

func (t *thinner) polygonRing(out *encode.Geometry, xy []float64, outer bool) {
	t.lattice(xy)
	r := t.ring
	// The seam of the ring may be on a straight way too.
	for len(r) >= 8 && (r[2]-r[0])*(r[1]-r[len(r)-3]) == (r[3]-r[1])*(r[0]-r[len(r)-4]) {
		r = r[2:]
		r[len(r)-2], r[len(r)-1] = r[0], r[1]
		if n := len(r); r[n-4] == r[0] && r[n-3] == r[1] {
			r = r[:n-2]
		}
	}
	switch {
	case len(r) >= 8:
		t.write(out, r)
	case outer:
		box := geo.EmptyBBox()
		for i := 0; i+1 < len(xy); i += 2 {
			box = box.ExtendPoint(xy[i], xy[i+1])
		}
		out.XY = append(out.XY, box.MinX, box.MinY, box.MaxX, box.MinY, box.MaxX, box.MaxY, box.MinX, box.MaxY, box.MinX, box.MinY)
		out.Ends = append(out.Ends, uint32(out.Len()))
	}
}

func (t *thinner) write(out *encode.Geometry, r []int64) {
	for i := 0; i+1 < len(r); i += 2 {
		out.XY = append(out.XY, float64(r[i])*t.cell, float64(r[i+1])*t.cell)
	}
	out.Ends = append(out.Ends, uint32(out.Len()))
}
