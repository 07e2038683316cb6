package crs

import (
	"math"

	"contado/geo/fault"
	"github.com/paulmach/orb"
)

// poleLat is where a vertex on a pole is put in Web Mercator, which has no
// poles: far above the top of its square (85.06°), so that no tile sees it.
const poleLat = 89.99

// maxVertices bounds what one geometry may grow to.
const maxVertices = 20_000_000

// vertex is a place in both systems.
type vertex struct{ sx, sy, dx, dy float64 }

// tracer transforms lines, adding vertices until the straight edges of the
// result stay near enough to the true curves.
type tracer struct {
	t        *Transformer
	maxError float64 // in units of dst; < 0 adds nothing
	maxDepth int
	total    int
	xs, ys   []float64
}

// transform fills dx, dy of the vertices.
func (tr *tracer) transform(vs []vertex) error {
	t := tr.t
	tr.xs, tr.ys = tr.xs[:0], tr.ys[:0]
	for _, v := range vs {
		tr.xs, tr.ys = append(tr.xs, v.sx), append(tr.ys, v.sy)
	}
	if err := t.carry(tr.xs, tr.ys); err != nil {
		return err
	}
	for i := range vs {
		vs[i].dx, vs[i].dy = tr.xs[i], tr.ys[i]
		if !(vs[i].dx-vs[i].dx == 0 && vs[i].dy-vs[i].dy == 0) {
			return fault.Errorf("crs.Geometry", fault.Invalid, "the point %.10g, %.10g of %s has no place in %s",
				vs[i].sx, vs[i].sy, t.src.Short(), t.dst.Short())
		}
	}
	return nil
}

// delta is the step in x from a to b, the short way round when the target
// repeats.
func (tr *tracer) delta(ax, bx float64) float64 {
	if tr.t.dstPeriod == 0 || tr.t.carries() {
		return bx - ax
	}
	return wrap(bx-ax, tr.t.dstPeriod)
}

// line transforms a line. Where the target repeats in x the result is
// continuous: it may pass ±180°.
func (tr *tracer) line(ps []orb.Point) ([]vertex, error) {
	vs := make([]vertex, len(ps))
	for i, p := range ps {
		vs[i] = vertex{sx: p[0], sy: p[1]}
	}
	if err := tr.transform(vs); err != nil {
		return nil, err
	}
	if tr.maxError >= 0 && len(vs) > 1 {
		var err error
		if vs, err = tr.densify(vs); err != nil {
			return nil, err
		}
	}
	if tr.total += len(vs); tr.total > maxVertices {
		return nil, fault.WithHint(fault.Errorf("crs.Geometry", fault.TooLarge,
			"the geometry would need more than %d vertices in %s", maxVertices, tr.t.dst.Short()), "allow a larger MaxError")
	}
	for i := 1; i < len(vs); i++ {
		vs[i].dx = vs[i-1].dx + tr.delta(vs[i-1].dx, vs[i].dx)
	}
	return vs, nil
}

// densify halves edges, all of one round in one batch, while the middle of
// the straight edge is more than maxError from where the true middle falls.
// Long edges are probed at their quarters as well in the first round, lest a
// curve that happens to cross its chord half way passes for straight.
func (tr *tracer) densify(vs []vertex) ([]vertex, error) {
	active := make([]bool, len(vs)-1)
	for i := range active {
		active[i] = vs[i].sx != vs[i+1].sx || vs[i].sy != vs[i+1].sy
	}
	for depth := 0; depth < tr.maxDepth; depth++ {
		mids, forced, err := tr.probe(vs, active, depth == 0)
		if err != nil {
			return nil, err
		}
		out := make([]vertex, 0, len(vs)+len(mids))
		next := make([]bool, 0, cap(out))
		k, split := 0, false
		for i := range vs {
			out = append(out, vs[i])
			if i == len(vs)-1 {
				break
			}
			if !active[i] {
				next = append(next, false)
				continue
			}
			m := mids[k]
			far := forced[k] || tr.miss(vs[i], vs[i+1], m, 0.5) > tr.maxError
			k++
			if !far {
				next = append(next, false)
				continue
			}
			out, next, split = append(out, m), append(next, true, true), true
		}
		vs, active = out, next
		if !split || len(vs) > maxVertices {
			break
		}
	}
	return vs, nil
}

// probe transforms the middles of the active edges. forced says that a probe
// at a quarter missed.
func (tr *tracer) probe(vs []vertex, active []bool, quarters bool) (mids []vertex, forced []bool, err error) {
	at := func(i int, f float64) vertex {
		a, b := vs[i], vs[i+1]
		return vertex{sx: a.sx + (b.sx-a.sx)*f, sy: a.sy + (b.sy-a.sy)*f}
	}
	var edges []int
	for i, on := range active {
		if on {
			mids = append(mids, at(i, 0.5))
			edges = append(edges, i)
		}
	}
	forced = make([]bool, len(mids))
	if len(mids) == 0 {
		return mids, forced, nil
	}
	if err := tr.transform(mids); err != nil {
		return nil, nil, err
	}
	if !quarters {
		return mids, forced, nil
	}
	var long []int // positions in mids
	var qs []vertex
	for k, i := range edges {
		if math.Hypot(tr.delta(vs[i].dx, vs[i+1].dx), vs[i+1].dy-vs[i].dy) > 1000*tr.maxError {
			long = append(long, k)
			qs = append(qs, at(i, 0.25), at(i, 0.75))
		}
	}
	if err := tr.transform(qs); err != nil {
		return nil, nil, err
	}
	for n, k := range long {
		a, b := vs[edges[k]], vs[edges[k]+1]
		forced[k] = tr.miss(a, b, qs[2*n], 0.25) > tr.maxError || tr.miss(a, b, qs[2*n+1], 0.75) > tr.maxError
	}
	return mids, forced, nil
}

// miss is how far m lies from the point at fraction f of the straight edge ab.
func (tr *tracer) miss(a, b, m vertex, f float64) float64 {
	x := a.dx + tr.delta(a.dx, b.dx)*f
	y := a.dy + (b.dy-a.dy)*f
	return math.Hypot(tr.delta(x, m.dx), m.dy-y)
}

func points(vs []vertex) []orb.Point {
	out := make([]orb.Point, len(vs))
	for i, v := range vs {
		out[i] = orb.Point{v.dx, v.dy}
	}
	return out
}
