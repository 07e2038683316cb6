package encode

import (
	"bytes"
	"strings"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/fgb"
)

// FlatGeobuf writes FlatGeobuf 3 without an index. Coordinates are x, y
// whatever the axis order of the authority, as the format wants. The id is a
// column of its own.
type FlatGeobuf struct {
	frame Frame
	rows  []geo.Feature
	mixed bool
	kind  string
	z     bool
}

// NewFlatGeobuf makes a writer of FlatGeobuf.
func NewFlatGeobuf(f Frame) *FlatGeobuf { return &FlatGeobuf{frame: f} }

// Begin writes nothing: the head says how many rows there are.
func (e *FlatGeobuf) Begin(b []byte) []byte { return b }

// Row keeps a copy of the row.
func (e *FlatGeobuf) Row(b []byte, _ int, r *Row) ([]byte, error) {
	f := geo.Feature{ID: r.ID, Values: r.All()}
	if g := r.Geometry; g != nil && !e.frame.NoGeometry {
		rounded := *g
		if e.frame.Places >= 0 {
			rounded.XY = make([]float64, len(g.XY))
			for i, v := range g.XY {
				rounded.XY[i] = Round(v, e.frame.Places)
			}
		}
		f.Geometry = rounded.Orb()
		if len(g.Z) > 0 {
			f.Z, e.z = append([]float64(nil), g.Z...), true
		}
		name := g.Kind.String()
		e.mixed = e.mixed || e.kind != "" && e.kind != name
		e.kind = name
	}
	e.rows = append(e.rows, f)
	return b, nil
}

// schema is that of the rows, in the system of the answer.
func (e *FlatGeobuf) schema() geo.Schema {
	s := geo.Schema{Fields: e.frame.Fields, GeometryType: e.kind, HasZ: e.z}
	if e.mixed {
		s.GeometryType = "Geometry"
	}
	if s.CRS = geo.WGS84; e.frame.CRS != crs84 {
		s.CRS = geo.CRS("EPSG:" + e.frame.CRS[strings.LastIndexByte(e.frame.CRS, '/')+1:])
	}
	return s
}

// End writes the file.
func (e *FlatGeobuf) End(b []byte, _ Tail) ([]byte, error) {
	out := bytes.NewBuffer(b)
	n := 0
	err := fgb.Encode(out, e.schema(), int64(len(e.rows)), func() (geo.Feature, bool, error) {
		if n == len(e.rows) {
			return geo.Feature{}, false, nil
		}
		n++
		return e.rows[n-1], true, nil
	})
	return out.Bytes(), err
}

// One writes a file of one row.
func (e *FlatGeobuf) One(b []byte, r *Row, _ []rest.Link) ([]byte, error) {
	b, err := e.Row(b, 0, r)
	if err != nil {
		return nil, err
	}
	return e.End(b, Tail{})
}
