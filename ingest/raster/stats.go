package raster

import (
	"context"
	"fmt"
	"math"
	"slices"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// sampleShare is how much smaller a sample is than the most cells of which all
// are looked at.
const sampleShare = 4

// tally gathers the statistics of one band; values are after scale and offset.
type tally struct {
	cells, valid int64
	min, max     float64
	mean, m2     float64 // Welford (1962)
	sum          float64
	// counts holds the number of cells by stored value for 8 and 16 bits,
	// values the values themselves for wider types.
	counts        []int64
	low           float64 // stored value of counts[0]
	scale, offset float64
	values        []float32
	infinite      int64
}

func newTally(b gdal.BandInfo) *tally {
	t := &tally{min: math.Inf(1), max: math.Inf(-1), scale: b.Scale, offset: b.Offset}
	switch b.DataType {
	case "uint8":
		t.counts = make([]int64, 1<<8)
	case "uint16":
		t.counts = make([]int64, 1<<16)
	case "int8":
		t.counts, t.low = make([]int64, 1<<8), math.MinInt8
	case "int16":
		t.counts, t.low = make([]int64, 1<<16), math.MinInt16
	}
	return t
}

// add takes a value; NaN is a cell without one.
func (t *tally) add(v float64) {
	t.cells++
	if math.IsNaN(v) {
		return
	}
	if math.IsInf(v, 0) {
		t.infinite++
		return
	}
	t.valid++
	t.min, t.max = math.Min(t.min, v), math.Max(t.max, v)
	t.sum += v
	d := v - t.mean
	t.mean += d / float64(t.valid)
	t.m2 += d * (v - t.mean)
	if t.counts == nil {
		t.values = append(t.values, float32(v))
		return
	}
	if i := int(math.Round((v-t.offset)/t.scale - t.low)); i >= 0 && i < len(t.counts) {
		t.counts[i]++
	}
}

// quantile is the value below which a share q of the cells lies, by linear
// interpolation between order statistics (Hyndman & Fan 1996, type 7).
func (t *tally) quantile(q float64) float64 {
	h := q * float64(t.valid-1)
	lo := int64(math.Floor(h))
	a := t.order(lo)
	b := a
	if lo+1 < t.valid {
		b = t.order(lo + 1)
	}
	return a + (h-float64(lo))*(b-a)
}

// order is the k-th smallest value, from 0; values must be sorted.
func (t *tally) order(k int64) float64 {
	if t.counts == nil {
		return float64(t.values[k])
	}
	at := func(i int) float64 { return (float64(i)+t.low)*t.scale + t.offset }
	if t.scale < 0 {
		k = t.valid - 1 - k
	}
	for i, n := range t.counts {
		if k -= n; k < 0 {
			return at(i)
		}
	}
	return t.max
}

// fill writes the statistics into a band; all zero when no cell is valid.
func (t *tally) fill(b *catalog.Band) {
	if t.cells > 0 {
		b.ValidPercent = 100 * float64(t.valid) / float64(t.cells)
	}
	if t.valid == 0 {
		return
	}
	slices.Sort(t.values)
	b.Min, b.Max, b.Mean, b.StdDev = t.min, t.max, t.mean, math.Sqrt(t.m2/float64(t.valid))
	b.P02, b.P98 = t.quantile(0.02), t.quantile(0.98)
}

// measure reads a band of the finished COG.
func (c *converter) measure(ctx context.Context, r *gdal.Raster, band int, info gdal.BandInfo, g grid.Grid) (*tally, error) {
	t := newTally(info)
	if g.Cells() <= c.o.Limits.Exact {
		return t, each(ctx, r, band, g, t.add)
	}
	if err := c.sample(r, band, t, g); err != nil || c.o.Role != catalog.Population {
		return t, err
	}
	t.sum = 0 // a total is no matter of samples
	return t, each(ctx, r, band, g, func(v float64) {
		if finite(v) {
			t.sum += v
		}
	})
}

func finite(v float64) bool { return v-v == 0 }

// each calls add with every cell of a band; NaN is one without a value.
func each(ctx context.Context, r *gdal.Raster, band int, g grid.Grid, add func(v float64)) error {
	var buf []float64
	for _, win := range chunks(g) {
		if ctx.Err() != nil {
			return fault.E("raster.Convert", fault.Canceled, ctx.Err())
		}
		n := int(win.Cells())
		if cap(buf) < n {
			buf = make([]float64, n)
		}
		if err := r.ReadFloat64(band, win, buf[:n]); err != nil {
			return err
		}
		for _, v := range buf[:n] {
			add(v)
		}
	}
	return nil
}

// sample reads a band thinned out evenly.
func (c *converter) sample(r *gdal.Raster, band int, t *tally, g grid.Grid) error {
	f := math.Sqrt(float64(g.Cells()) * sampleShare / float64(c.o.Limits.Exact))
	w, h := max(1, int(float64(g.Width)/f)), max(1, int(float64(g.Height)/f))
	b, err := r.Read([]int{band}, g.Full(), w, h, grid.Nearest)
	if err != nil {
		return err
	}
	c.notes.Count(catalog.Info, "statistics-sampled", "statistics of very large bands are from an even sample of cells, not from all",
		fmt.Sprintf("%s band %d: %d x %d of %d x %d", c.label, band, w, h, g.Width, g.Height))
	for i, v := range b.Bands[0] {
		if b.Mask[i] == 0 {
			t.add(math.NaN())
			continue
		}
		t.add(float64(v))
	}
	return nil
}

// band is the description and the statistics of band i (from 0).
func (c *converter) band(ctx context.Context, r *gdal.Raster, i int, as named, it *Item) (*catalog.Band, error) {
	info := r.Info()
	bi := info.Bands[i]
	t, err := c.measure(ctx, r, i+1, bi, info.Grid)
	if err != nil {
		return nil, err
	}
	b := &catalog.Band{
		Name: as.name, CommonName: as.common, Wavelength: as.centre, Width: as.fwhm, Quantity: as.quantity, Flags: as.flags, DataType: bi.DataType, Nodata: bi.Nodata, NaN: bi.NaN,
		Scale: bi.Scale, Offset: bi.Offset, Unit: as.unit, ValidPercent: 0,
	}
	t.fill(b)
	if as.classes {
		b.Classes = presentClasses(t, as)
		if as.legend != nil && as.legend.fill(b.Classes) {
			c.notes.Count(catalog.Info, "legend-known", "classes were named by the published legend, since the file brings none", it.ID+": "+as.legend.name)
		}
	}
	if cloud, shadow, ok := cloudiness(t); ok && as.scl {
		if it.CloudCover == nil {
			it.CloudCover = &cloud
		}
		c.notes.Count(catalog.Info, "cloud-cover", "cloud cover was taken from the scene classes 8, 9 and 10, over the cells that were seen",
			fmt.Sprintf("%s: cloud %.1f %%, cloud shadow %.1f %%", it.ID, cloud, shadow))
	}
	c.remark(t, b, as)
	return b, nil
}

// dazzled counts the cells of a detector that was saturated.
func (c *converter) dazzled(t *tally, as named) {
	if as.saturated == nil || t.counts == nil {
		return
	}
	if i := int(*as.saturated - t.low); i >= 0 && i < len(t.counts) && t.counts[i] > 0 {
		c.notes.Count(catalog.Info, "saturated-cells", "saturated cells keep the greatest value: what was there was at least as bright",
			fmt.Sprintf("%s %s: %d of %d cells looked at", c.label, as.name, t.counts[i], t.cells))
	}
}

// remark says what is odd or worth knowing of a band.
func (c *converter) remark(t *tally, b *catalog.Band, as named) {
	c.dazzled(t, as)
	if b.Quantity == catalog.Backscatter && t.valid > 0 && t.min < 0 {
		b.Quantity = ""
		c.notes.Count(catalog.Warning, "backscatter-negative", "bands named like radar backscatter hold negative numbers, which no power can be (decibels, perhaps): they count as plain numbers", c.label+": "+b.Name)
	}
	if t.valid == 0 {
		c.notes.Count(catalog.Warning, "band-empty", "bands without a single valid cell", c.label+": "+b.Name)
	}
	if t.infinite > 0 {
		c.notes.Count(catalog.Warning, "infinite-cells", "infinite cells were left out of the statistics", fmt.Sprintf("%s: %s, %d cells", c.label, b.Name, t.infinite))
	}
	if c.o.Role == catalog.Population {
		c.notes.Add(catalog.Info, "population-total", "the valid cells of %s add up to %.10g; sums must be read at full resolution, since overviews hold means", b.Name, t.sum)
		if t.valid > 0 && t.min < 0 {
			c.notes.Count(catalog.Warning, "population-negative", "bands with negative numbers of people: a nodata value may be missing", fmt.Sprintf("%s: down to %g", b.Name, t.min))
		}
	}
}
