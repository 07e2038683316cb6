package raster

import (
	"math"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
)

const edgePoints = 32

// footprint is the outline of a grid in WGS 84 with 32 points an edge, as a
// closed counter-clockwise ring, and its box. A ring that crosses the 180th
// meridian goes on beyond 180 degrees, so that it stays one ring; its box has
// MinX > MaxX then. A grid around a pole gets the whole cap.
func footprint(g grid.Grid) ([][2]float64, geo.BBox, error) {
	xs, ys := edge(g)
	t, err := gdal.NewTransform(g.CRS, geo.WGS84)
	if err != nil {
		return nil, geo.BBox{}, err
	}
	defer t.Close()
	if err := t.Apply(xs, ys); err != nil {
		return nil, geo.BBox{}, err
	}
	south, north, err := poles(g)
	if err != nil {
		return nil, geo.BBox{}, err
	}
	var ring [][2]float64
	box := geo.EmptyBBox()
	for i := range xs {
		if math.IsNaN(xs[i]) || math.IsNaN(ys[i]) {
			continue
		}
		x := xs[i]
		if n := len(ring); n > 0 {
			x = unwrap(ring[n-1][0], x)
		}
		ring = append(ring, [2]float64{x, ys[i]})
		box = box.ExtendPoint(x, ys[i])
	}
	if len(ring) < 3 {
		return nil, box, fault.WithHint(fault.Errorf("raster.Convert", fault.Invalid, "the edges of the raster lie outside what %s can place on the globe", g.CRS.Short()),
			"check the reference system, or name the right one with --crs")
	}
	if south || north {
		ring, box = polarCap(box, south, north)
		return ring, box, nil
	}
	ring = append(ring, ring[0])
	return ring, wrapBox(box), nil
}

// edge walks around the grid from its lower left corner, counter-clockwise.
func edge(g grid.Grid) (xs, ys []float64) {
	w, h := float64(g.Width), float64(g.Height)
	corners := [5][2]float64{{0, h}, {w, h}, {w, 0}, {0, 0}, {0, h}}
	for i := range 4 {
		a, b := corners[i], corners[i+1]
		for k := range edgePoints {
			f := float64(k) / edgePoints
			x, y := g.Transform.Apply(a[0]+(b[0]-a[0])*f, a[1]+(b[1]-a[1])*f)
			xs, ys = append(xs, x), append(ys, y)
		}
	}
	return xs, ys
}

// unwrap moves x by whole turns to within half a turn of the one before.
func unwrap(before, x float64) float64 {
	return x - 360*math.Round((x-before)/360)
}

// wrapBox says a box that goes beyond 180 degrees the way of RFC 7946 §5.2.
func wrapBox(b geo.BBox) geo.BBox {
	if b.Width() >= 360-1e-9 {
		b.MinX, b.MaxX = -180, 180
		return b
	}
	turn := func(x float64) float64 {
		if x > 180+1e-9 {
			return x - 360
		}
		if x < -180-1e-9 {
			return x + 360
		}
		return x
	}
	b.MinX, b.MaxX = turn(b.MinX), turn(b.MaxX)
	return b
}

// poles tells which poles lie inside a projected grid.
func poles(g grid.Grid) (south, north bool, err error) {
	d, err := gdal.DescribeCRS(g.CRS)
	if err != nil || d.Geographic {
		return false, false, err
	}
	t, err := gdal.NewTransform(geo.WGS84, g.CRS)
	if err != nil {
		return false, false, err
	}
	defer t.Close()
	x, y := []float64{0, 0}, []float64{-90, 90}
	if err := t.Apply(x, y); err != nil {
		return false, false, err
	}
	b := g.Bounds()
	in := func(i int) bool {
		return x[i] > b.MinX && x[i] < b.MaxX && y[i] > b.MinY && y[i] < b.MaxY && !polarIsEdge(g, i)
	}
	return in(0), in(1), nil
}

// polarIsEdge: in cylindrical projections a pole is a whole line, not a point
// inside; then two longitudes of the pole lie apart.
func polarIsEdge(g grid.Grid, i int) bool {
	t, err := gdal.NewTransform(geo.WGS84, g.CRS)
	if err != nil {
		return true
	}
	defer t.Close()
	lat := -90.0
	if i == 1 {
		lat = 90
	}
	x, y := []float64{0, 90}, []float64{lat, lat}
	if err := t.Apply(x, y); err != nil {
		return true
	}
	return !(math.Hypot(x[0]-x[1], y[0]-y[1]) < math.Abs(g.Transform[1]))
}

func polarCap(b geo.BBox, south, north bool) ([][2]float64, geo.BBox) {
	b.MinX, b.MaxX = -180, 180
	if south {
		b.MinY = -90
	}
	if north {
		b.MaxY = 90
	}
	return [][2]float64{{b.MinX, b.MinY}, {b.MaxX, b.MinY}, {b.MaxX, b.MaxY}, {b.MinX, b.MaxY}, {b.MinX, b.MinY}}, b
}
