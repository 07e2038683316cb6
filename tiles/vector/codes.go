package vector

import (
	"contado/geo"
	"contado/geo/fgb"
)

// codeIndex is where the values of a column of codes stand in the dictionary
// of a layer.
type codeIndex struct {
	of    *fgb.Column
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
func (w *layerWriter) tagCode(field int, f *geo.Field, c *fgb.Column, code int) {
	x := &w.code[field]
	if x.of != c {
		x.reset()
		x.of = c
		if n := len(c.Distinct()); len(x.index) < n {
			x.index = make([]uint32, n)
		}
	}
	i := x.index[code]
	if i == 0 {
		v := rawValue(c.Distinct()[code], f.Type)
		if v.kind == noValue {
			return
		}
		i = w.dict.index(v) + 1
		x.index[code] = i
		x.used, x.log = append(x.used, uint16(code)), append(x.log, uint16(code))
	}
	w.tagIndex(field, f.Name, i-1)
}
