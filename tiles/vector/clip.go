package vector

import (
	"cmp"
	"math"
	"slices"
)

// xy is a point in tile units (or quarters of them), y down. Whole numbers up
// to 2^53 are exact, so one clipper serves both float and grid coordinates.
type xy struct{ x, y float64 }

func (p xy) less(q xy) bool { return p.x < q.x || p.x == q.x && p.y < q.y }

// box is closed on all sides, in the units of the points it clips.
type box struct{ minX, minY, maxX, maxY float64 }

// half is a half-plane bounded by a line parallel to an axis.
type half struct {
	vertical bool // the line is x = bound
	bound    float64
	greater  bool // the kept side
}

func (h half) inside(p xy) bool {
	v := p.y
	if h.vertical {
		v = p.x
	}
	if h.greater {
		return v > h.bound
	}
	return v < h.bound
}

// cross is where segment pq meets the line; the same to the bit for qp.
func (h half) cross(p, q xy) xy {
	if q.less(p) {
		p, q = q, p
	}
	if h.vertical {
		return xy{h.bound, p.y + (q.y-p.y)*((h.bound-p.x)/(q.x-p.x))}
	}
	return xy{p.x + (q.x-p.x)*((h.bound-p.y)/(q.y-p.y)), h.bound}
}

func (h half) along(p xy) float64 {
	if h.vertical {
		return p.y
	}
	return p.x
}

// clipRings cuts a polygon — the even-odd inside of its rings, all together —
// to the box. Rings have no closing point. Unlike Sutherland–Hodgman it never
// leaves edges along the border between separate parts: each of the four cuts
// joins crossings in pairs along the line, as the even-odd rule fills it.
func clipRings(rings [][]xy, b box) [][]xy {
	for _, h := range b.halves() {
		if len(rings) == 0 {
			return nil
		}
		rings = clipHalf(rings, h)
	}
	return rings
}

func (b box) halves() [4]half {
	return [4]half{{true, b.minX, true}, {true, b.maxX, false}, {false, b.minY, true}, {false, b.maxY, false}}
}

// chain is a run of a ring inside the half-plane; both ends are on its line.
type chain struct {
	pts  []xy
	used bool
}

type chainEnd struct {
	at    float64
	chain int
	last  bool
}

func clipHalf(rings [][]xy, h half) [][]xy {
	var out [][]xy
	var chains []chain
	for _, r := range rings {
		n, in := len(r), 0
		for _, p := range r {
			if h.inside(p) {
				in++
			}
		}
		switch in {
		case 0:
		case n:
			out = append(out, r)
		default:
			chains = appendChains(chains, r, h)
		}
	}
	if len(chains) == 0 {
		return out
	}
	ends := make([]chainEnd, 0, 2*len(chains))
	for i, c := range chains {
		ends = append(ends, chainEnd{h.along(c.pts[0]), i, false},
			chainEnd{h.along(c.pts[len(c.pts)-1]), i, true})
	}
	slices.SortFunc(ends, func(a, b chainEnd) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.chain, b.chain))
	})
	partner := make([]chainEnd, len(ends)) // by 2·chain + (last ? 1 : 0)
	for i := 0; i < len(ends); i += 2 {
		a, b := ends[i], ends[i+1]
		partner[a.slot()], partner[b.slot()] = b, a
	}
	for i := range chains {
		if !chains[i].used {
			out = append(out, joinChains(chains, partner, i))
		}
	}
	return out
}

func (e chainEnd) slot() int {
	if e.last {
		return 2*e.chain + 1
	}
	return 2 * e.chain
}

// appendChains cuts a ring that is partly inside into its inside runs.
func appendChains(chains []chain, r []xy, h half) []chain {
	n := len(r)
	start := 0
	for h.inside(r[start]) { // some point is outside
		start++
	}
	for i := 0; i < n; {
		if !h.inside(r[(start+i)%n]) {
			i++
			continue
		}
		c := []xy{h.cross(r[(start+i-1+n)%n], r[(start+i)%n])}
		for h.inside(r[(start+i)%n]) {
			c = append(c, r[(start+i)%n])
			i++
		}
		c = append(c, h.cross(r[(start+i-1)%n], r[(start+i)%n]))
		chains = append(chains, chain{pts: c})
	}
	return chains
}

// joinChains follows chains from one to its partner until it is back.
func joinChains(chains []chain, partner []chainEnd, first int) []xy {
	var ring []xy
	at, forward := first, true
	for !chains[at].used {
		c := &chains[at]
		c.used = true
		if forward {
			ring = append(ring, c.pts...)
		} else {
			for i := len(c.pts) - 1; i >= 0; i-- {
				ring = append(ring, c.pts[i])
			}
		}
		next := partner[chainEnd{chain: at, last: forward}.slot()]
		at, forward = next.chain, !next.last
	}
	return ring
}

// clipLine cuts a line to the box, calling emit for each run inside. The
// slice that emit gets is not used again.
func clipLine(line []xy, b box, emit func([]xy)) {
	var run []xy
	flush := func() {
		if len(run) > 1 {
			emit(run)
		}
		run = nil
	}
	for i := 1; i < len(line); i++ {
		p, q, ok := clipSegment(line[i-1], line[i], b)
		if !ok {
			flush()
			continue
		}
		if p != line[i-1] {
			flush()
		}
		if len(run) == 0 {
			run = append(run, p)
		}
		run = append(run, q)
		if q != line[i] {
			flush()
		}
	}
	flush()
}

// clipSegment is the part of pq inside the box.
func clipSegment(p, q xy, b box) (xy, xy, bool) {
	for _, h := range b.halves() {
		in := func(a xy) bool {
			v := a.y
			if h.vertical {
				v = a.x
			}
			return v == h.bound || h.inside(a)
		}
		switch pi, qi := in(p), in(q); {
		case pi && qi:
		case !pi && !qi:
			return p, q, false
		case pi:
			q = h.cross(p, q)
		default:
			p = h.cross(p, q)
		}
	}
	return p, q, true
}

// shoelace is the signed area of a ring by the surveyor's formula on the
// coordinates as they are: positive for an exterior ring of a vector tile.
func shoelace(r []xy) float64 {
	if len(r) < 3 {
		return 0
	}
	sum, o := 0.0, r[0]
	for i := 1; i+1 < len(r); i++ {
		sum += (r[i].x-o.x)*(r[i+1].y-o.y) - (r[i+1].x-o.x)*(r[i].y-o.y)
	}
	return sum / 2
}

func boundsOf(r []xy) box {
	b := box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, p := range r {
		b.minX, b.maxX = min(b.minX, p.x), max(b.maxX, p.x)
		b.minY, b.maxY = min(b.minY, p.y), max(b.maxY, p.y)
	}
	return b
}

func (b box) within(o box) bool {
	return b.minX >= o.minX && b.maxX <= o.maxX && b.minY >= o.minY && b.maxY <= o.maxY
}

func (b box) meets(o box) bool {
	return b.minX <= o.maxX && b.maxX >= o.minX && b.minY <= o.maxY && b.maxY >= o.minY
}

func (b box) buffer(d float64) box {
	return box{b.minX - d, b.minY - d, b.maxX + d, b.maxY + d}
}

func roundXY(p xy) xy { return xy{math.Round(p.x), math.Round(p.y)} }
