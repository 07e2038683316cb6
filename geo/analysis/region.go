package analysis

import (
	"context"
	"fmt"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/peterstace/simplefeatures/geom"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
)

// Region is the areas as one, in a CRS: borders between areas that touch are
// gone. nil when no areas are named.
func (e *Engine) Region(ctx context.Context, a ZonalAreas, to geo.CRS) (orb.MultiPolygon, error) {
	if a.Dataset == "" && len(a.Territories) == 0 && a.Below == "" && len(a.Features) == 0 {
		return nil, nil
	}
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	areas, err := r.zonalAreas(ctx, &ZonalRequest{Areas: a})
	if err != nil {
		return nil, err
	}
	tr, err := crs.New(geo.WGS84, to)
	if err != nil {
		return nil, err
	}
	var parts []geom.Geometry
	for _, f := range areas {
		g, err := tr.Geometry(f.Geometry, nil)
		if err != nil {
			return nil, fmt.Errorf("area %s %s: %w", f.Code, f.Name, err)
		}
		// Polygons one by one: those of a territory without an outline of its
		// own touch each other, which no valid multipolygon may.
		for _, p := range polygonsOf(g) {
			data, err := wkb.Marshal(p)
			if err != nil {
				return nil, fault.E("analysis.Region", fault.Invalid, err)
			}
			part, err := geom.UnmarshalWKB(data, geom.NoValidate{})
			if err != nil {
				return nil, fault.E("analysis.Region", fault.Invalid, err)
			}
			parts = append(parts, part)
		}
	}
	one, err := geom.UnaryUnion(geom.NewGeometryCollection(parts).AsGeometry())
	if err != nil {
		return nil, fault.Errorf("analysis.Region", fault.Invalid, "the areas cannot be joined: %w", err)
	}
	g, err := wkb.Unmarshal(one.AsBinary())
	if err != nil {
		return nil, fault.E("analysis.Region", fault.Other, err)
	}
	return polygonsOf(g), nil
}
