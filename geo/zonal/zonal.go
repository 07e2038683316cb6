// Package zonal computes statistics of a raster within areas from the exact
// share of every cell that an area covers.
//
// A cell counts with the fraction of it that lies inside the area, found by
// signed-area accumulation over the edges (the technique of the anti-aliasing
// font rasterisers: R. Levien, font-rs 2016; D. Turner, FreeType's "smooth"
// rasteriser), which for straight edges is exact but for rounding: about 1e-15
// of a cell, and what the coordinates themselves resolve. Fractions are those
// of cell space, so rotated grids are exact too. Interiors are handled as runs
// of whole cells: memory follows the perimeter of an area, never its surface.
//
// Compute is for one raster and any areas. Weights keep what areas cover of a
// grid, so that each further date or band is a sparse product (Apply), and so
// are transitions between two layers (Cross), histograms, and one's own sums
// (Runs). Blocks spare the decoding of what areas fill.
//
// Rules of the house:
//   - A cell is valid when its value is finite; NaN and ±Inf are nodata.
//   - Min, max and variety see any valid cell with a fraction above zero,
//     however small. (Fractions under 1e-12 are rounding and count as zero; in
//     areas under a millionth of a cell, those under a millionth of the area.)
//   - Results do not depend on the number of workers at all, and on the
//     reading strategy by rounding only (1e-12 for areas of a cell or more).
//   - Nothing is repaired in silence: geometries that would count a place
//     twice, or not at all, are refused with the name of the area.
package zonal

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"

	"github.com/paulmach/orb"

	"contado/geo/fault"
	"contado/geo/grid"
)

// Raster is a source of cells. ReadFloat64 fills dst[row*w.Width+col] with
// the values of a window that lies within the grid (band from 1; scale and
// offset applied; nodata is NaN). It must be safe for concurrent use unless
// Options.Workers is 1.
//
// A raster that also has the method BlockSize() (cols, rows int) is read in
// windows that follow its blocks.
type Raster interface {
	Grid() grid.Grid
	ReadFloat64(ctx context.Context, band int, w grid.Window, dst []float64) error
}

// Area is a polygon with a name.
type Area struct {
	ID string
	// Geometry is an orb.Polygon, MultiPolygon, Ring or Bound in the CRS of
	// the raster, already reprojected and densified. Rings may turn either
	// way; the first ring of a polygon is its shell, the others are holes.
	// Rings may touch themselves and each other; shells must not overlap.
	Geometry orb.Geometry
}

// Stat names a statistic; the name is also its column and JSON member.
type Stat string

// The statistics. f is the covered fraction of a cell, v its value, w the
// value of the weight raster; sums run over valid cells unless said otherwise.
const (
	Count        Stat = "count"         // Σ f
	Sum          Stat = "sum"           // Σ f·v
	Mean         Stat = "mean"          // Σ f·v / Σ f
	Min          Stat = "min"           // smallest v with f > 0
	Max          Stat = "max"           // largest v with f > 0
	Std          Stat = "std"           // population: √(Σ f·(v−mean)² / Σ f)
	Median       Stat = "median"        // quantile 0.5
	Majority     Stat = "majority"      // v with the largest Σ f; the smallest such v on a tie
	Minority     Stat = "minority"      // v with the smallest Σ f; the smallest such v on a tie
	Variety      Stat = "variety"       // number of distinct v with f > 0
	WeightedSum  Stat = "weighted_sum"  // Σ f·v·w over cells valid in both rasters
	WeightedMean Stat = "weighted_mean" // Σ f·v·w / Σ f·w over the same cells
	Cells        Stat = "cells"         // Σ f of all cells, nodata too
	Nodata       Stat = "nodata"        // Σ f of cells without a value
	WeightNodata Stat = "weight_nodata" // Σ f of cells with a value but no weight
	AreaHa       Stat = "area_ha"       // Σ f·CellArea(row) / 10,000
	Inside       Stat = "inside"        // share of the area that lies within the raster, 0…1
)

var allStats = []Stat{
	Count, Sum, Mean, Min, Max, Std, Median, Majority, Minority, Variety,
	WeightedSum, WeightedMean, Cells, Nodata, WeightNodata, AreaHa, Inside,
}

// Strategy is the order of reading.
type Strategy uint8

// The strategies; the results are the same.
const (
	Auto    Strategy = iota // whichever reads less, unless too many values would be held at once
	ByArea                  // one window per area: best when areas are few or far apart
	ByBlock                 // every block of the raster once, for all areas in it
)

// Default limits.
const (
	DefaultMaxCells    = 1 << 19
	DefaultMaxDistinct = 1 << 16
	// MaxTasks bounds the number of (block, area) pairs of one call.
	MaxTasks = 1 << 24
	// MaxClasses bounds the class table of one area: a band with more values
	// holds amounts.
	MaxClasses = 1 << 12
)

// Options says what to compute.
type Options struct {
	// Band is the band to read, from 1; 0 means 1.
	Band int
	// Stats are the statistics, in the order of the columns. Empty means
	// count, mean, min, max, sum and std.
	Stats []Stat
	// Quantiles are further columns, each in 0…1. The q-quantile is the
	// smallest value v for which cells with values ≤ v cover at least q of
	// the valid area; where they cover exactly q, the mean of v and the next
	// value (Hyndman and Fan 1996, definition 2, with f as frequencies). It
	// does not change when a cell is split in two.
	Quantiles []float64
	// Weights is the second raster of the weighted statistics. Its grid is
	// that of the raster, or finer or coarser by whole factors on the same
	// lines; its extent may differ (outside it there is no weight). Sums then
	// run over the cells of the finer grid, to which the coarser raster gives
	// the value of the cell that holds them.
	Weights    Raster
	WeightBand int // from 1; 0 means 1
	// Classes asks for the class table; see MaxClasses.
	Classes bool
	// CellArea is the area in m² of one cell of a grid row, for AreaHa and
	// Classes.
	CellArea func(row int) float64
	// Blocks are the sums of blocks of the band, if known. Where Auto finds
	// that they serve, only what they do not hold is decoded: areas that fill
	// many blocks, and statistics of sums, moments and extremes, or of classes
	// when they are ClassBlocks. The results are the same but for rounding.
	Blocks Blocks
	// MaxCells bounds one read: a worker holds at most this many cells (8
	// bytes each, twice with Weights). 0 means DefaultMaxCells.
	MaxCells int
	// MaxDistinct bounds the values that are told apart in one area, for
	// quantiles, majority, minority, variety and classes. All are exact up to
	// it (and thus in every area of that many cells). Above it values fall
	// into bins, as narrow as that many bins allow: 2⁻¹⁶ of the value for
	// values within a factor of two, 2⁻¹¹ within a factor of 2³². Quantiles
	// become approximate and Result.QuantileError says by how much, majority,
	// minority and variety are null, and the class table is refused (as it is
	// above MaxClasses). The bins do not depend on the order of reading. 0
	// means DefaultMaxDistinct. Memory is about 32 bytes for each value told
	// apart in the areas that are being read.
	MaxDistinct int
	// Workers is how many reads and sums run at once; 0 means the number of
	// CPUs that Go may use, four at most: 16 MB with the default MaxCells.
	Workers int
	// Strategy is the order of reading.
	Strategy Strategy
	// Progress is called after each finished area, never concurrently.
	Progress func(done, total int)
}

// Compute returns one result per area, in the order of areas. Areas partly
// or wholly outside the raster give what lies inside; see Inside. It fails as
// a whole, with fault.Invalid, when an area has no polygon, a ring that is
// not closed or has fewer than four points, a coordinate that is not finite
// or is absurdly far from the raster, parts that overlap by more than a
// millionth of the smaller one, or rings that cross so that some cell would be covered by less than nothing or more than once.
// (A ring that crosses itself without such a cell goes unnoticed: geometries
// should be valid, and ingest sees to it.)
func Compute(ctx context.Context, r Raster, areas []Area, o Options) ([]Result, error) {
	const op = "zonal.Compute"
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	g := r.Grid()
	if err := checkGrid(g); err != nil {
		return nil, err
	}
	if o.blocksServe(g, areas) {
		if res, err := computeByBlocks(ctx, r, areas, o); !fault.Is(err, fault.TooLarge) {
			return res, wrap(op, err)
		}
	}
	results := make([]Result, len(areas))
	main := engine{raster: r, grid: g, areas: areas, o: &o, need: o.needs(), check: true}
	var apart *engine // second pass, when the weights are finer
	if o.Weights != nil && main.need.weights {
		var err error
		if apart, err = main.attachWeights(); err != nil {
			return nil, err
		}
	}
	cols := Columns(o)[1:]
	main.finish = func(i int, a *acc, sh meta) error {
		res, err := finish(areas[i].ID, cols, a, sh, &o)
		if err == nil {
			results[i] = res
		}
		return err
	}
	if err := main.run(ctx); err != nil {
		return nil, wrap(op, err)
	}
	if apart != nil {
		apart.finish = func(i int, a *acc, _ meta) error {
			fine := apart.grid.Width / g.Width * (apart.grid.Height / g.Height)
			results[i].setWeighted(a, float64(fine))
			return nil
		}
		if err := apart.run(ctx); err != nil {
			return nil, wrap(op, err)
		}
	}
	return results, nil
}

// wrap keeps the kind and the text of an error and adds the operation.
func wrap(op string, err error) error { return fault.E(op, fault.KindOf(err), err) }

func (o Options) withDefaults() Options {
	if o.Band == 0 {
		o.Band = 1
	}
	if o.WeightBand == 0 {
		o.WeightBand = 1
	}
	if len(o.Stats) == 0 {
		o.Stats = []Stat{Count, Mean, Min, Max, Sum, Std}
	}
	if o.MaxCells == 0 {
		o.MaxCells = DefaultMaxCells
	}
	if o.MaxDistinct == 0 {
		o.MaxDistinct = DefaultMaxDistinct
	}
	if o.Workers == 0 {
		o.Workers = min(runtime.GOMAXPROCS(0), 4)
	}
	return o
}

func (o *Options) validate() error {
	const op = "zonal.Compute"
	bad := func(format string, args ...any) error { return fault.Errorf(op, fault.Invalid, format, args...) }
	seen := map[Stat]bool{}
	for _, s := range o.Stats {
		if !known(s) {
			return bad("unknown statistic %q (known: %s)", string(s), strings.Trim(fmt.Sprint(allStats), "[]"))
		}
		if seen[s] {
			return bad("statistic %q is asked for twice", string(s))
		}
		seen[s] = true
	}
	for _, q := range o.Quantiles {
		if !(q >= 0 && q <= 1) {
			return bad("quantile %g is not between 0 and 1", q)
		}
		if name := Stat(quantileName(q)); seen[name] {
			return bad("quantile %g is asked for twice", q)
		} else {
			seen[name] = true
		}
	}
	switch {
	case o.Weights == nil && (seen[WeightedMean] || seen[WeightedSum] || seen[WeightNodata]):
		return bad("weighted statistics need a weight raster")
	case o.CellArea == nil && (o.Classes || seen[AreaHa]):
		return bad("areas in hectares need the area of a cell (Options.CellArea)")
	case o.Band < 0 || o.WeightBand < 0:
		return bad("bands are counted from 1")
	case o.MaxDistinct < 16:
		return bad("MaxDistinct must be 16 or more")
	case o.MaxCells < 1 || o.Workers < 0 || o.Strategy > ByBlock:
		return bad("MaxCells, Workers or Strategy out of range")
	}
	return nil
}

func known(s Stat) bool {
	for _, k := range allStats {
		if s == k {
			return true
		}
	}
	return false
}

// needs is what the accumulators have to keep for the options.
type needs struct{ sums, moments, extremes, table, classes, area, weights bool }

func (o *Options) needs() needs {
	n := needs{sums: true, classes: o.Classes, table: o.Classes || len(o.Quantiles) > 0, area: o.Classes}
	n.extremes = len(o.Quantiles) > 0
	for _, s := range o.Stats {
		switch s {
		case Std:
			n.moments = true
		case Min, Max:
			n.extremes = true
		case Median:
			n.table, n.extremes = true, true
		case Majority, Minority, Variety:
			n.table = true
		case AreaHa:
			n.area = true
		case WeightedMean, WeightedSum, WeightNodata:
			n.weights = true
		}
	}
	return n
}

// maxSide keeps columns and rows within 32 bits and exact in float64.
const maxSide = math.MaxInt32 - 1

func checkGrid(g grid.Grid) error {
	const op = "zonal.Compute"
	if g.Width < 1 || g.Height < 1 || g.Width > maxSide || g.Height > maxSide {
		return fault.Errorf(op, fault.Invalid, "raster of %d × %d cells", g.Width, g.Height)
	}
	for _, v := range g.Transform {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fault.Errorf(op, fault.Invalid, "the raster's georeference %v is not finite", g.Transform)
		}
	}
	if _, ok := g.Transform.Invert(); !ok {
		return fault.Errorf(op, fault.Invalid, "the raster's georeference %v has cells without area", g.Transform)
	}
	return nil
}

// label names an area in errors; it is a text only when there is one to write.
type label struct {
	id string
	at int // position among the areas, from 0
}

func (l label) String() string {
	if l.id == "" {
		return fmt.Sprintf("area number %d", l.at+1)
	}
	return fmt.Sprintf("area %q", l.id)
}
