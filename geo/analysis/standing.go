package analysis

import (
	"context"

	"contado/geo/coverage"
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
