package atlas

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/wkb"
)

// Bounds on one row that somebody edits.
const (
	maxPositions = 1 << 20 // of its geometry
	maxValue     = 1 << 20 // bytes of one text or binary value
)

// rules tell which rows fit a dataset.
type rules struct {
	schema     geo.Schema
	geographic bool
}

func newRules(s geo.Schema) (*rules, error) {
	r := &rules{schema: s}
	if s.GeometryType == "" || !s.CRS.Known() {
		return r, nil
	}
	var err error
	r.geographic, err = crs.IsGeographic(s.CRS)
	return r, err
}

func misfit(id int64, format string, args ...any) error {
	err := fmt.Errorf("feature %d: "+format, append([]any{id}, args...)...)
	kind := fault.KindOf(err)
	if kind == fault.Other {
		kind = fault.Invalid
	}
	return fault.E("atlas.Apply", kind, err)
}

// fit gives the row as the dataset keeps it: numbers of the attribute's type,
// times in UTC, geometries single or multiple as the schema says.
func (r *rules) fit(f geo.Feature) (geo.Feature, error) {
	if len(f.Values) != len(r.schema.Fields) {
		return f, misfit(f.ID, "it has %d values for %d attributes", len(f.Values), len(r.schema.Fields))
	}
	out := geo.Feature{ID: f.ID, Z: f.Z, M: f.M, Values: make([]any, len(f.Values))}
	for i, field := range r.schema.Fields {
		v, err := fitValue(field, f.Values[i])
		if err != nil {
			return f, misfit(f.ID, "attribute %q: %w", field.Name, err)
		}
		out.Values[i] = v
	}
	var err error
	if out.Geometry, err = r.geometry(f); err != nil {
		return f, err
	}
	if out.Geometry == nil {
		out.Z, out.M = nil, nil
	}
	return out, nil
}

// fitValue brings a value to the type of its attribute, or tells why it
// cannot be brought.
func fitValue(f geo.Field, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	wrong := func() (any, error) { return nil, fmt.Errorf("%.60v (%T) is no %s", v, v, f.Type) }
	switch f.Type {
	case geo.Integer:
		if n, ok := integer(v); ok {
			return n, nil
		}
		return wrong()
	case geo.Real:
		if n, ok := real(v); ok {
			return n, nil
		}
		return wrong()
	case geo.Boolean:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return wrong()
	case geo.Binary:
		b, ok := v.([]byte)
		if !ok {
			return wrong()
		}
		if len(b) > maxValue {
			return nil, tooLong(len(b))
		}
		return b, nil
	case geo.JSON:
		return fitJSON(v)
	}
	s, ok := v.(string)
	switch {
	case !ok:
		return wrong()
	case len(s) > maxValue:
		return nil, tooLong(len(s))
	case !utf8.ValidString(s):
		return nil, fmt.Errorf("the text is not UTF-8")
	}
	return fitText(f.Type, s)
}

func tooLong(n int) error {
	return fault.Errorf("atlas.Apply", fault.TooLarge, "the value has %d bytes; at most %d are taken", n, maxValue)
}

func fitText(t geo.FieldType, s string) (any, error) {
	switch t {
	case geo.Date:
		if _, err := time.Parse(time.DateOnly, s); err != nil {
			return nil, fmt.Errorf("%.60q is no date (2006-01-02)", s)
		}
	case geo.DateTime:
		at, err := time.Parse(time.RFC3339, s)
		if err != nil || at.UTC().Year() < 0 || at.UTC().Year() > 9999 {
			return nil, fmt.Errorf("%.60q is no time (2006-01-02T15:04:05Z)", s)
		}
		return at.UTC().Format(time.RFC3339Nano), nil
	}
	return s, nil
}

// fitJSON takes a text that is JSON, or any other value as what it is in JSON.
func fitJSON(v any) (any, error) {
	s, ok := v.(string)
	if !ok {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("it cannot be written as JSON: %w", err)
		}
		s = string(b)
	}
	switch {
	case len(s) > maxValue:
		return nil, tooLong(len(s))
	case !json.Valid([]byte(s)):
		return nil, fmt.Errorf("%.60q is no JSON", s)
	}
	return s, nil
}

// integer takes whole numbers of any kind that lose nothing.
func integer(v any) (int64, bool) {
	switch x := v.(type) {
	case int64:
		return x, true
	case int:
		return int64(x), true
	case float64:
		return int64(x), x == math.Trunc(x) && math.Abs(x) < 1<<63
	case json.Number:
		if n, err := strconv.ParseInt(string(x), 10, 64); err == nil {
			return n, true
		}
		f, err := x.Float64() // 1e3
		return int64(f), err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53
	}
	return 0, false
}

func real(v any) (float64, bool) {
	var f float64
	switch x := v.(type) {
	case float64:
		f = x
	case int64:
		f = float64(x)
	case int:
		f = float64(x)
	case json.Number:
		var err error
		if f, err = x.Float64(); err != nil {
			return 0, false
		}
	default:
		return 0, false
	}
	return f, f-f == 0 // finite
}

// geometry checks a row's geometry and brings it to the type of the dataset.
func (r *rules) geometry(f geo.Feature) (orb.Geometry, error) {
	g := f.Geometry
	if g == nil {
		return nil, nil
	}
	if r.schema.GeometryType == "" {
		return nil, misfit(f.ID, "the dataset is a table without geometry")
	}
	n := wkb.Positions(g)
	switch {
	case n == 0:
		return nil, nil
	case n > maxPositions:
		return nil, fault.Errorf("atlas.Apply", fault.TooLarge, "feature %d: its geometry has %d positions; at most %d are taken", f.ID, n, maxPositions)
	case f.Z != nil && !r.schema.HasZ, f.M != nil && !r.schema.HasM:
		return nil, misfit(f.ID, "its positions have heights or measures, which the dataset does not keep")
	case f.Z != nil && len(f.Z) != n, f.M != nil && len(f.M) != n:
		return nil, misfit(f.ID, "%d positions have %d heights and %d measures", n, len(f.Z), len(f.M))
	}
	if err := r.positions(f.ID, g); err != nil {
		return nil, err
	}
	g, err := r.typed(f.ID, g)
	if err != nil {
		return nil, err
	}
	if ok, reason := gdal.IsValid(g); !ok {
		return nil, misfit(f.ID, "its geometry is not valid: %s", reason)
	}
	return g, nil
}

// typed makes a single geometry multiple, or a multiple one of one part
// single, where the dataset has it so.
func (r *rules) typed(id int64, g orb.Geometry) (orb.Geometry, error) {
	switch x := g.(type) {
	case orb.Ring:
		g = orb.Polygon{x}
	case orb.Bound:
		g = x.ToPolygon()
	}
	want := r.schema.GeometryType
	if want == "Geometry" || want == typeName(g) {
		return g, nil
	}
	switch x := g.(type) {
	case orb.Point:
		if want == "MultiPoint" {
			return orb.MultiPoint{x}, nil
		}
	case orb.LineString:
		if want == "MultiLineString" {
			return orb.MultiLineString{x}, nil
		}
	case orb.Polygon:
		if want == "MultiPolygon" {
			return orb.MultiPolygon{x}, nil
		}
	case orb.MultiPoint:
		if want == "Point" && len(x) == 1 {
			return x[0], nil
		}
	case orb.MultiLineString:
		if want == "LineString" && len(x) == 1 {
			return x[0], nil
		}
	case orb.MultiPolygon:
		if want == "Polygon" && len(x) == 1 {
			return x[0], nil
		}
	}
	return nil, misfit(id, "its geometry is a %s, and the dataset has geometries of type %s", typeName(g), want)
}

// typeName is the OGC name.
func typeName(g orb.Geometry) string { return g.GeoJSONType() }

// positions checks numbers, and that lines and rings are ones: GEOS has no
// words for these.
func (r *rules) positions(id int64, g orb.Geometry) error {
	line := func(ps []orb.Point, least int, closed bool) error {
		if len(ps) < least {
			return misfit(id, "a line of %d positions is too short: at least %d are needed", len(ps), least)
		}
		if closed && ps[0] != ps[len(ps)-1] {
			return misfit(id, "a ring does not end where it begins")
		}
		for _, p := range ps {
			if err := r.position(id, p); err != nil {
				return err
			}
		}
		return nil
	}
	switch g := g.(type) {
	case orb.Point:
		return r.position(id, g)
	case orb.MultiPoint:
		return line(g, 1, false)
	case orb.LineString:
		return line(g, 2, false)
	case orb.Ring:
		return line(g, 4, true)
	case orb.Bound:
		return line([]orb.Point{g.Min, g.Max}, 2, false)
	case orb.MultiLineString:
		return each(g, func(l orb.LineString) error { return line(l, 2, false) })
	case orb.Polygon:
		if len(g) == 0 {
			return misfit(id, "a polygon has no ring")
		}
		return each(g, func(l orb.Ring) error { return line(l, 4, true) })
	case orb.MultiPolygon:
		return each(g, func(p orb.Polygon) error { return r.positions(id, p) })
	case orb.Collection:
		return each(g, func(c orb.Geometry) error { return r.positions(id, c) })
	}
	return misfit(id, "a geometry of type %T is unknown", g)
}

func each[T any](list []T, check func(T) error) error {
	for _, v := range list {
		if err := check(v); err != nil {
			return err
		}
	}
	return nil
}

// slack is how far beyond the whole world longitudes and latitudes may lie,
// in degrees: what rounding makes.
const slack = 1e-9

func (r *rules) position(id int64, p orb.Point) error {
	if p[0]-p[0] != 0 || p[1]-p[1] != 0 {
		return misfit(id, "a position is %v", p)
	}
	if r.geographic && (math.Abs(p[0]) > 180+slack || math.Abs(p[1]) > 90+slack) {
		return fault.WithHint(misfit(id, "the position %v is not on the Earth", p), "x is the longitude, y the latitude, in degrees")
	}
	return nil
}
