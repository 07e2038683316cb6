package vector

import (
	"cmp"
	"context"
	"math"
	"slices"

	"contado/geo/fault"
)

const (
	lineBytes     = 5      // of a line beside its vertices
	rankBins      = 32     // ranks that are told apart
	lengthBins    = 128    // quarters of a doubling of length
	mostInFeature = 512    // merged lines: more become several features
	mostLines     = 25_000 // that are read for a tile
)

// merges reports whether lines are drawn together.
func (d *drawing) merges() bool { return d.v.tile.Z < d.o.MergeBelow }

// units is a length in tile units.
func (d *drawing) units(steps float32) float64 { return float64(steps) / math.Sqrt(d.v.unit2) }

// lineCost guesses what a line takes.
func (d *drawing) lineCost(c *candidate, tags float64) float64 {
	units := d.units(min(c.size, float32(d.v.side)*1.5))
	if d.merges() { // joined, most of its ends are no more
		return 1 + 2.5*min(float64(c.e.n), units/12)
	}
	n := min(float64(c.e.n), 2+units/8)
	return featureBytes + tags + lineBytes + 2.5*n
}

// visible reports whether a line is at least a unit long: others have no form.
func (d *drawing) visible(c *candidate) bool { return d.merges() || d.units(c.size) >= 0.75 }

func (d *drawing) lineNeed(tags float64) float64 {
	sum := 0.0
	for i := range d.lines {
		if d.visible(&d.lines[i]) {
			sum += d.lineCost(&d.lines[i], tags)
		}
	}
	return sum
}

// drawLines draws within so many bytes more: those of the first ranks, and of
// each rank the longest.
func (d *drawing) drawLines(ctx context.Context, bytes int, tags float64) error {
	end := d.w.size() + bytes
	chosen := d.chooseLines(float64(bytes), tags)
	c := d.emptyCollector()
	var refs []int32
	for i := range chosen {
		if i%256 == 0 && ctx.Err() != nil {
			return fault.E("vector.Draw", fault.Canceled, ctx.Err())
		}
		if len(c.vertices) > c.most {
			d.stats.Dropped++
			continue
		}
		if err := c.load(d.src.of(chosen[i].ref), chosen[i].ref); err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.Unsupported {
				return err
			}
			d.stats.Invalid++
			continue
		}
		if c.lines(chosen[i].e) {
			refs = append(refs, chosen[i].ref)
		}
		if c.bad {
			d.stats.Invalid++
		}
	}
	p := linePainter{drawing: d, end: end}
	p.simple.tol2 = quarters * quarters
	if d.stats.Level > 0 && len(chosen) < len(d.lines) {
		p.simple.tol2 *= 4
	}
	if d.merges() {
		p.merged(refs)
	} else {
		p.each(refs)
	}
	d.stats.LengthKept = ratio(d.stats.kept, d.stats.all)
	return nil
}

// chooseLines are the lines that have room, and counts the others.
func (d *drawing) chooseLines(bytes, tags float64) []candidate {
	var costs [rankBins][lengthBins]float64
	var counts [rankBins][lengthBins]int
	bins := make([]uint16, len(d.lines))
	total := 0.0
	for i := range d.lines {
		c := &d.lines[i]
		d.stats.all += float64(c.size)
		if !d.visible(c) {
			bins[i] = math.MaxUint16
			continue
		}
		rank := d.rankOf(c.ref)
		length := lengthBins - 1 - min(lengthBins-1, max(0, quarterOctave(max(d.units(c.size), 1e-6))+16))
		bins[i] = uint16(rank*lengthBins + length)
		cost := d.lineCost(c, tags)
		costs[rank][length] += cost
		counts[rank][length]++
		total += cost
	}
	last := rankBins*lengthBins - 1
	if total > bytes || len(d.lines) > mostLines {
		sum, n := 0.0, 0
		for last = 0; last < rankBins*lengthBins; last++ {
			sum += costs[last/lengthBins][last%lengthBins]
			n += counts[last/lengthBins][last%lengthBins]
			if sum > bytes || n > mostLines {
				break
			}
		}
		last--
		d.stats.Level = max(d.stats.Level, 1)
	}
	out := make([]candidate, 0, len(d.lines))
	for i, b := range bins {
		switch {
		case b == math.MaxUint16:
		case int(b) <= last:
			out = append(out, d.lines[i])
		default:
			d.stats.Dropped++
		}
	}
	return out
}

// linePainter writes collected lines.
type linePainter struct {
	*drawing
	simple simplifier
	end    int
	kept   []vertex
	seen   map[[2]vertex]bool // edges that a group has drawn alone; nil: not asked
}

// each writes a feature for each shape.
func (p *linePainter) each(refs []int32) {
	order := make([]int, len(refs))
	for i := range order {
		order[i] = i
	}
	c := p.collector
	slices.SortFunc(order, func(a, b int) int { // when there is less room than thought, the longest have it
		return cmp.Or(cmp.Compare(c.shapes[b].entry.size, c.shapes[a].entry.size), cmp.Compare(p.src.id(refs[a]), p.src.id(refs[b])))
	})
	for _, i := range order {
		s := &c.shapes[i]
		p.w.begin()
		for _, part := range c.parts[s.parts:s.end] {
			p.write(c.vertices[part.from:part.to])
		}
		if len(p.w.geom) == 0 {
			p.stats.kept += float64(s.entry.size)
			continue
		}
		p.tagRow(refs[i])
		if !p.w.end(p.src.id(refs[i]), geomLine, p.end) {
			p.stats.Dropped++
			continue
		}
		p.stats.Features++
		p.stats.kept += float64(s.entry.size)
	}
}

// write simplifies a line and writes what of it lies in the tile.
func (p *linePainter) write(l []vertex) {
	p.kept = snapLine(p.simple.line(p.kept[:0], l))
	if len(p.kept) < 2 || p.again() {
		return
	}
	if insideFinal(p.kept) {
		p.w.vertices(p.kept)
		return
	}
	at := make([]xy, len(p.kept))
	for i, v := range p.kept {
		at[i] = xy{float64(v.x), float64(v.y)}
	}
	clipLine(at, finalBox, func(run []xy) {
		if run = roundAll(run); len(run) > 1 {
			p.w.line(run)
		}
	})
}

// again reports whether the line is one edge that the group has drawn: of many
// short lines at a low zoom little else is left.
func (p *linePainter) again() bool {
	if p.seen == nil || len(p.kept) > 2 {
		return false
	}
	e := [2]vertex{p.kept[0], p.kept[1]}
	if e[1].less(e[0]) {
		e[0], e[1] = e[1], e[0]
	}
	was := p.seen[e]
	p.seen[e] = true
	return was
}

// group is lines that agree in attributes.
type group struct {
	ref    int32 // one of them
	key    string
	rank   int
	lines  [][]vertex
	length float64
	rows   int
}

// merged writes the lines that agree in attributes together, joined end to
// end.
func (p *linePainter) merged(refs []int32) {
	groups := p.groups(refs)
	slices.SortFunc(groups, func(a, b *group) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.key, b.key)) })
	for _, f := range p.fields {
		if !slices.Contains(p.o.MergeBy, f) {
			p.leaveOut(f)
		}
	}
	for _, g := range groups {
		chains := join(g.lines)
		p.seen = map[[2]vertex]bool{}
		perChain := g.length / float64(max(len(chains), 1))
		features := 0
		for len(chains) > 0 {
			n := min(len(chains), mostInFeature)
			p.w.begin()
			for _, l := range chains[:n] {
				p.write(l)
			}
			chains = chains[n:]
			if len(p.w.geom) == 0 {
				continue
			}
			p.tagMerged(g.ref)
			if !p.w.end(-1, geomLine, p.end) {
				p.stats.Dropped += n
				continue
			}
			features++
			p.stats.kept += perChain * float64(n)
		}
		p.stats.Features += features
		p.stats.Merged += max(0, g.rows-features)
	}
}

func (p *linePainter) tagMerged(ref int32) {
	values := p.valuesOf(ref)
	for _, f := range p.o.MergeBy {
		if slices.Contains(p.fields, f) {
			p.w.tag(f, p.field(f).Name, values[f])
		}
	}
}

func (p *linePainter) groups(refs []int32) []*group {
	c := p.collector
	byKey := map[string]*group{}
	var out []*group
	for i, ref := range refs {
		key := p.agreement(ref)
		g := byKey[key]
		if g == nil {
			g = &group{ref: ref, key: key, rank: p.rankOf(ref)}
			byKey[key] = g
			out = append(out, g)
		}
		s := &c.shapes[i]
		for _, part := range c.parts[s.parts:s.end] {
			g.lines = append(g.lines, c.vertices[part.from:part.to])
		}
		g.length += float64(s.entry.size)
		g.rows++
	}
	return out
}
