package disclosure_test

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/coverage"
	"contado/geo/disclosure"
)

// TestDrawnPolygonsCannotBeSubtracted: of two boxes, one in the other, the
// difference of any two answers is 0 or at least the threshold.
func TestDrawnPolygonsCannotBeSubtracted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var d coverage.Demand
		total := 0.0
		for range rapid.IntRange(0, 60).Draw(t, "cells") {
			d.Area = append(d.Area, int32(rapid.IntRange(0, 1).Draw(t, "area")))
			d.People = append(d.People, float64(rapid.IntRange(0, 9).Draw(t, "people")))
			d.Seconds = append(d.Seconds, rapid.SampledFrom([]float32{600, 600, 600, 1500, inf}).Draw(t, "seconds"))
			d.X = append(d.X, float64(rapid.IntRange(0, 40).Draw(t, "x")))
			d.Y = append(d.Y, float64(rapid.IntRange(0, 40).Draw(t, "y")))
			total += d.People[len(d.People)-1]
		}
		p, err := disclosure.NewPartition(context.Background(), d, []string{"a", "b"}, []float64{900, 1800}, nil, 3)
		if err != nil {
			t.Fatal(err)
		}
		edge := func(name string, low, high int) float64 {
			return float64(rapid.IntRange(low, high).Draw(t, name)) + 0.25
		}
		x0, x1, y0, y1 := edge("x0", -1, 20), edge("x1", 20, 40), edge("y0", -1, 20), edge("y1", 20, 40)
		box := func(x0, y0, x1, y1 float64) disclosure.Drawn {
			return p.Count(x0, y0, x1, y1, func(x, y float64) bool { return x >= x0 && x <= x1 && y >= y0 && y <= y1 })
		}
		outer, inner := box(x0, y0, x1, y1), box(x0, y0, math.Max(x0, x1-edge("less", 0, 20)), y1)
		ok := func(v float64) bool { return v == 0 || v >= 3 }
		if !ok(outer.People - inner.People) {
			t.Fatalf("%v people less %v", outer.People, inner.People)
		}
		for j := range outer.Coverage {
			o, i := outer.Coverage[j], inner.Coverage[j]
			if !ok(o.Covered-i.Covered) || !ok(o.Uncovered-i.Uncovered) || !ok(o.Unreachable-i.Unreachable) {
				t.Fatalf("rows %+v less %+v", o, i)
			}
		}
		all := box(-1, -1, 50, 50)
		if len(all.LeftOut) == 0 && all.People != total {
			t.Fatalf("%v people in all, want %v", all.People, total)
		}
	})
}
