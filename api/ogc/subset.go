package ogc

import (
	"math"
	"strconv"
	"strings"

	"contado/api/draw"
	"contado/api/rest"
	"contado/geo"
	"contado/geo/fault"
)

// subset is the parameter of that name (20-058, /req/spatial-subsetting and
// /req/datetime): stretches along axes.
type subset struct {
	x, y *stretch
	when *rest.Interval
}

// stretch is an interval, or a single value twice; open ends are NaN.
type stretch struct{ low, high float64 }

// axes are the names of the spatial axes, and time.
var axes = map[string]byte{
	"Lat": 'y', "lat": 'y', "Latitude": 'y', "latitude": 'y', "N": 'y', "n": 'y', "Northing": 'y', "northing": 'y', "y": 'y', "Y": 'y',
	"Lon": 'x', "lon": 'x', "Long": 'x', "long": 'x', "Longitude": 'x', "longitude": 'x', "E": 'x', "e": 'x', "Easting": 'x', "easting": 'x', "x": 'x', "X": 'x',
	"time": 't', "Time": 't', "t": 't', "T": 't',
}

// parseSubset reads Lat(40:41),Lon(9:10),time("2024-05-01":"2024-06-01"), in
// one parameter or several.
func parseSubset(values []string) (subset, error) {
	var out subset
	bad := func(text, why string) error {
		return fault.Errorf("ogc", fault.Invalid, "subset=%.80s: %s (want axis(low:high), such as Lat(45:46),Lon(9:10))", text, why)
	}
	rest := strings.Join(values, ",")
	if len(rest) > 400 {
		return out, bad(rest, "that is too long")
	}
	for rest != "" {
		name, after, ok := strings.Cut(rest, "(")
		if !ok {
			return out, bad(rest, "an axis has no parenthesis")
		}
		inside, next, ok := strings.Cut(after, ")")
		if !ok {
			return out, bad(rest, "a parenthesis is not closed")
		}
		if next != "" && (next[0] != ',' || len(next) == 1) {
			return out, bad(rest, "axes are separated by commas")
		}
		rest = strings.TrimPrefix(next, ",")
		var err error
		switch axes[name] {
		case 'x':
			if out.x != nil {
				return out, bad(name, "the axis comes twice")
			}
			out.x, err = parseStretch(inside)
		case 'y':
			if out.y != nil {
				return out, bad(name, "the axis comes twice")
			}
			out.y, err = parseStretch(inside)
		case 't':
			if out.when != nil {
				return out, bad(name, "the axis comes twice")
			}
			out.when, err = parseTimes(inside)
		default:
			return out, bad(name, "there is no such axis")
		}
		if err != nil {
			return out, bad(inside, err.Error())
		}
	}
	return out, nil
}

func parseStretch(text string) (*stretch, error) {
	low, high, interval := strings.Cut(text, ":")
	if !interval {
		high = low
	}
	var s stretch
	for _, end := range []struct {
		text string
		into *float64
	}{{low, &s.low}, {high, &s.high}} {
		if end.text == "*" {
			*end.into = math.NaN()
			continue
		}
		v, err := strconv.ParseFloat(end.text, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fault.Errorf("ogc", fault.Invalid, "%.40q is no number", end.text)
		}
		*end.into = v
	}
	return &s, nil
}

// parseTimes reads moments in quotes or without; the colon within a moment is
// told from the one between two by the quotes.
func parseTimes(text string) (*rest.Interval, error) {
	low, high := text, text
	if strings.HasPrefix(text, `"`) {
		if i := strings.Index(text, `":"`); i > 0 {
			low, high = text[:i+1], text[i+2:]
		} else if a, b, ok := strings.Cut(text, `":*`); ok && b == "" {
			low, high = a+`"`, "*"
		}
	} else if a, b, ok := strings.Cut(text, ":"); ok {
		low, high = a, b
	}
	clean := func(s string) string {
		s = strings.Trim(s, `"`)
		if s == "*" {
			return ".."
		}
		return s
	}
	low, high = clean(low), clean(high)
	if low == high {
		return draw.Time(low)
	}
	return draw.Time(low + "/" + high)
}

// box is the window of the subset in a system: an axis that is not named runs
// over the whole of the dataset, a single value is a cell wide.
func (s subset) box(whole geo.BBox, cell float64, in draw.System) (geo.BBox, error) {
	out := whole
	fill := func(given *stretch, low, high *float64, wraps bool) error {
		if given == nil {
			return nil
		}
		if !math.IsNaN(given.low) {
			*low = given.low
		}
		if !math.IsNaN(given.high) {
			*high = given.high
		}
		if *low > *high && wraps {
			*high += 360
		}
		if *low == *high {
			*low, *high = *low-cell/2, *high+cell/2
		}
		if *low > *high {
			return fault.Errorf("ogc", fault.Invalid, "subset: %g is above %g", *low, *high)
		}
		return nil
	}
	if err := fill(s.x, &out.MinX, &out.MaxX, in.Degrees); err != nil {
		return out, err
	}
	if err := fill(s.y, &out.MinY, &out.MaxY, false); err != nil {
		return out, err
	}
	if in.Degrees && (out.MinY >= 90 || out.MaxY <= -90 || out.MinX >= 360 || out.MaxX <= -360) {
		return out, fault.Errorf("ogc", fault.NotExist, "subset: there is nothing beyond the poles")
	}
	return out, nil
}
