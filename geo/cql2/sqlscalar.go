package cql2

import (
	"math"
	"strings"
	"unicode/utf8"
)

// exactly is the limit below which comparing a whole number with a literal
// does not depend on making it a float64 first, as the evaluator does.
const exactly = 1 << 53

func (t *translator) numbers(op string, left, right Expr) piece {
	if n, ok := right.(Number); ok && math.Abs(float64(n)) < exactly {
		if p, ok := left.(*Property); ok {
			col, _ := t.find(p.Name)
			return sqlf("%s "+op+" %s", t.stored(col.SQL, "'integer', 'real'"), t.literal(float64(n)))
		}
	}
	a, ok1 := t.number(left)
	b, ok2 := t.number(right)
	if !ok1 || !ok2 {
		return t.more(always)
	}
	return sqlf("%s "+op+" %s", a, b)
}

// literal is a number; whole ones keep an index on a column of integers in use.
func (t *translator) literal(n float64) piece {
	if t.dialect == SQLite {
		return arg(n)
	}
	if n == math.Trunc(n) && math.Abs(n) < exactly {
		return sqlf("%s::bigint", arg(int64(n)))
	}
	return sqlf("%s::float8", arg(n))
}

// stored is a column of SQLite where it holds a value of its declared type,
// which SQLite does not see to; the evaluator compares others with nothing.
func (t *translator) stored(column, types string) piece {
	if t.dialect == SQLite {
		return piece{text: "CASE WHEN typeof(" + column + ") IN (" + types + ") THEN " + column + " END"}
	}
	return piece{text: column}
}

// number is a value of type float64; ok is false for what SQL computes in
// another way.
func (t *translator) number(e Expr) (p piece, ok bool) {
	switch n := e.(type) {
	case Number:
		if t.dialect == SQLite {
			return arg(float64(n)), true
		}
		return sqlf("%s::float8", arg(float64(n))), true
	case *Property:
		col, _ := t.find(n.Name)
		if t.dialect == SQLite {
			return sqlf("CAST(%s AS REAL)", t.stored(col.SQL, "'integer', 'real'")), true
		}
		return piece{text: "(" + col.SQL + ")::float8"}, true
	case *Arith:
		return t.arithmetic(n)
	}
	return piece{}, false
}

// sqliteArithmetic is how SQLite computes what Go does, bit for bit; powers are
// not among them. Beyond the range of numbers the evaluator has no value and
// SQLite infinity, so that the condition is not exact. PostgreSQL ends a query
// there with an error: it computes nothing.
var sqliteArithmetic = map[string]string{
	"+": "(%s + %s)", "-": "(%s - %s)", "*": "(%s * %s)", "/": "(%s / %s)", "%": "mod(%s, %s)", "div": "trunc(%s / %s)",
}

func (t *translator) arithmetic(n *Arith) (piece, bool) {
	format, ok := sqliteArithmetic[n.Op]
	if !ok || t.dialect != SQLite {
		return piece{}, false
	}
	a, ok1 := t.number(n.Left)
	b, ok2 := t.number(n.Right)
	if !ok1 || !ok2 {
		return piece{}, false
	}
	return t.more(sqlf(format, a, b)), true
}

func (t *translator) texts(op string, left, right Expr) piece {
	a, ok1 := t.textValue(left)
	b, ok2 := t.textValue(right)
	if !ok1 || !ok2 {
		return t.more(always)
	}
	return sqlf("%s "+op+" %s", a, b)
}

// textValue compares byte by byte, whatever the column's own order is.
func (t *translator) textValue(e Expr) (p piece, ok bool) {
	switch n := e.(type) {
	case String:
		if t.dialect == SQLite {
			return arg(string(n)), true
		}
		// What no text of PostgreSQL can be is no argument either.
		return sqlf("%s::text", arg(string(n))), utf8.ValidString(string(n)) && !strings.Contains(string(n), "\x00")
	case *Property:
		col, _ := t.find(n.Name)
		if t.dialect == SQLite {
			return sqlf("(%s) COLLATE BINARY", t.stored(col.SQL, "'text'")), true
		}
		return piece{text: "(" + col.SQL + `) COLLATE "C"`}, true
	}
	return piece{}, false
}

func (t *translator) flag(e Expr) piece {
	switch n := e.(type) {
	case Bool:
		if t.dialect == PostGIS {
			return sqlf("%s::boolean", arg(bool(n)))
		}
		if n {
			return arg(int64(1))
		}
		return arg(int64(0))
	case *Property:
		col, _ := t.find(n.Name)
		if t.dialect == SQLite {
			return piece{text: "CASE WHEN typeof(" + col.SQL + ") = 'integer' THEN " + col.SQL + " <> 0 END"}
		}
		return piece{text: "(" + col.SQL + ")"}
	}
	return piece{text: "NULL"}
}

// in is one IN of literals, or else any of comparisons.
func (t *translator) in(n *In, want bool) piece {
	p, isColumn := n.Value.(*Property)
	kind, same := t.sortOf(n.Value), true
	for _, e := range n.List {
		switch v := e.(type) {
		case Number:
			same = same && kind == number && math.Abs(float64(v)) < exactly
		case String:
			_, ok := t.textValue(v)
			same = same && kind == text && ok
		default:
			same = false
		}
	}
	if !isColumn || !same {
		list := make([]piece, len(n.List))
		for i, e := range n.List {
			list[i] = t.compare("=", n.Value, e, want)
		}
		return joined(want, list)
	}
	var value piece
	list := make([]piece, len(n.List))
	for i, e := range n.List {
		if v, ok := e.(Number); ok {
			col, _ := t.find(p.Name)
			value, list[i] = t.stored(col.SQL, "'integer', 'real'"), t.literal(float64(v))
		} else {
			value, _ = t.textValue(p)
			list[i], _ = t.textValue(e)
		}
	}
	not := ""
	if !want {
		not = "NOT "
	}
	return sqlf("%s "+not+"IN ("+strings.Repeat("%s, ", len(list)-1)+"%s)", append([]piece{value}, list...)...)
}
