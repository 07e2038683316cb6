package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"contado/geo"

	"github.com/paulmach/orb"
)

// maxRecord bounds one row: some 60 million positions.
const maxRecord = 1 << 30

var errDamaged = errors.New("the working file is damaged")

// The kinds of geometry and of value in a record.
const (
	none = iota
	point
	multiPoint
	line
	multiLine
	polygon
	multiPolygon
)

const (
	null = iota
	text
	integer
	real
	yes
	no
	binaries
)

func appendFeature(b []byte, f *geo.Feature) ([]byte, error) {
	b = binary.AppendVarint(b, f.ID)
	b, err := appendGeometry(b, f.Geometry)
	if err != nil {
		return nil, err
	}
	for _, v := range f.Values {
		switch v := v.(type) {
		case nil:
			b = append(b, null)
		case string:
			b = append(binary.AppendUvarint(append(b, text), uint64(len(v))), v...)
		case int64:
			b = binary.AppendVarint(append(b, integer), v)
		case float64:
			b = appendFloat(append(b, real), v)
		case bool:
			if v {
				b = append(b, yes)
			} else {
				b = append(b, no)
			}
		case []byte:
			b = append(binary.AppendUvarint(append(b, binaries), uint64(len(v))), v...)
		default:
			return nil, fmt.Errorf("a value of type %T", v)
		}
	}
	return b, nil
}

func appendFloat(b []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
}

func appendGeometry(b []byte, g orb.Geometry) ([]byte, error) {
	switch g := g.(type) {
	case nil:
		return append(b, none), nil
	case orb.Point:
		return appendFloat(appendFloat(append(b, point), g[0]), g[1]), nil
	case orb.MultiPoint:
		return appendPositions(append(b, multiPoint), g), nil
	case orb.LineString:
		return appendPositions(append(b, line), g), nil
	case orb.MultiLineString:
		b = binary.AppendUvarint(append(b, multiLine), uint64(len(g)))
		for _, l := range g {
			b = appendPositions(b, l)
		}
		return b, nil
	case orb.Polygon:
		return appendRings(append(b, polygon), g), nil
	case orb.MultiPolygon:
		b = binary.AppendUvarint(append(b, multiPolygon), uint64(len(g)))
		for _, p := range g {
			b = appendRings(b, p)
		}
		return b, nil
	}
	return nil, fmt.Errorf("a geometry of type %s", g.GeoJSONType())
}

func appendRings(b []byte, p orb.Polygon) []byte {
	b = binary.AppendUvarint(b, uint64(len(p)))
	for _, r := range p {
		b = appendPositions(b, r)
	}
	return b
}

func appendPositions[P ~[]orb.Point](b []byte, ps P) []byte {
	b = binary.AppendUvarint(b, uint64(len(ps)))
	for _, p := range ps {
		b = appendFloat(appendFloat(b, p[0]), p[1])
	}
	return b
}

// cursor reads a record; after the first fault it gives zeros.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) fail() {
	c.b, c.bad = nil, true
}

func (c *cursor) byte() byte {
	if len(c.b) == 0 {
		c.fail()
		return 0
	}
	v := c.b[0]
	c.b = c.b[1:]
	return v
}

func (c *cursor) varint() int64 {
	v, n := binary.Varint(c.b)
	if n <= 0 {
		c.fail()
		return 0
	}
	c.b = c.b[n:]
	return v
}

// count reads a number of things of at least size bytes each.
func (c *cursor) count(size int) int {
	v, n := binary.Uvarint(c.b)
	if n <= 0 || v > uint64((len(c.b)-n)/size) {
		c.fail()
		return 0
	}
	c.b = c.b[n:]
	return int(v)
}

func (c *cursor) float() float64 {
	if len(c.b) < 8 {
		c.fail()
		return 0
	}
	v := math.Float64frombits(binary.LittleEndian.Uint64(c.b))
	c.b = c.b[8:]
	return v
}

func (c *cursor) bytes() []byte {
	n := c.count(1)
	v := c.b[:n]
	c.b = c.b[n:]
	return v
}

func positions[P ~[]orb.Point](c *cursor) P {
	ps := make(P, c.count(16))
	for i := range ps {
		ps[i] = orb.Point{c.float(), c.float()}
	}
	return ps
}

func (c *cursor) rings() orb.Polygon {
	p := make(orb.Polygon, c.count(1))
	for i := range p {
		p[i] = positions[orb.Ring](c)
	}
	return p
}

func (c *cursor) geometry() orb.Geometry {
	switch c.byte() {
	case none:
		return nil
	case point:
		return orb.Point{c.float(), c.float()}
	case multiPoint:
		return positions[orb.MultiPoint](c)
	case line:
		return positions[orb.LineString](c)
	case multiLine:
		m := make(orb.MultiLineString, c.count(1))
		for i := range m {
			m[i] = positions[orb.LineString](c)
		}
		return m
	case polygon:
		return c.rings()
	case multiPolygon:
		m := make(orb.MultiPolygon, c.count(1))
		for i := range m {
			m[i] = c.rings()
		}
		return m
	}
	c.fail()
	return nil
}

func (c *cursor) value() any {
	switch c.byte() {
	case null:
		return nil
	case text:
		return string(c.bytes())
	case integer:
		return c.varint()
	case real:
		return c.float()
	case yes:
		return true
	case no:
		return false
	case binaries:
		return append([]byte(nil), c.bytes()...)
	}
	c.fail()
	return nil
}

func decodeFeature(b []byte, fields int) (geo.Feature, error) {
	c := cursor{b: b}
	f := geo.Feature{ID: c.varint(), Geometry: c.geometry(), Values: make([]any, fields)}
	for i := range f.Values {
		f.Values[i] = c.value()
	}
	if c.bad || len(c.b) > 0 {
		return geo.Feature{}, errDamaged
	}
	return f, nil
}
