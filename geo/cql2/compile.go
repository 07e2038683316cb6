package cql2

import (
	"strings"

	"contado/geo/fault"
)

// Type is the type of a property, for checking a filter before it runs.
type Type string

// The types of properties. AnyType is one of values that are not known before.
const (
	TextType     Type = "text"
	NumberType   Type = "number"
	BooleanType  Type = "boolean"
	DateType     Type = "date"
	TimeType     Type = "timestamp"
	GeometryType Type = "geometry"
	ArrayType    Type = "array"
	AnyType      Type = ""
)

func (t Type) sort() sort {
	switch t {
	case TextType:
		return text
	case NumberType:
		return number
	case BooleanType:
		return flag
	case DateType, TimeType:
		return moment
	case GeometryType:
		return shape
	case ArrayType:
		return array
	}
	return anything &^ truth
}

// Filter is an expression made ready to be evaluated. It belongs to one
// goroutine at a time.
type Filter struct {
	root test
	expr Expr
}

// test is a condition over the properties of one thing.
type test func(Getter) (Truth, error)

// value gives nil for "no value", else string, float64, bool, Instant, bounds,
// *shaped or []any.
type value func(Getter) (any, error)

// Getter gives the value of a property: nil for none, else a string, a bool,
// any integer or float64, a time.Time, an Instant, a geometry (geom.Geometry,
// orb.Geometry, or in flat form []index.Flat, which must stay as it is until
// Match returns) or a []any of the first four.
type Getter func(name string) any

// Compile checks a filter against the properties that exist and makes it
// ready. types tells the type of a property and whether there is one; nil
// takes any name.
//
// Errors: fault.Invalid for a property that is not there (the hint lists
// known) or one of another type; Unsupported for functions that are not among
// Functions.
func Compile(e Expr, types func(name string) (Type, bool), known ...string) (*Filter, error) {
	c := &compiler{types: types, known: known}
	t, err := c.condition(e)
	if err != nil {
		return nil, err
	}
	return &Filter{t, e}, nil
}

// Expr is the expression that the filter was made from.
func (f *Filter) Expr() Expr { return f.expr }

// Match tells whether the thing passes: the condition is true, not merely
// unknown.
func (f *Filter) Match(get Getter) (bool, error) {
	t, err := f.root(get)
	return t == True, err
}

type compiler struct {
	types func(string) (Type, bool)
	known []string
}

func wrong(format string, args ...any) error {
	return fault.Errorf("cql2.Compile", fault.Invalid, "filter: "+format, args...)
}

// property checks a name and that its type can be what is wanted.
func (c *compiler) property(p *Property, s sort) (Type, error) {
	if c.types == nil {
		return AnyType, nil
	}
	t, ok := c.types(p.Name)
	if !ok {
		err := wrong("there is no property %.100q", p.Name)
		if len(c.known) > 0 {
			err = fault.WithHint(err, "properties here: "+strings.Join(c.known, ", "))
		}
		return t, err
	}
	if t.sort()&s == 0 {
		return t, wrong("property %q is of type %s where %v is wanted", p.Name, t, s)
	}
	return t, nil
}

func (c *compiler) condition(e Expr) (test, error) {
	switch n := e.(type) {
	case Bool:
		t := truthOf(bool(n))
		return func(Getter) (Truth, error) { return t, nil }, nil
	case *Logic:
		return c.logic(n)
	case *Not:
		arg, err := c.condition(n.Arg)
		if err != nil {
			return nil, err
		}
		return func(g Getter) (Truth, error) { t, err := arg(g); return t.not(), err }, nil
	case *IsNull:
		return c.isNull(n)
	case *Compare:
		return c.compare(n.Op, n.Left, n.Right)
	case *Between:
		low, err := c.compare(">=", n.Value, n.Low)
		if err != nil {
			return nil, err
		}
		high, err := c.compare("<=", n.Value, n.High)
		if err != nil {
			return nil, err
		}
		return every([]test{low, high}), nil
	case *In:
		tests := make([]test, 0, len(n.List))
		for _, one := range n.List {
			t, err := c.compare("=", n.Value, one)
			if err != nil {
				return nil, err
			}
			tests = append(tests, t)
		}
		return some(tests), nil
	case *Like:
		return c.like(n)
	case *Spatial:
		return c.spatial(n)
	case *Temporal:
		return c.temporal(n)
	case *ArrayOp:
		return c.arrays(n)
	case *Call:
		if _, ok := findFunction(n.Name); !ok {
			return nil, noFunction(n)
		}
	}
	return nil, wrong("%.60s is no condition", Text(e))
}

func noFunction(n *Call) error {
	names := make([]string, len(functions))
	for i := range functions {
		names[i] = functions[i].Name
	}
	return fault.WithHint(fault.Errorf("cql2.Compile", fault.Unsupported, "filter: there is no function %.60q here", n.Name),
		"functions here: "+strings.Join(names, ", "))
}

func (c *compiler) logic(n *Logic) (test, error) {
	tests := make([]test, 0, len(n.Args))
	for _, a := range n.Args {
		t, err := c.condition(a)
		if err != nil {
			return nil, err
		}
		tests = append(tests, t)
	}
	if n.Or {
		return some(tests), nil
	}
	return every(tests), nil
}

// every is AND: false as soon as one is, unknown when one is.
func every(tests []test) test {
	return func(g Getter) (Truth, error) {
		all := True
		for _, t := range tests {
			v, err := t(g)
			if err != nil || v == False {
				return False, err
			}
			all = min(all, v)
		}
		return all, nil
	}
}

// some is OR.
func some(tests []test) test {
	return func(g Getter) (Truth, error) {
		one := False
		for _, t := range tests {
			v, err := t(g)
			if err != nil || v == True {
				return v, err
			}
			one = max(one, v)
		}
		return one, nil
	}
}
