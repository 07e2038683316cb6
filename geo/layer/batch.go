package layer

import (
	"sync/atomic"

	"contado/geo/cql2"
	"contado/geo/fgb"
)

// batchRows are judged at once: two words of the bits of a selection.
const batchRows = 128

// batch is rows of the base that are judged together. For one goroutine.
type batch struct {
	base  *base
	first int
	spare [][batchRows]cql2.Truth // for what is between the tests, by depth
	depth int
}

// between gives room for the answers of one more test, until back.
func (b *batch) between(n int) []cql2.Truth {
	if b.depth == len(b.spare) {
		b.spare = append(b.spare, [batchRows]cql2.Truth{})
	}
	b.depth++
	return b.spare[b.depth-1][:n]
}

func (b *batch) back() { b.depth-- }

// always is one answer.
type always cql2.Truth

func (t always) row(Row) cql2.Truth { return cql2.Truth(t) }

func (t always) rows(_ *batch, out []cql2.Truth) {
	for i := range out {
		out[i] = cql2.Truth(t)
	}
}

// rowTest looks at one row after the other.
type rowTest func(r Row) cql2.Truth

func (t rowTest) row(r Row) cql2.Truth { return t(r) }

func (t rowTest) rows(b *batch, out []cql2.Truth) {
	for i := range out {
		out[i] = t(b.base.at(b.first + i))
	}
}

// not is NOT.
type not struct{ quick }

func (t not) row(r Row) cql2.Truth { return opposite(t.quick.row(r)) }

func (t not) rows(b *batch, out []cql2.Truth) {
	t.quick.rows(b, out)
	for i, v := range out {
		out[i] = opposite(v)
	}
}

func opposite(v cql2.Truth) cql2.Truth {
	if v == ask {
		return ask
	}
	return cql2.True - v
}

// logic is AND or OR. One that decides does, whatever is not known of the
// rest.
type logic struct {
	or    bool
	tests []quick
}

// join is what two answers make together.
func (t *logic) join(a, b cql2.Truth) cql2.Truth {
	switch {
	case t.or && (a == cql2.True || b == cql2.True):
		return cql2.True
	case !t.or && (a == cql2.False || b == cql2.False):
		return cql2.False
	case a == ask || b == ask:
		return ask
	case t.or:
		return max(a, b)
	}
	return min(a, b)
}

// none is what no test makes.
func (t *logic) none() cql2.Truth { return truth(!t.or) }

func (t *logic) row(r Row) cql2.Truth {
	out, decided := t.none(), truth(t.or)
	for _, one := range t.tests {
		if out = t.join(out, one.row(r)); out == decided {
			return out
		}
	}
	return out
}

func (t *logic) rows(b *batch, out []cql2.Truth) {
	always(t.none()).rows(b, out)
	more := b.between(len(out))
	defer b.back()
	for _, one := range t.tests {
		one.rows(b, more)
		for i, v := range more {
			out[i] = t.join(out[i], v)
		}
	}
}

// leaf is a test of one attribute: of its number, of its text, or, without
// either, whether there is no value.
type leaf struct {
	field   int
	number  func(v float64, ok bool) cql2.Truth
	text    func(v string, ok bool) cql2.Truth
	columns *columns
	answers atomic.Pointer[[]cql2.Truth] // by code of the column
}

func (t *leaf) raw(v fgb.Raw) cql2.Truth {
	switch {
	case t.number != nil:
		x, ok := v.Float()
		return t.number(x, ok && x == x)
	case t.text != nil:
		return t.text(inPlace(v))
	}
	return truth(v.IsNull())
}

func (t *leaf) row(r Row) cql2.Truth {
	if r.own == nil {
		if c := t.columns.of[t.field].Load(); c != nil {
			return t.raw(c.Raw(int(r.ordinal)))
		}
		return t.raw(r.packed.Raw(t.field))
	}
	v := r.Value(t.field)
	switch {
	case t.number != nil:
		x, ok := v.(float64)
		if n, whole := v.(int64); whole {
			x, ok = float64(n), true
		}
		return t.number(x, ok && x == x)
	case t.text != nil:
		text, ok := v.(string)
		return t.text(text, ok)
	}
	return truth(v == nil)
}

func (t *leaf) rows(b *batch, out []cql2.Truth) {
	c := t.columns.of[t.field].Load()
	switch {
	case c == nil:
		rowTest(t.row).rows(b, out)
	case c.Distinct() == nil:
		for i := range out {
			out[i] = t.raw(c.Raw(b.first + i))
		}
	default:
		answers := t.byCode(c)
		for i := range out {
			out[i] = answers[c.Code(b.first+i)]
		}
	}
}

// byCode is the answer for each value of a column; it is made once.
func (t *leaf) byCode(c *fgb.Column) []cql2.Truth {
	if p := t.answers.Load(); p != nil {
		return *p
	}
	answers := make([]cql2.Truth, len(c.Distinct()))
	for code, v := range c.Distinct() {
		answers[code] = t.raw(v)
	}
	t.answers.Store(&answers)
	return answers
}

// leaf makes a test of an attribute ready.
func (n *names) leaf(t *leaf) *leaf {
	n.read[t.field] = true
	t.columns = n.columns
	return t
}

func inPlace(v fgb.Raw) (string, bool) {
	b := v.Bytes()
	return textOf(b), b != nil
}
