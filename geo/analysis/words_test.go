package analysis_test

import (
	"fmt"
	"testing"

	"contado/geo/analysis"
	"contado/geo/fault"
)

func FuzzParseDeparting(f *testing.F) {
	for _, s := range []string{"07:00-09:00", "23:30-00:30", "0:00-24:00", "7-9", "24:00-24:00", "25:00-26:00", " 7:05 - 8:00 ", "-", "07:60-08:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		from, until, err := analysis.ParseDeparting(s)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if from < 0 || from > 24*3600 || until <= from || until-from > 24*3600 || from%60 != 0 || until%60 != 0 {
			t.Fatalf("%q: %d to %d", s, from, until)
		}
		clock := func(at int32) string { return fmt.Sprintf("%02d:%02d", at/3600, at/60%60) }
		to := until
		if to > 24*3600 {
			to -= 24 * 3600
		}
		again, end, err := analysis.ParseDeparting(clock(from) + "-" + clock(to))
		if err != nil || again != from || end != until {
			t.Errorf("%q: %d to %d is read again as %d to %d: %v", s, from, until, again, end, err)
		}
	})
}

func FuzzParseService(f *testing.F) {
	for _, s := range []string{"pharmacy", "osm-services:pharmacy", "schools[level = 'primary']", "a:b[c>1 AND d LIKE 'x%']", "[", "a[]", "a[b", ":", "a[b=1]]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := analysis.ParseService(s)
		if err != nil {
			return
		}
		if got.Dataset == "" {
			t.Fatalf("%q names no dataset", s)
		}
		again, err := analysis.ParseService(got.String())
		if err != nil || again.Dataset != got.Dataset || again.Kind != got.Kind || (again.Filter == nil) != (got.Filter == nil) {
			t.Errorf("%q: %+v is read again as %+v: %v", s, got, again, err)
		}
	})
}
