// Package mosaic gives the values of rasters on any grid: it takes the items
// of a dataset, reads of each the files, levels and windows that a target
// needs, brings the cells onto the target, computes band expressions, leaves
// masked cells out, and chooses or combines items pixel by pixel. It says of
// every item whether it was used, and of every answer whether it is complete.
//
// Results do not depend on how many goroutines work, nor on the order in
// which items are given.
package mosaic

import (
	"context"
	"runtime"
	"slices"
	"time"

	"contado/geo/blockstats"
	"contado/geo/expr"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// Selection says which item a pixel comes from, or how items are combined.
type Selection string

// The selections. Newest, Oldest, LeastCloudy and Highest take each pixel
// whole from one item; the others combine the outputs of all items, each
// output for itself.
const (
	Newest      Selection = "newest"
	Oldest      Selection = "oldest"
	LeastCloudy Selection = "least-cloudy"
	Median      Selection = "median"
	Mean        Selection = "mean"
	Min         Selection = "min"
	Max         Selection = "max"
	Highest     Selection = "highest" // where Query.Highest is greatest; ties go to the newest
)

// Selections lists every selection in the order shown to people.
var Selections = []Selection{Newest, Oldest, LeastCloudy, Median, Mean, Min, Max, Highest}

// Query says what to compute of each item, and how to make one of many.
type Query struct {
	// Bands are references as of FindBand: the outputs when Expr is nil.
	Bands []string
	// Expr computes the outputs from bands; nil means the bands themselves.
	Expr *expr.Expr
	// Mask names cells to leave out of each item; see expr.ParseMask.
	Mask    string
	Select  Selection  // "" = Newest
	Highest *expr.Expr // one output; for Select Highest
	// Resampling is for amounts; "" = bilinear. Classes are read with
	// nearest, or mode when that is asked for, and bits with nearest.
	Resampling grid.Resampling
	// MaxItems bounds the items that are looked into; 0 = DefaultMaxItems.
	MaxItems int
}

// Bounds of a query.
const (
	DefaultMaxItems = 1000
	MaxCells        = 1 << 25 // of the target
	MaxSamples      = 1 << 26 // of the target, over all outputs
)

// Source is one item with the way to its files.
type Source struct {
	Item catalog.Item
	// Path is the name that Open takes for a file of the item.
	Path func(catalog.Asset) (string, error)
}

// Raster reads cells of an open file; *gdal.Raster is one.
type Raster interface {
	Levels(band int) []gdal.Level
	ReadLevel(dst [][]float32, mask []uint8, bands []int, level int, w grid.Window, outW, outH int, rs grid.Resampling) error
}

// Open lends the raster at a path to fn, which must not keep it.
type Open func(ctx context.Context, path string, fn func(Raster) error) error

// FromPool reads rasters through a pool of GDAL handles.
func FromPool(p *gdal.Pool) Open {
	return func(ctx context.Context, path string, fn func(Raster) error) error {
		return p.With(ctx, path, func(r *gdal.Raster) error { return fn(r) })
	}
}

// FromBlockStats opens block statistics, kept in a cache, for Options.Blocks.
func FromBlockStats(c *blockstats.Cache) func(ctx context.Context, path string, g grid.Grid) (Blocks, error) {
	return func(ctx context.Context, path string, g grid.Grid) (Blocks, error) {
		s, err := c.Open(ctx, path, blockstats.Source{Grid: g})
		if err != nil {
			return nil, err
		}
		return s, nil
	}
}

// Blocks knows from block statistics where a file has no valid cell.
type Blocks interface {
	// Empty reports that no cell of a band (from 1) is valid in a window of
	// the full level; false also when it cannot be told.
	Empty(ctx context.Context, band int, w grid.Window) (bool, error)
}

// Options tunes a Reader; zero values mean defaults.
type Options struct {
	// Workers bounds the items that are read at once for one target; 0 = GOMAXPROCS.
	Workers int
	// Blocks opens the block statistics of a file with grid g at a path (that
	// Source.Path gives for the key in Asset.Stats); nil means that there are
	// none.
	Blocks func(ctx context.Context, path string, g grid.Grid) (Blocks, error)
}

// Use is an item that gave pixels.
type Use struct {
	Item     string
	Datetime *time.Time
	Pixels   int // of the target: shown, or for a combination taken in
}

// Skip is an item that was left out, and why.
type Skip struct{ Item, Reason string }

// Result holds the values on the target grid, row by row.
type Result struct {
	Grid  grid.Grid
	Bands [][]float32 // outputs; 0 where the mask is 0
	Mask  []uint8     // 255 valid, 0 not
	// Used are the items that gave pixels, in the order of the selection.
	Used    []Use
	Skipped []Skip
	// Complete says that nothing was left out.
	Complete bool
	Valid    int  // pixels with a value
	Reads    int  // windows read
	Direct   bool // the last window lay on the target's own cells
}

// Reader reads mosaics. It is safe for concurrent use.
type Reader struct {
	open     Open
	o        Options
	buffers  buffers
	systems  systems
	blocks   blockMemo
	bindings bindings
}

// New makes a reader; nil options mean defaults.
func New(open Open, o *Options) *Reader {
	r := &Reader{open: open}
	if o != nil {
		r.o = *o
	}
	if r.o.Workers <= 0 {
		r.o.Workers = runtime.GOMAXPROCS(0)
	}
	return r
}

// Read computes the query on the items, for each cell of g: a north-up grid
// of any CRS, whose longitudes may run past ±180.
//
// Errors: Invalid for a query or grid that cannot be; TooLarge over MaxCells
// and MaxSamples; Canceled when ctx ends; those of files that are broken. A
// remote file that cannot be reached leaves its item out, which Skipped says.
func (r *Reader) Read(ctx context.Context, sources []Source, q Query, g grid.Grid) (*Result, error) {
	job, err := r.newJob(q, g)
	if err != nil {
		return nil, err
	}
	items := make([]*Source, len(sources))
	for i := range sources {
		items[i] = &sources[i]
	}
	slices.SortStableFunc(items, func(a, b *Source) int { return compare(job.order, &a.Item, &b.Item) })
	job.items = items
	if err := job.run(ctx); err != nil {
		r.Release(job.res)
		return nil, err
	}
	return job.res, nil
}

// Release gives the buffers of a result back; it must not be used any more.
// Results that are not released go to the garbage collector.
func (r *Reader) Release(res *Result) {
	if res == nil {
		return
	}
	for _, b := range res.Bands {
		r.buffers.putFloats(b)
	}
	r.buffers.putBytes(res.Mask)
	res.Bands, res.Mask = nil, nil
}

func (r *Reader) checkGrid(g grid.Grid, outputs int) error {
	const op = "mosaic.Read"
	t := g.Transform
	switch {
	case g.Width < 1 || g.Height < 1:
		return fault.Errorf(op, fault.Invalid, "a target of %d x %d cells", g.Width, g.Height)
	case !t.NorthUp() || !finite(t[0]+t[1]+t[3]+t[5]):
		return fault.Errorf(op, fault.Invalid, "the target grid must have north up and finite numbers: %v", t)
	case int64(g.Width) > MaxCells || int64(g.Height) > MaxCells || g.Cells() > MaxCells || g.Cells()*int64(outputs) > MaxSamples:
		err := fault.Errorf(op, fault.TooLarge, "%d x %d cells of %d bands; the limit is %d cells and %d values", g.Width, g.Height, outputs, MaxCells, MaxSamples)
		return fault.WithHint(err, "ask for a smaller area or coarser cells")
	}
	return nil
}

func finite(v float64) bool { return v-v == 0 }
