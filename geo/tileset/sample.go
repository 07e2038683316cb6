package tileset

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"

	"contado/geo/fault"
)

// found is what samples of vector tiles hold, by layer.
type found map[string]*foundLayer

type foundLayer struct {
	fields map[string]string // TileJSON's types
	shapes [4]bool           // by the geometry types of the tile format
}

// Bounds on what is noted: a hostile archive must not fill memory.
const (
	maxLayers = 500
	maxFields = 2000
	maxName   = 500
)

// geometry is the word for what the layer holds.
func (l *foundLayer) geometry() string {
	word := ""
	for i, name := range []string{"", "point", "line", "polygon"} {
		switch {
		case i == 0 || !l.shapes[i]:
		case word != "":
			return "mixed"
		default:
			word = name
		}
	}
	return word
}

// message walks through the fields of a protobuf message.
type message struct{ b []byte }

// next returns the next field: its number, and its number or bytes by wire type.
func (m *message) next() (field int, v uint64, b []byte, err error) {
	bad := fault.Errorf("tileset.Inspect", fault.Invalid, "a vector tile is no sound protobuf")
	tag, err := m.varint()
	if err != nil {
		return 0, 0, nil, err
	}
	field = int(tag >> 3 & 0xffffff)
	switch tag & 7 {
	case 0:
		v, err = m.varint()
	case 1:
		if len(m.b) < 8 {
			return 0, 0, nil, bad
		}
		m.b = m.b[8:]
	case 2:
		if v, err = m.varint(); err == nil {
			if v > uint64(len(m.b)) {
				return 0, 0, nil, bad
			}
			b, m.b = m.b[:v], m.b[v:]
		}
	case 5:
		if len(m.b) < 4 {
			return 0, 0, nil, bad
		}
		m.b = m.b[4:]
	default:
		return 0, 0, nil, bad
	}
	return field, v, b, err
}

func (m *message) varint() (uint64, error) {
	v, n := binary.Uvarint(m.b)
	if n <= 0 {
		return 0, fault.Errorf("tileset.Inspect", fault.Invalid, "a vector tile is no sound protobuf")
	}
	m.b = m.b[n:]
	return v, nil
}

// add notes the layers of a vector tile (vector_tile.proto 2.1).
func (f found) add(tile []byte) error {
	m := message{tile}
	for len(m.b) > 0 {
		field, _, b, err := m.next()
		if err != nil {
			return err
		}
		if field == 3 {
			if err := f.addLayer(b); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f found) addLayer(b []byte) error {
	var name string
	var keys []string
	var values [][]byte
	var features [][]byte
	m := message{b}
	for len(m.b) > 0 {
		field, _, b, err := m.next()
		if err != nil {
			return err
		}
		switch field {
		case 1:
			name = string(b)
		case 2:
			features = append(features, b)
		case 3:
			keys = append(keys, string(b))
		case 4:
			values = append(values, b)
		}
	}
	if name == "" || len(name) > maxName || !utf8.ValidString(name) {
		return fault.Errorf("tileset.Inspect", fault.Invalid, "a layer of a vector tile has no name, or none that can be shown")
	}
	l := f[name]
	if l == nil {
		if len(f) >= maxLayers {
			return nil
		}
		l = &foundLayer{fields: map[string]string{}}
		f[name] = l
	}
	for _, b := range features {
		if err := l.addFeature(b, keys, values); err != nil {
			return err
		}
	}
	return nil
}

func (l *foundLayer) addFeature(b []byte, keys []string, values [][]byte) error {
	m := message{b}
	for len(m.b) > 0 {
		field, v, b, err := m.next()
		if err != nil {
			return err
		}
		switch field {
		case 2:
			if err := l.addTags(b, keys, values); err != nil {
				return err
			}
		case 3:
			if v < uint64(len(l.shapes)) {
				l.shapes[v] = true
			}
		}
	}
	return nil
}

func (l *foundLayer) addTags(b []byte, keys []string, values [][]byte) error {
	m := message{b}
	for len(m.b) > 0 {
		k, err := m.varint()
		if err != nil {
			return err
		}
		v, err := m.varint()
		if err != nil {
			return err
		}
		if k >= uint64(len(keys)) || v >= uint64(len(values)) {
			return fault.Errorf("tileset.Inspect", fault.Invalid, "a feature of a vector tile names an attribute that is not there")
		}
		key := keys[k]
		if len(key) > maxName || !utf8.ValidString(key) || (len(l.fields) >= maxFields && l.fields[key] == "") {
			continue
		}
		kind := valueType(values[v])
		if had := l.fields[key]; had != "" && had != kind {
			kind = "String"
		}
		l.fields[key] = kind
	}
	return nil
}

// valueType is TileJSON's word for the type of a value.
func valueType(b []byte) string {
	m := message{b}
	field, _, _, err := m.next()
	switch {
	case err != nil || field == 1:
		return "String"
	case field == 7:
		return "Boolean"
	}
	return "Number"
}

// names are the layers in order.
func (f found) names() []string {
	out := make([]string, 0, len(f))
	for n := range f {
		out = append(out, n)
	}
	slices.SortFunc(out, strings.Compare)
	return out
}
