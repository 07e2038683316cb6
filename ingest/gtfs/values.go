package gtfs

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// NoTime is a time that the feed does not give.
const NoTime int32 = -1

// maxTime bounds times: no trip runs for more than a week.
const maxTime = 8 * 24 * 3600

// ParseTime reads H:MM:SS or HH:MM:SS, hours beyond 24 for the night after the
// service day, in seconds since noon less 12 hours. "" is NoTime.
func ParseTime(s string) (int32, bool) {
	if s == "" {
		return NoTime, true
	}
	h, rest, ok1 := strings.Cut(s, ":")
	m, sec, ok2 := strings.Cut(rest, ":")
	if !ok1 || !ok2 || len(m) != 2 || len(sec) != 2 || len(h) == 0 || len(h) > 3 {
		return NoTime, false
	}
	hv, err1 := strconv.ParseUint(strings.TrimSpace(h), 10, 16)
	mv, err2 := strconv.ParseUint(m, 10, 16)
	sv, err3 := strconv.ParseUint(sec, 10, 16)
	if err1 != nil || err2 != nil || err3 != nil || mv > 59 || sv > 59 {
		return NoTime, false
	}
	t := int32(hv*3600 + mv*60 + sv)
	if t > maxTime {
		return NoTime, false
	}
	return t, true
}

// FormatTime writes seconds as HH:MM:SS; "" for NoTime.
func FormatTime(t int32) string {
	if t < 0 {
		return ""
	}
	return fmt.Sprintf("%02d:%02d:%02d", t/3600, t/60%60, t%60)
}

// Date is a day of service, in days since 1970-01-01.
type Date int32

// ParseDate reads YYYYMMDD, between 1900 and 2200.
func ParseDate(s string) (Date, bool) {
	if len(s) != 8 {
		return 0, false
	}
	t, err := time.Parse("20060102", s)
	if err != nil || t.Year() < 1900 || t.Year() > 2200 {
		return 0, false
	}
	return DateOf(t), true
}

// DateOf is the day of a time, in the time's own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// Time is midnight of the day in UTC.
func (d Date) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.Time().Weekday() }

// String is YYYY-MM-DD.
func (d Date) String() string { return d.Time().Format(time.DateOnly) }

// number reads a small number; def when the value is empty. false when it is
// none, or out of bounds.
func number(s string, lo, hi, def int64) (int64, bool) {
	if s == "" {
		return def, true
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < lo || v > hi {
		return def, false
	}
	return v, true
}

// decimal reads a finite number; NaN when the value is empty.
func decimal(s string) (float64, bool) {
	if s == "" {
		return math.NaN(), true
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return math.NaN(), false
	}
	return v, true
}

// position reads a place on the globe; false when it is none, or the null
// island that stands for none.
func position(lon, lat string) (x, y float64, ok bool) {
	x, ok1 := decimal(lon)
	y, ok2 := decimal(lat)
	if !ok1 || !ok2 || !(math.Abs(x) <= 180) || !(math.Abs(y) <= 90) {
		return 0, 0, false
	}
	if math.Abs(x) < 1e-6 && math.Abs(y) < 1e-6 {
		return 0, 0, false
	}
	return x, y, true
}

// color reads six hexadecimal digits, with or without "#": "#rrggbb".
func color(s string) (string, bool) {
	s = strings.TrimPrefix(s, "#")
	if s == "" {
		return "", true
	}
	if len(s) != 6 {
		return "", false
	}
	if _, err := strconv.ParseUint(s, 16, 32); err != nil {
		return "", false
	}
	return "#" + strings.ToLower(s), true
}

// Mode is the means of transport of a route type, basic or extended
// (gtfs.org/documentation/schedule/reference and
// developers.google.com/transit/gtfs/reference/extended-route-types).
func Mode(routeType int) (mode string, known bool) {
	switch routeType {
	case 0:
		return "tram", true
	case 1:
		return "subway", true
	case 2:
		return "rail", true
	case 3:
		return "bus", true
	case 4:
		return "ferry", true
	case 5:
		return "cable_tram", true
	case 6:
		return "aerial_lift", true
	case 7:
		return "funicular", true
	case 11:
		return "trolleybus", true
	case 12:
		return "monorail", true
	case 405:
		return "monorail", true
	}
	if routeType < 100 || routeType >= 1800 {
		return "other", false
	}
	m := [...]string{
		1: "rail", 2: "coach", 3: "rail", 4: "subway", 5: "subway", 6: "subway", 7: "bus", 8: "trolleybus", 9: "tram", 10: "ferry",
		11: "air", 12: "ferry", 13: "aerial_lift", 14: "funicular", 15: "taxi", 16: "other", 17: "other",
	}[routeType/100]
	return m, true
}
