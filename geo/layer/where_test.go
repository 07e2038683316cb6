package layer_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/layer"
	"contado/geo/store/features"
	"contado/geo/store/journal"
)

var pointSchema = geo.Schema{GeometryType: "Point", CRS: "EPSG:32632", Fields: []geo.Field{{Name: "n", Type: geo.Integer}, {Name: "tags", Type: geo.JSON}}}

// points lie at random in 100 by 100 km around Parma.
func points(n int) []geo.Feature {
	rng := rand.New(rand.NewPCG(5, 5))
	var out []geo.Feature
	for i := range n {
		p := orb.Point{550000 + rng.Float64()*1e5, 4900000 + rng.Float64()*1e5}
		out = append(out, geo.Feature{ID: int64(i + 1), Geometry: p, Values: []any{int64(i % 10), fmt.Sprintf(`["a%d","b"]`, i%3)}})
	}
	return out
}

func ids(t testing.TB, l *layer.Layer, q features.Query) []int64 {
	t.Helper()
	out := []int64{}
	if err := l.Scan(t.Context(), q, func(f geo.Feature) bool { out = append(out, f.ID); return true }); err != nil {
		t.Fatal(err)
	}
	return out
}

// Geometries of a filter are in longitude and latitude, or in the system that
// it names, and mean the same place either way.
func TestFilterInOtherSystems(t *testing.T) {
	t.Parallel()
	list := points(3000)
	for name, make := range makers {
		l := make(t, pointSchema, list)
		inside := func(ring orb.Ring, system geo.CRS) (in []int64) {
			to, err := crs.New("EPSG:32632", system)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range list {
				p := f.Geometry.(orb.Point)
				x, y, ok := to.Point(p[0], p[1])
				if ok && planar.RingContains(ring, orb.Point{x, y}) {
					in = append(in, f.ID)
				}
			}
			return in
		}
		degrees := orb.Ring{{10, 44.4}, {10.5, 44.3}, {10.7, 44.7}, {10.2, 44.9}, {10, 44.4}}
		want := inside(degrees, geo.WGS84)
		q := features.Query{Filter: filter(t, "S_INTERSECTS(geometry, POLYGON((10 44.4, 10.5 44.3, 10.7 44.7, 10.2 44.9, 10 44.4)))")}
		if got := ids(t, l, q); !slices.Equal(got, want) || len(want) < 100 {
			t.Errorf("%s: %d rows in longitude and latitude, want %d", name, len(got), len(want))
		}
		q = features.Query{Filter: filter(t, "S_INTERSECTS(geom, BBOX(10.1, 44.4, 10.6, 44.8)) AND n < 5")}
		var some []int64
		for _, id := range inside(orb.Bound{Min: orb.Point{10.1, 44.4}, Max: orb.Point{10.6, 44.8}}.ToRing(), geo.WGS84) {
			if (id-1)%10 < 5 {
				some = append(some, id)
			}
		}
		if got := ids(t, l, q); !slices.Equal(got, some) || len(some) < 100 {
			t.Errorf("%s: %d rows in a box of longitude and latitude, want %d", name, len(got), len(some))
		}
		metres := orb.Bound{Min: orb.Point{1120000, 5540000}, Max: orb.Point{1180000, 5600000}}.ToRing()
		q = features.Query{Filter: filter(t, "S_WITHIN(geometry, BBOX(1120000, 5540000, 1180000, 5600000))"), FilterCRS: geo.WebMercator}
		if got, want := ids(t, l, q), inside(metres, geo.WebMercator); !slices.Equal(got, want) || len(want) < 100 {
			t.Errorf("%s: %d rows in Web Mercator, want %d", name, len(got), len(want))
		}
		q = features.Query{Filter: filter(t, "S_INTERSECTS(geometry, BBOX(570000, 4920000, 590000, 4950000))"), FilterCRS: "EPSG:32632"}
		box := features.Query{BBox: &geo.BBox{MinX: 570000, MinY: 4920000, MaxX: 590000, MaxY: 4950000}}
		if got, want := ids(t, l, q), ids(t, l, box); !slices.Equal(got, want) || len(want) < 100 {
			t.Errorf("%s: %d rows in the system of the rows, want the %d of the box", name, len(got), len(want))
		}
	}
}

func TestFilterOnJSON(t *testing.T) {
	t.Parallel()
	l := packed(t, pointSchema, points(30))
	if got := ids(t, l, features.Query{Filter: filter(t, "A_CONTAINS(tags, ('a1','b'))")}); len(got) != 10 || got[0] != 2 {
		t.Errorf("rows %v", got)
	}
}

func TestFilterWrong(t *testing.T) {
	t.Parallel()
	l := packed(t, pointSchema, points(3))
	for text, says := range map[string]string{
		"nope = 1": "properties here: n, tags, id, geometry", "n = 'x'": "type", "S_INTERSECTS(n, POINT(0 0))": "geometry",
	} {
		_, err := l.Where(filter(t, text), "")
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := l.Where(nil, ""); !fault.Is(err, fault.Invalid) {
		t.Errorf("no filter: %v", err)
	}
	if _, err := l.Where(filter(t, "S_INTERSECTS(geometry, POINT(0 0))"), "EPSG:999999"); err == nil {
		t.Error("a system that nobody knows")
	}
	for name, q := range map[string]features.Query{
		"cursor without order":     {Cursor: &features.Cursor{ID: 1}},
		"cursor of another length": {Sort: []features.SortKey{{Field: "n"}}, Cursor: &features.Cursor{ID: 1}},
		"cursor of another type":   {Sort: []features.SortKey{{Field: "n"}}, Cursor: &features.Cursor{ID: 1, Values: []any{"x"}}},
		"order by nothing":         {Sort: []features.SortKey{{Field: "nope"}}},
		"a long order":             {Sort: make([]features.SortKey, 9)},
	} {
		if err := l.Scan(t.Context(), q, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	binary := packed(t, geo.Schema{Fields: []geo.Field{{Name: "x", Type: geo.Binary}}}, nil)
	if err := binary.Scan(t.Context(), features.Query{Sort: []features.SortKey{{Field: "x"}}}, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("order by binary: %v", err)
	}
}

// A selection is shared by those who ask for the same, and its verdicts are
// those of the rows as they are.
func TestSelectionIsShared(t *testing.T) {
	t.Parallel()
	l := packed(t, pointSchema, points(500))
	e := filter(t, "n = 3 OR n = 4")
	s, err := l.Where(e, "")
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.Feature(t.Context(), 4) // n is 3
	if err != nil {
		t.Fatal(err)
	}
	f.Values[0] = int64(9)
	next, err := l.With([]journal.Change{{Dataset: "rows", Version: 3, Seq: 1, Feature: 4, Op: journal.Replace, After: &f}})
	if err != nil {
		t.Fatal(err)
	}
	same, err := next.Where(filter(t, "n = 3 OR n = 4"), geo.WGS84)
	if err != nil || same != s {
		t.Errorf("the same filter after an edit: shared is %v (%v)", same == s, err)
	}
	count := func(l *layer.Layer) (n int) {
		l.Visit(nil, func(r layer.Row) bool {
			if s.Has(r) {
				n++
			}
			return true
		})
		return n
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if a, b := count(l), count(next); a != 100 || b != 99 {
				t.Errorf("%d rows before the edit, %d after; want 100 and 99", a, b)
			}
		})
	}
	wg.Wait()
	if s.Err() != nil {
		t.Error(s.Err())
	}
}

// A geometry that cannot be judged is an error, and not a row less.
func TestFilterThatFails(t *testing.T) {
	t.Parallel()
	bowtie := orb.Polygon{{{0, 0}, {2, 2}, {2, 0}, {0, 2}, {0, 0}}}
	s := geo.Schema{GeometryType: "Polygon", CRS: geo.WGS84}
	l := inMemory(t, s, []geo.Feature{{ID: 1, Geometry: bowtie}})
	e := filter(t, "S_OVERLAPS(geometry, POLYGON((1 0, 3 0, 3 3, 1 3, 1 0)))")
	one, err := l.Where(e, "")
	if err != nil {
		t.Fatal(err)
	}
	r, _ := l.Find(1)
	has, err := one.Test(r)
	if err == nil && !has {
		t.Fatal("the library has an answer for this geometry: the test tests nothing")
	}
	if err != nil {
		if one.Has(r) || one.Err() == nil {
			t.Error("Has hides the failure")
		}
		if err := l.Scan(t.Context(), features.Query{Filter: e}, func(geo.Feature) bool { return true }); err == nil {
			t.Error("Scan hides the failure")
		}
	}
}

func TestSelectionBox(t *testing.T) {
	t.Parallel()
	l := packed(t, geo.Schema{GeometryType: "Point", CRS: geo.WGS84, Fields: []geo.Field{{Name: "n", Type: geo.Integer}}}, nil)
	inf := math.Inf(1)
	everything := geo.BBox{MinX: -inf, MinY: -inf, MaxX: inf, MaxY: inf}
	for text, want := range map[string]geo.BBox{
		"S_INTERSECTS(geometry, BBOX(1,2,3,4))":                                              {MinX: 1, MinY: 2, MaxX: 3, MaxY: 4},
		"n = 1 AND S_WITHIN(BBOX(1,2,3,4), geometry)":                                        {MinX: 1, MinY: 2, MaxX: 3, MaxY: 4},
		"S_INTERSECTS(geometry, BBOX(0,0,9,9)) AND S_INTERSECTS(geometry, BBOX(1,2,3,4))":    {MinX: 1, MinY: 2, MaxX: 3, MaxY: 4},
		"S_INTERSECTS(geometry, BBOX(1,2,3,4)) OR S_TOUCHES(geometry, LINESTRING(7 7, 8 9))": {MinX: 1, MinY: 2, MaxX: 8, MaxY: 9},
		"S_INTERSECTS(geometry, BBOX(1,2,3,4)) OR n = 1":                                     everything,
		"NOT S_INTERSECTS(geometry, BBOX(1,2,3,4))":                                          everything,
		"S_DISJOINT(geometry, BBOX(1,2,3,4))":                                                everything,
		"S_INTERSECTS(geometry, BBOX(170,2,-170,4))":                                         {MinX: -180, MinY: 2, MaxX: 180, MaxY: 4},
	} {
		s, err := l.Where(filter(t, text), "")
		if err != nil {
			t.Fatal(err)
		}
		if s.Box() != want {
			t.Errorf("%s: %v, want %v", text, s.Box(), want)
		}
	}
}

func TestOpenChecksTheFile(t *testing.T) {
	t.Parallel()
	l := packed(t, pointSchema, points(3))
	for name, d := range map[string]geo.Schema{
		"another attribute": {GeometryType: "Point", CRS: "EPSG:32632", Fields: []geo.Field{{Name: "m", Type: geo.Integer}, {Name: "tags", Type: geo.JSON}}},
		"fewer attributes":  {GeometryType: "Point", CRS: "EPSG:32632", Fields: pointSchema.Fields[:1]},
	} {
		if _, err := layer.Open(dataset(d, 3), l.Packed()); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := layer.Open(dataset(pointSchema, 4), l.Packed()); !fault.Is(err, fault.Invalid) {
		t.Errorf("another number of rows: %v", err)
	}
	if _, err := l.With([]journal.Change{{Dataset: "rows", Version: 2, Seq: 1, Feature: 1, Op: journal.Delete}}); err == nil {
		t.Error("a change of another version")
	}
	if _, err := l.With([]journal.Change{{Dataset: "rows", Version: 3, Seq: 1, Feature: 1, Op: journal.Replace, After: &geo.Feature{ID: 1}}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a row of other attributes: %v", err)
	}
}

// Shapes of edited rows are those of packed ones.
func TestShapesOfEditedRows(t *testing.T) {
	t.Parallel()
	s := geo.Schema{GeometryType: "Geometry", CRS: geo.WGS84}
	ring := orb.Ring{{0, 0}, {4, 0}, {4, 4}, {0, 4}, {0, 0}}
	hole := orb.Ring{{1, 1}, {1, 2}, {2, 2}, {2, 1}, {1, 1}}
	var list []geo.Feature
	for i, g := range []orb.Geometry{
		orb.Point{1, 2},
		orb.MultiPoint{{1, 2}, {3, 4}},
		orb.LineString{{0, 0}, {1, 1}},
		orb.MultiLineString{{{0, 0}, {1, 1}}, {{5, 5}, {6, 7}, {8, 9}}},
		orb.Polygon{ring, hole},
		orb.MultiPolygon{{ring, hole}, {ring}},
		orb.Collection{orb.Point{1, 2}},
		nil,
	} {
		list = append(list, geo.Feature{ID: int64(i + 1), Geometry: g, Values: []any{}})
	}
	a, b := packed(t, s, list), inMemory(t, s, list)
	for _, f := range list {
		p, _ := a.Find(f.ID)
		m, _ := b.Find(f.ID)
		var x, y fgb.Shape
		errX, errY := p.Shape(&x), m.Shape(&y)
		if fault.KindOf(errX) != fault.KindOf(errY) {
			t.Errorf("%d: %v, %v", f.ID, errX, errY)
		}
		if errX == nil && (x.Kind != y.Kind || !slices.Equal(x.XY, y.XY) || !slices.Equal(x.Ends, y.Ends) || !slices.Equal(x.Parts, y.Parts)) {
			t.Errorf("%d: %v %v %v %v and %v %v %v %v", f.ID, x.Kind, x.XY, x.Ends, x.Parts, y.Kind, y.XY, y.Ends, y.Parts)
		}
	}
}
