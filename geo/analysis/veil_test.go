package analysis_test

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/atlas"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// veiledLand has few people in few cells, and a veil.
func veiledLand(t *testing.T) *land {
	t.Helper()
	l := emptyLand(t)
	l.territories()
	people := make([]uint8, side*side)
	for i := range people {
		switch x, y := i%side, i/side; {
		case (x+y)%7 == 0 && x < 40:
			people[i] = 1 // scattered houses
		case x == 70 && y == 50:
			people[i] = 2 // all who live in the east
		case x >= 20 && x < 24 && y >= 40 && y < 44:
			people[i] = 50 // a village
		}
	}
	l.raster("population", catalog.Population, people, catalog.Band{Name: "total"})
	if err := l.atlas.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := l.atlas.Hide(context.Background(), analysis.NewVeil(l.engine, 0, filepath.Join(l.dir, "people"))); err != nil {
		t.Fatal(err)
	}
	return l
}

// TestVeilOfCells: no statistics of cells, of whatever areas, tell fewer people
// than three, or by subtraction; sums of municipalities stay.
func TestVeilOfCells(t *testing.T) {
	t.Parallel()
	l := veiledLand(t)
	ctx := context.Background()
	zonal := func(areas analysis.ZonalAreas) *analysis.ZonalResult {
		got, err := l.engine.Zonal(ctx, analysis.ZonalRequest{Dataset: "population", Areas: areas, Stats: []string{"sum", "max", "count"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	whole := zonal(analysis.ZonalAreas{Territories: []string{"001", "002"}})
	sum := func(a *analysis.ZonalArea) float64 { v, _ := a.Result.Get("sum"); return v }
	inWest, inEast := sum(&whole.Areas[0]), sum(&whole.Areas[1])
	want := 0.0
	for i := range side * side {
		if x, y := i%side, i/side; x < 40 && (x+y)%7 == 0 {
			want++
		} else if x >= 20 && x < 24 && y >= 40 && y < 44 {
			want += 50
		}
	}
	// Of the two municipalities one has two people: the other is hidden with it.
	if inWest == want || inEast == 2 {
		t.Errorf("west %v of %v, east %v: two people can be computed", inWest, want, inEast)
	}
	if len(whole.Notices) == 0 {
		t.Error("nothing says that the figures are protected")
	}
	// Small squares, wherever they lie: their people are shares of blocks, and
	// no cell stands out by one or two.
	for _, at := range [][2]int{{3, 4}, {14, 70}, {30, 33}, {20, 40}} {
		x, y := west+float64(at[0])*cellSize, north-float64(at[1])*cellSize
		g, err := crs.New(utm, geo.WGS84)
		if err != nil {
			t.Fatal(err)
		}
		square, err := g.Geometry(orb.Polygon{{{x, y}, {x + cellSize, y}, {x + cellSize, y - cellSize}, {x, y - cellSize}, {x, y}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := zonal(analysis.ZonalAreas{Features: []analysis.ZonalFeature{{Code: "a", Geometry: square}}})
		v, i := sum(&got.Areas[0]), at[1]*side+at[0]
		if got.Areas[0].Result.Names != nil && v == 1 && i >= 0 {
			t.Errorf("the one person of cell %v is told", at)
		}
	}
}

// TestVeilOfRows: small counts of rows are gone wherever rows are read, and
// cannot be asked for.
func TestVeilOfRows(t *testing.T) {
	t.Parallel()
	l := emptyLand(t)
	l.territories()
	s := geo.Schema{Fields: []geo.Field{{Name: "istat", Type: geo.String}, {Name: "pop", Type: geo.Integer}, {Name: "other", Type: geo.Integer}}, CRS: geo.WGS84}
	l.vector("people", catalog.Population, s, []geo.Feature{
		{ID: 1, Values: []any{"001", int64(500), int64(7)}}, {ID: 2, Values: []any{"002", int64(2), int64(9)}},
	}, nil, &catalog.PopulationFields{Code: "istat", Total: "pop"})
	ctx := context.Background()
	if err := l.atlas.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if err := l.atlas.Hide(ctx, analysis.NewVeil(l.engine, 0, filepath.Join(l.dir, "people"))); err != nil {
		t.Fatal(err)
	}
	read := func(ctx context.Context) map[int64][]any {
		layer, err := l.atlas.Current().Layer(ctx, "people")
		if err != nil {
			t.Fatal(err)
		}
		out := map[int64][]any{}
		if err := layer.Scan(ctx, features.Query{}, func(f geo.Feature) bool { out[f.ID] = f.Values; return true }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	shown, exact := read(ctx), read(atlas.Exact(ctx))
	if shown[2][1] != nil || shown[2][2] != nil || shown[1][1] != nil || shown[2][0] != "002" {
		t.Errorf("rows are shown as %v", shown)
	}
	if exact[2][1] != int64(2) || exact[1][1] != int64(500) {
		t.Errorf("rows are %v", exact)
	}
	p, err := l.engine.Profile(ctx, "002")
	if err != nil {
		t.Fatal(err)
	}
	if !p.Population.Hidden {
		t.Errorf("the profile tells %+v", p.Population)
	}
	if p, err = l.engine.Profile(ctx, "9"); err != nil || p.Population.Hidden || p.Population.Total != 502 {
		t.Errorf("the province: %+v, %v", p.Population, err)
	}
	var counts analysis.Counts
	of, err := l.engine.PeopleOf(ctx, &counts, []string{"001", "002", "9"})
	if err != nil || of["002"].People != nil || of["001"].People != nil || of["9"].People == nil || *of["9"].People != 502 {
		t.Errorf("lists tell %v, %v", of, err)
	}
	if _, err := l.atlas.Apply(ctx, "people", []atlas.Edit{{ID: 2}}, "me"); !fault.Is(err, fault.Unsupported) {
		t.Errorf("a row that is not shown whole is edited: %v", err)
	}
}

// TestVeilLeavesReportsAsTheyAre: a report counts everyone, and refuses to tell
// small counts.
func TestVeilLeavesReportsAsTheyAre(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	ctx := context.Background()
	q := analysis.CoverageRequest{Territory: "9", Service: "clinic", Profile: analysis.Walking, Thresholds: []float64{1200}}
	before, _, err := l.engine.Coverage(ctx, q, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.atlas.Hide(ctx, analysis.NewVeil(l.engine, 0, filepath.Join(l.dir, "people"))); err != nil {
		t.Fatal(err)
	}
	after, _, err := l.engine.Coverage(ctx, q, nil)
	if err != nil {
		t.Fatal(err)
	}
	if before.Coverage[0].Covered != after.Coverage[0].Covered || before.PopulationTotal != after.PopulationTotal || math.IsNaN(after.PopulationTotal) {
		t.Errorf("%+v, behind the veil %+v", before.Coverage, after.Coverage)
	}
	q.HideBelow = -1
	if _, _, err := l.engine.Coverage(ctx, q, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("small counts are told: %v", err)
	}
}
