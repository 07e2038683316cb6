package travel

import (
	"math/bits"

	"contado/geo/fault"
)

// Step is a cell of a route with the time from it to the facility (or from
// the facility to it, after a search in that direction).
type Step struct {
	Col, Row int
	Seconds  float32
}

// Path follows a result from a cell back to its facility: the cells of one
// shortest route, ends included, in that order. o and sources must be those
// of the result. It recomputes the moves of the route, so nothing need be
// kept for it. Errors: NotExist when the cell is not reached; Invalid when
// the result does not belong to the engine and options.
func (e *Engine) Path(r *Result, sources []Source, o Options, col, row int) ([]Step, error) {
	const op = "travel.Path"
	if len(r.Seconds) != e.width*e.height {
		return nil, fault.Errorf(op, fault.Invalid, "travel: the result has %d cells, the surface %d", len(r.Seconds), e.width*e.height)
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Solver != Dijkstra {
		return nil, fault.Errorf(op, fault.Unsupported, "travel: fast marching has times and no routes")
	}
	if col < 0 || row < 0 || col >= e.width || row >= e.height || r.Nearest[row*e.width+col] < 0 {
		return nil, fault.Errorf(op, fault.NotExist, "travel: no facility can be reached from column %d, row %d", col, row)
	}
	start := make(map[int32]float32, len(sources))
	for i := range sources {
		if s := &sources[i]; s.Col >= 0 && s.Row >= 0 && s.Col < e.width && s.Row < e.height {
			u := e.at(s.Col, s.Row)
			if old, ok := start[u]; !ok || s.Offset < old {
				start[u] = s.Offset
			}
		}
	}
	s := e.newSearch(&o)
	u := e.at(col, row)
	var path []Step
	for {
		c := e.cell(u)
		d := r.Seconds[c]
		path = append(path, Step{Col: int(c) % e.width, Row: int(c) / e.width, Seconds: d})
		if first, ok := start[u]; ok && first == d {
			return path, nil
		}
		prev, ok := s.before(r, u, d)
		if !ok || len(path) > len(r.Seconds) {
			return nil, fault.Errorf(op, fault.Invalid, "travel: the result was not computed with these options (column %d, row %d)", path[len(path)-1].Col, path[len(path)-1].Row)
		}
		u = prev
	}
}

// before finds the cell that gave v its time d: the sum of its own time and
// the move's is d to the bit.
func (s *search) before(r *Result, v int32, d float32) (int32, bool) {
	e := s.e
	toCol, toRow := e.place(v)
	for k := range bits.Len32(s.allowed) {
		col, row := toCol-allMoves[k].dc, toRow-allMoves[k].dr
		if col < 0 || row < 0 || col >= e.width || row >= e.height {
			continue
		}
		u := e.at(col, row)
		t := r.Seconds[row*e.width+col]
		if t < d && t+s.moveSeconds(u, k) == d {
			return u, true
		}
	}
	return 0, false
}
