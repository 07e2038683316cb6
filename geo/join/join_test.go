package join_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/paulmach/orb/geojson"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/join"
	"contado/geo/store/postgis/pgtest"
	"contado/scripts/shareddata"
)

const utm = "EPSG:32632"

func toLonLat(t testing.TB, from geo.CRS) *crs.Transformer {
	t.Helper()
	tr, err := crs.New(from, geo.WGS84)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// star is a ring round a centre, without crossings.
func star(r *rand.Rand, x, y, radius float64, n int) orb.Ring {
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		a := 2 * math.Pi * (float64(i) + 0.8*r.Float64()) / float64(n)
		d := radius * (0.4 + 0.6*r.Float64())
		ring = append(ring, orb.Point{x + d*math.Cos(a), y + d*math.Sin(a)})
	}
	return append(ring, ring[0])
}

// shape is a random geometry near (600 km, 4950 km) in UTM.
func shape(r *rand.Rand, kind int) orb.Geometry {
	x, y := 600000+r.Float64()*4000, 4950000+r.Float64()*4000
	switch kind {
	case 0:
		return orb.Point{x, y}
	case 1:
		line := orb.LineString{}
		for range 2 + r.IntN(12) {
			line = append(line, orb.Point{x, y})
			x, y = x+(r.Float64()-0.5)*2500, y+(r.Float64()-0.5)*2500
		}
		return line
	case 2: // on a grid: edges that lie along each other, corners that touch
		gx, gy := 600000+500*float64(r.IntN(8)), 4950000+500*float64(r.IntN(8))
		w, h := 500*float64(1+r.IntN(4)), 500*float64(1+r.IntN(4))
		return orb.Polygon{{{gx, gy}, {gx + w, gy}, {gx + w, gy + h}, {gx, gy + h}, {gx, gy}}}
	default:
		p := orb.Polygon{star(r, x, y, 200+1800*r.Float64(), 4+r.IntN(30))}
		if hole := star(r, x, y, 60, 5); r.IntN(2) == 0 {
			p = append(p, hole)
		}
		return p
	}
}

type answer struct {
	touches      bool
	length, area float64
}

// askPostGIS measures on the geography of the shared part.
func askPostGIS(t *testing.T, stmt *sql.Stmt, area, g orb.Geometry) answer {
	t.Helper()
	var a answer
	if err := stmt.QueryRowContext(t.Context(), wkb.MustMarshal(area), wkb.MustMarshal(g)).Scan(&a.touches, &a.length, &a.area); err != nil {
		t.Fatal(err)
	}
	return a
}

func prepare(t *testing.T, srid int) *sql.Stmt {
	t.Helper()
	db, err := sql.Open("postgres", pgtest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	stmt, err := db.PrepareContext(t.Context(), fmt.Sprintf(`
WITH g AS (SELECT ST_SetSRID(ST_GeomFromWKB($1), %[1]d) a, ST_SetSRID(ST_GeomFromWKB($2), %[1]d) b),
i AS (SELECT ST_Intersects(a, b) hit, ST_Transform(ST_Intersection(a, b), 4326) g FROM g)
SELECT hit, coalesce(ST_Length(ST_CollectionExtract(g, 2)::geography), 0), coalesce(ST_Area(ST_CollectionExtract(g, 3)::geography), 0) FROM i`, srid))
	if err != nil {
		t.Fatal(err)
	}
	return stmt
}

func near(got, want, relative, absolute float64) bool {
	return math.Abs(got-want) <= relative*math.Abs(want)+absolute
}

func TestSameAsPostGIS(t *testing.T) {
	t.Parallel()
	stmt := prepare(t, 32632)
	tr := toLonLat(t, utm)
	r := rand.New(rand.NewPCG(1, 2))
	touching := 0
	for i := range 1500 {
		area, g := shape(r, 2+r.IntN(2)), shape(r, r.IntN(4))
		m := join.NewMeasurer(join.NewOutline(orb.MultiPolygon{area.(orb.Polygon)}), tr)
		got, err := m.Of(g)
		if err != nil {
			t.Fatal(err)
		}
		want := askPostGIS(t, stmt, area, g)
		if want.touches {
			touching++
		}
		if _, polygon := g.(orb.Polygon); polygon {
			want.length = 0 // of boundaries that touch along a line
		}
		// PROJ and our own projection agree to some micrometres.
		if got.Touches != want.touches || !near(got.Metres, want.length, 1e-9, 1e-5) || !near(got.SquareMetres, want.area, 1e-9, 2e-2) {
			t.Errorf("%d: %v in %v: %+v, PostGIS %+v", i, g, area, got, want)
		}
	}
	if touching < 300 {
		t.Errorf("only %d of the pairs touch", touching)
	}
}

// Areas in longitude and latitude need no projection: there PostGIS and we
// agree to 1e-9, and to a square centimetre where a small part of two large
// polygons is what remains of areas down to the equator.
func TestAreaToTheLastDigits(t *testing.T) {
	t.Parallel()
	stmt := prepare(t, 4326)
	r := rand.New(rand.NewPCG(3, 4))
	m := toLonLat(t, geo.WGS84)
	for i := range 300 {
		area := orb.Polygon{star(r, 11, 44, 0.05, 4+r.IntN(40))}
		g := orb.Polygon{star(r, 11.02, 44.01, 0.0005+0.03*r.Float64(), 4+r.IntN(40))}
		got, err := join.NewMeasurer(join.NewOutline(orb.MultiPolygon{area}), m).Of(g)
		if err != nil {
			t.Fatal(err)
		}
		if want := askPostGIS(t, stmt, area, g); !near(got.SquareMetres, want.area, 1e-9, 1e-4) {
			t.Errorf("%d: %.9f m², PostGIS %.9f", i, got.SquareMetres, want.area)
		}
	}
}

func comuni(t *testing.T, file string) map[string]orb.MultiPolygon {
	t.Helper()
	data, err := os.ReadFile(shareddata.Path(t, "it-boundaries/"+file))
	if err != nil {
		t.Fatal(err)
	}
	var fc geojson.FeatureCollection
	if err := json.Unmarshal(data, &fc); err != nil {
		t.Fatal(err)
	}
	all := map[string]orb.MultiPolygon{}
	for _, f := range fc.Features {
		switch g := f.Geometry.(type) {
		case orb.Polygon:
			all[f.Properties.MustString("name")] = orb.MultiPolygon{g}
		case orb.MultiPolygon:
			all[f.Properties.MustString("name")] = g
		}
	}
	return all
}

// Municipalities: each has all of itself, and cells of a grid laid over it
// add up to its area, whoever is cut by whom.
func TestPartition(t *testing.T) {
	t.Parallel()
	m := toLonLat(t, geo.WGS84)
	all := comuni(t, "limits_R_14_municipalities.geojson")
	if len(all) < 100 {
		t.Fatalf("%d municipalities", len(all))
	}
	for name, mp := range all {
		want := crs.Area(mp)
		whole, err := join.NewMeasurer(join.NewOutline(mp), m).Of(mp)
		if err != nil || !near(whole.SquareMetres, want, 1e-9, 0) {
			t.Errorf("%s in itself: %g of %g m², %v", name, whole.SquareMetres, want, err)
		}
		b := mp.Bound()
		outline := join.NewMeasurer(join.NewOutline(mp), m)
		var inCells, ofCells float64
		const n = 3
		w, h := (b.Max[0]-b.Min[0])/n, (b.Max[1]-b.Min[1])/n
		for i := range n * n {
			x, y := b.Min[0]+float64(i%n)*w, b.Min[1]+float64(i/n)*h
			cell := orb.Polygon{{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}, {x, y}}}
			p, err := outline.Of(cell)
			if err != nil {
				t.Fatal(err)
			}
			q, err := join.NewMeasurer(join.NewOutline(orb.MultiPolygon{cell}), m).Of(mp)
			if err != nil {
				t.Fatal(err)
			}
			inCells, ofCells = inCells+p.SquareMetres, ofCells+q.SquareMetres
		}
		// Both orders agree; the sum differs from the whole by the width
		// between the geodesic along a cell's side of some kilometres and the
		// shorter ones along its pieces.
		if !near(inCells, ofCells, 1e-9, 1e-4) || !near(inCells, want, 2e-5, 0) {
			t.Errorf("%s: cells hold %g and %g of %g m²", name, inCells, ofCells, want)
		}
	}
}

func TestLocate(t *testing.T) {
	t.Parallel()
	o := join.NewOutline(orb.MultiPolygon{
		{{{0, 0}, {0, 10}, {10, 10}, {10, 0}, {0, 0}}, {{4, 4}, {6, 4}, {6, 6}, {4, 6}, {4, 4}}}, // clockwise outline
		{{{20, 0}, {30, 0}, {25, 5}, {20, 0}}},
	})
	for p, want := range map[orb.Point]join.Place{
		{5, 1}: join.Inside, {5, 5}: join.Outside, {0, 0}: join.On, {0, 5}: join.On, {10, 3}: join.On, {4, 5}: join.On, {6, 6}: join.On,
		{-1, 5}: join.Outside, {15, 5}: join.Outside, {15, 0}: join.Outside, {25, 1}: join.Inside, {25, 5}: join.On, {1, 4}: join.Inside, {1, 6}: join.Inside,
		{22, 2}: join.On, {22, 2.0000001}: join.Outside, {math.NaN(), 1}: join.Outside,
	} {
		if got := o.Locate(p); got != want {
			t.Errorf("%v lies %d, want %d", p, got, want)
		}
	}
}
