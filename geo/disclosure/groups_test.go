package disclosure_test

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/disclosure"
)

// TestGroupsTellNobody: whatever cells of the published values are added up,
// in whatever combination of columns, nobody less than a block is told; and
// nobody is lost.
func TestGroupsTellNobody(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const areas, k = 3, 3
		n := rapid.IntRange(1, 60).Draw(t, "places")
		p := disclosure.Places{Areas: areas, Columns: make([][]float64, 2)}
		for range n {
			p.Area = append(p.Area, int32(rapid.IntRange(0, areas-1).Draw(t, "area")))
			p.X = append(p.X, 10+float64(rapid.IntRange(0, 15).Draw(t, "x"))/100)
			p.Y = append(p.Y, 45+float64(rapid.IntRange(0, 15).Draw(t, "y"))/100)
			for c := range p.Columns {
				p.Columns[c] = append(p.Columns[c], float64(rapid.IntRange(0, 4).Draw(t, "people")))
			}
		}
		hidden := rapid.IntRange(-1, 1).Draw(t, "hidden")
		p.Hidden = func(area, column int) bool { return area == 0 && column == hidden }
		g, err := disclosure.NewGroups(context.Background(), p, k)
		if err != nil {
			t.Fatal(err)
		}
		sums, areaOf := make([][2]float64, g.N), make([]int32, g.N)
		for i, b := range g.Of {
			if b < 0 {
				if some := p.Columns[0][i]+p.Columns[1][i] > 0; some && !g.Left[p.Area[i]] {
					t.Fatalf("the people of place %d are lost", i)
				}
				continue
			}
			areaOf[b] = p.Area[i]
			sums[b][0] += p.Columns[0][i]
			sums[b][1] += p.Columns[1][i]
		}
		for b, v := range sums {
			for c, n := range []float64{v[0], v[1], v[0] + v[1]} {
				if n > 0 && n < k && !p.Hidden(int(areaOf[b]), c) && !(areaOf[b] == 0 && hidden >= 0 && c == 2) {
					t.Fatalf("block %d has %v people of column %d", b, n, c)
				}
			}
		}
		for c := range p.Columns {
			even := g.Even(p.Columns[c], math.NaN())
			kept, was := 0.0, 0.0
			for i, v := range even {
				if !math.IsNaN(v) {
					kept += v
				}
				if !g.Left[p.Area[i]] {
					was += p.Columns[c][i]
				}
			}
			if math.Abs(kept-was) > 1e-6 {
				t.Fatalf("%v people of %v are left", kept, was)
			}
		}
	})
}

// TestGroupsGrowWithTheThreshold: blocks of a larger threshold are made of
// whole blocks of a smaller one, so that answers by both tell no more.
func TestGroupsGrowWithTheThreshold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := disclosure.Places{Areas: 1, Columns: make([][]float64, 1)}
		for range rapid.IntRange(1, 80).Draw(t, "places") {
			p.Area = append(p.Area, 0)
			p.X = append(p.X, 10+float64(rapid.IntRange(0, 31).Draw(t, "x"))/100)
			p.Y = append(p.Y, 45+float64(rapid.IntRange(0, 31).Draw(t, "y"))/100)
			p.Columns[0] = append(p.Columns[0], float64(rapid.IntRange(0, 9).Draw(t, "people")))
		}
		fine, err := disclosure.NewGroups(context.Background(), p, 3)
		if err != nil {
			t.Fatal(err)
		}
		coarse, err := disclosure.NewGroups(context.Background(), p, 10)
		if err != nil {
			t.Fatal(err)
		}
		of := map[int32]int32{}
		for i, b := range fine.Of {
			if b < 0 || coarse.Of[i] < 0 {
				continue
			}
			if c, known := of[b]; known && c != coarse.Of[i] {
				t.Fatalf("block %d is cut by blocks %d and %d", b, c, coarse.Of[i])
			}
			of[b] = coarse.Of[i]
		}
	})
}
