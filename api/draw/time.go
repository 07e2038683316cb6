package draw

import (
	"strings"
	"time"

	"contado/api/rest"
	"contado/geo/fault"
)

// Time reads a moment or an interval as WMS and OGC APIs write them: what
// rest.Datetime reads, years, months and minutes without seconds (each means
// the whole of it), and an interval with the period of a list, which is left
// aside. nil when text is empty.
func Time(text string) (*rest.Interval, error) {
	if text == "" || len(text) > 200 {
		return rest.Datetime(text)
	}
	parts := strings.Split(text, "/")
	if len(parts) == 3 && strings.HasPrefix(parts[2], "P") {
		parts = parts[:2]
	}
	if len(parts) > 2 || (len(parts) == 2 && (strings.HasPrefix(parts[0], "P") || strings.HasPrefix(parts[1], "P"))) {
		return rest.Datetime(text)
	}
	var out rest.Interval
	from, _, ok := reduced(parts[0])
	_, to, ok2 := reduced(parts[len(parts)-1])
	if !ok || !ok2 {
		return rest.Datetime(text)
	}
	out.From, out.To = from, to
	if !to.IsZero() && to.Before(from) {
		return nil, fault.Errorf("draw.Time", fault.Invalid, "the interval %.80q ends before it starts", text)
	}
	return &out, nil
}

// reduced reads a time of any precision as the stretch that it stands for;
// nothing and ".." are open.
func reduced(s string) (from, to time.Time, ok bool) {
	if s == "" || s == ".." {
		return from, to, true
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC(), t.UTC(), true
	}
	for _, f := range []struct {
		layout string
		next   func(time.Time) time.Time
	}{
		{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
		{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
		{time.DateOnly, func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
		{"2006-01-02T15Z", func(t time.Time) time.Time { return t.Add(time.Hour) }},
		{"2006-01-02T15:04Z", func(t time.Time) time.Time { return t.Add(time.Minute) }},
		{"2006-01-02T15:04:05", func(t time.Time) time.Time { return t.Add(time.Second) }},
	} {
		if t, err := time.Parse(f.layout, s); err == nil {
			return t, f.next(t).Add(-time.Nanosecond), true
		}
	}
	return from, to, false
}
