package gazetteer

import (
	"sort"
	"unicode/utf8"
)

// The distance of words is that of optimal string alignment: letters put in,
// left out, changed, or two neighbours swapped, each counting one.

// rows is the table of a distance, a row for each letter of the word that is
// compared with the one asked for.
type rows struct {
	asked []rune
	table [][]int
}

func newRows(asked string) *rows {
	r := &rows{asked: []rune(asked)}
	row := make([]int, len(r.asked)+1)
	for j := range row {
		row[j] = j
	}
	r.table = [][]int{row}
	return r
}

// step fills row depth+1 for a letter; before is the letter of row depth.
func (r *rows) step(depth int, letter, before rune) (row []int, least int) {
	if len(r.table) == depth+1 {
		r.table = append(r.table, make([]int, len(r.asked)+1))
	}
	above, row := r.table[depth], r.table[depth+1]
	row[0] = depth + 1
	least = row[0]
	for j := 1; j <= len(r.asked); j++ {
		cost := 1
		if r.asked[j-1] == letter {
			cost = 0
		}
		v := min(above[j]+1, row[j-1]+1, above[j-1]+cost)
		if depth > 0 && j > 1 && r.asked[j-1] == before && r.asked[j-2] == letter {
			v = min(v, r.table[depth-1][j-2]+1)
		}
		row[j] = v
		least = min(least, v)
	}
	return row, least
}

// distance is between the word asked for and one that there is, or its
// nearest beginning when prefix is true.
func distance(asked, have string, prefix bool) int {
	r := newRows(asked)
	n := len(r.asked)
	best, depth, before := n, 0, rune(0)
	for _, letter := range have {
		row, _ := r.step(depth, letter, before)
		best = min(best, row[n])
		depth, before = depth+1, letter
	}
	if !prefix {
		return r.table[depth][n]
	}
	return best
}

// near calls found for runs of sorted words within a distance of the one
// asked for (of their beginnings, when prefix is true). Words that begin alike
// share the work, and what is too far already is not looked into.
func near(sorted []string, asked string, most int, prefix bool, found func(lo, hi int)) {
	w := &walker{rows: newRows(asked), sorted: sorted, most: most, prefix: prefix, found: found}
	w.walk(0, len(sorted), 0, 0, 0, len(w.asked))
}

type walker struct {
	*rows
	sorted []string
	most   int
	prefix bool
	found  func(lo, hi int)
}

// walk looks at words[lo:hi], which share their first size bytes of depth
// letters, the last of which is before; best is the least distance so far.
func (w *walker) walk(lo, hi, size, depth int, before rune, best int) {
	if w.prefix && best <= w.most {
		w.found(lo, hi)
		return
	}
	n := len(w.asked)
	for lo < hi && len(w.sorted[lo]) == size { // the word ends here
		if w.table[depth][n] <= w.most {
			w.found(lo, lo+1)
		}
		lo++
	}
	for lo < hi {
		letter, wide := utf8.DecodeRuneInString(w.sorted[lo][size:])
		next := w.sorted[lo][:size+wide]
		end := lo + sort.Search(hi-lo, func(i int) bool { s := w.sorted[lo+i]; return len(s) < size+wide || s[:size+wide] != next })
		above := w.least(depth)
		row, least := w.step(depth, letter, before)
		if min(least, above) <= w.most { // two letters may yet turn out to be swapped
			w.walk(lo, end, size+wide, depth+1, letter, min(best, row[n]))
		}
		lo = end
	}
}

func (w *walker) least(depth int) int {
	v := w.table[depth][0]
	for _, x := range w.table[depth] {
		v = min(v, x)
	}
	return v
}
