package disclosure

import (
	"context"
	"testing"

	"pgregory.net/rapid"
)

// TestFlatHidesEnough: in a list of parts of areas with published totals,
// small parts are hidden, and never just one area with them: what the shown
// ones leave of each total has room for step more people elsewhere.
func TestFlatHidesEnough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		classes := rapid.IntRange(1, 4).Draw(t, "classes")
		list := make([][]float64, rapid.IntRange(1, 7).Draw(t, "areas"))
		for a := range list {
			for range classes {
				list[a] = append(list[a], float64(rapid.SampledFrom([]int{0, 0, 1, 2, 3, 7, 40}).Draw(t, "people")))
			}
		}
		hidden, whole, c, err := flat(context.Background(), list, 3, nil)
		if err != nil {
			t.Fatal(err)
		}
		for a, values := range list {
			for k, v := range values {
				if !c.small(v) {
					continue
				}
				if !hidden[a] {
					t.Fatalf("area %d shows %v people", a, v)
				}
				if whole {
					continue
				}
				left := 0.0 // what a reader can still deal out of this class
				for b := range list {
					if hidden[b] {
						left += list[b][k]
					}
				}
				if left-v < c.step {
					t.Fatalf("class %d of area %d has %v of the %v that are hidden: it can be worked out", k, a, v, left)
				}
			}
		}
	})
}
