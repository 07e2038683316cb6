package raster

import (
	"context"
	"fmt"
	"math"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// Rotated grids of amounts are not resampled, which would lose or invent
// some: each cell's amount is shared out among the north-up cells that its
// shareSide × shareSide points fall into. A power of two, so that the shares
// add up to the last bit.
const shareSide = 8

// stripeCells bounds the north-up cells at work at once.
const stripeCells = 4 << 20

// conserves reports whether the total of a file's cells has to stay.
func (c *converter) conserves(f *file) bool {
	return c.o.Role == catalog.Population && !densityWords.MatchString(nameWords(f.base))
}

// placement maps fractional cells to the CRS.
type placement func(col, row float64) (x, y float64)

// spread writes a rotated file, or one placed by control points, north up
// with the same total. Cells without a share of a valid one are nodata.
func (c *converter) spread(ctx context.Context, f *file, dst string) (*file, error) {
	r, err := f.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	place := placement(f.grid.Transform.Apply)
	if !f.info.HasTransform {
		if place, err = fitPoints(r.ControlPoints(), f.grid); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	target, err := northUp(f.grid, place)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	if target.Cells() > c.o.Limits.Cells {
		return nil, fault.Errorf("raster.Convert", fault.TooLarge, "%s covers %d x %d cells north up, more than the limit", f.name, target.Width, target.Height)
	}
	c.notes.Count(catalog.Warning, "amounts-shared-out", "grids of amounts that are rotated or placed by control points were brought north up by sharing each cell's number out: totals stay, places are right to a cell", f.name)
	nan := math.NaN()
	spec := gdal.RasterSpec{Grid: target, DataType: "float64", Compress: "NONE", BlockSize: 512}
	for _, b := range f.bands {
		spec.Bands = append(spec.Bands, gdal.BandSpec{Name: b.Name, Nodata: &nan, Unit: b.Unit})
	}
	w, err := gdal.CreateGeoTIFF(dst, spec)
	if err != nil {
		return nil, err
	}
	s := spreader{r: r, w: w, source: f.grid, target: target, place: place}
	for b := 1; b <= len(f.bands) && err == nil; b++ {
		err = s.band(ctx, b, c.p)
	}
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	plain := *f
	plain.bands = append([]gdal.BandInfo(nil), f.bands...)
	for i := range plain.bands {
		plain.bands[i].Scale, plain.bands[i].Offset = 1, 0
	}
	return reopen(&plain, dst, false)
}

// northUp is a grid of square cells, as large as those of g in the middle,
// that holds all of it.
func northUp(g grid.Grid, place placement) (grid.Grid, error) {
	box := mapped(g.Full(), place)
	w, h := float64(g.Width)/2, float64(g.Height)/2
	x0, y0 := place(w, h)
	xc, yc := place(w+1, h)
	xr, yr := place(w, h+1)
	side := math.Sqrt(math.Abs((xc-x0)*(yr-y0) - (xr-x0)*(yc-y0)))
	if !(side > 0) || math.IsInf(side, 0) || !(box.Width()/side < math.MaxInt32/2) || !(box.Height()/side < math.MaxInt32/2) {
		return grid.Grid{}, fault.Errorf("raster.Convert", fault.Invalid, "the places of its cells do not make sense")
	}
	out := grid.Grid{CRS: g.CRS, Transform: grid.Transform{box.MinX - side/2, side, 0, box.MaxY + side/2, 0, -side}}
	out.Width, out.Height = int(box.Width()/side)+2, int(box.Height()/side)+2
	return out, nil
}

// mapped is the box of a window's outline.
func mapped(win grid.Window, place placement) geo.BBox {
	const edge = 64
	b := geo.EmptyBBox()
	for i := range edge + 1 {
		f := float64(i) / edge
		for _, p := range [4][2]float64{{f, 0}, {f, 1}, {0, f}, {1, f}} {
			b = b.ExtendPoint(place(float64(win.Col)+p[0]*float64(win.Width), float64(win.Row)+p[1]*float64(win.Height)))
		}
	}
	return b
}

type spreader struct {
	r              *gdal.Raster
	w              *gdal.RasterWriter
	source, target grid.Grid
	place          placement
	in, out        []float64
}

// band shares one band out, some rows of the target at a time.
func (s *spreader) band(ctx context.Context, band int, p Progress) error {
	rows := max(1, stripeCells/s.target.Width)
	for row := 0; row < s.target.Height; row += rows {
		stripe := grid.Window{Row: row, Width: s.target.Width, Height: rows}.Intersect(s.target.Full())
		if cap(s.out) < int(stripe.Cells()) {
			s.out = make([]float64, stripe.Cells())
		}
		out := s.out[:stripe.Cells()]
		for i := range out {
			out[i] = math.NaN()
		}
		box := s.target.WindowBounds(stripe)
		for _, win := range chunks(s.source) {
			if ctx.Err() != nil {
				return fault.E("raster.Convert", fault.Canceled, ctx.Err())
			}
			// A cell of margin: the outline of a curved window is sampled.
			if !mapped(win, s.place).Buffer(s.target.Transform[1]).Intersects(box) {
				continue
			}
			if err := s.share(band, win, stripe, out); err != nil {
				return err
			}
		}
		if err := s.w.Write(band, stripe, out); err != nil {
			return err
		}
		p.Step(int64(row+stripe.Height), int64(s.target.Height))
	}
	return nil
}

// share adds the shares of a window's cells that fall into a stripe.
func (s *spreader) share(band int, win, stripe grid.Window, out []float64) error {
	if cap(s.in) < int(win.Cells()) {
		s.in = make([]float64, win.Cells())
	}
	in := s.in[:win.Cells()]
	if err := s.r.ReadFloat64(band, win, in); err != nil {
		return err
	}
	t := s.target.Transform
	for i, v := range in {
		if math.IsNaN(v) {
			continue
		}
		col, row := float64(win.Col+i%win.Width), float64(win.Row+i/win.Width)
		v /= shareSide * shareSide
		for k := range shareSide * shareSide {
			x, y := s.place(col+(float64(k%shareSide)+0.5)/shareSide, row+(float64(k/shareSide)+0.5)/shareSide)
			// Points beyond the edge, by a curve not seen in the outline, go to it.
			c := max(0, min(int(math.Floor((x-t[0])/t[1])), s.target.Width-1))
			r := max(0, min(int(math.Floor((y-t[3])/t[5])), s.target.Height-1)) - stripe.Row
			if r < 0 || r >= stripe.Height {
				continue
			}
			if at := &out[r*stripe.Width+c]; math.IsNaN(*at) {
				*at = v
			} else {
				*at += v
			}
		}
	}
	return nil
}

// fitPoints is the polynomial of least squares through control points: of
// second order from six points on, else of the first (as GDAL chooses).
func fitPoints(points []gdal.ControlPoint, g grid.Grid) (placement, error) {
	terms := 3
	if len(points) >= 6 {
		terms = 6
	}
	w, h := float64(g.Width), float64(g.Height)
	basis := func(col, row float64) [6]float64 {
		u, v := 2*col/w-1, 2*row/h-1
		return [6]float64{1, u, v, u * u, u * v, v * v}
	}
	var m [6][8]float64 // normal equations, for x and y
	for _, p := range points {
		b := basis(p.Col, p.Row)
		for i := range terms {
			for j := range terms {
				m[i][j] += b[i] * b[j]
			}
			m[i][6] += b[i] * p.X
			m[i][7] += b[i] * p.Y
		}
	}
	cx, cy, ok := solve(&m, terms)
	if !ok {
		return nil, fault.Errorf("raster.Convert", fault.Invalid, "the %d control points do not say where it lies: they are in a line", len(points))
	}
	return func(col, row float64) (x, y float64) {
		for i, b := range basis(col, row) {
			x += cx[i] * b
			y += cy[i] * b
		}
		return x, y
	}, nil
}

// solve solves two systems of n equations with the matrix in the first
// columns and the right sides in the last two (Gauss, partial pivoting).
func solve(m *[6][8]float64, n int) (x, y [6]float64, ok bool) {
	for i := range n {
		best := i
		for k := i + 1; k < n; k++ {
			if math.Abs(m[k][i]) > math.Abs(m[best][i]) {
				best = k
			}
		}
		if math.Abs(m[best][i]) < 1e-9 {
			return x, y, false
		}
		m[i], m[best] = m[best], m[i]
		for k := range n {
			if k == i {
				continue
			}
			f := m[k][i] / m[i][i]
			for j := i; j < 8; j++ {
				m[k][j] -= f * m[i][j]
			}
		}
	}
	for i := range n {
		x[i], y[i] = m[i][6]/m[i][i], m[i][7]/m[i][i]
	}
	return x, y, true
}
