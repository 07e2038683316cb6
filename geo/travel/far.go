package travel

import "math"

// farMoves is the number of moves of three cells one way and one or two the
// other: with the near moves they make the 32 neighbours.
const farMoves = 16

// farStep is a far move out of a row of the packed layout. The straight line
// from centre to centre lies for a share of its length in each cell that it
// passes: for (1, 3) a sixth in each end and a third in (0, 1) and (1, 2); for
// (2, 3) a sixth in each end, a twelfth in (0, 1) and (2, 2), a quarter in
// (1, 1) and (1, 2). The former are listed as two sixths.
type farStep struct {
	off    int32    // to the end of the move
	mid    [4]int32 // to the cells between, in order
	beside [2]int32 // to the cells beside the corner that (1, 3) passes; 0 for (2, 3)
	outer  float32  // share in mid[0] and mid[3]
	inner  float32  // share in mid[1] and mid[2]
	length float32  // metres
	inv    float32  // 1/length
}

type farSteps [farMoves]farStep

// farEnd is the share of a far move in each of its ends.
const farEnd = float32(1.0 / 6)

// overFar gives the cells that a far move passes, and those beside its corner.
func (m move) overFar() (mid [4]move, beside [2]move) {
	turn := func(along, across int) move { // in the frame where the move is (across, 3)
		if m.dr == 3 || m.dr == -3 {
			return move{sign(m.dc) * across, sign(m.dr) * along}
		}
		return move{sign(m.dc) * along, sign(m.dr) * across}
	}
	if m.dc*m.dr == 3 || m.dc*m.dr == -3 {
		a, b := turn(1, 0), turn(2, 1)
		return [4]move{a, a, b, b}, [2]move{turn(1, 1), turn(2, 0)}
	}
	return [4]move{turn(1, 0), turn(1, 1), turn(2, 1), turn(2, 2)}, [2]move{}
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

func (e *Engine) measureFar(s *Surface, packedRow, row int) {
	for k, m := range allMoves[nearMoves:] {
		length := s.moveLength(row, m)
		mid, beside := m.overFar()
		st := farStep{off: e.offset(packedRow, m), length: float32(length), inv: float32(1 / length), outer: 1.0 / 6, inner: 1.0 / 6}
		for i, over := range mid {
			st.mid[i] = e.offset(packedRow, over)
		}
		if beside != [2]move{} {
			st.beside = [2]int32{e.offset(packedRow, beside[0]), e.offset(packedRow, beside[1])}
		} else {
			st.outer, st.inner = 1.0/12, 1.0/4
		}
		e.far[packedRow][k] = st
	}
}

func (e *Engine) farStep(u int32, k int) *farStep { return &e.far[e.stepRow(u)][k-nearMoves] }

// over gives the cells between.
func (st *farStep) over(u int32) [4]int32 {
	return [4]int32{u + st.mid[0], u + st.mid[1], u + st.mid[2], u + st.mid[3]}
}

// mean weighs what is known of the cells that the move passes.
func (st *farStep) mean(from, a, b, c, d, to float32) float32 {
	return float32(farEnd*(from+to)) + float32(st.outer*(a+d)) + float32(st.inner*(b+c))
}

// farSeconds is the time of far move k out of u, +Inf when it is blocked.
func (s *search) farSeconds(u int32, k int) float32 {
	e := s.e
	st := e.farStep(u, k)
	v := st.over(u)
	pace := st.mean(e.pace(u), e.pace(v[0]), e.pace(v[1]), e.pace(v[2]), e.pace(v[3]), e.pace(u+st.off))
	inf := float32(math.Inf(1))
	if pace == inf || e.pace(u+st.beside[0]) == inf && e.pace(u+st.beside[1]) == inf {
		return inf
	}
	if s.relief {
		pace = s.tilt(pace, (e.z[u+st.off]-e.z[u])*st.inv, u, k)
	}
	return float32(st.length * pace)
}

// expandFar relaxes the far moves out of a cell that has just been settled.
func (s *search) expandFar(u int32, d float32, facility int32) {
	e := s.e
	all := &e.far[e.stepRow(u)]
	// No cell takes less than minPace; the margin is for rounding.
	floor := s.fastest * (1 - 1e-6) * (farEnd*e.pace(u) + (1-farEnd)*e.minPace)
	for k := range all {
		st := &all[k]
		v := u + st.off
		best := timeOf(s.labels[v])
		if d+float32(st.length*floor) > best {
			continue
		}
		if seconds := d + s.farSeconds(u, nearMoves+k); seconds <= best {
			s.offer(v, seconds, facility)
		}
	}
}
