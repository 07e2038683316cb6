package vector

import (
	"contado/geo"
	"contado/geo/fgb"
)

// codes is a column of few values, with each of them encoded once for all
// tiles.
type codes struct {
	column *fgb.Column
	values []byte
	ends   []uint32 // of each in values
	hashes []uint32 // 0 where there is no value
}

func newCodes(c *fgb.Column, t geo.FieldType) *codes {
	e := &codes{column: c}
	for _, raw := range c.Distinct() {
		from := len(e.values)
		h := uint32(0)
		if v := rawValue(raw, t); v.kind != noValue {
			e.values = append(e.values, appendValue(nil, v)...)
			h = hashOf(e.values[from:])
		}
		e.ends, e.hashes = append(e.ends, uint32(len(e.values))), append(e.hashes, h)
	}
	return e
}

// of is an encoded value; nil for none.
func (e *codes) of(code int) []byte {
	from := uint32(0)
	if code > 0 {
		from = e.ends[code-1]
	}
	return e.values[from:e.ends[code]]
}

// codeIndex is where the values of a column of codes stand in the dictionary
// of a layer.
type codeIndex struct {
	of    *codes
	index []uint32 // by code, + 1; 0: not there yet
	used  []uint16 // codes that have an index
	log   []uint16 // those that the feature being written has added
}

func (c *codeIndex) reset() {
	for _, code := range c.used {
		c.index[code] = 0
	}
	c.used, c.log = c.used[:0], c.log[:0]
	c.of = nil
}

// back forgets the indices from n on.
func (c *codeIndex) back(n uint32) {
	for _, code := range c.log {
		if c.index[code] > n {
			c.index[code] = 0
		}
	}
	c.log = c.log[:0]
}

// tagCode adds an attribute whose value is known by its code.
func (w *layerWriter) tagCode(field int, name string, e *codes, code int) {
	x := &w.code[field]
	if x.of != e {
		x.reset()
		x.of = e
		if n := len(e.ends); len(x.index) < n {
			x.index = make([]uint32, n)
		}
	}
	i := x.index[code]
	if i == 0 {
		m := e.of(code)
		if len(m) == 0 {
			return
		}
		i = w.dict.put(m, e.hashes[code]) + 1
		x.index[code] = i
		x.used, x.log = append(x.used, uint16(code)), append(x.log, uint16(code))
	}
	w.tagIndex(field, name, i-1)
}
