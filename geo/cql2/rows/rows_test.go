package rows_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/cql2/rows"
	"contado/geo/fault"
)

var schema = geo.Schema{
	GeometryType: "Point", CRS: "EPSG:3857",
	Fields: []geo.Field{{Name: "name", Type: geo.String}, {Name: "n", Type: geo.Integer}, {Name: "tags", Type: geo.JSON}, {Name: "geom", Type: geo.Binary}},
}

func parse(t *testing.T, text string) cql2.Expr {
	t.Helper()
	e, err := cql2.ParseText(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestNamesGiveWayToAttributes(t *testing.T) {
	t.Parallel()
	n := rows.NewNames(schema)
	if want := []string{"name", "n", "tags", "geom", "id", "geometry"}; !slices.Equal(n.List(), want) {
		t.Errorf("names %v, want %v", n.List(), want)
	}
	for name, want := range map[string]int{"name": 0, "geom": 3, "id": rows.ID, "geometry": rows.Geometry} {
		if got, ok := n.Place(name); !ok || got != want {
			t.Errorf("%s is at %d, %v; want %d", name, got, ok, want)
		}
	}
	if _, ok := rows.NewNames(geo.Schema{}).Place("geometry"); ok {
		t.Error("a table without geometry has one")
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	row := geo.Feature{ID: 7, Geometry: orb.Point{1113194.9079327357, 0}, Values: []any{"Roma", int64(5), `["a",2]`, []byte{1}}} // 10° E
	for text, want := range map[string]bool{
		"name = 'Roma' AND n = 5 AND id = 7": true, "S_INTERSECTS(geometry, BBOX(9,-1,11,1))": true, "S_INTERSECTS(geometry, BBOX(11,-1,12,1))": false,
		"A_CONTAINS(tags, ('a', 2))": true, "geom IS NOT NULL": true, "S_INTERSECTS(geometry, BBOX(170,-1,-170,1))": false,
		"S_INTERSECTS(geometry, BBOX(9,-1,-170,1))": true, "NOT S_DISJOINT(geometry, POLYGON((9 -1,11 -1,11 1,9 1,9 -1)))": true,
	} {
		f, err := rows.New(schema, parse(t, text), "", nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := f.Match(&row); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	f, err := rows.New(schema, parse(t, "n > 4 AND S_INTERSECTS(geometry, BBOX(0,0,9e6,9e6)) OR name = 'x'"), "EPSG:3857", []string{"name", "n"})
	if err != nil {
		t.Fatal(err)
	}
	if !f.Geometry() || !slices.Equal(f.Fields(), []string{"n", "name"}) {
		t.Errorf("asks for %v, %v", f.Fields(), f.Geometry())
	}
	row.Values = row.Values[:2]
	if ok, err := f.Match(&row); !ok || err != nil {
		t.Errorf("with some attributes: %v, %v", ok, err)
	}
	row.Geometry = nil
	if ok, _ := f.Match(&row); ok {
		t.Error("a row without geometry is in a box")
	}
}

func TestWhatCannotBe(t *testing.T) {
	t.Parallel()
	for text, words := range map[string]string{"nome = 'x'": "properties here: name, n, tags", "n = 'x'": "type", "S_INTERSECTS(geometry, POINT(0 91))": "no place"} {
		if _, err := rows.New(schema, parse(t, text), "", nil); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", text, err, words)
		}
	}
	if _, err := rows.New(schema, parse(t, "S_INTERSECTS(geometry, BBOX(2,0,1,1))"), "EPSG:3857", nil); err != nil {
		t.Errorf("a box that needs no projection: %v", err)
	}
	if _, err := rows.New(schema, parse(t, "S_INTERSECTS(geometry, BBOX(2,0,1,1))"), "EPSG:25832", nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("a box turned round in metres: %v", err)
	}
}

func TestBox(t *testing.T) {
	t.Parallel()
	n := rows.NewNames(schema)
	for text, want := range map[string]geo.BBox{
		"S_INTERSECTS(geometry, BBOX(1,2,3,4))":                                             {MinX: 1, MinY: 2, MaxX: 3, MaxY: 4},
		"S_WITHIN(geometry, BBOX(1,2,3,4)) OR S_INTERSECTS(geometry, POINT(9 9))":           {MinX: 1, MinY: 2, MaxX: 9, MaxY: 9},
		"n = 5 AND S_INTERSECTS(POINT(7 7), geometry)":                                      {MinX: 7, MinY: 7, MaxX: 7, MaxY: 7},
		"NOT S_DISJOINT(geometry, BBOX(1,2,3,4)) AND S_INTERSECTS(geometry, BBOX(0,0,2,9))": {MinX: 0, MinY: 0, MaxX: 2, MaxY: 9},
	} {
		if got := n.Box(parse(t, text)); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"n = 5", "S_DISJOINT(geometry, BBOX(1,2,3,4))", "n = 5 OR S_INTERSECTS(geometry, BBOX(1,2,3,4))"} {
		if b := n.Box(parse(t, text)); b.Width() < 1e300 {
			t.Errorf("%s: %v", text, b)
		}
	}
}

func TestValue(t *testing.T) {
	t.Parallel()
	nothing := []any{}
	for _, c := range []struct {
		kind    geo.FieldType
		v, want any
	}{
		{geo.String, "a", "a"},
		{geo.String, int64(1), nothing},
		{geo.Integer, int64(1), int64(1)},
		{geo.Integer, "1", nothing},
		{geo.Real, int64(1), int64(1)},
		{geo.Boolean, true, true},
		{geo.Boolean, int64(1), nothing},
		{geo.Binary, []byte("a"), nothing},
		{geo.Binary, nil, nil},
		{geo.JSON, `{"a":1}`, `{"a":1}`},
		{geo.JSON, `[1,["x"]]`, []any{1.0, `["x"]`}},
		{geo.JSON, "null", nil},
		{geo.JSON, "no JSON", "no JSON"},
		{geo.Date, "2024-01-01", "2024-01-01"},
	} {
		if got := rows.Value(c.kind, c.v); !cmp.Equal(got, c.want) {
			t.Errorf("%v as %s: %v, want %v", c.v, c.kind, got, c.want)
		}
	}
}
