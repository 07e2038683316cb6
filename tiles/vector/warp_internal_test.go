package vector

import (
	"math"
	"math/rand/v2"
	"testing"

	"contado/geo"
	"contado/geo/crs"
	"contado/tiles/tms"
)

// The mesh stands in for the projection to a millimetre, over a municipality
// and over a continent: a quarter of a unit at zoom 18 is 9 mm.
func TestWarpError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		crs geo.CRS
		box geo.BBox
	}{
		{"EPSG:32632", geo.BBox{MinX: 680000, MinY: 4920000, MaxX: 707000, MaxY: 4947000}},
		{"EPSG:25832", geo.BBox{MinX: 280000, MinY: 5230000, MaxX: 920000, MaxY: 6110000}},
		{"EPSG:3035", geo.BBox{MinX: 2.6e6, MinY: 1.4e6, MaxX: 6.6e6, MaxY: 5.4e6}},
		{"EPSG:4326", geo.BBox{MinX: 6, MinY: 36, MaxX: 19, MaxY: 48}},
		{"EPSG:3003", geo.BBox{MinX: 1.5e6, MinY: 4.6e6, MaxX: 1.8e6, MaxY: 5e6}}, // through PROJ
		{"EPSG:32632", geo.BBox{MinX: 700000, MinY: 4900000, MaxX: 700000, MaxY: 4900000}},
	} {
		var p Projector = FromWGS84{}
		if c.crs != geo.WGS84 {
			tr, err := crs.New(c.crs, geo.WebMercator)
			if err != nil {
				t.Fatal(err)
			}
			p = tr
		}
		w, err := newWarp(p, c.box)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(4, 4))
		worst, exact := 0.0, 0
		for range 20000 {
			at := [2]float64{c.box.MinX + rng.Float64()*c.box.Width(), c.box.MinY + rng.Float64()*c.box.Height()}
			if w.patch(w.cell(at[0], at[1])) == nil {
				exact++
			}
			x, y := []float64{at[0]}, []float64{at[1]}
			if err := p.Points(x, y); err != nil {
				t.Fatal(err)
			}
			if err := w.points(at[:], at[:]); err != nil {
				t.Fatal(err)
			}
			worst = max(worst, math.Hypot(at[0]-x[0], at[1]-y[0]))
		}
		t.Logf("%s: off by at most %.2g m, cells of %.3g, %d exactly", c.crs, worst, w.side, exact)
		if worst > warpError || exact > 2000 {
			t.Errorf("%s: off by %g m, %d of 20000 through the projection itself", c.crs, worst, exact)
		}
	}
}

// Squares are on average exact whatever falls into them, and in each aligned
// part of the tile to a pixel.
func TestSquaresKeepArea(t *testing.T) {
	t.Parallel()
	v := newView(tms.Tile{Z: 9, X: 271, Y: 181})
	for _, mean := range []float64{0.3, 5, 40} { // square units
		for level := range 8 {
			p := newPixels()
			defer p.free()
			pour := newPourer(p, &v)
			rng := rand.New(rand.NewPCG(uint64(level), 1))
			truth := [4]float64{}
			n := 20000
			for i := range n {
				x, y := rng.Float64(), rng.Float64()*rng.Float64()
				a := mean * 2 * rng.Float64()
				e := entry{x: uint32(v.x0 + int64(x*float64(v.side))), y: uint32(v.y0 + int64(y*float64(v.side))), size: float32(a * v.unit2)}
				dx, dy := v.offset(e.x, e.y)
				pour.pour(dx, dy, &e, int32(i))
				q := 0
				if x >= 0.5 {
					q++
				}
				if y >= 0.5 {
					q += 2
				}
				truth[q] += a
			}
			var drawn [4]float64
			for _, s := range p.squares(nil, level) {
				q := 0
				if s.x >= extent/2 {
					q++
				}
				if s.y >= extent/2 {
					q += 2
				}
				drawn[q] += float64(s.w) * float64(s.h)
				if s.x < 0 || s.y < 0 || s.x+s.w > extent || s.y+s.h > extent || s.w < 1 || s.h < 1 {
					t.Fatalf("square %+v", s)
				}
			}
			all, want := 0.0, 0.0
			full := float64(int(64) << level)
			for q := range drawn {
				all, want = all+drawn[q], want+truth[q]
				if math.Abs(drawn[q]-truth[q]) > full+1 {
					t.Errorf("mean %v, level %d, quarter %d: drawn %.1f of %.1f", mean, level, q, drawn[q], truth[q])
				}
			}
			if math.Abs(all-want) > 2+0.05*full {
				t.Errorf("mean %v, level %d: drawn %.1f of %.1f", mean, level, all, want)
			}
		}
	}
}

// The lot draws in proportion to area: of two kinds of which one has three
// times the area of the other, three in four squares are of the first.
func TestLotIsFair(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(8, 8))
	big := 0
	const n = 20000
	for range n {
		a := entry{x: rng.Uint32(), y: rng.Uint32(), size: 30}
		b := entry{x: rng.Uint32(), y: rng.Uint32(), size: 10}
		if lot(&a)/a.size < lot(&b)/b.size {
			big++
		}
	}
	if k := float64(big) / n; math.Abs(k-0.75) > 0.02 {
		t.Errorf("%.3f of the lots, want 0.75", k)
	}
}
