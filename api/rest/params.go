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
	if _, err := url.ParseQuery(c.Request().URL.RawQuery); err != nil {
		return fault.Errorf("api", fault.Invalid, "the query of the address is not escaped rightly (%v)", err)
	}
	for name, values := range c.QueryParams() {
		if !slices.Contains(allowed, name) {
			list := slices.Sorted(slices.Values(allowed))
			err := fault.Errorf("api", fault.Invalid, "there is no parameter %q here", clip(name))
			if len(list) == 0 {
				return fault.WithHint(err, "this address takes no parameters")
			}
			return fault.WithHint(err, "allowed: "+strings.Join(list, ", "))
		}
		if len(values) > 1 {
			return fault.Errorf("api", fault.Invalid, "parameter %q comes %d times", name, len(values))
		}
	}
	if slices.Contains(allowed, "lang") {
		return checkLanguage(c.QueryParam("lang"))
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
	if err != nil || len(text) > 10 || n < 1 || n > MaxLimit {
		return 0, fault.Errorf("api", fault.Invalid, "limit=%s: want a whole number from 1 to %d", clip(text), MaxLimit)
	}
	return n, nil
}

// Whole reads a parameter that is a whole number of at least 0; 0 when it is
// not given.
func Whole(c echo.Context, name string) (int64, error) {
	text := c.QueryParam(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || text[0] == '+' {
		return 0, fault.Errorf("api", fault.Invalid, "%s=%s: want a whole number of at least 0", name, clip(text))
	}
	return n, nil
}

// BBox reads four or six numbers (heights are ignored) in longitude and
// latitude; a west that is larger than the east crosses the antimeridian.
// Longitudes to ±360 are taken for what they mean. nil when text is empty.
func BBox(text string) (*geo.BBox, error) {
	if text == "" {
		return nil, nil
	}
	v, err := corners(text)
	if err != nil {
		return nil, err
	}
	b := geo.BBox{MinX: v[0], MinY: v[1], MaxX: v[2], MaxY: v[3]}
	switch {
	case b.MinY > b.MaxY:
		return nil, badBox(text, "south is above north")
	case b.MinY < -90 || b.MaxY > 90:
		return nil, badBox(text, "latitudes run from -90 to 90")
	case math.Max(math.Abs(b.MinX), math.Abs(b.MaxX)) > 360:
		return nil, badBox(text, "longitudes run from -180 to 180")
	case b.MaxX-b.MinX >= 360:
		b.MinX, b.MaxX = -180, 180
	}
	b.MinX, b.MaxX = wrapped(b.MinX), wrapped(b.MaxX)
	return &b, nil
}

// PlainBBox reads a box in a reference system without an antimeridian; swap
// says that its first axis runs north. nil when text is empty.
func PlainBBox(text string, swap bool) (*geo.BBox, error) {
	if text == "" {
		return nil, nil
	}
	v, err := corners(text)
	if err != nil {
		return nil, err
	}
	if swap {
		v[0], v[1], v[2], v[3] = v[1], v[0], v[3], v[2]
	}
	b := geo.BBox{MinX: v[0], MinY: v[1], MaxX: v[2], MaxY: v[3]}
	if b.IsEmpty() {
		return nil, badBox(text, "a minimum is above its maximum")
	}
	return &b, nil
}

// SwapBBox turns the text of a box whose axes are latitude, longitude.
func SwapBBox(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	if _, err := corners(text); err != nil {
		return "", err
	}
	p := strings.Split(text, ",")
	h := len(p) / 2
	p[0], p[1], p[h], p[h+1] = p[1], p[0], p[h+1], p[h]
	return strings.Join(p, ","), nil
}

func wrapped(lon float64) float64 {
	switch {
	case lon > 180:
		return lon - 360
	case lon < -180:
		return lon + 360
	}
	return lon
}

func badBox(text, why string) error {
	return fault.Errorf("api", fault.Invalid, "bbox=%s: %s (want west,south,east,north, in degrees unless bbox-crs says otherwise)", clip(text), why)
}

// corners reads the four numbers that matter.
func corners(text string) (v [4]float64, err error) {
	if len(text) > 400 {
		return v, badBox(text, "that is too long")
	}
	parts := strings.Split(text, ",")
	if len(parts) != 4 && len(parts) != 6 {
		return v, badBox(text, "it has "+strconv.Itoa(len(parts))+" numbers, not 4 or 6")
	}
	h := len(parts) / 2
	for i, p := range parts {
		n, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return v, badBox(text, strconv.Quote(clip(p))+" is no number")
		}
		switch i {
		case 0:
			v[0] = n
		case 1:
			v[1] = n
		case h:
			v[2] = n
		case h + 1:
			v[3] = n
		}
	}
	return v, nil
}

// clip shortens a text of the client for an error message.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
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
// whose ends may be open (".." or nothing) or a duration such as P2D. nil when
// text is empty.
func Datetime(text string) (*Interval, error) {
	if text == "" {
		return nil, nil
	}
	bad := fault.Errorf("api", fault.Invalid,
		"datetime=%s: want an RFC 3339 time, a date, or an interval such as 2025-01-01/2025-06-30, 2025-01-01/.. or 2025-01-01/P2D", clip(text))
	start, end, interval := strings.Cut(text, "/")
	if !interval {
		from, to, ok := moment(start)
		if !ok {
			return nil, bad
		}
		return &Interval{From: from, To: to}, nil
	}
	i, ok := between(start, end)
	if !ok {
		return nil, bad
	}
	return &i, nil
}

func between(start, end string) (i Interval, ok bool) {
	forth, back := strings.HasPrefix(end, "P"), strings.HasPrefix(start, "P")
	if forth && back {
		return i, false
	}
	if !open(start) && !back {
		if i.From, _, ok = moment(start); !ok {
			return i, false
		}
	}
	if !open(end) && !forth {
		if _, i.To, ok = moment(end); !ok {
			return i, false
		}
	}
	if forth {
		if i.To, ok = shift(i.From, end, 1); !ok || open(start) {
			return i, false
		}
	}
	if back {
		if i.From, ok = shift(i.To, start, -1); !ok || open(end) {
			return i, false
		}
	}
	return i, i.From.IsZero() || i.To.IsZero() || !i.To.Before(i.From)
}

func open(s string) bool { return s == "" || s == ".." }

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
		if rest[0] == 'T' && !clock && len(rest) > 1 {
			clock, rest = true, rest[1:]
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
		var ok bool
		if t, ok = step(t, n*sign, rest[i], clock); !ok {
			return t, false
		}
		rest = rest[i+1:]
	}
	return t, true
}

// step adds n units; clock says that the unit comes after the T.
func step(t time.Time, n int, unit byte, clock bool) (time.Time, bool) {
	if clock {
		each, ok := map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second}[unit]
		return t.Add(time.Duration(n) * each), ok
	}
	switch unit {
	case 'Y':
		return t.AddDate(n, 0, 0), true
	case 'M':
		return t.AddDate(0, n, 0), true
	case 'W':
		return t.AddDate(0, 0, 7*n), true
	case 'D':
		return t.AddDate(0, 0, n), true
	}
	return t, false
}
