package travel

import (
	"context"
	"math"
	"math/bits"

	"contado/geo/fault"
)

// search is what one request asks for, and goes about it cell by cell, by
// Dijkstra's algorithm with buckets, as Reach does. Compute and KNearest go tile
// by tile: see tiling.
//
// Exactness. Let ⊕ be float32 addition. A time is the least d that satisfies
// d(v) = min over moves (u, v) of d(u) ⊕ t(u, v), with d = offset at sources.
// x ⊕ t never decreases in x and is never below x, so relaxing moves in any
// order until nothing changes gives the same d, that of a binary heap, bit
// for bit (TestHeapOracle). Buckets only choose the order: they are emptied
// by rising time, and a move out of a bucket never leads to an earlier one.
//
// One visit a cell is enough because buckets are narrower than the shortest
// possible move (9/10): a move that improves v then leads at least one bucket
// ahead, so all cells of the bucket being emptied are final, with their
// facility. That holds while the spacing of float32 at d is at most a fifth
// of the shortest move: for moves of one second, up to 19 days. With shorter
// moves and times of weeks a cell of that bucket can improve; it is then
// pushed again, and the outcome stays exact (TestMovesOfNoTime).
//
// Equal times go to the lower facility number: labels compare as (time,
// facility), and moves leave the facility as it is.
type search struct {
	e        *Engine
	labels   []uint64 // of the packed cells: see labelOf
	q        *queue
	visited  *[]int32 // where to list the settled cells; nil for none
	settled  int64
	sign     float32 // of the slope of a move as relaxed: −1 towards the facility
	fastest  float32 // lower bound of the slope's time factor
	limit    float32
	allowed  uint32 // bit k: move k may be made
	relief   bool
	tilted   bool // relief after Tobler, and no cell ignores it
	slope    SlopeFunc
	table    *slopeTable // of the slope function; nil for those with a formula
	steepest float32     // moves above it are closed
	progress func(settled int64)
	touched  float32
}

// pollEvery is how many cells are settled between looks at the context.
const pollEvery = 1 << 14

// unreached is the label of a cell without a time: +Inf, facility −1.
const unreached = 0x7F800000<<32 | 1<<32 - 1

// labelOf packs a time and its facility so that labels compare like times, and
// equal times like facilities: times are not negative, and the bits of such
// floats rise with their value.
func labelOf(seconds float32, facility int32) uint64 {
	return uint64(math.Float32bits(seconds))<<32 | uint64(uint32(facility))
}

func timeOf(label uint64) float32 { return math.Float32frombits(uint32(label >> 32)) }

func facilityOf(label uint64) int32 { return int32(uint32(label)) }

func (s *search) run(ctx context.Context) error {
	poll := s.settled + pollEvery
	var batch chunk
	for s.q.next(&batch) {
		s.do(&batch)
		if s.settled < poll {
			continue
		}
		poll = s.settled + pollEvery
		if err := ctx.Err(); err != nil {
			return fault.E("travel.Compute", fault.Canceled, err)
		}
		if s.progress != nil {
			s.progress(s.settled)
		}
	}
	return nil
}

// do relaxes the moves out of the cells of a chunk of bucket cur.
func (s *search) do(batch *chunk) {
	for live := s.settle(batch.cells[:batch.n]); len(live) > 0; {
		n := min(len(live), touchAhead)
		s.touch(live[:n])
		for _, u := range live[:n] {
			label := s.labels[u]
			s.expand(u, timeOf(label), facilityOf(label))
		}
		live = live[n:]
	}
}

// settle keeps those cells of the bucket being emptied that are not stale,
// that is done with in an earlier bucket.
func (s *search) settle(cells []int32) []int32 {
	n := 0
	first := float64(s.q.cur)
	for _, u := range cells {
		cells[n] = u
		// Rises with bucket and time; no branch: many entries are stale.
		early := float64(float64(timeOf(s.labels[u]))*s.q.inv) - first
		n += int(^math.Float64bits(early) >> 63)
	}
	cells = cells[:n]
	s.settled += int64(n)
	if s.visited != nil {
		*s.visited = append(*s.visited, cells...)
	}
	return cells
}

// touchAhead is how many cells are fetched together: what they need fits the
// first-level cache.
const touchAhead = 16

// touch reads the cache lines that the next cells of a bucket will need,
// without using them: cells of a bucket lie far apart, and independent reads
// wait for memory together, where the search proper would wait for each.
func (s *search) touch(next []int32) {
	const far = 2 * strip
	labels, paces := uint64(0), float32(0)
	for _, u := range next {
		st := s.e.stepsFrom(u)
		for _, v := range [2]int32{u + st[upTwo].off + strip, u + st[downTwo].off - strip} {
			labels += s.labels[v-far] + s.labels[v] + s.labels[v+far]
			paces += s.e.pace(v)
			if s.relief {
				paces += s.e.z[v-far] + s.e.z[v] + s.e.z[v+far]
			}
		}
	}
	s.touched = float32(labels) + paces // so that the reads are not left out
}

// expand relaxes the moves out of a cell that has just been settled. It
// computes what moveSeconds does, to the bit, and leaves a move as soon as a
// lower bound of its time shows that it cannot win.
func (s *search) expand(u int32, d float32, facility int32) {
	e, labels := s.e, s.labels
	from := e.pace(u)
	all := e.stepsFrom(u)
	for hope := s.hopeful(u, d, s.fastest*(from+e.minPace), all); hope != 0; hope &= hope - 1 {
		k := bits.TrailingZeros32(hope) % nearMoves
		st := &all[k]
		v := u + st.off
		pace := from + e.pace(v)
		if k >= firstKnight {
			pace += e.pace(u+st.mid[0]) + e.pace(u+st.mid[1])
		}
		best := timeOf(labels[v])
		if s.relief {
			slope := (e.z[v] - e.z[u]) * st.inv
			if s.tilted && d+float32(st.part*float32(pace*s.leastTime(slope))) > best {
				continue
			}
			if s.tilted && slope <= s.steepest && slope >= -s.steepest {
				pace *= toblerTime(s.sign * slope) // tilt's common case
			} else {
				pace = s.tilt(pace, slope, u, k)
			}
		}
		seconds := d + float32(st.part*pace)
		if seconds > best || k >= firstDiagonal && k < firstKnight && e.squeezed(u, st) {
			continue
		}
		s.offer(v, seconds, facility)
	}
	if s.allowed>>nearMoves != 0 {
		s.expandFar(u, d, facility)
	}
}

// hopeful filters the moves out of u on the times of their other ends alone,
// without a branch: bit k tells that move k may win. No move of part p takes
// less than p·floor.
func (s *search) hopeful(u int32, d, floor float32, all *steps) uint32 {
	labels := s.labels
	hope := uint32(0)
	moves := all[:]
	if s.allowed == 1<<firstKnight-1 {
		moves = all[:firstKnight]
	}
	for k := range moves {
		least := math.Float32bits(d + float32(moves[k].part*floor))
		// Both are at most +Inf, so the difference has the sign bit when
		// least ≤ the time known.
		hope |= (least - 1 - uint32(labels[u+moves[k].off]>>32)) >> 31 << k
	}
	return hope & s.allowed
}

// squeezed reports whether a diagonal move passes between two barriers.
func (e *Engine) squeezed(u int32, st *step) bool {
	inf := float32(math.Inf(1))
	return e.pace(u+st.mid[0]) == inf && e.pace(u+st.mid[1]) == inf
}

// leastTime is a lower bound, within 0.6 % on slopes up to 20 %, of the time
// factor of Tobler's function: the Taylor sum of exp to an odd degree never exceeds exp.
func (s *search) leastTime(slope float32) float32 {
	x := s.sign*slope + 0.05
	if x < 0 {
		x = -x
	}
	x = 3.5 * (x - 0.05)
	return (1 - 2e-6) * (1 + x*(1+x*(0.5+x*(1.0/6))))
}

// moveSeconds is the time of move k out of u, +Inf when it is blocked.
func (s *search) moveSeconds(u int32, k int) float32 {
	e := s.e
	if k >= nearMoves {
		return s.farSeconds(u, k)
	}
	st := &e.stepsFrom(u)[k]
	pace := e.pace(u) + e.pace(u+st.off)
	if k >= firstKnight {
		pace += e.pace(u+st.mid[0]) + e.pace(u+st.mid[1])
	} else if k >= firstDiagonal && e.squeezed(u, st) {
		return float32(math.Inf(1))
	}
	if s.relief {
		pace = s.tilt(pace, (e.z[u+st.off]-e.z[u])*st.inv, u, k)
	}
	return float32(st.part * pace)
}

// slopeTime is the time factor of a move that is relaxed at a slope.
func (s *search) slopeTime(slope float32) float32 {
	if slope > s.steepest || slope < -s.steepest {
		return float32(math.Inf(1))
	}
	slope *= s.sign
	switch {
	case s.slope == Tobler:
		return toblerTime(slope)
	case s.table != nil:
		return s.table.at(slope)
	case s.slope == Langmuir:
		return langmuirTime(slope)
	case s.slope == Minetti:
		return minettiCost(slope) * (1 / 2.5)
	}
	return 1
}

// tilt applies the slope to the summed pace of the cells of a move; slope is
// that of the move as relaxed, from u outwards.
func (s *search) tilt(pace, slope float32, u int32, k int) float32 {
	if slope != slope { // unknown elevation: level
		return pace
	}
	factor := s.slopeTime(slope)
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
	if k >= nearMoves {
		st := e.farStep(u, k)
		v := st.over(u)
		return st.mean(e.level[u], e.level[v[0]], e.level[v[1]], e.level[v[2]], e.level[v[3]], e.level[u+st.off])
	}
	st := &e.stepsFrom(u)[k]
	sum := e.level[u] + e.level[u+st.off]
	if k >= firstKnight {
		sum += e.level[u+st.mid[0]] + e.level[u+st.mid[1]]
	}
	return sum
}

// offer gives v a candidate time; +Inf and NaN never win.
func (s *search) offer(v int32, seconds float32, facility int32) {
	if !(seconds <= s.limit) {
		return
	}
	label, at := labelOf(seconds, facility), &s.labels[v]
	if old := *at; label < old {
		*at = label
		s.q.push(v, seconds, timeOf(old))
	}
}
