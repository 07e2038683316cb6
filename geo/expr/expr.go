// Package expr is the band mathematics of the service: a small expression
// language over the bands of a raster (Parse, Bind, Run), the catalogue of
// published spectral indices written in it (Indices), and the masks that
// leave out clouds and other classes (ParseMask).
//
// # Language
//
// A program is one or more expressions separated by ';', each giving one
// output. From the loosest to the tightest binding:
//
//	c ? a : b                    a where c holds, else b; same as where(c, a, b)
//	a || b    a or b
//	a && b    a and b
//	not a
//	< <= > >= == !=              not chained
//	+ -
//	* /
//	-a +a !a
//	a ^ b     a ** b             right to left; -a^2 is -(a^2)
//	12  1.5e-3  pi  b4  red  B08  "odd name"  (…)  f(…)
//
// A name that is not followed by '(' is a band: what it refers to is decided
// by Bind (see Find for the service's rule). The functions are listed by
// Functions.
//
// # Values
//
// A value is a float32. Truth is 1, falsehood 0, and any number but 0 counts
// as true. An operation whose operand or result is not a finite number
// (division by zero, root or logarithm of a negative number, overflow, a
// missing input) has no value; so has a comparison with it. Only
// where, coalesce, isnan and the logical operators look past a missing value:
// where takes the chosen side alone, false && x is false and true || x is
// true whatever x is. A cell with an output without a value is invalid.
package expr

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"contado/geo/fault"
)

// The bounds of a program. MaxBytes and MaxDepth hold for the text as given
// and for its canonical form; MaxSlow bounds the calls of functions that cost
// much more than arithmetic (exp, log, sin, general powers …), so that no text
// can keep a processor busy.
const (
	MaxBytes   = 2000
	MaxDepth   = 64 // of parentheses and calls
	MaxNodes   = 1000
	MaxOutputs = 16
	MaxSlow    = 64
)

const opParse = "expr.Parse"

// Expr is a parsed program. It is immutable and safe for concurrent use.
type Expr struct {
	outputs []*node
	bands   []string
	text    string
}

// node is one operation of the syntax tree.
type node struct {
	op   op
	num  float64 // opNumber
	ref  string  // opBand
	args []*node
}

// Parse reads a program. Errors are fault.Invalid with the column (in
// characters, from 1) and what was expected there.
func Parse(text string) (*Expr, error) {
	if len(text) > MaxBytes {
		return nil, tooLong(len(text))
	}
	if !utf8.ValidString(text) {
		return nil, fault.Errorf(opParse, fault.Invalid, "the expression is not valid UTF-8 text")
	}
	toks, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{toks: toks}
	e := &Expr{}
	if e.outputs, err = p.program(); err != nil {
		return nil, err
	}
	e.bands = p.bands
	e.text = canonical(e.outputs)
	if len(e.text) > MaxBytes {
		return nil, tooLong(len(e.text))
	}
	if d := nesting(e.text); d > MaxDepth {
		return nil, tooDeep(0)
	}
	return e, nil
}

func tooLong(n int) error {
	return fault.Errorf(opParse, fault.Invalid, "the expression is %d bytes long; at most %d are read", n, MaxBytes)
}

func tooDeep(col int) error {
	at := ""
	if col > 0 {
		at = fmt.Sprintf("column %d: ", col)
	}
	return fault.Errorf(opParse, fault.Invalid, "%sparentheses and calls are nested deeper than %d", at, MaxDepth)
}

// nesting is the depth of parentheses of a canonical text.
func nesting(text string) int {
	depth, most, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
			most = max(most, depth)
		case c == ')':
			depth--
		}
	}
	return most
}

// Bands are the band references as typed, without quotes, each once, in order
// of first use.
func (e *Expr) Bands() []string { return append([]string(nil), e.bands...) }

// Outputs is the number of expressions.
func (e *Expr) Outputs() int { return len(e.outputs) }

// String is the canonical text: Parse of it gives the same program and the
// same text again.
func (e *Expr) String() string { return e.text }

// Titles are the canonical texts of the single outputs.
func (e *Expr) Titles() []string {
	out := make([]string, len(e.outputs))
	for i, n := range e.outputs {
		out[i] = canonical([]*node{n})
	}
	return out
}

// Functions lists the signatures of the functions, sorted: "clamp(x, low, high)".
func Functions() []string {
	var out []string
	for _, f := range functionNames() {
		out = append(out, f+"("+strings.Join(ops[functions[f]].params, ", ")+")")
	}
	return out
}
