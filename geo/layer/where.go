package layer

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/fault"
)

// Selection is a filter over the rows of a layer that remembers its verdict
// on every row of the base. All requests with the same filter share one, also
// across edits: rows that were edited are judged each time. It is safe for
// concurrent use.
type Selection struct {
	known, yes []uint64 // bits by ordinal, written atomically
	judges     sync.Pool
	quick      quick
	clues      []clue
	list       atomic.Pointer[[]int32] // the rows of the base that pass, by id, once all are known
	box        geo.BBox
	failed     atomic.Pointer[error]
}

// Where makes a filter ready. Its geometries are in crs ("" means longitude
// and latitude) and are brought to the system of the rows. Names are the
// attributes, "geometry" (or "geom") and "id", unless an attribute is called
// so.
//
// Errors: those of cql2.Compile, and fault.Invalid for geometries that have
// no place in the system of the rows.
func (l *Layer) Where(e cql2.Expr, crs geo.CRS) (*Selection, error) {
	if e == nil {
		return nil, fault.Errorf("layer.Where", fault.Invalid, "there is no filter")
	}
	if crs == "" {
		crs = geo.WGS84
	}
	text, err := cql2.JSON(e)
	if err != nil {
		return nil, fault.E("layer.Where", fault.Invalid, err)
	}
	return l.base.wheres.get(string(crs)+"\x00"+string(text), func() (*Selection, error) {
		return newSelection(l.base, e, crs)
	})
}

func newSelection(b *base, e cql2.Expr, from geo.CRS) (*Selection, error) {
	e, err := projected(e, from, b.schema.CRS)
	if err != nil {
		return nil, err
	}
	names := newNames(b.schema)
	first, err := names.judge(e)
	if err != nil {
		return nil, err
	}
	words := (b.len() + 63) / 64
	s := &Selection{known: make([]uint64, words), yes: make([]uint64, words), quick: names.quick(e), clues: names.clues(e), box: boxOf(e, names)}
	s.judges.New = func() any {
		j, err := names.judge(e)
		if err != nil { // it was compiled before
			panic(err)
		}
		return j
	}
	s.judges.Put(first)
	return s, nil
}

// Has reports whether the row is selected. A row that the filter cannot be
// evaluated on is not; Err then tells why.
func (s *Selection) Has(r Row) bool {
	ok, err := s.Test(r)
	if err != nil {
		s.failed.CompareAndSwap(nil, &err)
	}
	return ok
}

// Err is the first error that Has has met in the life of the selection.
func (s *Selection) Err() error {
	if p := s.failed.Load(); p != nil {
		return *p
	}
	return nil
}

// Box is a box, in the system of the rows, that meets the box of every row
// that is selected: an infinite one when the filter does not tell.
func (s *Selection) Box() geo.BBox { return s.box }

// Test is Has with the error of the evaluation: geometries that cannot be
// compared, a damaged file.
func (s *Selection) Test(r Row) (bool, error) {
	i, ok := r.Ordinal()
	if !ok {
		return s.judge(r)
	}
	word, bit := i/64, uint64(1)<<(i%64)
	if atomic.LoadUint64(&s.known[word])&bit != 0 {
		return atomic.LoadUint64(&s.yes[word])&bit != 0, nil
	}
	has, err := s.judge(r)
	if err != nil {
		return false, err
	}
	if has {
		atomic.OrUint64(&s.yes[word], bit)
	}
	atomic.OrUint64(&s.known[word], bit) // last: whoever sees it sees the verdict
	return has, nil
}

func (s *Selection) judge(r Row) (bool, error) {
	if t := s.quick(r); t != ask {
		return t == cql2.True, nil
	}
	j, ok := s.judges.Get().(*judge)
	if !ok {
		return false, fault.Errorf("layer.Where", fault.Other, "a filter is missing")
	}
	defer s.judges.Put(j)
	return j.match(r)
}

// The names of what is not an attribute.
const (
	geometryName = "geometry"
	geomName     = "geom"
	idName       = "id"
)

// Properties tells the types of what filters over rows of a schema may name:
// its attributes, and the geometry and the id.
func Properties(s geo.Schema) (types map[string]cql2.Type, names []string) {
	n := newNames(s)
	types = make(map[string]cql2.Type, len(n.places))
	for name := range n.places {
		types[name], _ = n.typeOf(name)
	}
	return types, n.list
}

const (
	idPlace       = -1
	geometryPlace = -2
)

// names finds what a filter speaks of.
type names struct {
	schema geo.Schema
	places map[string]int
	list   []string
}

func newNames(s geo.Schema) *names {
	n := &names{schema: s, places: make(map[string]int, len(s.Fields)+3)}
	for i, f := range s.Fields {
		n.places[f.Name] = i
		n.list = append(n.list, f.Name)
	}
	other := func(name string, place int) {
		if _, taken := n.places[name]; !taken {
			n.places[name] = place
			if name != geomName {
				n.list = append(n.list, name)
			}
		}
	}
	other(idName, idPlace)
	if s.GeometryType != "" {
		other(geometryName, geometryPlace)
		other(geomName, geometryPlace)
	}
	return n
}

func (n *names) typeOf(name string) (cql2.Type, bool) {
	i, ok := n.places[name]
	switch {
	case !ok:
		return cql2.AnyType, false
	case i == idPlace:
		return cql2.NumberType, true
	case i == geometryPlace:
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

// judge evaluates a filter on one row after the other.
type judge struct {
	filter *cql2.Filter
	names  *names
	row    Row
	err    error
	get    cql2.Getter
}

func (n *names) judge(e cql2.Expr) (*judge, error) {
	f, err := cql2.Compile(e, n.typeOf, n.list...)
	if err != nil {
		return nil, err
	}
	j := &judge{filter: f, names: n}
	j.get = j.property
	return j, nil
}

func (j *judge) match(r Row) (bool, error) {
	j.row, j.err = r, nil
	ok, err := j.filter.Match(j.get)
	if j.err != nil {
		err = j.err
	}
	if err != nil {
		return false, fmt.Errorf("feature %d: %w", r.ID(), err)
	}
	return ok, nil
}

func (j *judge) property(name string) any {
	i, ok := j.names.places[name]
	switch {
	case !ok:
		return nil
	case i == idPlace:
		return j.row.ID()
	case i == geometryPlace:
		g, err := j.row.Geometry()
		if err != nil {
			j.err = err
		}
		if g == nil {
			return nil
		}
		return g
	}
	v := j.row.Value(i)
	switch j.names.schema.Fields[i].Type {
	case geo.JSON:
		return parsed(v)
	case geo.Binary:
		if v != nil {
			return []any{} // something, and equal to nothing
		}
	}
	return v
}

// parsed is a JSON value as filters compare it: a list or a scalar; the text
// itself for objects and what is no JSON.
func parsed(v any) any {
	text, ok := v.(string)
	if !ok {
		return v
	}
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
