// Package cql2 reads filters in the Common Query Language of OGC (21-065r2),
// as text and as JSON, into one typed tree, and evaluates them in memory over
// the properties of a thing. The tree is what other back ends are built on.
//
// Coordinates are x, y (longitude, latitude in CRS84). A condition over a
// property that has no value is neither true nor false, as in SQL: the thing
// is left out, also under NOT.
package cql2

import (
	"time"

	"github.com/peterstace/simplefeatures/geom"
)

// Expr is a node of a filter. Nodes are not changed once they are made.
type Expr interface{ expr() }

// Logic joins conditions: all (And) or any (Or) of them, two or more.
type Logic struct {
	Or   bool
	Args []Expr
}

// Not is true when its condition is false.
type Not struct{ Arg Expr }

// Compare is =, <>, <, >, <= or >= of two scalars.
type Compare struct {
	Op          string
	Left, Right Expr
}

// IsNull is true when a property has no value.
type IsNull struct{ Arg Expr }

// Like matches text against a pattern: % any run of characters, _ one of
// them, \ before one that stands for itself.
type Like struct{ Value, Pattern Expr }

// Between is Low <= Value <= High, for numbers.
type Between struct{ Value, Low, High Expr }

// In is true when the value equals one of the list.
type In struct {
	Value Expr
	List  []Expr
}

// Spatial is a relation of two geometries, by its name in the JSON encoding:
// "s_intersects".
type Spatial struct {
	Op          string
	Left, Right Expr
}

// Temporal is a relation of two times or intervals: "t_after".
type Temporal struct {
	Op          string
	Left, Right Expr
}

// ArrayOp is a relation of two arrays: "a_contains".
type ArrayOp struct {
	Op          string
	Left, Right Expr
}

// Arith is +, -, *, /, %, div or ^ of two numbers.
type Arith struct {
	Op          string
	Left, Right Expr
}

// Fold takes what does not count out of a text: "casei" the case, "accenti"
// the accents.
type Fold struct {
	Op  string
	Arg Expr
}

// Call is a function that the language leaves to the server.
type Call struct {
	Name string
	Args []Expr
}

// Property is a value of the thing that is looked at.
type Property struct{ Name string }

// The literals.
type (
	String string
	Number float64
	Bool   bool
	Array  []Expr
)

// Instant is a date (a whole day, UTC) or a point in time.
type Instant struct {
	Time time.Time
	Date bool
}

// Interval is a closed span of time; each end is an Instant, a Property, a
// Call, or nil for open.
type Interval struct{ Start, End Expr }

// Geometry is a geometry literal. It need not be valid as written.
type Geometry struct{ geom.Geometry }

// BBox is a box of 4 numbers, or of 6 with heights. In longitude and latitude
// one with its west beyond its east crosses the antimeridian.
type BBox []float64

func (*Logic) expr()    {}
func (*Not) expr()      {}
func (*Compare) expr()  {}
func (*IsNull) expr()   {}
func (*Like) expr()     {}
func (*Between) expr()  {}
func (*In) expr()       {}
func (*Spatial) expr()  {}
func (*Temporal) expr() {}
func (*ArrayOp) expr()  {}
func (*Arith) expr()    {}
func (*Fold) expr()     {}
func (*Call) expr()     {}
func (*Property) expr() {}
func (String) expr()    {}
func (Number) expr()    {}
func (Bool) expr()      {}
func (Array) expr()     {}
func (Instant) expr()   {}
func (*Interval) expr() {}
func (Geometry) expr()  {}
func (BBox) expr()      {}

// Bounds on what is parsed.
const (
	maxText  = 64 << 10 // bytes
	maxJSON  = 1 << 20  // bytes
	maxDepth = 64
	maxNodes = 5000
)

// The operators by what they take, as the JSON encoding writes them. In text
// they are upper case.
var (
	spatialOps = set("s_contains", "s_crosses", "s_disjoint", "s_equals", "s_intersects", "s_overlaps", "s_touches", "s_within")
	arrayOps   = set("a_containedBy", "a_contains", "a_equals", "a_overlaps")
	// With the operators on intervals only, times count as intervals without length.
	temporalOps = set("t_after", "t_before", "t_contains", "t_disjoint", "t_during", "t_equals", "t_finishedBy", "t_finishes",
		"t_intersects", "t_meets", "t_metBy", "t_overlappedBy", "t_overlaps", "t_startedBy", "t_starts")
	compareOps = set("=", "<>", "<", ">", "<=", ">=")
	arithOps   = set("+", "-", "*", "/", "%", "div", "^")
	foldOps    = set("casei", "accenti")
)

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// Properties lists the names of the properties that the filter asks for, in
// order of first use.
func Properties(e Expr) []string {
	var names []string
	seen := map[string]bool{}
	Walk(e, func(n Expr) {
		if p, ok := n.(*Property); ok && !seen[p.Name] {
			seen[p.Name] = true
			names = append(names, p.Name)
		}
	})
	return names
}

// Walk visits a node and then everything below it, left to right.
func Walk(e Expr, visit func(Expr)) {
	if e == nil {
		return
	}
	visit(e)
	for _, c := range children(e) {
		Walk(c, visit)
	}
}

func children(e Expr) []Expr {
	switch n := e.(type) {
	case *Logic:
		return n.Args
	case *Not:
		return []Expr{n.Arg}
	case *Compare:
		return []Expr{n.Left, n.Right}
	case *IsNull:
		return []Expr{n.Arg}
	case *Like:
		return []Expr{n.Value, n.Pattern}
	case *Between:
		return []Expr{n.Value, n.Low, n.High}
	case *In:
		return append([]Expr{n.Value}, n.List...)
	case *Spatial:
		return []Expr{n.Left, n.Right}
	case *Temporal:
		return []Expr{n.Left, n.Right}
	case *ArrayOp:
		return []Expr{n.Left, n.Right}
	case *Arith:
		return []Expr{n.Left, n.Right}
	case *Fold:
		return []Expr{n.Arg}
	case *Call:
		return n.Args
	case Array:
		return n
	case *Interval:
		return []Expr{n.Start, n.End}
	}
	return nil
}
