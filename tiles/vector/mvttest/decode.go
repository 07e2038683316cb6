// Package mvttest reads Mapbox Vector Tiles strictly: what the 2.1
// specification forbids is an error. It shares no code with the encoder, so
// that tests of one do not inherit the mistakes of the other.
package mvttest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Tile is a decoded tile.
type Tile struct {
	Layers []Layer
}

// Layer returns the layer of a name, or nil.
func (t *Tile) Layer(name string) *Layer {
	for i := range t.Layers {
		if t.Layers[i].Name == name {
			return &t.Layers[i]
		}
	}
	return nil
}

// Layer is one layer of a tile.
type Layer struct {
	Name     string
	Version  int
	Extent   int
	Features []Feature
}

// Feature is one feature. Parts are points (one part), lines, or rings
// without their closing point.
type Feature struct {
	ID    uint64
	HasID bool
	Type  int // 1 point, 2 line, 3 polygon
	Tags  map[string]any
	Parts [][][2]int
}

var errTruncated = errors.New("truncated")

// message yields the fields of a protobuf message.
func message(b []byte, field func(num int, wire int, v uint64, body []byte) error) error {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 {
			return errTruncated
		}
		b = b[n:]
		num, wire := int(tag>>3), int(tag&7)
		var v uint64
		var body []byte
		switch wire {
		case 0:
			if v, n = binary.Uvarint(b); n <= 0 {
				return errTruncated
			}
			b = b[n:]
		case 1:
			if len(b) < 8 {
				return errTruncated
			}
			v, b = binary.LittleEndian.Uint64(b), b[8:]
		case 2:
			size, n := binary.Uvarint(b)
			if n <= 0 || size > uint64(len(b)-n) {
				return errTruncated
			}
			body, b = b[n:n+int(size)], b[n+int(size):]
		case 5:
			if len(b) < 4 {
				return errTruncated
			}
			v, b = uint64(binary.LittleEndian.Uint32(b)), b[4:]
		default:
			return fmt.Errorf("wire type %d", wire)
		}
		if num == 0 {
			return errors.New("field number 0")
		}
		if err := field(num, wire, v, body); err != nil {
			return err
		}
	}
	return nil
}

// Decode reads a tile and checks it (see package).
func Decode(data []byte) (*Tile, error) {
	t := &Tile{}
	names := map[string]bool{}
	err := message(data, func(num, wire int, _ uint64, body []byte) error {
		if num != 3 {
			return nil // extensions
		}
		if wire != 2 {
			return fmt.Errorf("layer has wire type %d", wire)
		}
		l, err := decodeLayer(body)
		if err != nil {
			return fmt.Errorf("layer %d %q: %w", len(t.Layers), l.Name, err)
		}
		if names[l.Name] {
			return fmt.Errorf("two layers named %q", l.Name)
		}
		names[l.Name] = true
		t.Layers = append(t.Layers, l)
		return nil
	})
	return t, err
}

func decodeLayer(data []byte) (Layer, error) {
	l := Layer{Extent: 4096}
	var keys []string
	var values []any
	var features [][]byte
	var hasName, hasVersion bool
	err := message(data, func(num, wire int, v uint64, body []byte) error {
		if want, ok := map[int]int{1: 2, 2: 2, 3: 2, 4: 2, 5: 0, 15: 0}[num]; ok && want != wire {
			return fmt.Errorf("field %d has wire type %d", num, wire)
		}
		switch num {
		case 1:
			l.Name, hasName = string(body), true
		case 2:
			features = append(features, body)
		case 3:
			keys = append(keys, string(body))
		case 4:
			value, err := decodeValue(body)
			if err != nil {
				return err
			}
			values = append(values, value)
		case 5:
			l.Extent = int(v)
		case 15:
			l.Version, hasVersion = int(v), true
		}
		return nil
	})
	switch {
	case err != nil:
		return l, err
	case !hasName || l.Name == "":
		return l, errors.New("no name")
	case !hasVersion:
		return l, errors.New("no version")
	case l.Version != 1 && l.Version != 2:
		return l, fmt.Errorf("version %d", l.Version)
	case l.Extent <= 0:
		return l, errors.New("extent 0")
	}
	seen := map[string]bool{}
	for _, k := range keys {
		if seen[k] {
			return l, fmt.Errorf("key %q twice", k)
		}
		seen[k] = true
	}
	for i, body := range features {
		f, err := decodeFeature(body, keys, values)
		if err != nil {
			return l, fmt.Errorf("feature %d: %w", i, err)
		}
		l.Features = append(l.Features, f)
	}
	return l, nil
}

func decodeValue(data []byte) (value any, err error) {
	n := 0
	err = message(data, func(num, wire int, v uint64, body []byte) error {
		if want, ok := map[int]int{1: 2, 2: 5, 3: 1, 4: 0, 5: 0, 6: 0, 7: 0}[num]; !ok {
			return fmt.Errorf("value of unknown type %d", num)
		} else if want != wire {
			return fmt.Errorf("value %d has wire type %d", num, wire)
		}
		n++
		switch num {
		case 1:
			value = string(body)
		case 2:
			value = float64(math.Float32frombits(uint32(v)))
		case 3:
			value = math.Float64frombits(v)
		case 4:
			value = int64(v)
		case 5:
			value = int64(v)
		case 6:
			value = int64(v>>1) ^ -int64(v&1)
		case 7:
			value = v != 0
		}
		return nil
	})
	if err == nil && n != 1 {
		err = fmt.Errorf("value with %d variants", n)
	}
	return value, err
}

func packed(body []byte) ([]uint32, error) {
	var out []uint32
	for len(body) > 0 {
		v, n := binary.Uvarint(body)
		if n <= 0 {
			return nil, errTruncated
		}
		if v > math.MaxUint32 {
			return nil, errors.New("more than 32 bits")
		}
		out, body = append(out, uint32(v)), body[n:]
	}
	return out, nil
}

func decodeFeature(data []byte, keys []string, values []any) (Feature, error) {
	f := Feature{Tags: map[string]any{}}
	var tags, geom []uint32
	times := [5]int{}
	err := message(data, func(num, wire int, v uint64, body []byte) (err error) {
		if want, ok := map[int]int{1: 0, 2: 2, 3: 0, 4: 2}[num]; ok && want != wire {
			return fmt.Errorf("field %d has wire type %d", num, wire)
		}
		if num < len(times) {
			if times[num]++; times[num] > 1 {
				return fmt.Errorf("field %d twice", num)
			}
		}
		switch num {
		case 1:
			f.ID, f.HasID = v, true
		case 2:
			tags, err = packed(body)
		case 3:
			f.Type = int(v)
		case 4:
			geom, err = packed(body)
		}
		return err
	})
	if err != nil {
		return f, err
	}
	if times[3] == 0 {
		return f, errors.New("no geometry type")
	}
	if len(tags)%2 != 0 {
		return f, errors.New("odd number of tags")
	}
	for i := 0; i < len(tags); i += 2 {
		if int(tags[i]) >= len(keys) || int(tags[i+1]) >= len(values) {
			return f, fmt.Errorf("tag %d,%d outside the layer's keys and values", tags[i], tags[i+1])
		}
		if _, twice := f.Tags[keys[tags[i]]]; twice {
			return f, fmt.Errorf("attribute %q twice", keys[tags[i]])
		}
		f.Tags[keys[tags[i]]] = values[tags[i+1]]
	}
	if len(geom) == 0 {
		return f, errors.New("no geometry")
	}
	switch f.Type {
	case 0:
		return f, nil
	case 1, 2, 3:
		f.Parts, err = decodeGeometry(geom, f.Type)
		return f, err
	}
	return f, fmt.Errorf("geometry type %d", f.Type)
}

// decodeGeometry runs the command stream as §4.3.4 of the specification has
// it for each type.
func decodeGeometry(g []uint32, kind int) (parts [][][2]int, err error) {
	x, y := 0, 0
	closed := true
	step := func() [2]int {
		dx, dy := int32(g[0]>>1)^-int32(g[0]&1), int32(g[1]>>1)^-int32(g[1]&1)
		g = g[2:]
		x, y = x+int(dx), y+int(dy)
		return [2]int{x, y}
	}
	for len(g) > 0 {
		id, count := g[0]&7, int(g[0]>>3)
		g = g[1:]
		if count == 0 {
			return nil, errors.New("command with count 0")
		}
		if (id == 1 || id == 2) && len(g) < 2*count {
			return nil, errors.New("command stream ends early")
		}
		switch {
		case id == 1 && kind == 1:
			if len(parts) > 0 {
				return nil, errors.New("second MoveTo in points")
			}
			var p [][2]int
			for range count {
				p = append(p, step())
			}
			parts = append(parts, p)
		case id == 1 && count == 1:
			if kind == 3 && !closed || kind == 2 && len(parts) > 0 && len(parts[len(parts)-1]) < 2 {
				return nil, errors.New("part without end")
			}
			parts, closed = append(parts, [][2]int{step()}), false
		case id == 2 && kind != 1 && len(parts) > 0 && len(parts[len(parts)-1]) == 1 && !closed:
			if kind == 3 && count < 2 {
				return nil, errors.New("ring of fewer than three points")
			}
			last := &parts[len(parts)-1]
			for range count {
				was := (*last)[len(*last)-1]
				p := step()
				if p == was {
					return nil, errors.New("LineTo of length zero")
				}
				*last = append(*last, p)
			}
		case id == 7 && kind == 3 && count == 1 && len(parts) > 0 && len(parts[len(parts)-1]) > 2 && !closed:
			closed = true
		default:
			return nil, fmt.Errorf("command %d × %d out of place", id, count)
		}
	}
	if kind == 3 && !closed || kind == 2 && len(parts[len(parts)-1]) < 2 {
		return nil, errors.New("last part without end")
	}
	if kind == 3 && Area2(parts[0]) < 0 {
		return nil, errors.New("first ring is wound as a hole")
	}
	return parts, nil
}

// Area2 is twice the signed area of a ring, by the surveyor's formula.
func Area2(r [][2]int) int {
	sum := 0
	for i, p := range r {
		q := r[(i+1)%len(r)]
		sum += p[0]*q[1] - q[0]*p[1]
	}
	return sum
}
