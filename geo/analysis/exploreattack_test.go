package analysis_test

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/disclosure"
	"contado/geo/store/catalog"
)

// pieces is how many pieces a side the people of these tests live in.
const pieces = 20

// pieceCentres are the middles of the pieces, in degrees.
func pieceCentres(t *testing.T) (x, y []float64) {
	t.Helper()
	const size = side / pieces * cellSize
	for i := range pieces * pieces {
		x, y = append(x, west+(float64(i%pieces)+0.5)*size), append(y, north-(float64(i/pieces)+0.5)*size)
	}
	tr, err := crs.New(utm, geo.WGS84)
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.Points(x, y); err != nil {
		t.Fatal(err)
	}
	return x, y
}

// twoPeoples are people by piece, and others who differ in who lives where
// within blocks, and in nothing else: nobody may tell them apart.
func twoPeoples(t *testing.T, rng *rand.Rand) (one, other []float64) {
	t.Helper()
	p := disclosure.Places{Areas: 2}
	p.X, p.Y = pieceCentres(t)
	for i := range pieces * pieces {
		p.Area = append(p.Area, int32(i%pieces/(pieces/2)))
		one = append(one, float64([]int{0, 0, 1, 2, 1, 5, 0, 9}[rng.IntN(8)]))
	}
	blocks := func(people []float64) []int32 {
		p.Columns = [][]float64{people}
		g, err := disclosure.NewGroups(context.Background(), p, 3)
		if err != nil {
			t.Fatal(err)
		}
		return g.Of
	}
	of := blocks(one)
	other = slices.Clone(one)
	moved := 0
	for i := range one {
		for j := range i {
			if of[i] < 0 || of[i] != of[j] || other[i] == other[j] || rng.IntN(3) > 0 {
				continue
			}
			other[i], other[j] = other[j], other[i]
			if !slices.Equal(blocks(other), of) {
				other[i], other[j] = other[j], other[i]
				continue
			}
			moved++
		}
	}
	if moved < 20 {
		t.Fatalf("%d pieces change places: this proves little", moved)
	}
	return one, other
}

// peopled is the plain with these people, as a raster of pieces or as sections.
func peopled(t *testing.T, people []float64, sections, veil bool) *land {
	t.Helper()
	l := emptyLand(t)
	l.territories()
	cover := slices.Repeat([]uint8{30}, side*side)
	l.raster("landcover", catalog.LandCover, cover, catalog.Band{Name: "class"})
	l.points("clinic", catalog.Service, map[string][2]int{"Clinic": {25, 50}})
	const n = side / pieces
	if sections {
		s := geo.Schema{GeometryType: "Polygon", CRS: utm, Fields: []geo.Field{{Name: "pop", Type: geo.Integer}}}
		var fs []geo.Feature
		for i, v := range people {
			x, y := float64(i%pieces*n), float64(i/pieces*n)
			fs = append(fs, geo.Feature{ID: int64(i + 1), Geometry: block(x, y, x+n, y+n), Values: []any{int64(v)}})
		}
		l.vector("people", catalog.Population, s, fs, nil, &catalog.PopulationFields{Total: "pop"})
	} else {
		g := landGrid()
		g.Width, g.Height = pieces, pieces
		g.Transform[1], g.Transform[5] = n*cellSize, -n*cellSize
		values := make([]uint8, len(people))
		for i, v := range people {
			values[i] = uint8(v)
		}
		l.rasterOn("people", catalog.Population, g, [][]uint8{values}, []catalog.Band{{Name: "total"}})
	}
	if err := l.atlas.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	if veil {
		if err := l.atlas.Hide(context.Background(), analysis.NewVeil(l.engine, 0, filepath.Join(l.dir, "people"))); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// questions are what somebody asks who moves a supposed point about, takes it
// away, and tries times that differ by little.
func questions(t *testing.T, rng *rand.Rand) (list []analysis.ExploreRequest) {
	t.Helper()
	x, y := pieceCentres(t)
	for n := range 14 {
		q := asked("clinic", 300, 600+float64(60*(n%4)), 1800)
		q.Population = "people"
		for range n % 3 {
			i := rng.IntN(len(x))
			q.Extra = append(q.Extra, analysis.TravelPlace{Lon: x[i] + 0.0005*rng.Float64(), Lat: y[i]})
		}
		if n%5 == 4 {
			q.Profile, q.SpeedKmh = analysis.StraightLine, 3+rng.Float64()
		}
		list = append(list, q)
	}
	return list
}

// told is all that an exploration says of people.
func told(t *testing.T, l *land, q analysis.ExploreRequest) string {
	t.Helper()
	r := explore(t, l, q).Report
	b, err := json.Marshal([]any{r.PopulationTotal, r.Coverage, r.MedianS, r.Areas, r.Gaps, r.GapsOmitted, r.Curve, r.Equity})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestAnswersTellBlocksAlone: whatever is asked, however often, and however
// answers are compared, people who live otherwise within blocks give the same
// answers; as they are read without protection they do not.
func TestAnswersTellBlocksAlone(t *testing.T) {
	t.Parallel()
	for _, sections := range []bool{false, true} {
		rng := rand.New(rand.NewPCG(41, 43))
		one, other := twoPeoples(t, rng)
		a, b := peopled(t, one, sections, true), peopled(t, other, sections, true)
		openA, openB := peopled(t, one, sections, false), peopled(t, other, sections, false)
		differ, some := 0, map[string]bool{}
		for n, q := range questions(t, rng) {
			x, y := told(t, a, q), told(t, b, q)
			if x != y {
				t.Fatalf("sections %v, question %d: answers are\n%s\nand\n%s", sections, n, x, y)
			}
			some[x] = true
			if n < 4 && told(t, openA, q) != told(t, openB, q) {
				differ++
			}
		}
		if differ == 0 || len(some) < 8 {
			t.Errorf("sections %v: %d answers differ without protection, %d kinds of answers: this proves nothing", sections, differ, len(some))
		}
	}
}

// TestExplorationCountsBlocks: nobody is lost in blocks, an answer says how it
// counts, and areas that are hidden elsewhere are not told as empty.
func TestExplorationCountsBlocks(t *testing.T) {
	t.Parallel()
	people := make([]float64, pieces*pieces)
	all := 0.0
	for i := range people {
		if people[i] = float64(i % 3); i%pieces >= pieces/2 {
			people[i] = 0
		}
		all += people[i]
	}
	l := peopled(t, people, false, true)
	q := asked("clinic", 1800)
	q.Population = "people"
	x := explore(t, l, q)
	if math.Abs(x.Report.PopulationTotal-all) > 1e-3 {
		t.Errorf("%v people, want %v", x.Report.PopulationTotal, all)
	}
	if !slices.ContainsFunc(x.Report.Notices, func(n coverage.Notice) bool { return n.Code == "people-in-blocks" && n.Texts["it"] != "" }) {
		t.Error("nothing says how people are counted")
	}
	few := veiledLand(t) // two people live in the east, which hides the west too
	few.raster("landcover", catalog.LandCover, slices.Repeat([]uint8{30}, side*side), catalog.Band{Name: "class"})
	few.points("clinic", catalog.Service, map[string][2]int{"Clinic": {25, 50}})
	if err := few.atlas.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	got, err := few.engine.Explore(context.Background(), asked("clinic", 1800), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range got.Report.Areas {
		if !a.Suppressed || !a.Coverage[0].Suppressed {
			t.Errorf("area %s is told as %+v", a.Code, a.Figures)
		}
	}
	if !slices.ContainsFunc(got.Report.Notices, func(n coverage.Notice) bool { return n.Code == "areas-not-counted" }) {
		t.Error("nothing says that areas are not counted")
	}
}
