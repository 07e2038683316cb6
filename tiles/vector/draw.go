package vector

import (
	"cmp"
	"context"
	"math"
	"slices"

	"contado/geo"
)

// level is how hard a tile is generalised, in tile units.
type level struct {
	tolerance float64 // of simplification
	pixel     float64 // polygons smaller than its square are drawn together
	line      float64 // of lines with a smaller box, one a quarter of it is kept
	cell      float64 // one point a cell is kept; 0 keeps all
}

// levels double the pixel's area; the last ones are for tiles that would
// otherwise take tens of megabytes.
var levels = func() []level {
	ls := []level{{tolerance: 1, pixel: basePixel}}
	for i := 1; i <= 12; i++ {
		k := math.Pow(2, float64(i)/2)
		ls = append(ls, level{tolerance: k, pixel: math.Round(basePixel * k), line: 8 * k, cell: 8 * k})
	}
	return ls
}()

// drawing renders collected shapes at a level.
type drawing struct {
	c         *collector
	o         *Options
	w         *layerWriter
	junctions *junctions

	level  level
	simple simplifier
	tiny   *accumulator
	cells  map[[3]int32]struct{}
	stats  Stats
	source float64 // polygon area in the tile
	drawn  float64

	repair repairer
	kept   []vertex
	// of the current feature:
	polys []polygon
	arena []xy
}

func (d *drawing) findJunctions() {
	n := 0
	for _, s := range d.c.shapes {
		if s.kind == lineShape || s.kind == polygonShape {
			for _, p := range d.c.parts[s.parts:s.end] {
				n += int(p.to - p.from)
			}
		}
	}
	d.junctions = newJunctions(n)
	for _, s := range d.c.shapes {
		for _, p := range d.c.parts[s.parts:s.end] {
			switch s.kind {
			case lineShape:
				d.junctions.addLine(d.c.vertices[p.from:p.to])
			case polygonShape:
				d.junctions.addRing(d.c.vertices[p.from:p.to])
			}
		}
	}
}

// draw writes the shapes until the budget is spent, and returns the share of
// shapes it got through. With last it goes on, leaving out what does not fit.
func (d *drawing) draw(ctx context.Context, n int, last bool) float64 {
	c := d.c
	d.level, d.stats = levels[n], c.stats
	d.stats.Level = n
	d.simple = simplifier{junctions: d.junctions, tol2: d.level.tolerance * quarters * d.level.tolerance * quarters}
	d.tiny, d.cells = newAccumulator(d.level.pixel), map[[3]int32]struct{}{}
	d.source, d.drawn = c.source, 0
	for i := range c.shapes {
		if c.shapes[i].kind == tinyShape {
			d.source -= c.shapes[i].area // counted again when poured
		}
	}
	d.w.reset()
	budget := d.o.Budget - metaRoom - len(d.o.Version)
	for i := 0; i < len(c.shapes); {
		if i%64 == 0 && ctx.Err() != nil {
			return 1
		}
		j := i + 1
		for j < len(c.shapes) && c.shapes[j].row == c.shapes[i].row && sameKind(c.shapes[j].kind, c.shapes[i].kind) {
			j++
		}
		if !d.feature(c.shapes[i:j], budget, last) {
			return float64(i) / float64(len(c.shapes))
		}
		i = j
	}
	fits := true
	d.tiny.rest(func(at xy, r row) {
		if sq, ok := d.tiny.square(at); ok {
			d.polys = append(d.polys[:0], polygon{exterior: sq})
			fits = d.encodePolygons(row{-1, r.values}, budget) && fits
		}
	})
	if !fits && !last {
		return 0.99
	}
	d.stats.Features = d.w.count
	d.stats.AreaKept = 1
	if d.source > 0 {
		d.stats.AreaKept = (d.drawn + d.tiny.drawn) / d.source
	}
	return 1
}

func sameKind(a, b shapeKind) bool {
	return a == b || a >= polygonShape && b >= polygonShape
}

// feature draws the shapes of one row and kind; false when the budget is
// spent and this is not the last level.
func (d *drawing) feature(shapes []shape, budget int, last bool) bool {
	r := d.c.rows[shapes[0].row]
	var fits bool
	switch shapes[0].kind {
	case pointShape:
		fits = d.drawPoints(shapes, r, budget)
	case lineShape:
		fits = d.drawLines(shapes, r, budget)
	default:
		d.polys, d.arena = d.polys[:0], d.arena[:0]
		merged, before := false, d.drawn+d.tiny.drawn
		for i := range shapes {
			merged = d.drawPolygon(&shapes[i], r) || merged
		}
		fits = d.encodePolygons(r, budget)
		if !fits {
			d.drawn = before - d.tiny.drawn
		} else if merged {
			d.stats.Dropped++
		}
	}
	if !fits && last {
		d.stats.Dropped++
	}
	return fits || last
}

// finish writes the feature that has its geometry in the writer, unless it
// breaks the budget: then the layer is as before.
func (d *drawing) finish(r row, geomType int, budget int) bool {
	mark := d.w.mark()
	for i, f := range d.o.Fields {
		if f.Type != geo.Binary && i < len(r.values) && r.values[i] != nil {
			d.w.tag(f.Name, r.values[i])
		}
	}
	d.w.end(r.id, geomType)
	if d.w.size() <= budget {
		return true
	}
	alone := d.w.size() - mark.size()
	d.w.cancel(mark)
	if alone > budget/2 { // no level makes room for the like of it
		d.stats.Dropped++
		return true
	}
	return false
}

func (d *drawing) drawPoints(shapes []shape, r row, budget int) bool {
	var at []xy
	thinned := false
	for _, s := range shapes {
		p := d.c.parts[s.parts]
		for _, v := range d.c.vertices[p.from:p.to] {
			q := snap(v)
			if d.level.cell > 0 && !d.takeCell(geomPoint, q, d.level.cell) {
				thinned = true
				continue
			}
			at = append(at, q)
		}
	}
	if thinned {
		d.stats.Dropped++
	}
	if len(at) == 0 {
		return true
	}
	if len(at) > 1 { // of one feature: the same place once
		slices.SortFunc(at, func(p, q xy) int { return cmp.Or(cmp.Compare(p.x, q.x), cmp.Compare(p.y, q.y)) })
		at = slices.Compact(at)
	}
	d.w.begin()
	d.w.points(at)
	return d.finish(r, geomPoint, budget)
}

// takeCell reports whether the point is the first of its kind in its cell.
func (d *drawing) takeCell(kind int32, p xy, size float64) bool {
	cell := [3]int32{kind, int32(math.Floor(p.x / size)), int32(math.Floor(p.y / size))}
	_, taken := d.cells[cell]
	d.cells[cell] = struct{}{}
	return !taken
}

func (d *drawing) drawLines(shapes []shape, r row, budget int) bool {
	d.w.begin()
	drawn, left := false, false
	emit := func(run []xy) {
		if run = roundAll(run); len(run) > 1 {
			d.w.line(run)
			drawn = true
		}
	}
	for _, s := range shapes {
		size := max(s.box.maxX-s.box.minX, s.box.maxY-s.box.minY)
		if size < d.level.line && !d.takeCell(geomLine, s.centre(), d.level.line/4) {
			left = left || size >= 1 // else it is too small at any level
			continue
		}
		for _, p := range d.c.parts[s.parts:s.end] {
			d.kept = d.simple.line(d.kept[:0], d.c.vertices[p.from:p.to])
			if l := snapAll(d.kept); boundsOf(l).within(finalBox) {
				emit(l)
			} else {
				clipLine(l, finalBox, emit)
			}
		}
	}
	if left {
		d.stats.Dropped++
	}
	if !drawn {
		return true
	}
	return d.finish(r, geomLine, budget)
}

// drawPolygon appends what a shape draws to d.polys. merged tells that it
// is big enough to be drawn, and was poured away for the budget only.
func (d *drawing) drawPolygon(s *shape, r row) (merged bool) {
	at := s.centre()
	if s.kind == tinyShape || s.area < d.level.pixel*d.level.pixel {
		if inTile(at) {
			d.pour(at, s.area, r)
		}
		return s.kind != tinyShape
	}
	rings := make([][]xy, 0, s.end-s.parts)
	for i, p := range d.c.parts[s.parts:s.end] {
		if i > 0 && !s.clipped && p.area < d.level.pixel*d.level.pixel {
			if inTile(p.at) {
				d.source -= p.area
				d.tiny.add(p.at, -p.area, row{})
			}
			continue
		}
		d.kept = d.simple.ring(d.kept[:0], d.c.vertices[p.from:p.to])
		if len(d.kept) >= 3 {
			rings = append(rings, d.snapped(d.kept))
		}
	}
	within := s.box.within(coreBox)
	inside := true // all rings: a hole may lie outside, in data that are not valid
	for _, r := range rings {
		inside = inside && boundsOf(r).within(finalBox)
	}
	if !inside {
		rings = clipRings(rings, finalBox)
		for i := range rings {
			rings[i] = roundAll(rings[i])
		}
	}
	polys, ok := d.repair.polygonize(rings)
	if !ok {
		d.stats.Invalid++
	}
	area := 0.0
	for _, p := range polys {
		area += shoelace(p.exterior)
		for _, h := range p.holes {
			area += shoelace(h)
		}
	}
	if len(polys) == 0 && within { // collapsed on the grid
		d.pour(at, s.area, r)
		return false
	}
	if within {
		d.source += s.area
	} else {
		d.source += area // cut at the tile: what was lost cannot be told
	}
	d.drawn += area
	d.polys = append(d.polys, polys...)
	return false
}

func (d *drawing) pour(at xy, area float64, r row) {
	d.source += area
	for range d.tiny.add(at, area, r) {
		if sq, ok := d.tiny.square(at); ok {
			d.polys = append(d.polys, polygon{exterior: sq})
		}
	}
}

func (d *drawing) encodePolygons(r row, budget int) bool {
	if len(d.polys) == 0 {
		return true
	}
	d.w.begin()
	for _, p := range d.polys {
		d.w.ring(p.exterior)
		for _, h := range p.holes {
			d.w.ring(h)
		}
	}
	return d.finish(r, geomPolygon, budget)
}

// snap rounds a vertex to tile units.
func snap(v vertex) xy {
	return xy{float64((v.x + quarters/2) >> 2), float64((v.y + quarters/2) >> 2)}
}

// snapped is snapAll into the arena, whose earlier slices stay good when it
// grows.
func (d *drawing) snapped(vs []vertex) []xy {
	from := len(d.arena)
	for _, v := range vs {
		if p := snap(v); len(d.arena) == from || d.arena[len(d.arena)-1] != p {
			d.arena = append(d.arena, p)
		}
	}
	return d.arena[from:len(d.arena):len(d.arena)]
}

// snapAll snaps and drops repeats.
func snapAll(vs []vertex) []xy {
	out := make([]xy, 0, len(vs))
	for _, v := range vs {
		if p := snap(v); len(out) == 0 || out[len(out)-1] != p {
			out = append(out, p)
		}
	}
	return out
}

// roundAll rounds in place and drops repeats.
func roundAll(ps []xy) []xy {
	out := ps[:0]
	for _, p := range ps {
		p = xy{math.Round(p.x), math.Round(p.y)}
		if len(out) == 0 || out[len(out)-1] != p {
			out = append(out, p)
		}
	}
	return out
}
