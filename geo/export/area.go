package export

import (
	"fmt"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/wkb"
	"contado/geo/zm"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"
)

// area chooses rows by where they are.
type area struct {
	box      orb.Bound
	shape    geom.Geometry
	prepared geom.PreparedGeometry
	clip     bool
}

func newArea(g orb.Geometry, clip bool) (*area, error) {
	const op = "export.Write"
	if g == nil {
		if clip {
			return nil, fault.Errorf(op, fault.Invalid, "there is no area to cut the geometries at")
		}
		return nil, nil
	}
	a := &area{box: g.Bound(), clip: clip}
	var err error
	if a.shape, err = toGeom(g); err != nil {
		return nil, fault.E(op, fault.Invalid, fmt.Errorf("the area: %w", err))
	}
	if a.prepared, err = geom.Prepare(a.shape); err != nil {
		return nil, fault.E(op, fault.Invalid, fmt.Errorf("the area: %w", err))
	}
	return a, nil
}

func toGeom(g orb.Geometry) (geom.Geometry, error) {
	b, err := wkb.Append(nil, g, nil, nil)
	if err != nil {
		return geom.Geometry{}, err
	}
	return geom.UnmarshalWKB(b, geom.NoValidate{})
}

// take reports whether the row meets the area, and gives the part of it that
// lies within when clip is set.
func (a *area) take(f geo.Feature, notes *notice.List) (geo.Feature, bool, error) {
	if f.Geometry == nil || !f.Geometry.Bound().Intersects(a.box) {
		return f, false, nil
	}
	g, err := toGeom(f.Geometry)
	if err != nil {
		return f, false, err
	}
	meets, err := a.prepared.Intersects(g)
	if err != nil {
		return f, false, fault.E("export.Write", fault.Invalid, fmt.Errorf("%s: %w", rowName(f), err))
	}
	if !meets || !a.clip {
		return f, meets, nil
	}
	if within, err := a.prepared.Covers(g); err == nil && within {
		return f, true, nil
	}
	cut, err := geom.Intersection(g, a.shape)
	if err != nil {
		notes.Count(catalog.Warning, "not-cut", "geometries that are not valid could not be cut at the border and were left whole", rowName(f))
		return f, true, nil //nolint:nilerr // said in the notice
	}
	part, _, _, err := wkb.Decode(cut.AsBinary())
	if err != nil {
		return f, false, err
	}
	if part = sameKind(part, f.Geometry.Dimensions()); part == nil {
		return f, false, nil // touches the border alone
	}
	f.Z, f.M = zm.Carry(f.Geometry, f.Z, f.M, part)
	f.Geometry = part
	return f, true, nil
}

// sameKind keeps the parts of a dimension (0 points, 1 lines, 2 areas).
func sameKind(g orb.Geometry, dim int) orb.Geometry {
	c, ok := g.(orb.Collection)
	if !ok {
		if g == nil || g.Dimensions() != dim {
			return nil
		}
		return g
	}
	var points orb.MultiPoint
	var lines orb.MultiLineString
	var areas orb.MultiPolygon
	for _, p := range c {
		switch p := p.(type) {
		case orb.Point:
			points = append(points, p)
		case orb.MultiPoint:
			points = append(points, p...)
		case orb.LineString:
			lines = append(lines, p)
		case orb.MultiLineString:
			lines = append(lines, p...)
		case orb.Polygon:
			areas = append(areas, p)
		case orb.MultiPolygon:
			areas = append(areas, p...)
		}
	}
	switch {
	case dim == 0 && len(points) > 0:
		return points
	case dim == 1 && len(lines) > 0:
		return lines
	case dim == 2 && len(areas) > 0:
		return areas
	}
	return nil
}

func rowName(f geo.Feature) string { return fmt.Sprintf("row %d", f.ID) }
