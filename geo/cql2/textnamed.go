package cql2

import (
	"fmt"
	"strings"

	"github.com/peterstace/simplefeatures/geom"
)

// named is what begins with a word: true, false, a function, a geometry, or
// else a property.
func (p *parser) named() (Expr, error) {
	t := p.peek()
	upper := strings.ToUpper(t.text)
	if upper == "TRUE" || upper == "FALSE" {
		p.i++
		return Bool(upper == "TRUE"), nil
	}
	if reserved[upper] {
		return nil, p.fail("a value is expected, not the word %s", upper)
	}
	if e, ok, err := p.geometry(t, upper); ok || err != nil {
		return e, err
	}
	p.i++
	if !p.sign("(") {
		return property(t)
	}
	switch upper {
	case "DATE", "TIMESTAMP":
		return p.instant(t, upper)
	case "INTERVAL", "BBOX":
		args, err := p.arguments(p.item)
		if err != nil {
			return nil, err
		}
		e, err := finish(upper, args)
		if err != nil {
			return nil, &syntax{t.at, err.Error()}
		}
		return e, nil
	}
	op, one := function(t.text), p.item
	if arrayOps[op] {
		one = p.arrayArgument
	}
	args, err := p.arguments(one)
	if err != nil {
		return nil, err
	}
	return p.make(t, op, args...)
}

// arrayArgument reads brackets round one value as an array of one.
func (p *parser) arrayArgument() (Expr, error) {
	if t := p.peek(); t.kind == symbol && t.text == "(" {
		up, err := p.deeper()
		if err != nil {
			return nil, err
		}
		defer up()
		return p.list()
	}
	return p.item()
}

func finish(upper string, args []Expr) (Expr, error) {
	if upper == "INTERVAL" {
		return interval(args)
	}
	v := make([]float64, len(args))
	for i, a := range args {
		n, ok := a.(Number)
		if !ok {
			return nil, fmt.Errorf("a bbox has numbers only, not %.60s", Text(a))
		}
		v[i] = float64(n)
	}
	return box(v)
}

func (p *parser) instant(at token, upper string) (Expr, error) {
	t := p.next()
	if t.kind != literal {
		return nil, &syntax{t.at, upper + " takes a text in quotes"}
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	i, err := parseInstant(t.text)
	if err == nil && i.Date != (upper == "DATE") {
		err = fmt.Errorf("%.40q is no %s", t.text, strings.ToLower(upper))
	}
	if err != nil {
		return nil, &syntax{at.at, err.Error()}
	}
	return i, nil
}

// standard maps the upper-case name of a function of the language to its name
// in the JSON encoding.
var standard = func() map[string]string {
	m := map[string]string{}
	for _, ops := range []map[string]bool{spatialOps, temporalOps, arrayOps, foldOps} {
		for op := range ops {
			m[strings.ToUpper(op)] = op
		}
	}
	return m
}()

func function(name string) string {
	if op, ok := standard[strings.ToUpper(name)]; ok {
		return op
	}
	return name
}

var wktNames = set("POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION")

// geometry reads a geometry in WKT; false when none begins here.
func (p *parser) geometry(t token, upper string) (Expr, bool, error) {
	if !wktNames[upper] {
		return nil, false, nil
	}
	i := p.i + 1
	if q := p.tokens[i]; q.kind == word && strings.EqualFold(q.text, "Z") {
		i++
	}
	if q := p.tokens[i]; q.kind == word && strings.EqualFold(q.text, "EMPTY") {
		return p.wkt(t, i)
	}
	if q := p.tokens[i]; q.kind != symbol || q.text != "(" {
		return nil, false, nil // a property that is called so
	}
	depth := 0
	for ; p.tokens[i].kind != end; i++ {
		switch q := p.tokens[i]; {
		case q.kind != symbol:
		case q.text == "(":
			if depth++; depth > maxDepth {
				return nil, false, &syntax{q.at, fmt.Sprintf("nested deeper than %d", maxDepth)}
			}
		case q.text == ")":
			if depth--; depth == 0 {
				return p.wkt(t, i)
			}
		}
	}
	return nil, false, &syntax{t.at, "the brackets of the geometry are not closed"}
}

func (p *parser) wkt(from token, last int) (Expr, bool, error) {
	spelled := spell(p.tokens[p.i : last+1])
	p.i = last + 1
	g, err := geom.UnmarshalWKT(spelled, geom.NoValidate{})
	if err == nil {
		err = usable(g)
	}
	if err != nil {
		return nil, false, &syntax{from.at, fmt.Sprintf("the geometry cannot be read: %.200v", err)}
	}
	return Geometry{g}, true, nil
}

// spell writes the tokens of a geometry as WKT, with the Z that the language
// lets people leave out where positions have three numbers.
func spell(tokens []token) string {
	var b strings.Builder
	for i, t := range tokens {
		b.WriteString(t.text)
		if t.kind == word && wktNames[strings.ToUpper(t.text)] && i+1 < len(tokens) && tokens[i+1].kind != word && firstPosition(tokens[i:]) == 3 {
			b.WriteString(" Z")
		}
		if t.kind != symbol || t.text != "-" {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// firstPosition counts the numbers of the first position.
func firstPosition(tokens []token) int {
	n := 0
	for _, t := range tokens {
		switch {
		case t.kind == numeral:
			n++
		case n > 0 && t.text != "-":
			return n
		}
	}
	return n
}
