package classify

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

const (
	maxNeighbours     = 31
	defaultNeighbours = 5
	defaultKept       = 20_000
	leafSize          = 12
)

// nearest is the vote of the k samples whose scaled values lie nearest (Cover,
// Hart 1967, IEEE Transactions on Information Theory 13, 21–27), found
// exactly in a k-d tree (Friedman, Bentley, Finkel 1977, ACM Transactions on
// Mathematical Software 3, 209–226), to the precision of float32. Of samples at one distance those given
// first count; a tied vote goes to the class whose voters are nearer in sum,
// then to the lower class.
type nearest struct {
	bands, k, classes int
	mean, sd          []float64
	points            []float32 // scaled, in the tree's order
	labels            []uint8   // index of the class
	order             []int32   // place among the samples
	nodes             []kdNode
}

// kdNode splits its points by a band, or holds points[lo:hi] when left < 0.
type kdNode struct {
	split       float32
	band        int32
	left, right int32
	lo, hi      int32
}

func trainNearest(s *Samples, classes []uint8, o *Options) (*nearest, int, error) {
	t := &nearest{bands: s.Bands, k: o.Neighbours, classes: len(classes)}
	if t.k == 0 {
		t.k = defaultNeighbours
	}
	if t.k < 1 || t.k > maxNeighbours {
		return nil, 0, fmt.Errorf("%d neighbours; 1 to %d can vote", o.Neighbours, maxNeighbours)
	}
	kept := o.MaxSamples
	if kept == 0 {
		kept = defaultKept
	}
	if kept < len(classes) {
		return nil, 0, fmt.Errorf("%d samples do not do for %d classes", kept, len(classes))
	}
	at := thin(s.Labels, classes, kept)
	t.k = min(t.k, len(at))
	t.mean, t.sd = s.scaling()
	index := indexOf(classes)
	points := make([]float32, 0, len(at)*s.Bands)
	for _, i := range at {
		for j, v := range s.row(i) {
			points = append(points, t.scale(v, j))
		}
	}
	t.order = make([]int32, len(at))
	for i := range t.order {
		t.order[i] = int32(i)
	}
	t.build(points, 0, len(at))
	t.points = make([]float32, 0, len(points))
	for _, i := range t.order {
		t.points = append(t.points, points[int(i)*s.Bands:int(i+1)*s.Bands]...)
		t.labels = append(t.labels, index[s.Labels[at[i]]])
	}
	return t, len(at), nil
}

func (t *nearest) scale(v float32, j int) float32 {
	return float32((float64(v) - t.mean[j]) / t.sd[j])
}

// thin picks about the same number of samples of each class, at even steps
// through their order; classes with fewer leave their share to the others.
func thin(labels, classes []uint8, most int) []int {
	byClass := make([][]int, len(classes))
	index := indexOf(classes)
	for i, l := range labels {
		byClass[index[l]] = append(byClass[index[l]], i)
	}
	slices.SortStableFunc(byClass, func(a, b []int) int { return cmp.Compare(len(a), len(b)) })
	var out []int
	for c, at := range byClass {
		share := min(len(at), (most-len(out))/(len(byClass)-c))
		for i := range share {
			out = append(out, at[i*len(at)/share])
		}
	}
	slices.Sort(out)
	return out
}

// build makes the node of order[lo:hi] and those below, and gives its number.
func (t *nearest) build(points []float32, lo, hi int) int32 {
	me := int32(len(t.nodes))
	t.nodes = append(t.nodes, kdNode{left: -1, lo: int32(lo), hi: int32(hi)})
	if hi-lo <= leafSize {
		return me
	}
	band, width := 0, float32(-1)
	for j := range t.bands {
		least, most := float32(math.Inf(1)), float32(math.Inf(-1))
		for _, i := range t.order[lo:hi] {
			v := points[int(i)*t.bands+j]
			least, most = min(least, v), max(most, v)
		}
		if most-least > width {
			band, width = j, most-least
		}
	}
	if width <= 0 { // all alike
		return me
	}
	value := func(i int32) float32 { return points[int(i)*t.bands+band] }
	slices.SortFunc(t.order[lo:hi], func(a, b int32) int { return cmp.Or(cmp.Compare(value(a), value(b)), cmp.Compare(a, b)) })
	mid := (lo + hi) / 2
	for mid > lo+1 && value(t.order[mid]) == value(t.order[mid-1]) {
		mid--
	}
	if value(t.order[mid]) == value(t.order[mid-1]) { // the lowest value fills the lower half
		for value(t.order[mid]) == value(t.order[lo]) {
			mid++
		}
	}
	split := value(t.order[mid])
	left := t.build(points, lo, mid)
	right := t.build(points, mid, hi)
	n := &t.nodes[me]
	n.band, n.split, n.left, n.right = int32(band), split, left, right
	return me
}

// neighbour is a candidate.
type neighbour struct {
	dist  float32
	order int32 // among the samples: breaks ties
	at    int32 // in the tree
}

func (a neighbour) before(b neighbour) bool {
	return a.dist < b.dist || (a.dist == b.dist && a.order < b.order)
}

// search is the state of one query after another.
type search struct {
	tree  *nearest
	x     [MaxBands]float32
	off   [MaxBands]float32 // distance² to the current box, by band
	found [maxNeighbours]neighbour
	n     int
	limit float32 // no neighbour lies farther
}

func (t *nearest) predict(dst []uint8, confidence []float32, mask []uint8, bands [][]float32) {
	s := &search{tree: t}
	votes, sums := make([]int, t.classes), make([]float64, t.classes)
	for i := range dst {
		if mask[i] == 0 {
			continue
		}
		for j, b := range bands {
			s.x[j] = t.scale(b[i], j)
		}
		s.run()
		clear(votes)
		clear(sums)
		for _, f := range s.found[:s.n] {
			votes[t.labels[f.at]]++
			sums[t.labels[f.at]] += float64(f.dist)
		}
		best := 0
		for c := range votes {
			if votes[c] > votes[best] || (votes[c] == votes[best] && sums[c] < sums[best]) {
				best = c
			}
		}
		dst[i] = uint8(best)
		if confidence != nil {
			confidence[i] = float32(votes[best]) / float32(s.n)
		}
	}
}

// slack keeps rounding from cutting off a neighbour at the very limit: sums
// of up to 64 squares are right to 4e-6.
const slack = 1 + 1e-5

// far is beyond every sample; read-only.
var far = float32(math.Inf(1))

// run finds the nearest samples of x. Those of the cell before, k different
// samples, bound how far they can be.
func (s *search) run() {
	s.limit = 0
	if s.n < s.tree.k {
		s.limit = far
	}
	for _, f := range s.found[:s.n] {
		s.limit = max(s.limit, s.distance(int(f.at), far))
	}
	s.limit *= slack
	s.n = 0
	clear(s.off[:s.tree.bands])
	s.visit(0, 0)
}

// distance² of x and a sample, or any number over limit once it is passed.
func (s *search) distance(at int, limit float32) float32 {
	d := s.tree.bands
	p := s.tree.points[at*d : at*d+d]
	x := s.x[:len(p)]
	var sum float32
	for len(p) >= 4 && len(x) >= 4 {
		e, f, g, h := p[0]-x[0], p[1]-x[1], p[2]-x[2], p[3]-x[3]
		sum += float32(e*e) + float32(f*f) + (float32(g*g) + float32(h*h))
		if sum > limit {
			return sum
		}
		p, x = p[4:], x[4:]
	}
	for j, v := range p {
		e := v - x[j]
		sum += float32(e * e)
	}
	return sum
}

// visit searches a node whose box is at distance² dist.
func (s *search) visit(node int32, dist float32) {
	n := &s.tree.nodes[node]
	if n.left < 0 {
		for at := n.lo; at < n.hi; at++ {
			if d := s.distance(int(at), s.limit); d <= s.limit {
				s.offer(neighbour{d, s.tree.order[at], at})
			}
		}
		return
	}
	diff := s.x[n.band] - n.split
	near, other := n.left, n.right
	if diff >= 0 {
		near, other = other, near
	}
	s.visit(near, dist)
	old := s.off[n.band]
	if away := dist - old + diff*diff; away <= s.limit*slack {
		s.off[n.band] = diff * diff
		s.visit(other, away)
		s.off[n.band] = old
	}
}

// offer keeps the k best, sorted.
func (s *search) offer(c neighbour) {
	k := s.tree.k
	if s.n == k && !c.before(s.found[k-1]) {
		return
	}
	if s.n < k {
		s.n++
	}
	i := s.n - 1
	for i > 0 && c.before(s.found[i-1]) {
		s.found[i] = s.found[i-1]
		i--
	}
	s.found[i] = c
	if s.n == k {
		s.limit = min(s.limit, s.found[k-1].dist)
	}
}
