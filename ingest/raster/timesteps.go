package raster

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// reSince is a CF unit of time of fixed length (CF Conventions 1.11, §4.4).
var reSince = regexp.MustCompile(`(?i)^\s*(seconds?|secs?|s|minutes?|mins?|hours?|hrs?|h|days?|d)\s+since\s+(\d{4})-(\d{1,2})-(\d{1,2})(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d*)?)?)?\s*(?:Z|UTC|\+?0?0:?00)?\s*$`)

// maxSteps bounds the time axis of one file.
const maxSteps = 1_000_000

// timeSteps are the times of the bands of a NetCDF variable, by the metadata
// that GDAL makes of it; nil when the bands are no steps in time. understood
// is false when there is a time axis whose units or calendar are not simple.
func timeSteps(meta map[string]string, bands int) (steps []time.Time, understood bool) {
	for _, dim := range braced(meta["NETCDF_DIM_EXTRA"]) {
		if !strings.EqualFold(dim, "time") && meta[dim+"#standard_name"] != "time" && meta[dim+"#axis"] != "T" {
			continue
		}
		values := braced(meta["NETCDF_DIM_"+dim+"_VALUES"])
		if len(values) != bands || bands > maxSteps {
			return nil, false // another axis varies too
		}
		switch strings.ToLower(meta[dim+"#calendar"]) {
		case "", "standard", "gregorian", "proleptic_gregorian":
		default:
			return nil, false
		}
		start, unit, ok := since(meta[dim+"#units"])
		if !ok {
			return nil, false
		}
		for _, v := range values {
			t, ok := step(start, unit, v)
			if !ok {
				return nil, false
			}
			steps = append(steps, t)
		}
		return steps, true
	}
	return nil, true
}

// braced are the parts of "{a,b}", or of "a".
func braced(s string) []string {
	s = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(s), "{"), "}")
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func since(units string) (start time.Time, unit time.Duration, ok bool) {
	m := reSince.FindStringSubmatch(units)
	if m == nil {
		return start, 0, false
	}
	n := func(i int) int {
		v, _ := number(m[i]) // digits by the pattern, or not there
		return int(v)
	}
	month, day := n(3), n(4)
	start = time.Date(n(2), time.Month(month), day, n(5), n(6), n(7), 0, time.UTC)
	if start.Month() != time.Month(month) || start.Day() != day {
		return start, 0, false
	}
	switch m[1][0] {
	case 's', 'S':
		unit = time.Second
	case 'm', 'M':
		unit = time.Minute
	case 'h', 'H':
		unit = time.Hour
	default:
		unit = 24 * time.Hour
	}
	return start, unit, true
}

// step is a time on the axis. The calendar before 15 October 1582 is not
// simple, nor are years beyond 9999.
func step(start time.Time, unit time.Duration, value string) (time.Time, bool) {
	v, ok := number(value)
	seconds := v * unit.Seconds()
	if !ok || math.Abs(seconds) > 3e11 {
		return start, false
	}
	t := time.Unix(start.Unix()+int64(math.Round(seconds)), 0).UTC()
	first := time.Date(1582, 10, 15, 0, 0, 0, 0, time.UTC)
	return t, !t.Before(first) && !start.Before(first) && t.Year() <= 9999
}

// readSteps finds the times of a file's bands. A time given by hand is that
// of all bands, which then stay together.
func (c *converter) readSteps(f *file) {
	if f.driver != "netCDF" || c.o.Datetime != nil {
		return
	}
	steps, understood := timeSteps(f.info.Metadata, len(f.bands))
	if !understood {
		c.notes.Count(catalog.Warning, "time-not-understood", "time axes of other than fixed units in the usual calendar, or beside another axis, stay bands of one item", f.name)
	}
	f.steps = steps
}

// steps is the number of steps in time that a scene is cut into.
func (s *scene) steps() int {
	if len(s.files) > 1 {
		return 0
	}
	return len(s.files[0].steps)
}

// convertSteps makes an item of each step in time of a file.
func (c *converter) convertSteps(ctx context.Context, s *scene, src *file, n int) ([]Item, error) {
	layout := "20060102"
	for _, t := range src.steps {
		if t.Hour() != src.steps[0].Hour() || t.Minute() != src.steps[0].Minute() || t.Second() != src.steps[0].Second() {
			layout = "20060102T150405"
		}
	}
	one := *src
	one.bands = src.bands[:1]
	names := c.nameBands(&scene{id: s.id, files: []*file{&one}, product: s.product})[0]
	seen := map[string]bool{}
	var out []Item
	for i, at := range src.steps {
		step := &scene{id: s.id, time: &at, product: s.product}
		if len(src.steps) > 1 {
			step.id += "-" + at.Format(layout)
		}
		if seen[step.id] {
			return nil, fault.Errorf("raster.Convert", fault.Invalid, "%s has two steps of the time %s", src.name, at.Format(time.RFC3339))
		}
		seen[step.id] = true
		p := &part{src: src, names: names, band: i + 1, grid: src.grid}
		it, err := c.write(ctx, step, []*part{p}, filepath.Join(c.o.Dir, fmt.Sprintf("item%d-%d", n, i)))
		if err != nil {
			return nil, err
		}
		out = append(out, *it)
	}
	return out, nil
}
