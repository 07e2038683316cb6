package disclosure_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/disclosure"
)

// shownBy are everybody by small blocks and bands by larger ones, as they are
// told, and the blocks of both.
func shownBy(t *rapid.T, p disclosure.Places, whole []float64, k float64) (told [][]float64, small, large []int32) {
	g, err := disclosure.NewGroups(context.Background(), p, k)
	if err != nil {
		t.Fatal(err)
	}
	p.Whole = whole
	fine, err := disclosure.NewGroups(context.Background(), p, k)
	if err != nil {
		t.Fatal(err)
	}
	everybody := fine.Even(whole, 0)
	told = [][]float64{everybody}
	for _, c := range p.Columns {
		told = append(told, g.Along(c, everybody, 0))
	}
	return told, fine.Of, g.Of
}

// TestEverybodyBySmallerBlocks: blocks of everybody are parts of those of the
// bands, none holds few; bands sum to everybody in every place; and people who
// change places, or ages, within blocks give the same figures.
func TestEverybodyBySmallerBlocks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const k = 3
		p := disclosure.Places{Areas: 1, Columns: make([][]float64, 2)}
		n := rapid.IntRange(2, 60).Draw(t, "places")
		whole := make([]float64, n)
		for i := range n {
			p.Area = append(p.Area, 0)
			p.X = append(p.X, 10+float64(rapid.IntRange(0, 15).Draw(t, "x"))/100)
			p.Y = append(p.Y, 45+float64(rapid.IntRange(0, 15).Draw(t, "y"))/100)
			for c := range p.Columns {
				v := float64(rapid.IntRange(0, 5).Draw(t, "people"))
				p.Columns[c] = append(p.Columns[c], v)
				whole[i] += v
			}
		}
		told, small, large := shownBy(t, p, whole, k)
		of, sums := map[int32]int32{}, map[int32]float64{}
		for i, b := range small {
			if b < 0 {
				continue
			}
			sums[b] += whole[i]
			if large[i] < 0 {
				continue // the bands are few: only everybody is told
			}
			if was, known := of[b]; known && was != large[i] {
				t.Fatalf("small block %d lies in two large ones", b)
			}
			of[b] = large[i]
			if bands := told[1][i] + told[2][i]; math.Abs(bands-told[0][i]) > 1e-9 {
				t.Fatalf("place %d: bands of %v people for %v", i, bands, told[0][i])
			}
		}
		for b, v := range sums {
			if v > 0 && v < k {
				t.Fatalf("block %d has %v people", b, v)
			}
		}
		// Whoever lives elsewhere within small blocks, or is of another age
		// within large ones, is told alike.
		other := p
		other.Columns = [][]float64{slices.Clone(p.Columns[0]), slices.Clone(p.Columns[1])}
		others := slices.Clone(whole)
		for range 4 * n {
			i, j := rapid.IntRange(0, n-1).Draw(t, "i"), rapid.IntRange(0, n-1).Draw(t, "j")
			a, b := other.Columns[0], other.Columns[1]
			undo := [6]float64{a[i], a[j], b[i], b[j], others[i], others[j]}
			switch {
			case small[i] >= 0 && small[i] == small[j]:
				a[i], a[j], b[i], b[j], others[i], others[j] = a[j], a[i], b[j], b[i], others[j], others[i]
			case large[i] >= 0 && large[i] == large[j] && a[i] > 0 && b[j] > 0:
				a[i], b[i], a[j], b[j] = a[i]-1, b[i]+1, a[j]+1, b[j]-1
			default:
				continue
			}
			again, s, l := shownBy(t, other, others, k)
			if !slices.Equal(s, small) || !slices.Equal(l, large) {
				a[i], a[j], b[i], b[j], others[i], others[j] = undo[0], undo[1], undo[2], undo[3], undo[4], undo[5]
				continue
			}
			for c := range told {
				for q := range told[c] {
					if math.Abs(told[c][q]-again[c][q]) > 1e-9 {
						t.Fatalf("column %d of place %d: %v and %v", c, q, told[c][q], again[c][q])
					}
				}
			}
		}
	})
}
