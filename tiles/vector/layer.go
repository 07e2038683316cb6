package vector

import (
	"math"
	"unicode/utf8"
)

// layerWriter encodes one layer of a Mapbox Vector Tile 2.1.
type layerWriter struct {
	name     string
	features []byte // encoded Feature messages, with their tags
	keys     []byte
	values   []byte
	keyOf    map[string]uint32
	stringOf map[string]uint32
	intOf    map[int64]uint32
	floatOf  map[uint64]uint32
	boolOf   [2]uint32 // index + 1
	nValues  uint32
	count    int

	log     []added // by the feature being written
	tags    []uint32
	geom    []uint32
	feature []byte
	scratch []byte
	penX    int32
	penY    int32
}

func newLayerWriter(name string) *layerWriter {
	return &layerWriter{
		name: name, keyOf: map[string]uint32{}, stringOf: map[string]uint32{},
		intOf: map[int64]uint32{}, floatOf: map[uint64]uint32{},
	}
}

// reset forgets all but the name, to write the layer again.
func (w *layerWriter) reset() {
	w.features, w.keys, w.values = w.features[:0], w.keys[:0], w.values[:0]
	clear(w.keyOf)
	clear(w.stringOf)
	clear(w.intOf)
	clear(w.floatOf)
	w.boolOf, w.nValues, w.count = [2]uint32{}, 0, 0
}

// size is what the layer takes so far, give or take its header.
func (w *layerWriter) size() int {
	return len(w.features) + len(w.keys) + len(w.values) + len(w.name) + 24
}

// Field numbers and geometry types of vector_tile.proto.
const (
	geomPoint   = 1
	geomLine    = 2
	geomPolygon = 3

	extent = 4096
)

func (w *layerWriter) begin() {
	w.tags, w.geom, w.log = w.tags[:0], w.geom[:0], w.log[:0]
	w.penX, w.penY = 0, 0
}

// tag adds an attribute. nil, NaN, infinite and binary values have no form
// in a tile: the feature then lacks the attribute.
func (w *layerWriter) tag(name string, value any) {
	v, ok := w.value(value)
	if !ok {
		return
	}
	k, ok := w.keyOf[name]
	if !ok {
		k = uint32(len(w.keyOf))
		w.keyOf[name] = k
		w.log = append(w.log, added{kind: 'k', text: name})
		w.keys = appendBytes(w.keys, 3, valid(name))
	}
	w.tags = append(w.tags, k, v)
}

func (w *layerWriter) value(value any) (uint32, bool) {
	switch v := value.(type) {
	case string:
		i, ok := w.stringOf[v]
		if !ok {
			i = w.addValue(appendBytes(w.scratch[:0], 1, valid(v)))
			w.stringOf[v] = i
			w.log = append(w.log, added{kind: 's', text: v})
		}
		return i, true
	case int64:
		i, ok := w.intOf[v]
		if !ok {
			if v >= 0 {
				w.scratch = appendUint(w.scratch[:0], 5, uint64(v))
			} else { // sint: zigzag, or ten bytes
				w.scratch = appendUint(w.scratch[:0], 6, uint64(v)<<1^uint64(v>>63))
			}
			i = w.addValue(w.scratch)
			w.intOf[v] = i
			w.log = append(w.log, added{kind: 'i', bits: uint64(v)})
		}
		return i, true
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 0, false
		}
		i, ok := w.floatOf[math.Float64bits(v)]
		if !ok {
			i = w.addValue(appendDouble(w.scratch[:0], 3, v))
			w.floatOf[math.Float64bits(v)] = i
			w.log = append(w.log, added{kind: 'f', bits: math.Float64bits(v)})
		}
		return i, true
	case bool:
		n := 0
		if v {
			n = 1
		}
		if w.boolOf[n] == 0 {
			w.boolOf[n] = w.addValue(appendUint(w.scratch[:0], 7, uint64(n))) + 1
			w.log = append(w.log, added{kind: 'b', bits: uint64(n)})
		}
		return w.boolOf[n] - 1, true
	}
	return 0, false
}

// valid returns s with bytes that are not UTF-8 replaced, as protobuf asks.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

func (w *layerWriter) addValue(message []byte) uint32 {
	w.values = appendBytes(w.values, 4, message)
	w.scratch = message
	w.nValues++
	return w.nValues - 1
}

func (w *layerWriter) command(id, count int) {
	w.geom = append(w.geom, uint32(id&7|count<<3))
}

func (w *layerWriter) to(p xy) {
	x, y := int32(p.x), int32(p.y)
	w.geom = append(w.geom, zigzag(x-w.penX), zigzag(y-w.penY))
	w.penX, w.penY = x, y
}

func (w *layerWriter) points(ps []xy) {
	w.command(1, len(ps))
	for _, p := range ps {
		w.to(p)
	}
}

func (w *layerWriter) line(l []xy) {
	w.command(1, 1)
	w.to(l[0])
	w.command(2, len(l)-1)
	for _, p := range l[1:] {
		w.to(p)
	}
}

func (w *layerWriter) ring(r []xy) {
	w.line(r)
	w.command(7, 1)
}

// end writes the feature; id is left out when negative, as the format has
// no place for it.
func (w *layerWriter) end(id int64, geomType int) {
	f := w.feature[:0]
	if id >= 0 {
		f = appendUint(f, 1, uint64(id))
	}
	if len(w.tags) > 0 {
		f = appendPacked(f, 2, w.tags)
	}
	f = appendUint(f, 3, uint64(geomType))
	f = appendPacked(f, 4, w.geom)
	w.feature = f
	w.features = appendBytes(w.features, 2, f)
	w.count++
}

// appendTo appends the layer to a tile.
func (w *layerWriter) appendTo(tile []byte) []byte {
	head := appendUint(nil, 15, 2)
	head = appendBytes(head, 1, valid(w.name))
	tail := appendUint(nil, 5, extent)
	tile = appendTag(tile, 3, wireBytes)
	tile = appendLen(tile, len(head)+len(w.features)+len(w.keys)+len(w.values)+len(tail))
	for _, part := range [][]byte{head, w.features, w.keys, w.values, tail} {
		tile = append(tile, part...)
	}
	return tile
}

func appendLen(b []byte, n int) []byte {
	for n >= 0x80 {
		b = append(b, byte(n)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}

// added is an entry of a dictionary that the feature being written made.
type added struct {
	kind byte // 'k'ey, 's'tring, 'i'nt, 'f'loat, 'b'ool
	text string
	bits uint64
}

// cancel takes back the last feature, with the keys and values that it
// brought: the layer is as at the mark.
func (w *layerWriter) cancel(m layerMark) {
	w.features, w.count = w.features[:m.features], m.count
	w.keys, w.values, w.nValues = w.keys[:m.keys], w.values[:m.values], m.nValues
	for _, a := range w.log {
		switch a.kind {
		case 'k':
			delete(w.keyOf, a.text)
		case 's':
			delete(w.stringOf, a.text)
		case 'i':
			delete(w.intOf, int64(a.bits))
		case 'f':
			delete(w.floatOf, a.bits)
		case 'b':
			w.boolOf[a.bits] = 0
		}
	}
	w.log = w.log[:0]
}

type layerMark struct {
	features, keys, values, count int
	nValues                       uint32
}

func (m layerMark) size() int { return m.features + m.keys + m.values }

func (w *layerWriter) mark() layerMark {
	return layerMark{len(w.features), len(w.keys), len(w.values), w.count, w.nValues}
}
