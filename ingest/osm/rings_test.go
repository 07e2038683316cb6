package osm

import (
	"math"
	"slices"
	"testing"

	"contado/ingest/osm/stream"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"
)

// numbered gives positions node ids: the same for the same position.
type numbered map[stream.Position]int64

func (n numbered) id(p stream.Position) int64 {
	if _, ok := n[p]; !ok {
		n[p] = int64(len(n) + 1)
	}
	return n[p]
}

func (n numbered) chain(way int64, line []stream.Position) chain {
	return chain{way: way, first: n.id(line[0]), last: n.id(line[len(line)-1]), line: line}
}

func square(x, y, side int32) []stream.Position {
	return []stream.Position{{Lon: x, Lat: y}, {Lon: x + side, Lat: y}, {Lon: x + side, Lat: y + side}, {Lon: x, Lat: y + side}, {Lon: x, Lat: y}}
}

func area(m orb.MultiPolygon) float64 { return math.Round(planar.Area(m) * 1e14) }

// TestRingsFromPieces cuts nested and neighbouring rings into ways, turns and
// shuffles them: the same area comes out, whatever the order and the roles.
func TestRingsFromPieces(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ids := numbered{}
		var chains []chain
		want, polygons := 0.0, 0
		for k := range rapid.IntRange(1, 4).Draw(t, "islands") {
			x := int32(k) * 1000 // neighbours touch at a corner
			depth := rapid.IntRange(1, 4).Draw(t, "depth")
			for d := range depth {
				side := int32(1000 - 200*d)
				line := square(x+int32(100*d), int32(1000*k+100*d), side)
				sign := float64(1 - 2*(d%2))
				want += sign * float64(side) * float64(side)
				if d%2 == 0 {
					polygons++
				}
				chains = append(chains, pieces(t, ids, line, int64(len(chains)*10+1))...)
			}
		}
		chains = rapid.Permutation(chains).Draw(t, "order")
		rings, open := closeRings(chains)
		if len(open) > 0 {
			t.Fatalf("open: %v", open)
		}
		m, _ := assemble(rings)
		if got := area(m); got != want || len(m) != polygons {
			t.Fatalf("area %v of %d polygons, want %v of %d", got, len(m), want, polygons)
		}
		for _, p := range m {
			for i, r := range p {
				if !r.Closed() || (r.Orientation() == orb.CCW) != (i == 0) {
					t.Fatalf("ring %d of %v", i, p)
				}
			}
		}
	})
}

// pieces cuts a closed line at some of its positions.
func pieces(t *rapid.T, ids numbered, line []stream.Position, way int64) []chain {
	cuts := rapid.SliceOfNDistinct(rapid.IntRange(0, len(line)-2), 0, 4, rapid.ID[int]).Draw(t, "cuts")
	if len(cuts) == 0 {
		return []chain{ids.chain(way, line)}
	}
	slices.Sort(cuts)
	open := append(slices.Clone(line[cuts[0]:len(line)-1]), line[:cuts[0]+1]...)
	var out []chain
	at := 0
	for i := range cuts {
		to := len(open) - 1
		if i+1 < len(cuts) {
			to = cuts[i+1] - cuts[0]
		}
		piece := slices.Clone(open[at : to+1])
		if rapid.Bool().Draw(t, "turned") {
			slices.Reverse(piece)
		}
		out = append(out, ids.chain(way+int64(i), piece))
		at = to
	}
	return out
}

func TestDeadEnds(t *testing.T) {
	t.Parallel()
	ids := numbered{}
	s := square(0, 0, 100)
	chains := []chain{
		ids.chain(1, s[:3]),
		ids.chain(2, []stream.Position{s[2], {Lon: 500, Lat: 500}}), // leads away
		ids.chain(3, s[2:]),
		ids.chain(4, s[:1]), // a single node
	}
	for range 2 {
		rings, open := closeRings(chains)
		slices.Sort(open)
		if len(rings) != 1 || rings[0].area != 10000 || !slices.Equal(open, []int64{2, 4}) {
			t.Errorf("%d rings, open %v", len(rings), open)
		}
		slices.Reverse(chains)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	outer, hole := newRing(square(0, 0, 100), true), newRing(square(10, 10, 10), false)
	m, wrong := assemble([]ring{hole, outer})
	if len(m) != 1 || len(m[0]) != 2 || wrong != 2 {
		t.Errorf("%v, %d wrong roles", m, wrong)
	}
	if m, _ := assemble([]ring{newRing([]stream.Position{{Lon: 0}, {Lon: 5}, {Lon: 9}, {Lon: 0}}, false)}); len(m) != 0 {
		t.Error("a flat ring is no area")
	}
}

// TestTouching: a hole that touches its ring at corners, all on the outline.
func TestTouching(t *testing.T) {
	t.Parallel()
	diamond := []stream.Position{{Lon: 50, Lat: 0}, {Lon: 100, Lat: 50}, {Lon: 50, Lat: 100}, {Lon: 0, Lat: 50}, {Lon: 50, Lat: 0}}
	m, _ := assemble([]ring{newRing(diamond, true), newRing(square(0, 0, 100), false)})
	if len(m) != 1 || area(m) != 5000 {
		t.Errorf("%v", m)
	}
}

// TestLocate compares with doubles on small numbers, and is exact on large ones.
func TestLocate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 8).Draw(t, "n")
		line := make([]stream.Position, n, n+1)
		ring := make(orb.Ring, n, n+1)
		for i := range line {
			line[i] = stream.Position{Lon: rapid.Int32Range(-20, 20).Draw(t, "x"), Lat: rapid.Int32Range(-20, 20).Draw(t, "y")}
			ring[i] = orb.Point{float64(line[i].Lon), float64(line[i].Lat)}
		}
		line, ring = append(line, line[0]), append(ring, ring[0])
		x, y := rapid.Int64Range(-41, 41).Draw(t, "px"), rapid.Int64Range(-41, 41).Draw(t, "py")
		at := orb.Point{float64(x) / 2, float64(y) / 2}
		got := locate(x, y, line)
		on := false
		for i := 1; i < len(ring); i++ {
			on = on || planar.DistanceFromSegmentSquared(ring[i-1], ring[i], at) < 1e-18
		}
		if on != (got == 0) {
			t.Fatalf("on the ring: %v, got %d", on, got)
		}
		if !on && planar.RingContains(ring, at) != (got > 0) {
			t.Fatalf("got %d", got)
		}
	})
	far := []stream.Position{{Lon: -1_800_000_000, Lat: -900_000_000}, {Lon: 1_800_000_000, Lat: -900_000_000}, {Lon: 1_800_000_000, Lat: 900_000_000}, {Lon: -1_800_000_000, Lat: 900_000_000}, {Lon: -1_800_000_000, Lat: -900_000_000}}
	if locate(0, 0, far) != 1 {
		t.Error("the middle of the globe is not on it")
	}
}

func TestInterior(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// a comb: its centroid lies between the teeth
		n := rapid.IntRange(2, 6).Draw(t, "teeth")
		ring := orb.Ring{{0, 0}}
		for i := range n {
			x := float64(i * 4)
			ring = append(ring, orb.Point{x, 20}, orb.Point{x + 1, 20}, orb.Point{x + 1, 1}, orb.Point{x + 4, 1})
		}
		ring = append(ring, orb.Point{ring[len(ring)-1][0], 0}, orb.Point{0, 0})
		p, ok := interior(orb.MultiPolygon{{ring}})
		if !ok || !planar.PolygonContains(orb.Polygon{ring}, p) {
			t.Fatalf("%v of %v", p, ring)
		}
	})
	donut := orb.Polygon{{{0, 0}, {9, 0}, {9, 9}, {0, 9}, {0, 0}}, {{1, 1}, {1, 8}, {8, 8}, {8, 1}, {1, 1}}}
	if p, ok := interior(orb.MultiPolygon{donut}); !ok || !planar.PolygonContains(donut, p) {
		t.Errorf("%v", p)
	}
	if _, ok := interior(nil); ok {
		t.Error("nothing has no inside")
	}
}
