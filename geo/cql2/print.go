package cql2

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Text writes the filter in the text encoding; what ParseText makes of it is
// the same filter, but for texts with a backslash before a quote or at the
// end, which the encoding cannot spell. JSON is exact.
func Text(e Expr) string {
	var b strings.Builder
	write(&b, e)
	return b.String()
}

func write(b *strings.Builder, e Expr) {
	switch n := e.(type) {
	case *Logic:
		word := " AND "
		if n.Or {
			word = " OR "
		}
		for i, a := range n.Args {
			if i > 0 {
				b.WriteString(word)
			}
			inBrackets(b, a)
		}
	case *Not:
		b.WriteString("NOT ")
		inBrackets(b, n.Arg)
	case *Compare:
		infix(b, n.Op, n.Left, n.Right)
	case *Arith:
		infix(b, n.Op, n.Left, n.Right)
	case *IsNull:
		operand(b, n.Arg)
		b.WriteString(" IS NULL")
	case *Like:
		infix(b, "LIKE", n.Value, n.Pattern)
	case *Between:
		infix(b, "BETWEEN", n.Value, n.Low)
		b.WriteString(" AND ")
		operand(b, n.High)
	case *In:
		operand(b, n.Value)
		b.WriteString(" IN ")
		call(b, "", n.List)
	case *Spatial:
		call(b, strings.ToUpper(n.Op), []Expr{n.Left, n.Right})
	case *Temporal:
		call(b, strings.ToUpper(n.Op), []Expr{n.Left, n.Right})
	case *ArrayOp:
		call(b, strings.ToUpper(n.Op), []Expr{n.Left, n.Right})
	case *Fold:
		call(b, strings.ToUpper(n.Op), []Expr{n.Arg})
	case *Call:
		call(b, n.Name, n.Args)
	default:
		writeValue(b, e)
	}
}

func writeValue(b *strings.Builder, e Expr) {
	switch n := e.(type) {
	case *Property:
		b.WriteString(`"` + strings.ReplaceAll(n.Name, `"`, `""`) + `"`)
	case String:
		b.WriteString(quote(string(n)))
	case Number:
		b.WriteString(strconv.FormatFloat(float64(n), 'g', -1, 64))
	case Bool:
		b.WriteString(strings.ToUpper(strconv.FormatBool(bool(n))))
	case Array:
		call(b, "", n)
	case Instant:
		name := "TIMESTAMP"
		if n.Date {
			name = "DATE"
		}
		b.WriteString(name + "(" + quote(n.text()) + ")")
	case *Interval:
		b.WriteString("INTERVAL(")
		writeEnd(b, n.Start)
		b.WriteString(", ")
		writeEnd(b, n.End)
		b.WriteString(")")
	case Geometry:
		b.WriteString(n.AsText())
	case BBox:
		list := make([]Expr, len(n))
		for i, v := range n {
			list[i] = Number(v)
		}
		call(b, "BBOX", list)
	}
}

// quote doubles quotes. The encoding has no spelling for a backslash before a
// quote or at the end: there \' means a quote.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func writeEnd(b *strings.Builder, e Expr) {
	switch v := e.(type) {
	case nil:
		b.WriteString("'..'")
	case Instant:
		b.WriteString(quote(v.text()))
	default:
		write(b, e)
	}
}

func infix(b *strings.Builder, op string, left, right Expr) {
	operand(b, left)
	b.WriteString(" " + strings.ToUpper(op) + " ")
	operand(b, right)
}

// operand writes a value, in brackets when it has operators of its own.
func operand(b *strings.Builder, e Expr) {
	if _, ok := e.(*Arith); ok || sortOf(e) == truth {
		b.WriteString("(")
		write(b, e)
		b.WriteString(")")
		return
	}
	write(b, e)
}

// inBrackets writes a condition that is part of another one.
func inBrackets(b *strings.Builder, e Expr) {
	switch e.(type) {
	case *Logic, *Not, *Between:
		b.WriteString("(")
		write(b, e)
		b.WriteString(")")
	default:
		write(b, e)
	}
}

func call(b *strings.Builder, name string, args []Expr) {
	b.WriteString(name + "(")
	for i, a := range args {
		if i > 0 {
			b.WriteString(", ")
		}
		write(b, a)
	}
	b.WriteString(")")
}

// JSON writes the filter in the JSON encoding.
func JSON(e Expr) ([]byte, error) { return json.Marshal(plainJSON(e)) }

type operation struct {
	Op   string `json:"op"`
	Args []any  `json:"args"`
}

func opJSON(op string, args ...Expr) operation {
	out := operation{op, make([]any, len(args))}
	for i, a := range args {
		out.Args[i] = plainJSON(a)
	}
	return out
}

func plainJSON(e Expr) any {
	switch n := e.(type) {
	case *Logic:
		if n.Or {
			return opJSON("or", n.Args...)
		}
		return opJSON("and", n.Args...)
	case *Not:
		return opJSON("not", n.Arg)
	case *Compare:
		return opJSON(n.Op, n.Left, n.Right)
	case *IsNull:
		return opJSON("isNull", n.Arg)
	case *Like:
		return opJSON("like", n.Value, n.Pattern)
	case *Between:
		return opJSON("between", n.Value, n.Low, n.High)
	case *In:
		return opJSON("in", n.Value, Array(n.List))
	case *Spatial:
		return opJSON(n.Op, n.Left, n.Right)
	case *Temporal:
		return opJSON(n.Op, n.Left, n.Right)
	case *ArrayOp:
		return opJSON(n.Op, n.Left, n.Right)
	case *Arith:
		return opJSON(n.Op, n.Left, n.Right)
	case *Fold:
		return opJSON(n.Op, n.Arg)
	case *Call:
		return opJSON(n.Name, n.Args...)
	}
	return valueJSON(e)
}

func valueJSON(e Expr) any {
	switch n := e.(type) {
	case *Property:
		return map[string]string{"property": n.Name}
	case String:
		return string(n)
	case Number:
		return float64(n)
	case Bool:
		return bool(n)
	case Array:
		return opJSON("", n...).Args
	case Instant:
		if n.Date {
			return map[string]string{"date": n.text()}
		}
		return map[string]string{"timestamp": n.text()}
	case *Interval:
		return map[string]any{"interval": [2]any{endJSON(n.Start), endJSON(n.End)}}
	case Geometry:
		return n.Geometry
	case BBox:
		return map[string][]float64{"bbox": n}
	}
	return nil
}

func endJSON(e Expr) any {
	switch v := e.(type) {
	case nil:
		return ".."
	case Instant:
		return v.text()
	}
	return plainJSON(e)
}
