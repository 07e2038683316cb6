package layer_test

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/store/features"
)

var modelSchema = geo.Schema{GeometryType: "Geometry", CRS: geo.WGS84, HasZ: true, Fields: []geo.Field{
	{Name: "s", Type: geo.String},
	{Name: "i", Type: geo.Integer},
	{Name: "r", Type: geo.Real},
	{Name: "b", Type: geo.Boolean},
	{Name: "d", Type: geo.Date},
	{Name: "t", Type: geo.DateTime},
	{Name: "x", Type: geo.Binary},
	{Name: "j", Type: geo.JSON},
}}

// Few values, so that rows tie, and those that sort badly.
var modelValues = [][]any{
	{nil, "", "a", "ab", "A", "è", "z\x00", "z", "\U0001F600", "10", "9"},
	{nil, int64(0), int64(1), int64(-1), int64(1)<<53 + 1, int64(1) << 53, int64(math.MaxInt64), int64(math.MinInt64), int64(math.MaxInt64 - 1)},
	{nil, 0.0, 1.5, -1.5, 1e300, -1e300, 0.1, math.Inf(1)},
	{nil, true, false},
	{nil, "2024-02-29", "1899-12-31", "2026-01-01"},
	{nil, "2024-02-29T12:30:15Z", "2024-02-29T12:30:15.125Z", "1999-12-31T23:59:59Z", "2024-02-29T12:30:16Z"},
	{nil, []byte{1}, []byte{}},
	{nil, `[]`, `{"a":1}`, `["p","q"]`},
}

func drawGeometry(t *rapid.T) (orb.Geometry, []float64) {
	at := func() orb.Point {
		return orb.Point{float64(rapid.IntRange(-20, 20).Draw(t, "x")), float64(rapid.IntRange(-20, 20).Draw(t, "y"))}
	}
	p := at()
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		return nil, nil
	case 1:
		return p, []float64{p[0] + 0.5}
	case 2:
		return orb.LineString{p, {p[0] + 3, p[1] + 1}}, nil
	case 3:
		return orb.Bound{Min: p, Max: orb.Point{p[0] + 4, p[1] + 2}}.ToPolygon(), nil
	}
	a := orb.Bound{Min: p, Max: orb.Point{p[0] + 1, p[1] + 1}}.ToPolygon()
	b := orb.Bound{Min: orb.Point{p[0] + 5, p[1]}, Max: orb.Point{p[0] + 6, p[1] + 2}}.ToPolygon()
	return orb.MultiPolygon{a, b}, nil
}

func drawRow(t *rapid.T, id int64) geo.Feature {
	f := geo.Feature{ID: id}
	f.Geometry, f.Z = drawGeometry(t)
	for k, of := range modelValues {
		f.Values = append(f.Values, rapid.SampledFrom(of).Draw(t, modelSchema.Fields[k].Name))
	}
	return f
}

var modelFilters = []string{
	"s = 'a'", "s LIKE 'z%'", "i > 0 AND r <= 1.5", "NOT (b = true)", "b IS NULL OR i = 1", "d > DATE('2000-01-01')",
	"S_INTERSECTS(geometry, BBOX(-5,-5,5,5))", "S_WITHIN(geometry, POLYGON((-9 -9, 12 -9, 12 12, -9 12, -9 -9)))",
	"S_DISJOINT(geometry, POINT(0 0))", "NOT S_INTERSECTS(geometry, BBOX(-15,-15,15,15))",
	"S_INTERSECTS(geometry, BBOX(0,0,9,9)) AND i >= 0", "S_INTERSECTS(geometry, BBOX(0,0,9,9)) OR s = 'ab'",
	"S_TOUCHES(LINESTRING(0 0, 8 8), geometry)", "id > 20", "geometry IS NULL", "x IS NULL", "CASEI(s) = CASEI('A')",
	"S_CONTAINS(BBOX(-9,-9,9,9), geometry)", "S_WITHIN(geometry, BBOX(-9,-9,9,9))", "S_DISJOINT(BBOX(-9,-9,9,9), geometry)",
	"S_EQUALS(geometry, POINT(0 0))", "S_CROSSES(geometry, BBOX(-9,-9,9,9))", "S_INTERSECTS(geometry, BBOX(3,3,3,9))",
	"i = 9007199254740993", "i >= 9007199254740992", "i < 9223372036854775807", "1 > i", "0 <= r", "r <> 1.5", "i <> 1", "s >= 'a'", "s < 'ab'", "'a' <> s",
	"i BETWEEN -1 AND 1", "r BETWEEN 0 AND 1e300", "s BETWEEN 'a' AND 'z'", "i IN (0, 1, 1, 9223372036854775807)", "s IN ('', '10', 'z')", "r IN (0.1, 1.5)",
	"s LIKE 'a%'", "s LIKE '%'", "s LIKE 'a_%'", "NOT (s LIKE 'a%')", "d = DATE('2024-02-29')", "d < DATE('2025-12-31')", "d >= DATE('2026-01-01')",
	"t > TIMESTAMP('2024-02-29T12:30:15Z')", "t = DATE('2024-02-29')", "b = false", "b <> true", "r IS NOT NULL", "s IS NULL", "i + 1 = 2", "i = r",
}

// drawFilter is a condition, or several joined.
func drawFilter(t *rapid.T, depth int) string {
	switch k := rapid.IntRange(0, 5).Draw(t, "joined"); {
	case depth == 0 || k < 3:
		return rapid.SampledFrom(modelFilters).Draw(t, "cql2")
	case k == 3:
		return "NOT (" + drawFilter(t, depth-1) + ")"
	case k == 4:
		return "(" + drawFilter(t, depth-1) + ") OR (" + drawFilter(t, depth-1) + ")"
	}
	return "(" + drawFilter(t, depth-1) + ") AND (" + drawFilter(t, depth-1) + ")"
}

func drawQuery(t *rapid.T, m *model) features.Query {
	q := features.Query{SkipGeometry: rapid.Bool().Draw(t, "skip")}
	some := func(name string, of int) bool { return rapid.IntRange(1, of).Draw(t, name) == 1 }
	if some("boxed", 3) {
		x, y := float64(rapid.IntRange(-25, 20).Draw(t, "bx")), float64(rapid.IntRange(-25, 20).Draw(t, "by"))
		q.BBox = &geo.BBox{MinX: x, MinY: y, MaxX: x + float64(rapid.IntRange(0, 30).Draw(t, "bw")), MaxY: y + float64(rapid.IntRange(0, 30).Draw(t, "bh"))}
	}
	if some("by id", 5) {
		q.IDs = rapid.SliceOf(rapid.Int64Range(-1, m.used+2)).Draw(t, "ids")
	}
	if some("equal", 4) {
		f := rapid.SampledFrom([]int{0, 1, 3, 4}).Draw(t, "field")
		v := rapid.SampledFrom(modelValues[f][1:]).Draw(t, "value")
		q.Equal = []features.Equal{{Field: modelSchema.Fields[f].Name, Value: fmt.Sprint(v)}}
	}
	if some("filter", 2) {
		e, err := cql2.ParseText(drawFilter(t, 2))
		if err != nil {
			t.Fatal(err)
		}
		q.Filter = e
	}
	if some("limited", 2) {
		q.Limit = rapid.IntRange(1, 9).Draw(t, "limit")
	}
	if some("sorted", 2) {
		for _, i := range rapid.SliceOfNDistinct(rapid.SampledFrom([]int{0, 1, 2, 3, 4, 5}), 1, 3, rapid.ID).Draw(t, "keys") {
			q.Sort = append(q.Sort, features.SortKey{Field: modelSchema.Fields[i].Name, Descending: rapid.Bool().Draw(t, "desc")})
		}
		if some("cursor", 2) {
			c := &features.Cursor{ID: rapid.Int64Range(0, m.used+1).Draw(t, "cursor id")}
			for _, k := range q.Sort {
				c.Values = append(c.Values, rapid.SampledFrom(modelValues[modelSchema.FieldIndex(k.Field)]).Draw(t, "at"))
			}
			q.Cursor = c
		}
	} else if some("after", 2) {
		q.After = rapid.Int64Range(-1, m.used+1).Draw(t, "after")
	}
	return q
}
