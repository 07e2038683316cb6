package coverage

import (
	"context"

	"contado/geo/fault"
)

// Choices is the coverage by the k-th nearest facility: kth[k−1][i] is the
// time from cell i to its k-th nearest, +Inf where there are fewer. Times must
// not fall with k. Of d, the people and areas are read; its Seconds are not.
// One Choice a rank, from k = 1, with a row a threshold.
// Errors: fault.Invalid, fault.TooLarge, fault.Canceled.
func Choices(ctx context.Context, d Demand, kth [][]float32, thresholds []float64) ([]Choice, error) {
	p, err := Params{Thresholds: thresholds}.withDefaults()
	if err != nil {
		return nil, err
	}
	scale, _, _, err := units(&d)
	if err != nil {
		return nil, err
	}
	people := quantise(d.People, scale)
	out := make([]Choice, len(kth))
	for k, seconds := range kth {
		if err := ctx.Err(); err != nil {
			return nil, fault.E("coverage.Choices", fault.Canceled, err)
		}
		if len(seconds) != len(people) {
			return nil, fault.Errorf("coverage.Choices", fault.Invalid, "%d times of rank %d for %d cells", len(seconds), k+1, len(people))
		}
		for i, t := range seconds {
			if !(t >= 0) || (k > 0 && t < kth[k-1][i]) {
				return nil, fault.Errorf("coverage.Choices", fault.Invalid, "cell %d: %v s to facility %d: no time, or below that to a nearer one", i, t, k+1)
			}
		}
		c := &count{scale: scale, thresholds: p.Thresholds, seconds: seconds, people: people}
		c.sortCells(make([]int32, len(people)), 1)
		out[k] = Choice{K: k + 1, Figures: c.figures(c.all(), people)}
	}
	return out, nil
}
