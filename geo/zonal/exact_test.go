package zonal

import (
	"fmt"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo/grid"
)

// TestWeightsOfSquares: turned squares of 2, 5, 10 and 100 cells have their
// area, from cached weights too, in any place of a large raster and at both
// cell sizes.
func TestWeightsOfSquares(t *testing.T) {
	t.Parallel()
	const cells = 10980
	rapid.Check(t, func(t *rapid.T) {
		rng := drawRNG(t)
		cell := []float64{10, 30}[rng.IntN(2)]
		g := grid.Grid{Transform: grid.Transform{600000, cell, 0, 4960000, 0, -cell}, Width: cells, Height: cells}
		var areas []Area
		sides := []float64{2, 5, 10, 100}
		for _, side := range sides {
			a := 2 * math.Pi * rng.Float64()
			x, y := 200+(cells-400)*rng.Float64(), 200+(cells-400)*rng.Float64()
			ring := make(orb.Ring, 0, 5)
			for k := range 4 {
				b := a + float64(k)*math.Pi/2
				ring = append(ring, orb.Point{
					600000 + cell*(x+side*math.Sqrt2/2*math.Cos(b)), 4960000 - cell*(y+side*math.Sqrt2/2*math.Sin(b)),
				})
			}
			areas = append(areas, Area{ID: fmt.Sprint(side), Geometry: orb.Polygon{append(ring, ring[0])}})
		}
		w, err := NewWeights(t.Context(), g, areas, &WeightOptions{Exact: rng.IntN(2) == 0})
		if err != nil {
			t.Fatal(err)
		}
		for i, side := range sides {
			var sum ksum
			for s := range w.Runs(i) {
				sum.add(float64(s.Width) * s.Fraction)
			}
			if e := math.Abs(sum.value()/(side*side) - 1); e > 1e-7 {
				t.Fatalf("square of %v cells: %v, error %.2g", side, sum.value(), e)
			}
		}
	})
}

// TestWeightsPartition: areas that make a whole sum to it: in each cell, and
// in count, sum, area, classes and pairs.
func TestWeightsPartition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := drawRNG(t)
		const w, h, n = 150, 120, 6
		at := func(i, j int) orb.Point { // a warped lattice with straight sides
			x, y := float64(i)*w/n, float64(j)*h/n
			if i > 0 && i < n {
				x += 9 * math.Sin(float64(j*7+i))
			}
			if j > 0 && j < n {
				y += 7 * math.Cos(float64(i*5+j))
			}
			return orb.Point{x, y}
		}
		var areas []Area
		for i := range n {
			for j := range n {
				areas = append(areas, Area{ID: fmt.Sprint(i, j), Geometry: orb.Polygon{{at(i, j), at(i+1, j), at(i+1, j+1), at(i, j+1), at(i, j)}}})
			}
		}
		rng.Shuffle(len(areas), func(i, j int) { areas[i], areas[j] = areas[j], areas[i] })
		r, to := newMem(unit(w, h), land(1+rng.IntN(5))), newMem(unit(w, h), land(2))
		wt, err := NewWeights(t.Context(), r.g, areas, &WeightOptions{Side: 16 << rng.IntN(4)})
		if err != nil {
			t.Fatal(err)
		}
		cover := make([]float64, w*h)
		for i := range areas {
			for s := range wt.Runs(i) {
				for c := range s.Width {
					cover[s.Row*w+s.Col+c] += s.Fraction
				}
			}
		}
		for i, f := range cover {
			if math.Abs(f-1) > 4*0x1p-24 {
				t.Fatalf("cell %d,%d is covered %v times", i%w, i/w, f)
			}
		}
		o := Options{Stats: []Stat{Count, Sum, Nodata, AreaHa}, CellArea: cellArea}
		parts, err := wt.Apply(t.Context(), []Layer{{Raster: r}}, o)
		if err != nil {
			t.Fatal(err)
		}
		all, err := Compute(t.Context(), r, []Area{{Geometry: orb.Bound{Max: orb.Point{w, h}}}}, o)
		if err != nil {
			t.Fatal(err)
		}
		for k, name := range all[0].Names {
			var sum, size ksum
			for i := range parts[0] {
				sum.add(parts[0][i].Values[k])
				size.add(math.Abs(parts[0][i].Values[k]))
			}
			if math.Abs(sum.value()-all[0].Values[k]) > 1e-7*size.value() {
				t.Fatalf("%s: parts sum to %v, whole %v", name, sum.value(), all[0].Values[k])
			}
		}
		pairs, err := wt.Cross(t.Context(), Layer{Raster: r}, Layer{Raster: to}, CrossOptions{CellArea: cellArea})
		if err != nil {
			t.Fatal(err)
		}
		var m2 ksum
		for _, p := range pairs {
			for _, q := range p.Pairs {
				m2.add(q.M2)
			}
			m2.add(p.OnlyFrom.M2 + p.OnlyTo.M2 + p.Neither.M2)
		}
		want := 0.0
		for row := range h {
			want += w * cellArea(row)
		}
		if math.Abs(m2.value()/want-1) > 1e-7 {
			t.Fatalf("pairs make %v m², the raster has %v", m2.value(), want)
		}
	})
}
