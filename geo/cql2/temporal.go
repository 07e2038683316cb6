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

// The ends as numbers on one line, where an open start lies before all and an
// open end after all.
func ends(a, b bounds, i, j int) int {
	x, y := a[i], b[j]
	switch {
	case x != nil && y != nil:
		return compareInstants(*x, *y)
	case x == nil && y == nil:
		return i - j // both open: the same when both are starts or both ends
	case x == nil:
		return 2*i - 1
	}
	return 1 - 2*j
}

// temporalTests are the relations of Allen's algebra (ISO 19108; 21-065r2,
// table 9), with intersects and disjoint.
var temporalTests = map[string]func(a, b bounds) bool{
	"t_after":        func(a, b bounds) bool { return ends(a, b, 0, 1) > 0 },
	"t_before":       func(a, b bounds) bool { return ends(a, b, 1, 0) < 0 },
	"t_contains":     func(a, b bounds) bool { return ends(a, b, 0, 0) < 0 && ends(a, b, 1, 1) > 0 },
	"t_disjoint":     func(a, b bounds) bool { return !meetsInTime(a, b) },
	"t_during":       func(a, b bounds) bool { return ends(a, b, 0, 0) > 0 && ends(a, b, 1, 1) < 0 },
	"t_equals":       func(a, b bounds) bool { return ends(a, b, 0, 0) == 0 && ends(a, b, 1, 1) == 0 },
	"t_finishedBy":   func(a, b bounds) bool { return ends(a, b, 0, 0) < 0 && ends(a, b, 1, 1) == 0 },
	"t_finishes":     func(a, b bounds) bool { return ends(a, b, 0, 0) > 0 && ends(a, b, 1, 1) == 0 },
	"t_intersects":   meetsInTime,
	"t_meets":        func(a, b bounds) bool { return ends(a, b, 1, 0) == 0 },
	"t_metBy":        func(a, b bounds) bool { return ends(a, b, 0, 1) == 0 },
	"t_overlappedBy": func(a, b bounds) bool { return ends(a, b, 0, 0) > 0 && ends(a, b, 0, 1) < 0 && ends(a, b, 1, 1) > 0 },
	"t_overlaps":     func(a, b bounds) bool { return ends(a, b, 0, 0) < 0 && ends(a, b, 1, 0) > 0 && ends(a, b, 1, 1) < 0 },
	"t_startedBy":    func(a, b bounds) bool { return ends(a, b, 0, 0) == 0 && ends(a, b, 1, 1) > 0 },
	"t_starts":       func(a, b bounds) bool { return ends(a, b, 0, 0) == 0 && ends(a, b, 1, 1) < 0 },
}

func meetsInTime(a, b bounds) bool { return ends(a, b, 0, 1) <= 0 && ends(a, b, 1, 0) >= 0 }
