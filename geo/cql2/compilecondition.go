package cql2

import (
	"contado/geo/fault"
)

func (c *compiler) isNull(n *IsNull) (test, error) {
	v, err := c.value(n.Arg, anything)
	if err != nil {
		return nil, err
	}
	return func(g Getter) (Truth, error) {
		x, err := v(g)
		return truthOf(x == nil), err
	}, nil
}

func (c *compiler) like(n *Like) (test, error) {
	v, err := c.value(n.Value, text)
	if err != nil {
		return nil, err
	}
	p, err := c.value(n.Pattern, text)
	if err != nil {
		return nil, err
	}
	return func(g Getter) (Truth, error) {
		s, pattern, err := pair[string](g, v, p)
		if s == nil || pattern == nil || err != nil {
			return Unknown, err
		}
		return truthOf(like(*s, *pattern)), nil
	}, nil
}

// pair evaluates two values that must be of a type; nil for one that is not,
// or has no value.
func pair[T any](g Getter, a, b value) (x, y *T, err error) {
	get := func(v value) *T {
		raw, e := v(g)
		if e != nil {
			err = e
		}
		if t, ok := raw.(T); ok {
			return &t
		}
		return nil
	}
	return get(a), get(b), err
}

// compare is a comparison of scalars of one type. With types that differ it
// is an error, where that can be known beforehand; else it is unknown.
func (c *compiler) compare(op string, left, right Expr) (test, error) {
	s, err := c.common(op, left, right)
	if err != nil {
		return nil, err
	}
	a, err := c.value(left, s)
	if err != nil {
		return nil, err
	}
	b, err := c.value(right, s)
	if err != nil {
		return nil, err
	}
	return func(g Getter) (Truth, error) {
		x, err := a(g)
		if err != nil {
			return Unknown, err
		}
		y, err := b(g)
		if err != nil {
			return Unknown, err
		}
		return compareScalars(op, x, y), nil
	}, nil
}

// common is what both sides can be. A text may stand for a time beside a time.
func (c *compiler) common(op string, left, right Expr) (sort, error) {
	var s [2]sort
	for i, e := range []Expr{left, right} {
		s[i] = sortOf(e) & scalar
		if p, ok := e.(*Property); ok {
			t, err := c.property(p, scalar)
			if err != nil {
				return 0, err
			}
			s[i] = t.sort() & scalar
		}
		if n, ok := e.(*Call); ok {
			if f, ok := findFunction(n.Name); ok {
				s[i] = f.Returns.sort() & scalar
			}
		}
	}
	for i, e := range []Expr{left, right} {
		if v, ok := e.(String); ok && s[1-i]&text == 0 && s[1-i]&moment != 0 {
			if _, err := parseInstant(string(v)); err == nil {
				return moment | text, nil
			}
		}
	}
	if s[0]&s[1] == 0 {
		return 0, wrong("%s compares %.60s with %.60s, which is of another type", op, Text(left), Text(right))
	}
	return s[0] & s[1], nil
}

func (c *compiler) temporal(n *Temporal) (test, error) {
	a, err := c.value(n.Left, moment|span)
	if err != nil {
		return nil, err
	}
	b, err := c.value(n.Right, moment|span)
	if err != nil {
		return nil, err
	}
	return func(g Getter) (Truth, error) {
		x, y, err := two(g, a, b)
		if err != nil {
			return Unknown, err
		}
		p, ok1 := boundsOf(x)
		q, ok2 := boundsOf(y)
		if !ok1 || !ok2 {
			return Unknown, nil
		}
		return truthOf(inRelation(n.Op, p, q)), nil
	}, nil
}

func two(g Getter, a, b value) (any, any, error) {
	x, err := a(g)
	if err != nil {
		return nil, nil, err
	}
	y, err := b(g)
	return x, y, err
}

func (c *compiler) spatial(n *Spatial) (test, error) {
	a, err := c.value(n.Left, shape)
	if err != nil {
		return nil, err
	}
	b, err := c.value(n.Right, shape)
	if err != nil {
		return nil, err
	}
	return func(g Getter) (Truth, error) {
		x, y, err := two(g, a, b)
		if err != nil {
			return Unknown, err
		}
		p, ok1 := x.(*shaped)
		q, ok2 := y.(*shaped)
		if !ok1 || !ok2 {
			return Unknown, nil
		}
		yes, err := relate(n.Op, p, q)
		if err != nil {
			return Unknown, fault.Errorf("cql2.Match", fault.Invalid, "filter: %s: %w", n.Op, err)
		}
		return truthOf(yes), nil
	}, nil
}

func (c *compiler) arrays(n *ArrayOp) (test, error) {
	a, err := c.value(n.Left, array)
	if err != nil {
		return nil, err
	}
	b, err := c.value(n.Right, array)
	if err != nil {
		return nil, err
	}
	return func(g Getter) (Truth, error) {
		x, y, err := pair[[]any](g, a, b)
		if x == nil || y == nil || err != nil {
			return Unknown, err
		}
		return truthOf(arrayTest(n.Op, *x, *y)), nil
	}, nil
}
