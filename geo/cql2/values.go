package cql2

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"contado/geo/index"
)

// Truth is the outcome of a condition, in the logic of SQL.
type Truth int8

// The outcomes, in the order in which AND takes the least and OR the most.
const (
	False Truth = iota
	Unknown
	True
)

func truthOf(b bool) Truth {
	if b {
		return True
	}
	return False
}

func (t Truth) not() Truth { return True - t }

// normal makes a value of a property one of the few types that are compared.
// times says that a text is meant as a time.
func normal(v any, times bool) (any, error) {
	switch x := v.(type) {
	case nil:
		return nil, nil
	case string:
		if times {
			if i, err := parseInstant(x); err == nil {
				return i, nil
			}
		}
		return x, nil
	case float64:
		return x, nil
	case float32:
		return float64(x), nil
	case int:
		return float64(x), nil
	case int64:
		return float64(x), nil
	case int32:
		return float64(x), nil
	case bool, Instant:
		return x, nil
	case *string, *float64, *int, *bool, *time.Time:
		return pointed(x, times)
	case time.Time:
		return Instant{Time: x.UTC()}, nil
	case geom.Geometry:
		return shapeOf(x)
	case orb.Geometry:
		return shapeOfOrb(x), nil
	case []index.Flat:
		return newShape(x, func() (geom.Geometry, error) { return fromFlat(x) }), nil
	case []string:
		out := make([]any, len(x))
		for i, s := range x {
			out[i] = s
		}
		return out, nil
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			var err error
			if out[i], err = normal(e, times); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("cql2: a property of type %T", v)
}

// pointed is the value behind a pointer, or none.
func pointed(v any, times bool) (any, error) {
	switch x := v.(type) {
	case *string:
		if x != nil {
			return normal(*x, times)
		}
	case *float64:
		if x != nil {
			return *x, nil
		}
	case *int:
		if x != nil {
			return float64(*x), nil
		}
	case *bool:
		if x != nil {
			return *x, nil
		}
	case *time.Time:
		if x != nil {
			return Instant{Time: x.UTC()}, nil
		}
	}
	return nil, nil
}

// compareScalars is unknown when a side has no value or the types differ.
func compareScalars(op string, a, b any) Truth {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return decide(op, strings.Compare(x, y))
		}
		if y, ok := b.(Instant); ok {
			if i, err := parseInstant(x); err == nil {
				return decide(op, compareInstants(i, y))
			}
		}
	case float64:
		if y, ok := b.(float64); ok && !math.IsNaN(x) && !math.IsNaN(y) {
			return decide(op, cmp.Compare(x, y))
		}
	case bool:
		if y, ok := b.(bool); ok {
			return decide(op, cmp.Compare(truthOf(x), truthOf(y)))
		}
	case Instant:
		switch y := b.(type) {
		case Instant:
			return decide(op, compareInstants(x, y))
		case string:
			if i, err := parseInstant(y); err == nil {
				return decide(op, compareInstants(x, i))
			}
		}
	}
	return Unknown
}

func decide(op string, c int) Truth {
	switch op {
	case "=":
		return truthOf(c == 0)
	case "<>":
		return truthOf(c != 0)
	case "<":
		return truthOf(c < 0)
	case ">":
		return truthOf(c > 0)
	case "<=":
		return truthOf(c <= 0)
	}
	return truthOf(c >= 0)
}

// calculate gives nil where there is no number: division by zero, and what
// overflows.
func calculate(op string, a, b float64) any {
	var v float64
	switch op {
	case "+":
		v = a + b
	case "-":
		v = a - b
	case "*":
		v = a * b
	case "/":
		v = a / b
	case "div":
		v = math.Trunc(a / b)
	case "%":
		v = math.Mod(a, b)
	case "^":
		v = math.Pow(a, b)
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return v
}

// fold takes the case or the accents out of a text: full case folding of
// Unicode, or the marks of the decomposed form.
func fold(op, s string) string {
	if op == "casei" {
		return norm.NFC.String(cases.Fold().String(s))
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		if !mark(r) {
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(b.String())
}

// like matches in time proportional to the product of the lengths at worst.
func like(s, pattern string) bool {
	text, p := []rune(s), compilePattern(pattern)
	i, j, star, from := 0, 0, -1, 0
	for i < len(text) {
		switch {
		case j < len(p) && p[j] == manyRunes:
			star, from = j, i
			j++
		case j < len(p) && (p[j] == oneRune || p[j] == text[i]):
			i++
			j++
		case star >= 0:
			from++
			i, j = from, star+1
		default:
			return false
		}
	}
	for j < len(p) && p[j] == manyRunes {
		j++
	}
	return j == len(p)
}

// The wildcards in a compiled pattern, which are no code points.
const (
	manyRunes rune = -1 - iota
	oneRune
)

func compilePattern(pattern string) []rune {
	var out []rune
	escaped := false
	for _, r := range pattern {
		switch {
		case escaped:
			escaped = false
			if r != '%' && r != '_' && r != '\\' {
				out = append(out, '\\')
			}
			out = append(out, r)
		case r == '\\':
			escaped = true
		case r == '%':
			if n := len(out); n == 0 || out[n-1] != manyRunes {
				out = append(out, manyRunes)
			}
		case r == '_':
			out = append(out, oneRune)
		default:
			out = append(out, r)
		}
	}
	if escaped {
		out = append(out, '\\')
	}
	return out
}

func arrayTest(op string, a, b []any) bool {
	in := func(v any, list []any) bool {
		return slices.ContainsFunc(list, func(o any) bool { return compareScalars("=", v, o) == True })
	}
	all := func(a, b []any) bool {
		return !slices.ContainsFunc(a, func(v any) bool { return !in(v, b) })
	}
	switch op {
	case "a_equals":
		return all(a, b) && all(b, a)
	case "a_contains":
		return all(b, a)
	case "a_containedBy":
		return all(a, b)
	}
	return slices.ContainsFunc(a, func(v any) bool { return in(v, b) }) // a_overlaps
}
