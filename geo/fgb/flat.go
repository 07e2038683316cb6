package fgb

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// The few pieces of FlatBuffers that FlatGeobuf needs, read in place. The
// bytes are hostile: every offset is checked against the buffer, and what
// points outside is reported by ok = false. Offsets point at most forward in
// a table's fields, so a walk over a schema of fixed depth ends.

var le = binary.LittleEndian

// flatTable is one table: its own place, and that of its list of fields.
type flatTable struct {
	buf    []byte
	pos    int
	vt     int
	fields int
}

// rootTable is the table that the buffer begins with.
func rootTable(buf []byte) (flatTable, bool) { return pointedTable(buf, 0) }

// pointedTable is the table that the offset at p points to.
func pointedTable(buf []byte, p int) (flatTable, bool) {
	if p < 0 || p > len(buf)-4 {
		return flatTable{}, false
	}
	pos := p + int(le.Uint32(buf[p:]))
	if pos < p || pos > len(buf)-4 {
		return flatTable{}, false
	}
	vt := pos - int(int32(le.Uint32(buf[pos:])))
	if vt < 0 || vt > len(buf)-4 {
		return flatTable{}, false
	}
	size := int(le.Uint16(buf[vt:]))
	if size < 4 || size > len(buf)-vt {
		return flatTable{}, false
	}
	return flatTable{buf: buf, pos: pos, vt: vt, fields: (size - 4) / 2}, true
}

// field is the place of a field's value, 0 when it is not there.
func (t flatTable) field(i int) int {
	if i >= t.fields {
		return 0
	}
	o := int(le.Uint16(t.buf[t.vt+4+2*i:]))
	if o == 0 {
		return 0
	}
	return t.pos + o
}

// table is the table that a field points to; has is false when there is none.
func (t flatTable) table(i int) (sub flatTable, has, ok bool) {
	p := t.field(i)
	if p == 0 {
		return flatTable{}, false, true
	}
	sub, ok = pointedTable(t.buf, p)
	return sub, ok, ok
}

// vector is the place and the length of a list of elements of size bytes; n
// is 0 when the field is not there.
func (t flatTable) vector(i, size int) (start, n int, ok bool) {
	p := t.field(i)
	if p == 0 {
		return 0, 0, true
	}
	if p > len(t.buf)-4 {
		return 0, 0, false
	}
	v := p + int(le.Uint32(t.buf[p:]))
	if v < p || v > len(t.buf)-4 {
		return 0, 0, false
	}
	n = int(le.Uint32(t.buf[v:]))
	if n < 0 || n > (len(t.buf)-v-4)/size {
		return 0, 0, false
	}
	return v + 4, n, true
}

// bytes is a list of bytes in place.
func (t flatTable) bytes(i int) ([]byte, bool) {
	start, n, ok := t.vector(i, 1)
	if !ok || n == 0 {
		return nil, ok
	}
	return t.buf[start : start+n : start+n], true
}

func (t flatTable) text(i int) (string, bool) {
	b, ok := t.bytes(i)
	return string(b), ok
}

// tables calls visit for each table of a list, until it returns false.
func (t flatTable) tables(i int, visit func(flatTable) bool) bool {
	start, n, ok := t.vector(i, 4)
	if !ok {
		return false
	}
	for k := range n {
		sub, ok := pointedTable(t.buf, start+4*k)
		if !ok || !visit(sub) {
			return false
		}
	}
	return true
}

func (t flatTable) u8(i int, missing uint8) (uint8, bool) {
	p := t.field(i)
	if p == 0 {
		return missing, true
	}
	if p >= len(t.buf) {
		return 0, false
	}
	return t.buf[p], true
}

func (t flatTable) u16(i int, missing uint16) (uint16, bool) {
	p := t.field(i)
	if p == 0 {
		return missing, true
	}
	if p > len(t.buf)-2 {
		return 0, false
	}
	return le.Uint16(t.buf[p:]), true
}

func (t flatTable) i32(i int, missing int32) (int32, bool) {
	p := t.field(i)
	if p == 0 {
		return missing, true
	}
	if p > len(t.buf)-4 {
		return 0, false
	}
	return int32(le.Uint32(t.buf[p:])), true
}

func (t flatTable) u64(i int, missing uint64) (uint64, bool) {
	p := t.field(i)
	if p == 0 {
		return missing, true
	}
	if p > len(t.buf)-8 {
		return 0, false
	}
	return le.Uint64(t.buf[p:]), true
}

// littleEndian tells whether numbers lie in memory as they do in the file.
var littleEndian = func() bool {
	one := uint16(1)
	return *(*byte)(unsafe.Pointer(&one)) == 1
}()

// viewFloats is a list of numbers in place; ok is false where the bytes are
// not aligned and must be copied.
func viewFloats(b []byte) (v []float64, ok bool) {
	if p := unsafe.Pointer(unsafe.SliceData(b)); littleEndian && uintptr(p)%8 == 0 {
		return unsafe.Slice((*float64)(p), len(b)/8), true
	}
	return nil, false
}

func appendFloats(dst []float64, b []byte) []float64 {
	for ; len(b) >= 8; b = b[8:] {
		dst = append(dst, math.Float64frombits(le.Uint64(b)))
	}
	return dst
}

// counts is a list of 32-bit integers, copied only where it is not aligned.
func counts(b []byte) []uint32 {
	n := len(b) / 4
	if n == 0 {
		return nil
	}
	if p := unsafe.Pointer(unsafe.SliceData(b)); littleEndian && uintptr(p)%4 == 0 {
		return unsafe.Slice((*uint32)(p), n)
	}
	out := make([]uint32, n)
	for i := range out {
		out[i] = le.Uint32(b[4*i:])
	}
	return out
}
