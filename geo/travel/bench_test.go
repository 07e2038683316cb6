package travel

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

// hills is a rural surface of side² cells of 20 m: two ranges with noise,
// patches of land cover, and a grid of roads.
func hills(side int) *Surface {
	rng := rand.New(rand.NewPCG(1, 2))
	s := &Surface{Width: side, Height: side, CellW: []float64{20}, CellH: []float64{20}}
	s.Speed, s.Elevation = make([]float32, side*side), make([]float32, side*side)
	kmh := []float32{2.5, 3, 3.06, 3.6, 4.86}
	patch := make([]float32, (side/16+1)*(side/16+1))
	for i := range patch {
		patch[i] = kmh[rng.IntN(len(kmh))] / 3.6
	}
	for r := range side {
		for c := range side {
			i := r*side + c
			x, y := float64(c)*20, float64(r)*20
			s.Elevation[i] = float32(600 + 350*math.Sin(x/2600)*math.Cos(y/3100) + 60*math.Sin(x/310+y/470) + rng.Float64()*2)
			s.Speed[i] = patch[r/16*(side/16+1)+c/16]
			if r%97 == 0 || c%113 == 0 {
				s.Speed[i] = 5 / 3.6
			}
			if (c+r/3)%401 == 0 && r%97 != 0 {
				s.Speed[i] = 0
			}
		}
	}
	return s
}

func scatter(s *Surface, n int) []Source {
	rng := rand.New(rand.NewPCG(3, 4))
	var out []Source
	for len(out) < n {
		c, r := rng.IntN(s.Width), rng.IntN(s.Height)
		if s.Passable(c, r) {
			out = append(out, Source{Col: c, Row: r, Facility: int32(len(out))})
		}
	}
	return out
}

func BenchmarkCompute(b *testing.B) {
	s := hills(2000)
	sources := scatter(s, 60)
	for _, c := range []struct {
		name string
		o    Options
	}{
		{"tobler16", Options{}}, {"tobler8", Options{Neighbours: 8}}, {"level16", Options{Slope: Level}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Compute(context.Background(), s, sources, c.o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkReach60Minutes(b *testing.B) {
	s := hills(2000)
	e, err := Prepare(s)
	if err != nil {
		b.Fatal(err)
	}
	sources, ws := scatter(s, 60), NewWorkspace()
	b.ReportAllocs()
	cells, i := 0, 0
	for b.Loop() {
		r, err := e.Reach(context.Background(), ws, sources[i%60:i%60+1], Options{MaxSeconds: 3600})
		if err != nil {
			b.Fatal(err)
		}
		cells += len(r.Cells)
		i++
	}
	b.ReportMetric(float64(cells)/float64(b.N), "cells/op")
}

func BenchmarkPrepare(b *testing.B) {
	s := hills(2000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Prepare(s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkKNearest(b *testing.B) {
	s := hills(1000)
	e, err := Prepare(s)
	if err != nil {
		b.Fatal(err)
	}
	sources := scatter(s, 60)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.KNearest(context.Background(), sources, 3, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
