package stream

import (
	"encoding/binary"
	"errors"
)

// The protocol buffer encoding (protobuf.dev/programming-guides/encoding):
// just what OSM PBF needs of it.

var (
	errWire  = errors.New("a block is cut short or not as the format says")
	errField = errors.New("a field has not the type that the format says")
	errBig   = errors.New("an element holds more than any real one")
)

// message walks the fields of a message.
type message struct {
	b []byte
	// the field at hand
	num  int
	wire int
	n    uint64 // of a number
	data []byte // of a block of bytes
}

// next moves to the next field; false at the end.
func (m *message) next() (bool, error) {
	if len(m.b) == 0 {
		return false, nil
	}
	tag, n := binary.Uvarint(m.b)
	if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return false, errWire
	}
	m.b = m.b[n:]
	m.num, m.wire, m.n, m.data = int(tag>>3), int(tag&7), 0, nil
	switch m.wire {
	case 0:
		if m.n, n = binary.Uvarint(m.b); n <= 0 {
			return false, errWire
		}
		m.b = m.b[n:]
	case 1, 5:
		n := 4 // 5 is 32 bits, 1 is 64
		if m.wire == 1 {
			n = 8
		}
		if len(m.b) < n {
			return false, errWire
		}
		m.b = m.b[n:]
	case 2:
		size, n := binary.Uvarint(m.b)
		if n <= 0 || size > uint64(len(m.b)-n) {
			return false, errWire
		}
		m.data, m.b = m.b[n:n+int(size)], m.b[n+int(size):]
	default:
		return false, errWire
	}
	return true, nil
}

// bytes is the field as a block of bytes.
func (m *message) bytes() ([]byte, error) {
	if m.wire != 2 {
		return nil, errField
	}
	return m.data, nil
}

func (m *message) number() (int64, error) {
	if m.wire != 0 {
		return 0, errField
	}
	return int64(m.n), nil
}

func zigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// numbers appends a repeated field of numbers, packed or not.
func (m *message) numbers(dst []uint64, limit int) ([]uint64, error) {
	if m.wire == 0 {
		dst = append(dst, m.n)
	} else {
		b, err := m.bytes()
		if err != nil {
			return dst, err
		}
		for len(b) > 0 {
			if b[0] < 0x80 {
				dst, b = append(dst, uint64(b[0])), b[1:]
				continue
			}
			v, n := binary.Uvarint(b)
			if n <= 0 {
				return dst, errWire
			}
			dst, b = append(dst, v), b[n:]
		}
	}
	if limit > 0 && len(dst) > limit {
		return dst, errBig
	}
	return dst, nil
}
