package analysis

import (
	"context"
	"math"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/zonal"
)

// slopeBand is the value of an elevation dataset that stands for its slope.
const slopeBand = "slope"

// slopeRaster shows the slope of a raster of heights in metres: the steepest
// one of each cell in degrees, from its eight neighbours (Horn 1981, Hill
// shading and the reflectance map, Proc. IEEE 69). Cells at the edge, and
// those beside a cell without a value, have none.
type slopeRaster struct {
	of   zonal.Raster
	band int
	// side gives the metres between the centres of neighbours along a row and
	// between rows.
	side func(row int) (dx, dy float64, err error)
}

func newSlope(of zonal.Raster, band int) (*slopeRaster, error) {
	side, err := cellSteps(of.Grid())
	return &slopeRaster{of: of, band: band, side: side}, err
}

// cellSteps measures the cells of a row: on the earth where a grid is
// geographic or in Web Mercator, whose metres grow with the latitude, else in
// the grid's own unit.
func cellSteps(g grid.Grid) (func(row int) (dx, dy float64, err error), error) {
	info, err := gdal.DescribeCRS(g.CRS)
	if err != nil {
		return nil, err
	}
	t := g.Transform
	if !info.Geographic && g.CRS != geo.WebMercator {
		dx, dy := math.Hypot(t[1], t[4])*info.MetresPerUnit, math.Hypot(t[2], t[5])*info.MetresPerUnit
		return func(int) (float64, float64, error) { return dx, dy, nil }, nil
	}
	tr, err := crs.New(g.CRS, geo.WGS84)
	if err != nil {
		return nil, err
	}
	return func(row int) (float64, float64, error) {
		x, y := make([]float64, 3), make([]float64, 3)
		c := g.Width / 2
		x[0], y[0] = g.Center(c, row)
		x[1], y[1] = g.Center(c+1, row)
		x[2], y[2] = g.Center(c, row+1)
		if err := tr.Points(x, y); err != nil {
			return 0, 0, err
		}
		return float64(crs.Distance(x[0], y[0], x[1], y[1])), float64(crs.Distance(x[0], y[0], x[2], y[2])), nil
	}, nil
}

// Grid implements zonal.Raster.
func (s *slopeRaster) Grid() grid.Grid { return s.of.Grid() }

// BlockSize makes zonal statistics read in windows that suit our COGs.
func (s *slopeRaster) BlockSize() (cols, rows int) { return 512, 512 }

// ReadFloat64 implements zonal.Raster; there is one band.
func (s *slopeRaster) ReadFloat64(ctx context.Context, _ int, w grid.Window, dst []float64) error {
	wide := grid.Window{Col: w.Col - 1, Row: w.Row - 1, Width: w.Width + 2, Height: w.Height + 2}.Intersect(s.of.Grid().Full())
	z := make([]float64, wide.Cells())
	if err := s.of.ReadFloat64(ctx, s.band, wide, z); err != nil {
		return err
	}
	at := func(col, row int) float64 {
		col, row = col-wide.Col, row-wide.Row
		if col < 0 || row < 0 || col >= wide.Width || row >= wide.Height {
			return math.NaN()
		}
		return z[row*wide.Width+col]
	}
	for r := range w.Height {
		row := w.Row + r
		dx, dy, err := s.side(row)
		if err != nil {
			return err
		}
		for c := range w.Width {
			col := w.Col + c
			a, b, d := at(col-1, row-1), at(col, row-1), at(col+1, row-1)
			e, f := at(col-1, row), at(col+1, row)
			g, h, i := at(col-1, row+1), at(col, row+1), at(col+1, row+1)
			x := (d + 2*f + i - a - 2*e - g) / (8 * dx)
			y := (g + 2*h + i - a - 2*b - d) / (8 * dy)
			v := math.Atan(math.Hypot(x, y)) * 180 / math.Pi
			if math.IsNaN(at(col, row)) {
				v = math.NaN()
			}
			dst[r*w.Width+c] = v
		}
	}
	return nil
}
