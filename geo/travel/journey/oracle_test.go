package journey_test

import (
	"context"
	"iter"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/grid"
	"contado/geo/travel"
	"contado/geo/travel/journey"
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

func car() travel.Profile {
	return travel.Profile{
		Name: "test", Mode: travel.Car, SpeedFactor: 1, Low: 1, High: 1, Slope: travel.Level,
		Road: travel.RoadRules{KMH: map[string]travel.Span{"road": {Mid: 40}, "motorway": {Mid: 100}}, OneWay: true},
	}
}

// land is a small ground at the equator, cells of about 111 m.
type land struct {
	width, height int
	speed         []float32
	ways          []road.Way
	graph         *road.Graph
	engine        *travel.Engine
	world         *journey.World
	surface       *travel.Surface
}

const size = 1e-3 // degrees a cell

func (l *land) join(t interface{ Fatal(...any) }) {
	ctx := context.Background()
	n, err := road.Build(ctx, all(l.ways), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if l.graph, err = n.Weigh(ctx, car(), nil); err != nil {
		t.Fatal(err)
	}
	l.surface = &travel.Surface{Width: l.width, Height: l.height, CellW: []float64{111.32}, CellH: []float64{110.57}, Speed: l.speed}
	if l.engine, err = travel.Prepare(l.surface); err != nil {
		t.Fatal(err)
	}
	g := grid.Grid{CRS: geo.WGS84, Transform: grid.Transform{0, size, 0, 0, 0, -size}, Width: l.width, Height: l.height}
	l.world, err = journey.Join(ctx, journey.Ground{Grid: g, Surface: l.surface, Engine: l.engine, FromLonLat: func(_, _ []float64) error { return nil }}, l.graph, nil)
	if err != nil {
		t.Fatal(err)
	}
}

func drawLand(t *rapid.T) *land {
	l := &land{width: rapid.IntRange(1, 7).Draw(t, "width"), height: rapid.IntRange(1, 7).Draw(t, "height")}
	for range l.width * l.height {
		l.speed = append(l.speed, rapid.SampledFrom([]float32{1, 1, 1.4, 0.5, 0, 0}).Draw(t, "speed"))
	}
	for i := range rapid.IntRange(1, 6).Draw(t, "ways") {
		var line orb.LineString
		for range rapid.IntRange(2, 4).Draw(t, "vertices") {
			line = append(line, orb.Point{float64(rapid.IntRange(-2, 2*l.width+2).Draw(t, "x")) * size / 2, -float64(rapid.IntRange(-2, 2*l.height+2).Draw(t, "y")) * size / 2})
		}
		l.ways = append(l.ways, road.Way{ID: int64(i), Line: line, Attributes: road.Attributes{
			Class:  rapid.SampledFrom([]string{"road", "road", "motorway"}).Draw(t, "class"),
			OneWay: rapid.SampledFrom([]int8{0, 0, 1, -1}).Draw(t, "oneway"),
		}})
	}
	l.ways = append(l.ways, road.Way{ID: 99, Line: orb.LineString{{0, 0}, {size * 0.3, -size * 0.3}}, Attributes: road.Attributes{Class: "road"}})
	return l
}

// vertex of the naive graph: cells before the ride, arcs' places, cells after.
type naive struct {
	out map[int][]hop
}

type hop struct {
	to      int
	seconds float64
}

func (n *naive) add(from, to int, seconds float64) {
	n.out[from] = append(n.out[from], hop{to, seconds})
}

// graphOf spells the whole joint world out: cells (before and after the ride),
// nodes, and each door as a place on each arc of its edge.
func graphOf(l *land) (n *naive, cells int) {
	n = &naive{out: map[int][]hop{}}
	cells = l.width * l.height
	l.ground(n, 0)
	l.ground(n, cells)
	nodes := 2 * cells
	next := nodes + l.graph.Nodes()
	for c := range cells {
		n.add(c, cells+c, 0) // no ride at all
	}
	for e := range l.graph.Edges() {
		for dir := range 2 {
			ms, ok := l.graph.Millis(2*e + dir)
			if !ok {
				continue
			}
			from, to := l.graph.Ends(e)
			if dir == 1 {
				from, to = to, from
			}
			total := float64(ms) / 1000
			n.add(nodes+from, nodes+to, total)
			var placed []journey.Door
			for _, d := range l.world.List() {
				if d.Edge != e {
					continue
				}
				if dir == 1 {
					d.Along = 1 - d.Along
				}
				me := next + len(placed)
				n.add(d.Cell, me, d.Seconds)
				n.add(me, cells+d.Cell, d.Seconds)
				n.add(nodes+from, me, total*d.Along)
				n.add(me, nodes+to, total*(1-d.Along))
				for k, o := range placed {
					if o.Along <= d.Along {
						n.add(next+k, me, total*(d.Along-o.Along))
					}
					if d.Along <= o.Along {
						n.add(me, next+k, total*(o.Along-d.Along))
					}
				}
				placed = append(placed, d)
			}
			next += len(placed)
		}
	}
	return n, cells
}

// ground adds the straight and diagonal moves between cells.
func (l *land) ground(n *naive, base int) {
	at := func(c, r int) float64 {
		if c < 0 || r < 0 || c >= l.width || r >= l.height {
			return 0
		}
		return float64(l.speed[r*l.width+c])
	}
	for r := range l.height {
		for c := range l.width {
			for _, d := range [][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {1, -1}, {-1, 1}, {-1, -1}} {
				a, b := at(c, r), at(c+d[0], r+d[1])
				if a == 0 || b == 0 || d[0] != 0 && d[1] != 0 && at(c+d[0], r) == 0 && at(c, r+d[1]) == 0 {
					continue
				}
				length := math.Hypot(float64(d[0])*111.32, float64(d[1])*110.57)
				n.add(base+r*l.width+c, base+(r+d[1])*l.width+c+d[0], length/2*(1/a+1/b))
			}
		}
	}
}

// from relaxes until nothing changes.
func (n *naive) from(start int) map[int]float64 {
	best := map[int]float64{start: 0}
	for changed := true; changed; {
		changed = false
		for v, hops := range n.out {
			d, ok := best[v]
			if !ok {
				continue
			}
			for _, h := range hops {
				if old, ok := best[h.to]; !ok || d+h.seconds < old-1e-9 {
					best[h.to] = d + h.seconds
					changed = true
				}
			}
		}
	}
	return best
}

// TestJointOracle compares the three passes with one search over the joint
// world, and the legs of each journey with its time.
func TestJointOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		l := drawLand(rt)
		l.join(rt)
		n, cells := graphOf(l)
		var start int
		if start = rapid.IntRange(0, cells-1).Draw(rt, "start"); l.speed[start] == 0 {
			rt.Skip("starts on a barrier")
		}
		want := n.from(start)
		for _, dir := range []travel.Direction{travel.FromFacility, travel.ToFacility} {
			var r *journey.Result // from one start, one run tells all
			for cell := range cells {
				at, facility := cell, start
				if dir == travel.ToFacility {
					at, facility = start, cell
				}
				if l.speed[facility] == 0 {
					continue
				}
				if r == nil || dir == travel.ToFacility {
					var err error
					r, err = l.world.Compute(context.Background(), []travel.Source{{Col: facility % l.width, Row: facility / l.width, Facility: 3}},
						journey.Options{Walk: travel.Options{Direction: dir, Neighbours: 8}})
					if err != nil {
						rt.Fatal(err)
					}
				}
				w, ok := want[cells+cell]
				if !ok {
					w = math.Inf(1)
				}
				if l.speed[cell] == 0 {
					continue
				}
				got := float64(r.Seconds[at])
				if got != w && !(math.Abs(got-w) < 0.02+1e-6*w) {
					rt.Fatalf("direction %d: %g s from cell %d to %d, want %g", dir, got, start, cell, w)
				}
				checkLegs(rt, l, r, at)
			}
		}
	})
}

func checkLegs(t *rapid.T, l *land, r *journey.Result, cell int) {
	if math.IsInf(float64(r.Seconds[cell]), 1) {
		return
	}
	x, err := l.world.Explain(r, cell%l.width, cell/l.width)
	if err != nil {
		t.Fatal(err)
	}
	sum := x.Start.Seconds
	if x.Ride != nil {
		sum += x.Ride.Seconds + x.End.Seconds
	}
	if math.Abs(sum-x.Seconds) > 0.02+1e-6*sum || x.Facility != 3 {
		t.Fatalf("legs of cell %d take %g s in all, the journey %g: %+v", cell, sum, x.Seconds, x)
	}
}

// TestDoorsAreWhereTheRoadPasses walks along each edge in small steps: each
// cell on the way has a door, and none nearer to the cell's centre.
func TestDoorsAreWhereTheRoadPasses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		l := drawLand(rt)
		l.join(rt)
		type key struct{ edge, cell int }
		doors := map[key]journey.Door{}
		for _, d := range l.world.List() {
			k := key{d.Edge, d.Cell}
			if _, twice := doors[k]; twice {
				rt.Fatalf("two doors of edge %d in cell %d", d.Edge, d.Cell)
			}
			doors[k] = d
		}
		for e := range l.graph.Edges() {
			if l.graph.Way(e).Class == "motorway" {
				continue
			}
			line := l.graph.Shape(e, nil)
			for i := 1; i < len(line); i++ {
				for s := range 200 {
					f := (float64(s) + 0.5) / 200
					x := (line[i-1][0] + f*(line[i][0]-line[i-1][0])) / size
					y := -(line[i-1][1] + f*(line[i][1]-line[i-1][1])) / size
					if x < 0 || y < 0 || int(x) >= l.width || int(y) >= l.height || x == math.Trunc(x) || y == math.Trunc(y) {
						continue
					}
					cell := int(y)*l.width + int(x)
					v := float64(l.speed[cell])
					d, ok := doors[key{e, cell}]
					if ok != (v > 0) {
						rt.Fatalf("edge %d passes cell %d (speed %g): door %v", e, cell, v, ok)
					}
					if away := math.Hypot((x-math.Trunc(x)-0.5)*111.32, (y-math.Trunc(y)-0.5)*110.57); ok && d.Seconds*v > away+1e-3 {
						rt.Fatalf("door of edge %d in cell %d is %g m from its centre, a place at %g m is nearer", e, cell, d.Seconds*v, away)
					}
				}
			}
		}
	})
}
