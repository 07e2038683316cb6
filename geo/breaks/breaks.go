// Package breaks divides numbers into classes for maps: as many in each, as
// alike as can be, or as wide.
package breaks

import (
	"math"
	"slices"

	"contado/geo/fault"
)

// Method is a way of dividing.
type Method string

// The methods.
const (
	// Quantiles puts as many numbers into each class, as far as equal numbers
	// allow.
	Quantiles Method = "quantiles"
	// Jenks makes the numbers of each class as alike as can be: the sum of
	// squared differences from the classes' means is the least there is (Fisher
	// 1958, Journal of the American Statistical Association 53, 789–798).
	Jenks Method = "jenks"
	// Equal makes classes of the same width.
	Equal Method = "equal"
)

// Methods lists the methods in the order shown to people.
var Methods = []Method{Quantiles, Jenks, Equal}

// MaxClasses bounds the classes of a map: people tell no more apart.
const MaxClasses = 12

// Numbers divides numbers into classes and returns their edges, ascending:
// class i holds edges[i] ≤ v < edges[i+1], the last one its upper edge too.
// There are fewer classes when there are fewer different numbers; all equal
// numbers are one class with both edges the same. NaN and infinities are left
// out. values is not kept, and may be in any order.
//
// Errors: fault.Invalid for an unknown method, fewer than 2 or more than
// MaxClasses classes; fault.NotExist when there is no number.
func Numbers(values []float64, m Method, classes int) ([]float64, error) {
	const op = "breaks.Numbers"
	if classes < 2 || classes > MaxClasses {
		return nil, fault.Errorf(op, fault.Invalid, "%d classes; want 2 to %d", classes, MaxClasses)
	}
	if !slices.Contains(Methods, m) {
		return nil, fault.Errorf(op, fault.Invalid, "method %.40q; there are quantiles, jenks, equal", m)
	}
	sorted := make([]float64, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			sorted = append(sorted, v)
		}
	}
	if len(sorted) == 0 {
		return nil, fault.Errorf(op, fault.NotExist, "there is no number to divide into classes")
	}
	slices.Sort(sorted)
	lo, hi := sorted[0], sorted[len(sorted)-1]
	if lo == hi {
		return []float64{lo, hi}, nil
	}
	var inner []float64
	switch m {
	case Quantiles:
		inner = quantiles(sorted, classes)
	case Jenks:
		inner = jenks(sorted, classes)
	case Equal:
		for i := 1; i < classes; i++ {
			inner = append(inner, lo+(hi-lo)*float64(i)/float64(classes))
		}
	}
	edges := []float64{lo}
	for _, e := range inner {
		if e > edges[len(edges)-1] {
			edges = append(edges, e)
		}
	}
	return append(edges, hi), nil
}

// quantiles are the first numbers of each class but the first.
func quantiles(sorted []float64, classes int) []float64 {
	var out []float64
	for i := 1; i < classes; i++ {
		out = append(out, sorted[i*len(sorted)/classes])
	}
	return out
}

// weighted are different numbers with how often they occur, as running sums:
// the squares within a stretch come from two subtractions.
type weighted struct {
	values            []float64
	count, sum, sumSq []float64 // before each value; one longer
}

func weigh(sorted []float64) *weighted {
	w := &weighted{count: []float64{0}, sum: []float64{0}, sumSq: []float64{0}}
	middle := sorted[len(sorted)/2] // sums about it keep their digits
	for i := 0; i < len(sorted); {
		j := i
		for j < len(sorted) && sorted[j] == sorted[i] {
			j++
		}
		n, d, last := float64(j-i), sorted[i]-middle, len(w.values)
		w.values = append(w.values, sorted[i])
		w.count = append(w.count, w.count[last]+n)
		w.sum = append(w.sum, w.sum[last]+n*d)
		w.sumSq = append(w.sumSq, w.sumSq[last]+n*d*d)
		i = j
	}
	return w
}

// cost is the sum of squared differences from the mean of values[i:j].
func (w *weighted) cost(i, j int) float64 {
	n, s := w.count[j]-w.count[i], w.sum[j]-w.sum[i]
	return math.Max(w.sumSq[j]-w.sumSq[i]-s*s/n, 0)
}

// jenks finds the best division by dynamic programming over the different
// values. The best last break never moves back as values are added, so that
// each class takes n·log n steps.
func jenks(sorted []float64, classes int) []float64 {
	w := weigh(sorted)
	n := len(w.values)
	if n <= classes {
		return w.values[1:]
	}
	best := make([]float64, n+1) // of the first j values in the classes so far
	for j := 1; j <= n; j++ {
		best[j] = w.cost(0, j)
	}
	from := make([][]int32, classes) // where the last class begins
	for k := 1; k < classes; k++ {
		from[k] = make([]int32, n+1)
		next := make([]float64, n+1)
		w.row(best, next, from[k], k+1, n, k, n-1)
		best = next
	}
	out := make([]float64, classes-1)
	for k, j := classes-1, n; k > 0; k-- {
		j = int(from[k][j])
		out[k-1] = w.values[j]
	}
	return out
}

// row fills next[lo..hi], whose last class begins somewhere in [first, last].
func (w *weighted) row(best, next []float64, from []int32, lo, hi, first, last int) {
	if lo > hi {
		return
	}
	mid := (lo + hi) / 2
	next[mid] = math.Inf(1)
	for i := first; i <= min(last, mid-1); i++ {
		if c := best[i] + w.cost(i, mid); c < next[mid] {
			next[mid], from[mid] = c, int32(i)
		}
	}
	at := int(from[mid])
	w.row(best, next, from, lo, mid-1, first, at)
	w.row(best, next, from, mid+1, hi, at, last)
}

// Class is the class of a number by the edges of Numbers; −1 outside.
func Class(edges []float64, v float64) int {
	n := len(edges) - 1
	if n < 1 || !(v >= edges[0] && v <= edges[n]) {
		return -1
	}
	i, found := slices.BinarySearch(edges[:n], v)
	if !found {
		i--
	}
	return i
}
