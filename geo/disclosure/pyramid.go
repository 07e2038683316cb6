package disclosure

import (
	"cmp"
	"context"
	"math"
	"slices"

	"contado/geo/fault"
)

// Pyramids are people by territory, age and sex, told beside people by age
// (and by sex) of the same territories, which have a verdict of their own. The
// pyramid of a territory is told whole or not at all.
type Pyramids struct {
	// Parent is the index of each node's parent, −1 for roots; a parent comes
	// before its children.
	Parent []int32
	// Women and Men are those of a node without children, by age; nil for
	// others. All have the same number of ages.
	Women, Men [][]float64
	// Hidden reports whether the people of an age of a node, women and men
	// together, are hidden; nil: they are all told.
	Hidden func(node, age int) bool
}

const opPyramid = "disclosure.Pyramids"

// Protect finds the nodes whose pyramids may be told: those without a count
// above 0 and below threshold (0 is DefaultThreshold), less those that would
// tell such a count of another node by subtraction. Each small count that is
// not told has a witness: people could be dealt out otherwise, with every told
// pyramid, every told number of an age and every number of a sex the same, so
// that it is larger by threshold − 1, or is everybody of its age or of its sex
// there when those are fewer.
//
// A witness moves people of two ages between two territories that the same
// told pyramids hold: either the sexes change places, and the ages stay as
// they are; or the ages do, where the numbers of both ages are hidden.
// Errors: fault.Invalid, fault.Canceled.
func (p *Pyramids) Protect(ctx context.Context, threshold float64) ([]bool, error) {
	k, err := checkThreshold(threshold)
	if err != nil {
		return nil, err
	}
	w, err := p.prepare(k)
	if err != nil {
		return nil, err
	}
	for i, c := range w.targets() {
		if i&0xff == 0 && ctx.Err() != nil {
			return nil, fault.E(opPyramid, fault.Canceled, ctx.Err())
		}
		w.settle(c)
	}
	return w.told, nil
}

// sexCount is the number of people of a sex (0 women, 1 men) and age of a node.
type sexCount struct {
	node int32
	sex  int
	age  int
}

type pyramidWork struct {
	*Pyramids
	ages    int
	k, step float64
	sums    [2][][]float64 // by sex, node and age
	leaves  [][]int32      // below each node, itself when it is one
	told    []bool
	group   []int32 // the lowest told node that holds a leaf; −1: none
}

func (p *Pyramids) prepare(k float64) (*pyramidWork, error) {
	n := len(p.Parent)
	if len(p.Women) != n || len(p.Men) != n {
		return nil, fault.Errorf(opPyramid, fault.Invalid, "%d nodes with women of %d and men of %d", n, len(p.Women), len(p.Men))
	}
	w := &pyramidWork{Pyramids: p, k: k, step: math.Max(1, math.Ceil(k)-1), leaves: make([][]int32, n), told: make([]bool, n), group: make([]int32, n)}
	for i, women := range p.Women {
		if par := p.Parent[i]; par >= int32(i) || par < -1 || (par >= 0 && p.Women[par] != nil) {
			return nil, fault.Errorf(opPyramid, fault.Invalid, "node %d has parent %d, which does not come before it or has people of its own", i, par)
		}
		if women == nil {
			continue
		}
		if w.ages == 0 {
			w.ages = len(women)
		}
		if len(women) != w.ages || len(p.Men[i]) != w.ages {
			return nil, fault.Errorf(opPyramid, fault.Invalid, "node %d has women of %d ages and men of %d, others %d", i, len(women), len(p.Men[i]), w.ages)
		}
		for a := range women {
			if sum := women[a] + p.Men[i][a]; !(women[a] >= 0 && p.Men[i][a] >= 0) || math.IsInf(sum, 0) {
				return nil, fault.Errorf(opPyramid, fault.Invalid, "node %d has %v women and %v men of an age", i, women[a], p.Men[i][a])
			}
		}
		for v := int32(i); v >= 0; v = p.Parent[v] {
			w.leaves[v] = append(w.leaves[v], int32(i))
		}
	}
	w.sum()
	for i := range w.told {
		w.told[i] = len(w.leaves[i]) > 0 && !slices.ContainsFunc(w.of(int32(i)), w.small)
	}
	w.regroup()
	return w, nil
}

func (w *pyramidWork) sum() {
	for s, of := range [][][]float64{w.Women, w.Men} {
		w.sums[s] = make([][]float64, len(w.Parent))
		for i := range w.Parent {
			w.sums[s][i] = make([]float64, w.ages)
			for _, l := range w.leaves[i] {
				for a, v := range of[l] {
					w.sums[s][i][a] += v
				}
			}
		}
	}
}

// of are the counts of a node.
func (w *pyramidWork) of(node int32) []sexCount {
	out := make([]sexCount, 0, 2*w.ages)
	for s := range 2 {
		for a := range w.ages {
			out = append(out, sexCount{node, s, a})
		}
	}
	return out
}

func (w *pyramidWork) small(c sexCount) bool {
	v := w.sums[c.sex][c.node][c.age]
	return v > tiny && v < w.k-tiny
}

// regroup finds the lowest told node of each leaf.
func (w *pyramidWork) regroup() {
	for i := range w.group {
		w.group[i] = -1
		if w.Women[i] != nil {
			w.group[i] = w.lowestTold(int32(i))
		}
	}
}

// lowestTold is the first told node on the way up from a node, or −1.
func (w *pyramidWork) lowestTold(node int32) int32 {
	for node >= 0 && !w.told[node] {
		node = w.Parent[node]
	}
	return node
}

// targets are the small counts of nodes that are not told. Whatever is left
// untold later has none, and more room for the witnesses of others.
func (w *pyramidWork) targets() []sexCount {
	var out []sexCount
	for i := range w.Parent {
		if w.told[i] {
			continue
		}
		for _, c := range w.of(int32(i)) {
			if w.small(c) {
				out = append(out, c)
			}
		}
	}
	return out
}

// settle leaves pyramids untold until a count has a witness: beside it, the
// one of the fewest people that gives one; else the one around it.
func (w *pyramidWork) settle(c sexCount) {
	for {
		around := w.lowestTold(c.node)
		if around < 0 || w.witness(c, around, -1) {
			return
		}
		if beside := w.beside(c, around); beside >= 0 {
			w.told[beside] = false
		} else {
			w.told[around] = false
		}
		w.regroup()
	}
}

// beside finds the told node right below another one whose people give a
// witness, or −1.
func (w *pyramidWork) beside(c sexCount, around int32) int32 {
	var list []int32
	for i := range w.told {
		if w.told[i] && int32(i) != around && w.Parent[i] >= 0 && w.lowestTold(w.Parent[i]) == around {
			list = append(list, int32(i))
		}
	}
	slices.SortStableFunc(list, func(x, y int32) int { return cmp.Compare(w.people(x), w.people(y)) })
	for _, i := range list {
		if w.witness(c, around, i) {
			return i
		}
	}
	return -1
}

func (w *pyramidWork) people(node int32) float64 {
	sum := 0.0
	for s := range 2 {
		for _, v := range w.sums[s][node] {
			sum += v
		}
	}
	return sum
}

// witness reports whether a count has one among the leaves of a told node
// that no lower told node holds, and those of another told node beside
// (−1: none), were that one not told.
func (w *pyramidWork) witness(c sexCount, around, beside int32) bool {
	free := func(l int32) bool { return w.group[l] == around || beside >= 0 && w.group[l] == beside }
	inside := w.leaves[c.node]
	for _, to := range inside {
		if !free(to) {
			continue
		}
		for _, from := range w.leaves[around] {
			if free(from) && !slices.Contains(inside, from) && (w.sexesChange(c, to, from) || w.agesChange(c, to, from)) {
				return true
			}
		}
	}
	return false
}

// sexesChange: people of the count's sex come to a leaf and as many of the
// other leave, the other way round in another age, and the opposite in the
// other leaf: all ages and sexes of both stay as they are.
func (w *pyramidWork) sexesChange(c sexCount, to, from int32) bool {
	other := 1 - c.sex
	n := math.Min(w.step, math.Min(w.sums[other][c.node][c.age], w.otherAges(c)))
	if n <= tiny || w.sums[other][to][c.age] < n-tiny || w.sums[c.sex][from][c.age] < n-tiny {
		return false
	}
	for a := range w.ages {
		if a != c.age && w.sums[c.sex][to][a] >= n-tiny && w.sums[other][from][a] >= n-tiny {
			return true
		}
	}
	return false
}

// otherAges are the people of the sex of a count and of the other ages.
func (w *pyramidWork) otherAges(c sexCount) float64 {
	sum := 0.0
	for a, v := range w.sums[c.sex][c.node] {
		if a != c.age {
			sum += v
		}
	}
	return sum
}

// agesChange: people of the count's sex change their age in a leaf, and as
// many the other way in the other leaf: all sexes and people stay as they are.
func (w *pyramidWork) agesChange(c sexCount, to, from int32) bool {
	if w.Hidden == nil || w.sums[c.sex][from][c.age] < w.step-tiny {
		return false
	}
	for a := range w.ages {
		if a != c.age && w.sums[c.sex][to][a] >= w.step-tiny && w.open(to, from, c.age, a) {
			return true
		}
	}
	return false
}

// open reports whether the numbers of two ages are hidden in all nodes that
// hold one of two leaves and not the other.
func (w *pyramidWork) open(x, y int32, ages ...int) bool {
	up := map[int32]bool{}
	for v := x; v >= 0; v = w.Parent[v] {
		up[v] = true
	}
	common := y
	for common >= 0 && !up[common] {
		common = w.Parent[common]
	}
	for _, leaf := range []int32{x, y} {
		for v := leaf; v != common && v >= 0; v = w.Parent[v] {
			for _, a := range ages {
				if !w.Hidden(int(v), a) {
					return false
				}
			}
		}
	}
	return true
}
