package disclosure_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"contado/geo/coverage"
	"contado/geo/disclosure"
)

// People of a commune spread evenly leave crumbs a little beyond an hour; the figures
// of the whole stay, ages go.
func TestTheWholeIsShown(t *testing.T) {
	t.Parallel()
	r := liechtenstein(t, 6000, 900, 1800, 3600, 7200)
	if err := disclosure.ProtectReport(context.Background(), r, 3); err != nil {
		t.Fatal(err)
	}
	checkTheWhole(t, r)
	// Crumbs that nobody can reach are told with those beyond: all is shown.
	r = liechtenstein(t, float32(math.Inf(1)), 900, 1800, 3600)
	if err := disclosure.ProtectReport(context.Background(), r, 3); err != nil {
		t.Fatal(err)
	}
	for _, a := range r.Areas {
		for _, row := range a.Coverage {
			if row.Suppressed {
				t.Errorf("%s hides %+v", a.Name, row)
			}
		}
	}
}

// liechtenstein is its people with crumbs so many seconds from a pharmacy.
func liechtenstein(t *testing.T, crumbs float32, thresholds ...float64) *coverage.Report {
	t.Helper()
	var d coverage.Demand
	var old []float64
	add := func(area int32, people float64, seconds float32) {
		d.Area, d.People, d.Seconds = append(d.Area, area), append(d.People, people), append(d.Seconds, seconds)
		d.X, d.Y = append(d.X, 9.5+float64(len(d.X))/1000), append(d.Y, 47.1)
		old = append(old, people*0.15)
	}
	// Liechtenstein, on foot to its pharmacies: within 15, 30 and 60 minutes,
	// beyond; and crumbs.
	for a, n := range [][5]float64{
		{0, 148.352, 804.081, 3955.58, 4.987},
		{0, 0, 0, 1037, 0},
		{0, 0, 565.739, 1070.261, 0},
		{8.519, 177.931, 904.673, 1542.796, 0.081},
		{0, 0, 1842.047, 2440.809, 1.144},
		{0, 0, 0, 2065, 0},
		{927.042, 1188.232, 1306.579, 2504.403, 6.744},
		{0, 0, 0, 4539, 0},
		{1248.424, 1631.942, 857.808, 1478.592, 12.234},
	} {
		for k, seconds := range []float32{300, 1500, 3000, 9000, crumbs} {
			if n[k] > 0 {
				add(int32(a), n[k], seconds)
			}
		}
	}
	d.Bands = [][]float64{old}
	areas := make([]coverage.Area, 9)
	for i := range areas {
		areas[i] = coverage.Area{Code: fmt.Sprint(i), Name: fmt.Sprint("Commune ", i)}
	}
	r, err := coverage.Compute(context.Background(), d, areas, nil, coverage.Params{Thresholds: thresholds, BandNames: []string{"age_65_plus"}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// checkTheWhole: the whole is shown, and its ages, and most rows of areas.
func checkTheWhole(t *testing.T, r *coverage.Report) {
	t.Helper()
	hidden := 0
	for _, a := range r.Areas {
		for _, row := range a.Coverage {
			if row.Suppressed {
				hidden++
			}
		}
	}
	for _, row := range r.Coverage {
		if row.Suppressed {
			t.Errorf("the whole is hidden: %+v", row)
		}
	}
	if hidden == 0 || hidden > 16 {
		t.Errorf("%d of 36 rows of areas are hidden", hidden)
	}
	if len(r.AgeBands) != 1 || len(r.Areas[0].AgeBands) != 0 {
		t.Errorf("ages of all %+v, of an area %+v; want the first alone", r.AgeBands, r.Areas[0].AgeBands)
	}
	if !slices.ContainsFunc(r.Notices, func(n coverage.Notice) bool { return n.Code == "ages-left-out" && n.Texts["it"] != "" }) {
		t.Errorf("nothing is said: %+v", r.Notices)
	}
}
