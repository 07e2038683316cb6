package travel

import (
	"fmt"
	"math"

	"contado/geo/fault"
	"contado/geo/grid"
)

// Season is what snow and water do to the ground and the roads for a time of
// the year. Masks lie on Grid, row by row; a cell outside them is clear. It is
// not changed by this package and may be shared.
type Season struct {
	Name  string
	Title map[string]string // by language: en, it
	// SnowLine in metres: cells and roads at or above it lie under snow; 0 = none.
	SnowLine float64
	Grid     grid.Grid
	Snow     []uint8 // not 0: under snow; nil for none
	Flood    []uint8 // not 0: under water; nil for none
	// The share of the usual speed that is left; 0 closes.
	OnSnow, RoadOnSnow   float64
	OnFlood, RoadOnFlood float64
	Sources              []Citation
}

// Check wants masks that fit the grid and shares from 0 to 1. Errors: Invalid.
func (s *Season) Check() error {
	const op = "travel.Season"
	n := s.Grid.Width * s.Grid.Height
	for what, mask := range map[string][]uint8{"snow": s.Snow, "flood": s.Flood} {
		if mask != nil && len(mask) != n {
			return fault.Errorf(op, fault.Invalid, "season %s: the %s mask has %d cells, its grid %d", s.Name, what, len(mask), n)
		}
	}
	for what, share := range map[string]float64{
		"snow": s.OnSnow, "roads under snow": s.RoadOnSnow, "flooded ground": s.OnFlood, "flooded roads": s.RoadOnFlood,
	} {
		if !(share >= 0 && share <= 1) {
			return fault.E(op, fault.Invalid, fmt.Errorf("season %s: the share of speed on %s is %g; want 0 (closed) to 1", s.Name, what, share))
		}
	}
	if math.IsNaN(s.SnowLine) || math.IsInf(s.SnowLine, 0) {
		return fault.Errorf(op, fault.Invalid, "season %s: the snow line is at %g m", s.Name, s.SnowLine)
	}
	return nil
}

// Cell is the cell of the masks at (x, y) of the grid's CRS, −1 outside. For
// a grid that is not rotated.
func (s *Season) Cell(x, y float64) int {
	inv, ok := s.Grid.Transform.Invert()
	if !ok {
		return -1
	}
	col, row := inv.Apply(x, y)
	if !(col >= 0 && row >= 0 && col < float64(s.Grid.Width) && row < float64(s.Grid.Height)) {
		return -1
	}
	return int(row)*s.Grid.Width + int(col)
}

// Ground is the share of speed left off the roads in a cell of the masks (−1
// for none) at elevation z (NaN when not known): 1 clear, 0 closed.
func (s *Season) Ground(cell int, z float64) float64 { return s.share(cell, z, s.OnSnow, s.OnFlood) }

// Road is the same on roads. Bridges and tunnels are not told apart: callers
// that know them leave them out.
func (s *Season) Road(cell int, z float64) float64 {
	return s.share(cell, z, s.RoadOnSnow, s.RoadOnFlood)
}

func (s *Season) share(cell int, z, snow, flood float64) float64 {
	share := 1.0
	if s.SnowLine != 0 && z >= s.SnowLine || masked(s.Snow, cell) {
		share = snow
	}
	if masked(s.Flood, cell) {
		share = min(share, flood)
	}
	return share
}

func masked(mask []uint8, cell int) bool { return cell >= 0 && cell < len(mask) && mask[cell] != 0 }
