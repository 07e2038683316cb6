package vector

import (
	"context"
	"fmt"
	"math"
	"strings"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/wkb"

	"github.com/paulmach/orb"
)

// label names a row for people.
func (w *writer) label(row int64, f *geo.Feature) string {
	out := fmt.Sprintf("feature %d", row)
	if w.territory != nil {
		if i := w.schema.FieldIndex(w.territory.Code); i >= 0 && f.Values[i] != nil {
			out = fmt.Sprint(f.Values[i])
		}
	}
	if w.naming >= 0 && f.Values[w.naming] != nil {
		out += fmt.Sprintf(" %v", f.Values[w.naming])
	}
	return out
}

// each calls fn with every row in the merged schema. Decoding problems are
// counted when report is set.
func (w *writer) each(ctx context.Context, report bool, fn func(row int64, f geo.Feature) error) error {
	row := int64(0)
	for i := range w.sources {
		s := &w.sources[i]
		problem := func(id int64, err error) error {
			if report {
				w.problem(s.rows.Name(), id, err)
			}
			return nil
		}
		err := s.rows.Scan(ctx, problem, func(f geo.Feature) (bool, error) {
			if row++; row > w.o.Limits.Features {
				return false, fault.Errorf("vector.Write", fault.TooLarge, "there are more than %d features, the limit", w.o.Limits.Features)
			}
			out := geo.Feature{ID: row, Geometry: f.Geometry, Z: f.Z, M: f.M, Values: make([]any, len(w.schema.Fields))}
			for i, v := range f.Values {
				out.Values[s.to[i]] = w.convert(s.to[i], v)
			}
			if err := w.settle(s, &out, report); err != nil {
				return false, err
			}
			if row%512 == 0 {
				w.p.Step(row, w.total)
			}
			return true, fn(row, out)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", s.rows.Name(), err)
		}
	}
	w.p.Step(row, max(w.total, row))
	return nil
}

// settle drops heights when asked, and brings a row to the system of the
// layer.
func (w *writer) settle(s *feed, f *geo.Feature, report bool) error {
	if w.o.Flat && (f.Z != nil || f.M != nil) {
		f.Z, f.M = nil, nil
		if report && w.notes.Counted("dimensions-dropped") == 0 {
			w.notes.Count(catalog.Info, "dimensions-dropped", "heights and measures of the vertices were dropped", s.rows.Name())
		}
	}
	if s.tr == nil || f.Geometry == nil {
		return nil
	}
	var o *crs.GeometryOptions
	if f.Z != nil || f.M != nil {
		o = &crs.GeometryOptions{MaxError: -1} // heights belong to the vertices that there are
	}
	g, err := s.tr.Geometry(f.Geometry, o)
	if err != nil {
		return fmt.Errorf("%s, feature %d: %w", s.rows.Name(), f.ID, err)
	}
	if n := wkb.Positions(g); f.Z != nil && len(f.Z) != n || f.M != nil && len(f.M) != n {
		f.Z, f.M = nil, nil // a ring round a pole was closed along it
	}
	f.Geometry = g
	return nil
}

func (w *writer) problem(name string, id int64, err error) {
	if strings.Contains(err.Error(), "UTF-8") {
		w.notes.Count(catalog.Warning, "text-not-utf8", "text that is not UTF-8 has replacement characters: name the right one with --encoding", fmt.Sprintf("%s, feature %d", name, id))
		return
	}
	w.notes.Count(catalog.Warning, "geometry-refused", "geometries that cannot be used were dropped; their rows were kept", fmt.Sprintf("%s, feature %d: %v", name, id, err))
}

// survey reads all rows once: geometry types, extent, plausibility, and what
// the columns hold.
func (w *writer) survey(ctx context.Context) error {
	const op = "vector.Write"
	w.kinds = map[string]bool{}
	err := w.each(ctx, true, func(row int64, f geo.Feature) error {
		w.rows++
		for i, v := range f.Values {
			w.columns[i].see(v)
		}
		if f.Geometry == nil {
			return nil
		}
		w.located++
		w.z, w.m = w.z || f.Z != nil, w.m || f.M != nil
		w.kinds[f.Geometry.GeoJSONType()] = true
		if w.vertices += int64(wkb.Positions(f.Geometry)); w.vertices > w.o.Limits.Vertices {
			return fault.Errorf(op, fault.TooLarge, "the geometries have more than %d vertices, the limit", w.o.Limits.Vertices)
		}
		if w.impossible(f.Geometry) {
			if w.outside++; w.outside == 1 {
				w.sample = f.Geometry.Bound().Min
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if w.rows == 0 {
		return fault.Errorf(op, fault.Invalid, "%s holds no feature", w.sources[0].rows.Name())
	}
	if w.outside*2 > w.located {
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "%s says %s, and has coordinates like %.8g, %.8g, which are no degrees",
			w.sources[0].rows.Name(), w.schema.CRS.Short(), w.sample[0], w.sample[1]), "name the right reference system with --crs")
	}
	if w.schema.GeometryType != "" {
		w.schema.GeometryType = w.geometryType()
		w.schema.HasZ, w.schema.HasM = w.z, w.m
	}
	return nil
}

// impossible reports coordinates that the CRS cannot hold. Longitudes up to
// 360 are let through: layers around the 180th meridian use them.
func (w *writer) impossible(g orb.Geometry) bool {
	b := g.Bound()
	if w.geodetic {
		const e = 1e-6
		return b.Min[0] < -360-e || b.Max[0] > 360+e || b.Min[1] < -90-e || b.Max[1] > 90+e
	}
	for _, v := range []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} {
		if math.Abs(v) > 1e9 {
			return true
		}
	}
	return false
}

// geometryType is the type of the layer: polygons are always Multi, since
// repairing may split them.
func (w *writer) geometryType() string {
	has := func(names ...string) bool {
		n := 0
		for _, k := range names {
			if w.kinds[k] {
				n++
			}
		}
		return n > 0 && n == len(w.kinds)
	}
	switch {
	case len(w.kinds) == 0:
		return w.schema.GeometryType
	case has("Point"):
		return "Point"
	case has("Point", "MultiPoint"):
		return "MultiPoint"
	case has("LineString"):
		return "LineString"
	case has("LineString", "MultiLineString"):
		return "MultiLineString"
	case has("Polygon", "MultiPolygon"):
		return "MultiPolygon"
	}
	return "Geometry"
}
