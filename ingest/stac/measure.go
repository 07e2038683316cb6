package stac

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

type timeOf = time.Time

// sampleSide is about how many cells a side are read of a band of a remote
// file: of an overview, in a request or two.
const sampleSide = 256

// measure describes band i (from 0) of an open raster: by the file, by what
// the catalogue says besides, and by statistics over an overview of it. What
// the catalogue claims of the values is taken when the cells do not
// contradict it. wrong says what they did.
func (g *gatherer) measure(r *gdal.Raster, i int, said band, key string, count int) (*catalog.Band, []string, error) {
	info := r.Info()
	fb := info.Bands[i]
	b := said.Band
	b.Name = bandName(said.Name, key, fb.Name, i, count)
	b.DataType, b.Scale, b.Offset, b.Nodata, b.NaN = fb.DataType, fb.Scale, fb.Offset, fb.Nodata, fb.NaN
	if fb.Unit != "" {
		b.Unit = fb.Unit
	}
	if b.Quantity == "" && g.o.Role == catalog.Elevation {
		b.Quantity = catalog.Height
	}
	var wrong []string
	if said.DataType != "" && said.DataType != fb.DataType {
		wrong = append(wrong, fmt.Sprintf("data type %s for %s", said.DataType, fb.DataType))
	}
	w, h := sampleSide, sampleSide
	if gw, gh := info.Grid.Width, info.Grid.Height; gw >= gh {
		w = min(w, gw)
		h = max(1, int(math.Round(float64(w)*float64(gh)/float64(gw))))
	} else {
		h = min(h, gh)
		w = max(1, int(math.Round(float64(h)*float64(gw)/float64(gh))))
	}
	// The nearest cell: of classes no others arise, of amounts the range is real.
	block, err := r.Read([]int{i + 1}, info.Grid.Full(), w, h, grid.Nearest)
	if err != nil {
		return nil, nil, err
	}
	if why := fill(&b, sampleOf(block), said.stats); why != "" {
		wrong = append(wrong, why)
	}
	return &b, wrong, nil
}

// bandName: a file of one band is called by its asset, others by their own
// names.
func bandName(said, key, described string, i, count int) string {
	switch {
	case count == 1:
		return key
	case said != "":
		return said
	case strings.TrimSpace(described) != "":
		return strings.TrimSpace(described)
	}
	return fmt.Sprintf("%s_%d", key, i+1)
}

// sample is what the cells of an overview say.
type sample struct {
	values []float64 // of the valid cells, sorted
	mean   float64
	stddev float64
	share  float64 // of valid cells, percent
}

func sampleOf(block *grid.Block) sample {
	var s sample
	for i, m := range block.Mask {
		if v := float64(block.Bands[0][i]); m != 0 && !math.IsNaN(v) && !math.IsInf(v, 0) {
			s.values = append(s.values, v)
			s.mean += v
		}
	}
	if len(block.Mask) > 0 {
		s.share = 100 * float64(len(s.values)) / float64(len(block.Mask))
	}
	if len(s.values) == 0 {
		return s
	}
	s.mean /= float64(len(s.values))
	for _, v := range s.values {
		s.stddev += (v - s.mean) * (v - s.mean)
	}
	s.stddev = math.Sqrt(s.stddev / float64(len(s.values)))
	slices.Sort(s.values)
	return s
}

// quantile is the value below which a share q lies (Hyndman & Fan 1996, type 7).
func (s sample) quantile(q float64) float64 {
	h := q * float64(len(s.values)-1)
	i := int(h)
	if i+1 >= len(s.values) {
		return s.values[len(s.values)-1]
	}
	return s.values[i] + (h-float64(i))*(s.values[i+1]-s.values[i])
}

// fill gives a band its statistics: those of the sample, and the extremes and
// mean that the catalogue claims when they fit it. It returns why they do not.
func fill(b *catalog.Band, s sample, claimed *stats) string {
	b.ValidPercent = s.share
	if len(s.values) == 0 {
		return ""
	}
	b.Min, b.Max, b.Mean, b.StdDev = s.values[0], s.values[len(s.values)-1], s.mean, s.stddev
	b.P02, b.P98 = s.quantile(0.02), s.quantile(0.98)
	if claimed == nil {
		return ""
	}
	// Catalogues give them of the values or of the stored cells.
	for _, c := range []*stats{claimed, claimed.scaled(b.Scale, b.Offset)} {
		if !c.fits(s) {
			continue
		}
		b.Min, b.Max = *c.min, *c.max
		if c.mean != nil && c.stddev != nil {
			b.Mean, b.StdDev = *c.mean, *c.stddev
		}
		if c.valid != nil {
			b.ValidPercent = *c.valid
		}
		return ""
	}
	return fmt.Sprintf("statistics of %s (the values go from %g to %g)", b.Name, s.values[0], s.values[len(s.values)-1])
}

func (c *stats) scaled(scale, offset float64) *stats {
	at := func(v *float64, f float64, o float64) *float64 {
		if v == nil {
			return nil
		}
		out := *v*f + o
		return &out
	}
	out := &stats{min: at(c.min, scale, offset), max: at(c.max, scale, offset), mean: at(c.mean, scale, offset), stddev: at(c.stddev, math.Abs(scale), 0), valid: c.valid}
	if scale < 0 {
		out.min, out.max = out.max, out.min
	}
	return out
}

// fits: every cell that was looked at lies within the range, most of which
// is used, and the mean is about that of the sample.
func (c *stats) fits(s sample) bool {
	if c.min == nil || c.max == nil || !(*c.min <= *c.max) {
		return false
	}
	low, high := s.values[0], s.values[len(s.values)-1]
	room := 1e-5*math.Max(math.Abs(*c.min), math.Abs(*c.max)) + 1e-9
	if low < *c.min-room || high > *c.max+room {
		return false
	}
	if c.mean == nil {
		return *c.max-*c.min <= 20*(high-low)+room
	}
	return *c.mean >= *c.min-room && *c.mean <= *c.max+room && math.Abs(*c.mean-s.mean) <= s.stddev/2+room
}
