package fgb

import (
	"context"
	"runtime"
	"unsafe"

	"golang.org/x/sync/errgroup"
)

// Column is the values of a field of all rows, in the order of the file, where
// they are found without looking through the rows: numbers and truth values in
// an array of their own width, texts by their place in the file. Where few
// values occur often it keeps each once, and numbers rows by them. It never
// changes, and is valid until the file is closed.
type Column struct {
	kind   columnType
	n      int
	narrow []uint8  // codes, where fewer than 256 values occur
	wide   []uint16 // codes, where more do
	values []Raw    // by code; the first is no value
	fixed  []byte   // numbers of one width, where there are no codes
	width  int
	none   []uint64 // bits of rows without value, beside fixed; nil: there are none
	places []uint64 // of texts: where they begin in rows, << lengthBits | length + 1; 0: no value
	rows   []byte
}

const (
	lengthBits = 24
	// mostCodes bounds the values that are numbered.
	mostCodes = 1 << 16
)

// Size is the memory that the column takes, in bytes.
func (c *Column) Size() int64 {
	return int64(len(c.narrow) + 2*len(c.wide) + len(c.fixed) + 8*len(c.none) + 8*len(c.places) + len(c.values)*int(unsafe.Sizeof(Raw{})))
}

// Len is the number of rows.
func (c *Column) Len() int { return c.n }

// Distinct are the values that occur, by code, when the column has codes, else
// nil. The first stands for no value.
func (c *Column) Distinct() []Raw { return c.values }

// Code is that of a row's value, when the column has codes.
func (c *Column) Code(row int) int {
	if c.narrow != nil {
		return int(c.narrow[row])
	}
	return int(c.wide[row])
}

// Codes calls visit with the codes of rows first ≤ row < end, in order.
func (c *Column) Codes(first, end int, visit func(row, code int)) {
	if c.narrow != nil {
		for i, v := range c.narrow[first:end] {
			visit(first+i, int(v))
		}
		return
	}
	for i, v := range c.wide[first:end] {
		visit(first+i, int(v))
	}
}

// Raw is the value of a row, as Row.Raw gives it.
func (c *Column) Raw(row int) Raw {
	switch {
	case c.values != nil:
		return c.values[c.Code(row)]
	case c.places != nil:
		return c.textAt(c.places[row])
	case c.none != nil && c.none[row/64]>>(row%64)&1 == 1:
		return Raw{}
	}
	at := row * c.width
	return Raw{c.kind, c.fixed[at : at+c.width : at+c.width]}
}

func (c *Column) textAt(place uint64) Raw {
	if place == 0 {
		return Raw{}
	}
	from := place >> lengthBits
	to := from + place&(1<<lengthBits-1) - 1
	return Raw{c.kind, c.rows[from:to:to]}
}

// IDs gives the ids of all rows, in the order of the file; nil stands for the
// places of the rows, counted from 1.
func (f *File) IDs(ctx context.Context) ([]int64, error) {
	if f.head.id < 0 {
		return nil, nil
	}
	out := make([]int64, f.n)
	err := f.chunks(ctx, func(first, end int) {
		for i := first; i < end; i++ {
			out[i] = f.At(i).ID()
		}
	})
	return out, err
}

// Columns reads fields of all rows, with all processors; it passes over the
// rows once. A column is nil for values that it cannot hold: texts of 16 MB
// and more, and those in a file of more than a TB. While it reads, it holds at
// most 8 bytes a row and field beside what it gives.
//
// Errors: that of the context; damage is told by Err, as of Row.Raw.
func (f *File) Columns(ctx context.Context, fields []int) ([]*Column, error) {
	makers := make([]*columnMaker, len(fields))
	slot := make([]int, len(f.fields)) // + 1
	for i, field := range fields {
		makers[i] = f.newColumnMaker(field)
		slot[field] = i + 1
	}
	err := f.chunks(ctx, func(first, end int) {
		for row := first; row < end; row++ {
			f.At(row).each(func(field int, v Raw) {
				if s := slot[field]; s > 0 {
					makers[s-1].put(row, v)
				}
			})
		}
	})
	if err != nil {
		return nil, err
	}
	out := make([]*Column, len(fields))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, m := range makers {
		g.Go(func() error {
			out[i] = m.finish(ctx)
			return ctx.Err()
		})
	}
	return out, g.Wait()
}

// chunks shares the rows among the processors. Chunks begin at multiples of
// 64: no two write the same word of a bitmap.
func (f *File) chunks(ctx context.Context, read func(first, end int)) error {
	const chunk = 1 << 13
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for first := 0; first < f.n; first += chunk {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			read(first, min(first+chunk, f.n))
			return nil
		})
	}
	return g.Wait()
}
