package disclosure

import (
	"cmp"
	"context"
	"math"
	"slices"

	"contado/geo/fault"
)

// Tree is people by territory and band: counts of the lowest territories,
// published for each territory of any level, by band and in all. A report has
// its areas and their whole; everything else that counts people of territories
// (lists, profiles, the answers of processes) has this tree, so that the same
// count is hidden wherever it is asked for.
type Tree struct {
	// Parent is the index of each node's parent, −1 for roots; a parent comes
	// before its children.
	Parent []int32
	// People are those of a node without children, by band; nil for others. All
	// have the same number of bands, at least one. Bands exclude each other and
	// hold everybody: people of no band need a band of their own.
	People [][]float64
	// Elsewhere, when not nil, tells of which nodes other tables of the same
	// people hide the number of all; it is hidden here too, and the others,
	// which those tables tell, are not dealt out otherwise.
	Elsewhere func(node int) bool
}

// Hidden says which counts of a Tree must not be published.
type Hidden struct {
	bands int
	flags []bool // by node; bands, then all
}

// All reports whether the number of all people of a node is hidden.
func (h *Hidden) All(node int) bool { return h.flags[node*(h.bands+1)+h.bands] }

// Band reports whether the number of people of a band is hidden.
func (h *Hidden) Band(node, band int) bool { return h.flags[node*(h.bands+1)+band] }

// Any reports whether any number of a node is hidden.
func (h *Hidden) Any(node int) bool {
	return slices.Contains(h.flags[node*(h.bands+1):(node+1)*(h.bands+1)], true)
}

const opTree = "disclosure.Tree"

// Protect finds what to hide: every count above 0 and below threshold (0 is
// DefaultThreshold), and as few others as a witness takes, as in cube: for
// each such count, people of hidden counts could be dealt out otherwise so
// that it is larger by threshold − 1 and every published number is the same.
// A witness moves people to a territory from another of the same parent when
// there is one (so that all larger territories stay as they are), between two
// bands of a territory, or both ways at once.
// Errors: fault.Invalid, fault.Canceled.
func (t *Tree) Protect(ctx context.Context, threshold float64) (*Hidden, error) {
	k, err := checkThreshold(threshold)
	if err != nil {
		return nil, err
	}
	w, err := t.prepare(k)
	if err != nil {
		return nil, err
	}
	for i := range t.Parent {
		if t.Elsewhere != nil && t.Elsewhere(i) {
			w.flags[w.at(figure{int32(i), int32(w.bands)})] = true
		}
	}
	for i, g := range w.targets() {
		if i&0xff == 0 && ctx.Err() != nil {
			return nil, fault.E(opTree, fault.Canceled, ctx.Err())
		}
		w.hide(g)
	}
	return &Hidden{w.bands, w.flags}, nil
}

// treeWork is a tree being protected.
type treeWork struct {
	*Tree
	bands   int
	k, step float64
	sums    []float64 // by node; bands, then all
	leaves  [][]int32 // below each node, itself when it is one
	depth   []int32
	flags   []bool
}

func (t *Tree) prepare(k float64) (*treeWork, error) {
	n := len(t.Parent)
	if len(t.People) != n {
		return nil, fault.Errorf(opTree, fault.Invalid, "%d nodes with people of %d", n, len(t.People))
	}
	w := &treeWork{Tree: t, k: k, step: math.Max(1, math.Ceil(k)-1), leaves: make([][]int32, n), depth: make([]int32, n)}
	for i, p := range t.People {
		if par := t.Parent[i]; par >= int32(i) || par < -1 || (par >= 0 && t.People[par] != nil) {
			return nil, fault.Errorf(opTree, fault.Invalid, "node %d has parent %d, which does not come before it or has people of its own", i, par)
		}
		if t.Parent[i] >= 0 {
			w.depth[i] = w.depth[t.Parent[i]] + 1
		}
		if p == nil {
			continue
		}
		if w.bands == 0 {
			w.bands = len(p)
		}
		if len(p) != w.bands || w.bands == 0 {
			return nil, fault.Errorf(opTree, fault.Invalid, "node %d has %d bands, others %d", i, len(p), w.bands)
		}
		for _, v := range p {
			if !(v >= 0) || math.IsInf(v, 0) {
				return nil, fault.Errorf(opTree, fault.Invalid, "node %d has %v people", i, v)
			}
		}
		for a := int32(i); a >= 0; a = t.Parent[a] {
			w.leaves[a] = append(w.leaves[a], int32(i))
		}
	}
	w.flags = make([]bool, n*(w.bands+1))
	w.sums = make([]float64, n*(w.bands+1))
	for i := range n {
		for _, l := range w.leaves[i] {
			for b, v := range t.People[l] {
				w.sums[i*(w.bands+1)+b] += v
				w.sums[i*(w.bands+1)+w.bands] += v
			}
		}
	}
	return w, nil
}

// figure is a count: of a band, or of all for band = bands.
type figure struct{ node, band int32 }

func (w *treeWork) at(f figure) int { return int(f.node)*(w.bands+1) + int(f.band) }

// targets are the small counts, those of larger territories first, of all
// bands before single ones.
func (w *treeWork) targets() []figure {
	var out []figure
	for i := range w.Parent {
		for b := w.bands; b >= 0; b-- {
			f := figure{int32(i), int32(b)}
			if v := w.sums[w.at(f)]; v > tiny && v < w.k-tiny {
				out = append(out, f)
			}
		}
	}
	slices.SortStableFunc(out, func(x, y figure) int {
		return cmp.Or(cmp.Compare(w.depth[x.node], w.depth[y.node]), cmp.Compare(y.band, x.band))
	})
	return out
}

// exchange is a witness: people come to (to, band), from leaf from in the same
// band (−1: from nowhere else), and those of band2 (−1: none) go the other way.
type exchange struct {
	to, from    int32
	band, band2 int32
	common      int32 // the smallest node that holds both; −1: there is none
}

// hide finds the exchange that hides least beyond what is hidden, and hides it.
func (w *treeWork) hide(f figure) {
	best, least := exchange{}, math.Inf(1)
	try := func(x exchange) {
		if c := w.cost(x); c < least {
			best, least = x, c
		}
	}
	for _, to := range w.leaves[f.node] {
		w.within(f, to, try)
		// The nearest relatives that can take part; farther ones hide more.
		for up := w.Parent[f.node]; up >= 0 && math.IsInf(least, 1); up = w.Parent[up] {
			w.among(f, to, up, try)
		}
	}
	if math.IsInf(least, 1) {
		for _, to := range w.leaves[f.node] {
			w.amongRoots(f, to, try)
		}
	}
	if math.IsInf(least, 1) {
		// Nobody to change places with: the number itself is all that can change.
		band := f.band
		if int(band) == w.bands {
			band = 0
		}
		best = exchange{w.leaves[f.node][0], -1, band, -1, -1}
	}
	w.affected(best, func(g figure) { w.flags[w.at(g)] = true })
}

func (w *treeWork) enough(leaf, band int32) bool { return w.People[leaf][band] >= w.step-tiny }

// within exchanges bands of one territory.
func (w *treeWork) within(f figure, to int32, try func(exchange)) {
	if int(f.band) == w.bands {
		return
	}
	for b := range int32(w.bands) {
		if b != f.band && w.enough(to, b) {
			try(exchange{to, -1, f.band, b, -1})
		}
	}
}

// among exchanges with the territories below a node that are not below the
// figure's.
func (w *treeWork) among(f figure, to, up int32, try func(exchange)) {
	for _, from := range w.leaves[up] {
		if slices.Contains(w.leaves[f.node], from) {
			continue
		}
		w.between(f, to, from, up, try)
	}
}

func (w *treeWork) amongRoots(f figure, to int32, try func(exchange)) {
	root := f.node
	for w.Parent[root] >= 0 {
		root = w.Parent[root]
	}
	for i := range w.Parent {
		if w.Parent[i] >= 0 || int32(i) == root {
			continue
		}
		for _, from := range w.leaves[i] {
			w.between(f, to, from, -1, try)
		}
	}
}

func (w *treeWork) between(f figure, to, from, common int32, try func(exchange)) {
	bands := []int32{f.band}
	if int(f.band) == w.bands {
		bands = bands[:0]
		for b := range int32(w.bands) {
			bands = append(bands, b)
		}
	}
	for _, b := range bands {
		if !w.enough(from, b) {
			continue
		}
		try(exchange{to, from, b, -1, common})
		if int(f.band) == w.bands {
			continue
		}
		for b2 := range int32(w.bands) {
			if b2 != b && w.enough(to, b2) {
				try(exchange{to, from, b, b2, common})
			}
		}
	}
}

// affected calls yield for each figure that an exchange changes.
func (w *treeWork) affected(x exchange, yield func(figure)) {
	walk := func(leaf int32) {
		for n := leaf; n >= 0 && n != x.common; n = w.Parent[n] {
			yield(figure{n, x.band})
			if x.band2 >= 0 {
				yield(figure{n, x.band2})
			} else {
				yield(figure{n, int32(w.bands)})
			}
		}
	}
	walk(x.to)
	if x.from >= 0 {
		walk(x.from)
	}
}

// cost is what an exchange hides that is not hidden yet: a total more than a
// band, a large territory more than a small one.
func (w *treeWork) cost(x exchange) float64 {
	cost := 0.0
	w.affected(x, func(g figure) {
		i := w.at(g)
		if w.flags[i] {
			return
		}
		weight := 1 + math.Log1p(w.sums[i])
		if int(g.band) == w.bands {
			weight *= 30
			if w.Elsewhere != nil {
				weight = math.Inf(1) // told there
			}
		}
		if w.People[g.node] == nil {
			weight *= 100
		}
		cost += weight
	})
	return cost
}
