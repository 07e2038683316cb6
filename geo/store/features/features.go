// Package features reads the rows of vector datasets. It holds the portable
// types; a Driver reads one engine (see gpkg), and featurestest is the suite
// that every driver passes.
package features

import (
	"context"

	"contado/geo"
	"contado/geo/cql2"
)

// Query selects rows. The zero value selects all.
type Query struct {
	// BBox selects rows whose geometry's box meets it, in the dataset's CRS
	// (closed on all sides); nil selects all, also rows without geometry. It
	// is a plain box: one that crosses the antimeridian is asked in two halves
	// (index.Unwrap), and a box that holds no point is fault.Invalid.
	BBox *geo.BBox
	// IDs selects rows by id (in ascending order); nil selects all.
	IDs []int64
	// Equal selects rows whose named attribute equals the value given as text
	// (numbers compare as numbers, datetimes as instants to the millisecond).
	// Unknown names, and values that the attribute's type cannot be, are
	// fault.Invalid. A row without a value equals nothing.
	Equal []Equal
	// Filter selects rows for which the expression is true, as
	// cql2.Filter.Matches tells; nil selects all. Geometries in it are in
	// longitude and latitude unless FilterCRS says otherwise.
	Filter    cql2.Expr
	FilterCRS geo.CRS
	// Sort orders the rows by attributes instead of ascending id, which then
	// only settles ties. Rows without a value come last, in either direction.
	Sort []SortKey
	// Cursor selects the rows that come after it in the order of Sort; nil
	// selects from the first. It is only for queries with Sort; others use
	// After.
	Cursor *Cursor
	// After selects rows with an id greater than it: the key of paging. 0
	// means from the first row, whatever its id.
	After int64
	// Limit is the most rows to yield; 0 means all.
	Limit int
	// SkipGeometry leaves Feature.Geometry nil.
	SkipGeometry bool
	// Fields names the attributes to read; Feature.Values runs parallel to it.
	// nil reads all, in the order of the schema.
	Fields []string
}

// Equal is one attribute = value condition.
type Equal struct {
	Field, Value string
}

// SortKey is one attribute to order by.
type SortKey struct {
	Field      string
	Descending bool
}

// Cursor is the place of a row in an order: its values of the sort keys (nil
// where it has none), then its id.
type Cursor struct {
	Values []any
	ID     int64
}

// Box is the extent of one row, in the dataset's CRS.
type Box struct {
	ID  int64
	Box geo.BBox
}

// Table is one open vector dataset version. It is safe for concurrent use.
type Table interface {
	Schema() geo.Schema
	// Scan calls yield for each selected row in ascending id until yield
	// returns false or the context ends. The feature may be kept. Rows with an
	// empty geometry have none (nil); empty parts of a geometry are left out.
	Scan(ctx context.Context, q Query, yield func(geo.Feature) bool) error
	// Count is the number of selected rows; After and Limit are ignored.
	Count(ctx context.Context, q Query) (int64, error)
	// Boxes calls yield with the extent of every row that has a geometry, in
	// no particular order.
	Boxes(ctx context.Context, yield func(Box) bool) error
	Close() error
}

// Driver opens vector dataset versions.
type Driver interface {
	// Open opens the layer of the file at a local path (embedded size) or a
	// table name (PostGIS size).
	Open(ctx context.Context, source, layer string) (Table, error)
}
