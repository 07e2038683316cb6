package vector

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// Field numbers and geometry types of vector_tile.proto.
const (
	geomPoint   = 1
	geomLine    = 2
	geomPolygon = 3

	extent = 4096
)

// layerWriter encodes one layer of a Mapbox Vector Tile 2.1. Features may come
// in any order: appendTo puts them by id.
type layerWriter struct {
	name     string
	features []byte // encoded Feature messages
	records  []record
	order    []uint64 // of records
	sorter   sorter
	keys     []byte
	keyOf    []int32 // by field; −1: not yet
	nKeys    int32
	dict     dictionary

	tags []byte
	geom []byte
	code []codeIndex // by field
	penX int32
	penY int32
	mark layerMark // before the feature being written
}

// record is where a feature lies in features.
type record struct {
	id       int64
	off, end uint32
	kind     uint8
}

func newLayerWriter(name string, fields int) *layerWriter {
	w := &layerWriter{}
	w.reset(name, fields)
	return w
}

// reset forgets all but the memory, to write another layer.
func (w *layerWriter) reset(name string, fields int) {
	w.name, w.nKeys = name, 0
	w.features, w.records, w.keys, w.keyOf = w.features[:0], w.records[:0], w.keys[:0], w.keyOf[:0]
	for range fields {
		w.keyOf = append(w.keyOf, -1)
	}
	w.dict.reset(fields)
	if len(w.code) < fields {
		w.code = make([]codeIndex, fields)
	}
	for i := range w.code {
		w.code[i].reset()
	}
}

// size is what the layer takes so far, give or take its header.
func (w *layerWriter) size() int {
	return len(w.features) + len(w.keys) + len(w.dict.values) + len(w.name) + 24
}

// empty is the size of a layer without features.
func (w *layerWriter) empty() int { return len(w.name) + 24 }

type layerMark struct {
	keys, values int
	nKeys        int32
	nValues      uint32
}

func (w *layerWriter) begin() {
	w.tags, w.geom = w.tags[:0], w.geom[:0]
	w.penX, w.penY = 0, 0
	w.mark = layerMark{len(w.keys), len(w.dict.values), w.nKeys, w.dict.n}
	w.dict.log = w.dict.log[:0]
	w.dict.grown = false
	for i := range w.code {
		w.code[i].log = w.code[i].log[:0]
	}
}

// tag adds an attribute; without value the feature lacks it.
func (w *layerWriter) tag(field int, name string, v value) {
	if v.kind == noValue {
		return
	}
	w.tagIndex(field, name, w.dict.cached(field, v))
}

// tagIndex adds an attribute by the number of its value.
func (w *layerWriter) tagIndex(field int, name string, i uint32) {
	if w.keyOf[field] < 0 {
		w.keyOf[field] = w.nKeys
		w.nKeys++
		w.keys = appendBytes(w.keys, 3, valid(name))
	}
	w.tags = appendUvarint(appendUvarint(w.tags, uint32(w.keyOf[field])), i)
}

// valid returns s with bytes that are not UTF-8 replaced, as protobuf asks.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

func (w *layerWriter) command(id, count int) {
	w.geom = binary.AppendUvarint(w.geom, uint64(id&7|count<<3))
}

func (w *layerWriter) to(x, y int32) {
	w.geom = appendZigzag(appendZigzag(w.geom, x-w.penX), y-w.penY)
	w.penX, w.penY = x, y
}

func appendZigzag(b []byte, v int32) []byte {
	u := zigzag(v)
	if u < 0x80 {
		return append(b, byte(u))
	}
	return binary.AppendUvarint(b, uint64(u))
}

func (w *layerWriter) points(ps []vertex) {
	w.command(1, len(ps))
	for _, p := range ps {
		w.to(p.x, p.y)
	}
}

func (w *layerWriter) vertices(l []vertex) {
	w.command(1, 1)
	w.to(l[0].x, l[0].y)
	w.command(2, len(l)-1)
	for _, p := range l[1:] {
		w.to(p.x, p.y)
	}
}

func (w *layerWriter) line(l []xy) {
	w.command(1, 1)
	w.to(int32(l[0].x), int32(l[0].y))
	w.command(2, len(l)-1)
	for _, p := range l[1:] {
		w.to(int32(p.x), int32(p.y))
	}
}

func (w *layerWriter) ring(r []xy) {
	w.line(r)
	w.command(7, 1)
}

func (w *layerWriter) polygons(ps []polygon) {
	for _, p := range ps {
		w.ring(p.exterior)
		for _, h := range p.holes {
			w.ring(h)
		}
	}
}

func (w *layerWriter) square(s square) {
	x, y := int32(s.x), int32(s.y)
	w.command(1, 1)
	w.to(x, y)
	w.command(2, 3)
	w.to(x+int32(s.w), y)
	w.to(x+int32(s.w), y+int32(s.h))
	w.to(x, y+int32(s.h))
	w.command(7, 1)
}

// end writes the feature if the layer then takes at most limit bytes; else the
// layer stays as it was before begin. The id is left out when negative, as the
// format has no place for it.
func (w *layerWriter) end(id int64, kind uint8, limit int) bool {
	n := 2 + 1 + uvarintLen(uint64(len(w.geom))) + len(w.geom)
	if id >= 0 {
		n += 1 + uvarintLen(uint64(id))
	}
	if len(w.tags) > 0 {
		n += 1 + uvarintLen(uint64(len(w.tags))) + len(w.tags)
	}
	if w.size()+n+6 > limit {
		w.cancel()
		return false
	}
	off := len(w.features)
	f := binary.AppendUvarint(appendTag(w.features, 2, wireBytes), uint64(n))
	if id >= 0 {
		f = appendUint(f, 1, uint64(id))
	}
	if len(w.tags) > 0 {
		f = appendBytes(f, 2, w.tags)
	}
	f = append(f, 3<<3, kind)
	w.features = appendBytes(f, 4, w.geom)
	w.records = append(w.records, record{id, uint32(off), uint32(len(w.features)), kind})
	return true
}

// cancel forgets the keys and values of the feature being written.
func (w *layerWriter) cancel() {
	w.keys, w.nKeys = w.keys[:w.mark.keys], w.mark.nKeys
	for i, k := range w.keyOf {
		if k >= w.nKeys {
			w.keyOf[i] = -1
		}
	}
	w.dict.back(w.mark.values, w.mark.nValues)
	for i := range w.code {
		w.code[i].back(w.mark.nValues)
	}
}

// recordBits number the features of a layer: it has less than 16 MB.
const recordBits = 24

// inOrder sorts the features by id, kind and bytes: the lower bits tell which.
func (w *layerWriter) inOrder() []uint64 {
	if len(w.records) == 0 {
		return nil
	}
	least := w.records[0].id
	most := least
	for i := range w.records {
		least, most = min(least, w.records[i].id), max(most, w.records[i].id)
	}
	shift := max(0, bits.Len64(uint64(most-least))-(64-recordBits))
	order := w.order[:0]
	for i := range w.records {
		order = append(order, uint64(w.records[i].id-least)>>shift<<recordBits|uint64(i))
	}
	w.order = order
	w.sorter.sort(order, recordBits) // they stand in the order of the lower bits
	for i := 0; i < len(order); {    // those that the key does not tell apart
		j := i + 1
		for j < len(order) && order[j]>>recordBits == order[i]>>recordBits {
			j++
		}
		if j > i+1 {
			slices.SortFunc(order[i:j], w.compare)
		}
		i = j
	}
	return order
}

func (w *layerWriter) compare(x, y uint64) int {
	a, b := &w.records[x&(1<<recordBits-1)], &w.records[y&(1<<recordBits-1)]
	switch {
	case a.id != b.id:
		return cmp.Compare(a.id, b.id)
	case a.kind != b.kind:
		return cmp.Compare(a.kind, b.kind)
	}
	return bytes.Compare(w.features[a.off:a.end], w.features[b.off:b.end])
}

// appendTo appends the layer to a tile, features by id and kind.
func (w *layerWriter) appendTo(tile []byte) []byte {
	order := w.inOrder()
	head := appendBytes(appendUint(nil, 15, 2), 1, valid(w.name))
	tail := appendUint(nil, 5, extent)
	size := len(head) + len(w.features) + len(w.keys) + len(w.dict.values) + len(tail)
	tile = slices.Grow(tile, size+8+metaRoom)
	tile = appendTag(tile, 3, wireBytes)
	tile = binary.AppendUvarint(tile, uint64(size))
	tile = append(tile, head...)
	for _, key := range order {
		r := &w.records[key&(1<<recordBits-1)]
		tile = append(tile, w.features[r.off:r.end]...)
	}
	tile = append(tile, w.keys...)
	tile = append(tile, w.dict.values...)
	return append(tile, tail...)
}

// appendValue encodes a value, in the shortest form that loses nothing.
func appendValue(b []byte, v value) []byte {
	b = append(b, 4<<3|wireBytes, 0)
	from := len(b)
	switch v.kind {
	case textValue:
		t := v.text
		if !utf8.Valid(t) {
			t = []byte(string([]rune(string(t))))
		}
		b = appendBytes(b, 1, t)
	case intValue:
		if n := int64(v.bits); n >= 0 {
			b = appendUint(b, 5, v.bits)
		} else { // sint: zigzag, or ten bytes
			b = appendUint(b, 6, v.bits<<1^uint64(n>>63))
		}
	case floatValue:
		f := math.Float64frombits(v.bits)
		if s := float32(f); float64(s) == f {
			b = binary.LittleEndian.AppendUint32(append(b, 2<<3|wireFixed32), math.Float32bits(s))
		} else {
			b = appendDouble(b, 3, f)
		}
	case boolValue:
		b = appendUint(b, 7, v.bits)
	}
	n := len(b) - from
	if n < 0x80 {
		b[from-1] = byte(n)
		return b
	}
	long := slices.Clone(b[from:]) // the length takes more than a byte
	return append(binary.AppendUvarint(b[:from-1], uint64(n)), long...)
}
