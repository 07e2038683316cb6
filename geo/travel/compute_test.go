package travel

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/fault"
)

// flat is a level surface of w × h cells of 10 m walked at 1 m/s.
func flat(w, h int) *Surface {
	return &Surface{Width: w, Height: h, CellW: []float64{10}, CellH: []float64{10}, Speed: slices.Repeat([]float32{1}, w*h)}
}

// On open level ground times are exact along the directions of the moves, and
// elsewhere too long by at most 1/cos(22.5°) = 8.24 % with 8 neighbours and
// 1/cos(13.28°) = 2.75 % with 16.
func TestElongation(t *testing.T) {
	t.Parallel()
	const n = 201
	s := flat(n, n)
	for neighbours, worst := range map[int]float64{8: 1 / math.Cos(math.Pi/8), 16: 1 / math.Cos(math.Atan(0.5)/2)} {
		r := compute(t, s, []Source{{Col: n / 2, Row: n / 2}}, Options{Neighbours: neighbours})
		most := 1.0
		for c, d := range r.Seconds {
			dx, dy := float64(c%n-n/2), float64(c/n-n/2)
			straight := 10 * math.Hypot(dx, dy)
			if straight == 0 {
				continue
			}
			ratio := float64(d) / straight
			most = max(most, ratio)
			onMove := dx == 0 || dy == 0 || math.Abs(dx) == math.Abs(dy) ||
				(neighbours == 16 && (math.Abs(dx) == 2*math.Abs(dy) || math.Abs(dy) == 2*math.Abs(dx)))
			if onMove && math.Abs(ratio-1) > 1e-5 {
				t.Errorf("%d neighbours: (%g, %g) takes %g s, want %g", neighbours, dx, dy, d, straight)
			}
			if ratio < 1-1e-5 || ratio > worst+1e-5 {
				t.Fatalf("%d neighbours: (%g, %g) is %g times too long, at most %g", neighbours, dx, dy, ratio, worst)
			}
		}
		if most < worst-1e-3 {
			t.Errorf("%d neighbours: worst elongation %g, want about %g", neighbours, most, worst)
		}
	}
}

// A ramp of 20 % up and down: Tobler's walker needs e^0.7 = 2.014 times the
// level time uphill and e^0.35 = 1.419 times downhill.
func TestRamp(t *testing.T) {
	t.Parallel()
	s := flat(11, 1)
	for c := range 11 {
		s.Elevation = append(s.Elevation, float32(2*c)) // rises to the east
	}
	up, down := math.Exp(3.5*0.2), math.Exp(3.5*(0.15-0.05))
	for _, c := range []struct {
		name   string
		source int
		dir    Direction
		factor float64
	}{
		{"to the top", 10, ToFacility, up},
		{"from the top", 10, FromFacility, down},
		{"to the bottom", 0, ToFacility, down},
		{"from the bottom", 0, FromFacility, up},
	} {
		r := compute(t, s, []Source{{Col: c.source}}, Options{Direction: c.dir})
		if got, want := float64(r.Seconds[10-c.source]), 100*c.factor; math.Abs(got-want) > 1e-4*want {
			t.Errorf("%s: %g s, want %g", c.name, got, want)
		}
	}
	r := compute(t, s, []Source{{Col: 10}}, Options{Slope: Level})
	if r.Seconds[0] != 100 {
		t.Errorf("slope ignored: %g s, want 100", r.Seconds[0])
	}
	s.Rules = slices.Repeat([]SlopeRule{SlopeIgnored}, 11)
	if r := compute(t, s, []Source{{Col: 10}}, Options{}); math.Abs(float64(r.Seconds[0])-100) > 1e-3 {
		t.Errorf("slope ignored by rule: %g s, want 100", r.Seconds[0])
	}
}

// Half level and half +30 %: harmonic speeds give 1.929 times the level time
// for two parts in two moves; averaging speeds would give 1.48.
func TestHarmonic(t *testing.T) {
	t.Parallel()
	s := flat(3, 1)
	s.Elevation = []float32{0, 0, 3}
	r := compute(t, s, []Source{{Col: 2}}, Options{})
	if got := float64(r.Seconds[0]) / 20; math.Abs(got-(1+math.Exp(3.5*0.3))/2) > 1e-5 || math.Abs(got-1.929) > 1e-3 {
		t.Errorf("mixed slope takes %g times the level time, want 1.929", got)
	}
	s = flat(2, 1)
	s.Speed[1] = 0.25
	r = compute(t, s, []Source{{}}, Options{})
	if r.Seconds[1] != 5+20 {
		t.Errorf("half at 1 m/s and half at 0.25: %g s, want 25", r.Seconds[1])
	}
}

func TestToblerTime(t *testing.T) {
	t.Parallel()
	for i := -50000; i <= 50000; i++ {
		slope := float32(i) / 10000
		want := math.Exp(3.5 * (math.Abs(float64(slope)+0.05) - 0.05))
		got := float64(toblerTime(slope))
		if math.Abs(got-want) > 2e-6*want {
			t.Fatalf("slope %g: factor %.9g, want %.9g", slope, got, want)
		}
		if got < toblerFastest {
			t.Fatalf("slope %g: factor %g is below the bound", slope, got)
		}
		s := search{tilted: true, sign: 1}
		if least := float64(s.leastTime(slope)); least > got || (math.Abs(float64(slope)) < 0.2 && least < got*0.994) {
			t.Fatalf("slope %g: bound %.9g of %.9g", slope, least, got)
		}
	}
	if toblerTime(0) != 1 {
		t.Errorf("level factor %g, want exactly 1", toblerTime(0))
	}
	if !math.IsInf(float64(toblerTime(1e30)), 1) || !math.IsInf(float64(toblerTime(-40)), 1) {
		t.Error("a cliff can be walked")
	}
}

// Walls: ' ' open, '#' barrier, 'F' facility; reach says which cells '.' are
// reached in the end.
func TestBarriers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rows []string
		free bool // the cell in the lower right corner is reached
	}{
		"diagonal wall":      {[]string{"F  #", "  # ", " #  ", "#   "}, false},
		"wall with a gap":    {[]string{"F  #", "  # ", "    ", "#   "}, true},
		"thin wall":          {[]string{"F # ", "  # ", "  # ", "  # "}, false},
		"corner to corner":   {[]string{"F#  ", "#   ", "    ", "    "}, false},
		"one corner is free": {[]string{"F#  ", " ## ", "  # ", "#   "}, true},
		"around one corner":  {[]string{"F#", "  "}, true},
		"knight's leap":      {[]string{"F##", "## ", "   "}, false},
		"steep wall":         {[]string{"F # ", "  # ", " #  ", " #  "}, false},
	} {
		w, h := len(c.rows[0]), len(c.rows)
		s := flat(w, h)
		for r, row := range c.rows {
			for col := range row {
				if row[col] == '#' {
					s.Speed[r*w+col] = 0
				}
			}
		}
		for _, n := range []int{8, 16} {
			r := compute(t, s, []Source{{Facility: 7}}, Options{Neighbours: n})
			if got := r.Nearest[w*h-1] == 7; got != c.free {
				t.Errorf("%s, %d neighbours: reached %v, want %v", name, n, got, c.free)
			}
		}
	}
}

func TestUnplacedAndLimits(t *testing.T) {
	t.Parallel()
	s := flat(5, 5)
	s.Speed[6], s.Speed[7] = 0, float32(math.NaN())
	sources := []Source{
		{Col: -1},
		{Col: 5},
		{Row: 1 << 40},
		{Col: 1, Row: 1},
		{Col: 2, Row: 1},
		{Col: 4, Row: 4, Offset: 21},
		{Col: 4, Row: 4, Facility: 3, Offset: 1},
	}
	r := compute(t, s, sources, Options{MaxSeconds: 11})
	want := []Unplaced{{0, Outside}, {1, Outside}, {2, Outside}, {3, Barrier}, {4, Barrier}, {5, TooLate}}
	if !slices.Equal(r.Unplaced, want) {
		t.Errorf("unplaced %v, want %v", r.Unplaced, want)
	}
	if r.Settled != 3 || r.Seconds[23] != 11 || r.Nearest[23] != 3 || !math.IsInf(float64(r.Seconds[18]), 1) || r.Nearest[18] != -1 {
		t.Errorf("limit 11 s: %d cells, %v", r.Settled, r.Seconds)
	}
	if r := compute(t, s, nil, Options{}); r.Settled != 0 || slices.Max(r.Nearest) != -1 {
		t.Errorf("no source reaches %d cells", r.Settled)
	}
	closed := flat(2, 2)
	clear(closed.Speed)
	if r := compute(t, closed, []Source{{}}, Options{}); r.Settled != 0 || len(r.Unplaced) != 1 {
		t.Errorf("closed surface: %+v", r)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, change := range map[string]func(s *Surface){
		"no cells":      func(s *Surface) { s.Width = 0 },
		"short speeds":  func(s *Surface) { s.Speed = s.Speed[1:] },
		"elevations":    func(s *Surface) { s.Elevation = make([]float32, 3) },
		"rules":         func(s *Surface) { s.Rules = make([]SlopeRule, 3) },
		"widths":        func(s *Surface) { s.CellW = []float64{1, 2, 3} },
		"no height":     func(s *Surface) { s.CellH = nil },
		"zero width":    func(s *Surface) { s.CellW = []float64{0} },
		"nan height":    func(s *Surface) { s.CellH = []float64{math.NaN()} },
		"negative":      func(s *Surface) { s.Speed[2] = -1 },
		"infinite":      func(s *Surface) { s.Speed[2] = float32(math.Inf(1)) },
		"over MaxSpeed": func(s *Surface) { s.Speed[2] = MaxSpeed + 1 },
	} {
		s := flat(2, 2)
		change(s)
		if _, err := Compute(ctx, s, nil, Options{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: error %v, want invalid", name, err)
		}
	}
	for _, size := range [][2]int{{1 << 20, 1 << 20}, {1 << 62, 1 << 62}, {46341, 46341}} {
		s := flat(2, 2)
		s.Width, s.Height = size[0], size[1]
		if _, err := Prepare(s); !fault.Is(err, fault.TooLarge) {
			t.Errorf("%v cells: error %v, want too large", size, err)
		}
	}
	for name, o := range map[string]Options{
		"neighbours": {Neighbours: 4}, "limit": {MaxSeconds: -1}, "workers": {Workers: -1}, "many workers": {Workers: MaxWorkers + 1}, "nan": {MaxSeconds: float32(math.NaN())},
		"direction": {Direction: 9}, "slope": {Slope: 9},
	} {
		if _, err := Compute(ctx, flat(2, 2), nil, o); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: error %v, want invalid", name, err)
		}
	}
	for name, src := range map[string]Source{
		"facility": {Facility: -1}, "offset": {Offset: -1}, "nan": {Offset: float32(math.NaN())}, "inf": {Offset: float32(math.Inf(1))},
	} {
		if _, err := Compute(ctx, flat(2, 2), []Source{src}, Options{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: error %v, want invalid", name, err)
		}
	}
}

// A search that is broken off leaves engine and workspace fit for the next.
func TestCancel(t *testing.T) {
	t.Parallel()
	e, err := Prepare(flat(300, 300))
	if err != nil {
		t.Fatal(err)
	}
	sources, ws := []Source{{Col: 150, Row: 150}}, NewWorkspace()
	want, err := e.Compute(context.Background(), sources, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	calls := 0
	o := Options{Progress: func(int64) {
		if calls++; calls == 2 {
			cancel()
		}
	}}
	if _, err := e.Reach(ctx, ws, sources, o); !fault.Is(err, fault.Canceled) || !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want canceled", err)
	}
	if calls != 2 {
		t.Errorf("progress came %d times before the cancel was seen, want 2", calls)
	}
	if _, err := e.Compute(ctx, sources, o); !fault.Is(err, fault.Canceled) {
		t.Fatalf("error %v, want canceled", err)
	}
	again, err := e.Reach(context.Background(), ws, sources, Options{MaxSeconds: 50})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range again.Cells {
		if again.Seconds[i] != want.Seconds[c] {
			t.Fatalf("cell %d: %g s after a cancel, want %g", c, again.Seconds[i], want.Seconds[c])
		}
	}
	if len(again.Cells) == 0 {
		t.Error("nothing reached")
	}
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	s := hills(120)
	e, err := Prepare(s)
	if err != nil {
		t.Fatal(err)
	}
	sources := scatter(s, 8)
	want := make([]*Result, len(sources))
	for i := range sources {
		want[i] = compute(t, s, sources[i:i+1], Options{})
	}
	var wg sync.WaitGroup
	for i := range sources {
		wg.Go(func() {
			for range 3 {
				r, err := e.Compute(context.Background(), sources[i:i+1], Options{})
				if err != nil || !slices.Equal(r.Seconds, want[i].Seconds) || !slices.Equal(r.Nearest, want[i].Nearest) {
					t.Errorf("source %d: another result beside others (%v)", i, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestNearestPassable(t *testing.T) {
	t.Parallel()
	s := flat(7, 7)
	clear(s.Speed)
	s.CellW, s.CellH = []float64{10}, []float64{30}
	s.Speed[s.Cell(5, 3)], s.Speed[s.Cell(3, 4)] = 1, 1
	got, ok := NearestPassable(s, 3, 3, 2)
	if !ok || got != (Snapped{5, 3, 20}) {
		t.Errorf("nearest %v, %v; want column 5 at 20 m", got, ok)
	}
	if got, ok := NearestPassable(s, 3, 3, 1); !ok || got != (Snapped{3, 4, 30}) {
		t.Errorf("nearest within 1: %v, %v", got, ok)
	}
	if _, ok := NearestPassable(s, 0, 0, 3); ok {
		t.Error("found a cell too far away")
	}
	if got, ok := NearestPassable(s, 9, 3, 4); !ok || got.Metres != 40 {
		t.Errorf("from outside: %v, %v", got, ok)
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSurface(rt)
		sources, o := drawSources(rt, s), drawOptions(rt)
		e, err := Prepare(s)
		if err != nil {
			rt.Fatal(err)
		}
		r, err := e.Compute(context.Background(), sources, o)
		if err != nil {
			rt.Fatal(err)
		}
		for c, d := range r.Seconds {
			path, err := e.Path(r, sources, o, c%s.Width, c/s.Width)
			if math.IsInf(float64(d), 1) {
				if !fault.Is(err, fault.NotExist) {
					rt.Fatalf("no route, error %v", err)
				}
				continue
			}
			if d > 1e5 {
				continue // moves of less than the spacing of times
			}
			if err != nil {
				rt.Fatal(err)
			}
			last := path[len(path)-1]
			if path[0] != (Step{c % s.Width, c / s.Width, d}) || !slices.ContainsFunc(sources, func(x Source) bool {
				return x.Col == last.Col && x.Row == last.Row && x.Offset == last.Seconds
			}) {
				rt.Fatalf("route of cell %d: %v", c, path)
			}
			for i := 1; i < len(path); i++ {
				m := move{path[i-1].Col - path[i].Col, path[i-1].Row - path[i].Row}
				took := naiveMove(s, path[i].Col, path[i].Row, m, o)
				if math.Abs(float64(path[i-1].Seconds-path[i].Seconds)-took) > 1e-4*took+0.02 {
					rt.Fatalf("leg %v to %v takes %g s", path[i-1], path[i], took)
				}
			}
		}
	})
}
