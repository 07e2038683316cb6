package tiles

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"contado/geo/expr"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/tiles/colormap"
	"contado/tiles/raster"
)

// RasterParams is what a raster tile or picture is asked with; the zero value
// asks for the defaults of the dataset.
type RasterParams struct {
	raster.Params
	Size int // pixels a side of a web map tile: 256 (also when 0) or 512, twice as many for other grids
	// From and To bound the items by time, both inclusive; zero is open. With
	// either set, items without a time are left out.
	From, To time.Time
	// CloudCover is the most cloud cover of an item in percent, nil = any.
	// With it, items whose cover is not known are left out.
	CloudCover *float64
}

// maxList bounds the values of a list parameter.
const maxList = 64

// RasterNames are the parameters that ParseRasterParams reads.
var RasterNames = []string{
	"bands", "expr", "index", "mask", "select", "highest", "terrain", "rescale", "gamma", "colormap",
	"resampling", "size", "datetime", "cloud_cover",
}

// Bounds on the length of parameters.
const (
	maxText    = 200
	maxFormula = expr.MaxBytes
)

// ParseRasterParams reads the parameters that RasterNames lists. Anything
// else, or a value that cannot be, is fault.Invalid naming the parameter and
// what it may be. What depends on the bands is checked later, on the dataset.
func ParseRasterParams(q url.Values) (RasterParams, error) {
	var p RasterParams
	if err := known(q, RasterNames...); err != nil {
		return p, err
	}
	var err error
	if p.Bands, err = list(q, "bands"); err != nil {
		return p, err
	}
	if err := p.parseTexts(q); err != nil {
		return p, err
	}
	if p.Rescale, p.Percentiles, err = parseRescale(q["rescale"]); err != nil {
		return p, err
	}
	if p.Gamma, err = number(q, "gamma", 0.1, 10); err != nil {
		return p, err
	}
	if text, err := one(q, "cloud_cover", maxText); err != nil || text != "" {
		most, err := number(q, "cloud_cover", 0, 100)
		if err != nil {
			return p, err
		}
		p.CloudCover = &most
	}
	if err := p.parseSize(q); err != nil {
		return p, err
	}
	return p, p.parseDatetime(q)
}

// parseTexts reads the parameters that are words or formulas.
func (p *RasterParams) parseTexts(q url.Values) error {
	var how, choice string
	for _, t := range []struct {
		name string
		most int
		into *string
	}{
		{"expr", maxFormula, &p.Expr},
		{"index", maxText, &p.Index},
		{"mask", maxText, &p.Mask},
		{"select", maxText, &choice},
		{"highest", maxFormula, &p.Highest},
		{"terrain", maxText, &p.Terrain},
		{"colormap", colormap.MaxText, &p.Colormap},
		{"resampling", maxText, &how},
	} {
		var err error
		if *t.into, err = one(q, t.name, t.most); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{"expr": p.Expr, "highest": p.Highest} {
		if text == "" {
			continue
		}
		if _, err := expr.Parse(text); err != nil {
			return invalid(name, "%w", err)
		}
	}
	if p.Index != "" {
		if _, ok := expr.FindIndex(p.Index); !ok {
			return invalid("index", "there is no %q; the published ones are listed at /indices, any other formula goes in expr", p.Index)
		}
	}
	if p.Select = mosaic.Selection(choice); choice != "" && !slices.Contains(mosaic.Selections, p.Select) {
		return invalid("select", "there is no %q; there are %s", choice, join(mosaic.Selections))
	}
	if p.Colormap != "" {
		if _, err := colormap.Parse(p.Colormap); err != nil {
			return invalid("colormap", "%w", err)
		}
	}
	if p.Resampling = grid.Resampling(how); how != "" && !p.Resampling.Valid() {
		return invalid("resampling", "there is no %q; there are nearest, bilinear, cubic, average and mode", how)
	}
	return nil
}

func join[S ~string](words []S) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// number reads a number; 0 when there is none.
func number(q url.Values, name string, least, most float64) (float64, error) {
	text, err := one(q, name, maxText)
	if err != nil || text == "" {
		return 0, err
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= least && v <= most) {
		return 0, invalid(name, "%q is not a number from %g to %g", shorten(text), least, most)
	}
	return v, nil
}

func (p *RasterParams) parseSize(q url.Values) error {
	size, err := one(q, "size", maxText)
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
	text, err := one(q, "datetime", maxText)
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

// parseRescale reads min,max pairs: one parameter each, or all in one. With
// p before the numbers they are percentiles.
func parseRescale(texts []string) (values, percentiles [][2]float64, err error) {
	var nums []float64
	shares := 0
	for _, v := range texts {
		if v == "" {
			continue
		}
		if len(v) > maxText {
			return nil, nil, invalid("rescale", "a value of %d characters is too long", len(v))
		}
		parts := strings.Split(v, ",")
		if len(parts)%2 != 0 || len(nums)+len(parts) > 2*maxList {
			return nil, nil, invalid("rescale", "%q is not min,max (one pair for all bands, or one for each)", v)
		}
		for _, s := range parts {
			text, share := strings.CutPrefix(strings.TrimSpace(s), "p")
			f, err := strconv.ParseFloat(text, 64)
			if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || share && !(f >= 0 && f <= 100) {
				return nil, nil, invalid("rescale", "%q is neither a number nor a percentile such as p2", s)
			}
			if share {
				shares++
			}
			nums = append(nums, f)
		}
	}
	if shares > 0 && shares < len(nums) {
		return nil, nil, invalid("rescale", "values and percentiles are mixed")
	}
	var out [][2]float64
	for i := 0; i < len(nums); i += 2 {
		if !(nums[i] < nums[i+1]) {
			return nil, nil, invalid("rescale", "%g,%g is not a range; the minimum comes first", nums[i], nums[i+1])
		}
		out = append(out, [2]float64{nums[i], nums[i+1]})
	}
	if shares > 0 {
		return nil, out, nil
	}
	return out, nil, nil
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

// one reads a parameter that may be given once, of at most most bytes.
func one(q url.Values, name string, most int) (string, error) {
	switch v := q[name]; len(v) {
	case 0:
		return "", nil
	case 1:
		if len(v[0]) > most {
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
			if s == "" || len(s) > maxText {
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
	cloud := ""
	if p.CloudCover != nil {
		cloud = strconv.FormatFloat(*p.CloudCover, 'g', -1, 64)
	}
	return fmt.Sprintf("%s size=%d from=%d to=%d cloud=%s", p.look(), size, unix(p.From), unix(p.To), cloud)
}

// look is the canonical text of the parameters that make the style.
func (p RasterParams) look() string {
	format := p.Format
	if format == "" {
		format = raster.PNG
	}
	choice := p.Select
	switch {
	case choice == "" && p.Highest != "":
		choice = mosaic.Highest
	case choice == "":
		choice = mosaic.Newest
	}
	return fmt.Sprintf("bands=%q expr=%q index=%q mask=%q select=%s highest=%q terrain=%q rescale=%v percentiles=%v gamma=%g colormap=%q resampling=%q format=%s",
		p.Bands, formula(p.Expr), strings.ToLower(p.Index), p.Mask, choice, formula(p.Highest), p.Terrain, p.Rescale, p.Percentiles, p.Gamma, p.Colormap, p.Resampling, format)
}

// formula is the canonical text of an expression.
func formula(text string) string {
	if text == "" {
		return ""
	}
	e, err := expr.Parse(text)
	if err != nil {
		return text
	}
	return e.String()
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return math.MinInt64
	}
	return t.UnixNano()
}
