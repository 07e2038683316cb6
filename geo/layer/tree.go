package layer

// node is a treap of entries by feature id whose nodes never change: putting
// one in copies the path to it, so that older states keep theirs. Priorities
// are hashes of the ids, which makes the shape depend on the ids alone.
type node struct {
	entry       *entry
	priority    uint64
	left, right *node
}

// mix spreads an id over 64 bits (splitmix64: Steele, Lea and Flood 2014,
// "Fast splittable pseudorandom number generators", figure 15).
func mix(id int64) uint64 {
	z := uint64(id) + 0x9e3779b97f4a7c15 //nolint:gosec // the bits of any id
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (n *node) get(id int64) *entry {
	for n != nil {
		switch {
		case id < n.entry.feature.ID:
			n = n.left
		case id > n.entry.feature.ID:
			n = n.right
		default:
			return n.entry
		}
	}
	return nil
}

// put gives the tree with e in place of the entry of its id.
func (n *node) put(e *entry) *node {
	if n == nil {
		return &node{entry: e, priority: mix(e.feature.ID)}
	}
	c := *n
	switch id := e.feature.ID; {
	case id < n.entry.feature.ID:
		c.left = n.left.put(e)
		if l := c.left; l.priority > c.priority { // l is new: it may be changed
			c.left, l.right = l.right, &c
			return l
		}
	case id > n.entry.feature.ID:
		c.right = n.right.put(e)
		if r := c.right; r.priority > c.priority {
			c.right, r.left = r.left, &c
			return r
		}
	default:
		c.entry = e
	}
	return &c
}

// walker goes through a tree by ascending id.
type walker struct {
	stack []*node
}

// from starts at the first id greater than after.
func (n *node) from(after int64) *walker {
	w := &walker{}
	for n != nil {
		if n.entry.feature.ID > after {
			w.stack = append(w.stack, n)
			n = n.left
		} else {
			n = n.right
		}
	}
	return w
}

// first starts at the least id of all.
func (n *node) first() *walker {
	w := &walker{}
	w.down(n)
	return w
}

func (w *walker) down(n *node) {
	for ; n != nil; n = n.left {
		w.stack = append(w.stack, n)
	}
}

// next is nil at the end.
func (w *walker) next() *entry {
	if len(w.stack) == 0 {
		return nil
	}
	n := w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	w.down(n.right)
	return n.entry
}

// pageBits is how many bits one page of a set has: what a change copies.
const pageBits = 1 << 15

// bitset is a set of small numbers in pages; sets that follow one another
// share the pages that did not change.
type bitset struct {
	pages []*[pageBits / 64]uint64 // nil: none of its numbers
	n     int
}

func (s *bitset) has(i int) bool {
	page := i / pageBits
	if page >= len(s.pages) || s.pages[page] == nil {
		return false
	}
	return s.pages[page][i%pageBits/64]>>(i%64)&1 == 1
}

// bitsetEditor makes the next set: each page is copied once.
type bitsetEditor struct {
	bitset
	own map[int]bool
}

func (s *bitset) edit() *bitsetEditor {
	return &bitsetEditor{bitset{append([]*[pageBits / 64]uint64(nil), s.pages...), s.n}, map[int]bool{}}
}

func (e *bitsetEditor) add(i int) {
	if e.has(i) {
		return
	}
	page := i / pageBits
	for page >= len(e.pages) {
		e.pages = append(e.pages, nil)
	}
	if !e.own[page] {
		var fresh [pageBits / 64]uint64
		if old := e.pages[page]; old != nil {
			fresh = *old
		}
		e.pages[page], e.own[page] = &fresh, true
	}
	e.pages[page][i%pageBits/64] |= 1 << (i % 64)
	e.n++
}
