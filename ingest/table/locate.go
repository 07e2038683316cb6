package table

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
)

func isEOF(err error) bool { return errors.Is(err, io.EOF) }

// coordinates says how to read the position of a row.
type coordinates struct {
	x, y             int // columns; −1: only text
	columns          []column
	text             int // column of "POINT (x y)" or "(lat, lon)"; −1: none
	geographic       bool
	explicit, strong bool // named by the user; named longitude/latitude rather than x/y
}

type state uint8

const (
	located state = iota
	absent
	impossible
)

// point reads the position of a row, from the columns, else from the text.
// (0, 0) counts as absent: that is what programs write for "not known".
func (c *coordinates) point(row []string) ([2]float64, state) {
	if c.x >= 0 {
		xs, ys := strings.TrimSpace(row[c.x]), strings.TrimSpace(row[c.y])
		if !blank(xs) && !blank(ys) {
			x, okX := c.columns[c.x].coordinate(xs)
			y, okY := c.columns[c.y].coordinate(ys)
			return c.judge(x, y, okX && okY)
		}
	}
	if c.text >= 0 && !blank(row[c.text]) {
		x, y, ok := parsePoint(row[c.text])
		return c.judge(x, y, ok)
	}
	return [2]float64{}, absent
}

func (c *coordinates) judge(x, y float64, ok bool) ([2]float64, state) {
	p := [2]float64{x, y}
	switch {
	case !ok:
		return p, impossible
	case x == 0 && y == 0:
		return p, absent
	case c.geographic && !onGlobe(x, y):
		return p, impossible
	case !c.geographic && (math.Abs(x) > 1e8 || math.Abs(y) > 1e8):
		return p, impossible
	}
	return p, located
}

func blank(s string) bool {
	s = strings.TrimSpace(s)
	return s == "" || isMissing(s)
}

func onGlobe(lon, lat float64) bool { return math.Abs(lon) <= 180 && math.Abs(lat) <= 90 }

var (
	reWKTPoint = regexp.MustCompile(`(?i)^\s*(?:SRID=\d+;)?POINT\s*Z?\s*\(\s*([-+0-9.eE]+)\s+([-+0-9.eE]+)(?:\s+[-+0-9.eE]+)?\s*\)\s*$`)
	reLatLon   = regexp.MustCompile(`^\s*\(\s*([-+0-9.eE]+)\s*,\s*([-+0-9.eE]+)\s*\)\s*$`)
)

// parsePoint reads "POINT (x y)" (x first) or "(lat, lon)" (latitude first,
// the way open data portals export a location).
func parsePoint(s string) (x, y float64, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) > 200 || len(s) < 5 || s[len(s)-1] != ')' {
		return 0, 0, false
	}
	if m := reWKTPoint.FindStringSubmatch(s); m != nil {
		x, okX := parseNumber(m[1], false)
		y, okY := parseNumber(m[2], false)
		return x, y, okX && okY
	}
	if m := reLatLon.FindStringSubmatch(s); m != nil {
		y, okY := parseNumber(m[1], false)
		x, okX := parseNumber(m[2], false)
		return x, y, okX && okY
	}
	return 0, 0, false
}

// locate finds the coordinate columns, verifies them by value, and reports
// the rows without a usable position.
func (t *Table) locate(ctx context.Context, o Options, notes *notice.List) error {
	c, err := t.candidates(ctx, o)
	if err != nil || c == nil {
		return err
	}
	ev, err := t.weigh(ctx, c, o)
	if err != nil {
		return err
	}
	if ev.rows == 0 && !c.explicit {
		notes.Add(catalog.Warning, "coordinates-unused", "%s: no row has a usable position, so the rows were read as a plain table", t.coordNames(c))
		return nil
	}
	if ev.rows == 0 {
		return fault.Errorf("table.Open", fault.Invalid, "no row of %s has numbers in %s", t.name, t.coordNames(c))
	}
	if err := t.settleAxes(c, ev, o, notes); err != nil {
		return err
	}
	t.Schema.GeometryType, t.Schema.CRS = "Point", o.CRS
	if o.CRS == "" {
		t.Schema.CRS = geo.WGS84
	}
	t.coords = c
	notes.Add(catalog.Info, "coordinates-found", "positions were read from %s", t.coordNames(c))
	return t.report(ctx, c, notes)
}

func (t *Table) coordNames(c *coordinates) string {
	if c.x < 0 {
		return fmt.Sprintf("column %q", t.columns[c.text].name)
	}
	return fmt.Sprintf("columns %q (x) and %q (y)", t.columns[c.x].name, t.columns[c.y].name)
}

// settleAxes swaps the columns when the evidence says so, and demands a CRS
// when the numbers are no degrees.
func (t *Table) settleAxes(c *coordinates, ev evidence, o Options, notes *notice.List) error {
	if !c.geographic || c.x < 0 {
		return t.demandCRS(c, ev, o)
	}
	why := ""
	switch most := func(n int64) bool { return n*10 >= ev.rows*9 }; {
	case ev.globe*2 < ev.rows && most(ev.globeSwapped):
		why = "as named, most positions are impossible"
	case c.explicit || c.strong:
	case ev.texts > 0 && ev.textSwapped*10 >= ev.texts*9:
		why = fmt.Sprintf("column %q gives the same positions the other way round", t.columns[c.text].name)
	case ev.texts == 0 && most(ev.nearSwapped) && ev.near*10 < ev.rows:
		why = "the other way round they lie in the known territories, as named they do not"
	}
	if why != "" && c.explicit {
		return fault.WithHint(fault.Errorf("table.Open", fault.Invalid,
			"%s is not longitude and %s is not latitude: %s", t.columns[c.x].name, t.columns[c.y].name, why), "exchange the two columns")
	}
	if why != "" {
		notes.Add(catalog.Warning, "coordinates-swapped", "column %q holds latitudes and %q longitudes (%s): they were exchanged",
			t.columns[c.x].name, t.columns[c.y].name, why)
		c.x, c.y = c.y, c.x
		return nil
	}
	return t.demandCRS(c, ev, o)
}

func (t *Table) demandCRS(c *coordinates, ev evidence, o Options) error {
	if o.CRS != "" || ev.globe*2 >= ev.rows {
		return nil
	}
	return fault.WithHint(fault.Errorf("table.Open", fault.Invalid,
		"the coordinates of %s in %s are no degrees (for example %g, %g)", t.name, t.coordNames(c), ev.sample[0], ev.sample[1]),
		"say which reference system they are in with --crs, for example --crs EPSG:32632")
}

// report counts and names the rows without a usable position, leaves out
// those with an impossible one, and points at those far from the others.
func (t *Table) report(ctx context.Context, c *coordinates, notes *notice.List) error {
	var xs, ys []float64
	err := t.rows(ctx, func(line int64, row []string) (bool, error) {
		switch p, st := c.point(row); st {
		case located:
			xs, ys = append(xs, p[0]), append(ys, p[1])
		case absent:
			notes.Count(catalog.Warning, "coordinates-missing", "rows without coordinates were kept without a position", t.label(line, row))
		case impossible:
			t.leave[line] = true
			notes.Count(catalog.Warning, "coordinates-impossible", "rows with impossible coordinates were left out", t.label(line, row)+": "+c.raw(row))
		}
		return true, nil
	})
	if err != nil || len(xs) < minForOutliers {
		return err
	}
	far := outliers(xs, ys)
	if !anyFar(xs, ys, far) {
		return nil
	}
	return t.rows(ctx, func(line int64, row []string) (bool, error) {
		if p, st := c.point(row); st == located && far(p[0], p[1]) {
			notes.Count(catalog.Warning, "position-suspicious", "positions far from all others were kept: check them",
				fmt.Sprintf("%s: %.5g, %.5g", t.label(line, row), p[0], p[1]))
		}
		return true, nil
	})
}

func anyFar(xs, ys []float64, far func(x, y float64) bool) bool {
	for i := range xs {
		if far(xs[i], ys[i]) {
			return true
		}
	}
	return false
}

func (c *coordinates) raw(row []string) string {
	if c.x >= 0 {
		return fmt.Sprintf("%q, %q", row[c.x], row[c.y])
	}
	return fmt.Sprintf("%q", row[c.text])
}

const (
	minForOutliers = 20
	// A position is far when it is more than 5 robust standard deviations from
	// the median on an axis and more than 2 away from every position that is not.
	farSigmas, lonelySigmas = 5, 2
	// maxPairs bounds the search for company; beyond it 10 deviations decide.
	maxPairs, aloneSigmas = 100_000_000, 10
)

// outliers tells which positions are far from the bulk and have no company
// there: the tail of a region is near other places, a wrong position is not.
// Deviations are 1.4826 · MAD (Rousseeuw & Croux 1993, eq. 1.2).
func outliers(xs, ys []float64) func(x, y float64) bool {
	mx, dx := medianMAD(xs)
	my, dy := medianMAD(ys)
	if dx == 0 || dy == 0 {
		return func(_, _ float64) bool { return false }
	}
	sx, sy := 1.4826*dx, 1.4826*dy
	sigmas := func(x, y float64) float64 { return math.Max(math.Abs(x-mx)/sx, math.Abs(y-my)/sy) }
	var bulk [][2]float64
	for i := range xs {
		if sigmas(xs[i], ys[i]) <= farSigmas {
			bulk = append(bulk, [2]float64{xs[i], ys[i]})
		}
	}
	if (len(xs)-len(bulk))*len(bulk) > maxPairs {
		return func(x, y float64) bool { return sigmas(x, y) > aloneSigmas }
	}
	return func(x, y float64) bool {
		return sigmas(x, y) > farSigmas && !slices.ContainsFunc(bulk, func(p [2]float64) bool {
			return math.Hypot((p[0]-x)/sx, (p[1]-y)/sy) <= lonelySigmas
		})
	}
}

func medianMAD(v []float64) (median, mad float64) {
	s := slices.Clone(v)
	slices.Sort(s)
	median = s[len(s)/2]
	for i := range s {
		s[i] = math.Abs(s[i] - median)
	}
	slices.Sort(s)
	return median, s[len(s)/2]
}
