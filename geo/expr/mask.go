package expr

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"contado/geo/fault"
	"contado/geo/store/catalog"
)

const (
	opMask       = "expr.ParseMask"
	maxMaskBytes = 500
	maxMaskTerms = 64
)

// Mask tells which cells of an item to leave out by the classes or bits of
// one of its bands. It is immutable and safe for concurrent use.
type Mask struct {
	band    int
	text    string
	out     test // what to leave out
	keep    test // what to keep all the same; alone: what alone to keep
	table   [1 << 16 / 64]uint64
	keeping bool // no term says what to leave out
}

// ParseMask reads a mask:
//
//	[band:]term,term,…
//
// Band is a reference as in expressions (see Find); without it the first
// band with a known scheme of flags is meant. A term is a name (MaskNames, or
// a class of the band's own table, in lower case with '_' between words), a
// raw value (3), a range of them (8-10, both included), or a bit of a bit
// field (bit4). A cell is left out when a term holds for it. A term after '!'
// keeps its cells whatever the others say; when all terms are such, only
// their cells are kept ("!water": water alone).
//
// Errors are fault.Invalid and list what may be said.
func ParseMask(text string, bands []catalog.Band) (*Mask, error) {
	if len(text) > maxMaskBytes {
		return nil, fault.Errorf(opMask, fault.Invalid, "the mask is %d bytes long; at most %d are read", len(text), maxMaskBytes)
	}
	list := text
	m := &Mask{keeping: true}
	if ref, rest, ok := cutBand(text); ok {
		n, err := Find(bands, ref)
		if err != nil {
			return nil, fault.E(opMask, fault.Invalid, fmt.Errorf("mask: %w", err))
		}
		m.band, list = n, rest
	} else if m.band = flagBand(bands); m.band == 0 {
		return nil, fault.Errorf(opMask, fault.Invalid,
			"no band of this dataset is known to tell clouds or classes; name one and its values, such as %q", exampleMask(bands))
	}
	terms := strings.Split(list, ",")
	if len(terms) > maxMaskTerms {
		return nil, fault.Errorf(opMask, fault.Invalid, "the mask has %d terms; at most %d are read", len(terms), maxMaskTerms)
	}
	b := &bands[m.band-1]
	for i, term := range terms {
		name, kept := strings.CutPrefix(strings.TrimSpace(term), "!")
		t, err := parseTerm(strings.TrimSpace(name), b)
		if err != nil {
			return nil, err
		}
		terms[i] = strings.TrimSpace(term)
		if kept {
			m.keep = append(m.keep, t...)
		} else {
			m.out, m.keeping = append(m.out, t...), false
		}
	}
	ref := b.Name
	if !plain(ref) {
		ref = quote(ref)
	}
	m.text = ref + ":" + strings.ToLower(strings.Join(terms, ","))
	for v := range 1 << 16 {
		if m.leaves(int64(v)) {
			m.table[v/64] |= 1 << (v % 64)
		}
	}
	return m, nil
}

// cutBand splits "band:terms"; the band may be in double quotes.
func cutBand(text string) (ref, rest string, ok bool) {
	s := strings.TrimSpace(text)
	if strings.HasPrefix(s, `"`) {
		t, n, err := quoted(s, 1)
		if err != nil {
			return "", "", false
		}
		rest, ok = strings.CutPrefix(strings.TrimSpace(s[n:]), ":")
		return t.text, rest, ok
	}
	ref, rest, ok = strings.Cut(s, ":")
	return strings.TrimSpace(ref), rest, ok
}

// flagBand is the first band with a known scheme, from 1; 0 = none.
func flagBand(bands []catalog.Band) int {
	for i, b := range bands {
		if _, ok := schemes[b.Flags]; ok {
			return i + 1
		}
	}
	return 0
}

func exampleMask(bands []catalog.Band) string {
	for _, b := range bands {
		if b.Quantity == catalog.Classes || b.Quantity == catalog.BitField || len(b.Classes) > 0 {
			return b.Name + ":1,3-4"
		}
	}
	return "SCL:3,8-10"
}

var (
	rangeTerm = regexp.MustCompile(`^(-?\d{1,10})(?:-(-?\d{1,10}))?$`)
	bitTerm   = regexp.MustCompile(`^bit(\d{1,2})$`)
)

// parseTerm reads one term without its '!'.
func parseTerm(term string, b *catalog.Band) (test, error) {
	if g := rangeTerm.FindStringSubmatch(term); g != nil {
		lo, err := strconv.ParseInt(g[1], 10, 64)
		hi := lo
		if err == nil && g[2] != "" {
			hi, err = strconv.ParseInt(g[2], 10, 64)
		}
		if err != nil || hi < lo {
			return nil, fault.Errorf(opMask, fault.Invalid, "%q is no range of values; write the lower one first, as in 8-10", term)
		}
		return test{{lo: lo, hi: hi}}, nil
	}
	name := slug(term)
	if g := bitTerm.FindStringSubmatch(name); g != nil {
		if n, err := strconv.Atoi(g[1]); err == nil && n < 24 {
			return bit(uint(n)), nil
		}
		return nil, fault.Errorf(opMask, fault.Invalid, "%q: bits are counted from bit0 to bit23", term)
	}
	for _, f := range schemes[b.Flags] {
		if f.name == name {
			return f.test, nil
		}
	}
	var t test
	for _, c := range b.Classes {
		if c.Name != "" && slug(c.Name) == name {
			t = append(t, class(int64(c.Value))...)
		}
	}
	if t != nil {
		return t, nil
	}
	return nil, fault.Errorf(opMask, fault.Invalid, "band %s has no class %q; there are %s", b.Name, term, sayable(b))
}

// sayable lists the names of a band and the forms of raw values.
func sayable(b *catalog.Band) string {
	names := MaskNames(b.Flags)
	for _, c := range b.Classes {
		if len(names) >= 60 {
			names = append(names, "…")
			break
		}
		if c.Name != "" {
			names = append(names, slug(c.Name))
		}
	}
	return strings.Join(append(names, "values (3)", "ranges (8-10)", "bits (bit4), each after '!' to keep it"), ", ")
}

// Band is the number (from 1) of the band that Apply wants.
func (m *Mask) Band() int { return m.band }

// String is the mask with its band, fit for a cache key and for ParseMask.
func (m *Mask) String() string { return m.text }

func (t test) holds(v int64) bool {
	for _, p := range t {
		w := v
		if p.mask != 0 {
			w = int64(uint32(v) & p.mask >> p.shift)
		}
		if p.lo <= w && w <= p.hi {
			return true
		}
	}
	return false
}

// leaves reports whether cells of a value are left out.
func (m *Mask) leaves(v int64) bool {
	if m.keep.holds(v) {
		return false
	}
	return m.keeping || m.out.holds(v)
}

// Apply clears the cells of mask that are to be left out by their values in
// the mask's band; both have the same length. A cell whose value is NaN is
// left out too: nothing is known of it. Values that are not whole numbers
// are of no class.
func (m *Mask) Apply(values []float32, mask []uint8) {
	mask = mask[:len(values)]
	for i, v := range values {
		u := uint32(int32(v))
		if u < 1<<16 && float32(u) == v {
			if m.table[u/64]>>(u%64)&1 != 0 {
				mask[i] = 0
			}
		} else if m.rare(v) {
			mask[i] = 0
		}
	}
}

// rare decides on values that are not in the table.
func (m *Mask) rare(v float32) bool {
	x := float64(v)
	switch {
	case math.IsNaN(x):
		return true
	case x != math.Floor(x) || math.Abs(x) > 1<<53:
		return m.keeping
	}
	return m.leaves(int64(x))
}
