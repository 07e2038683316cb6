package colormap

import (
	"image/color"
	"math"
	"sort"

	"contado/geo/fault"
)

// Painter turns values into indices of a palette whose first colour is
// transparent. It is immutable and safe for concurrent use.
type Painter struct {
	// Palette is shared: it must not be changed.
	Palette []color.NRGBA
	lo, k   float64 // of a ramp: index = 1 + round(k·(v − lo)), within 1 … 255
	ramp    bool
	base    int     // of classes: table[v − base]
	table   []uint8 // nil when the values lie too far apart
	classes map[int]uint8
	bounds  []float64 // of intervals: [2i], [2i+1) has colour[i]
	colour  []uint8
}

// Painter prepares the map for values from lo to hi, which a ramp spreads
// its colours over; values outside take the end colours. Stops at values,
// classes and intervals need no range and do not look at it.
//
// Errors: Invalid when lo is not below hi.
func (m Map) Painter(lo, hi float64) (*Painter, error) {
	switch m.form {
	case Classes:
		return m.classPainter(), nil
	case Intervals:
		return m.intervalPainter(), nil
	}
	if a, b, ok := m.Range(); ok {
		lo, hi = a, b
	}
	if !(lo < hi) || math.IsInf(hi-lo, 0) {
		return nil, fault.Errorf("colormap.Painter", fault.Invalid, "%g to %g is not a range of values", lo, hi)
	}
	return &Painter{
		Palette: append([]color.NRGBA{{}}, m.Colours(255)...),
		ramp:    true, lo: lo, k: 254 / (hi - lo),
	}, nil
}

// palette numbers the colours, from 1.
type palette struct {
	colours []color.NRGBA
	number  map[color.NRGBA]uint8
}

func newPalette() *palette {
	return &palette{colours: []color.NRGBA{{}}, number: map[color.NRGBA]uint8{}}
}

func (p *palette) add(c color.NRGBA) uint8 {
	n, ok := p.number[c]
	if !ok {
		n = uint8(len(p.colours)) // Parse bounds them by MaxColours
		p.number[c] = n
		p.colours = append(p.colours, c)
	}
	return n
}

func (m Map) classPainter() *Painter {
	pal := newPalette()
	first, last := m.classes[0].Value, m.classes[len(m.classes)-1].Value
	p := &Painter{base: first}
	if last-first < 1<<16 {
		p.table = make([]uint8, last-first+1)
	} else {
		p.classes = make(map[int]uint8, len(m.classes))
	}
	for _, c := range m.classes {
		n := pal.add(c.Colour)
		if p.table != nil {
			p.table[c.Value-first] = n
		} else {
			p.classes[c.Value] = n
		}
	}
	p.Palette = pal.colours
	return p
}

func (m Map) intervalPainter() *Painter {
	pal := newPalette()
	p := &Painter{}
	for _, v := range m.intervals {
		p.bounds = append(p.bounds, v.Lo, v.Hi)
		p.colour = append(p.colour, pal.add(v.Colour))
	}
	p.Palette = pal.colours
	return p
}

// Index fills dst with the palette index of each value: 0 (transparent) where
// mask (nil = all valid) is 0, the value is NaN, or no class or interval has
// it. The three run parallel.
func (p *Painter) Index(dst []uint8, values []float32, mask []uint8) {
	values = values[:len(dst)]
	switch {
	case p.ramp:
		p.indexRamp(dst, values)
	case p.bounds != nil:
		for i, v := range values {
			dst[i] = p.inInterval(float64(v))
		}
	default:
		p.indexClasses(dst, values)
	}
	if mask == nil {
		return
	}
	for i, v := range mask[:len(dst)] {
		if v == 0 {
			dst[i] = 0
		}
	}
}

func (p *Painter) indexRamp(dst []uint8, values []float32) {
	lo, k := p.lo, p.k
	for i, v := range values {
		switch f := k * (float64(v) - lo); {
		case f >= 254:
			dst[i] = 255
		case f > 0:
			dst[i] = uint8(f + 1.5)
		case f <= 0:
			dst[i] = 1
		default: // NaN
			dst[i] = 0
		}
	}
}

func (p *Painter) indexClasses(dst []uint8, values []float32) {
	for i, v := range values {
		dst[i] = 0
		if !(v >= -1<<24 && v <= 1<<24) || float32(int(v)) != v {
			continue
		}
		if p.table == nil {
			dst[i] = p.classes[int(v)]
		} else if n := int(v) - p.base; n >= 0 && n < len(p.table) {
			dst[i] = p.table[n]
		}
	}
}

func (p *Painter) inInterval(v float64) uint8 {
	n := sort.Search(len(p.bounds), func(i int) bool { return p.bounds[i] > v }) // bounds before n are ≤ v; NaN: none is above
	if n%2 == 0 || v != v {
		return 0
	}
	return p.colour[n/2]
}

// Colour is the colour of one value; transparent when it has none.
func (p *Painter) Colour(v float32) color.NRGBA {
	var n [1]uint8
	p.Index(n[:], []float32{v}, nil)
	return p.Palette[n[0]]
}
