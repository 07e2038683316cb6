package vector

import (
	"contado/geo"
	"contado/geo/fgb"
)

// reader reads attributes. For one goroutine.
type reader struct {
	fields []geo.Field
	raw    []fgb.Raw
	out    []value
}

func newReader(s *geo.Schema) *reader {
	n := len(s.Fields)
	return &reader{fields: s.Fields, raw: make([]fgb.Raw, n), out: make([]value, n)}
}

// row gives the attributes of a row of a segment, one a field of the schema,
// until the next call; texts are views that live as long as the layer.
func (r *reader) row(g *segment, row int) []value {
	h := g.table.at(row)
	switch {
	case h.own != nil:
		for i := range r.out {
			r.out[i] = value{}
			if vs := h.own.values; i < len(vs) && r.fields[i].Type != geo.Binary {
				r.out[i] = valueOf(vs[i])
			}
		}
	case h.odd != nil:
		for i := range r.out {
			r.out[i] = valueOf(h.odd.Value(i))
		}
	default:
		h.packed.RawValues(r.raw)
		for i := range r.raw {
			r.out[i] = rawValue(r.raw[i], r.fields[i].Type)
		}
	}
	return r.out
}

// tagRow gives the feature the attributes of a row.
func (d *drawing) tagRow(ref int32) {
	if len(d.fields) == 0 {
		return
	}
	g := d.src.of(ref)
	row := int(ref) - g.first
	if !g.hasColumns(d.fields) {
		values := d.read.row(g, row)
		for _, f := range d.fields {
			d.w.tag(f, d.field(f).Name, values[f])
		}
		return
	}
	for _, f := range d.fields {
		if e := g.codes[f]; e != nil {
			d.w.tagCode(f, d.field(f).Name, e, e.column.Code(row))
		} else {
			d.w.tag(f, d.field(f).Name, rawValue(g.columns[f].Raw(row), d.field(f).Type))
		}
	}
}

// hasColumns tells whether fields are found in columns.
func (g *segment) hasColumns(fields []int) bool {
	for _, f := range fields {
		if g.columns == nil || g.columns[f] == nil {
			return false
		}
	}
	return true
}

// valuesOf are the attributes of a row, until the next call; those that are
// not written may be missing.
func (d *drawing) valuesOf(ref int32) []value {
	g := d.src.of(ref)
	row := int(ref) - g.first
	if !g.hasColumns(d.fields) {
		return d.read.row(g, row)
	}
	for _, f := range d.fields {
		d.read.out[f] = rawValue(g.columns[f].Raw(row), d.field(f).Type)
	}
	return d.read.out
}
