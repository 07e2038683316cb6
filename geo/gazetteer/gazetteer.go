// Package gazetteer finds places by name as people type them: without
// accents, the beginning of words, a wrong letter here and there. An Index
// holds the names of one state of one dataset in memory; several are searched
// together. It also reads coordinates in the ways that people write them.
package gazetteer

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"contado/geo"
)

// Kind is what a name belongs to.
type Kind string

// The kinds.
const (
	Territory Kind = "territory"
	Place     Kind = "place"
	Service   Kind = "service"
)

// Entry is something with a name. Positions are longitude and latitude.
type Entry struct {
	Kind    Kind
	Dataset string
	Code    string // of a territory
	Feature int64  // of a row; 0 = none
	Name    string
	Other   []string // further names: in other languages, old, official
	Level   string   // of a territory; what sort of place
	Lon     float64
	Lat     float64
	BBox    geo.BBox // of what has an extent, else zero
	// Weight orders those that match alike: greater first.
	Weight float64
}

// Index finds entries by name. It is immutable.
type Index struct {
	entries []Entry
	// names are folded words, by entry: those of entry i are
	// names[first[i]:first[i+1]].
	names []name
	first []uint32
	// vocabulary is every word once, sorted; the entries of word i are
	// posts[from[i]:from[i+1]], ascending.
	vocabulary []string
	from       []uint32
	posts      []uint32
}

// name is one name of an entry in folded words.
type name struct {
	words []string
	other bool // than the entry's Name
	text  string
}

// Build makes an index; it keeps the entries.
func Build(entries []Entry) *Index {
	ix := &Index{entries: entries, first: make([]uint32, 1, len(entries)+1)}
	lists := map[string][]uint32{}
	for i := range entries {
		e := &entries[i]
		ix.add(e.Name, false)
		for _, o := range e.Other {
			if o != e.Name {
				ix.add(o, true)
			}
		}
		for _, n := range ix.names[ix.first[i]:] {
			for _, w := range n.words {
				if l := lists[w]; len(l) == 0 || l[len(l)-1] != uint32(i) {
					lists[w] = append(l, uint32(i))
				}
			}
		}
		ix.first = append(ix.first, uint32(len(ix.names)))
	}
	ix.vocabulary = make([]string, 0, len(lists))
	for w := range lists {
		ix.vocabulary = append(ix.vocabulary, w)
	}
	slices.Sort(ix.vocabulary)
	ix.from = make([]uint32, 1, len(ix.vocabulary)+1)
	for _, w := range ix.vocabulary {
		ix.posts = append(ix.posts, lists[w]...)
		ix.from = append(ix.from, uint32(len(ix.posts)))
	}
	return ix
}

func (ix *Index) add(text string, other bool) {
	w := words(text, maxWords)
	if len(w) == 0 {
		return
	}
	ix.names = append(ix.names, name{words: w, other: other, text: text})
	if j := joined(text); len(j) > 0 && len(j) != len(w) {
		ix.names = append(ix.names, name{words: j, other: other, text: text})
	}
}

// Len is the number of entries.
func (ix *Index) Len() int { return len(ix.entries) }

// Match is how well a name fits, the best first.
type Match int

// The ways to match.
const (
	Exact   Match = iota // the whole name
	Prefix               // the name begins so
	Words                // its words begin so
	Similar              // but for a letter or two
)

func (m Match) String() string { return [...]string{"exact", "prefix", "words", "similar"}[m] }

// Hit is an entry found.
type Hit struct {
	Entry
	Match Match
	// As is the further name that matched; "" for Name itself.
	As string
	score
}

// score is how a name fits.
type score struct {
	match Match
	wrong int // letters
	spare int // words of the name that nobody asked for
	name  *name
}

// against puts the better score first.
func (s *score) against(o *score) int {
	return cmp.Or(cmp.Compare(s.match, o.match), cmp.Compare(s.wrong, o.wrong), cmp.Compare(s.spare, o.spare))
}

// Query asks for entries.
type Query struct {
	Text  string
	Limit int
	// Within keeps those in a box (longitude, latitude); nil keeps all.
	Within *geo.BBox
	// Keep keeps those for which it is true; nil keeps all.
	Keep func(*Entry) bool
}

// Generic words that people put before a name; they count only when names
// have them.
var generic = map[string]bool{
	"comune": true, "comuni": true, "provincia": true, "regione": true, "unione": true, "localita": true, "frazione": true, "borgata": true,
	"di": true, "del": true, "della": true, "dei": true, "municipality": true, "province": true, "region": true, "hamlet": true, "village": true,
	"of": true, "the": true, "in": true, "a": true,
}

// Search looks a text up in several indexes, the best hits first. It asks for
// the words as written; where that fills less than the limit it also takes
// names with a wrong letter, and leaves generic words out.
func Search(indexes []*Index, q Query) []Hit {
	asked := words(q.Text, maxAsked)
	if len(asked) == 0 || q.Limit <= 0 {
		return nil
	}
	s := &search{Query: q, asked: asked}
	for _, ix := range indexes {
		s.in(ix, false)
	}
	if len(s.hits) < q.Limit {
		s.again(indexes)
	}
	if len(s.hits) == 0 {
		if s.asked = slices.DeleteFunc(slices.Clone(asked), func(w string) bool { return generic[w] }); len(s.asked) > 0 && len(s.asked) < len(asked) {
			for _, ix := range indexes {
				s.in(ix, false)
			}
			if len(s.hits) < q.Limit {
				s.again(indexes)
			}
		}
	}
	return s.hits
}

func (s *search) again(indexes []*Index) {
	s.hits = nil // they come again, beside those that are similar
	for _, ix := range indexes {
		s.in(ix, true)
	}
}

// search is one question.
type search struct {
	Query
	asked []string
	hits  []Hit // sorted
}

// in looks through one index: the entries of the rarest word that was asked
// for are compared whole.
func (s *search) in(ix *Index, similar bool) {
	var best []span
	least := -1
	for i, w := range s.asked {
		spans := ix.spans(w, similar, i == len(s.asked)-1)
		n := 0
		for _, sp := range spans {
			n += int(ix.from[sp.hi] - ix.from[sp.lo])
		}
		if least < 0 || n < least {
			least, best = n, spans
		}
	}
	if least <= 0 {
		return
	}
	seen := make([]uint64, (len(ix.entries)+63)/64)
	for _, sp := range best {
		for _, e := range ix.posts[ix.from[sp.lo]:ix.from[sp.hi]] {
			if seen[e/64]&(1<<(e%64)) != 0 {
				continue
			}
			seen[e/64] |= 1 << (e % 64)
			s.consider(ix, e, similar)
		}
	}
}

// span is a run of the vocabulary.
type span struct{ lo, hi int }

// spans are the words that one asked for may stand for.
func (ix *Index) spans(word string, similar, last bool) []span {
	if similar && slip(word) > 0 {
		var out []span
		near(ix.vocabulary, word, slip(word), last, func(lo, hi int) { out = append(out, span{lo, hi}) })
		return out
	}
	lo := sort.SearchStrings(ix.vocabulary, word)
	hi := lo + sort.Search(len(ix.vocabulary)-lo, func(i int) bool { return !strings.HasPrefix(ix.vocabulary[lo+i], word) })
	if lo == hi {
		return nil
	}
	return []span{{lo, hi}}
}

// consider keeps an entry when it is among the best.
func (s *search) consider(ix *Index, id uint32, similar bool) {
	e := &ix.entries[id]
	if !s.inside(e) || s.Keep != nil && !s.Keep(e) {
		return
	}
	var best score
	for i := ix.first[id]; i < ix.first[id+1]; i++ {
		if one, ok := compare(s.asked, &ix.names[i], similar); ok && (best.name == nil || one.against(&best) < 0) {
			best = one
		}
	}
	if best.name != nil {
		s.keep(e, &best)
	}
}

func (s *search) keep(e *Entry, sc *score) {
	if full := len(s.hits) == s.Limit; full {
		last := &s.hits[s.Limit-1]
		if order(e, sc, &last.Entry, &last.score) >= 0 {
			return
		}
		s.hits = s.hits[:s.Limit-1]
	}
	at := sort.Search(len(s.hits), func(i int) bool { return order(&s.hits[i].Entry, &s.hits[i].score, e, sc) > 0 })
	h := Hit{Entry: *e, Match: sc.match, score: *sc}
	if sc.name.other {
		h.As = sc.name.text
	}
	s.hits = slices.Insert(s.hits, at, h)
}

func (s *search) inside(e *Entry) bool {
	if s.Within == nil {
		return true
	}
	if e.BBox != (geo.BBox{}) {
		return e.BBox.Intersects(*s.Within)
	}
	return s.Within.Intersects(geo.BBox{MinX: e.Lon, MinY: e.Lat, MaxX: e.Lon, MaxY: e.Lat})
}

// order puts the better hit first. Every entry has its own place, so that the
// answer does not depend on the order of the indexes.
func order(a *Entry, sa *score, b *Entry, sb *score) int {
	if c := cmp.Or(cmp.Compare(sa.match, sb.match), cmp.Compare(sa.wrong, sb.wrong), cmp.Compare(b.Weight, a.Weight), cmp.Compare(sa.spare, sb.spare)); c != 0 {
		return c
	}
	if c := cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Dataset, b.Dataset)); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(a.Code, b.Code), cmp.Compare(a.Feature, b.Feature))
}

// compare fits the words asked for to different words of a name.
func compare(asked []string, n *name, similar bool) (score, bool) {
	var used [maxWords]bool
	s := score{match: Words, spare: len(n.words) - len(asked), name: n}
	if s.spare < 0 {
		return s, false
	}
	whole, inOrder := true, true
	for i, w := range asked {
		at, wrong, complete := -1, 0, false
		for k, have := range n.words {
			if used[k] {
				continue
			}
			d, full, ok := fit(w, have, similar, i == len(asked)-1)
			if ok && (at < 0 || d < wrong || d == wrong && full && !complete) {
				at, wrong, complete = k, d, full
			}
		}
		if at < 0 {
			return s, false
		}
		used[at] = true
		s.wrong += wrong
		inOrder = inOrder && at == i
		whole = whole && complete && at == i
	}
	switch {
	case s.wrong > 0:
		s.match = Similar
	case whole && s.spare == 0:
		s.match = Exact
	case inOrder:
		s.match = Prefix
	}
	return s, true
}

// fit tells whether a word of a name begins with the word asked for: by how
// many wrong letters, and whether it is the whole word.
func fit(asked, have string, similar, last bool) (wrong int, whole, ok bool) {
	if strings.HasPrefix(have, asked) {
		return 0, len(have) == len(asked), true
	}
	if !similar || slip(asked) == 0 {
		return 0, false, false
	}
	d := distance(asked, have, last)
	return d, false, d <= slip(asked)
}

// slip is how many letters of a word may be wrong.
func slip(word string) int {
	switch n := len([]rune(word)); {
	case n < 4:
		return 0
	case n < 8:
		return 1
	default:
		return 2
	}
}
