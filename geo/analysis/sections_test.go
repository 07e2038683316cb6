package analysis_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/store/catalog"
)

// sectionSchema has names as ISTAT gives them.
func sectionSchema() geo.Schema {
	s := geo.Schema{CRS: utm, GeometryType: "Polygon", Fields: []geo.Field{{Name: "SEZ21", Type: geo.Integer}, {Name: "P1", Type: geo.Integer}}}
	for _, n := range []string{"P2", "P3", "P14", "P15", "P16", "P17", "P18", "P19", "P20", "P21", "P22", "P23", "P24", "P25", "P26", "P27", "P28", "P29"} {
		s.Fields = append(s.Fields, geo.Field{Name: n, Type: geo.Integer})
	}
	return s
}

// block is the square of cells [c0, c1) × [r0, r1) of the plain.
func block(c0, r0, c1, r1 float64) orb.Polygon {
	x0, x1, y0, y1 := west+c0*cellSize, west+c1*cellSize, north-r1*cellSize, north-r0*cellSize
	return orb.Polygon{{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}}
}

// sectionRow is a section with so many people, a fifth of them of 75 and more.
func sectionRow(id int64, g orb.Geometry, people int64) geo.Feature {
	old := people / 5
	v := []any{id, people, people / 2, people - people/2}
	for i := range 16 {
		n := int64(0)
		switch i {
		case 5:
			n = people - old
		case 15:
			n = old
		}
		v = append(v, n)
	}
	return geo.Feature{ID: id, Geometry: g, Values: v}
}

// Census sections with ISTAT's variables: nobody is lost, people live on the
// built-up cells of their section, and sections a little over the border
// count where they belong.
func TestPeopleFromSections(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	cover := slices.Repeat([]uint8{30}, side*side)
	for row := 20; row < 30; row++ {
		for col := 20; col < 23; col++ {
			cover[row*side+col] = 50 // a village of 10 × 3 cells
		}
	}
	l.raster("ground", catalog.LandCover, cover, catalog.Band{Name: "class"})
	l.vector("census", catalog.Population, sectionSchema(), []geo.Feature{
		sectionRow(1, block(20, 20, 30, 30), 997),      // holds the village
		sectionRow(2, block(60.5, 60.5, 70, 70), 500),  // no village: everywhere
		sectionRow(3, block(45, 80, 50.2, 90), 301),    // a little over the border of 001 and 002
		sectionRow(4, block(48, 10, 53, 15), 100),      // across it: divided
		sectionRow(5, block(0, 0, 5, 5), 0),            // nobody
		sectionRow(6, block(200, 200, 210, 210), 7777), // off the land
	}, nil, nil)
	if err := l.atlas.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	rep, _, err := l.engine.Coverage(context.Background(), analysis.CoverageRequest{
		Territory: "9", Service: "clinic", Population: "census", LandCover: "ground", Thresholds: []float64{3600},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if rep.PopulationTotal != 997+500+301+100 {
		t.Errorf("%g people, want 1,898", rep.PopulationTotal)
	}
	for i, want := range []float64{997 + 301 + 40, 500 + 60} {
		if got := rep.Areas[i].Population; math.Abs(got-want) > 0.01 {
			t.Errorf("%s has %g people, want %g", rep.Areas[i].Name, got, want)
		}
	}
	bands := map[string]float64{}
	for _, b := range rep.AgeBands {
		bands[b.Band] = b.Population
	}
	if len(bands) != 18 || bands["age_75_plus"] != 199+100+60+20 || bands["female"]+bands["male"] != rep.PopulationTotal {
		t.Errorf("bands %v", bands)
	}
}

// Land cover that the catalog has tells where a section is built up.
func TestSectionsOverBuiltUpLand(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	cover := slices.Repeat([]uint8{30}, side*side)
	for i := range 30 {
		cover[(20+i/3)*side+20+i%3] = 50
	}
	if _, err := l.cat.Remove(context.Background(), "landcover", ""); err != nil {
		t.Fatal(err)
	}
	l.raster("ground", catalog.LandCover, cover, catalog.Band{Name: "class"})
	var rows []geo.Feature
	for i := range 16 { // 4 × 4 sections of 10 × 10 cells round the village
		n := int64(0)
		if i == 5 {
			n = 800
		}
		rows = append(rows, sectionRow(int64(i+1), block(float64(10+i%4*10), float64(10+i/4*10), float64(20+i%4*10), float64(20+i/4*10)), n))
	}
	rows = append(rows, sectionRow(99, block(60, 60, 70, 70), 50))
	l.vector("census", catalog.Population, sectionSchema(), rows, nil, nil)
	if err := l.atlas.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	// From the village's nearest cell to the clinic at (25, 50), and its
	// farthest: everyone of section 6 is within these times.
	speed := 4.86 / 3.6
	near, far := steps(22-25, 29-50)*cellSize/speed, steps(20-25, 20-50)*cellSize/speed
	rep, _, err := l.engine.Coverage(context.Background(), analysis.CoverageRequest{
		Territory: "9", Service: "clinic", Population: "census", Roads: []string{"none"}, Thresholds: []float64{near * 0.95, far + 1},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := []float64{rep.Coverage[0].Covered, rep.Coverage[1].Covered}; got[0] != 0 || got[1] != 800 {
		t.Errorf("covered %v, want nobody nearer than the village and 800 within it", got)
	}
	said := ""
	for _, p := range rep.Method.Parameters {
		if p.Name == "population-spread" {
			said, _ = p.Value.(string)
		}
	}
	if !strings.Contains(said, "built-up land in ground") || !strings.Contains(said, "wrong one") {
		t.Errorf("how people were spread: %q", said)
	}
	if slices.ContainsFunc(rep.Notices, func(n coverage.Notice) bool { return n.Code == coverage.NoticeBandsIncomplete }) {
		t.Error("ages and sexes each hold everyone, and are said not to")
	}
	if !slices.ContainsFunc(rep.Notices, func(n coverage.Notice) bool {
		return n.Code == "sections-without-built-up" && strings.HasPrefix(n.Text, "1 section ")
	}) {
		t.Errorf("notices %+v", rep.Notices)
	}
}
