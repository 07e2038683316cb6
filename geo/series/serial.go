package series

import (
	"math"
	"slices"
)

// serialYears is the least number of years for SerialP (Hirsch, Slack 1984
// find the approximation good from 10 on).
const serialYears = 10

// mostYears bounds the work of covariance.
const mostYears = 500

// covariance sums the covariances of S between the parts of the year over all
// ordered pairs of different parts, from the values themselves: Dietz,
// Killeen 1981, Journal of the American Statistical Association 76, 169–174,
// as used by Hirsch, Slack 1984, Water Resources Research 20, 727–732. Points
// are sorted by part and time. ok is false when there are fewer than
// serialYears or more than mostYears years, or a part has two values in one year.
func covariance(pts []Point) (sum float64, ok bool) {
	var years []float64
	for _, p := range pts {
		years = append(years, math.Floor(p.Years))
	}
	slices.Sort(years)
	years = slices.Compact(years)
	if len(years) < serialYears || len(years) > mostYears {
		return 0, false
	}
	var table, ranks [][]float64 // by part, then year; NaN = missing
	var count []float64
	for part := range parts(pts) {
		row := slices.Repeat([]float64{math.NaN()}, len(years))
		for _, p := range part {
			y, _ := slices.BinarySearch(years, math.Floor(p.Years))
			if !math.IsNaN(row[y]) {
				return 0, false
			}
			row[y] = p.Value
		}
		table, ranks = append(table, row), append(ranks, rank(row, float64(len(part))))
		count = append(count, float64(len(part)))
	}
	for g := range table {
		for h := range g {
			k := concordance(table[g], table[h])
			var r float64
			for i := range years {
				r += ranks[g][i] * ranks[h][i]
			}
			sum += 2 * (k + 4*r - float64(len(years))*(count[g]+1)*(count[h]+1)) / 3
		}
	}
	return sum, true
}

// rank gives mid-ranks among the n values that are there, the middle rank for
// those that are not.
func rank(row []float64, n float64) []float64 {
	out := make([]float64, len(row))
	for i, a := range row {
		out[i] = n + 1
		for _, b := range row {
			out[i] += sign(a - b)
		}
		out[i] /= 2
	}
	return out
}

// concordance is the number of pairs of years in which both parts move alike,
// less those in which they move apart.
func concordance(a, b []float64) float64 {
	var k float64
	for j := range a {
		for i := range j {
			k += sign(a[j]-a[i]) * sign(b[j]-b[i])
		}
	}
	return k
}

func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0 // NaN too
}
