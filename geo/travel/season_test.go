package travel

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo/fault"
)

// Snow above the line and under the mask slows the ground, water closes it;
// roads are cleared of snow, and drowned.
func TestSeason(t *testing.T) {
	t.Parallel()
	in := testInput(t, 3, 2)
	in.Elevation = []float32{500, 1500, float32(math.NaN())}
	in.Elevation = append(in.Elevation, 0, 0, 0)
	in.Roads = []Line{{Line: orb.LineString{{101, 185}, {129, 185}}, Class: "street"}} // along row 1
	s, notes := build(t, in)
	if notes.SeasonClosed != 0 || notes.SeasonSlowed != 0 {
		t.Fatalf("notes without a season %+v", notes)
	}
	in.Season = &Season{Name: "winter", SnowLine: 1000, Grid: in.Grid, OnSnow: 0.5, RoadOnSnow: 1, Snow: []uint8{0, 0, 1, 0, 1, 0}}
	winter, notes := build(t, in)
	for c, share := range []float32{1, 0.5, 0.5, 1, 1, 1} { // the road in row 1 is cleared
		if winter.Speed[c] != s.Speed[c]*share {
			t.Errorf("cell %d: %g m/s in winter, %g else", c, winter.Speed[c], s.Speed[c])
		}
	}
	if notes.SeasonSlowed != 2 || notes.SeasonClosed != 0 {
		t.Errorf("winter %+v", notes)
	}
	in.Season = &Season{Name: "flood", Grid: in.Grid, Flood: []uint8{1, 0, 0, 1, 0, 0}, OnSnow: 1, RoadOnSnow: 1, RoadOnFlood: 0.5}
	flood, notes := build(t, in)
	if flood.Speed[0] != 0 || flood.Speed[1] != s.Speed[1] || flood.Speed[3] != s.Speed[3]/2 || notes.SeasonClosed != 1 || notes.SeasonSlowed != 1 {
		t.Errorf("flood %v, %+v", flood.Speed, notes)
	}
	in.Season.Flood = []uint8{1}
	if _, _, err := BuildSurface(in); !fault.Is(err, fault.Invalid) {
		t.Errorf("a mask of one cell: %v", err)
	}
}

func TestSeasonShares(t *testing.T) {
	t.Parallel()
	g := testGrid(2, 1)
	s := &Season{Grid: g, SnowLine: 900, Snow: []uint8{1, 0}, Flood: []uint8{1, 0}, OnSnow: 0.4, RoadOnSnow: 0.8, OnFlood: 0, RoadOnFlood: 0.1}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	for _, c := range []struct {
		cell         int
		z            float64
		ground, road float64
	}{{0, 100, 0, 0.1}, {1, 100, 1, 1}, {1, 900, 0.4, 0.8}, {1, nan, 1, 1}, {-1, 2000, 0.4, 0.8}, {-1, nan, 1, 1}} {
		if a, b := s.Ground(c.cell, c.z), s.Road(c.cell, c.z); a != c.ground || b != c.road {
			t.Errorf("cell %d at %g m: %g and %g, want %g and %g", c.cell, c.z, a, b, c.ground, c.road)
		}
	}
	x, y := g.Center(1, 0)
	if c := s.Cell(x, y); c != 1 {
		t.Errorf("the centre of cell 1 is in cell %d", c)
	}
	if c := s.Cell(x+1e6, y); c != -1 {
		t.Errorf("a place outside is in cell %d", c)
	}
	for _, bad := range []Season{{OnSnow: -1}, {OnFlood: 2}, {RoadOnSnow: nan}, {SnowLine: nan}, {Snow: []uint8{1}}} {
		if err := bad.Check(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
