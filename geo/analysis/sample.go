package analysis

import (
	"context"
	"fmt"
	"math"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// maxSampleCells bounds the cells of one raster that are held in memory.
const maxSampleCells = 120 << 20

// source opens the COG that holds a band of an item for reading through the
// pool, and gives the band's number in it.
func (r *run) source(ctx context.Context, it catalog.Item, band int) (*gdal.Source, int, error) {
	asset, number := it.Locate(band)
	path, err := r.atlas.LocateIn(ctx, asset)
	if err != nil {
		return nil, 0, err
	}
	src, err := r.pool.Source(ctx, path)
	return src, number, err
}

// patch is a window of one band in memory; NaN is nodata.
type patch struct {
	grid   grid.Grid
	values []float64
}

// readPatch reads the window of a band that covers a box in the raster's CRS,
// grown by a cell on each side. ok is false when they do not meet.
func (r *run) readPatch(ctx context.Context, it catalog.Item, band int, box geo.BBox) (p patch, ok bool, err error) {
	src, number, err := r.source(ctx, it, band)
	if err != nil {
		return p, false, err
	}
	g := src.Grid()
	w := g.WindowOf(box)
	if w.Empty() {
		return p, false, nil
	}
	w = grid.Window{Col: w.Col - 1, Row: w.Row - 1, Width: w.Width + 2, Height: w.Height + 2}.Intersect(g.Full())
	if w.Cells() > maxSampleCells {
		return p, false, fault.WithHint(
			fault.Errorf("analysis.read", fault.TooLarge, "item %s: %d cells over the area, the limit is %d", it.ID, w.Cells(), maxSampleCells),
			"take a smaller territory or a coarser raster")
	}
	p = patch{grid: g.Sub(w), values: make([]float64, w.Cells())}
	if err := src.ReadFloat64(ctx, number, w, p.values); err != nil {
		return p, false, fmt.Errorf("read band %d of item %s: %w", band, it.ID, err)
	}
	return p, true, nil
}

// at is the value of a cell, NaN outside.
func (p *patch) at(col, row int) float64 {
	if col < 0 || row < 0 || col >= p.grid.Width || row >= p.grid.Height {
		return math.NaN()
	}
	return p.values[row*p.grid.Width+col]
}

// nearest is the value of the cell that holds fractional (col, row).
func (p *patch) nearest(col, row float64) float64 {
	return p.at(int(math.Floor(col)), int(math.Floor(row)))
}

// bilinear interpolates between cell centres; where a neighbour is nodata its
// weight goes to the others.
func (p *patch) bilinear(col, row float64) float64 {
	c, r := math.Floor(col-0.5), math.Floor(row-0.5)
	fx, fy := col-0.5-c, row-0.5-r
	sum, weight := 0.0, 0.0
	for dy := range 2 {
		for dx := range 2 {
			v := p.at(int(c)+dx, int(r)+dy)
			w := (1 - math.Abs(float64(dx)-fx)) * (1 - math.Abs(float64(dy)-fy))
			if w > 0 && !math.IsNaN(v) {
				sum, weight = sum+w*v, weight+w
			}
		}
	}
	if weight == 0 {
		return math.NaN()
	}
	return sum / weight
}

// sameGrid reports whether g is a window of the same lattice as the patch.
func (p *patch) sameGrid(g grid.Grid) bool {
	a, b := p.grid.Transform, g.Transform
	if p.grid.CRS != g.CRS {
		return false
	}
	for _, i := range [4]int{1, 2, 4, 5} {
		if math.Abs(a[i]-b[i]) > 1e-9*math.Abs(a[1]) {
			return false
		}
	}
	inv, ok := a.Invert()
	if !ok {
		return false
	}
	c, r := inv.Apply(b[0], b[3])
	return math.Abs(c-math.Round(c)) < 1e-4 && math.Abs(r-math.Round(r)) < 1e-4
}

// cellFinder gives, row by row, where the centres of one grid's cells lie in
// another's cell coordinates.
type cellFinder struct {
	from    grid.Grid
	to      grid.Transform
	tr      *crs.Transformer
	xs, ys  []float64
	inPlace bool
}

func newCellFinder(from, to grid.Grid) (*cellFinder, error) {
	inv, ok := to.Transform.Invert()
	if !ok {
		return nil, fault.Errorf("analysis.resample", fault.Invalid, "the raster's georeference is degenerate")
	}
	f := &cellFinder{from: from, to: inv, xs: make([]float64, from.Width), ys: make([]float64, from.Width)}
	if from.CRS == to.CRS {
		f.inPlace = true
		return f, nil
	}
	var err error
	f.tr, err = crs.New(from.CRS, to.CRS)
	return f, err
}

// row returns the columns and rows of a row's cell centres; the slices hold
// until the next call. Centres that cannot be transformed are NaN.
func (f *cellFinder) row(row int) (cols, rows []float64, err error) {
	for c := range f.xs {
		f.xs[c], f.ys[c] = f.from.Center(c, row)
	}
	if !f.inPlace {
		if err := f.tr.Points(f.xs, f.ys); err != nil {
			return nil, nil, err
		}
	}
	for c := range f.xs {
		f.xs[c], f.ys[c] = f.to.Apply(f.xs[c], f.ys[c])
	}
	return f.xs, f.ys, nil
}

// resample fills dst (row by row over target) from all items of a raster that
// meet it; cells that an earlier item has filled are kept. It returns how many
// cells stay without a value.
func (r *run) resample(ctx context.Context, items []catalog.Item, band int, target grid.Grid, smooth bool, dst []float32) (missing int64, err error) {
	for i := range dst {
		dst[i] = float32(math.NaN())
	}
	for _, it := range items {
		box, err := boxIn(target, it.Grid.CRS)
		if err != nil {
			return 0, err
		}
		p, ok, err := r.readPatch(ctx, it, band, box)
		if err != nil {
			return 0, err
		}
		if !ok {
			continue
		}
		if err := fillFrom(ctx, &p, target, smooth && !p.sameGrid(target), dst); err != nil {
			return 0, err
		}
	}
	for _, v := range dst {
		if v != v {
			missing++
		}
	}
	return missing, nil
}

func fillFrom(ctx context.Context, p *patch, target grid.Grid, smooth bool, dst []float32) error {
	f, err := newCellFinder(target, p.grid)
	if err != nil {
		return err
	}
	for row := range target.Height {
		if err := ctx.Err(); err != nil {
			return err
		}
		cols, rows, err := f.row(row)
		if err != nil {
			return err
		}
		line := dst[row*target.Width:][:target.Width]
		for c := range line {
			if line[c] == line[c] {
				continue
			}
			if smooth {
				line[c] = float32(p.bilinear(cols[c], rows[c]))
			} else {
				line[c] = float32(p.nearest(cols[c], rows[c]))
			}
		}
	}
	return nil
}

// boxIn is the extent of a grid in another CRS.
func boxIn(g grid.Grid, to geo.CRS) (geo.BBox, error) {
	if g.CRS == to {
		return g.Bounds(), nil
	}
	tr, err := crs.New(g.CRS, to)
	if err != nil {
		return geo.BBox{}, err
	}
	return tr.BBox(g.Bounds())
}
