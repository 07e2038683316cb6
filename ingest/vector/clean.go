package vector

import (
	"contado/geo"
	"contado/geo/gdal"
	"contado/geo/store/catalog"
	"contado/geo/zm"

	"github.com/paulmach/orb"
)

// clean repairs the geometry of a row or drops it, and grows the extent.
func (w *writer) clean(row int64, f *geo.Feature) {
	if w.schema.GeometryType == "" {
		f.Geometry, f.Z, f.M = nil, nil, nil
		return
	}
	if f.Geometry == nil {
		w.notes.Count(catalog.Warning, "geometry-missing", "rows without a geometry were kept", w.label(row, f))
		return
	}
	if w.impossible(f.Geometry) {
		w.notes.Count(catalog.Warning, "coordinates-impossible", "geometries with coordinates that cannot be were dropped; their rows were kept", w.label(row, f))
		f.Geometry, f.Z, f.M = nil, nil, nil
		return
	}
	if g, whole := w.valid(row, f); !whole {
		f.Z, f.M = zm.Carry(f.Geometry, f.Z, f.M, g)
		f.Geometry = g
	}
	if f.Geometry != nil {
		w.box = w.box.Union(geo.BBoxOf(f.Geometry.Bound()))
	}
}

// valid is the geometry itself when it is valid (whole), else a repaired one
// of the same dimension; nil when nothing is left.
func (w *writer) valid(row int64, f *geo.Feature) (_ orb.Geometry, whole bool) {
	g := f.Geometry
	if _, ok := g.(orb.Point); ok {
		return g, true
	}
	ok, why := gdal.IsValid(g)
	if ok {
		return g, true
	}
	fixed, err := gdal.MakeValid(g)
	if err != nil {
		why = err.Error()
	}
	if fixed != nil && err == nil {
		if fixed = ofDimension(fixed, g.Dimensions()); fixed != nil {
			w.notes.Count(catalog.Warning, "geometry-repaired", "invalid geometries were repaired", w.label(row, f)+": "+why)
			return fixed, false
		}
	}
	w.notes.Count(catalog.Warning, "geometry-refused", "geometries that cannot be used were dropped; their rows were kept", w.label(row, f)+": "+why)
	return nil, false
}

// ofDimension keeps the parts of a geometry of a dimension (0 points, 1
// lines, 2 areas): a repaired polygon may have shed lines. Collections keep
// all.
func ofDimension(g orb.Geometry, dim int) orb.Geometry {
	var points orb.MultiPoint
	var lines orb.MultiLineString
	var areas orb.MultiPolygon
	var walk func(g orb.Geometry)
	walk = func(g orb.Geometry) {
		switch g := g.(type) {
		case orb.Point:
			points = append(points, g)
		case orb.MultiPoint:
			points = append(points, g...)
		case orb.LineString:
			lines = append(lines, g)
		case orb.MultiLineString:
			lines = append(lines, g...)
		case orb.Polygon:
			areas = append(areas, g)
		case orb.MultiPolygon:
			areas = append(areas, g...)
		case orb.Collection:
			for _, m := range g {
				walk(m)
			}
		}
	}
	walk(g)
	switch {
	case dim == 2 && len(areas) == 1:
		return areas[0]
	case dim == 2 && len(areas) > 0:
		return areas
	case dim == 1 && len(lines) == 1:
		return lines[0]
	case dim == 1 && len(lines) > 0:
		return lines
	case dim == 0 && len(points) == 1:
		return points[0]
	case dim == 0 && len(points) > 0:
		return points
	}
	return nil
}
