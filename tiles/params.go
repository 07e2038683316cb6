package tiles

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/tiles/raster"
)

// RasterParams is what a raster tile request asks for; the zero value asks
// for the defaults of the dataset.
type RasterParams struct {
	raster.Params
	Size int // pixels a side: 256 (also when 0) or 512
	// From and To bound the items by time, both inclusive; zero is open. With
	// either set, items without a time are left out.
	From, To time.Time
}

// VectorParams is what a vector tile request asks for.
type VectorParams struct {
	// Properties names the attributes to put into the tile; nil means all.
	Properties []string
	// Gzip asks for the compressed variant.
	Gzip bool
}

// maxList bounds the values of a list parameter.
const maxList = 64

// ParseRasterParams reads bands, rescale, colormap, resampling, size and
// datetime. Anything else, or a value that cannot be, is fault.Invalid naming
// the parameter and what it may be. Names of bands are checked later, on the
// dataset.
func ParseRasterParams(q url.Values) (RasterParams, error) {
	var p RasterParams
	if err := known(q, "bands", "rescale", "colormap", "resampling", "size", "datetime"); err != nil {
		return p, err
	}
	var err error
	if p.Bands, err = list(q, "bands"); err != nil {
		return p, err
	}
	if n := len(p.Bands); n != 0 && n != 1 && n != 3 && n != 4 {
		return p, invalid("bands", "%d bands given; one (with colormap), three (red, green, blue) or four (and alpha) can be drawn", n)
	}
	if p.Rescale, err = parseRescale(q["rescale"]); err != nil {
		return p, err
	}
	if p.Colormap, err = one(q, "colormap"); err != nil {
		return p, err
	}
	if p.Colormap != "" && raster.Ramp(p.Colormap, 2) == nil {
		return p, invalid("colormap", "there is no %q; there are %s, each also with _r for the reverse", p.Colormap, strings.Join(raster.Colormaps(), ", "))
	}
	how, err := one(q, "resampling")
	if err != nil {
		return p, err
	}
	switch p.Resampling = grid.Resampling(how); p.Resampling {
	case "", grid.Nearest, grid.Bilinear:
	default:
		return p, invalid("resampling", "there is no %q; there are nearest and bilinear", how)
	}
	if err := p.parseSize(q); err != nil {
		return p, err
	}
	return p, p.parseDatetime(q)
}

func (p *RasterParams) parseSize(q url.Values) error {
	size, err := one(q, "size")
	switch {
	case err != nil:
		return err
	case size == "" || size == "256":
		p.Size = 256
	case size == "512":
		p.Size = 512
	default:
		return invalid("size", "%q pixels; there are 256 and 512", size)
	}
	return nil
}

// parseDatetime reads an instant, or an interval start/end where ".." or
// nothing leaves an end open (RFC 3339, or a date that means its whole day).
func (p *RasterParams) parseDatetime(q url.Values) error {
	text, err := one(q, "datetime")
	if err != nil || text == "" {
		return err
	}
	from, to, interval := strings.Cut(text, "/")
	if !interval {
		to = from
	}
	ends := [2]time.Time{}
	for i, s := range [2]string{from, to} {
		if interval && (s == "" || s == "..") {
			continue
		}
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			if at, err = time.Parse(time.DateOnly, s); err != nil {
				return invalid("datetime", "%q is neither a date (2024-05-31), a time (2024-05-31T10:00:00Z) nor an interval of two with / between (.. leaves an end open)", text)
			}
			if i == 1 {
				at = at.Add(24*time.Hour - time.Nanosecond)
			}
		}
		ends[i] = at.UTC()
	}
	p.From, p.To = ends[0], ends[1]
	if !p.From.IsZero() && !p.To.IsZero() && p.To.Before(p.From) {
		return invalid("datetime", "the interval %q ends before it starts", text)
	}
	if p.From.IsZero() && p.To.IsZero() {
		return invalid("datetime", "the interval %q is open at both ends", text)
	}
	return nil
}

// parseRescale reads min,max pairs: one parameter each, or all in one.
func parseRescale(values []string) ([][2]float64, error) {
	var nums []float64
	for _, v := range values {
		if v == "" {
			continue
		}
		parts := strings.Split(v, ",")
		if len(parts)%2 != 0 || len(nums)+len(parts) > 8 {
			return nil, invalid("rescale", "%q is not min,max (one pair for all bands, or one for each)", v)
		}
		for _, s := range parts {
			f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
			if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
				return nil, invalid("rescale", "%q is not a number", s)
			}
			nums = append(nums, f)
		}
	}
	var out [][2]float64
	for i := 0; i < len(nums); i += 2 {
		if !(nums[i] < nums[i+1]) {
			return nil, invalid("rescale", "%g,%g is not a range; the minimum comes first", nums[i], nums[i+1])
		}
		out = append(out, [2]float64{nums[i], nums[i+1]})
	}
	return out, nil
}

// ParseVectorParams reads properties against the schema of the dataset.
func ParseVectorParams(q url.Values, s geo.Schema) (VectorParams, error) {
	var p VectorParams
	if err := known(q, "properties"); err != nil {
		return p, err
	}
	var err error
	if p.Properties, err = list(q, "properties"); err != nil {
		return p, err
	}
	return p, checkProperties(p.Properties, s)
}

func checkProperties(names []string, s geo.Schema) error {
	for _, name := range names {
		if s.FieldIndex(name) < 0 {
			have := make([]string, 0, len(s.Fields))
			for i, f := range s.Fields {
				if i == maxList {
					have = append(have, fmt.Sprintf("and %d more", len(s.Fields)-i))
					break
				}
				have = append(have, f.Name)
			}
			return invalid("properties", "there is no attribute %q; there are %s", name, strings.Join(have, ", "))
		}
	}
	return nil
}

func invalid(param, format string, args ...any) error {
	return fault.Errorf("tiles.Params", fault.Invalid, param+": "+format, args...)
}

func known(q url.Values, names ...string) error {
	for name := range q {
		if !slices.Contains(names, name) {
			return fault.Errorf("tiles.Params", fault.Invalid, "there is no parameter %q; there are %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}

func one(q url.Values, name string) (string, error) {
	switch v := q[name]; len(v) {
	case 0:
		return "", nil
	case 1:
		if len(v[0]) > 200 {
			return "", invalid(name, "a value of %d characters is too long", len(v[0]))
		}
		return v[0], nil
	default:
		return "", invalid(name, "given %d times", len(v))
	}
}

// list reads comma-separated values, also from a repeated parameter.
func list(q url.Values, name string) ([]string, error) {
	var out []string
	for _, v := range q[name] {
		if v == "" {
			continue
		}
		for _, s := range strings.Split(v, ",") {
			s = strings.TrimSpace(s)
			if s == "" || len(s) > 200 {
				return nil, invalid(name, "%q holds an empty or overlong value", shorten(v))
			}
			if out = append(out, s); len(out) > maxList {
				return nil, invalid(name, "more than %d values", maxList)
			}
		}
	}
	return out, nil
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}

// key is the canonical text of the parameters: the same for requests that
// ask for the same.
func (p RasterParams) key() string {
	size := p.Size
	if size == 0 {
		size = 256
	}
	return fmt.Sprintf("bands=%q rescale=%v colormap=%q resampling=%q size=%d from=%d to=%d",
		p.Bands, p.Rescale, p.Colormap, p.Resampling, size, unix(p.From), unix(p.To))
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return math.MinInt64
	}
	return t.UnixNano()
}

func (p VectorParams) key() string {
	return fmt.Sprintf("properties=%q gzip=%t", p.Properties, p.Gzip)
}
