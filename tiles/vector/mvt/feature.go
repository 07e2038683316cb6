package mvt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

func decodeFeature(data []byte, keys []string, values []any, version int) (Feature, error) {
	f := Feature{Tags: map[string]any{}}
	var tags, geometry []byte
	typed, geometries := false, 0
	wires := map[int]int{1: wireVarint, 2: wireBytes, 3: wireVarint, 4: wireBytes}
	err := message(data, func(p field) error {
		if want, ok := wires[p.num]; ok && want != p.wire {
			return fmt.Errorf("field %d has wire type %d", p.num, p.wire)
		}
		switch p.num {
		case 1:
			f.ID, f.HasID = p.v, true
		case 2:
			tags = append(tags, p.body...) // packed fields may come in pieces
		case 3:
			if p.v > uint64(Polygons) {
				return fmt.Errorf("%d is no type of geometry", p.v)
			}
			f.Kind, typed = Kind(p.v), true
		case 4:
			geometries++
			geometry = append(geometry, p.body...)
		}
		return nil
	})
	switch {
	case err != nil:
		return f, err
	case !typed:
		return f, errors.New("it has no type of geometry")
	case geometries == 0:
		return f, errors.New("it has no geometry")
	case geometries > 1:
		return f, errors.New("it has two geometries")
	}
	if err := decodeTags(f.Tags, tags, keys, values); err != nil {
		return f, err
	}
	if f.Kind == Unknown {
		return f, nil
	}
	f.Parts, err = decodeGeometry(geometry, f.Kind, version)
	return f, err
}

func decodeTags(out map[string]any, tags []byte, keys []string, values []any) error {
	for len(tags) > 0 {
		k, n := binary.Uvarint(tags)
		if n <= 0 {
			return errTruncated
		}
		tags = tags[n:]
		v, n := binary.Uvarint(tags)
		if n <= 0 {
			return errors.New("an attribute has a name and no value")
		}
		tags = tags[n:]
		if k >= uint64(len(keys)) || v >= uint64(len(values)) {
			return fmt.Errorf("attribute %d,%d is outside the %d names and %d values of the layer", k, v, len(keys), len(values))
		}
		if values[v] != nil {
			out[keys[k]] = values[v]
		}
	}
	return nil
}

// Commands of a geometry.
const (
	moveTo    = 1
	lineTo    = 2
	closePath = 7
)

// pen runs the commands of a geometry (§4.3.3 of the specification).
type pen struct {
	g    []byte
	x, y int32
}

func (p *pen) uint() (uint32, error) {
	v, n := binary.Uvarint(p.g)
	if n <= 0 || v > math.MaxUint32 {
		return 0, errors.New("its geometry is cut off")
	}
	p.g = p.g[n:]
	return uint32(v), nil
}

// step moves the pen; sums wrap round, as in other readers.
func (p *pen) step() ([2]int32, error) {
	dx, err := p.uint()
	if err != nil {
		return [2]int32{}, err
	}
	dy, err := p.uint()
	if err != nil {
		return [2]int32{}, err
	}
	p.x += int32(dx>>1) ^ -int32(dx&1) //nolint:gosec // zigzag
	p.y += int32(dy>>1) ^ -int32(dy&1) //nolint:gosec // zigzag
	return [2]int32{p.x, p.y}, nil
}

// steps appends count positions; each takes at least two bytes.
func (p *pen) steps(to [][2]int32, count uint32) ([][2]int32, error) {
	if uint64(count)*2 > uint64(len(p.g)) {
		return nil, fmt.Errorf("a command counts %d positions, more than there are", count)
	}
	for range count {
		at, err := p.step()
		if err != nil {
			return nil, err
		}
		to = append(to, at)
	}
	return to, nil
}

func decodeGeometry(g []byte, kind Kind, version int) ([][][2]int32, error) {
	p := pen{g: g}
	var parts [][][2]int32
	var part [][2]int32
	for len(p.g) > 0 {
		command, err := p.uint()
		if err != nil {
			return nil, err
		}
		id, count := command&7, command>>3
		switch {
		case id == moveTo && count > 0 && (kind == Points || count == 1):
			if kind == Points {
				if part, err = p.steps(part, count); err != nil {
					return nil, err
				}
				continue
			}
			if len(part) > 0 {
				if parts, err = finish(parts, part, kind, false); err != nil {
					return nil, err
				}
			}
			if part, err = p.steps(nil, 1); err != nil {
				return nil, err
			}
		case id == lineTo && count > 0 && kind != Points && len(part) > 0:
			if part, err = p.steps(part, count); err != nil {
				return nil, err
			}
		case id == closePath && kind == Polygons && count == 1 && len(part) > 0:
			if parts, err = finish(parts, part, kind, true); err != nil {
				return nil, err
			}
			part = nil
		case id == closePath && kind == Lines && version == 1 && len(part) > 0:
			part = append(part, part[0]) // old tiles close their lines so
		default:
			return nil, fmt.Errorf("command %d, %d times, is out of place", id, count)
		}
	}
	if len(part) > 0 {
		return finish(parts, part, kind, false)
	}
	if len(parts) == 0 {
		return nil, errors.New("its geometry is empty")
	}
	return parts, nil
}

// finish checks a part and appends it.
func finish(parts [][][2]int32, part [][2]int32, kind Kind, closed bool) ([][][2]int32, error) {
	switch {
	case kind == Lines && len(part) < 2:
		return nil, errors.New("a line of one position")
	case kind == Lines && len(part) == 2 && part[0] == part[1]:
		return nil, errors.New("a line of no length")
	case kind == Polygons && !closed:
		return nil, errors.New("a ring is not closed")
	case kind == Polygons && len(part) < 3:
		return nil, errors.New("a ring of fewer than three positions")
	case kind == Polygons && len(parts) == 0 && Area2(part) < 0:
		return nil, errors.New("its first ring is wound as a hole")
	}
	return append(parts, part), nil
}
