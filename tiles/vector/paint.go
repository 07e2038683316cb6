package vector

// paintShape writes the geometry of a polygon, and returns what area it drew
// and what there is in the tile, in square units.
func (a *artist) paintShape(s *shape, ref int32) (drawn, source float64) {
	c := a.collector
	if s.end == s.parts+1 {
		p := c.parts[s.parts]
		a.kept = a.simple.ring(a.kept[:0], c.vertices[p.from:p.to], c.fixed[p.from:p.to])
		ring := snapRing(a.kept)
		if len(ring) >= 3 && insideFinal(ring) && simpleRing(ring) {
			drawn = a.writeRing(ring)
			if drawn > 0 {
				return drawn, a.sourceOf(s, drawn)
			}
		}
	}
	a.arena = a.arena[:0]
	return a.paintRings(a.snappedRings(nil, s), []*shape{s}, ref)
}

// paintParts is paintShape of several polygons of a row. Those that come to
// touch on the grid are made one, so that the whole is valid.
func (a *artist) paintParts(shapes []shape, ref int32) (drawn, source float64) {
	a.arena = a.arena[:0]
	var rings [][]xy
	var all []*shape
	var boxes []box
	touching := false
	for i := range shapes {
		from := len(rings)
		rings = a.snappedRings(rings, &shapes[i])
		all = append(all, &shapes[i])
		for _, r := range rings[from:] {
			b := boundsOf(r)
			for _, o := range boxes {
				touching = touching || len(boxes) > 64 || b.meets(o)
			}
		}
		for _, r := range rings[from:] {
			boxes = append(boxes, boundsOf(r))
		}
	}
	if touching {
		return a.paintRings(rings, all, ref)
	}
	for _, s := range all {
		a.arena = a.arena[:0]
		d, src := a.paintRings(a.snappedRings(nil, s), []*shape{s}, ref)
		drawn, source = drawn+d, source+src
	}
	return drawn, source
}

// paintRings writes what the even-odd rule fills of the rings of shapes.
func (a *artist) paintRings(rings [][]xy, of []*shape, ref int32) (drawn, source float64) {
	polys, ok := a.repair.polygonize(rings)
	if !ok {
		a.stats.Invalid++
	}
	for _, p := range polys {
		drawn += shoelace(p.exterior)
		for _, h := range p.holes {
			drawn += shoelace(h)
		}
	}
	if len(polys) == 0 && len(of) == 1 && of[0].within { // collapsed on the grid
		a.pour(of[0].entry, ref, false)
		return 0, 0
	}
	a.w.polygons(polys)
	cut := false
	for _, s := range of {
		cut = cut || !s.within
		source += float64(s.entry.size)/a.v.unit2 + a.smallHoles(s)
	}
	if cut { // the rest of it is elsewhere
		source = drawn
	}
	return drawn, source
}

// sourceOf is the area of a shape in the tile; of one that is cut it is what
// was drawn, as the rest of it is elsewhere.
func (a *artist) sourceOf(s *shape, drawn float64) float64 {
	if !s.within {
		return drawn
	}
	return float64(s.entry.size)/a.v.unit2 + a.smallHoles(s)
}

// smallHoles is the area of holes that were taken off the pixels.
func (a *artist) smallHoles(s *shape) float64 {
	sum := 0.0
	for _, p := range a.collector.parts[s.parts+1 : s.end] {
		if p.area < a.holeArea() {
			sum += p.area
		}
	}
	return sum
}

// snappedRings appends the rings of a shape on the tile's grid, cut to its
// buffer. They live in the arena.
func (a *artist) snappedRings(to [][]xy, s *shape) [][]xy {
	c := a.collector
	rings := make([][]xy, 0, s.end-s.parts)
	inside := true // all rings: a hole may lie outside, in data that are not valid
	for i, p := range c.parts[s.parts:s.end] {
		if i > 0 && !s.clipped && p.area < a.holeArea() {
			continue
		}
		a.kept = a.simple.ring(a.kept[:0], c.vertices[p.from:p.to], c.fixed[p.from:p.to])
		ring := snapRing(a.kept)
		if len(ring) < 3 {
			continue
		}
		inside = inside && insideFinal(ring)
		from := len(a.arena)
		for _, v := range ring {
			a.arena = append(a.arena, xy{float64(v.x), float64(v.y)})
		}
		rings = append(rings, a.arena[from:len(a.arena):len(a.arena)])
	}
	if !inside {
		rings = clipRings(rings, finalBox)
		for i := range rings {
			rings[i] = roundAll(rings[i])
		}
	}
	return append(to, rings...)
}

// snapRing rounds a ring in place to units and drops repeats.
func snapRing(r []vertex) []vertex {
	out := snapLine(r)
	for len(out) > 1 && out[0] == out[len(out)-1] {
		out = out[:len(out)-1]
	}
	return out
}

// snapLine is snapRing of a line.
func snapLine(l []vertex) []vertex {
	out := l[:0]
	for _, v := range l {
		v = vertex{(v.x + quarters/2) >> 2, (v.y + quarters/2) >> 2}
		if n := len(out); n == 0 || out[n-1] != v {
			out = append(out, v)
		}
	}
	return out
}

// insideFinal reports whether points in units lie in the tile and its buffer.
func insideFinal(r []vertex) bool {
	for _, v := range r {
		if uint32(v.x+buffer) > extent+2*buffer || uint32(v.y+buffer) > extent+2*buffer {
			return false
		}
	}
	return true
}

// turn is twice the signed area of a, b, p: exact for tile coordinates.
func turn(a, b, p vertex) int64 {
	return int64(b.x-a.x)*int64(p.y-a.y) - int64(b.y-a.y)*int64(p.x-a.x)
}

// simpleRing reports whether a small ring certainly neither crosses nor
// touches itself. It leaves larger ones to the repairer.
func simpleRing(r []vertex) bool {
	const most = 40
	n := len(r)
	if n > most {
		return false
	}
	if n == 3 {
		return turn(r[0], r[1], r[2]) != 0
	}
	if convex(r) {
		return true
	}
	for i := range n {
		a, b := r[i], r[(i+1)%n]
		if c := r[(i+2)%n]; turn(a, b, c) == 0 &&
			int64(b.x-a.x)*int64(c.x-b.x)+int64(b.y-a.y)*int64(c.y-b.y) <= 0 {
			return false // back along the edge
		}
		for j := i + 2; j < n; j++ {
			if i == 0 && j == n-1 {
				continue
			}
			if touch(a, b, r[j], r[(j+1)%n]) {
				return false
			}
		}
	}
	return true
}

// convex reports whether a ring turns one way only, once round.
func convex(r []vertex) bool {
	n := len(r)
	way, runs := int64(0), 0
	prev, last := r[n-1], r[n-2]
	east := prev.x > last.x || prev.x == last.x && prev.y > last.y
	for _, v := range r {
		t := turn(last, prev, v)
		if t == 0 || t > 0 && way < 0 || t < 0 && way > 0 {
			return false
		}
		way = t
		if e := v.x > prev.x || v.x == prev.x && v.y > prev.y; e != east {
			east = e
			runs++
		}
		last, prev = prev, v
	}
	return runs <= 2
}

// touch reports whether segments ab and cd share a point.
func touch(a, b, c, d vertex) bool {
	if max(a.x, b.x) < min(c.x, d.x) || max(c.x, d.x) < min(a.x, b.x) ||
		max(a.y, b.y) < min(c.y, d.y) || max(c.y, d.y) < min(a.y, b.y) {
		return false
	}
	s1, s2 := turn(a, b, c), turn(a, b, d)
	if s1 > 0 && s2 > 0 || s1 < 0 && s2 < 0 {
		return false
	}
	t1, t2 := turn(c, d, a), turn(c, d, b)
	return !(t1 > 0 && t2 > 0 || t1 < 0 && t2 < 0)
}

// writeRing writes a simple ring as an exterior and returns its area.
func (a *artist) writeRing(r []vertex) float64 {
	sum := int64(0)
	for i := 1; i+1 < len(r); i++ {
		sum += turn(r[0], r[i], r[i+1])
	}
	if sum == 0 {
		return 0
	}
	w := a.w
	n := len(r)
	w.command(1, 1)
	w.to(r[0].x, r[0].y)
	w.command(2, n-1)
	if sum > 0 {
		for _, v := range r[1:] {
			w.to(v.x, v.y)
		}
	} else {
		for i := n - 1; i > 0; i-- {
			w.to(r[i].x, r[i].y)
		}
		sum = -sum
	}
	w.command(7, 1)
	return float64(sum) / 2
}

// roundAll rounds in place and drops repeats.
func roundAll(ps []xy) []xy {
	out := ps[:0]
	for _, p := range ps {
		p = roundXY(p)
		if len(out) == 0 || out[len(out)-1] != p {
			out = append(out, p)
		}
	}
	return out
}
