package road_test

import (
	"context"
	"fmt"
	"iter"
	"math"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo/travel"
	"contado/geo/travel/road"
)

func all(list []road.Way) iter.Seq2[road.Way, error] {
	return func(yield func(road.Way, error) bool) {
		for _, w := range list {
			if !yield(w, nil) {
				return
			}
		}
	}
}

// plainCar drives at the speed of the class and heeds everything.
func plainCar() travel.Profile {
	return travel.Profile{
		Name: "test", Mode: travel.Car, SpeedFactor: 1, Low: 0.5, High: 2, Slope: travel.Level,
		Road: travel.RoadRules{
			KMH:    map[string]travel.Span{"fast": {Low: 60, Mid: 90, High: 100, Source: "a table"}, "slow": {Low: 20, Mid: 30, High: 40, Source: "a table"}},
			OneWay: true, TurnRestrictions: true, Ferries: true,
		},
	}
}

// cross is the place of a crossing of a small grid of streets, some 111 m apart.
func cross(x, y int) orb.Point { return orb.Point{float64(x) * 1e-3, float64(y) * 1e-3} }

// world is a small random town.
type world struct {
	ways []road.Way
	bans []road.Restriction
}

func drawWorld(t *rapid.T) world {
	const side = 3
	var w world
	ways := rapid.IntRange(3, 24).Draw(t, "ways")
	for i := range ways {
		x, y := rapid.IntRange(0, side-1).Draw(t, "x"), rapid.IntRange(0, side-1).Draw(t, "y")
		line := orb.LineString{cross(x, y)}
		for range rapid.SampledFrom([]int{1, 1, 1, 1, 2, 3}).Draw(t, "steps") {
			d := rapid.SampledFrom([][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}}).Draw(t, "d")
			x, y = min(max(x+d[0], 0), side-1), min(max(y+d[1], 0), side-1)
			line = append(line, cross(x, y))
		}
		w.ways = append(w.ways, road.Way{ID: int64(i + 1), Line: line, Attributes: road.Attributes{
			Class:  rapid.SampledFrom([]string{"fast", "slow"}).Draw(t, "class"),
			OneWay: rapid.SampledFrom([]int8{0, 0, 0, 1, -1}).Draw(t, "oneway"),
		}})
	}
	ends := func(i int) [2]orb.Point {
		return [2]orb.Point{w.ways[i].Line[0], w.ways[i].Line[len(w.ways[i].Line)-1]}
	}
	// at is a way with an end at a place, and its other end.
	at := func(p orb.Point, label string) (int, orb.Point) {
		var found []int
		for i := range w.ways {
			if e := ends(i); e[0] == p || e[1] == p {
				found = append(found, i)
			}
		}
		i := rapid.SampledFrom(found).Draw(t, label)
		if e := ends(i); e[0] == p {
			return i, e[1]
		}
		return i, ends(i)[0]
	}
	for range rapid.IntRange(0, 12).Draw(t, "bans") {
		from := rapid.IntRange(0, ways-1).Draw(t, "from")
		place := ends(from)[rapid.IntRange(0, 1).Draw(t, "end")]
		r := road.Restriction{From: int64(from + 1), At: place, Only: rapid.IntRange(0, 3).Draw(t, "only") == 0}
		if rapid.Bool().Draw(t, "over a way") {
			var via int
			via, place = at(place, "via")
			r.Via = []int64{int64(via + 1)}
		}
		to, _ := at(place, "to")
		r.To = int64(to + 1)
		w.bans = append(w.bans, r)
	}
	return w
}

// history is the last arcs driven: what naive search tells states by.
type history [4]int32

// naive is a search from or to places without anything clever: states are the
// last arcs driven, forbidden chains are looked for in them.
type naive struct {
	g     *road.Graph
	bans  [][]uint32
	arcs  int
	times map[history]uint32
}

func (n *naive) forbidden(h history) bool {
	for _, b := range n.bans {
		same := true
		for i := range b {
			if at := h[len(h)-len(b)+i]; at < 0 || uint32(at) != b[i] {
				same = false
			}
		}
		if same {
			return true
		}
	}
	return false
}

func (n *naive) tail(arc int) int {
	from, to := n.g.Ends(arc / 2)
	if arc%2 == 1 {
		return to
	}
	return from
}

// from gives the least time to come to the end of each arc from the middle of
// one, by relaxing until nothing changes.
func (n *naive) from(start int, left uint32) map[int]uint32 {
	n.times = map[history]uint32{{-1, -1, -1, int32(start)}: left}
	for changed := true; changed; {
		changed = false
		for h, d := range n.times {
			for arc := range n.arcs {
				ms, ok := n.g.Millis(arc)
				if !ok || n.tail(arc) != n.tail(int(h[3])^1) {
					continue
				}
				next := history{h[1], h[2], h[3], int32(arc)}
				if n.forbidden(next) {
					continue
				}
				if old, ok := n.times[next]; !ok || d+ms < old {
					n.times[next] = d + ms
					changed = true
				}
			}
		}
	}
	best := map[int]uint32{}
	for h, d := range n.times {
		if old, ok := best[int(h[3])]; !ok || d < old {
			best[int(h[3])] = d
		}
	}
	return best
}

func build(t testing.TB, w world, elevation road.Elevation) *road.Network {
	n, err := road.Build(context.Background(), all(w.ways), w.bans, &road.BuildOptions{Elevation: elevation})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestNaiveOracle compares searches in both directions, over turn
// restrictions, with one that keeps the whole way driven.
func TestNaiveOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt)
		n, err := road.Build(context.Background(), all(w.ways), w.bans, nil)
		if err != nil {
			if len(w.ways) > 0 {
				rt.Skip("a town of points")
			}
			rt.Fatal(err)
		}
		for _, b := range n.Bans() {
			if len(b) > len(history{}) {
				rt.Skip("a chain that is longer than what the naive search remembers")
			}
		}
		g, err := n.Weigh(context.Background(), plainCar(), nil)
		if err != nil {
			rt.Fatal(err)
		}
		edge, other := rapid.IntRange(0, n.Edges()-1).Draw(rt, "edge"), rapid.IntRange(0, n.Edges()-1).Draw(rt, "other")
		along, end := float32(rapid.SampledFrom([]float64{0, 0.25, 0.5, 1}).Draw(rt, "along")), float32(rapid.SampledFrom([]float64{0, 0.75, 1}).Draw(rt, "end"))
		want := naiveTime(&naive{g: g, bans: n.Bans(), arcs: 2 * n.Edges()}, edge, along, other, end)
		for _, dir := range []travel.Direction{travel.ToFacility, travel.FromFacility} {
			at, to, seed, from := other, end, edge, along
			if dir == travel.ToFacility {
				at, to, seed, from = edge, along, other, end
			}
			times, err := g.Search(context.Background(), []road.Seed{{Edge: int32(seed), Along: from, Facility: 7}}, road.Options{Direction: dir})
			if err != nil {
				rt.Fatal(err)
			}
			got := times.At(at, to)
			if got.Seconds() != want {
				rt.Fatalf("direction %d: %g s from edge %d at %g to edge %d at %g, want %g", dir, got.Seconds(), edge, along, other, end, want)
			}
			if got != road.Unreached {
				checkRoute(rt, times, at, to, want)
			}
		}
	})
}

func checkRoute(t *rapid.T, times *road.Times, edge int, along float32, want float64) {
	r, err := times.Route(edge, along)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, l := range r.Legs {
		sum += l.Seconds
		if i > 0 && l.Line[0] != r.Legs[i-1].Line[len(r.Legs[i-1].Line)-1] {
			a, b := l.Line[0], r.Legs[i-1].Line[len(r.Legs[i-1].Line)-1]
			if math.Hypot(a[0]-b[0], a[1]-b[1]) > 1e-9 {
				t.Fatalf("leg %d begins at %v, the one before ends at %v", i, a, b)
			}
		}
	}
	if math.Abs(sum-want) > 1e-6 || r.Facility != 7 {
		t.Fatalf("the legs take %g s to facility %d, want %g to 7", sum, r.Facility, want)
	}
}

// naiveTime is the time between two places in seconds.
func naiveTime(n *naive, edge int, along float32, other int, end float32) float64 {
	best := math.Inf(1)
	share := func(arc int, at float32) uint32 {
		if arc%2 == 1 {
			at = 1 - at
		}
		ms, _ := n.g.Millis(arc)
		return uint32(math.Round(float64(ms) * float64(at)))
	}
	for _, a := range []int{2 * edge, 2*edge + 1} {
		ms, ok := n.g.Millis(a)
		if !ok {
			continue
		}
		if a/2 == other && share(a, end) >= share(a, along) {
			best = min(best, float64(share(a, end)-share(a, along))/1000)
		}
		reached := n.from(a, ms-share(a, along))
		for _, b := range []int{2 * other, 2*other + 1} {
			if _, ok := n.g.Millis(b); !ok {
				continue
			}
			// On to b is one more arc of the naive search: its time at the end
			// of b, less what lies behind the place. A start on b itself is no
			// arrival unless it came round.
			for h, d := range n.times {
				if int(h[3]) == b && !(h[2] < 0) {
					ms, _ := n.g.Millis(b)
					best = min(best, float64(d-ms+share(b, end))/1000)
				}
			}
		}
		_ = reached
	}
	return best
}

// TestFileKeepsAll writes random towns and reads them back.
func TestFileKeepsAll(t *testing.T) {
	t.Parallel()
	hill := func(_ context.Context, lon, lat []float64, z []float32) error {
		for i := range lon {
			z[i] = float32(1000*math.Sin(lon[i]*500) + 300*lat[i])
		}
		return nil
	}
	folder := t.TempDir()
	count := 0
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt)
		a, err := road.Build(context.Background(), all(w.ways), w.bans, &road.BuildOptions{Elevation: hill})
		if err != nil {
			rt.Skip("a town of points")
		}
		count++
		path := filepath.Join(folder, fmt.Sprintf("%d%s", count, road.Extension))
		if err := road.Create(path, a); err != nil {
			rt.Fatal(err)
		}
		b, err := road.Open(path)
		if err != nil {
			rt.Fatal(err)
		}
		defer b.Close()
		if a.Notes() != b.Notes() || a.Nodes() != b.Nodes() || a.Edges() != b.Edges() {
			rt.Fatalf("%+v became %+v", a.Notes(), b.Notes())
		}
		p := plainCar()
		p.Slope = travel.Tobler
		ga, err1 := a.Weigh(context.Background(), p, nil)
		gb, err2 := b.Weigh(context.Background(), p, nil)
		if err1 != nil || err2 != nil {
			rt.Fatal(err1, err2)
		}
		for arc := range 2 * a.Edges() {
			x, _ := ga.Millis(arc)
			y, _ := gb.Millis(arc)
			if x != y || fmt.Sprint(a.Way(arc/2)) != fmt.Sprint(b.Way(arc/2)) {
				rt.Fatalf("arc %d takes %d, and %d once read", arc, x, y)
			}
		}
	})
}
