package analysis

import (
	"context"

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
		if v.graph, err = m.graph.Weigh(ctx, m.profile, &road.WeighOptions{Span: end.span}); err != nil {
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
