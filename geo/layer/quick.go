package layer

import (
	"math"
	"strings"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/cql2/rows"
)

// A quick test answers what it can of a filter from the rows as they lie in
// the file, or in columns, without making values of them: comparisons of an
// attribute with what is written in the filter, boxes, and what is built of
// these. Where it cannot, it says ask, and the evaluator is asked. What it
// answers is what the evaluator would.
type quick interface {
	row(r Row) cql2.Truth
	// rows judges the rows of the base from b.first on, one for each place in
	// out.
	rows(b *batch, out []cql2.Truth)
}

// ask is the answer of who does not know.
const ask cql2.Truth = 3

func truth(b bool) cql2.Truth {
	if b {
		return cql2.True
	}
	return cql2.False
}

func (n *names) quick(e cql2.Expr) quick {
	switch x := e.(type) {
	case cql2.Bool:
		return always(truth(bool(x)))
	case *cql2.Logic:
		tests := make([]quick, len(x.Args))
		for i, a := range x.Args {
			tests[i] = n.quick(a)
		}
		return &logic{x.Or, tests}
	case *cql2.Not:
		return not{n.quick(x.Arg)}
	case *cql2.IsNull:
		return n.isNull(x)
	case *cql2.Compare:
		return n.compare(x.Op, x.Left, x.Right)
	case *cql2.Between:
		return &logic{false, []quick{n.compare(">=", x.Value, x.Low), n.compare("<=", x.Value, x.High)}}
	case *cql2.In:
		return n.in(x)
	case *cql2.Like:
		return n.like(x)
	case *cql2.Spatial:
		return n.spatial(x)
	}
	return always(ask)
}

// attribute is the field that an expression names; ok is false when it is
// something else.
func (n *names) attribute(e cql2.Expr) (field int, kind geo.FieldType, ok bool) {
	p, isProperty := e.(*cql2.Property)
	if !isProperty {
		return 0, "", false
	}
	i, known := n.Place(p.Name)
	if !known || i < 0 {
		return 0, "", false
	}
	return i, n.schema.Fields[i].Type, true
}

func (n *names) isNull(x *cql2.IsNull) quick {
	i, kind, ok := n.attribute(x.Arg)
	if !ok || kind == geo.JSON { // the JSON null is no value either
		return always(ask)
	}
	if kind == geo.Real { // what is no number is no value
		return n.leaf(&leaf{field: i, number: func(_ float64, ok bool) cql2.Truth { return truth(!ok) }})
	}
	return n.leaf(&leaf{field: i})
}

var flipped = map[string]string{"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}

func (n *names) compare(op string, left, right cql2.Expr) quick {
	i, kind, ok := n.attribute(left)
	if !ok {
		if i, kind, ok = n.attribute(right); !ok {
			return always(ask)
		}
		right, op = left, flipped[op]
	}
	decide := decision(op)
	switch want := right.(type) {
	case cql2.Number:
		if kind != geo.Integer && kind != geo.Real || math.IsNaN(float64(want)) {
			return always(ask)
		}
		w := float64(want)
		return n.leaf(&leaf{field: i, number: func(v float64, ok bool) cql2.Truth {
			switch {
			case !ok:
				return cql2.Unknown
			case v < w:
				return decide[0]
			case v > w:
				return decide[2]
			}
			return decide[1]
		}})
	case cql2.String:
		if kind != geo.String {
			return always(ask)
		}
		return n.leaf(&leaf{field: i, text: textTest(string(want), decide)})
	case cql2.Instant:
		if kind != geo.Date || !want.Date {
			return always(ask)
		}
		day := textTest(want.Time.Format("2006-01-02"), decide)
		return n.leaf(&leaf{field: i, text: func(v string, ok bool) cql2.Truth {
			if ok && !plainDay(v) {
				return ask
			}
			return day(v, ok)
		}})
	}
	return always(ask)
}

// decision gives the answer for less, equal and greater.
func decision(op string) [3]cql2.Truth {
	const no, yes = cql2.False, cql2.True
	switch op {
	case "=":
		return [3]cql2.Truth{no, yes, no}
	case "<>":
		return [3]cql2.Truth{yes, no, yes}
	case "<":
		return [3]cql2.Truth{yes, no, no}
	case ">":
		return [3]cql2.Truth{no, no, yes}
	case "<=":
		return [3]cql2.Truth{yes, yes, no}
	}
	return [3]cql2.Truth{no, yes, yes}
}

func textTest(want string, decide [3]cql2.Truth) func(string, bool) cql2.Truth {
	return func(v string, ok bool) cql2.Truth {
		if !ok {
			return cql2.Unknown
		}
		return decide[1+strings.Compare(v, want)]
	}
}

// plainDay tells whether a text is surely a day: 2006-01-02, not after the 28th.
func plainDay(s string) bool {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return false
	}
	for i := range 10 {
		if i != 4 && i != 7 && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	month, day := 10*int(s[5]-'0')+int(s[6]-'0'), 10*int(s[8]-'0')+int(s[9]-'0')
	return 1 <= month && month <= 12 && 1 <= day && day <= 28
}

func (n *names) in(x *cql2.In) quick {
	i, kind, ok := n.attribute(x.Value)
	if !ok {
		return always(ask)
	}
	numbers, texts := map[float64]bool{}, map[string]bool{}
	for _, e := range x.List {
		switch v := e.(type) {
		case cql2.Number:
			numbers[float64(v)] = true
		case cql2.String:
			texts[string(v)] = true
		default:
			return always(ask)
		}
	}
	switch {
	case len(texts) == 0 && (kind == geo.Integer || kind == geo.Real):
		return n.leaf(&leaf{field: i, number: func(v float64, ok bool) cql2.Truth {
			if !ok {
				return cql2.Unknown
			}
			return truth(numbers[v])
		}})
	case len(numbers) == 0 && kind == geo.String:
		return n.leaf(&leaf{field: i, text: func(v string, ok bool) cql2.Truth {
			if !ok {
				return cql2.Unknown
			}
			return truth(texts[v])
		}})
	}
	return always(ask)
}

// like answers patterns that are a beginning.
func (n *names) like(x *cql2.Like) quick {
	i, kind, ok := n.attribute(x.Value)
	pattern, isText := x.Pattern.(cql2.String)
	if !ok || !isText || kind != geo.String {
		return always(ask)
	}
	begin, ok := beginning(string(pattern))
	if !ok {
		return always(ask)
	}
	return n.leaf(&leaf{field: i, text: func(v string, ok bool) cql2.Truth {
		if !ok {
			return cql2.Unknown
		}
		return truth(strings.HasPrefix(v, begin))
	}})
}

// beginning is what stands before the % at the end of a pattern without
// another sign.
func beginning(pattern string) (string, bool) {
	begin, ok := strings.CutSuffix(pattern, "%")
	return begin, ok && !strings.ContainsAny(begin, `%_\`)
}

// spatial answers by boxes: those that share no point, and those that lie in
// a rectangle.
func (n *names) spatial(x *cql2.Spatial) quick {
	left, right, flip := x.Left, x.Right, false
	if !n.isGeometry(left) {
		left, right, flip = right, left, true
	}
	if !n.isGeometry(left) {
		return always(ask)
	}
	g, err := rows.Literal(right, n.schema.CRS)
	if err != nil || g == nil {
		return always(ask)
	}
	box := geo.BBoxOf(g.Bound())
	apart, inside := cql2.False, ask
	switch x.Op {
	case "s_disjoint":
		apart, inside = cql2.True, cql2.False
	case "s_intersects":
		inside = cql2.True
	}
	b, isBox := right.(cql2.BBox)
	solid := isBox && b[0] < b[len(b)/2] && b[1] < b[len(b)/2+1]
	within := x.Op == "s_within" && !flip || x.Op == "s_contains" && flip
	return rowTest(func(r Row) cql2.Truth {
		rb := r.Box()
		switch {
		case rb.IsEmpty():
			return cql2.Unknown
		case !rb.Intersects(box):
			return apart
		case !solid:
			return ask
		case within && box.MinX < rb.MinX && rb.MaxX < box.MaxX && box.MinY < rb.MinY && rb.MaxY < box.MaxY:
			return cql2.True
		case box.MinX <= rb.MinX && rb.MaxX <= box.MaxX && box.MinY <= rb.MinY && rb.MaxY <= box.MaxY:
			return inside
		}
		return ask
	})
}
