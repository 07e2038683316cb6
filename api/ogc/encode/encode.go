// Package encode writes rows of vector datasets as answers of the API:
// GeoJSON, JSON-FG, GeoJSON text sequences, CSV and FlatGeobuf. It appends to
// buffers that the caller keeps, and allocates next to nothing a row.
package encode

import (
	"contado/api/rest"
	"contado/geo"
	"contado/geo/fgb"
)

// Row is one row to be written. It is read before Row returns, never kept.
type Row struct {
	ID int64
	// Values runs parallel to Frame.Fields; or Raw does, which are the same in
	// place.
	Values []any
	Raw    []fgb.Raw
	// Geometry is in the system of the answer, x before y; nil when the row
	// has none or none was asked for.
	Geometry *Geometry
	// LonLat is the geometry in longitude and latitude, for formats that want
	// it beside that of another system; nil otherwise.
	LonLat *Geometry
}

// All are the values as copies.
func (r *Row) All() []any {
	if len(r.Raw) == 0 {
		return append([]any(nil), r.Values...)
	}
	out := make([]any, len(r.Raw))
	for i, v := range r.Raw {
		out[i] = v.Any()
	}
	return out
}

// value is one value.
func (r *Row) value(i int) any {
	switch {
	case i < len(r.Raw):
		return r.Raw[i].Any()
	case i < len(r.Values):
		return r.Values[i]
	}
	return nil
}

// Frame is what all rows of an answer share.
type Frame struct {
	Collection string
	Fields     []geo.Field
	// CRS is the URI of the system of Geometry; Swap says that its authority
	// counts northing or latitude first.
	CRS  string
	Swap bool
	// Places are the decimals kept of coordinates; below 0 all that are stored.
	Places int
	// LonLatPlaces are those of Row.LonLat.
	LonLatPlaces int
	// NoGeometry leaves the geometry out altogether.
	NoGeometry bool
	// Start, End and Instant are the positions in Fields of what dates a row;
	// −1 when there is none.
	Start, End, Instant int
}

// Tail is what is known when the last row is written.
type Tail struct {
	Returned int64
	// Matched is nil when it is not known.
	Matched *int64
	Links   []rest.Link
}

// Encoder writes a page of rows, or one row that stands alone.
type Encoder interface {
	// Begin writes what comes before the first row.
	Begin(b []byte) []byte
	// Row writes the n-th row, from 0.
	Row(b []byte, n int, r *Row) ([]byte, error)
	// End writes what comes after the last row.
	End(b []byte, t Tail) ([]byte, error)
	// One writes a row that is a resource of its own.
	One(b []byte, r *Row, links []rest.Link) ([]byte, error)
}
