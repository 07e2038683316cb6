// Package demand puts people where they live: it spreads the counts of census
// sections or of coarse cells over finer cells, moves people off ground where
// nobody can be, and measures how wrong a way of spreading is on sections
// that it has not seen. Nobody is made or lost: parts always sum to what they
// are parts of, exactly. Arrays in, arrays out; no files, no projections.
package demand

import (
	"cmp"
	"math"
	"slices"
)

// Grains that people are divided into.
const (
	// Fine is a power of two, so that parts sum without rounding.
	Fine = 1.0 / (1 << 20)
	// Whole keeps people whole.
	Whole = 1.0
)

// Apportion divides a total among cells in proportion to their weights, in
// whole grains, by largest remainders (Hamilton's method), into dst. The parts
// sum to the total exactly, in whatever order they are added: what is left
// below a grain goes to the heaviest cell. Among equal remainders the order is
// scrambled by position, so that no side of a section is favoured, and always
// the same. Weights that are not positive and finite get nothing; it returns
// false, and dst is cleared, when no weight is or the total is not positive
// and finite. Totals up to 2⁵³ grains are exact (8.6 billion people in Fine).
func Apportion(dst []float64, total float64, weights []float64, grain float64) bool {
	clear(dst)
	sum, heaviest := 0.0, -1
	for i, w := range weights {
		if !positive(w) {
			continue
		}
		sum += w
		if heaviest < 0 || w > weights[heaviest] {
			heaviest = i
		}
	}
	if heaviest < 0 || !positive(total) || math.IsInf(sum, 0) {
		return false
	}
	grains := math.Floor(total / grain)
	rest := total - grains*grain
	if rest < 0 { // total/grain was rounded up
		grains--
		rest = total - grains*grain
	}
	rests := make([]remainder, 0, len(weights))
	left := grains
	for i, w := range weights {
		if !positive(w) {
			continue
		}
		q := grains * (w / sum)
		n := math.Floor(q)
		dst[i], left = n*grain, left-n
		rests = append(rests, remainder{i, q - n})
	}
	if left != 0 {
		slices.SortFunc(rests, byRemainder)
		settle(dst, rests, left, grain)
	}
	dst[heaviest] += rest
	return true
}

type remainder struct {
	cell int
	rest float64
}

func byRemainder(a, b remainder) int {
	if c := cmp.Compare(b.rest, a.rest); c != 0 {
		return c
	}
	return cmp.Compare(scramble(a.cell), scramble(b.cell))
}

// settle hands out the grains that rounding down left, or takes back those
// that floating point gave too many.
func settle(dst []float64, rests []remainder, left, grain float64) {
	for left > 0 {
		for _, r := range rests {
			if left <= 0 {
				return
			}
			dst[r.cell] += grain
			left--
		}
	}
	for left < 0 {
		for i := len(rests) - 1; i >= 0 && left < 0; i-- {
			if c := rests[i].cell; dst[c] >= grain {
				dst[c] -= grain
				left++
			}
		}
	}
}

// scramble is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
func scramble(i int) uint64 {
	z := uint64(i) + 0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

func positive(v float64) bool { return v > 0 && !math.IsInf(v, 1) }

// Portion is one of n equal parts of some people, rounded down to Fine; the
// first part takes what the others leave.
func Portion(people float64, n int32, first bool) float64 {
	q := math.Floor(people/float64(n)/Fine) * Fine
	if first {
		return people - q*float64(n-1)
	}
	return q
}
