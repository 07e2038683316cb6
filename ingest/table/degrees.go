package table

import (
	"regexp"
	"strconv"
	"strings"
)

// reDegrees is an angle in degrees, minutes and seconds: 45°27'32.5"N,
// N 45° 27.54', 9d11m20sE. The German O for east and the Italian O for west
// are one letter, so it is none of those read.
var reDegrees = regexp.MustCompile(`^([NSEWnsew]?)\s*([+-]?\d{1,3})\s*[°ºd]\s*(?:(\d{1,2}(?:[.,]\d+)?)\s*['′’m]?\s*)?(?:(\d{1,2}(?:[.,]\d+)?)\s*(?:"|″|”|''|s)?)?\s*([NSEWnsew]?)$`)

// parseDegrees reads an angle in degrees; minutes and seconds are below 60.
func parseDegrees(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if len(s) > maxNumberLen || len(s) < 3 || !strings.ContainsAny(s, "°ºd") {
		return 0, false
	}
	m := reDegrees.FindStringSubmatch(s)
	if m == nil || m[1] != "" && m[5] != "" {
		return 0, false
	}
	v, scale := 0.0, 1.0
	for i, part := range []string{strings.TrimLeft(m[2], "+-"), m[3], m[4]} {
		if part == "" {
			continue
		}
		x, err := strconv.ParseFloat(strings.Replace(part, ",", ".", 1), 64)
		if err != nil || i > 0 && x >= 60 {
			return 0, false
		}
		for range i {
			x /= 60
		}
		v += x * scale
	}
	side := strings.ToUpper(m[1] + m[5])
	if strings.HasPrefix(m[2], "-") != (side == "S" || side == "W") {
		v = -v
	}
	return v, true
}

// coordinate reads a number or an angle.
func (c *column) coordinate(s string) (float64, bool) {
	if v, ok := c.number(s); ok {
		return v, true
	}
	return parseDegrees(s)
}
