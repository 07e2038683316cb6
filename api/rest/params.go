package rest

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"contado/geo"
	"contado/geo/fault"
)

// Path returns a path parameter, unescaped (Echo leaves escapes in it).
func Path(c echo.Context, name string) (string, error) {
	v, err := url.PathUnescape(c.Param(name))
	if err != nil {
		return "", fault.Errorf("api", fault.Invalid, "the address is not escaped rightly: %q", c.Param(name))
	}
	return v, nil
}

// Only refuses query parameters that are not among those allowed, and any
// that comes twice; both are slips that would else go unseen.
func Only(c echo.Context, allowed ...string) error {
	for name, values := range c.QueryParams() {
		if !slices.Contains(allowed, name) {
			slices.Sort(allowed)
			return fault.Errorf("api", fault.Invalid, "unknown parameter %q (allowed here: %s)", name, strings.Join(allowed, ", "))
		}
		if len(values) > 1 {
			return fault.Errorf("api", fault.Invalid, "parameter %q comes %d times", name, len(values))
		}
	}
	return nil
}

// Limits of a page.
const (
	DefaultLimit = 10
	MaxLimit     = 10_000
)

// Limit reads the page size.
func Limit(text string) (int, error) {
	if text == "" {
		return DefaultLimit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > MaxLimit {
		return 0, fault.Errorf("api", fault.Invalid, "limit=%s: want a whole number from 1 to %d", text, MaxLimit)
	}
	return n, nil
}

// BBox reads four or six numbers (heights are ignored) in longitude and
// latitude; a west that is larger than the east crosses the antimeridian.
func BBox(text string) (*geo.BBox, error) {
	if text == "" {
		return nil, nil
	}
	bad := func(why string) (*geo.BBox, error) {
		return nil, fault.Errorf("api", fault.Invalid, "bbox=%s: %s (want west,south,east,north in degrees)", clip(text), why)
	}
	parts := strings.Split(text, ",")
	if len(parts) != 4 && len(parts) != 6 {
		return bad("it has " + strconv.Itoa(len(parts)) + " numbers")
	}
	v := make([]float64, len(parts))
	for i, p := range parts {
		n, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return bad(strconv.Quote(clip(p)) + " is no number")
		}
		v[i] = n
	}
	b := geo.BBox{MinX: v[0], MinY: v[1], MaxX: v[len(v)/2], MaxY: v[len(v)/2+1]}
	switch {
	case b.MinY > b.MaxY:
		return bad("south is above north")
	case b.MinY < -90 || b.MaxY > 90:
		return bad("latitudes run from -90 to 90")
	case b.MinX < -180 || b.MinX > 180 || b.MaxX < -180 || b.MaxX > 180:
		return bad("longitudes run from -180 to 180")
	}
	return &b, nil
}

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}

// Interval is a stretch of time, closed; zero ends are open.
type Interval struct{ From, To time.Time }

// Contains reports whether a moment lies within the interval.
func (i Interval) Contains(t time.Time) bool {
	return (i.From.IsZero() || !t.Before(i.From)) && (i.To.IsZero() || !t.After(i.To))
}

// Overlaps reports whether two intervals share a moment.
func (i Interval) Overlaps(from, to *time.Time) bool {
	return (to == nil || i.From.IsZero() || !to.Before(i.From)) && (from == nil || i.To.IsZero() || !from.After(i.To))
}

// Datetime reads an instant, a date (the whole day), or an interval with "/",
// whose ends may be open (".." or nothing) or a duration such as P2D.
func Datetime(text string) (*Interval, error) {
	if text == "" {
		return nil, nil
	}
	bad := func() (*Interval, error) {
		return nil, fault.Errorf("api", fault.Invalid,
			"datetime=%s: want an RFC 3339 time, a date, or an interval such as 2025-01-01/2025-06-30, 2025-01-01/.. or 2025-01-01/P2D", clip(text))
	}
	parts := strings.Split(text, "/")
	if len(parts) == 1 {
		from, to, ok := moment(parts[0])
		if !ok {
			return bad()
		}
		return &Interval{From: from, To: to}, nil
	}
	if len(parts) != 2 {
		return bad()
	}
	a, b := parts[0], parts[1]
	var i Interval
	var ok bool
	openA, openB := a == "" || a == "..", b == "" || b == ".."
	if openA && openB {
		return &i, nil
	}
	if !openA && !strings.HasPrefix(a, "P") {
		if i.From, _, ok = moment(a); !ok {
			return bad()
		}
	}
	if !openB && !strings.HasPrefix(b, "P") {
		if _, i.To, ok = moment(b); !ok {
			return bad()
		}
	}
	if strings.HasPrefix(b, "P") {
		if i.To, ok = shift(i.From, b, 1); !ok || i.From.IsZero() {
			return bad()
		}
	}
	if strings.HasPrefix(a, "P") {
		if i.From, ok = shift(i.To, a, -1); !ok || i.To.IsZero() {
			return bad()
		}
	}
	if !i.From.IsZero() && !i.To.IsZero() && i.To.Before(i.From) {
		return bad()
	}
	return &i, nil
}

// moment reads an instant, or a date as its whole day. Year 0, which clients
// send for "open", is read as well.
func moment(s string) (from, to time.Time, ok bool) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC(), t.UTC(), true
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, t.Add(24*time.Hour - time.Nanosecond), true
	}
	return from, to, false
}

// shift adds an ISO 8601 duration, sign times.
func shift(t time.Time, text string, sign int) (time.Time, bool) {
	rest, clock := strings.TrimPrefix(text, "P"), false
	if rest == "" || len(text) > 40 {
		return t, false
	}
	for rest != "" {
		if rest[0] == 'T' && !clock {
			clock, rest = true, rest[1:]
			if rest == "" {
				return t, false
			}
			continue
		}
		i := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if i <= 0 || i > 6 {
			return t, false
		}
		n, err := strconv.Atoi(rest[:i])
		if err != nil {
			return t, false
		}
		n *= sign
		switch unit := rest[i]; {
		case unit == 'Y' && !clock:
			t = t.AddDate(n, 0, 0)
		case unit == 'M' && !clock:
			t = t.AddDate(0, n, 0)
		case unit == 'W' && !clock:
			t = t.AddDate(0, 0, 7*n)
		case unit == 'D' && !clock:
			t = t.AddDate(0, 0, n)
		case unit == 'H' && clock:
			t = t.Add(time.Duration(n) * time.Hour)
		case unit == 'M' && clock:
			t = t.Add(time.Duration(n) * time.Minute)
		case unit == 'S' && clock:
			t = t.Add(time.Duration(n) * time.Second)
		default:
			return t, false
		}
		rest = rest[i+1:]
	}
	return t, true
}
