package stream

import (
	"math"
	"strings"
	"unicode/utf8"
)

// decoder decodes primitive blocks; its buffers serve again for the next.
type decoder struct {
	v        Visitor
	table    []string
	groups   [][]byte
	gran     int64
	lat, lon int64 // offsets

	a, b, c, d []uint64
	tags       Tags
	node       Node
	way        Way
	relation   Relation
	sawWays    bool
}

// block decodes one block and says whether it holds ways.
func (d *decoder) block(b []byte) (ways bool, err error) {
	d.table, d.groups = d.table[:0], d.groups[:0]
	d.gran, d.lat, d.lon, d.sawWays = 100, 0, 0, false
	m := message{b: b}
	for {
		more, err := m.next()
		if err != nil {
			return false, err
		}
		if !more {
			break
		}
		switch m.num {
		case 1:
			err = d.strings(&m)
		case 2:
			var g []byte
			g, err = m.bytes()
			d.groups = append(d.groups, g)
		case 17:
			d.gran, err = m.number()
		case 19:
			d.lat, err = m.number()
		case 20:
			d.lon, err = m.number()
		}
		if err != nil {
			return false, err
		}
	}
	for _, g := range d.groups {
		if err := d.group(g); err != nil {
			return false, err
		}
	}
	return d.sawWays, nil
}

// strings reads the string table: one copy of it, cut into strings.
func (d *decoder) strings(m *message) error {
	b, err := m.bytes()
	if err != nil {
		return err
	}
	all := string(b)
	in := message{b: b}
	for {
		before := len(in.b)
		more, err := in.next()
		if err != nil || !more {
			return err
		}
		if in.num != 1 || in.wire != 2 {
			continue
		}
		end := len(all) - len(in.b)
		if before < len(in.data) {
			return errWire
		}
		s := all[end-len(in.data) : end]
		if !utf8.ValidString(s) {
			s = strings.ToValidUTF8(s, "�")
		}
		d.table = append(d.table, s)
	}
}

func (d *decoder) group(b []byte) error {
	m := message{b: b}
	for {
		more, err := m.next()
		if err != nil || !more {
			return err
		}
		if m.num > 4 {
			continue
		}
		data, err := m.bytes()
		if err != nil {
			return err
		}
		switch m.num {
		case 1:
			err = d.plainNode(data)
		case 2:
			err = d.denseNodes(data)
		case 3:
			d.sawWays = true
			err = d.oneWay(data)
		case 4:
			err = d.oneRelation(data)
		}
		if err != nil {
			return err
		}
	}
}

// position makes a position of units of the block; false when it is none on
// the globe.
func (d *decoder) position(lon, lat int64) (Position, bool) {
	x, y := d.e7(d.lon, lon), d.e7(d.lat, lat)
	if !(math.Abs(x) <= 180e7 && math.Abs(y) <= 90e7) {
		return Position{}, false
	}
	return Position{int32(x), int32(y)}, true
}

// e7 turns offset and units into 1e-7 degrees; floats, since hostile numbers
// would overflow. Exact below 2^53 nanodegrees, that is on the whole globe.
func (d *decoder) e7(offset, v int64) float64 {
	return math.Round((float64(offset) + float64(d.gran)*float64(v)) / 100)
}

func (d *decoder) setTags(keys, vals []uint64) error {
	d.tags = d.tags[:0]
	if len(keys) != len(vals) {
		return errWire
	}
	for i, k := range keys {
		if k >= uint64(len(d.table)) || vals[i] >= uint64(len(d.table)) {
			return errWire
		}
		d.tags = append(d.tags, Tag{d.table[k], d.table[vals[i]]})
	}
	return nil
}

func (d *decoder) plainNode(b []byte) error {
	if d.v.Node == nil {
		return nil
	}
	var id, lat, lon int64
	d.a, d.b = d.a[:0], d.b[:0]
	m := message{b: b}
	for {
		more, err := m.next()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		switch m.num {
		case 1:
			id = zigzag(m.n)
		case 2:
			d.a, err = m.numbers(d.a, maxTags)
		case 3:
			d.b, err = m.numbers(d.b, maxTags)
		case 8:
			lat = zigzag(m.n)
		case 9:
			lon = zigzag(m.n)
		}
		if err != nil {
			return err
		}
	}
	if err := d.setTags(d.a, d.b); err != nil {
		return err
	}
	return d.emitNode(id, lon, lat)
}

func (d *decoder) emitNode(id, lon, lat int64) error {
	d.node.ID, d.node.Tags = id, d.tags
	d.node.At, d.node.Valid = d.position(lon, lat)
	if err := d.v.Node(&d.node); err != nil {
		return &visitError{err}
	}
	return nil
}

// denseNodes decodes nodes kept as columns, numbers as differences.
func (d *decoder) denseNodes(b []byte) error {
	if d.v.Node == nil {
		return nil
	}
	d.a, d.b, d.c, d.d = d.a[:0], d.b[:0], d.c[:0], d.d[:0]
	m := message{b: b}
	for {
		more, err := m.next()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		switch m.num {
		case 1:
			d.a, err = m.numbers(d.a, 0)
		case 8:
			d.b, err = m.numbers(d.b, 0)
		case 9:
			d.c, err = m.numbers(d.c, 0)
		case 10:
			d.d, err = m.numbers(d.d, 0)
		}
		if err != nil {
			return err
		}
	}
	if len(d.a) != len(d.b) || len(d.a) != len(d.c) {
		return errWire
	}
	var id, lat, lon int64
	kv := d.d
	for i := range d.a {
		id += zigzag(d.a[i])
		lat += zigzag(d.b[i])
		lon += zigzag(d.c[i])
		var err error
		if kv, err = d.denseTags(kv); err != nil {
			return err
		}
		if err := d.emitNode(id, lon, lat); err != nil {
			return err
		}
	}
	return nil
}

// denseTags takes the tags of one node off the list "key value … 0".
func (d *decoder) denseTags(kv []uint64) ([]uint64, error) {
	d.tags = d.tags[:0]
	for len(kv) > 0 {
		if kv[0] == 0 {
			return kv[1:], nil
		}
		if len(kv) < 2 || kv[0] >= uint64(len(d.table)) || kv[1] >= uint64(len(d.table)) {
			return nil, errWire
		}
		if len(d.tags) == maxTags {
			return nil, errBig
		}
		d.tags = append(d.tags, Tag{d.table[kv[0]], d.table[kv[1]]})
		kv = kv[2:]
	}
	return kv, nil
}
