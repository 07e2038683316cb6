package mosaic

import (
	"math/bits"
	"sync"
)

// buffers keeps slices to use again, in classes of sizes that double.
type buffers struct {
	floats [32]sync.Pool // of *[]float32 with capacity 1<<i
	bytes  [32]sync.Pool // of *[]uint8
	rows   sync.Pool     // of *rows
}

// rows is what resampling needs for a row of the target.
type rows struct {
	f64 []float64
	f32 []float32
	i32 []int32
}

func (b *buffers) row() *rows {
	if r, ok := b.rows.Get().(*rows); ok {
		return r
	}
	return &rows{}
}

func (b *buffers) putRow(r *rows) { b.rows.Put(r) }

func sized[T any](s *[]T, n int) []T {
	if cap(*s) < n {
		*s = make([]T, n)
	}
	return (*s)[:n]
}

func (r *rows) positions(n int) []float64 { return sized(&r.f64, n) }
func (r *rows) shares(n int) []float32    { return sized(&r.f32, n) }
func (r *rows) indices(n int) []int32     { return sized(&r.i32, n) }

// class is the smallest i with 1<<i ≥ n.
func class(n int) int { return bits.Len(uint(max(n, 1) - 1)) }

// float gives n values that may hold anything.
func (b *buffers) float(n int) []float32 {
	c := class(n)
	if p, ok := b.floats[c].Get().(*[]float32); ok {
		return (*p)[:n]
	}
	return make([]float32, n, 1<<c)
}

// putFloats takes a slice that float gave, of which nobody keeps a part.
func (b *buffers) putFloats(s []float32) {
	if n := cap(s); n > 0 && n&(n-1) == 0 {
		s = s[:0]
		b.floats[class(n)].Put(&s)
	}
}

func (b *buffers) byte(n int) []uint8 {
	c := class(n)
	if p, ok := b.bytes[c].Get().(*[]uint8); ok {
		return (*p)[:n]
	}
	return make([]uint8, n, 1<<c)
}

func (b *buffers) putBytes(s []uint8) {
	if n := cap(s); n > 0 && n&(n-1) == 0 {
		s = s[:0]
		b.bytes[class(n)].Put(&s)
	}
}

// fill sets all to v.
func fill(s []uint8, v uint8) {
	if len(s) == 0 {
		return
	}
	s[0] = v
	for n := 1; n < len(s); n *= 2 {
		copy(s[n:], s[:n])
	}
}
