package gazetteer

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"contado/geo"
	"contado/geo/crs"
)

// Coordinates is a position that a text can mean.
type Coordinates struct {
	Lon, Lat float64
	// Form is how it was read: "degrees", "dms", "utm".
	Form string
}

var (
	utmPattern = regexp.MustCompile(`(?i)^(?:utm\s*)?(\d{1,2})\s*([a-hj-np-z])\s+(\d{5,7}(?:[.,]\d+)?)\s*(?:m?\s*e)?[\s,;]+(\d{1,8}(?:[.,]\d+)?)\s*(?:m?\s*n)?$`)
	epsgUTM    = regexp.MustCompile(`(?i)^epsg:(32[67]\d\d|258(?:2[89]|3\d))[\s:;]+(\d{5,7}(?:[.,]\d+)?)[\s,;]+(\d{1,8}(?:[.,]\d+)?)$`)
	// anglePattern is degrees, and perhaps minutes and seconds, with the side
	// of the earth before or behind.
	anglePattern = regexp.MustCompile(`^([NSEW])?\s*([+-]?\d{1,3}(?:\.\d+)?)\s*(?:°|\s|$)\s*(?:(\d{1,2}(?:\.\d+)?)\s*(?:'|\s|$)\s*)?(?:(\d{1,2}(?:\.\d+)?)\s*(?:"|\s|$)\s*)?([NSEW])?$`)
	sidesPattern = regexp.MustCompile(`[NSEW]`)
	plainPattern = regexp.MustCompile(`^([+-]?\d{1,3}(?:[.,]\d+)?)(\s*[;/|]\s*|\s*,\s+|\s+,\s*|,|\s+)([+-]?\d{1,3}(?:[.,]\d+)?)$`)
)

// maxCoordinates bounds the length of a text that is looked at.
const maxCoordinates = 100

// ParseCoordinates reads a position: "45.07, 7.69", "45,07 7,69",
// "45°4'12\"N 7°41'E", "N 45 4 12 E 7 41 0", "geo:45.07,7.69",
// "32T 396000 4991000". Two plain numbers are latitude and longitude, or the
// other way round: both are given where both can be, latitude first. nil when
// the text is no position.
func ParseCoordinates(text string) []Coordinates {
	if len(text) > maxCoordinates {
		return nil
	}
	s := strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(strings.ToLower(s), "geo:"); ok {
		s, _, _ = strings.Cut(rest, ";")
		s, _, _ = strings.Cut(s, "?")
	}
	if c, ok := utm(s); ok {
		return []Coordinates{c}
	}
	if c := plain(s); c != nil {
		return c
	}
	if c, ok := sexagesimal(s); ok {
		return []Coordinates{c}
	}
	return nil
}

// plain reads two numbers. A comma is a decimal comma when something else
// parts the numbers.
func plain(s string) []Coordinates {
	s = strings.Trim(strings.TrimSpace(strings.ReplaceAll(s, "°", "")), "()[]")
	m := plainPattern.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return nil
	}
	if m[2] == "," && (strings.Contains(m[1], ",") || strings.Contains(m[3], ",")) {
		return nil // 45,07,7,69: which comma is which cannot be told
	}
	if m[2] == "," && !strings.Contains(m[1]+m[3], ".") {
		return nil // 45,07 is one number as well
	}
	a, okA := decimal(m[1])
	b, okB := decimal(m[3])
	if !okA || !okB {
		return nil
	}
	var out []Coordinates
	for _, c := range []Coordinates{{Lon: b, Lat: a, Form: "degrees"}, {Lon: a, Lat: b, Form: "degrees"}} {
		if c.valid() && (len(out) == 0 || out[0] != c) {
			out = append(out, c)
		}
	}
	return out
}

func (c Coordinates) valid() bool { return math.Abs(c.Lat) <= 90 && math.Abs(c.Lon) <= 180 }

func decimal(s string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	return v, err == nil
}

var marks = strings.NewReplacer(
	"º", "°", "˚", "°", "’", "'", "′", "'", "ʹ", "'", "´", "'", "`", "'", "‘", "'", "”", `"`, "″", `"`, "ʺ", `"`, "“", `"`, "''", `"`, "−", "-",
	"LATITUDINE", "", "LONGITUDINE", "", "LATITUDE", "", "LONGITUDE", "", "LAT", "", "LONG", "", "LON", "", "LNG", "", ":", " ", "=", " ",
	"NORD", "N", "NORTH", "N", "SUD", "S", "SOUTH", "S", "EST", "E", "EAST", "E", "OVEST", "W", "WEST", "W", "O", "W",
)

// sexagesimal reads two angles with the side of the earth or the sign of
// degrees.
func sexagesimal(s string) (Coordinates, bool) {
	s = marks.Replace(strings.ToUpper(s))
	s = regexpComma.ReplaceAllString(s, "$1.$2")
	s = strings.ReplaceAll(s, ",", " ")
	s = strings.ReplaceAll(s, ";", " ")
	if !sidesPattern.MatchString(s) && strings.Count(s, "°") != 2 {
		return Coordinates{}, false
	}
	fields := strings.Fields(sidesPattern.ReplaceAllString(s, " $0 "))
	// The text parts in two where both halves are angles: of all ways the one
	// that leaves the halves most alike, which for well-formed texts is the only one.
	s = strings.Join(fields, " ")
	for _, i := range cuts(s) {
		a, sideA, okA := angle(s[:i])
		b, sideB, okB := angle(s[i:])
		if !okA || !okB {
			continue
		}
		if c, ok := sided(a, sideA, b, sideB); ok {
			return c, true
		}
	}
	return Coordinates{}, false
}

var regexpComma = regexp.MustCompile(`(\d),(\d)`)

// cuts are the places where a text may part, those behind a side first.
func cuts(s string) []int {
	var first, rest []int
	for i := 1; i < len(s); i++ {
		before := strings.TrimRight(s[:i], " ")
		switch {
		case strings.ContainsAny(s[i:i+1], "NSEW"):
			rest = append(rest, i)
		case s[i-1] == ' ' || strings.ContainsAny(s[i-1:i], "NSEW"):
			if strings.ContainsAny(before[len(before)-1:], "NSEW") {
				first = append(first, i)
			} else {
				rest = append(rest, i)
			}
		}
	}
	// Those nearest the middle part like from like.
	mid := func(list []int) []int {
		for a := 1; a < len(list); a++ {
			for b := a; b > 0 && off(list[b], s) < off(list[b-1], s); b-- {
				list[b], list[b-1] = list[b-1], list[b]
			}
		}
		return list
	}
	return append(mid(first), mid(rest)...)
}

func off(i int, s string) int {
	d := 2*i - len(s)
	return max(d, -d)
}

// sided settles which angle is which.
func sided(a float64, sideA string, b float64, sideB string) (Coordinates, bool) {
	north := func(s string) bool { return s == "N" || s == "S" }
	c := Coordinates{Lat: a, Lon: b, Form: "dms"}
	switch {
	case sideA == "" && sideB == "":
	case sideA == "" || sideB == "" || north(sideA) == north(sideB):
		return c, false
	case !north(sideA):
		c.Lat, c.Lon = b, a
	}
	return c, c.valid()
}

// angle reads one angle in degrees, south and west negative.
func angle(s string) (v float64, side string, ok bool) {
	m := anglePattern.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil || m[1] != "" && m[5] != "" {
		return 0, "", false
	}
	side = m[1] + m[5]
	v, _ = decimal(m[2])
	minutes, seconds := 0.0, 0.0
	if m[3] != "" {
		minutes, _ = decimal(m[3])
	}
	if m[4] != "" {
		seconds, _ = decimal(m[4])
	}
	if minutes >= 60 || seconds >= 60 || (strings.Contains(m[2], ".") && m[3] != "") || (strings.Contains(m[3], ".") && m[4] != "") {
		return 0, "", false
	}
	part := minutes/60 + seconds/3600
	if strings.HasPrefix(m[2], "-") {
		part = -part
	}
	v += part
	if side == "S" || side == "W" {
		if v < 0 {
			return 0, "", false
		}
		v = -v
	}
	return v, side, true
}

// utm reads a zone with its band of latitude (N and S alone are the halves of
// the earth, as is usual in Italy), easting and northing.
func utm(s string) (Coordinates, bool) {
	var from geo.CRS
	var x, y string
	if m := utmPattern.FindStringSubmatch(s); m != nil {
		zone, err := strconv.Atoi(m[1])
		if err != nil || zone < 1 || zone > 60 {
			return Coordinates{}, false
		}
		half := 32600
		if b := strings.ToUpper(m[2]); b < "N" || b == "S" {
			half = 32700
		}
		from, x, y = geo.CRS(fmt.Sprintf("EPSG:%d", half+zone)), m[3], m[4]
	} else if m := epsgUTM.FindStringSubmatch(s); m != nil {
		from, x, y = geo.CRS("EPSG:"+m[1]), m[2], m[3]
	} else {
		return Coordinates{}, false
	}
	east, okX := decimal(x)
	north, okY := decimal(y)
	if !okX || !okY || east < 100_000 || east > 900_000 || north > 10_000_000 {
		return Coordinates{}, false
	}
	tr, err := crs.New(from, geo.WGS84)
	if err != nil {
		return Coordinates{}, false
	}
	xs, ys := []float64{east}, []float64{north}
	if tr.Points(xs, ys) != nil || math.IsNaN(xs[0]) || math.IsNaN(ys[0]) {
		return Coordinates{}, false
	}
	c := Coordinates{Lon: xs[0], Lat: ys[0], Form: "utm"}
	return c, c.valid()
}
