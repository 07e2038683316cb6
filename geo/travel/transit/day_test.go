package transit_test

import (
	"testing"

	"contado/geo/fault"
	"contado/geo/travel/transit"
)

func FuzzParseDay(f *testing.F) {
	for _, s := range []string{"2026-11-22", "1900-01-01", "2200-12-31", "2024-02-29", "2023-02-29", "2026-1-2", "", "2026-11-22T00:00:00Z", "9999-99-99"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := transit.ParseDay(s)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if d.String() != s {
			t.Errorf("%q is read as %v", s, d)
		}
	})
}
