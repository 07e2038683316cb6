package analysis

import (
	"strings"
	"time"

	"contado/geo/fault"
)

// Interval reads a time or a span of time: a year (2024), a month (2024-06),
// a day (2024-06-10), a time (RFC 3339), or two of them with / between, where
// ".." or nothing leaves an end open. Both ends are inclusive: a day ends
// with its last nanosecond. "" is open at both ends.
func Interval(text string) (from, to time.Time, err error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return from, to, nil
	}
	a, b, two := strings.Cut(text, "/")
	if !two {
		b = a
	}
	if !two || a != "" && a != ".." {
		if from, _, err = instant(a); err != nil {
			return from, to, err
		}
	}
	if !two || b != "" && b != ".." {
		if _, to, err = instant(b); err != nil {
			return from, to, err
		}
	}
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		return from, to, fault.Errorf("analysis.Interval", fault.Invalid, "the time %.60q ends before it begins", text)
	}
	return from, to, nil
}

// instant is the first and the last moment that a text means.
func instant(s string) (first, last time.Time, err error) {
	for _, f := range []struct {
		layout string
		next   func(time.Time) time.Time
	}{
		{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
		{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
		{time.DateOnly, func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
		{time.RFC3339, func(t time.Time) time.Time { return t.Add(1) }},
	} {
		if t, err := time.Parse(f.layout, s); err == nil {
			return t.UTC(), f.next(t).UTC().Add(-1), nil
		}
	}
	return first, last, fault.WithHint(fault.Errorf("analysis.Interval", fault.Invalid, "%.60q is no time", s),
		"write 2024, 2024-06, 2024-06-10, or two of them with / between")
}
