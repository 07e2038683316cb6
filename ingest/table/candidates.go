package table

import (
	"context"
	"math"
	"strings"
	"unicode"

	"contado/geo"
	"contado/geo/fault"
)

// candidates picks the columns to read positions from; nil when there are
// none.
func (t *Table) candidates(ctx context.Context, o Options) (*coordinates, error) {
	c := &coordinates{x: -1, y: -1, text: -1, geographic: o.CRS == "" || !o.projected()}
	if (o.XField == "") != (o.YField == "") {
		return nil, fault.Errorf("table.Open", fault.Invalid, "name both coordinate columns or none: x is %q, y is %q", o.XField, o.YField)
	}
	var err error
	if o.XField != "" {
		if c.x, err = t.find(o.XField); err != nil {
			return nil, err
		}
		if c.y, err = t.find(o.YField); err != nil {
			return nil, err
		}
		c.explicit = true
	} else {
		c.x, c.y, c.strong = t.guessPair()
	}
	if c.text, err = t.guessText(ctx); err != nil {
		return nil, err
	}
	if c.explicit && c.text >= 0 {
		c.text = -1
	}
	if c.x < 0 && c.text < 0 {
		return nil, nil
	}
	c.columns = t.columns
	return c, nil
}

// Projected says whether Options.CRS is one of metres rather than degrees;
// ingest sets it through WithProjected.
func (o Options) projected() bool {
	return o.CRS != "" && o.CRS != geo.WGS84 && !geographicCodes[o.CRS]
}

// geographicCodes are the geographic systems met in tables of positions.
var geographicCodes = map[geo.CRS]bool{
	"EPSG:4326": true, "EPSG:4258": true, "EPSG:6706": true, "EPSG:4269": true, "EPSG:4267": true,
	"EPSG:4265": true, "EPSG:4230": true, "OGC:CRS84": true, "EPSG:4979": true, "EPSG:4937": true,
}

// axisOf classifies a column by its name: 'x' or 'y', strong when it says
// longitude or latitude; 0 when it is no coordinate.
func axisOf(name string) (axis byte, strong bool) {
	n := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
	for _, s := range []string{"wgs84", "4326", "gps", "gb", "etrs89", "degrees", "deg", "gradidecimali", "gradi"} {
		n = strings.TrimSuffix(strings.TrimPrefix(n, s), s)
	}
	switch {
	case n == "lon" || n == "long" || n == "lng" || strings.HasPrefix(n, "longitud"):
		return 'x', true
	case n == "lat" || strings.HasPrefix(n, "latitud"):
		return 'y', true
	case n == "x" || n == "est" || n == "east" || n == "easting":
		return 'x', false
	case n == "y" || n == "nord" || n == "north" || n == "northing":
		return 'y', false
	}
	for _, stem := range []string{"coor", "coord", "coordinata", "coordinate", "coordinatageografica", "point", "geo", "pos", "centroid", "centroide"} {
		for _, axis := range []string{"x", "y"} {
			if n == stem+axis || n == axis+stem {
				return axis[0], false
			}
		}
		if n == stem+"lon" || n == stem+"lng" || n == stem+"long" {
			return 'x', true
		}
		if n == stem+"lat" {
			return 'y', true
		}
	}
	return 0, false
}

// guessPair finds an x and a y column by name that mostly hold numbers; pairs
// named longitude/latitude go before x/y.
func (t *Table) guessPair() (x, y int, strong bool) {
	for _, wantStrong := range []bool{true, false} {
		x, y = -1, -1
		for i := range t.columns {
			c := &t.columns[i]
			axis, s := axisOf(c.name)
			if axis == 0 || s != wantStrong || c.numbers+c.angles == 0 || (c.numbers+c.angles)*2 < c.filled {
				continue
			}
			if axis == 'x' && x < 0 {
				x = i
			}
			if axis == 'y' && y < 0 {
				y = i
			}
		}
		if x >= 0 && y >= 0 {
			return x, y, wantStrong
		}
	}
	return t.guessEnds()
}

// guessEnds finds two columns of numbers that begin alike and end in longitude
// and latitude, such as stop_lon and stop_lat.
func (t *Table) guessEnds() (x, y int, strong bool) {
	for i := range t.columns {
		stem, axis := axisAtEnd(t.columns[i].name)
		if axis != 'x' || t.columns[i].numbers == 0 {
			continue
		}
		for k := range t.columns {
			if other, axis := axisAtEnd(t.columns[k].name); axis == 'y' && other == stem && t.columns[k].numbers > 0 {
				return i, k, true
			}
		}
	}
	return -1, -1, false
}

// axisAtEnd splits a name such as stop_lat into what it begins with and the
// axis that it ends in, 0 for none.
func axisAtEnd(name string) (stem string, axis byte) {
	at := strings.LastIndexAny(name, "_-. ")
	if at <= 0 {
		return "", 0
	}
	switch strings.ToLower(name[at+1:]) {
	case "lon", "long", "lng", "longitude", "longitudine":
		return strings.ToLower(name[:at]), 'x'
	case "lat", "latitude", "latitudine":
		return strings.ToLower(name[:at]), 'y'
	}
	return "", 0
}

// guessText finds a column whose cells are nearly all points written as text.
func (t *Table) guessText(ctx context.Context) (int, error) {
	hits := make([]int64, len(t.columns))
	err := t.rows(ctx, func(_ int64, row []string) (bool, error) {
		for i := range t.columns {
			if t.columns[i].kind != geo.String || t.columns[i].filled == 0 {
				continue
			}
			if _, _, ok := parsePoint(row[i]); ok {
				hits[i]++
			}
		}
		return true, nil
	})
	for i, n := range hits {
		if n > 0 && n*10 >= t.columns[i].filled*8 {
			return i, err
		}
	}
	return -1, err
}

// evidence is how many rows speak for the columns as named and exchanged.
type evidence struct {
	rows                int64 // with two numbers
	globe, globeSwapped int64 // possible longitude and latitude
	texts, textSwapped  int64 // rows that also have the text; that contradict the columns
	near, nearSwapped   int64 // within Options.Near
	sample              [2]float64
}

func (t *Table) weigh(ctx context.Context, c *coordinates, o Options) (evidence, error) {
	var ev evidence
	err := t.rows(ctx, func(_ int64, row []string) (bool, error) {
		var x, y float64
		var ok bool
		if c.x < 0 {
			x, y, ok = parsePoint(row[c.text])
		} else {
			var okX, okY bool
			x, okX = c.columns[c.x].coordinate(row[c.x])
			y, okY = c.columns[c.y].coordinate(row[c.y])
			ok = okX && okY
		}
		if !ok || (x == 0 && y == 0) {
			return true, nil
		}
		if ev.rows == 0 {
			ev.sample = [2]float64{x, y}
		}
		ev.rows++
		ev.globe += count(onGlobe(x, y))
		ev.globeSwapped += count(onGlobe(y, x))
		if o.Near != nil {
			ev.near += count(inside(*o.Near, x, y))
			ev.nearSwapped += count(inside(*o.Near, y, x))
		}
		if c.x >= 0 && c.text >= 0 {
			if tx, ty, ok := parsePoint(row[c.text]); ok && math.Abs(tx-ty) > 1e-3 {
				ev.texts++
				ev.textSwapped += count(math.Abs(tx-y) < 1e-4 && math.Abs(ty-x) < 1e-4)
			}
		}
		return true, nil
	})
	return ev, err
}

func count(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func inside(b geo.BBox, x, y float64) bool {
	return x >= b.MinX && x <= b.MaxX && y >= b.MinY && y <= b.MaxY
}
