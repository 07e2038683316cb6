package road_test

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/travel"
	"contado/geo/travel/road"
)

// straight is a road of so many points going east along the equator.
func straight(points int, step float64) orb.LineString {
	var line orb.LineString
	for i := range points {
		line = append(line, orb.Point{float64(i) * step, 0})
	}
	return line
}

func weigh(t *testing.T, n *road.Network, p travel.Profile, o *road.WeighOptions) *road.Graph {
	t.Helper()
	g, err := n.Weigh(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestLengths holds lengths of all directions and latitudes against the
// geodesic.
func TestLengths(t *testing.T) {
	t.Parallel()
	for lat := -79.0; lat <= 79; lat += 7.9 {
		for _, d := range []orb.Point{{1e-4, 0}, {0, 1e-4}, {0.03, 0.02}, {-0.08, 0.08}, {3, 2}} {
			a, b := orb.Point{10, lat}, orb.Point{10 + d[0], lat + d[1]}
			want := float64(crs.Distance(a[0], a[1], b[0], b[1]))
			if got := road.LengthOf(road.Quantize(a), road.Quantize(b)); math.Abs(got-want) > 1e-6*want+0.012 {
				t.Errorf("from %v to %v: %g m, want %g", a, b, got, want)
			}
		}
	}
}

// TestOneEdgeOfManyVertices: vertices that nobody shares are shape, not nodes.
func TestOneEdgeOfManyVertices(t *testing.T) {
	t.Parallel()
	n := build(t, world{ways: []road.Way{
		{ID: 1, Line: straight(11, 1e-3), Attributes: road.Attributes{Class: "fast"}},
		{ID: 2, Line: orb.LineString{{5e-3, 0}, {5e-3, 1e-3}}, Attributes: road.Attributes{Class: "slow"}},
		{ID: 3, Line: orb.LineString{{0, 0}, {0, 0}}},
		{ID: 4, Line: orb.LineString{{0, 91}, {0, 92}}},
	}}, nil)
	if n.Nodes() != 4 || n.Edges() != 3 || n.Notes().LeftOut != 2 {
		t.Fatalf("%d nodes, %d edges, %+v; want 4, 3 and 2 left out", n.Nodes(), n.Edges(), n.Notes())
	}
	if got := len(n.Shape(0, nil)); got != 6 {
		t.Errorf("the first edge has %d vertices, want 6", got)
	}
	g := weigh(t, n, plainCar(), nil)
	metres := float64(crs.Distance(0, 0, 5e-3, 0))
	if ms, ok := g.Millis(0); !ok || math.Abs(float64(ms)-metres/90*3600) > 1 {
		t.Errorf("edge of %g m at 90 km/h takes %d ms", metres, ms)
	}
}

// TestOneWayLoop: once round a one-way loop is the only way back.
func TestOneWayLoop(t *testing.T) {
	t.Parallel()
	loop := orb.LineString{cross(0, 0), cross(1, 0), cross(1, 1), cross(0, 1), cross(0, 0)}
	n := build(t, world{ways: []road.Way{{ID: 1, Line: loop, Attributes: road.Attributes{Class: "fast", OneWay: 1}}}}, nil)
	g := weigh(t, n, plainCar(), nil)
	if n.Edges() != 1 || g.Passable(1) {
		t.Fatalf("%d edges; backwards may be driven: %t", n.Edges(), g.Passable(1))
	}
	whole, _ := g.Millis(0)
	times, err := g.Search(context.Background(), []road.Seed{{Edge: 0, Along: 0.5}}, road.Options{Direction: travel.ToFacility})
	if err != nil {
		t.Fatal(err)
	}
	for along, want := range map[float32]float64{0.25: 0.25, 0.5: 0, 0.75: 0.75, 1: 0.5} {
		if got := float64(times.At(0, along).Millis()) / float64(whole); math.Abs(got-want) > 1e-3 {
			t.Errorf("from %g to 0.5 is %g of the loop, want %g", along, got, want)
		}
	}
}

// TestRamp holds a ride over a ramp against the sum of its parts, each at its
// own slope, in both directions.
func TestRamp(t *testing.T) {
	t.Parallel()
	// Half level, half rising by 8 %.
	hill := func(_ context.Context, lon, _ []float64, z []float32) error {
		for i := range lon {
			z[i] = float32(max(0, lon[i]-0.01) * 111319.49 * 0.08)
		}
		return nil
	}
	w := world{ways: []road.Way{{ID: 1, Line: straight(21, 1e-3), Attributes: road.Attributes{Class: "slow"}}}}
	n := build(t, w, hill)
	p := plainCar()
	p.Mode, p.Slope = travel.Bicycle, travel.Cycling
	g := weigh(t, n, p, nil)
	half := float64(crs.Distance(0, 0, 0.01, 0))
	v := 30 / 3.6
	for arc, want := range []float64{
		half/v + half/v*travel.Cycling.Factor(0.08), half/v*travel.Cycling.Factor(-0.08) + half/v,
	} {
		// One piece of 25 m lies across the foot of the ramp.
		if ms, _ := g.Millis(arc); math.Abs(float64(ms)/1000-want) > 0.01*want {
			t.Errorf("arc %d takes %g s, want %g", arc, float64(ms)/1000, want)
		}
	}
	if up, down := n.Climb(0); math.Abs(up-half*0.08) > 0.05 || down != 0 {
		t.Errorf("up %g and down %g m, want %g and 0", up, down, half*0.08)
	}
	p.Road.MaxSlope = 0.05
	if steep := weigh(t, n, p, nil); steep.Passable(0) || steep.Passable(1) {
		t.Error("a slope of 8 % may be ridden by who takes 5 %")
	}
}

// TestBridgeOverGorge: bridges and tunnels run straight between their ends,
// also where several meet.
func TestBridgeOverGorge(t *testing.T) {
	t.Parallel()
	gorge := func(_ context.Context, lon, _ []float64, z []float32) error {
		for i := range lon {
			z[i] = 100
			if lon[i] > 0.0015 && lon[i] < 0.0085 {
				z[i] = -500
			}
			if lon[i] > 0.0085 {
				z[i] = 170
			}
		}
		return nil
	}
	deck := road.Attributes{Class: "fast", Bridge: true}
	n := build(t, world{ways: []road.Way{
		{ID: 1, Line: orb.LineString{{0, 0}, {0.001, 0}}, Attributes: road.Attributes{Class: "fast"}},
		{ID: 2, Line: orb.LineString{{0.001, 0}, {0.003, 0}, {0.005, 0}}, Attributes: deck},
		{ID: 3, Line: orb.LineString{{0.005, 0}, {0.009, 0}}, Attributes: deck},
		{ID: 4, Line: orb.LineString{{0.009, 0}, {0.01, 0}}, Attributes: road.Attributes{Class: "fast"}},
	}}, gorge)
	for i := range n.Nodes() {
		at, z := n.Node(i)
		want := 100.0
		switch {
		case math.Abs(at[0]-0.005) < 1e-9:
			want = 135 // half-way between 100 and 170
		case at[0] > 0.0085:
			want = 170
		}
		if math.Abs(float64(z)-want) > 0.1 {
			t.Errorf("node at %v is at %g m, want %g", at, z, want)
		}
	}
	for e := range n.Edges() {
		if _, down := n.Climb(e); down > 0.2 {
			t.Errorf("edge %d goes down %g m", e, down)
		}
	}
}

// TestFerry takes the timetable's time, shared out by length.
func TestFerry(t *testing.T) {
	t.Parallel()
	n := build(t, world{ways: []road.Way{
		{ID: 1, Line: straight(5, 1e-3), Attributes: road.Attributes{Class: "ferry", Seconds: 600}},
		{ID: 2, Line: orb.LineString{{1e-3, 0}, {1e-3, 1e-3}}, Attributes: road.Attributes{Class: "fast"}},
	}}, nil)
	g := weigh(t, n, plainCar(), nil)
	a, _ := g.Millis(0)
	b, _ := g.Millis(2)
	if a != 150_000 || b != 450_000 {
		t.Errorf("a quarter and three quarters of a crossing of 600 s take %d and %d ms", a, b)
	}
}

// TestSpeeds: class, limit, surface, factor and span, and access.
func TestSpeeds(t *testing.T) {
	t.Parallel()
	p := plainCar()
	p.Road.UseMaxspeed, p.Road.MaxspeedShare = true, 0.8
	p.Road.Surface = map[string]float64{"gravel": 0.5, "grade2": 0.9}
	p.Road.KMH["fast_link"] = travel.Span{Low: 30, Mid: 40, High: 50}
	for name, c := range map[string]struct {
		way  road.Attributes
		kmh  float64 // 0: closed
		back float64
	}{
		"class":     {road.Attributes{Class: "fast"}, 90, 90},
		"slip road": {road.Attributes{Class: "fast", Link: true}, 40, 40},
		"limits":    {road.Attributes{Class: "fast", MaxForward: 50, MaxBackward: 100}, 40, 80},
		"gravel":    {road.Attributes{Class: "slow", Surface: "gravel"}, 15, 15},
		"grade":     {road.Attributes{Class: "slow", Track: "grade2"}, 27, 27},
		"unknown":   {road.Attributes{Class: "corridor"}, 0, 0},
		"private":   {road.Attributes{Class: "fast", Access: [road.Modes]road.Access{road.Car: road.AccessPrivate}}, 0, 0},
		"of others": {road.Attributes{Class: "fast", Access: [road.Modes]road.Access{road.Bicycle: road.AccessClosed}}, 90, 90},
		"one way":   {road.Attributes{Class: "fast", OneWay: -1}, 0, 90},
	} {
		n := build(t, world{ways: []road.Way{{ID: 1, Line: straight(2, 1e-2), Attributes: c.way}}}, nil)
		g := weigh(t, n, p, nil)
		for arc, kmh := range []float64{c.kmh, c.back} {
			ms, ok := g.Millis(arc)
			if ok != (kmh > 0) {
				t.Errorf("%s: arc %d may be driven: %t", name, arc, ok)
			}
			if got := n.Metres(0) / float64(ms) * 3600; ok && math.Abs(got-kmh) > 0.01*kmh {
				t.Errorf("%s: arc %d is driven at %g km/h, want %g", name, arc, got, kmh)
			}
		}
	}
	n := build(t, world{ways: []road.Way{{ID: 1, Line: straight(2, 1e-2), Attributes: road.Attributes{Class: "fast"}}}}, nil)
	for span, want := range map[int]float64{-1: 30, 0: 90, 1: 200} { // 60 × 0.5, 90, 100 × 2
		ms, _ := weigh(t, n, p, &road.WeighOptions{Span: span}).Millis(0)
		if got := n.Metres(0) / float64(ms) * 3600; math.Abs(got-want) > 0.01*want {
			t.Errorf("span %d: %g km/h, want %g", span, got, want)
		}
	}
	closed := weigh(t, n, p, &road.WeighOptions{Open: func(int) float64 { return 0 }})
	if closed.Passable(0) {
		t.Error("a road that the season closes may be driven")
	}
}

// TestTolerance joins ends that nearly meet, and says how far they were apart.
func TestTolerance(t *testing.T) {
	t.Parallel()
	ways := []road.Way{
		{ID: 1, Line: straight(3, 1e-3), Attributes: road.Attributes{Class: "fast"}},
		{ID: 2, Line: orb.LineString{{1e-3, 2e-5}, {1e-3, 1e-3}}, Attributes: road.Attributes{Class: "fast"}}, // 2.2 m off
	}
	for tolerance, want := range map[float64]int{0: 5, 1: 5, 5: 4} {
		n, err := road.Build(context.Background(), all(ways), nil, &road.BuildOptions{ToleranceM: tolerance})
		if err != nil {
			t.Fatal(err)
		}
		notes := n.Notes()
		if n.Nodes() != want-boolInt(tolerance < 5) || (notes.Joined == 1) != (tolerance == 5) {
			t.Errorf("tolerance %g m: %d nodes, %+v", tolerance, n.Nodes(), notes)
		}
		if tolerance == 5 && math.Abs(notes.FarthestM-2.21) > 0.05 {
			t.Errorf("ends were %g m apart, want 2.21", notes.FarthestM)
		}
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestKNearest holds the k best of each node against searches for each
// facility alone.
func TestKNearest(t *testing.T) {
	t.Parallel()
	var ways []road.Way
	for i := range 6 {
		for k := range 6 {
			if i < 5 {
				ways = append(ways, road.Way{ID: int64(len(ways)), Line: orb.LineString{cross(i, k), cross(i+1, k)}, Attributes: road.Attributes{Class: "slow", OneWay: int8(k%3 - 1)}})
			}
			if k < 5 {
				ways = append(ways, road.Way{ID: int64(len(ways)), Line: orb.LineString{cross(i, k), cross(i, k+1)}, Attributes: road.Attributes{Class: "fast"}})
			}
		}
	}
	n := build(t, world{ways: ways}, nil)
	g := weigh(t, n, plainCar(), nil)
	var seeds []road.Seed
	for f := range 5 {
		seeds = append(seeds, road.Seed{Edge: int32(f * 11 % n.Edges()), Along: 0.5, Facility: int32(f)})
	}
	for _, dir := range []travel.Direction{travel.ToFacility, travel.FromFacility} {
		got, err := g.KNearest(context.Background(), seeds, 3, road.Options{Direction: dir})
		if err != nil {
			t.Fatal(err)
		}
		alone := make([]*road.Times, len(seeds))
		for i := range seeds {
			if alone[i], err = g.Search(context.Background(), seeds[i:i+1], road.Options{Direction: dir}); err != nil {
				t.Fatal(err)
			}
		}
		for node := range n.Nodes() {
			var want []road.Label
			for i := range alone {
				want = append(want, alone[i].Node(node))
			}
			sortLabels(want)
			for k := range 3 {
				if got[node*3+k] != want[k] {
					t.Fatalf("direction %d, node %d: facility %d is %v, want %v", dir, node, k, got[node*3+k], want[k])
				}
			}
		}
	}
}

func sortLabels(l []road.Label) {
	for i := range l {
		for k := i; k > 0 && l[k] < l[k-1]; k-- {
			l[k], l[k-1] = l[k-1], l[k]
		}
	}
}

// TestMatrix is the same whichever side is searched from.
func TestMatrix(t *testing.T) {
	t.Parallel()
	n := build(t, world{ways: []road.Way{
		{ID: 1, Line: orb.LineString{cross(0, 0), cross(1, 0), cross(2, 0)}, Attributes: road.Attributes{Class: "fast", OneWay: 1}},
		{ID: 2, Line: orb.LineString{cross(2, 0), cross(2, 2), cross(0, 0)}, Attributes: road.Attributes{Class: "slow"}},
		{ID: 3, Line: orb.LineString{cross(5, 5), cross(6, 5)}, Attributes: road.Attributes{Class: "slow"}},
	}}, nil)
	g := weigh(t, n, plainCar(), nil)
	places := [][]road.Seed{{{Edge: 0, Along: 0.3}}, {{Edge: 1, Along: 0.5}}, {{Edge: 2, Along: 0}}, {{Edge: 0, Along: 1, Millis: 500}}}
	few, err := g.Matrix(context.Background(), places[:2], places, road.Options{})
	if err != nil {
		t.Fatal(err)
	}
	many, err := g.Matrix(context.Background(), places, places[:2], road.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		for k := range 2 {
			if few[i*4+k] != many[i*2+k] {
				t.Errorf("from %d to %d: %v and %v", i, k, few[i*4+k], many[i*2+k])
			}
		}
		if few[i*4+2] != road.Unreached {
			t.Errorf("from %d to another island: %v", i, few[i*4+2])
		}
	}
	if few[0] != 0 || few[1] == few[4] {
		t.Errorf("to itself %v; there %v, and back over the one-way road %v", few[0], few[1], few[4])
	}
}

// TestRefusals: what makes no sense is an error, not a panic.
func TestRefusals(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	if _, err := road.Build(ctx, all(nil), nil, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("no line at all: %v", err)
	}
	if _, err := road.Build(ctx, all(nil), nil, &road.BuildOptions{ToleranceM: 1e9}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a tolerance of a million kilometres: %v", err)
	}
	n := build(t, world{ways: []road.Way{{ID: 1, Line: straight(2, 1e-3), Attributes: road.Attributes{Class: "fast"}}}}, nil)
	if _, err := n.Weigh(ctx, travel.Profile{Name: "none"}, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("a profile without roads: %v", err)
	}
	g := weigh(t, n, plainCar(), nil)
	for _, s := range []road.Seed{{Edge: -1}, {Edge: 1}, {Along: 2}, {Along: float32(math.NaN())}, {Facility: -1}} {
		if _, err := g.Search(ctx, []road.Seed{s}, road.Options{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("seed %+v: %v", s, err)
		}
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := road.Build(gone, all([]road.Way{{Line: straight(2, 1)}}), nil, nil); !fault.Is(err, fault.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// FuzzDecode: no bytes make a network that a search goes wrong on.
func FuzzDecode(f *testing.F) {
	w := world{ways: []road.Way{
		{ID: 1, Line: straight(4, 1e-3), Attributes: road.Attributes{Class: "fast", Name: "Main Street"}},
		{ID: 2, Line: orb.LineString{{1e-3, 0}, {1e-3, 1e-3}}, Attributes: road.Attributes{Class: "slow", OneWay: 1}},
	}, bans: []road.Restriction{{From: 1, To: 2, At: orb.Point{0, 0}}, {From: 2, To: 1, At: orb.Point{1e-3, 0}}}}
	n := build(f, w, func(_ context.Context, lon, _ []float64, z []float32) error {
		for i := range lon {
			z[i] = float32(lon[i] * 1e4)
		}
		return nil
	})
	path := filepath.Join(f.TempDir(), "x"+road.Extension)
	if err := road.Create(path, n); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:200])
	f.Add(bytes.Repeat([]byte{0xff}, 300))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := road.Decode(road.Mend(data))
		if err != nil {
			if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Unsupported) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		g, err := n.Weigh(context.Background(), plainCar(), nil)
		if err != nil {
			return
		}
		times, err := g.Search(context.Background(), []road.Seed{{Edge: 0, Along: 0.5}}, road.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for e := range min(n.Edges(), 50) {
			n.Climb(e)
			if times.At(e, 0.5) != road.Unreached {
				if _, err := times.Route(e, 0.5); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// TestRankedPlaces holds the labels of random places, in towns with forbidden
// turns, against searches for each facility alone; bounded searches in the same
// memory, one after the other, against those from scratch.
func TestRankedPlaces(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt)
		n, err := road.Build(context.Background(), all(w.ways), w.bans, nil)
		if err != nil {
			rt.Skip("a town of points")
		}
		g, err := n.Weigh(context.Background(), plainCar(), nil)
		if err != nil {
			rt.Fatal(err)
		}
		o := road.Options{
			Direction: rapid.SampledFrom([]travel.Direction{travel.ToFacility, travel.FromFacility}).Draw(rt, "direction"),
			MaxMillis: uint32(rapid.SampledFrom([]int{0, 5_000, 20_000}).Draw(rt, "limit")),
		}
		places := []float32{0, 0.25, 0.5, 1}
		var seeds []road.Seed
		for range rapid.IntRange(1, 8).Draw(rt, "seeds") {
			seeds = append(seeds, road.Seed{
				Edge: int32(rapid.IntRange(0, n.Edges()-1).Draw(rt, "edge")), Along: rapid.SampledFrom(places).Draw(rt, "along"),
				Facility: int32(rapid.IntRange(0, 4).Draw(rt, "facility")), Millis: uint32(rapid.IntRange(0, 2).Draw(rt, "more")) * 1000,
			})
		}
		k := rapid.IntRange(1, 3).Draw(rt, "k")
		ranked, err := g.Rank(context.Background(), seeds, k, o)
		if err != nil {
			rt.Fatal(err)
		}
		want := map[[2]int][]road.Label{} // of edge and place
		finder := g.NewFinder()
		for f := range int32(5) {
			var own []road.Seed
			for _, s := range seeds {
				if s.Facility == f {
					own = append(own, s)
				}
			}
			alone, err := g.Search(context.Background(), own, o)
			if err != nil {
				rt.Fatal(err)
			}
			again, err := finder.Search(context.Background(), own, o)
			if err != nil {
				rt.Fatal(err)
			}
			for e := range n.Edges() {
				for i, along := range places {
					l := alone.At(e, along)
					if l != road.Unreached {
						want[[2]int{e, i}] = append(want[[2]int{e, i}], l)
					}
					if have := again.At(e, along); have != l || l != road.Unreached && !slices.Contains(finder.Edges(), int32(e)) {
						rt.Fatalf("facility %d, edge %d at %g: %v by edges %v, want %v", f, e, along, have, finder.Edges(), l)
					}
				}
			}
		}
		best := make([]road.Label, k)
		for e := range n.Edges() {
			for i, along := range places {
				ranked.At(e, along, best)
				list := want[[2]int{e, i}]
				slices.Sort(list)
				for j, l := range best {
					if j >= len(list) && l != road.Unreached || j < len(list) && l != list[j] {
						rt.Fatalf("edge %d at %g, rank %d: %v, want one of %v", e, along, j, l, list)
					}
				}
			}
		}
	})
}
