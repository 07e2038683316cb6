package layer

import (
	"fmt"
	"sync"
	"sync/atomic"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/cql2/rows"
	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/index"
)

// Selection is a filter over the rows of a layer that remembers its verdict
// on every row of the base. All requests with the same filter share one, also
// across edits: rows that were edited are judged each time. It is safe for
// concurrent use.
type Selection struct {
	known, yes []uint64 // bits by ordinal, written atomically
	judges     sync.Pool
	together   []uint64 // bits of batches that were judged at once, written atomically
	quick      quick
	fields     []int // that quick reads
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
	e, err := rows.Project(e, from, b.schema.CRS)
	if err != nil {
		return nil, err
	}
	names := newNames(b)
	first, err := names.judge(e)
	if err != nil {
		return nil, err
	}
	words := (b.len() + 63) / 64
	s := &Selection{known: make([]uint64, words), yes: make([]uint64, words), quick: names.quick(e), clues: names.clues(e), box: names.Box(e)}
	s.together = make([]uint64, (words/2+64)/64)
	for i, read := range names.read {
		if read {
			s.fields = append(s.fields, i)
		}
	}
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
	if t := s.quick.row(r); t != ask {
		return t == cql2.True, nil
	}
	j, ok := s.judges.Get().(*judge)
	if !ok {
		return false, fault.Errorf("layer.Where", fault.Other, "a filter is missing")
	}
	defer s.judges.Put(j)
	return j.match(r)
}

// names finds what a filter speaks of.
type names struct {
	*rows.Names
	schema  geo.Schema
	columns *columns
	read    []bool // the fields that quick tests read
}

func newNames(b *base) *names {
	return &names{rows.NewNames(b.schema), b.schema, b.columns, make([]bool, len(b.schema.Fields))}
}

// isGeometry tells whether an expression is the geometry of the row.
func (n *names) isGeometry(e cql2.Expr) bool {
	p, ok := e.(*cql2.Property)
	if !ok {
		return false
	}
	place, ok := n.Place(p.Name)
	return ok && place == rows.Geometry
}

// judge evaluates a filter on one row after the other.
type judge struct {
	filter *cql2.Filter
	names  *names
	row    Row
	err    error
	get    cql2.Getter
	shape  fgb.Shape
	flat   [1]index.Flat
}

func (n *names) judge(e cql2.Expr) (*judge, error) {
	f, err := cql2.Compile(e, n.Type, n.List()...)
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
	place, ok := j.names.Place(name)
	switch {
	case !ok:
		return nil
	case place == rows.ID:
		return j.row.ID()
	case place == rows.Geometry:
		return j.geometry()
	}
	return rows.Value(j.names.schema.Fields[place].Type, j.row.Value(place))
}

// geometry is that of the row in flat form, as it lies in the file where it
// can, for as long as the row is judged; nil for none.
func (j *judge) geometry() any {
	if err := j.row.Shape(&j.shape); err == nil {
		if j.shape.Kind == fgb.Unknown {
			return nil
		}
		j.flat[0] = j.shape.Flat()
		return j.flat[:]
	}
	g, err := j.row.Geometry() // a collection has no flat form
	if err != nil {
		j.err = err
	}
	if g == nil {
		return nil
	}
	return g
}
