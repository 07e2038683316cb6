package analysis

import (
	"context"
	"math"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// people is a demand under construction, in parallel columns.
type people struct {
	coverage.Demand
	bandNames []string
	cells     []int32 // of the footing, where the row's people start from
}

// demand puts people onto the cells of a footing: from a population grid,
// from census sections (polygons), or from a table by territory.
func (r *run) demand(ctx context.Context, d catalog.Dataset, areas []area, f *footing) (people, string, error) {
	ctx = r.peopleAs(ctx, &d)
	r.used(d)
	move, err := newResettlement(f)
	if err != nil {
		return people{}, "", err
	}
	var out people
	var method string
	switch {
	case d.Kind != catalog.Vector:
		out, method, err = r.demandFromGrid(ctx, d, areas, f, move)
	case ofSections(d):
		out, method, err = r.demandFromSections(ctx, d, areas, f, move)
	default:
		out, method, err = r.demandFromTable(ctx, d, areas, f)
	}
	if err != nil {
		return people{}, "", err
	}
	move.report(r)
	return out, method, nil
}

func newColumns(bands int) people {
	p := people{}
	if bands > 0 {
		p.Bands = make([][]float64, bands)
	}
	return p
}

// row appends people with their bands. lon and lat are where they are
// counted, which the cell that they start from may be off by a little.
func (p *people) row(a int32, cell int, lon, lat, n float64, bands []float64) {
	p.Area = append(p.Area, a)
	p.cells = append(p.cells, int32(cell))
	p.People = append(p.People, n)
	p.X, p.Y = append(p.X, lon), append(p.Y, lat)
	for b, v := range bands {
		p.Bands[b] = append(p.Bands[b], v)
	}
}

func positive(v float64) float64 {
	if v > 0 && !math.IsInf(v, 0) {
		return v
	}
	return 0 // NaN too
}

// cellMetres is the larger side of a grid's middle cell, in metres.
func cellMetres(g grid.Grid) (float64, error) {
	w, h, err := cellSides(g)
	return math.Max(w, h), err
}

// cellSides are the width and the height of a grid's middle cell, in metres.
func cellSides(g grid.Grid) (w, h float64, err error) {
	tr, err := crs.New(g.CRS, geo.WGS84)
	if err != nil {
		return 0, 0, err
	}
	c, r := float64(g.Width)/2, float64(g.Height)/2
	xs, ys := make([]float64, 3), make([]float64, 3)
	xs[0], ys[0] = g.Transform.Apply(c, r)
	xs[1], ys[1] = g.Transform.Apply(c+1, r)
	xs[2], ys[2] = g.Transform.Apply(c, r+1)
	if err := tr.Points(xs, ys); err != nil {
		return 0, 0, err
	}
	return float64(crs.Distance(xs[0], ys[0], xs[1], ys[1])), float64(crs.Distance(xs[0], ys[0], xs[2], ys[2])), nil
}

// lonLatRow gives longitudes and latitudes of cell centres, a row at a time.
type lonLatRow struct {
	g      grid.Grid
	tr     *crs.Transformer
	row    int
	xs, ys []float64
}

func newLonLat(g grid.Grid) (*lonLatRow, error) {
	tr, err := crs.New(g.CRS, geo.WGS84)
	if err != nil {
		return nil, err
	}
	return &lonLatRow{g: g, tr: tr, row: -1, xs: make([]float64, g.Width), ys: make([]float64, g.Width)}, nil
}

func (l *lonLatRow) of(col, row int) (lon, lat float64, err error) {
	if l.row != row {
		for c := range l.xs {
			l.xs[c], l.ys[c] = l.g.Center(c, row)
		}
		if err := l.tr.Points(l.xs, l.ys); err != nil {
			return 0, 0, err
		}
		l.row = row
	}
	return l.xs[col], l.ys[col], nil
}
