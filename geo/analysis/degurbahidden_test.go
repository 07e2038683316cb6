package analysis_test

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/fault"
	"contado/geo/sdg"
	"contado/geo/store/catalog"
)

// scattered is a plain with a town in the west and, in both halves, houses of
// one or two people out of it.
func scattered(t *testing.T) *land {
	t.Helper()
	l := emptyLand(t)
	l.territories()
	people := make([]uint8, side*side)
	for i := range people {
		switch row, col := i/side, i%side; {
		case row >= 30 && row < 70 && col >= 5 && col < 45:
			people[i] = 50
		case row >= 10 && row < 20 && col >= 60 && col < 70:
			people[i] = 8
		case row == 95 && col == 25, row == 90 && col == 95:
			people[i] = 1
		}
	}
	l.raster("population", catalog.Population, people, catalog.Band{Name: "total"})
	if err := l.atlas.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	return l
}

func degurbaOf(t *testing.T, l *land, hideBelow float64) *analysis.DegurbaResult {
	t.Helper()
	got, err := l.engine.Degurba(context.Background(), analysis.DegurbaRequest{Territory: "9", Population: "population", HideBelow: hideBelow}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestDegurbaHidesFew: no small count of a class is told, nor left by the
// counts that are; those told are the true ones.
func TestDegurbaHidesFew(t *testing.T) {
	t.Parallel()
	l := scattered(t)
	open, shut := degurbaOf(t, l, -1), degurbaOf(t, l, 0)
	if open.Disclosure != nil || shut.Disclosure == nil || shut.Disclosure.Threshold != 3 || shut.Disclosure.Primary < 2 {
		t.Fatalf("disclosure %+v and %+v", open.Disclosure, shut.Disclosure)
	}
	small := 0
	for a := range shut.Areas {
		gone, hidden := 0.0, 0
		for k, n := range shut.Areas[a].Cells {
			want := *open.Areas[a].Cells[k]
			switch {
			case n == nil:
				gone += want
				hidden++
			case *n != want:
				t.Errorf("%s, class %d: %v people, want %v", shut.Areas[a].Name, k, *n, want)
			case *n > 0 && *n < 3:
				t.Errorf("%s, class %d tells %v people", shut.Areas[a].Name, k, *n)
			}
			if want > 0 && want < 3 {
				small++
			}
		}
		if hidden == 1 && shut.Areas[a].People != nil {
			t.Errorf("%s hides one class, of %v people: its total tells", shut.Areas[a].Name, gone)
		}
		if hidden > 0 && shut.Areas[a].Urban != nil {
			t.Errorf("%s hides classes and tells their share", shut.Areas[a].Name)
		}
	}
	if small < 2 {
		t.Fatalf("%d small counts: this proves nothing", small)
	}
	for _, c := range shut.Cells {
		if c.People == nil || math.IsNaN(*c.People) {
			continue
		}
		if *c.People > 0 && *c.People < 3 {
			t.Errorf("class %d tells %v people", c.Class, *c.People)
		}
	}
}

// TestDegurbaBehindTheVeil: answers count blocks, refuse smaller counts, and
// lose nobody; published people are told as they are.
func TestDegurbaBehindTheVeil(t *testing.T) {
	t.Parallel()
	l := scattered(t)
	open := degurbaOf(t, l, -1)
	ctx := context.Background()
	if err := l.atlas.Hide(ctx, analysis.NewVeil(l.engine, 0, filepath.Join(l.dir, "people"))); err != nil {
		t.Fatal(err)
	}
	shut := degurbaOf(t, l, 0)
	for a := range shut.Areas {
		if n := shut.Areas[a].People; n != nil && math.Abs(*n-*open.Areas[a].People) > 0.02*(*open.Areas[a].People) {
			t.Errorf("%s: %v people, want %v", shut.Areas[a].Name, *n, *open.Areas[a].People)
		}
		if shut.Areas[a].Level1 != open.Areas[a].Level1 {
			t.Errorf("%s is %s, want %s", shut.Areas[a].Name, shut.Areas[a].Level1, open.Areas[a].Level1)
		}
	}
	for _, below := range []float64{-1, 2, math.NaN()} {
		if _, err := l.engine.Degurba(ctx, analysis.DegurbaRequest{Territory: "9", Population: "population", HideBelow: below}, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("counts below %v: %v", below, err)
		}
		if _, err := l.engine.Indicators(ctx, analysis.IndicatorsRequest{Territory: "9", Population: "population", HideBelow: below}, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("indicators of counts below %v: %v", below, err)
		}
	}
}

// TestIndicatorsHideFew: percentages of few people are hidden, by whatever part
// or area they could be told.
func TestIndicatorsHideFew(t *testing.T) {
	t.Parallel()
	l := scattered(t)
	roads := geo.Schema{CRS: utm, GeometryType: "LineString", Fields: []geo.Field{{Name: "class", Type: geo.String}}}
	y := north - 96*cellSize // near the one house in the south of the west
	l.vector("roads", catalog.Road, roads, []geo.Feature{
		{ID: 1, Geometry: orb.LineString{{west + 20*cellSize, y}, {west + 30*cellSize, y}}, Values: []any{"secondary"}},
	}, nil, nil)
	ctx := context.Background()
	if err := l.atlas.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	get := func(below float64) coverage.Indicator {
		res, err := l.engine.Indicators(ctx, analysis.IndicatorsRequest{Territory: "9", Population: "population", Only: []string{sdg.RuralAccess}, HideBelow: below}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return res.Indicators[0]
	}
	open, shut := get(-1), get(0)
	if n := open.Parts["within"]; !(n > 0 && n < 3) {
		t.Fatalf("%v people within: this proves nothing", n)
	}
	if shut.Value != nil || shut.Why["it"] == "" || len(shut.Parts) != 0 {
		t.Errorf("one or two people are told: %+v", shut)
	}
	for _, a := range shut.Areas {
		if a.Value != nil && *a.Value > 0 {
			t.Errorf("%s tells %v %% of %v", a.Name, *a.Value, a.Counted)
		}
	}
}
