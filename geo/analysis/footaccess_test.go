package analysis_test

import (
	"context"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/store/catalog"
)

// bridged is the plain with one road from the clinic over the river, of which
// the data say this of people on foot and of everybody.
func bridged(t *testing.T, foot, access any) *coverage.Report {
	t.Helper()
	l := newLand(t)
	s := geo.Schema{GeometryType: "LineString", CRS: utm, Fields: []geo.Field{{Name: "class", Type: geo.String}, {Name: "foot", Type: geo.String}, {Name: "access", Type: geo.String}, {Name: "bridge", Type: geo.String}}}
	if foot == nil { // a layer that has no column for people on foot
		s.Fields[1].Name = "walkers"
	}
	l.vector("roads", catalog.Road, s, []geo.Feature{{ID: 1, Geometry: orb.LineString{cellCentre(25, 50), cellCentre(99, 50)}, Values: []any{"residential", foot, access, "yes"}}}, nil, nil)
	l.refresh()
	rep, _, err := l.engine.Coverage(context.Background(), analysis.CoverageRequest{Territory: "9", Service: "clinic", Profile: analysis.Walking, Thresholds: []float64{3600}, HideBelow: -1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// A road that people on foot may not use carries nobody over a river, and
// nobody faster over land: it is as if it were not there.
func TestRoadsClosedOnFoot(t *testing.T) {
	t.Parallel()
	none := func() *coverage.Report {
		l := newLand(t)
		rep, _, err := l.engine.Coverage(context.Background(), analysis.CoverageRequest{Territory: "9", Service: "clinic", Profile: analysis.Walking, Thresholds: []float64{3600}, HideBelow: -1}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return rep
	}()
	if none.Coverage[0].Unreachable < 900 {
		t.Fatalf("without a bridge %g people cannot get over the river, want 900 and some of its cells", none.Coverage[0].Unreachable)
	}
	for name, c := range map[string]struct {
		foot, access any
		closed       bool
	}{
		"foot=yes":                    {"yes", nil, false},
		"foot=yes, access=private":    {"yes", "private", false},
		"foot=designated":             {"designated", nil, false},
		"foot=destination":            {"destination", nil, false},
		"foot=no":                     {"no", nil, true},
		"foot=private":                {"private", nil, true},
		"foot=use_sidepath":           {"use_sidepath", nil, true},
		"no such column, access=no":   {nil, "no", true},
		"no such column, private":     {nil, "Private", true},
		"no such column, nothing":     {nil, nil, false},
		"no such column, permissive":  {nil, "permissive", false},
		"no such column, access=yes":  {nil, "yes", false},
		"foot=no beside access=yes":   {"no", "yes", true},
		"no such column, destination": {nil, "destination", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := bridged(t, c.foot, c.access)
			row, was := got.Coverage[0], none.Coverage[0]
			said := slices.ContainsFunc(got.Notices, func(n coverage.Notice) bool { return n.Code == "roads-closed-on-foot" })
			if c.closed && (row.Covered != was.Covered || row.Unreachable != was.Unreachable || !said) {
				t.Errorf("%g covered, %g unreachable; without the road %g and %g; said: %t", row.Covered, row.Unreachable, was.Covered, was.Unreachable, said)
			}
			if !c.closed && (row.Covered <= was.Covered || row.Unreachable != 0 || said) {
				t.Errorf("%g covered, %g unreachable; without the road %g and %g; said: %t", row.Covered, row.Unreachable, was.Covered, was.Unreachable, said)
			}
		})
	}
}
