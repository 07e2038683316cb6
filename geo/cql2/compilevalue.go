package cql2

import (
	"fmt"

	"github.com/peterstace/simplefeatures/geom"
)

// value compiles what gives a value of one of the wanted sorts.
func (c *compiler) value(e Expr, s sort) (value, error) {
	constant := func(v any) (value, error) { return func(Getter) (any, error) { return v, nil }, nil }
	switch n := e.(type) {
	case String:
		if s&text == 0 || s&moment != 0 {
			if i, err := parseInstant(string(n)); err == nil && s&moment != 0 {
				return constant(i)
			}
		}
		return constant(string(n))
	case Number:
		return constant(float64(n))
	case Bool:
		return constant(bool(n))
	case Instant:
		return constant(n)
	case BBox:
		return fixedShape(n.geometry())
	case Geometry:
		return fixedShape(n.Geometry)
	case *Property:
		t, err := c.property(n, s)
		if err != nil {
			return nil, err
		}
		times := t == DateType || t == TimeType || s&text == 0 && s&moment != 0
		return func(g Getter) (any, error) { return normal(g(n.Name), times) }, nil
	case *Fold:
		v, err := c.value(n.Arg, text)
		if err != nil {
			return nil, err
		}
		return func(g Getter) (any, error) {
			x, err := v(g)
			if t, ok := x.(string); ok {
				return fold(n.Op, t), err
			}
			return nil, err
		}, nil
	case *Arith:
		return c.arithmetic(n)
	case *Interval:
		return c.interval(n)
	case Array:
		return c.array(n)
	case *Call:
		return c.call(n, s)
	}
	return nil, wrong("%.60s is not %v", Text(e), s)
}

func fixedShape(g geom.Geometry) (value, error) {
	s, err := newLiteral(g)
	if err != nil {
		return nil, wrong("a geometry: %w", err)
	}
	return func(Getter) (any, error) { return s, nil }, nil
}

func (c *compiler) arithmetic(n *Arith) (value, error) {
	a, err := c.value(n.Left, number)
	if err != nil {
		return nil, err
	}
	b, err := c.value(n.Right, number)
	if err != nil {
		return nil, err
	}
	return func(g Getter) (any, error) {
		x, y, err := pair[float64](g, a, b)
		if x == nil || y == nil || err != nil {
			return nil, err
		}
		return calculate(n.Op, *x, *y), nil
	}, nil
}

func (c *compiler) interval(n *Interval) (value, error) {
	var ends [2]value
	for i, e := range []Expr{n.Start, n.End} {
		if e == nil {
			continue
		}
		v, err := c.value(e, moment)
		if err != nil {
			return nil, err
		}
		ends[i] = v
	}
	return func(g Getter) (any, error) {
		var out bounds
		for i, v := range ends {
			if v == nil {
				continue
			}
			x, err := v(g)
			if err != nil {
				return nil, err
			}
			at, ok := x.(Instant)
			if !ok {
				return nil, nil
			}
			out[i] = &at
		}
		return out, nil
	}, nil
}

func (c *compiler) array(n Array) (value, error) {
	values := make([]value, len(n))
	for i, e := range n {
		v, err := c.value(e, anything)
		if err != nil {
			return nil, fmt.Errorf("in an array: %w", err)
		}
		values[i] = v
	}
	return func(g Getter) (any, error) {
		out := make([]any, len(values))
		for i, v := range values {
			x, err := v(g)
			if err != nil {
				return nil, err
			}
			out[i] = x
		}
		return out, nil
	}, nil
}
