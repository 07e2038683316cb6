package cql2

import "time"

// compareInstants compares at the coarser of two granularities: a date stands
// for its whole day, and a moment of that day equals it.
func compareInstants(a, b Instant) int {
	if a.Date || b.Date {
		return day(a.Time).Compare(day(b.Time))
	}
	return a.Time.Compare(b.Time)
}

func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// bounds is a span of time; a nil end is open.
type bounds [2]*Instant

func boundsOf(v any) (bounds, bool) {
	switch x := v.(type) {
	case Instant:
		return bounds{&x, &x}, true
	case bounds:
		return x, true
	}
	return bounds{}, false
}

// ends compares an end of a (0: start, 1: end) with one of b.
func ends(a, b bounds, i, j int) int {
	x, y := a[i], b[j]
	if x != nil && y != nil {
		return compareInstants(*x, *y)
	}
	return openEnds(x == nil, y == nil, i, j)
}

// openEnds compares ends one of which, or both, are open. As numbers on one
// line, an open start lies before all and an open end after all.
func openEnds(openA, openB bool, i, j int) int {
	switch {
	case openA && openB:
		return i - j // the same when both are starts or both ends
	case openA:
		return 2*i - 1
	}
	return 1 - 2*j
}

// endTest is a comparison of an end of one interval with one of another.
type endTest struct {
	left, right int // 0: start, 1: end
	op          string
}

// relations are those of Allen's algebra (ISO 19108; 21-065r2, table 9) and
// intersects, as comparisons that are all true.
var relations = map[string][]endTest{
	"t_after":        {{0, 1, ">"}},
	"t_before":       {{1, 0, "<"}},
	"t_contains":     {{0, 0, "<"}, {1, 1, ">"}},
	"t_during":       {{0, 0, ">"}, {1, 1, "<"}},
	"t_equals":       {{0, 0, "="}, {1, 1, "="}},
	"t_finishedBy":   {{0, 0, "<"}, {1, 1, "="}},
	"t_finishes":     {{0, 0, ">"}, {1, 1, "="}},
	"t_intersects":   {{0, 1, "<="}, {1, 0, ">="}},
	"t_meets":        {{1, 0, "="}},
	"t_metBy":        {{0, 1, "="}},
	"t_overlappedBy": {{0, 0, ">"}, {0, 1, "<"}, {1, 1, ">"}},
	"t_overlaps":     {{0, 0, "<"}, {1, 0, ">"}, {1, 1, "<"}},
	"t_startedBy":    {{0, 0, "="}, {1, 1, ">"}},
	"t_starts":       {{0, 0, "="}, {1, 1, "<"}},
}

// inRelation tells whether a stands to b as the operator says.
func inRelation(op string, a, b bounds) bool {
	if op == "t_disjoint" {
		return !inRelation("t_intersects", a, b)
	}
	for _, t := range relations[op] {
		if decide(t.op, ends(a, b, t.left, t.right)) != True {
			return false
		}
	}
	return true
}
