package vector

import (
	"cmp"
	"context"
	"slices"

	"contado/geo/fault"
)

// artist draws the polygons of a layer.
type artist struct {
	*drawing
	plan   polygonPlan
	simple simplifier
	end    int     // bytes that the layer may reach
	tags   float64 // bytes of the attributes of a feature, about
	full   float64 // area of a pixel, square units
	ample  bool    // there is room for all
	source float64 // area in the tile
	drawn  float64
	kept   []vertex
	arena  []xy
}

// item is a feature to be: the polygons of a row, or a square that bears its
// attributes.
type item struct {
	id        int64
	ref       int32
	from, to  int32 // shapes
	size      float32
	inside    float32 // the area that counts for this tile, square units
	guess     float32 // bytes
	candidate int32   // −1: a square
	square    square  // then
}

// drawPolygons draws within so many bytes more.
func (d *drawing) drawPolygons(ctx context.Context, plan polygonPlan, bytes int, tags float64) error {
	a := &artist{
		drawing: d, plan: plan, end: d.w.size() + bytes, tags: tags,
		full: float64(int64(basePixel*basePixel) << plan.level), ample: plan.level == 0 && plan.bytes < 0.7*float64(bytes),
	}
	least := float32(plan.least * d.v.unit2)
	if plan.level == 0 {
		least = 0 // smaller ones were poured, or are in parts
	}
	d.stats.Level = max(d.stats.Level, plan.level)
	if d.pixels.pixels == nil && plan.level > 0 {
		d.pixels = newPourer(newPixels(), d.v)
	}
	d.pixels.coarsen(plan.level)
	groups, err := a.collect(ctx, least)
	if err != nil {
		return err
	}
	a.simple = simplifier{tol2: plan.tolerance * plan.tolerance * quarters * quarters}
	a.rest(a.paintAll(groups))
	if ctx.Err() != nil {
		return fault.E("vector.Draw", fault.Canceled, ctx.Err())
	}
	d.stats.source += a.source
	d.stats.drawn += a.drawn
	d.stats.AreaKept = ratio(d.stats.drawn, d.stats.source)
	return nil
}

// collect reads what is drawn as it is, pours the rest, and finds junctions.
func (a *artist) collect(ctx context.Context, least float32) ([]item, error) {
	tiny := float32(a.v.unit2 * basePixel * basePixel)
	c := a.emptyCollector()
	groups := a.items[:0]
	for i := range a.polys {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, fault.E("vector.Draw", fault.Canceled, ctx.Err())
		}
		cand := &a.polys[i]
		if cand.size < least || len(c.vertices)+int(cand.e.n) > c.most {
			a.pourParts(cand, tiny)
			continue
		}
		g := item{id: a.src.id(cand.ref), ref: cand.ref, size: cand.size, candidate: int32(i), from: int32(len(c.shapes))}
		if o := a.src.outline(cand.ref); o != nil && a.v.tile.Z <= stepZoom {
			if !c.outline(o, cand.e) {
				a.pour(cand.e, cand.ref, false) // collapsed on the grid
			}
		} else if err := a.collectParts(cand, least, tiny); err != nil {
			return nil, err
		}
		if g.to = int32(len(c.shapes)); g.to > g.from {
			a.weigh(&g, cand.e)
			groups = append(groups, g)
		}
	}
	a.items = groups
	a.pourHoles()
	c.findJunctions()
	return groups, nil
}

// collectParts reads the polygons of a row.
func (a *artist) collectParts(cand *candidate, least, tiny float32) error {
	c := a.collector
	if err := c.load(a.src.of(cand.ref), cand.ref); err != nil {
		if k := fault.KindOf(err); k != fault.Invalid && k != fault.Unsupported {
			return err
		}
		a.stats.Invalid++
		return nil
	}
	bad := false
	a.eachPart(cand, func(n int, e *entry) {
		switch {
		case e.kind() == noEntry || e.size < tiny && cand.e != e:
		case e.size < least || e.size < tiny:
			a.pour(e, cand.ref, false)
			a.stats.Dropped++
		default:
			if n < len(c.flat.Parts) && !c.polygon(n, e) {
				a.pour(e, cand.ref, false) // collapsed on the grid
			}
			bad = bad || c.bad
		}
	})
	if bad {
		a.stats.Invalid++
	}
	return nil
}

// pourParts pours the polygons of a candidate that the budget has no room for.
func (a *artist) pourParts(cand *candidate, tiny float32) {
	if cand.e.kind() == polygonEntry {
		if a.pour(cand.e, cand.ref, false) {
			a.stats.Dropped++
		}
		return
	}
	inside := false
	a.eachPart(cand, func(_ int, e *entry) {
		if e.kind() != noEntry && e.size >= tiny {
			inside = a.pour(e, cand.ref, false) || inside
		}
	})
	if inside {
		a.stats.Dropped++
	}
}

// pourHoles takes holes too small to draw off what the pixels draw near.
func (a *artist) pourHoles() {
	c := a.collector
	for i := range c.shapes {
		s := &c.shapes[i]
		if s.clipped {
			continue
		}
		for k := s.parts + 1; k < s.end; k++ {
			p := &c.parts[k]
			dx, dy := a.v.offset(p.at.x, p.at.y)
			if p.area >= a.holeArea() || !a.v.inside(dx, dy) {
				continue
			}
			if a.pixels.pixels == nil {
				a.pixels = newPourer(newPixels(), a.v)
			}
			a.pixels.pour(dx, dy, &p.at, -1)
		}
	}
}

// holeArea is that of the smallest hole that is drawn.
func (a *artist) holeArea() float64 { return max(basePixel*basePixel, a.plan.least) }

// paintAll encodes items, large ones first, and returns those that did not
// find room.
func (a *artist) paintAll(groups []item) (left []item) {
	squares := a.takeSquares(a.plan.level)
	items := a.withSquares(groups, squares)
	order := a.inOrder(items)
	f := a.foresee(items)
	for n := 0; n < len(order); {
		class, from := order[n]>>classShift, n
		for n < len(order) && order[n]>>classShift == class {
			n++
		}
		first, size := a.w.size(), a.w.size()
		f.begin(a, class)
		for k, key := range order[from:n] {
			it := &items[key&indexMask]
			limit := f.limit(a, it)
			// A class is drawn as a whole or not at all, if it can be told: half
			// of it would be drawn here and not there.
			if k == tellAfter && size+(a.w.size()-first)/tellAfter*(n-from) > limit && class > 0 {
				return a.later(left, items, order[from+k:])
			}
			if a.paintItem(it, limit) {
				continue
			}
			switch {
			case it.candidate < 0:
				a.stats.Dropped++
			case a.polys[it.candidate].e.n > 2000: // one that is too detailed
				left = append(left, *it)
			default:
				return a.later(left, items, order[from+k:])
			}
		}
	}
	return left
}

func (a *artist) later(left, items []item, order []uint64) []item {
	for _, key := range order {
		left = append(left, items[key&indexMask])
	}
	return left
}

// The order of items: class of size, place along a Z-order curve, index.
const (
	indexBits  = 24
	indexMask  = 1<<indexBits - 1
	classShift = indexBits + 32
	tellAfter  = 32
)

// inOrder sorts items: squares first, then polygons by classes of a quarter of
// a doubling of area, the large ones first, and in each along a curve, so that
// what lies together is read together. Where all will find room there is one
// class.
func (a *artist) inOrder(items []item) []uint64 {
	order := a.order[:0]
	for i := range items[:min(len(items), indexMask)] {
		it := &items[i]
		class, place := uint64(0), a.v.along(a.src.entry(it.ref))
		if it.candidate >= 0 && !a.ample {
			class = uint64(1 + areaBins - areaBin(float64(it.size)/a.v.unit2))
		}
		order = append(order, class<<classShift|place<<indexBits|uint64(i))
	}
	a.order = order
	a.sorter.sort(order, indexBits)
	for i := 0; i < len(order); { // those of one place by id
		j := i + 1
		for j < len(order) && order[j]>>indexBits == order[i]>>indexBits {
			j++
		}
		if same := order[i:j]; len(same) > 1 {
			slices.SortFunc(same, func(x, y uint64) int {
				return cmp.Compare(items[x&indexMask].id, items[y&indexMask].id)
			})
		}
		i = j
	}
	return order
}

// takeSquares empties the pixels.
func (a *artist) takeSquares(level int) []square {
	p := a.pixels.pixels
	if p == nil {
		return nil
	}
	out := p.squares(a.squares[:0], level)
	a.squares = out
	a.source += float64(p.total) / fullPixel * basePixel * basePixel
	p.clear()
	// By row, and as they come along the curve.
	order := a.order[:0]
	for i := range out {
		order = append(order, uint64(out[i].row)<<32|uint64(i))
	}
	a.sorter.sort(order, 32)
	n := len(out)
	for _, key := range order {
		out = append(out, out[uint32(key)])
	}
	a.order, a.squares = order, out
	return out[n:]
}

// withSquares adds items for squares; both lists are by row. A square has the
// id of its row unless another feature has it.
func (a *artist) withSquares(groups []item, squares []square) []item {
	g, n := 0, len(groups)
	for i, s := range squares {
		for g < n && groups[g].ref < s.row {
			g++
		}
		it := item{ref: s.row, candidate: -1, square: s, id: -1}
		if (g == n || groups[g].ref != s.row) && (i == 0 || squares[i-1].row != s.row) {
			it.id = a.src.id(s.row)
		}
		groups = append(groups, it)
	}
	a.items = groups
	return groups
}

// paintItem encodes an item if the layer then takes at most limit bytes.
func (a *artist) paintItem(it *item, limit int) bool {
	a.w.begin()
	drawn, source := 0.0, 0.0
	switch {
	case it.candidate < 0:
		a.w.square(it.square)
		drawn = float64(it.square.w) * float64(it.square.h)
	case it.to == it.from+1:
		drawn, source = a.paintShape(&a.collector.shapes[it.from], it.ref)
	default:
		drawn, source = a.paintParts(a.collector.shapes[it.from:it.to], it.ref)
	}
	if len(a.w.geom) == 0 {
		return true
	}
	a.tagRow(it.ref)
	if !a.w.end(it.id, geomPolygon, limit) {
		return false
	}
	a.source += source
	a.drawn += drawn
	a.stats.Features++
	return true
}

// rest pours what did not find room and draws it as squares.
func (a *artist) rest(left []item) {
	if len(left) == 0 && a.poured() == 0 {
		return
	}
	tiny := float32(a.v.unit2 * basePixel * basePixel)
	for i := range left {
		if c := left[i].candidate; c >= 0 {
			a.pourParts(&a.polys[c], tiny)
		}
	}
	level := a.plan.level
	for room := float64(a.end - a.w.size()); level < coarsestPixel; level++ {
		full := float64(int64(basePixel*basePixel) << level)
		if n := a.poured()/full + 1; n*(featureBytes+squareBytes+1.2*a.tags) <= room {
			break
		}
	}
	a.stats.Level = max(a.stats.Level, level)
	squares := a.takeSquares(level)
	items := a.withSquares(nil, squares)
	for i := range items {
		items[i].id = -1 // another feature may have it
		if !a.paintItem(&items[i], a.end) {
			a.stats.Dropped++
		}
	}
}
