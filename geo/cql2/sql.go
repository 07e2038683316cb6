package cql2

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"contado/geo"
)

// Dialect is a kind of SQL.
type Dialect int

// The dialects.
const (
	SQLite Dialect = iota
	PostGIS
)

// Column is where a property lies in a table.
type Column struct {
	// SQL is an expression that gives the value as the evaluator is given it
	// (NULL for none), of the database's own type:
	//   - SQLite: what is stored, whatever its type; times as text.
	//   - PostGIS: integers or float8 for NumberType, text, boolean, date for
	//     DateType, timestamptz for TimeType.
	SQL string
	// Type is as in Compile.
	Type Type
	// Meets, of a geometry, gives SQL that is true on every row whose box
	// meets b (closed) in the CRS of the column, and perhaps on others. arg
	// takes a value and gives the placeholder for it. nil when there is none.
	Meets func(b geo.BBox, arg func(any) string) string
}

// Columns tells where properties lie.
type Columns struct {
	// Find gives the column of a property and whether there is one.
	Find func(name string) (Column, bool)
	// Known lists the names, for error messages.
	Known []string
	// First is the number of the first placeholder of PostGIS; 0 = 1 ("$1").
	First int
}

// SQL is a condition: true, false or null.
type SQL struct {
	// Text holds placeholders ("?" or "$1") and no word of the filter.
	Text string
	Args []any
	// Exact tells that the condition is true on exactly the rows for which
	// the filter is; else it is true on more, and rows must be looked at again
	// with the compiled filter.
	Exact bool
}

// ToSQL writes a filter as a condition of a WHERE clause. The geometries in it
// must be in the CRS of the columns. What SQL does in another way than the
// evaluator — Unicode folding, arithmetic at its limits, geometries — is left
// out of the condition, which then is not exact.
//
// Errors: those of Compile.
func ToSQL(e Expr, d Dialect, c Columns) (SQL, error) {
	types := func(name string) (Type, bool) {
		col, ok := c.Find(name)
		return col.Type, ok
	}
	if _, err := Compile(e, types, c.Known...); err != nil {
		return SQL{}, err
	}
	t := &translator{dialect: d, find: c.Find, exact: true}
	p := t.condition(e, true)
	out := SQL{Args: p.args, Exact: t.exact}
	out.Text = numbered(p.text, d, max(c.First, 1))
	return out, nil
}

// place stands for a placeholder until all is written. No name of a column
// has it.
const place = "\x00"

func numbered(text string, d Dialect, next int) string {
	var b strings.Builder
	first, rest, more := strings.Cut(text, place)
	for b.WriteString(first); more; next++ {
		if d == SQLite {
			b.WriteString("?")
		} else {
			b.WriteString("$" + strconv.Itoa(next))
		}
		first, rest, more = strings.Cut(rest, place)
		b.WriteString(first)
	}
	return b.String()
}

// piece is a condition or a value, with the arguments of its placeholders in
// order.
type piece struct {
	text string
	args []any
}

var (
	always = piece{text: "TRUE"}
	never  = piece{text: "FALSE"}
)

func (p piece) is(q piece) bool { return p.text == q.text }

func arg(v any) piece { return piece{place, []any{v}} }

// sqlf puts pieces in the place of each %s.
func sqlf(format string, parts ...piece) piece {
	texts := make([]any, len(parts))
	var out piece
	for i, p := range parts {
		texts[i] = p.text
		out.args = append(out.args, p.args...)
	}
	out.text = fmt.Sprintf(format, texts...)
	return out
}

// joined is all (AND) or any (OR) of conditions, in a balanced tree: SQLite
// bounds the depth of expressions.
func joined(or bool, list []piece) piece {
	none, all, op := always, never, " AND "
	if or {
		none, all, op = never, always, " OR "
	}
	kept := make([]piece, 0, len(list))
	for _, p := range list {
		switch {
		case p.is(all):
			return all
		case !p.is(none):
			kept = append(kept, p)
		}
	}
	return balanced(none, op, kept)
}

func balanced(none piece, op string, list []piece) piece {
	switch n := len(list); n {
	case 0:
		return none
	case 1:
		return list[0]
	default:
		return sqlf("(%s"+op+"%s)", balanced(none, op, list[:n/2]), balanced(none, op, list[n/2:]))
	}
}

type translator struct {
	dialect Dialect
	find    func(string) (Column, bool)
	exact   bool
}

// more says that the condition is true on rows for which the filter is not.
func (t *translator) more(p piece) piece {
	t.exact = false
	return p
}

// condition is true on all rows on which e is want: true or false, not merely
// unknown.
func (t *translator) condition(e Expr, want bool) piece {
	if outcome, ok := constant(e); ok {
		if outcome == truthOf(want) {
			return always
		}
		return never
	}
	switch n := e.(type) {
	case *Logic:
		list := make([]piece, len(n.Args))
		for i, a := range n.Args {
			list[i] = t.condition(a, want)
		}
		return joined(n.Or == want, list) // de Morgan's law
	case *Not:
		return t.condition(n.Arg, !want)
	case *IsNull:
		return t.isNull(n.Arg, want)
	case *Compare:
		return t.compare(n.Op, n.Left, n.Right, want)
	case *Between:
		return joined(!want, []piece{t.compare(">=", n.Value, n.Low, want), t.compare("<=", n.Value, n.High, want)})
	case *In:
		return t.in(n, want)
	case *Like:
		return t.like(n, want)
	case *Spatial:
		return t.spatial(n, want)
	case *Temporal:
		return t.temporal(n, want)
	}
	return t.more(always)
}

// constant evaluates a condition that asks for no property.
func constant(e Expr) (Truth, bool) {
	fixed := true
	Walk(e, func(n Expr) {
		switch n.(type) {
		case *Property, *Call:
			fixed = false
		}
	})
	if !fixed {
		return Unknown, false
	}
	f, err := Compile(e, nil)
	if err != nil {
		return Unknown, false
	}
	outcome, err := f.root(func(string) any { return nil })
	return outcome, err == nil
}

func (t *translator) isNull(e Expr, want bool) piece {
	p, ok := e.(*Property)
	if !ok {
		return t.more(always)
	}
	col, _ := t.find(p.Name)
	if col.Type == AnyType || col.Type == GeometryType || col.Type == ArrayType {
		// An empty geometry and a JSON null are no value either.
		if want {
			return t.more(always)
		}
		return t.more(piece{text: col.SQL + " IS NOT NULL"})
	}
	if want {
		return piece{text: "(" + col.SQL + ") IS NULL"}
	}
	return piece{text: "(" + col.SQL + ") IS NOT NULL"}
}

// opposite is what is true when a comparison is false, of two values that are
// there.
var opposite = map[string]string{"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}

// mirrored is the operator with the sides changed.
var mirrored = map[string]string{"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}

func (t *translator) compare(op string, left, right Expr, want bool) piece {
	if outcome, ok := constant(&Compare{op, left, right}); ok {
		if outcome == truthOf(want) {
			return always
		}
		return never
	}
	if !want {
		op = opposite[op]
	}
	if _, ok := left.(*Property); !ok { // a literal stands at the right
		op, left, right = mirrored[op], right, left
	}
	a, b := t.sortOf(left), t.sortOf(right)
	switch {
	case a == number && b == number:
		return t.numbers(op, left, right)
	case a == text && b == text:
		return t.texts(op, left, right)
	case a == flag && b == flag:
		return sqlf("%s "+op+" %s", t.flag(left), t.flag(right))
	case a == moment || b == moment:
		return t.moments(op, left, right)
	}
	return t.more(always)
}

// sortOf is what an operand is, by the type of its column; many for one that
// may be anything.
func (t *translator) sortOf(e Expr) sort {
	if p, ok := e.(*Property); ok {
		col, _ := t.find(p.Name)
		return col.Type.sort() & scalar
	}
	return sortOf(e) & scalar
}

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
