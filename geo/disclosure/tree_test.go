package disclosure_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"contado/geo/disclosure"
)

// published are the counts of a tree, by node and band (the last is all).
func published(t *disclosure.Tree, people [][]float64) [][]float64 {
	bands := 0
	for _, p := range people {
		bands = max(bands, len(p))
	}
	out := make([][]float64, len(t.Parent))
	for i := range out {
		out[i] = make([]float64, bands+1)
	}
	for i, p := range people {
		for n := int32(i); n >= 0 && p != nil; n = t.Parent[n] {
			for b, v := range p {
				out[n][b] += v
				out[n][bands] += v
			}
		}
	}
	return out
}

// smallTree is a tree of few people; every leaf has two bands, so that all
// tables that could be behind it can be written down.
func smallTree(rng *rand.Rand) *disclosure.Tree {
	shapes := [][]int32{
		{-1, 0, 0, 0},
		{-1, 0, 0, 1, 1, 2, 2},
		{-1, 0, 0, 1, 1, 2},
		{-1, 0, -1, 2},
	}
	t := &disclosure.Tree{Parent: shapes[rng.IntN(len(shapes))]}
	inner := map[int32]bool{}
	for _, p := range t.Parent {
		inner[p] = true
	}
	for i := range t.Parent {
		if inner[int32(i)] {
			t.People = append(t.People, nil)
			continue
		}
		t.People = append(t.People, []float64{float64(rng.IntN(5)), float64(rng.IntN(5))})
	}
	return t
}

// bounds are the least and the largest counts of all tables that agree with
// what is shown.
func bounds(tree *disclosure.Tree, most int, truth [][]float64, shown func(n, b int) bool) (low, high [][]float64) {
	low, high = published(tree, tree.People), published(tree, tree.People)
	everyTable(tree, most, truth, shown, func(table [][]float64) {
		for n := range table {
			for b, v := range table[n] {
				low[n][b], high[n][b] = min(low[n][b], v), max(high[n][b], v)
			}
		}
	})
	return low, high
}

// TestTreeAgainstEveryTable writes down every table of whole people that
// agrees with what is published, and looks what it says of the hidden counts.
func TestTreeAgainstEveryTable(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 17))
	const k, most = 3, 7
	small, hidden, all := 0, 0, 0
	for range 50 {
		tree := smallTree(rng)
		h, err := tree.Protect(context.Background(), k)
		if err != nil {
			t.Fatal(err)
		}
		truth := published(tree, tree.People)
		shown := func(n, b int) bool {
			if b == 2 {
				return !h.All(n)
			}
			return !h.Band(n, b)
		}
		low, high := bounds(tree, most, truth, shown)
		for n := range truth {
			for b, v := range truth[n] {
				all++
				if !shown(n, b) {
					hidden++
				}
				if v == 0 || v >= k {
					continue
				}
				small++
				if high[n][b]-low[n][b] < k-1 {
					t.Fatalf("tree %v of %v: node %d band %d has %v people, and what is published leaves %v to %v",
						tree.Parent, tree.People, n, b, v, low[n][b], high[n][b])
				}
			}
		}
	}
	if small < 100 || hidden >= all*9/10 {
		t.Errorf("%d small counts, %d of %d hidden: this proves little", small, hidden, all)
	}
	t.Logf("%d small counts; %d of %d hidden", small, hidden, all)
}

// everyTable calls yield for each table of up to most people a cell that
// agrees with what is shown. Leaves are dealt one by one; a node is checked
// when its last leaf is dealt.
func everyTable(t *disclosure.Tree, most int, truth [][]float64, shown func(n, b int) bool, yield func([][]float64)) {
	var leaves []int
	last := map[int]int{} // node → its last leaf
	for i, p := range t.People {
		if p != nil {
			leaves = append(leaves, i)
			for n := int32(i); n >= 0; n = t.Parent[n] {
				last[int(n)] = i
			}
		}
	}
	sums := make([][3]float64, len(t.Parent))
	var deal func(at int)
	deal = func(at int) {
		if at == len(leaves) {
			out := make([][]float64, len(sums))
			for i := range sums {
				out[i] = sums[i][:]
			}
			yield(out)
			return
		}
		leaf := leaves[at]
		put := func(x, y, sign float64) {
			for n := int32(leaf); n >= 0; n = t.Parent[n] {
				sums[n][0] += sign * x
				sums[n][1] += sign * y
				sums[n][2] += sign * (x + y)
			}
		}
		for x := range most + 1 {
			for y := range most + 1 {
				put(float64(x), float64(y), 1)
				ok := true
				for n := int32(leaf); n >= 0 && ok; n = t.Parent[n] {
					for b := range 3 {
						if shown(int(n), b) && (sums[n][b] > truth[n][b] || last[int(n)] == leaf && sums[n][b] != truth[n][b]) {
							ok = false
						}
					}
				}
				if ok {
					deal(at + 1)
				}
				put(float64(x), float64(y), -1)
			}
		}
	}
	deal(0)
}

// TestTreeHidesFew: one small count of many costs one other, in the same
// parent, and no total of larger territories.
func TestTreeHidesFew(t *testing.T) {
	t.Parallel()
	tree := &disclosure.Tree{Parent: []int32{-1, 0, 0, 1, 1, 1, 2, 2}, People: [][]float64{
		nil, nil, nil, {2, 0}, {300, 40}, {500, 80}, {200, 30}, {900, 90},
	}}
	h, err := tree.Protect(context.Background(), 3)
	if err != nil {
		t.Fatal(err)
	}
	if !h.All(3) || !h.Band(3, 0) {
		t.Error("two people are shown")
	}
	for _, n := range []int{0, 1, 2, 5, 6, 7} {
		if h.Any(n) {
			t.Errorf("node %d is hidden without need", n)
		}
	}
	if !h.All(4) {
		t.Error("the two people can be computed from their province")
	}
	if _, err := (&disclosure.Tree{Parent: []int32{0}, People: [][]float64{{1}}}).Protect(context.Background(), 3); err == nil {
		t.Error("a node that is its own parent is taken")
	}
}

// TestTreeBesideAnother: a table by class of territories whose numbers of
// people another table tells, or hides, tells no small count; held against
// every table that agrees with both.
func TestTreeBesideAnother(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 23))
	const k, most = 3, 7
	small, hidden, all := 0, 0, 0
	for range 60 {
		tree := smallTree(rng)
		totals := &disclosure.Tree{Parent: tree.Parent}
		for _, p := range tree.People {
			if p != nil {
				p = []float64{p[0] + p[1]}
			}
			totals.People = append(totals.People, p)
		}
		told, err := totals.Protect(context.Background(), k)
		if err != nil {
			t.Fatal(err)
		}
		tree.Elsewhere = told.All
		h, err := tree.Protect(context.Background(), k)
		if err != nil {
			t.Fatal(err)
		}
		truth := published(tree, tree.People)
		shown := func(n, b int) bool {
			if b == 2 {
				return !told.All(n)
			}
			return !h.Band(n, b)
		}
		low, high := bounds(tree, most, truth, shown)
		for n := range truth {
			if told.All(n) && !h.All(n) {
				t.Fatalf("node %d is hidden there, and told here", n)
			}
			for b, v := range truth[n] {
				all++
				if !shown(n, b) {
					hidden++
				}
				if v > 0 && v < k {
					small++
					if high[n][b]-low[n][b] < k-1 {
						t.Errorf("tree %v of %v: node %d band %d has %v people, and what is published leaves %v to %v", tree.Parent, tree.People, n, b, v, low[n][b], high[n][b])
					}
				}
			}
		}
	}
	if small < 100 || hidden >= all*9/10 {
		t.Errorf("%d small counts, %d of %d hidden: this proves little", small, hidden, all)
	}
}
