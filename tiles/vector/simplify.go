package vector

// Shared edges are simplified once: where the boundaries of two features
// part is a junction and stays; between junctions Douglas–Peucker decides by
// coordinates alone, in exact integers, so both neighbours keep the same points.

// vertex is a point in quarters of a tile unit.
type vertex struct{ x, y int32 }

func (v vertex) less(w vertex) bool { return v.x < w.x || v.x == w.x && v.y < w.y }

func mix(h uint64) uint64 { // the finisher of SplitMix64
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// junctions remembers for every point the pair of neighbours it was first
// seen with. Open addressing: the map of the language is three times slower.
type junctions struct {
	slots []junctionSlot
	mask  uint32
}

// junctionSlot is 8 bytes, so that the points of a tile stay near the
// processor. Two pairs of neighbours that differ have one mix once in 2³²
// times: then a border may be simplified twice.
type junctionSlot struct {
	key  uint32
	pair uint32 // 0: free; 1: a junction; else a mix of both neighbours
}

// reset empties the table and makes room for so many points.
func (j *junctions) reset(vertices int) {
	size := 64
	for size < vertices*3/2 {
		size *= 2
	}
	if cap(j.slots) < size {
		j.slots = make([]junctionSlot, size)
	} else {
		j.slots = j.slots[:size]
		clear(j.slots)
	}
	j.mask = uint32(size - 1)
}

// key is a point in 32 bits: collected ones lie in coarseBox.
func (v vertex) key() uint32 {
	const from = coarse * quarters
	return uint32(v.x+from)<<16 | uint32(v.y+from)&0xffff
}

func (j *junctions) slot(key uint32) uint32 {
	for i := scatter(key) & j.mask; ; i = (i + 1) & j.mask {
		if s := &j.slots[i]; s.pair == 0 || s.key == key {
			return i
		}
	}
}

// scatter is the finisher of MurmurHash3.
func scatter(h uint32) uint32 {
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}

// see notes a point between two neighbours, which are given by their sides,
// and gives its slot.
func (j *junctions) see(key, pair uint32) uint32 {
	if pair < 2 {
		pair = 2
	}
	i := j.slot(key)
	switch s := &j.slots[i]; s.pair {
	case 0:
		s.key, s.pair = key, pair
	case pair:
	default:
		s.pair = 1
	}
	return i
}

// neighbour is what a neighbour adds to a pair: the same both ways round.
func neighbour(key uint32) uint32 { return scatter(key + 0x9e3779b9) }

// addRing notes the points of a ring, and their slots in slots.
func (j *junctions) addRing(slots []uint32, r []vertex) {
	n := len(r)
	key, before := r[0].key(), neighbour(r[n-1].key())
	at := neighbour(key)
	first := at
	for i := range r {
		next, after := uint32(0), first
		if i+1 < n {
			next = r[i+1].key()
			after = neighbour(next)
		}
		slots[i] = j.see(key, before+after)
		key, before, at = next, at, after
	}
}

// simplifier holds scratch space between calls.
type simplifier struct {
	tol2   float64 // squared tolerance, in squared quarter units
	keep   []bool
	stack  [][2]int
	turned []vertex
}

// line appends to dst the points of l that stay.
func (s *simplifier) line(dst []vertex, l []vertex) []vertex {
	keep := s.begin(len(l))
	keep[0], keep[len(l)-1] = true, true
	s.arc(l, 0, len(l)-1)
	return collect(dst, l, keep)
}

// ring appends to dst the points of r (without closing point) that stay:
// fewer than 3 when the ring collapses. Those that are fixed, junctions, all
// stay. A ring without junctions hangs on its lexicographically least point.
func (s *simplifier) ring(dst []vertex, r []vertex, fixed []bool) []vertex {
	start, n := -1, 0
	for i := range r {
		if fixed[i] {
			n++
			if start < 0 {
				start = i
			}
		}
	}
	switch {
	case n == len(r):
		return append(dst, r...)
	case start < 0:
		start = 0
		for i, v := range r {
			if v.less(r[start]) {
				start = i
			}
		}
	}
	return s.hung(dst, r, fixed, start)
}

// hung is ring from a point that stays.
func (s *simplifier) hung(dst []vertex, r []vertex, fixed []bool, start int) []vertex {
	n := len(r)
	s.turned = append(append(append(s.turned[:0], r[start:]...), r[:start]...), r[start])
	l := s.turned
	keep := s.begin(len(l))
	keep[0], keep[n] = true, true
	from := 0
	for i := 1; i <= n; i++ {
		at := start + i
		if at >= n {
			at -= n
		}
		if i < n && !fixed[at] {
			continue
		}
		keep[i] = true
		switch {
		case i == from+1:
		case l[from] == l[i]: // a loop: hang it also on its farthest point
			far := farthest(l, from, i)
			keep[far] = true
			s.arc(l, from, far)
			s.arc(l, far, i)
		default:
			s.arc(l, from, i)
		}
		from = i
	}
	return collect(dst, l[:n], keep[:n])
}

func (s *simplifier) begin(n int) []bool {
	if cap(s.keep) < n {
		s.keep = make([]bool, n*2)
	}
	s.keep = s.keep[:n]
	clear(s.keep)
	return s.keep
}

func collect(dst, l []vertex, keep []bool) []vertex {
	for i, k := range keep {
		if k {
			dst = append(dst, l[i])
		}
	}
	return dst
}

func farthest(l []vertex, from, to int) int {
	best, far := int64(-1), from
	for i := from + 1; i < to; i++ {
		dx, dy := int64(l[i].x-l[from].x), int64(l[i].y-l[from].y)
		if d := dx*dx + dy*dy; d > best || d == best && l[i].less(l[far]) {
			best, far = d, i
		}
	}
	return far
}

// arc is Douglas–Peucker on l[from..to], both kept. Equal distances go to the
// lexicographically lesser point: the same result from either end.
func (s *simplifier) arc(l []vertex, from, to int) {
	s.stack = append(s.stack[:0], [2]int{from, to})
	for len(s.stack) > 0 {
		top := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		a, b := l[top[0]], l[top[1]]
		best, far := -1.0, -1
		for i := top[0] + 1; i < top[1]; i++ {
			if d := distance2(a, b, l[i]); d > best || d == best && l[i].less(l[far]) {
				best, far = d, i
			}
		}
		if best > s.tol2 {
			s.keep[far] = true
			s.stack = append(s.stack, [2]int{top[0], far}, [2]int{far, top[1]})
		}
	}
}

// distance2 is the squared distance from p to segment ab; the same to the
// bit for ba, as all sums are exact.
func distance2(a, b, p vertex) float64 {
	abx, aby := int64(b.x-a.x), int64(b.y-a.y)
	apx, apy := int64(p.x-a.x), int64(p.y-a.y)
	bpx, bpy := int64(p.x-b.x), int64(p.y-b.y)
	switch {
	case apx*abx+apy*aby <= 0:
		return float64(apx*apx + apy*apy)
	case bpx*abx+bpy*aby >= 0:
		return float64(bpx*bpx + bpy*bpy)
	}
	cross := float64(abx*apy - aby*apx)
	return cross * cross / float64(abx*abx+aby*aby)
}
