package settle

import (
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// Lines lead from the town along roads that buses can drive on, stop at points
// of their own names, and drive no faster than a bus does.
func TestBusLines(t *testing.T) {
	t.Parallel()
	s, _ := settled(t, small)
	if n := len(s.Lines); n < 2 || n > 5 {
		t.Fatalf("%d lines through %d municipalities", n, len(s.Municipalities))
	}
	on := map[[2]orb.Point]bool{}
	for _, r := range s.Roads {
		for i := 1; i < len(r.Line) && busRoads[r.Class]; i++ {
			on[[2]orb.Point{r.Line[i-1], r.Line[i]}] = true
			on[[2]orb.Point{r.Line[i], r.Line[i-1]}] = true
		}
	}
	start := s.Lines[0].Path[0]
	for _, l := range s.Lines {
		if l.Path[0] != start {
			t.Errorf("line %s begins at %v, not in the town", l.Number, l.Path[0])
		}
		for i := 1; i < len(l.Path); i++ {
			if !on[[2]orb.Point{l.Path[i-1], l.Path[i]}] {
				t.Fatalf("line %s leaves the road at %v", l.Number, l.Path[i-1])
			}
		}
		checkStops(t, l)
	}
	names := map[string]bool{}
	for _, x := range s.BusStops() {
		if names[x.Name] || x.Name == "" {
			t.Errorf("two stops, or none, are called %q", x.Name)
		}
		names[x.Name] = true
	}
	again, _ := settled(t, small)
	for i, l := range again.Lines {
		if !slices.Equal(l.Stops, s.Lines[i].Stops) {
			t.Errorf("line %s stops elsewhere when made again", l.Number)
		}
	}
}

func checkStops(t *testing.T, l Line) {
	t.Helper()
	if len(l.Stops) < 2 || l.Stops[0].At != 0 || l.Stops[len(l.Stops)-1].At != len(l.Path)-1 {
		t.Fatalf("line %s of %d vertices has stops %+v", l.Number, len(l.Path), l.Stops)
	}
	for i, x := range l.Stops {
		if x.Point != l.Path[x.At] || x.Hamlet == "" || x.Municipality == "" {
			t.Errorf("line %s, stop %+v lies on %v", l.Number, x, l.Path[x.At])
		}
		if i == 0 {
			continue
		}
		was := l.Stops[i-1]
		metres := 0.0
		for k := was.At + 1; k <= x.At; k++ {
			metres += math.Hypot(l.Path[k][0]-l.Path[k-1][0], l.Path[k][1]-l.Path[k-1][1])
		}
		if seconds := float64(x.Seconds - was.Seconds); metres > 1.02*(seconds+1)*busMost/3.6 {
			t.Errorf("line %s drives %.0f m in %.0f s", l.Number, metres, seconds)
		}
	}
}
