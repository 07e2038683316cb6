// Package rows binds filters to the rows of vector datasets: which names they
// may use, in which reference system their geometries are, and what a
// property is of a row. Drivers that cannot leave a filter to their engine
// evaluate it with this.
package rows

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/cql2"
)

// The names of what is not an attribute.
const (
	// GeometryName is the row's geometry; GeomName is another name for it.
	GeometryName = "geometry"
	GeomName     = "geom"
	// IDName is the row's id.
	IDName = "id"
)

// Places of names that are no attribute.
const (
	ID       = -1
	Geometry = -2
)

// Names are those that a filter over rows of a schema may use: its
// attributes, and "geometry" (or "geom") and "id" unless an attribute is
// called so.
type Names struct {
	schema geo.Schema
	places map[string]int
	list   []string
}

// NewNames gives the names of a schema.
func NewNames(s geo.Schema) *Names {
	n := &Names{schema: s, places: make(map[string]int, len(s.Fields)+3)}
	for i, f := range s.Fields {
		n.places[f.Name] = i
		n.list = append(n.list, f.Name)
	}
	other := func(name string, place int) {
		if _, taken := n.places[name]; !taken {
			n.places[name] = place
			if name != GeomName {
				n.list = append(n.list, name)
			}
		}
	}
	other(IDName, ID)
	if s.GeometryType != "" {
		other(GeometryName, Geometry)
		other(GeomName, Geometry)
	}
	return n
}

// List has all names, for error messages; one for the geometry.
func (n *Names) List() []string { return n.list }

// Place is the position of an attribute in the schema, ID or Geometry.
func (n *Names) Place(name string) (place int, ok bool) {
	place, ok = n.places[name]
	return place, ok
}

// Type is for cql2.Compile.
func (n *Names) Type(name string) (cql2.Type, bool) {
	i, ok := n.places[name]
	switch {
	case !ok:
		return cql2.AnyType, false
	case i == ID:
		return cql2.NumberType, true
	case i == Geometry:
		return cql2.GeometryType, true
	}
	switch n.schema.Fields[i].Type {
	case geo.String:
		return cql2.TextType, true
	case geo.Integer, geo.Real:
		return cql2.NumberType, true
	case geo.Boolean:
		return cql2.BooleanType, true
	case geo.Date:
		return cql2.DateType, true
	case geo.DateTime:
		return cql2.TimeType, true
	}
	return cql2.AnyType, true // JSON may be anything; of binary only IS NULL makes sense
}

// Value is an attribute's value as filters compare it: JSON is parsed; binary,
// and what is not of the attribute's type (SQLite lets it be), is something
// that equals nothing.
func Value(t geo.FieldType, v any) any {
	fits := false
	switch x := v.(type) {
	case nil:
		return nil
	case string:
		if t == geo.JSON {
			return parsed(x)
		}
		fits = t == geo.String || t == geo.Date || t == geo.DateTime
	case int64:
		fits = t == geo.Integer || t == geo.Real
	case float64:
		if math.IsNaN(x) {
			return nil
		}
		fits = t == geo.Integer || t == geo.Real
	case bool:
		fits = t == geo.Boolean
	}
	if !fits {
		return []any{}
	}
	return v
}

// parsed is a JSON value: a list or a scalar; the text itself for objects and
// what is no JSON.
func parsed(text string) any {
	var out any
	if json.Unmarshal([]byte(text), &out) != nil {
		return text
	}
	switch x := out.(type) {
	case map[string]any:
		return text
	case []any:
		for i, e := range x {
			switch e.(type) {
			case map[string]any, []any:
				raw, err := json.Marshal(e)
				if err != nil {
					return text
				}
				x[i] = string(raw)
			}
		}
	}
	return out
}

// Filter evaluates an expression on features. It belongs to one goroutine at
// a time.
type Filter struct {
	filter *cql2.Filter
	names  *Names
	expr   cql2.Expr
	row    *geo.Feature
	get    cql2.Getter
	fields []string
	shape  bool
	at     map[string]int // where the value of an attribute stands in a row
}

// New makes a filter ready for features of a schema. The geometries in it are
// in from ("" means longitude and latitude). fields names the attributes that
// Feature.Values will hold; nil means all of the schema.
//
// Errors: those of cql2.Compile and Project.
func New(s geo.Schema, e cql2.Expr, from geo.CRS, fields []string) (*Filter, error) {
	if from == "" {
		from = geo.WGS84
	}
	e, err := Project(e, from, s.CRS)
	if err != nil {
		return nil, err
	}
	f := &Filter{names: NewNames(s), expr: e, at: map[string]int{}}
	if f.filter, err = cql2.Compile(e, f.names.Type, f.names.list...); err != nil {
		return nil, err
	}
	for _, name := range cql2.Properties(e) {
		switch place := f.names.places[name]; place {
		case Geometry:
			f.shape = true
		case ID:
		default:
			f.fields = append(f.fields, name)
			f.at[name] = place
		}
	}
	for i, name := range fields {
		if _, asked := f.at[name]; asked {
			f.at[name] = i
		}
	}
	f.get = f.property
	return f, nil
}

// Expr is the expression with its geometries in the system of the rows.
func (f *Filter) Expr() cql2.Expr { return f.expr }

// Fields names the attributes that the filter asks for, and Geometry tells
// whether it asks for the geometry.
func (f *Filter) Fields() []string { return f.fields }

// Geometry tells whether the filter asks for the geometry.
func (f *Filter) Geometry() bool { return f.shape }

// Match tells whether a row passes.
func (f *Filter) Match(row *geo.Feature) (bool, error) {
	f.row = row
	ok, err := f.filter.Match(f.get)
	f.row = nil
	if err != nil {
		return false, fmt.Errorf("feature %d: %w", row.ID, err)
	}
	return ok, nil
}

func (f *Filter) property(name string) any {
	switch place := f.names.places[name]; place {
	case ID:
		return f.row.ID
	case Geometry:
		if g := f.row.Geometry; g != nil && !isEmpty(g) {
			return g
		}
		return nil
	default:
		return Value(f.names.schema.Fields[place].Type, f.row.Values[f.at[name]])
	}
}

func isEmpty(g orb.Geometry) bool { return geo.BBoxOf(g.Bound()).IsEmpty() }
