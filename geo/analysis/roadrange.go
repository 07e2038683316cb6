package analysis

import (
	"context"
	"math"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/travel/journey"
	"contado/geo/travel/road"
)

// variants of roads: the low and the high end of the speeds of every class.
// Walks to and from the roads stay as they are.
func (m *roadMover) variants(ctx context.Context, o moveOptions) ([]variant, error) {
	tr, err := crs.New(geo.WGS84, m.lattice.CRS)
	if err != nil {
		return nil, err
	}
	var out []variant
	for _, end := range []struct {
		name, en, it string
		span         int
	}{
		{"speeds-low", "Slow roads", "Strade lente", -1},
		{"speeds-high", "Fast roads", "Strade veloci", 1},
	} {
		v := *m
		if v.graph, err = m.graph.Weigh(ctx, m.profile, &road.WeighOptions{Span: end.span, Open: m.openRoads(m.graph.Network, tr)}); err != nil {
			return nil, err
		}
		ground := journey.Ground{Grid: m.lattice, Surface: m.surface, Engine: m.engine, FromLonLat: tr.Points}
		if v.world, err = journey.Join(ctx, ground, v.graph, nil); err != nil {
			return nil, err
		}
		out = append(out, variant{name: end.name, label: words(end.en, end.it), mover: &v, o: o})
	}
	return out, nil
}

// openRoads gives the share of speed that the season leaves on each stretch of
// road: the least along it. Bridges and tunnels are open. nil without season.
func (w *walk) openRoads(net *road.Network, tr *crs.Transformer) func(edge int) float64 {
	s := w.ground.season
	if s == nil {
		return nil
	}
	return func(edge int) float64 {
		if way := net.Way(edge); way.Bridge || way.Tunnel {
			return 1
		}
		share := 1.0
		from, to := net.Ends(edge)
		_, z0 := net.Node(from)
		_, z1 := net.Node(to)
		line := net.Shape(edge, nil)
		for i, p := range line {
			x, y := []float64{p[0]}, []float64{p[1]}
			cell := -1
			if tr.Points(x, y) == nil {
				cell = s.Cell(x[0], y[0])
			}
			along := float64(i) / float64(max(1, len(line)-1))
			share = math.Min(share, s.Road(cell, float64(z0)+along*float64(z1-z0)))
		}
		return share
	}
}
