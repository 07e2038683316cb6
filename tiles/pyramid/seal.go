package pyramid

import (
	"bytes"
	"encoding/binary"
	"math"
	"sync"

	"github.com/klauspost/compress/gzip"

	"contado/geo/fault"
	"contado/tiles/vector"
)

// The figures of a tile travel in the extra field of its gzip header (RFC
// 1952, 2.3.1.1), where clients pass them by: whoever serves the tile knows
// what it leaves out without unpacking it.
const (
	extraID      = "Co"
	extraVersion = 1
)

// zippers are used again: one takes 800 kB.
type zippers struct{ pool sync.Pool }

// seal compresses a tile with its figures.
func (p *zippers) seal(data []byte, s vector.Stats) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(data)/2 + 64)
	z, ok := p.pool.Get().(*gzip.Writer)
	if ok {
		z.Reset(&out)
	} else {
		z = gzip.NewWriter(&out)
	}
	defer p.pool.Put(z)
	z.Extra = figures(s)
	if _, err := z.Write(data); err != nil {
		return nil, fault.E("pyramid.seal", fault.Other, err)
	}
	if err := z.Close(); err != nil {
		return nil, fault.E("pyramid.seal", fault.Other, err)
	}
	return out.Bytes(), nil
}

// figures is the extra field: subfield id, length, then version, four counts
// and the level as varints, and the area kept as a float.
func figures(s vector.Stats) []byte {
	v := []byte{extraVersion}
	for _, n := range []int{s.Features, s.Tiny, s.Dropped, s.Invalid, s.Level} {
		v = binary.AppendUvarint(v, uint64(max(n, 0)))
	}
	v = binary.LittleEndian.AppendUint64(v, math.Float64bits(s.AreaKept))
	return append(binary.LittleEndian.AppendUint16([]byte(extraID), uint16(len(v))), v...)
}

// Figures reads what a tile of one of our archives says of itself; ok is
// false for tiles of others.
func Figures(tile []byte) (s vector.Stats, ok bool) {
	const head = 10
	if len(tile) < head+2 || tile[0] != 0x1f || tile[1] != 0x8b || tile[3]&4 == 0 {
		return s, false
	}
	n := int(binary.LittleEndian.Uint16(tile[head:]))
	extra := tile[head+2:]
	if n > len(extra) {
		return s, false
	}
	for extra = extra[:n]; len(extra) >= 4; {
		id, size := string(extra[:2]), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; size > len(extra) {
			return s, false
		}
		if id == extraID {
			return parseFigures(extra[:size])
		}
		extra = extra[size:]
	}
	return s, false
}

func parseFigures(v []byte) (s vector.Stats, ok bool) {
	if len(v) == 0 || v[0] != extraVersion {
		return s, false
	}
	v = v[1:]
	for _, into := range []*int{&s.Features, &s.Tiny, &s.Dropped, &s.Invalid, &s.Level} {
		n, size := binary.Uvarint(v)
		if size <= 0 || n > math.MaxInt32 {
			return vector.Stats{}, false
		}
		*into, v = int(n), v[size:]
	}
	if len(v) < 8 {
		return vector.Stats{}, false
	}
	s.AreaKept = math.Float64frombits(binary.LittleEndian.Uint64(v))
	return s, true
}
