package analysis

import (
	"fmt"
	"strconv"
	"strings"

	"contado/geo/fault"
)

// ParseDeparting reads a window of the day, "07:00-09:00", in seconds. A
// window that ends before it begins ends on the next day. Errors: Invalid.
func ParseDeparting(text string) (from, until int32, err error) {
	a, b, ok := strings.Cut(text, "-")
	if ok {
		var ok1, ok2 bool
		from, ok1 = parseClock(a)
		until, ok2 = parseClock(b)
		ok = ok1 && ok2
	}
	if ok && until < from {
		until += 24 * 3600
	}
	if !ok || until == from {
		return 0, 0, fault.Errorf("analysis.ParseDeparting", fault.Invalid, "%.40q is no window of the day: write it like 07:00-09:00", text)
	}
	return from, until, nil
}

// parseClock reads H:MM or HH:MM, up to 24:00.
func parseClock(text string) (int32, bool) {
	h, m, ok := strings.Cut(strings.TrimSpace(text), ":")
	hours, err1 := strconv.ParseUint(h, 10, 8)
	minutes, err2 := strconv.ParseUint(m, 10, 8)
	if !ok || err1 != nil || err2 != nil || len(m) != 2 || minutes > 59 || hours > 24 || hours == 24 && minutes > 0 {
		return 0, false
	}
	return int32(hours*3600 + minutes*60), true
}

// clockText is HH:MM.
func clockText(s int32) string { return fmt.Sprintf("%02d:%02d", s/3600, s/60%60) }
