// Package mvt reads Mapbox Vector Tiles of any maker, versions 1 and 2
// (github.com/mapbox/vector-tile-spec). What cannot be read at all is an
// error; a feature that breaks the specification is left out and named in
// Tile.Problems, as other readers leave it out silently.
package mvt

import (
	"encoding/binary"
	"fmt"
	"math"

	"contado/geo/fault"
)

// Tile is a decoded tile. Its texts and lists are copies.
type Tile struct {
	Layers []Layer
	// Problems says what breaks the specification, at most MaxProblems of it.
	Problems []string
}

// MaxProblems bounds Tile.Problems.
const MaxProblems = 100

// Layer is one layer of a tile.
type Layer struct {
	Name     string
	Version  int
	Extent   int // units a side of the tile
	Features []Feature
}

// Layer returns the first layer of a name, or nil.
func (t *Tile) Layer(name string) *Layer {
	for i := range t.Layers {
		if t.Layers[i].Name == name {
			return &t.Layers[i]
		}
	}
	return nil
}

// Kind is the type of a geometry.
type Kind uint8

// The kinds, by the numbers of the specification.
const (
	Unknown Kind = iota
	Points
	Lines
	Polygons
)

// Feature is one feature.
type Feature struct {
	ID    uint64
	HasID bool
	Kind  Kind
	// Tags are the attributes: string, float64, int64, uint64 (above the range
	// of int64) or bool.
	Tags map[string]any
	// Parts are points (one part), lines, or rings without their closing point:
	// an exterior has a positive Area2, its holes follow with a negative one.
	// x east, y south, in units of the layer's extent.
	Parts [][][2]int32
}

// Area2 is twice the signed area of a ring, by the surveyor's formula.
func Area2(r [][2]int32) int64 {
	sum := int64(0)
	for i, p := range r {
		q := r[(i+1)%len(r)]
		sum += int64(p[0])*int64(q[1]) - int64(q[0])*int64(p[1])
	}
	return sum
}

// Decode reads a tile that is not compressed. Memory is bounded by the size of
// data: a geometry takes at most eight times its bytes.
//
// Errors: fault.Invalid.
func Decode(data []byte) (*Tile, error) {
	d := decoder{t: &Tile{}}
	names := map[string]bool{}
	err := message(data, func(f field) error {
		if f.num != 3 {
			return nil // an extension
		}
		if f.wire != wireBytes {
			return fmt.Errorf("a layer has wire type %d", f.wire)
		}
		l, err := d.layer(f.body)
		if err != nil {
			return fmt.Errorf("layer %d %q: %w", len(d.t.Layers), l.Name, err)
		}
		if names[l.Name] {
			d.problem("two layers are named %q", l.Name)
		}
		names[l.Name] = true
		d.t.Layers = append(d.t.Layers, l)
		return nil
	})
	if err != nil {
		return nil, fault.E("mvt.Decode", fault.Invalid, fmt.Errorf("this is no vector tile: %w", err))
	}
	return d.t, nil
}

type decoder struct {
	t *Tile
}

func (d *decoder) problem(format string, args ...any) {
	if len(d.t.Problems) < MaxProblems {
		d.t.Problems = append(d.t.Problems, fmt.Sprintf(format, args...))
	}
}

const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5

	defaultExtent = 4096
)

// field is a field of a protobuf message.
type field struct {
	num, wire int
	v         uint64
	body      []byte
}

var errTruncated = fault.Errorf("mvt.Decode", fault.Invalid, "it is cut off")

// message calls visit for the fields of a protobuf message.
func message(b []byte, visit func(field) error) error {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 || tag>>3 == 0 || tag>>3 > math.MaxInt32 {
			return errTruncated
		}
		b = b[n:]
		f := field{num: int(tag >> 3), wire: int(tag & 7)} //nolint:gosec // bounded above
		switch f.wire {
		case wireVarint:
			if f.v, n = binary.Uvarint(b); n <= 0 {
				return errTruncated
			}
			b = b[n:]
		case wireFixed64:
			if len(b) < 8 {
				return errTruncated
			}
			f.v, b = binary.LittleEndian.Uint64(b), b[8:]
		case wireBytes:
			size, n := binary.Uvarint(b)
			if n <= 0 || size > uint64(len(b)-n) {
				return errTruncated
			}
			f.body, b = b[n:n+int(size)], b[n+int(size):] //nolint:gosec // bounded above
		case wireFixed32:
			if len(b) < 4 {
				return errTruncated
			}
			f.v, b = uint64(binary.LittleEndian.Uint32(b)), b[4:]
		default:
			return fmt.Errorf("wire type %d is none", f.wire)
		}
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

// layerWires are the wire types of the fields of a layer.
var layerWires = map[int]int{1: wireBytes, 2: wireBytes, 3: wireBytes, 4: wireBytes, 5: wireVarint, 15: wireVarint}

func (d *decoder) layer(data []byte) (Layer, error) {
	l := Layer{Extent: defaultExtent, Version: 1}
	var keys []string
	var values []any
	var features [][]byte
	named, versioned := false, false
	err := message(data, func(f field) error {
		if want, ok := layerWires[f.num]; ok && want != f.wire {
			return fmt.Errorf("field %d has wire type %d", f.num, f.wire)
		}
		switch f.num {
		case 1:
			l.Name, named = string(f.body), true
		case 2:
			features = append(features, f.body)
		case 3:
			keys = append(keys, string(f.body))
		case 4:
			v, err := decodeValue(f.body)
			if err != nil {
				return err
			}
			values = append(values, v)
		case 5:
			if f.v == 0 || f.v > 1<<30 {
				return fmt.Errorf("an extent of %d", f.v)
			}
			l.Extent = int(f.v) //nolint:gosec // bounded above
		case 15:
			if f.v < 1 || f.v > 2 {
				return fmt.Errorf("version %d is not known", f.v)
			}
			l.Version, versioned = int(f.v), true //nolint:gosec // bounded above
		}
		return nil
	})
	switch {
	case err != nil:
		return l, err
	case !named:
		return l, fault.Errorf("mvt.Decode", fault.Invalid, "it has no name")
	case !versioned:
		d.problem("layer %q has no version; 1 is taken", l.Name)
	}
	for i, body := range features {
		f, err := decodeFeature(body, keys, values, l.Version)
		if err != nil {
			d.problem("layer %q, feature %d: %v", l.Name, i, err)
			continue
		}
		l.Features = append(l.Features, f)
	}
	return l, nil
}

// decodeValue gives nil for a value of a kind that is not known yet.
func decodeValue(data []byte) (value any, err error) {
	wires := map[int]int{1: wireBytes, 2: wireFixed32, 3: wireFixed64, 4: wireVarint, 5: wireVarint, 6: wireVarint, 7: wireVarint}
	err = message(data, func(f field) error {
		want, ok := wires[f.num]
		switch {
		case !ok:
			return nil
		case want != f.wire:
			return fmt.Errorf("value %d has wire type %d", f.num, f.wire)
		}
		switch f.num {
		case 1:
			value = string(f.body)
		case 2:
			value = float64(math.Float32frombits(uint32(f.v))) //nolint:gosec // 32 bits were read
		case 3:
			value = math.Float64frombits(f.v)
		case 4:
			value = int64(f.v) //nolint:gosec // as the format has it
		case 5:
			if value = f.v; f.v <= math.MaxInt64 {
				value = int64(f.v) //nolint:gosec // checked
			}
		case 6:
			value = int64(f.v>>1) ^ -int64(f.v&1) //nolint:gosec // zigzag
		case 7:
			value = f.v != 0
		}
		return nil
	})
	return value, err
}
