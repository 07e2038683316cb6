package analysis_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/degurba"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/table"
)

// A town of 4 × 4 km in the west, villages in the east: nobody is lost, and
// each municipality has the class that its people have.
func TestDegurbaOfAPlain(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	ctx := context.Background()
	people := make([]uint8, side*side)
	west, east := 0.0, 0.0
	for i := range people {
		row, col := i/side, i%side
		switch {
		case row >= 30 && row < 70 && col >= 5 && col < 45:
			people[i] = 50 // 5,000 on a km²
		case row >= 10 && row < 20 && col >= 60 && col < 70:
			people[i] = 8 // a village of 800
		case col >= 50 && i%7 == 0:
			people[i] = 1
		}
		if col < 50 {
			west += float64(people[i])
		} else {
			east += float64(people[i])
		}
	}
	l.raster("people", catalog.Population, people, catalog.Band{Name: "total"})
	if err := l.atlas.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	got, err := l.engine.Degurba(ctx, analysis.DegurbaRequest{Territory: "9", Population: "people", Dir: dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Areas) != 2 || len(got.Classes) != 4 || len(got.Cells) != 8 || got.Rules.ID != degurba.Latest {
		t.Fatalf("%d areas, %d classes, %d classes of cells, rules %s", len(got.Areas), len(got.Classes), len(got.Cells), got.Rules.ID)
	}
	// The town has 80,000 people; where its edge cuts the cells of the other
	// CRS, some fall outside the centre, but most are in.
	if a := got.Areas[0]; math.Abs(*a.People-west) > 0.01*west || a.Level1 != "city" || a.Level2 != "city" || *a.Urban < 0.9 {
		t.Errorf("west: %+v, want a city of %g", a, west)
	}
	if a := got.Areas[1]; math.Abs(*a.People-east) > 0.02*east || a.Level1 != "rural" || *a.People == 0 {
		t.Errorf("east: %+v, want a rural area of %g", a, east)
	}
	sum, km2 := 0.0, 0.0
	for _, c := range got.Cells {
		sum, km2 = sum+*c.People, km2+c.Km2
	}
	if sum != *got.Areas[0].People+*got.Areas[1].People || math.Abs(km2-100) > 1 {
		t.Errorf("%g people on %g km², areas have %g", sum, km2, *got.Areas[0].People+*got.Areas[1].People)
	}
	if c := got.Classes[2]; c.Scheme != "degurba-l2" || c.Class != "city" || c.Label["it"] != "Città" || c.Level != "municipality" {
		t.Errorf("class %+v", c)
	}
	if m := got.Map; m == nil || len(m.Classes) != 8 || len(m.Derivation.Inputs) < 3 {
		t.Errorf("map %+v", m)
	}
	var csv strings.Builder
	if err := got.Table(table.Italian).CSV(&csv, table.Italian); err != nil || !strings.Contains(csv.String(), "Città") {
		t.Errorf("table %q (%v)", csv.String(), err)
	}
	// Built-up land counts as dense whoever lives there, once it is named.
	l.raster("built", catalog.OtherRole, slices.Repeat([]uint8{80}, side*side), catalog.Band{Name: "percent"})
	if err := l.atlas.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	built, err := l.engine.Degurba(ctx, analysis.DegurbaRequest{Territory: "9", Population: "people", Built: "built", Level: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if built.Areas[1].Level1 != "city" || built.Map != nil {
		t.Errorf("all built up, the east is %+v", built.Areas[1])
	}
}

func TestDegurbaRefusals(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	ctx := context.Background()
	s := geo.Schema{Fields: []geo.Field{{Name: "istat", Type: geo.String}, {Name: "pop", Type: geo.Integer}}}
	l.vector("table", catalog.Population, s, []geo.Feature{{ID: 1, Values: []any{"001", int64(5000)}}}, nil, &catalog.PopulationFields{Code: "istat", Total: "pop"})
	if err := l.atlas.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		q    analysis.DegurbaRequest
		kind fault.Kind
		says string
	}{
		"rules":     {analysis.DegurbaRequest{Territory: "9", Population: "population", Rules: "1999"}, fault.Invalid, "2024-07"},
		"level":     {analysis.DegurbaRequest{Territory: "9", Population: "population", Level: 3}, fault.Invalid, "levels 1 and 2"},
		"territory": {analysis.DegurbaRequest{Territory: "10", Population: "population"}, fault.NotExist, ""},
		"table":     {analysis.DegurbaRequest{Territory: "9", Population: "table"}, fault.Invalid, "where people live"},
		"built":     {analysis.DegurbaRequest{Territory: "9", Population: "population", Built: "clinic"}, fault.Invalid, "no raster"},
	} {
		if _, err := l.engine.Degurba(ctx, c.q, nil); !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v that says %q", name, err, c.kind, c.says)
		}
	}
	told := 0
	q := analysis.StudyRequest{CoverageRequest: analysis.CoverageRequest{Territory: "9", Population: "table"}, Services: []string{"clinic"}, Degurba: true}
	_, _, err := l.engine.Study(ctx, q, func(float64, string) { told++ })
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "where people live") || told > 0 {
		t.Errorf("a study refuses after %d stages: %v", told, err)
	}
	q.Degurba = false
	if _, _, err := l.engine.Study(ctx, q, nil); err != nil {
		t.Errorf("a study without the degree: %v", err)
	}
}
