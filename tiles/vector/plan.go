package vector

import (
	"math"
	"slices"

	"contado/geo"
)

// How much a tile takes is told beforehand, from areas and numbers of
// vertices, and from the attributes of a few rows.

// tagCost is what the attributes of a feature take, in bytes.
type tagCost struct {
	fields []fieldCost
}

type fieldCost struct {
	field int
	bytes float64 // in the dictionary, a feature
	texts bool    // that differ from row to row
}

func (c *tagCost) of(fields []int) float64 {
	sum := 0.0
	for _, f := range c.fields {
		if slices.Contains(fields, f.field) {
			sum += f.bytes + 2.3
		}
	}
	return sum
}

// sampleTags reads the attributes of some of the candidates: those whose
// places have the least lots, so that their order does not matter.
func (d *drawing) sampleTags(all ...[]candidate) tagCost {
	const wanted = 96
	n := 0
	for _, cs := range all {
		n += len(cs)
	}
	limit := uint64(math.MaxUint64)
	if n > 4*wanted {
		limit = math.MaxUint64 / uint64(n) * wanted
	}
	seen := make([]map[string]struct{}, len(d.fields))
	size, filled := make([]int, len(d.fields)), make([]int, len(d.fields))
	rows := 0
	var scratch []byte
	for _, cs := range all {
		for i := range cs {
			if e := cs[i].e; mix(uint64(e.x)<<32|uint64(e.y)) > limit || rows > 4*wanted {
				continue
			}
			rows++
			values := d.valuesOf(cs[i].ref)
			for k, f := range d.fields {
				v := values[f]
				if v.kind == noValue {
					continue
				}
				if seen[k] == nil {
					seen[k] = map[string]struct{}{}
				}
				scratch = appendValue(scratch[:0], v)
				filled[k]++
				if _, ok := seen[k][string(scratch)]; !ok {
					seen[k][string(scratch)] = struct{}{}
					size[k] += len(scratch)
				}
			}
		}
	}
	out := tagCost{}
	for k, f := range d.fields {
		c := fieldCost{field: f}
		if distinct := len(seen[k]); filled[k] > 0 && float64(distinct) > 0.3*float64(filled[k]) {
			c.bytes = float64(size[k]) / float64(max(rows, 1))
			t := d.field(f).Type
			c.texts = t == geo.String || t == geo.Date || t == geo.DateTime || t == geo.JSON
		}
		out.fields = append(out.fields, c)
	}
	return out
}

// thrifty is the fields that stay when the budget bites.
func (d *drawing) thrifty(c *tagCost) (kept, left []int) {
	for _, f := range c.fields {
		costly := f.texts
		if d.o.Essential != nil {
			costly = !slices.Contains(d.o.Essential, f.field)
		}
		if costly {
			left = append(left, f.field)
		} else {
			kept = append(kept, f.field)
		}
	}
	return kept, left
}

const (
	featureBytes = 13 // of a feature beside its attributes and geometry
	squareBytes  = 15 // of the geometry of a square
	areaBins     = 160
)

// areaBin is about a quarter of a doubling: the exponent of a number and the
// first two bits of its fraction.
func areaBin(units2 float64) int {
	return min(areaBins-1, max(0, quarterOctave(units2/(basePixel*basePixel))))
}

// quarterOctave is 0 for 1 to 1.25, 4 for 2 to 2.5, and so on.
func quarterOctave(v float64) int { return int(math.Float32bits(float32(v))>>21) - 127*4 }

// areas is a histogram of polygons by area.
type areas struct {
	count, area [areaBins]float64
	geom        [areaBins]float64 // bytes of geometry at tolerance 1
	vertices    [areaBins]float64 // as they are
}

func (d *drawing) areas() *areas {
	h := &areas{}
	for i := range d.polys {
		if c := &d.polys[i]; c.e.kind() == polygonEntry {
			h.add(c.e, d.v.unit2)
		} else {
			d.eachPart(c, func(_ int, e *entry) { h.add(e, d.v.unit2) })
		}
	}
	return h
}

func (h *areas) add(e *entry, unit2 float64) {
	a := float64(e.size) / unit2
	if e.kind() == noEntry || a < basePixel*basePixel {
		return
	}
	b := areaBin(a)
	h.count[b]++
	h.area[b] += a
	h.vertices[b] += float64(e.n)
	h.geom[b] += ringBytes(float64(e.n), a)
}

// ringBytes guesses what a polygon of n vertices and area a takes.
func ringBytes(n, a float64) float64 {
	side := math.Sqrt(a)
	bytes := 2.1
	if side > 100 {
		bytes = 3.4
	}
	return 5 + bytes*min(n, 6+side*0.5)
}

// polygonPlan is what polygons are drawn and how.
type polygonPlan struct {
	level     int     // of pixels
	least     float64 // area of polygons drawn as such, square units
	tolerance float64 // units
	bytes     float64 // that it is thought to take
}

// planWithin is the plan for so many bytes. All polygons may take all of them;
// where some have to be left out anyway, a part is not used: a smaller tile is
// there sooner, and the guess may be too low.
func (h *areas) planWithin(tiny, tags, bytes float64, most int) polygonPlan {
	const all, some = 1.05, 0.82
	p := h.planPolygons(tiny, tags, all*bytes, most)
	if p.level > finestPixel || p.least > basePixel*basePixel {
		p = h.planPolygons(tiny, tags, some*bytes, most)
	}
	return p
}

// planPolygons finds the finest plan within a number of bytes. tags is what
// the attributes of a feature take.
func (h *areas) planPolygons(tiny, tags, bytes float64, most int) polygonPlan {
	cost := func(level int, least float64) (float64, float64) {
		full := float64(int64(basePixel*basePixel) << level)
		tolerance := toleranceAt(level)
		sum, vertices, poured := 0.0, 0.0, tiny
		for b := range areaBins {
			if binArea(b) >= least {
				sum += h.count[b]*(featureBytes+tags) + h.geom[b]/math.Sqrt(tolerance)
				vertices += h.vertices[b]
			} else {
				poured += h.area[b]
			}
		}
		sum += poured / full * (featureBytes + squareBytes + tags)
		return sum, vertices
	}
	p := polygonPlan{}
	for p.level = finestPixel; p.level <= coarsestPixel; p.level++ {
		p.least = float64(int64(basePixel*basePixel) << p.level)
		p.tolerance = toleranceAt(p.level)
		var vertices float64
		if p.bytes, vertices = cost(p.level, p.least); p.bytes <= bytes && vertices <= float64(most) {
			break
		}
	}
	if p.level > coarsestPixel {
		p.level = coarsestPixel
		return p
	}
	// Polygons somewhat smaller than a pixel may have room, too.
	for range 8 {
		least := p.least * 0.84 // a bin
		if least < basePixel*basePixel {
			break
		}
		c, vertices := cost(p.level, least)
		if c > bytes || vertices > float64(most) {
			break
		}
		p.least, p.bytes = least, c
	}
	return p
}

// binArea is the least area of a bin.
func binArea(b int) float64 {
	return basePixel * basePixel * math.Ldexp(1+float64(b%4)/4, b/4)
}

// toleranceAt is the tolerance of simplification, in units.
func toleranceAt(level int) float64 {
	return max(1, basePixel*math.Exp2(float64(level)/2)/16)
}
