package analysis

import (
	"context"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/grid"
)

// standing is the people of a setting on the cells of a grid.
type standing struct {
	footing   footing
	who       people
	spreading string
}

// stand puts the people on the grid of a mover. They live where they live,
// whoever moves: a grid's first way of moving says which cells are ground, and
// those who cannot start from theirs another way are unreachable by it.
func (s *setting) stand(ctx context.Context, m mover) (*standing, error) {
	g := m.grid()
	for _, t := range s.standing {
		if t.footing.grid == g {
			return t, nil
		}
	}
	t := &standing{footing: footing{grid: g, passable: m.passable}}
	var err error
	if t.footing.area, err = areaOfCells(s.areas, g); err != nil {
		return nil, err
	}
	if t.who, t.spreading, err = s.demand(ctx, s.population, s.areas, &t.footing); err != nil {
		return nil, err
	}
	s.standing = append(s.standing, t)
	return t, nil
}

// to is the people with the times and facilities of a movement over the same
// cells.
func (p *people) to(m *movement) coverage.Demand {
	d := p.Demand
	d.Seconds, d.Facility = make([]float32, len(p.cells)), make([]int32, len(p.cells))
	for i, c := range p.cells {
		d.Seconds[i], d.Facility[i] = m.seconds[c], m.nearest[c]
	}
	return d
}

// counter finds the area of a position by the cell that holds it.
type counter struct {
	t   *standing
	tr  *crs.Transformer
	inv grid.Transform
}

func newCounter(t *standing) (*counter, error) {
	tr, err := crs.New(geo.WGS84, t.footing.grid.CRS)
	if err != nil {
		return nil, err
	}
	inv, ok := t.footing.grid.Transform.Invert()
	if !ok {
		return nil, fault.Errorf("analysis.counter", fault.Invalid, "the grid's georeference is degenerate")
	}
	return &counter{t, tr, inv}, nil
}

// cell is the cell of a position; ok is false outside the grid, or where the
// position cannot be projected.
func (c *counter) cell(lon, lat float64) (cell int, ok bool) {
	x, y := []float64{lon}, []float64{lat}
	if c.tr.Points(x, y) != nil {
		return 0, false
	}
	col, row := c.inv.Apply(x[0], y[0])
	g := c.t.footing.grid
	if !(col >= 0 && row >= 0 && col < float64(g.Width) && row < float64(g.Height)) {
		return 0, false
	}
	return int(row)*g.Width + int(col), true
}

// area is the index of the area of a position, noArea for none.
func (c *counter) area(lon, lat float64) int32 {
	cell, ok := c.cell(lon, lat)
	if !ok {
		return noArea
	}
	return c.t.footing.area[cell]
}
