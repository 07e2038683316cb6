package demand

import "math"

// Ground tells where people can be: cells of a raster row by row, their sides
// in metres, and the area that each lies in.
type Ground struct {
	Width, Height int
	CellW, CellH  float64
	Passable      func(cell int) bool
	Area          []int32
}

// Nearest returns the passable cells of an area that are nearest to a cell,
// centre to centre: all of them when several are equally near, none when
// there is none within limit metres. The slice holds until the next call with
// the same buffer.
func (g *Ground) Nearest(buffer []int32, cell int, area int32, limit float64) (list []int32, metres float64) {
	col, row := cell%g.Width, cell/g.Width
	best := limit * limit * (1 + 1e-12)
	found := false
	list = buffer[:0]
	side := math.Min(g.CellW, g.CellH)
	for d := 0; ; d++ {
		if reach := float64(d) * side; reach*reach > best {
			break
		}
		if d > max(g.Width, g.Height) {
			break
		}
		g.ring(col, row, d, func(c, r int) {
			at := r*g.Width + c
			dx, dy := float64(c-col)*g.CellW, float64(r-row)*g.CellH
			far := dx*dx + dy*dy
			if far > best || g.Area[at] != area || !g.Passable(at) {
				return
			}
			if found && far == best {
				list = append(list, int32(at))
				return
			}
			best, found = far, true
			list = append(list[:0], int32(at))
		})
	}
	if !found {
		return list, 0
	}
	return list, math.Sqrt(best)
}

// ring visits the cells whose larger distance in cells is d.
func (g *Ground) ring(col, row, d int, visit func(c, r int)) {
	for r := max(0, row-d); r <= min(g.Height-1, row+d); r++ {
		step := 1
		if r != row-d && r != row+d && d > 0 {
			step = 2 * d // the two sides alone
		}
		for c := col - d; c <= col+d; c += step {
			if c >= 0 && c < g.Width {
				visit(c, r)
			}
		}
	}
}

// Moves counts the people that were moved off ground where nobody can be.
type Moves struct {
	People   float64 `json:"people"`
	Farthest float64 `json:"farthest_m"`
	// Left are people with no ground of their own area near enough: they stay
	// where they are, and cannot be reached.
	Left float64 `json:"left"`
}
