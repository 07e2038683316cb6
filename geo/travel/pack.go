package travel

import (
	"cmp"
	"math"
	"slices"

	"contado/geo/fault"
)

// pace of a packed cell in seconds a metre; +Inf at barriers and in the border.
func (e *Engine) pace(u int32) float32 {
	if e.class != nil {
		return e.palette[e.class[u]]
	}
	return e.paces[u]
}

// pack brings the cells into the packed layout.
func (e *Engine) pack(s *Surface) error {
	workers := e.workers(0)
	set := speedsOf(s, workers)
	if set != nil {
		e.class = make([]uint8, e.size)
		for i, bits := range set.bits {
			if bits != 0 {
				e.palette[set.class[i]] = 1 / math.Float32frombits(bits)
			}
		}
		e.palette[barrierClass] = float32(math.Inf(1))
		adviseHuge(e.class)
	} else {
		e.paces = make([]float32, e.size)
		adviseHuge(e.paces)
	}
	if s.Elevation != nil {
		e.z = make([]float32, e.size)
		adviseHuge(e.z)
	}
	least, errs := make([]float32, workers), make([]error, workers)
	bands(workers, strips(s.Height), func(part, from, to int) {
		least[part] = float32(math.Inf(1))
		for i := from; i < to && errs[part] == nil; i++ {
			var pace float32
			pace, errs[part] = e.packStrip(s, i, set)
			least[part] = min(least[part], pace)
		}
	})
	if err := cmp.Or(errs...); err != nil {
		return err
	}
	for i := e.size - border*strip; i < len(e.paces); i++ {
		e.paces[i] = float32(math.Inf(1))
	}
	e.minPace = slices.Min(least)
	e.packRules(s)
	return nil
}

// packStrip fills a strip of rows in and gives its least pace.
func (e *Engine) packStrip(s *Surface, i int, set *speedSet) (least float32, err error) {
	least = float32(math.Inf(1))
	first, size := i*e.stride*strip, e.stride*strip
	if set == nil {
		// Barrier everywhere, then the rows of the strip while it is at hand.
		paces := e.paces[first:][:size]
		for i := range paces {
			paces[i] = least
		}
	}
	for r := range strip {
		row := i*strip + r - border
		if row < 0 || row >= s.Height {
			continue
		}
		pace, err := e.packRow(first+border*strip+r, s, row, set)
		if err != nil {
			return 0, err
		}
		least = min(least, pace)
	}
	return least, nil
}

// packRow fills a row of the surface in from packed cell u on and gives its
// least pace.
func (e *Engine) packRow(u int, s *Surface, row int, set *speedSet) (least float32, err error) {
	fastest := float32(0)
	last, class := float32(0), uint8(barrierClass)
	for col, v := range s.Speed[row*s.Width:][:s.Width] {
		if v == 0 || v != v {
			continue
		}
		if v < 0 || v > MaxSpeed {
			return 0, fault.Errorf("travel.Prepare", fault.Invalid,
				"travel surface: speed %g m/s at column %d, row %d; want 0 (barrier) to %d", v, col, row, MaxSpeed)
		}
		fastest = max(fastest, v)
		if set == nil {
			e.paces[u+col*strip] = 1 / v
			continue
		}
		if v != last {
			last, class = v, set.class[set.slot(math.Float32bits(v))]
		}
		e.class[u+col*strip] = class
	}
	if s.Elevation != nil {
		z := e.z[u:][:(s.Width-1)*strip+1]
		for col, height := range s.Elevation[row*s.Width:][:s.Width] {
			z[col*strip] = height
		}
	}
	return 1 / fastest, nil
}

// packRules keeps the pace of cells that ignore slope, when there are any.
func (e *Engine) packRules(s *Surface) {
	for c, rule := range s.Rules {
		if rule != SlopeIgnored || !(s.Speed[c] > 0) {
			continue
		}
		if e.level == nil {
			e.level = make([]float32, e.size)
		}
		u := e.at(c%s.Width, c/s.Width)
		e.level[u] = e.pace(u)
	}
}

const (
	barrierClass = 0
	mostSpeeds   = 255
)

// speedSet numbers different speeds, by their bits, from 1 up: a hash table
// that is never more than a quarter full.
type speedSet struct {
	bits  [1024]uint32 // 0: free
	class [1024]uint8
	n     int
}

// slot is where a speed is, or would be.
func (set *speedSet) slot(bits uint32) uint32 {
	i := bits * 0x9E3779B1 >> 22
	for set.bits[i] != bits && set.bits[i] != 0 {
		i = (i + 1) % uint32(len(set.bits))
	}
	return i
}

// add takes a speed in; false when there are too many.
func (set *speedSet) add(bits uint32) bool {
	i := set.slot(bits)
	if set.bits[i] == bits {
		return true
	}
	if set.n == mostSpeeds {
		return false
	}
	set.n++
	set.bits[i], set.class[i] = bits, uint8(set.n)
	return true
}

// speedsOf gives the speeds of a surface; nil when there are too many.
func speedsOf(s *Surface, workers int) *speedSet {
	parts := make([]*speedSet, workers)
	bands(workers, len(s.Speed), func(part, from, to int) {
		set, last := new(speedSet), float32(0)
		for _, v := range s.Speed[from:to] {
			if v != last && v > 0 && !set.add(math.Float32bits(v)) {
				return
			}
			last = v
		}
		parts[part] = set
	})
	whole := new(speedSet)
	for _, set := range parts {
		if set == nil {
			return nil
		}
		for _, bits := range set.bits {
			if bits != 0 && !whole.add(bits) {
				return nil
			}
		}
	}
	return whole
}
