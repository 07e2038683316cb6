package zonal

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo/grid"
)

// memRaster is a raster in memory that checks how it is read.
type memRaster struct {
	g     grid.Grid
	bands [][]float64
	reads atomic.Int64
	cells atomic.Int64
	most  int // largest window that may be read; 0 is any
}

func newMem(g grid.Grid, f func(col, row int) float64) *memRaster {
	b := make([]float64, g.Width*g.Height)
	for i := range b {
		b[i] = f(i%g.Width, i/g.Width)
	}
	return &memRaster{g: g, bands: [][]float64{b}}
}

func (m *memRaster) Grid() grid.Grid { return m.g }

func (m *memRaster) ReadFloat64(ctx context.Context, band int, w grid.Window, dst []float64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if w.Empty() || m.g.Full().Intersect(w) != w {
		return errors.New("window outside the raster")
	}
	if m.most > 0 && w.Width*w.Height > m.most {
		return errors.New("window larger than MaxCells")
	}
	if len(dst) != w.Width*w.Height {
		return errors.New("dst has another length than the window")
	}
	m.reads.Add(1)
	m.cells.Add(w.Cells())
	for r := range w.Height {
		copy(dst[r*w.Width:(r+1)*w.Width], m.bands[band-1][(w.Row+r)*m.g.Width+w.Col:])
	}
	return nil
}

// unit is a grid whose cells are those of cell space.
func unit(w, h int) grid.Grid {
	return grid.Grid{Transform: grid.Transform{0, 1, 0, 0, 0, 1}, Width: w, Height: h}
}

func value(col, row int) float64 {
	if (col*7+row*13)%11 == 0 {
		return math.NaN()
	}
	return float64((col*31+row*17)%23) + 0.25*float64(col%3)
}

// clip cuts a ring to one side of a line (Sutherland and Hodgman 1974). The
// edges it adds along the line hold no area: the signed area of the result is
// right for any ring.
func clip(r []orb.Point, axis int, at, side float64) []orb.Point {
	var out []orb.Point
	for i := range r {
		a, b := r[i], r[(i+1)%len(r)]
		da, db := side*(a[axis]-at), side*(b[axis]-at)
		if da >= 0 {
			out = append(out, a)
		}
		if (da > 0 && db < 0) || (da < 0 && db > 0) {
			t := da / (da - db)
			p := orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])}
			p[axis] = at
			out = append(out, p)
		}
	}
	return out
}

func ringArea(r []orb.Point) float64 {
	if len(r) < 3 {
		return 0
	}
	a := 0.0
	for i := range r {
		p, q := r[i], r[(i+1)%len(r)]
		a += (p[0]-r[0][0])*(q[1]-r[0][1]) - (q[0]-r[0][0])*(p[1]-r[0][1])
	}
	return math.Abs(a / 2)
}

// slowFractions clips every ring (in cell coordinates) to every cell.
func slowFractions(mp orb.MultiPolygon, w, h int) []float64 {
	f := make([]float64, w*h)
	for _, p := range mp {
		for i, ring := range p {
			sign := 1.0
			if i > 0 {
				sign = -1
			}
			for row := range h {
				band := clip(clip(ring[:len(ring)-1], 1, float64(row), 1), 1, float64(row+1), -1)
				if len(band) == 0 {
					continue
				}
				for col := range w {
					f[row*w+col] += sign * ringArea(clip(clip(band, 0, float64(col), 1), 0, float64(col+1), -1))
				}
			}
		}
	}
	return f
}

func fractions(t testing.TB, g grid.Grid, geom orb.Geometry) []float64 {
	t.Helper()
	f := make([]float64, g.Width*g.Height)
	prev := -1
	err := Cover(context.Background(), g, Area{ID: "a", Geometry: geom}, func(s Span) bool {
		at := s.Row*g.Width + s.Col
		if at <= prev || s.Width < 1 || s.Col+s.Width > g.Width || !(s.Fraction > 0 && s.Fraction <= 1) {
			t.Errorf("span %+v out of order or range", s)
		}
		for i := range s.Width {
			f[at+i] = s.Fraction
			prev = at + i
		}
		return true
	})
	if err != nil {
		t.Fatalf("cover: %v (%v)", err, geom)
	}
	return f
}

func shoelaceArea(mp orb.MultiPolygon) float64 {
	a := 0.0
	for _, p := range mp {
		for i, r := range p {
			if i == 0 {
				a += ringArea(r[:len(r)-1])
			} else {
				a -= ringArea(r[:len(r)-1])
			}
		}
	}
	return a
}

// star is a ring that sees its centre from everywhere; the seed of the random
// choices is what rapid shrinks.
func star(rng *rand.Rand, cx, cy, r float64, n int, lattice float64) orb.Ring {
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		a := 2 * math.Pi * (float64(i) + 0.8*rng.Float64()) / float64(n)
		d := r * (0.55 + 0.45*rng.Float64())
		ring = append(ring, orb.Point{cx + d*math.Cos(a), cy + d*math.Sin(a)})
	}
	if lattice > 0 { // vertices on cell corners and edges
		for i := range ring {
			if rng.IntN(2) == 0 {
				ring[i] = orb.Point{math.Round(ring[i][0]/lattice) * lattice, math.Round(ring[i][1]/lattice) * lattice}
			}
		}
	}
	ring = append(ring, ring[0])
	if rng.IntN(2) == 0 {
		ring.Reverse()
	}
	return ring
}

// randomArea is one or several stars in boxes of their own, some with holes.
// Snapped vertices keep to a quarter of a cell, less than the gaps.
func randomArea(rng *rand.Rand, w, h float64) orb.MultiPolygon {
	nx := 1 + rng.IntN(3)
	var mp orb.MultiPolygon
	for i := range nx {
		bw := w / float64(nx)
		cx, cy := bw*(float64(i)+0.5), h*(0.2+0.6*rng.Float64())
		r := bw/2 - 0.3
		if nx == 1 {
			r *= 0.2 + 1.3*rng.Float64() // may leave the raster
			cx += w * (rng.Float64() - 0.5)
		}
		lattice := []float64{0, 0, 0.25}[rng.IntN(3)]
		if r < 3 {
			lattice = 0
		}
		p := orb.Polygon{star(rng, cx, cy, r, 6+rng.IntN(40), lattice)}
		if rng.IntN(2) == 0 {
			p = append(p, star(rng, cx, cy, r*0.4, 6+rng.IntN(10), 0))
		}
		mp = append(mp, p)
	}
	return mp
}

func drawRNG(t *rapid.T) *rand.Rand {
	return rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
}

func near(a, b, rel float64) bool {
	if math.IsNaN(a) || math.IsNaN(b) {
		return math.IsNaN(a) && math.IsNaN(b)
	}
	return math.Abs(a-b) <= rel*math.Max(1, math.Max(math.Abs(a), math.Abs(b)))
}
