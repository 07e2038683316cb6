package analysis_test

import (
	"testing"
	"time"

	"contado/geo/analysis"
	"contado/geo/fault"
)

func TestInterval(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		if s == "" {
			return time.Time{}
		}
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for text, want := range map[string][2]string{
		"":                          {"", ""},
		"2024":                      {"2024-01-01T00:00:00Z", "2024-12-31T23:59:59.999999999Z"},
		"2024-02":                   {"2024-02-01T00:00:00Z", "2024-02-29T23:59:59.999999999Z"},
		"2024-06-10":                {"2024-06-10T00:00:00Z", "2024-06-10T23:59:59.999999999Z"},
		"2024-06-10T10:00:00+02:00": {"2024-06-10T08:00:00Z", "2024-06-10T08:00:00Z"},
		"2024-06/2024-07":           {"2024-06-01T00:00:00Z", "2024-07-31T23:59:59.999999999Z"},
		"../2024":                   {"", "2024-12-31T23:59:59.999999999Z"},
		"2024-06-10/":               {"2024-06-10T00:00:00Z", ""},
	} {
		from, to, err := analysis.Interval(text)
		if err != nil || !from.Equal(at(want[0])) || !to.Equal(at(want[1])) {
			t.Errorf("%q is %v to %v (%v), want %v", text, from, to, err, want)
		}
	}
	for _, bad := range []string{"yesterday", "2024/2023", "2024-13", "2024-06-31", "a/b", "2024/2025/2026"} {
		if _, _, err := analysis.Interval(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzInterval(f *testing.F) {
	for _, s := range []string{"2024-06/2024-07", "..", "2024-06-10T10:00:00Z/..", "/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		from, to, err := analysis.Interval(s)
		if err == nil && !from.IsZero() && !to.IsZero() && to.Before(from) {
			t.Errorf("%q: %v is after %v", s, from, to)
		}
	})
}
