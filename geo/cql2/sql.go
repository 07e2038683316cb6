package cql2

import (
	"fmt"
	"strconv"
	"strings"

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
