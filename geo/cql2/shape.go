package cql2

import (
	"fmt"
	"math"
	"strings"
	"time"

	"contado/geo/fault"
)

// sort is what a node gives, as a set of bits: a property or a function may
// give anything.
type sort uint8

const (
	truth sort = 1 << iota
	text
	number
	moment // an instant
	span   // an interval
	shape
	array
	flag // true or false as a value
)

const (
	anything = truth | text | number | moment | span | shape | array | flag
	scalar   = text | number | moment | flag
)

func sortOf(e Expr) sort {
	switch e.(type) {
	case *Logic, *Not, *Compare, *IsNull, *Like, *Between, *In, *Spatial, *Temporal, *ArrayOp:
		return truth
	case *Arith, Number:
		return number
	case *Fold, String:
		return text
	case *Call:
		return anything
	case *Property:
		return anything &^ truth
	case Bool:
		return truth | flag
	case Array:
		return array
	case Instant:
		return moment
	case *Interval:
		return span
	case Geometry, BBox:
		return shape
	}
	return 0
}

var sortNames = []struct {
	bits sort
	name string
}{
	{truth, "a condition"},
	{scalar, "a property, text, number, true, false, date or timestamp"},
	{text, "a text"},
	{number, "a number"},
	{moment | span, "a date, timestamp or interval"},
	{moment, "a date or timestamp"},
	{shape, "a geometry or BBOX"},
	{array, "an array"},
}

func (s sort) String() string {
	for _, n := range sortNames {
		if n.bits == s {
			return n.name
		}
	}
	return "another value"
}

// want says what is wrong when e cannot give what is wanted.
func want(what string, e Expr, s sort) error {
	if sortOf(e)&s == 0 {
		return fmt.Errorf("%s takes %v, not %.60s", what, s, Text(e))
	}
	return nil
}

func wantAll(what string, s sort, es ...Expr) error {
	for _, e := range es {
		if err := want(what, e, s); err != nil {
			return err
		}
	}
	return nil
}

// build makes the node of an operator by its name in the JSON encoding and
// checks what it is given; both parsers go through it.
func build(op string, args []Expr) (Expr, error) {
	count := func(n int) error {
		if len(args) != n {
			return fmt.Errorf("%s takes %d arguments, not %d", op, n, len(args))
		}
		return nil
	}
	two := func(s sort) error {
		if err := count(2); err != nil {
			return err
		}
		return wantAll(op, s, args...)
	}
	switch {
	case op == "and" || op == "or":
		if len(args) < 2 {
			return nil, fmt.Errorf("%s takes two or more conditions", op)
		}
		return &Logic{Or: op == "or", Args: args}, wantAll(op, truth, args...)
	case op == "not":
		if err := count(1); err != nil {
			return nil, err
		}
		return &Not{args[0]}, want(op, args[0], truth)
	case compareOps[op]:
		if err := two(scalar); err != nil {
			return nil, err
		}
		return &Compare{op, args[0], args[1]}, nil
	case spatialOps[op]:
		if err := two(shape); err != nil {
			return nil, err
		}
		return &Spatial{op, args[0], args[1]}, nil
	case temporalOps[op]:
		if err := two(moment | span); err != nil {
			return nil, err
		}
		return &Temporal{op, args[0], args[1]}, nil
	case arrayOps[op]:
		if err := two(array); err != nil {
			return nil, err
		}
		return &ArrayOp{op, args[0], args[1]}, nil
	case arithOps[op]:
		if err := two(number); err != nil {
			return nil, err
		}
		return &Arith{op, args[0], args[1]}, nil
	case foldOps[op]:
		if err := count(1); err != nil {
			return nil, err
		}
		return &Fold{op, args[0]}, want(op, args[0], text)
	}
	return buildTest(op, args, count)
}

// buildTest makes the remaining conditions, and functions.
func buildTest(op string, args []Expr, count func(int) error) (Expr, error) {
	switch op {
	case "isNull":
		if err := count(1); err != nil {
			return nil, err
		}
		return &IsNull{args[0]}, nil
	case "like":
		if err := count(2); err != nil {
			return nil, err
		}
		if _, ok := plain(args[1]).(String); !ok {
			return nil, fmt.Errorf("like takes a pattern in quotes, not %.60s", Text(args[1]))
		}
		return &Like{args[0], args[1]}, want("like", args[0], text)
	case "between":
		if err := count(3); err != nil {
			return nil, err
		}
		// The standard has numbers only; times are ordered as well.
		return &Between{args[0], args[1], args[2]}, wantAll("between", number|moment|text, args...)
	case "in":
		if err := count(2); err != nil {
			return nil, err
		}
		list, ok := args[1].(Array)
		if !ok || len(list) == 0 {
			return nil, fmt.Errorf("in takes a list of values, not %.60s", Text(args[1]))
		}
		return &In{args[0], list}, wantAll("in", scalar, append([]Expr{args[0]}, list...)...)
	}
	if !isIdentifier(op) {
		return nil, fmt.Errorf("there is no operator %.40q", op)
	}
	return &Call{op, args}, nil
}

// plain is what a text is without the folding round it.
func plain(e Expr) Expr {
	for {
		f, ok := e.(*Fold)
		if !ok {
			return e
		}
		e = f.Arg
	}
}

// isCondition checks the whole filter.
func isCondition(e Expr) error {
	if sortOf(e)&truth == 0 {
		return fmt.Errorf("%.60s is no condition", Text(e))
	}
	return nil
}

// interval makes an interval of two ends: text, a property or a function.
func interval(ends []Expr) (Expr, error) {
	if len(ends) != 2 {
		return nil, fmt.Errorf("an interval has two ends, not %d", len(ends))
	}
	out := [2]Expr{}
	for i, e := range ends {
		switch v := e.(type) {
		case String:
			if v == ".." || v == "" {
				continue
			}
			at, err := parseInstant(string(v))
			if err != nil {
				return nil, err
			}
			out[i] = at
		case *Property, *Call, Instant:
			out[i] = e
		default:
			return nil, fmt.Errorf("the end of an interval is a date, a timestamp, '..' or a property, not %.60s", Text(e))
		}
	}
	a, okA := out[0].(Instant)
	b, okB := out[1].(Instant)
	if okA && okB && compareInstants(a, b) > 0 {
		return nil, fmt.Errorf("the interval ends (%s) before it begins (%s)", b.text(), a.text())
	}
	return &Interval{out[0], out[1]}, nil
}

// parseInstant reads a date or a timestamp (RFC 3339, in UTC or with an offset).
func parseInstant(s string) (Instant, error) {
	if len(s) <= 40 {
		if t, err := time.Parse(time.DateOnly, s); err == nil {
			return Instant{t, true}, nil
		}
		if t, err := time.Parse(time.RFC3339Nano, strings.ToUpper(s)); err == nil && inYears(t) {
			return Instant{t.UTC(), false}, nil
		}
	}
	return Instant{}, fmt.Errorf("%.40q is no date (2006-01-02) or timestamp (2006-01-02T15:04:05Z)", s)
}

func inYears(t time.Time) bool { y := t.UTC().Year(); return y >= 0 && y <= 9999 }

func (i Instant) text() string {
	if i.Date {
		return i.Time.Format(time.DateOnly)
	}
	return i.Time.UTC().Format(time.RFC3339Nano)
}

// box checks the numbers of a BBOX.
func box(v []float64) (Expr, error) {
	if len(v) != 4 && len(v) != 6 {
		return nil, fmt.Errorf("a bbox has 4 or 6 numbers, not %d", len(v))
	}
	for _, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("a bbox of finite numbers is wanted")
		}
	}
	half := len(v) / 2
	if v[1] > v[half+1] {
		return nil, fmt.Errorf("the bbox has its south (%g) beyond its north (%g)", v[1], v[half+1])
	}
	return BBox(v), nil
}

func invalid(format string, args ...any) error {
	return fault.Errorf("cql2.Parse", fault.Invalid, "filter: "+format, args...)
}
