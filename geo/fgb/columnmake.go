package fgb

import (
	"context"
	"sync/atomic"
	"unsafe"
)

// columnMaker is a column that is being read: first all values where they
// stand, then, where few differ, their codes.
type columnMaker struct {
	c     *Column
	has   []uint64 // bits of rows with a value of fixed width
	wrong atomic.Bool
}

func (f *File) newColumnMaker(field int) *columnMaker {
	kind := f.head.columns[f.fields[field]].kind
	c := &Column{kind: kind, n: f.n, width: int(widths[kind]), rows: f.rows}
	m := &columnMaker{c: c}
	if c.width == 0 {
		c.places = make([]uint64, f.n)
		m.wrong.Store(uint64(len(f.rows)) >= 1<<(64-lengthBits))
		return m
	}
	c.fixed, m.has = make([]byte, f.n*c.width), make([]uint64, (f.n+63)/64)
	return m
}

// put notes the value of a row. A row that has one twice has the last, as
// elsewhere.
func (m *columnMaker) put(row int, v Raw) {
	if m.c.width > 0 {
		copy(m.c.fixed[row*m.c.width:], v.data)
		m.has[row/64] |= 1 << (row % 64)
		return
	}
	if len(v.data) >= 1<<lengthBits-1 {
		m.wrong.Store(true)
		return
	}
	// The value is a view of rows: its place is told by its address.
	from := uintptr(unsafe.Pointer(unsafe.SliceData(v.data))) - uintptr(unsafe.Pointer(unsafe.SliceData(m.c.rows)))
	if len(v.data) == 0 {
		from = 0
	}
	m.c.places[row] = uint64(from)<<lengthBits | uint64(len(v.data)+1)
}

// finish makes the column; nil when it cannot hold its values.
func (m *columnMaker) finish(ctx context.Context) *Column {
	c := m.c
	if m.wrong.Load() {
		return nil
	}
	if c.width > 0 {
		for i, word := range m.has {
			all := ^uint64(0)
			if left := c.n - 64*i; left < 64 {
				all = 1<<left - 1
			}
			if missing := all &^ word; missing != 0 {
				if c.none == nil {
					c.none = make([]uint64, len(m.has))
				}
				c.none[i] = missing
			}
		}
	}
	c.encode(ctx)
	return c
}

// encode gives the values codes, if few enough differ.
func (c *Column) encode(ctx context.Context) {
	most := min(mostCodes, 256+c.n/2)
	if c.width == 1 {
		most = 257 // and no value
	}
	known := map[string]uint16{}
	values := []Raw{{}}
	codes := make([]uint16, c.n)
	for row := range codes {
		if row&0xffff == 0 && ctx.Err() != nil {
			return
		}
		v := c.Raw(row)
		if v.data == nil {
			continue
		}
		code, ok := known[unsafe.String(unsafe.SliceData(v.data), len(v.data))]
		if !ok {
			if len(values) == most {
				return
			}
			v = c.lasting(v)
			code = uint16(len(values))
			known[unsafe.String(unsafe.SliceData(v.data), len(v.data))] = code
			values = append(values, v)
		}
		codes[row] = code
	}
	c.values, c.fixed, c.places, c.none = values, nil, nil, nil
	if len(values) > 256 {
		c.wide = codes
		return
	}
	c.narrow = make([]uint8, c.n)
	for i, code := range codes {
		c.narrow[i] = uint8(code)
	}
}

// lasting is a value that does not keep the array of all alive.
func (c *Column) lasting(v Raw) Raw {
	if c.width > 0 {
		v.data = append([]byte{}, v.data...)
	}
	return v
}
