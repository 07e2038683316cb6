package expr

import (
	"strings"

	"contado/geo/fault"
)

// words are names with a meaning of their own, in any case; bands called so
// are quoted.
var words = map[string]string{"and": "&&", "or": "||", "not": "not", "pi": "pi"}

// parser is a recursive descent over the tokens. Recursion is bounded by
// MaxBytes: each level consumes at least one character.
type parser struct {
	toks  []token
	pos   int
	nodes int
	slow  int
	depth int
	bands []string
}

func (p *parser) peek() token { return p.toks[p.pos] }

// symbol is the operator at hand ("" for anything else); words count as the
// operators they stand for.
func (p *parser) symbol() string {
	switch t := p.peek(); t.kind {
	case tokSymbol:
		return t.text
	case tokName:
		if w := words[strings.ToLower(t.text)]; w != "pi" {
			return w
		}
	}
	return ""
}

// accept consumes the operator when it is next.
func (p *parser) accept(sym string) bool {
	if p.symbol() != sym {
		return false
	}
	p.pos++
	return true
}

func (p *parser) expect(sym, why string) error {
	if p.accept(sym) {
		return nil
	}
	return errorAt(p.peek().col, "expected '%s' %s, found %v", sym, why, p.peek())
}

// node makes a node within the bounds.
func (p *parser) node(o op, args ...*node) (*node, error) {
	p.nodes++
	if ops[o].slow {
		p.slow++
	}
	if p.nodes > MaxNodes {
		return nil, fault.Errorf(opParse, fault.Invalid, "the expression has more than %d numbers, bands and operations", MaxNodes)
	}
	if p.slow > MaxSlow {
		return nil, fault.Errorf(opParse, fault.Invalid, "the expression has more than %d powers, logarithms and trigonometric functions", MaxSlow)
	}
	return &node{op: o, args: args}, nil
}

// nest runs f one level of parentheses deeper.
func (p *parser) nest(f func() (*node, error)) (*node, error) {
	if p.depth++; p.depth > MaxDepth {
		return nil, tooDeep(p.peek().col)
	}
	n, err := f()
	p.depth--
	return n, err
}

func (p *parser) program() ([]*node, error) {
	var out []*node
	for {
		n, err := p.ternary()
		if err != nil {
			return nil, err
		}
		if out = append(out, n); len(out) > MaxOutputs {
			return nil, fault.Errorf(opParse, fault.Invalid, "more than %d outputs; separate requests for the rest", MaxOutputs)
		}
		if p.accept(";") {
			continue
		}
		if t := p.peek(); t.kind != tokEnd {
			return nil, errorAt(t.col, "expected an operator, ';' or the end, found %v", t)
		}
		return out, nil
	}
}

func (p *parser) ternary() (*node, error) {
	c, err := p.binary(precOr)
	if err != nil || !p.accept("?") {
		return c, err
	}
	a, err := p.ternary()
	if err != nil {
		return nil, err
	}
	if err := p.expect(":", "and the value for the other cells"); err != nil {
		return nil, err
	}
	b, err := p.ternary()
	if err != nil {
		return nil, err
	}
	return p.node(opWhere, c, a, b)
}

// levels are the infix operators by binding; read-only.
var levels = map[int]map[string]op{
	precOr:      {"||": opOr},
	precAnd:     {"&&": opAnd},
	precCompare: {"<": opLT, "<=": opLE, ">": opGT, ">=": opGE, "==": opEQ, "!=": opNE},
	precAdd:     {"+": opAdd, "-": opSub},
	precMul:     {"*": opMul, "/": opDiv},
}

// binary parses infix operators of a level and tighter, left to right.
func (p *parser) binary(level int) (*node, error) {
	if level == precUnary {
		return p.unary()
	}
	if level == precCompare && p.accept("not") {
		n, err := p.binary(precCompare)
		if err != nil {
			return nil, err
		}
		return p.node(opNot, n)
	}
	left, err := p.binary(level + 1)
	for count := 0; err == nil; count++ {
		o, ok := levels[level][p.symbol()]
		if !ok {
			return left, nil
		}
		if level == precCompare && count > 0 {
			return nil, errorAt(p.peek().col, "comparisons are not chained; write a < b && b < c")
		}
		p.pos++
		var right *node
		if right, err = p.binary(level + 1); err == nil {
			left, err = p.node(o, left, right)
		}
	}
	return nil, err
}

func (p *parser) unary() (*node, error) {
	var o op
	switch {
	case p.accept("+"):
		return p.unary()
	case p.accept("-"):
		o = opNeg
	case p.accept("!"):
		o = opNot
	default:
		return p.power()
	}
	n, err := p.unary()
	if err != nil {
		return nil, err
	}
	return p.node(o, n)
}

func (p *parser) power() (*node, error) {
	base, err := p.atom()
	if err != nil || !(p.accept("^") || p.accept("**")) {
		return base, err
	}
	exp, err := p.unary()
	if err != nil {
		return nil, err
	}
	return p.node(opPow, base, exp)
}

func (p *parser) atom() (*node, error) {
	t := p.peek()
	switch {
	case t.kind == tokNumber:
		p.pos++
		n, err := p.node(opNumber)
		if err == nil {
			n.num = t.num
		}
		return n, err
	case p.accept("("):
		n, err := p.nest(p.ternary)
		if err != nil {
			return nil, err
		}
		return n, p.expect(")", "")
	case t.kind == tokQuoted:
		p.pos++
		return p.band(t.text)
	case t.kind == tokName && p.symbol() == "":
		p.pos++
		if p.symbol() == "(" {
			return p.call(t)
		}
		if strings.EqualFold(t.text, "pi") {
			return p.node(opPi)
		}
		return p.band(t.text)
	}
	return nil, errorAt(t.col, "expected a number, a band, a function or '(', found %v", t)
}

func (p *parser) band(ref string) (*node, error) {
	n, err := p.node(opBand)
	if err != nil {
		return nil, err
	}
	n.ref = ref
	for _, b := range p.bands {
		if b == ref {
			return n, nil
		}
	}
	p.bands = append(p.bands, ref)
	return n, nil
}

// call parses the arguments of a function whose name has been consumed.
func (p *parser) call(name token) (*node, error) {
	o, ok := functions[strings.ToLower(name.text)]
	if !ok {
		return nil, errorAt(name.col, "there is no function '%s'; there are %s", name.text, strings.Join(functionNames(), ", "))
	}
	p.pos++ // (
	var args []*node
	if p.symbol() != ")" {
		for {
			a, err := p.nest(p.ternary)
			if err != nil {
				return nil, err
			}
			args = append(args, a)
			if !p.accept(",") {
				break
			}
		}
	}
	if err := p.expect(")", "or ',' in the arguments of "+strings.ToLower(name.text)); err != nil {
		return nil, err
	}
	if least, most := o.arity(); len(args) < least || (most > 0 && len(args) > most) {
		return nil, errorAt(name.col, "%s(%s) is given %d arguments", strings.ToLower(name.text), strings.Join(ops[o].params, ", "), len(args))
	}
	return p.node(o, args...)
}
