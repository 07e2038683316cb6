package travel

import (
	"context"
	"math"

	"contado/geo/fault"
)

// A label holds what is known of a cell: the bits of its time in the upper
// half (for times ≥ 0 the order of the bits is that of the times), the
// facility in the lower, whose top bit tells that the cell is settled.
const (
	settledBit = 1 << 31
	noFacility = settledBit - 1
	unreached  = uint64(0x7F800000)<<32 | noFacility // +Inf
)

func labelSeconds(l uint64) float32 { return math.Float32frombits(uint32(l >> 32)) }

func makeLabel(seconds float32, facility uint32) uint64 {
	return uint64(math.Float32bits(seconds))<<32 | uint64(facility)
}

// search is one run of Dijkstra's algorithm with buckets.
//
// Exactness. Let ⊕ be float32 addition. A time is the least d that satisfies
// d(v) = min over moves (u, v) of d(u) ⊕ t(u, v), with d = offset at sources.
// x ⊕ t never decreases in x and is never below x, so relaxing moves in any
// order until nothing changes gives the same d, that of a binary heap, bit
// for bit (TestHeapOracle). Buckets only choose the order: they are emptied
// by rising time, and a move out of a bucket never leads to an earlier one.
//
// One visit a cell is enough because buckets are half as wide as the shortest
// possible move: a move that improves v then leads at least one bucket
// ahead, so all cells of the bucket being emptied are final, with their
// facility. That holds while the spacing of float32 at d is at most the
// shortest move, which is so up to the Horizon for moves of one second. With
// shorter moves and times of weeks a settled cell can improve; it is then
// pushed again, and the time stays exact.
//
// Equal times go to the lower facility number among those that arrive.
type search struct {
	e        *Engine
	labels   []uint64
	q        *queue
	visited  *[]int32 // where to list the settled cells; nil for none
	settled  int64
	sign     float32 // of the slope of a move as relaxed: −1 towards the facility
	fastest  float32 // lower bound of the slope's time factor
	limit    float32
	knights  bool
	relief   bool
	progress func(settled int64)
	touched  uint64
}

// pollEvery is how many cells are settled between looks at the context.
const pollEvery = 1 << 14

func (s *search) run(ctx context.Context) error {
	poll := s.settled + pollEvery
	for s.q.next() {
		slot := s.q.cur & (window - 1)
		// A push into this very bucket may move the slice: index it anew.
		for i := 0; i < len(s.q.buckets[slot]); i++ {
			if i%touchAhead == 0 {
				s.touch(s.q.buckets[slot][i:])
			}
			u := s.q.buckets[slot][i]
			l := s.labels[u]
			if l&settledBit != 0 {
				continue
			}
			s.labels[u] = l | settledBit
			s.settled++
			if s.visited != nil {
				*s.visited = append(*s.visited, u)
			}
			s.expand(u, labelSeconds(l), uint32(l))
		}
		s.q.done()
		if s.settled >= poll {
			poll = s.settled + pollEvery
			if err := ctx.Err(); err != nil {
				return fault.E("travel.Compute", fault.Canceled, err)
			}
			if s.progress != nil {
				s.progress(s.settled)
			}
		}
	}
	return nil
}

// touchAhead is how many cells are fetched together.
const touchAhead = 16

// touch reads what the next cells of a bucket will need, without using it:
// cells of a bucket lie far apart, and independent reads wait for memory
// together, where the search proper would wait for each in turn.
func (s *search) touch(next []int32) {
	if len(next) > touchAhead {
		next = next[:touchAhead]
	}
	step := int32(s.e.stride)
	sum := uint64(0)
	for _, u := range next {
		for v := u - 2*step; v <= u+2*step; v += step {
			sum += s.labels[v] ^ uint64(math.Float32bits(s.e.cells[v].pace))
		}
	}
	s.touched = sum // so that the reads are not left out
}

// moves is the number of moves out of a cell.
func (s *search) moves() int {
	if s.knights {
		return moveCount
	}
	return firstKnight
}

// expand relaxes the moves out of a cell that has just been settled.
func (s *search) expand(u int32, d float32, facility uint32) {
	e := s.e
	steps := e.movesFrom(u)
	// No move of part p out of u takes less than p·floor.
	floor := s.fastest * (e.cells[u].pace + e.minPace)
	for k := range s.moves() {
		v := u + e.off[k]
		// Most neighbours are left here, on the label alone.
		if d+float32(steps[k].part*floor) > labelSeconds(s.labels[v]) {
			continue
		}
		s.offer(v, d+s.moveSeconds(u, k), facility)
	}
}

// moveSeconds is the time of move k out of u, +Inf when it is blocked.
func (s *search) moveSeconds(u int32, k int) float32 {
	e := s.e
	from, to := e.cells[u], e.cells[u+e.off[k]]
	pace := from.pace + to.pace
	if k >= firstKnight {
		pace += e.cells[u+e.mid[k][0]].pace + e.cells[u+e.mid[k][1]].pace
	} else if k >= firstDiagonal && e.squeezed(u, k) {
		return float32(math.Inf(1))
	}
	step := e.movesFrom(u)[k]
	if s.relief {
		pace = s.tilt(pace, (to.z-from.z)*step.inv, u, k)
	}
	return float32(step.part * pace)
}

// squeezed reports whether a diagonal move passes between two barriers.
func (e *Engine) squeezed(u int32, k int) bool {
	inf := float32(math.Inf(1))
	return e.cells[u+e.mid[k][0]].pace == inf && e.cells[u+e.mid[k][1]].pace == inf
}

// tilt applies the slope to the summed pace of the cells of a move; slope is
// that of the move as relaxed, from u outwards.
func (s *search) tilt(pace, slope float32, u int32, k int) float32 {
	if slope != slope { // unknown elevation: level
		return pace
	}
	factor := toblerTime(s.sign * slope)
	if s.e.level == nil {
		return pace * factor
	}
	level := s.e.levelPace(u, k)
	if pace == level {
		return pace // also where the factor is +Inf
	}
	return float32((pace-level)*factor) + level
}

// levelPace sums the pace of those cells of a move that ignore slope.
func (e *Engine) levelPace(u int32, k int) float32 {
	sum := e.level[u] + e.level[u+e.off[k]]
	if k >= firstKnight {
		sum += e.level[u+e.mid[k][0]] + e.level[u+e.mid[k][1]]
	}
	return sum
}

// offer gives v a candidate time; +Inf and NaN never win.
func (s *search) offer(v int32, seconds float32, facility uint32) {
	if !(seconds <= s.limit) {
		return
	}
	l := s.labels[v]
	old := labelSeconds(l)
	if seconds < old {
		if l&settledBit != 0 {
			s.settled-- // see search: it will be settled anew
		}
		s.labels[v] = makeLabel(seconds, facility)
		s.q.push(v, seconds)
	} else if seconds == old && facility < uint32(l) && l&settledBit == 0 {
		s.labels[v] = makeLabel(seconds, facility)
	}
}
