package travel

import "math"

// Snapped is a passable cell found near a place.
type Snapped struct {
	Col, Row int
	Metres   float64 // between the centres of the two cells
}

// NearestPassable finds the passable cell nearest to (col, row) in metres
// between centres, among those at most maxCells rows and columns away; the
// lower row, then the lower column wins a tie. ok is false when there is
// none. (col, row) may lie outside the surface.
//
// It is a help for callers that want to move a facility off a barrier and say
// so; Compute never does that by itself.
func NearestPassable(s *Surface, col, row, maxCells int) (found Snapped, ok bool) {
	best := math.Inf(1)
	for r := max(row-maxCells, 0); r <= min(row+maxCells, s.Height-1); r++ {
		dy := s.rise(row, r)
		for c := max(col-maxCells, 0); c <= min(col+maxCells, s.Width-1); c++ {
			if !s.Passable(c, r) {
				continue
			}
			d := math.Hypot(float64(c-col)*s.cellW(r), dy)
			if d < best {
				best, found, ok = d, Snapped{Col: c, Row: r, Metres: d}, true
			}
		}
	}
	return found, ok
}

// rise is the distance in metres between the centres of two rows; rows
// outside are as high as the nearest row inside.
func (s *Surface) rise(a, b int) float64 {
	if len(s.CellH) == 1 {
		return math.Abs(float64(a-b)) * s.CellH[0]
	}
	lo, hi := min(a, b), max(a, b)
	sum := 0.0
	for r := lo; r < hi; r++ {
		sum += (s.cellH(min(max(r, 0), s.Height-1)) + s.cellH(min(max(r+1, 0), s.Height-1))) / 2
	}
	return sum
}
