package analysis_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/atlas"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// sexedLand has people by age and by women of an age in one cell of each
// municipality: east is all that is not the same as in the west.
func sexedLand(t *testing.T, east [5]uint8) *land {
	t.Helper()
	l := emptyLand(t)
	l.territories()
	values := make([][]uint8, 5)
	for b := range values {
		values[b] = make([]uint8, side*side)
		values[b][30*side+20] = [5]uint8{40, 22, 18, 12, 10}[b]
		values[b][30*side+80] = east[b]
	}
	var bands []catalog.Band
	for _, name := range []string{"total", "age_0_64", "age_65_plus", "female_age_0_64", "female_age_65_plus"} {
		bands = append(bands, catalog.Band{Name: name})
	}
	l.rasterOn("population", catalog.Population, landGrid(), values, bands)
	if err := l.atlas.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *land) veil() {
	l.t.Helper()
	if err := l.atlas.Hide(context.Background(), analysis.NewVeil(l.engine, 0, filepath.Join(l.dir, "people"))); err != nil {
		l.t.Fatal(err)
	}
}

func (l *land) pyramid(code string) ([]analysis.PyramidBand, bool) {
	l.t.Helper()
	p, err := l.engine.Profile(context.Background(), code)
	if err != nil {
		l.t.Fatal(err)
	}
	return p.Population.Pyramid, p.Population.PyramidHidden
}

func TestPyramidOfTerritories(t *testing.T) {
	t.Parallel()
	l := sexedLand(t, [5]uint8{30, 14, 16, 7, 9})
	want := map[string][]analysis.PyramidBand{
		"001": {{Band: "age_0_64", Female: 12, Male: 10}, {Band: "age_65_plus", Female: 10, Male: 8}},
		"002": {{Band: "age_0_64", Female: 7, Male: 7}, {Band: "age_65_plus", Female: 9, Male: 7}},
		"9":   {{Band: "age_0_64", Female: 19, Male: 17}, {Band: "age_65_plus", Female: 19, Male: 15}},
	}
	look := func(how string) {
		for code, list := range want {
			if got, hidden := l.pyramid(code); hidden || !slices.Equal(got, list) {
				t.Errorf("%s: the people of %s are %v (hidden %v), want %v", how, code, got, hidden, list)
			}
		}
	}
	look("exact")
	l.veil()
	look("protected, without small counts")
	// Cells do not tell them, and their other bands are told as ever.
	for band, told := range map[string]bool{"age_65_plus": true, "female_age_65_plus": false} {
		z, err := l.engine.Zonal(context.Background(), analysis.ZonalRequest{
			Dataset: "population", Band: band, Stats: []string{"count", "sum"}, Areas: analysis.ZonalAreas{Territories: []string{"001"}},
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		count, _ := z.Areas[0].Result.Get("count")
		if sum, _ := z.Areas[0].Result.Get("sum"); (count > 0) != told || told && sum != 18 {
			t.Errorf("band %s of cells: %v cells with %v people", band, count, sum)
		}
	}
}

// One woman of an age: neither her municipality nor the one beside is told by
// sex, of which the province would tell hers; the province is.
func TestPyramidHidesFew(t *testing.T) {
	t.Parallel()
	l := sexedLand(t, [5]uint8{30, 14, 16, 1, 9})
	l.veil()
	for code, told := range map[string]bool{"001": false, "002": false, "9": true} {
		got, hidden := l.pyramid(code)
		if hidden == told || (len(got) == 2) != told {
			t.Errorf("%s: %v, hidden %v", code, got, hidden)
		}
	}
}

// Columns of men by age, as ISTAT names them, make pyramids of territories;
// rows do not tell them.
func TestPyramidFromSections(t *testing.T) {
	t.Parallel()
	l := emptyLand(t)
	l.territories()
	s := sectionSchema()
	for i := range 16 {
		s.Fields = append(s.Fields, geo.Field{Name: fmt.Sprintf("P%d", 30+i), Type: geo.Integer})
	}
	row := func(id int64, c0, people float64) geo.Feature {
		f := sectionRow(id, block(c0, 20, c0+10, 30), int64(people))
		for i := range 16 {
			f.Values = append(f.Values, f.Values[4+i].(int64)/2) // half of each age are men
		}
		return f
	}
	l.vector("census", catalog.Population, s, []geo.Feature{row(1, 20, 100), row(2, 70, 200)}, nil, nil)
	ctx := context.Background()
	if err := l.atlas.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"exact", "protected"} {
		got, hidden := l.pyramid("001")
		if hidden || len(got) != 16 {
			t.Fatalf("%s: %v, hidden %v", how, got, hidden)
		}
		for _, b := range got {
			want := map[string]float64{"age_25_29": 40, "age_75_plus": 10}[b.Band]
			if b.Female != want || b.Male != want {
				t.Errorf("%s: %+v, want %v of each", how, b, want)
			}
		}
		l.veil()
	}
	layer, err := l.atlas.Current().Layer(ctx, "census")
	if err != nil {
		t.Fatal(err)
	}
	column := func(ctx context.Context) (told int) {
		err := layer.Scan(ctx, features.Query{}, func(f geo.Feature) bool {
			if f.Values[s.FieldIndex("P35")] != nil {
				told++
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		return told
	}
	if shown, exact := column(ctx), column(atlas.Exact(ctx)); shown != 0 {
		t.Errorf("%d rows tell men by age (of %d)", shown, exact)
	}
}
