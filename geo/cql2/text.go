package cql2

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// ParseText reads the text encoding.
//
// Errors: fault.Invalid with the position (in characters, from 1) and what is
// wrong there.
func ParseText(s string) (Expr, error) {
	if len(s) > maxText {
		return nil, invalid("%d bytes; the limit is %d", len(s), maxText)
	}
	p := &parser{src: s}
	var err error
	if p.tokens, err = lex(s); err == nil {
		var e Expr
		if e, err = p.whole(); err == nil {
			return e, nil
		}
	}
	var at *syntax
	if errors.As(err, &at) {
		return nil, invalid("at character %d: %w", utf8.RuneCountInString(s[:at.at])+1, err)
	}
	return nil, invalid("%w", err)
}

// parser is a recursive descent over the tokens: OR, AND, NOT, tests,
// + and -, * and its like, ^, minus, operands.
type parser struct {
	src    string
	tokens []token
	i      int
	depth  int
	nodes  int
}

func (p *parser) whole() (Expr, error) {
	if p.peek().kind == end {
		return nil, p.fail("the filter is empty")
	}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.peek().kind != end {
		return nil, p.fail("%v is not expected: AND, OR or the end is", p.peek())
	}
	if err := isCondition(e); err != nil {
		return nil, &syntax{0, err.Error()}
	}
	return e, nil
}

func (p *parser) peek() token { return p.tokens[p.i] }

func (p *parser) next() token {
	t := p.tokens[p.i]
	if t.kind != end {
		p.i++
	}
	return t
}

func (p *parser) fail(format string, args ...any) error {
	return &syntax{p.peek().at, fmt.Sprintf(format, args...)}
}

// keyword takes the word when it comes next, in any case.
func (p *parser) keyword(k string) bool {
	t := p.peek()
	if t.kind == word && strings.EqualFold(t.text, k) {
		p.i++
		return true
	}
	return false
}

func (p *parser) sign(s string) bool {
	if t := p.peek(); t.kind == symbol && t.text == s {
		p.i++
		return true
	}
	return false
}

func (p *parser) expect(s string) error {
	if !p.sign(s) {
		return p.fail("%q is expected, not %v", s, p.peek())
	}
	return nil
}

// make builds a node that began at a token, counting it.
func (p *parser) make(at token, op string, args ...Expr) (Expr, error) {
	if p.nodes++; p.nodes > maxNodes {
		return nil, &syntax{at.at, fmt.Sprintf("more than %d operations", maxNodes)}
	}
	e, err := build(op, args)
	if err != nil {
		return nil, &syntax{at.at, err.Error()}
	}
	return e, nil
}

func (p *parser) deeper() (func(), error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail("nested deeper than %d", maxDepth)
	}
	return func() { p.depth-- }, nil
}

func (p *parser) or() (Expr, error)  { return p.logic("or", p.and) }
func (p *parser) and() (Expr, error) { return p.logic("and", p.not) }

func (p *parser) logic(op string, part func() (Expr, error)) (Expr, error) {
	at := p.peek()
	e, err := part()
	if err != nil {
		return nil, err
	}
	args := []Expr{e}
	for p.keyword(op) {
		if e, err = part(); err != nil {
			return nil, err
		}
		args = append(args, e)
	}
	if len(args) == 1 {
		return args[0], nil
	}
	return p.make(at, op, args...)
}

func (p *parser) not() (Expr, error) {
	at := p.peek()
	if !p.keyword("not") {
		return p.test()
	}
	up, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer up()
	e, err := p.not()
	if err != nil {
		return nil, err
	}
	return p.make(at, "not", e)
}

// test is a comparison, IS NULL, LIKE, BETWEEN, IN, or what stands alone.
func (p *parser) test() (Expr, error) {
	at := p.peek()
	left, err := p.sum()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind == symbol && compareOps[t.text] {
		p.i++
		right, err := p.sum()
		if err != nil {
			return nil, err
		}
		return p.make(at, t.text, left, right)
	}
	if p.keyword("is") {
		negated := p.keyword("not")
		if !p.keyword("null") {
			return nil, p.fail("NULL is expected, not %v", p.peek())
		}
		return p.negate(at, negated)(p.make(at, "isNull", left))
	}
	mark := p.i
	negated := p.keyword("not")
	switch {
	case p.keyword("like"):
		right, err := p.sum()
		if err != nil {
			return nil, err
		}
		return p.negate(at, negated)(p.make(at, "like", left, right))
	case p.keyword("between"):
		return p.negate(at, negated)(p.between(at, left))
	case p.keyword("in"):
		list, err := p.list()
		if err != nil {
			return nil, err
		}
		return p.negate(at, negated)(p.make(at, "in", left, list))
	}
	p.i = mark
	return left, nil
}

func (p *parser) negate(at token, negated bool) func(Expr, error) (Expr, error) {
	return func(e Expr, err error) (Expr, error) {
		if err != nil || !negated {
			return e, err
		}
		return p.make(at, "not", e)
	}
}

func (p *parser) between(at token, value Expr) (Expr, error) {
	low, err := p.sum()
	if err != nil {
		return nil, err
	}
	if !p.keyword("and") {
		return nil, p.fail("AND is expected in BETWEEN, not %v", p.peek())
	}
	high, err := p.sum()
	if err != nil {
		return nil, err
	}
	return p.make(at, "between", value, low, high)
}

func (p *parser) sum() (Expr, error) { return p.chain(p.product, "+", "-") }

func (p *parser) product() (Expr, error) { return p.chain(p.power, "*", "/", "%", "div") }

func (p *parser) chain(part func() (Expr, error), ops ...string) (Expr, error) {
	at := p.peek()
	left, err := part()
	if err != nil {
		return nil, err
	}
	for {
		t := p.peek()
		op := strings.ToLower(t.text)
		if t.kind != symbol && t.kind != word || !slices.Contains(ops, op) {
			return left, nil
		}
		p.i++
		right, err := part()
		if err != nil {
			return nil, err
		}
		if left, err = p.make(at, op, left, right); err != nil {
			return nil, err
		}
	}
}

func (p *parser) power() (Expr, error) {
	at := p.peek()
	left, err := p.factor()
	if err != nil || !p.sign("^") {
		return left, err
	}
	right, err := p.factor()
	if err != nil {
		return nil, err
	}
	return p.make(at, "^", left, right)
}

// factor is an operand, perhaps with a minus before it; a minus before a
// number belongs to it.
func (p *parser) factor() (Expr, error) {
	at := p.peek()
	if !p.sign("-") {
		p.sign("+")
		return p.operand()
	}
	if t := p.peek(); t.kind == numeral {
		p.i++
		return Number(-t.value), nil
	}
	e, err := p.operand()
	if err != nil {
		return nil, err
	}
	return p.make(at, "*", Number(-1), e)
}

func (p *parser) operand() (Expr, error) {
	up, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer up()
	if p.nodes++; p.nodes > maxNodes {
		return nil, p.fail("more than %d values", maxNodes)
	}
	t := p.peek()
	switch t.kind {
	case literal:
		p.i++
		return String(t.text), nil
	case numeral:
		p.i++
		return Number(t.value), nil
	case quoted:
		p.i++
		return property(t)
	case word:
		return p.named()
	case symbol:
		if t.text == "(" {
			return p.group()
		}
	}
	return nil, p.fail("a value is expected, not %v", t)
}

func property(t token) (Expr, error) {
	if t.text == "" || len(t.text) > 200 {
		return nil, &syntax{t.at, "a property has a name of 1 to 200 bytes"}
	}
	return &Property{t.text}, nil
}

// group is something in brackets, or an array.
func (p *parser) group() (Expr, error) {
	mark := p.i
	p.i++
	if p.sign(")") {
		return Array{}, nil
	}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.sign(")") {
		return e, nil
	}
	if t := p.peek(); t.kind != symbol || t.text != "," {
		return nil, p.fail("%q is expected, not %v", ")", t)
	}
	p.i = mark
	return p.list()
}

// list is an array, of one value too: ( a, b, … ).
func (p *parser) list() (Expr, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	args, err := p.arguments(p.item)
	return Array(args), err
}

// item is a value of an array, which may be an array itself.
func (p *parser) item() (Expr, error) {
	up, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer up()
	return p.or()
}

// arguments reads up to the closing bracket.
func (p *parser) arguments(one func() (Expr, error)) ([]Expr, error) {
	args := []Expr{}
	if p.sign(")") {
		return args, nil
	}
	for {
		e, err := one()
		if err != nil {
			return nil, err
		}
		if args = append(args, e); len(args) > maxNodes {
			return nil, p.fail("more than %d values", maxNodes)
		}
		if p.sign(")") {
			return args, nil
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
	}
}
