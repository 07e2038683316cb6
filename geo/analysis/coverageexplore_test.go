package analysis_test

import (
	"context"
	"encoding/json"
	"math"
	"sync"
	"testing"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/travel"
)

func explore(t *testing.T, l *land, q analysis.ExploreRequest) *analysis.Exploration {
	t.Helper()
	x, err := l.engine.Explore(context.Background(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func asked(service string, thresholds ...float64) analysis.ExploreRequest {
	return analysis.ExploreRequest{CoverageRequest: analysis.CoverageRequest{Territory: "9", Service: service, Profile: analysis.Walking, Thresholds: thresholds}}
}

// TestExploreIsTheReport: explorations have the figures of reports, whether
// anything was kept or not, and whatever was asked in between.
func TestExploreIsTheReport(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	l.points("post", catalog.Service, map[string][2]int{"Post": {60, 20}, "Post two": {10, 80}})
	if err := l.atlas.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, round := range []string{"first", "kept"} {
		for _, service := range []string{"clinic", "post"} {
			for _, thresholds := range [][]float64{{900, 1800}, {2700}} {
				q := asked(service, thresholds...)
				// The ground of an exploration reaches as far as its last step says.
				rep, _, err := l.engine.Coverage(context.Background(), q.CoverageRequest, nil)
				if err != nil {
					t.Fatal(err)
				}
				got := explore(t, l, q).Report
				figures := func(r any) string {
					b, err := json.Marshal(r)
					if err != nil {
						t.Fatal(err)
					}
					return string(b)
				}
				for name, pair := range map[string][2]any{
					"coverage": {got.Coverage, rep.Coverage}, "areas": {got.Areas, rep.Areas}, "gaps": {got.Gaps, rep.Gaps}, "inputs": {got.Inputs, rep.Inputs},
					"notices": {got.Notices, rep.Notices}, "disclosure": {got.Disclosure, rep.Disclosure}, "bands": {got.AgeBands, rep.AgeBands},
				} {
					if a, b := figures(pair[0]), figures(pair[1]); a != b {
						t.Errorf("%s, %s within %v: %s are\n%s, of the report\n%s", round, service, thresholds, name, a, b)
					}
				}
			}
		}
	}
}

func TestExploreSupposes(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	q := asked("clinic", 3600)
	before := explore(t, l, q)
	if len(before.Facilities) != 1 || before.Facilities[0].Extra {
		t.Fatalf("facilities %+v", before.Facilities)
	}
	q.Without = []string{before.Facilities[0].ID}
	closed := explore(t, l, q)
	if closed.Report.Coverage[0].Covered != 0 || closed.Report.Facilities.Count != 0 {
		t.Errorf("without its only facility %+v are covered", closed.Report.Coverage)
	}
	// One more on the far bank, where nobody reaches the clinic.
	x, y := landGrid().Center(95, 50)
	tr, err := crs.New(utm, geo.WGS84)
	if err != nil {
		t.Fatal(err)
	}
	xs, ys := []float64{x}, []float64{y}
	if err := tr.Points(xs, ys); err != nil {
		t.Fatal(err)
	}
	q = asked("clinic", 3600)
	q.Extra = []analysis.TravelPlace{{Name: "New", Lon: xs[0], Lat: ys[0]}}
	more := explore(t, l, q)
	if more.Report.Coverage[0].Covered <= before.Report.Coverage[0].Covered || more.Report.Coverage[0].Unreachable != 0 {
		t.Errorf("one more facility: %+v, before %+v", more.Report.Coverage, before.Report.Coverage)
	}
	if n := more.Facilities; len(n) != 2 || !n[1].Extra || n[1].Name != "New" {
		t.Errorf("facilities %+v", n)
	}
	if again := explore(t, l, asked("clinic", 3600)); again.Report.Coverage[0].Covered != before.Report.Coverage[0].Covered || len(again.Report.Notices) != len(before.Report.Notices) {
		t.Error("what was supposed stayed")
	}
	j, err := l.engine.ExploreJourney(context.Background(), q, analysis.TravelPlace{Lon: xs[0] + 0.002, Lat: ys[0]}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if j.Facility.Name != "New" || len(j.Legs) != 1 || !(j.Seconds > 0 && j.Seconds < 600) {
		t.Errorf("journey %+v", j)
	}
}

// TestTimeSurface compares tiles with the times on an open plain.
func TestTimeSurface(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	s, err := l.engine.TimeSurface(context.Background(), asked("clinic"), nil)
	if err != nil {
		t.Fatal(err)
	}
	info := s.Info()
	const z = 13
	n := float64(int(1) << z)
	lon, lat := (info.Bounds[0]+info.Bounds[2])/2, (info.Bounds[1]+info.Bounds[3])/2
	fx := (lon + 180) / 360 * n
	fy := (1 - math.Asinh(math.Tan(lat*math.Pi/180))/math.Pi) / 2 * n
	tile, err := s.Tile(z, int(fx), int(fy))
	if err != nil {
		t.Fatal(err)
	}
	tr, err := crs.New(geo.WGS84, utm)
	if err != nil {
		t.Fatal(err)
	}
	speed := 4.86 / 3.6
	seen := map[uint8]int{}
	for i, got := range tile {
		px, py := (math.Floor(fx)+(float64(i%256)+0.5)/256)/n, (math.Floor(fy)+(float64(i/256)+0.5)/256)/n
		xs, ys := []float64{px*360 - 180}, []float64{math.Atan(math.Sinh(math.Pi*(1-2*py))) * 180 / math.Pi}
		if err := tr.Points(xs, ys); err != nil {
			t.Fatal(err)
		}
		c, r := (xs[0]-west)/cellSize, (north-ys[0])/cellSize
		if math.Abs(c-math.Round(c)) < 1e-3 || math.Abs(r-math.Round(r)) < 1e-3 {
			continue // on the edge of a cell
		}
		col, row := int(math.Floor(c)), int(math.Floor(r))
		want := uint8(analysis.MinutesOutside)
		switch {
		case col < 0 || row < 0 || col >= side || row >= side:
		case col == 90:
			want = analysis.MinutesNoGround
		case col > 90:
			want = analysis.MinutesNever
		default:
			m := steps(col-25, row-50) * cellSize / speed / 60
			if math.Abs(m-math.Round(m)) < 1e-4 {
				continue // float32 may round either way
			}
			want = uint8(math.Ceil(m))
		}
		seen[want]++
		if got != want {
			t.Fatalf("pixel %d, cell %d, %d: %d, want %d", i, col, row, got, want)
		}
	}
	if len(seen) < 5 {
		t.Errorf("the tile shows too little to tell: %v", seen)
	}
	for _, bad := range [][3]int{{3, 8, 0}, {-1, 0, 0}, {25, 0, 0}, {3, 0, -1}} {
		if _, err := s.Tile(bad[0], bad[1], bad[2]); !fault.Is(err, fault.NotExist) {
			t.Errorf("tile %v: %v", bad, err)
		}
	}
	if far, err := s.Tile(3, 0, 0); err != nil || far[0] != analysis.MinutesOutside {
		t.Errorf("a tile far away: %v, %v", far[:1], err)
	}
}

func TestExploreRefuses(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	for name, c := range map[string]struct {
		change func(*analysis.ExploreRequest)
		want   fault.Kind
	}{
		"late threshold": {func(q *analysis.ExploreRequest) { q.Thresholds = []float64{5401} }, fault.Invalid},
		"NaN":            {func(q *analysis.ExploreRequest) { q.Thresholds = []float64{math.NaN()} }, fault.Invalid},
		"own profile":    {func(q *analysis.ExploreRequest) { q.Own = []travel.Profile{{Name: "mine"}} }, fault.Invalid},
		"no facility":    {func(q *analysis.ExploreRequest) { q.Without = []string{"nobody"} }, fault.NotExist},
		"no place":       {func(q *analysis.ExploreRequest) { q.Extra = []analysis.TravelPlace{{Lon: 200}} }, fault.Invalid},
		"too many":       {func(q *analysis.ExploreRequest) { q.Extra = make([]analysis.TravelPlace, 21) }, fault.Invalid},
		"no territory":   {func(q *analysis.ExploreRequest) { q.Territory = "nobody" }, fault.NotExist},
		"no rules":       {func(q *analysis.ExploreRequest) { q.Rules = []string{"nothing"} }, fault.NotExist},
	} {
		q := asked("clinic")
		c.change(&q)
		if _, err := l.engine.Explore(context.Background(), q, nil); !fault.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestExploreMovesOn: new data give a new answer, and a question that was
// given up does not keep others from being answered.
func TestExploreMovesOn(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.engine.Explore(gone, asked("clinic"), nil); err == nil {
		t.Error("an answer to nobody")
	}
	if l.engine.Ready(asked("clinic")) || l.engine.Explored(asked("clinic")) {
		t.Error("ready before anything was computed")
	}
	first := explore(t, l, asked("clinic", 1800))
	if !l.engine.Ready(asked("post")) || !l.engine.Explored(asked("clinic")) || l.engine.Explored(asked("post")) {
		t.Error("what is kept is not told")
	}
	l.points("post", catalog.Service, map[string][2]int{"Post": {70, 50}})
	if err := l.atlas.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	if l.engine.Ready(asked("clinic")) || l.engine.Stamp() == first.Stamp {
		t.Error("other data, and the same is kept")
	}
	second := explore(t, l, asked("clinic", 1800))
	if second.Stamp == first.Stamp || second.Report.Coverage[0] != first.Report.Coverage[0] && *second.Report.Coverage[0].Share != *first.Report.Coverage[0].Share {
		t.Errorf("stamp %s, then %s; %v, then %v covered", first.Stamp, second.Stamp, first.Report.Coverage, second.Report.Coverage)
	}
}

// TestExploreTogether: many ask at once, for the race detector.
func TestExploreTogether(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			q := asked("clinic", 900, float64(1800+60*(i%3)))
			if i%2 == 1 {
				q.Profile = "senior-80"
			}
			q.Ranges, q.Rules = i%4 == 0, map[bool][]string{true: {analysis.ItalianRules}}[i%4 == 0]
			x, err := l.engine.Explore(context.Background(), q, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if (len(x.Report.Ranges) > 0) != q.Ranges {
				t.Errorf("ranges %v, asked %v", x.Report.Ranges, q.Ranges)
			}
			if _, err := l.engine.TimeSurface(context.Background(), q, nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
