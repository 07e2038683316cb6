package disclosure_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"contado/geo/disclosure"
	"contado/geo/fault"
)

// somePyramids are those of few people of two ages, so that all tables that
// could be behind them can be written down.
func somePyramids(rng *rand.Rand) *disclosure.Pyramids {
	shapes := [][]int32{{-1, 0, 0, 0}, {-1, 0, 0, 1, 1}, {-1, 0, 0, 1, 1, 2}, {-1, -1, 0, 0}}
	p := &disclosure.Pyramids{Parent: shapes[rng.IntN(len(shapes))]}
	inner := map[int32]bool{}
	for _, v := range p.Parent {
		inner[v] = true
	}
	for i := range p.Parent {
		var women, men []float64
		if !inner[int32(i)] {
			for range 2 {
				women, men = append(women, float64(rng.IntN(8))), append(men, float64(rng.IntN(8)))
			}
		}
		p.Women, p.Men = append(p.Women, women), append(p.Men, men)
	}
	return p
}

// ages is the verdict on people by age, and those people: [node][age].
func ages(t *testing.T, p *disclosure.Pyramids, k float64) (*disclosure.Hidden, [][]float64) {
	t.Helper()
	tree := &disclosure.Tree{Parent: p.Parent}
	for i, w := range p.Women {
		var n []float64
		for a := range w {
			n = append(n, w[a]+p.Men[i][a])
		}
		tree.People = append(tree.People, n)
	}
	h, err := tree.Protect(context.Background(), k)
	if err != nil {
		t.Fatal(err)
	}
	return h, published(tree, tree.People)
}

// TestPyramidsAgainstEveryTable deals the people out in every way that agrees
// with what is told (pyramids; people by age where they are not hidden; all
// women and all men of every territory), and looks how large each small count
// may be.
func TestPyramidsAgainstEveryTable(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(11, 7))
	const k = 3
	told, kept, small := 0, 0, 0
	for range 400 {
		p := somePyramids(rng)
		h, people := ages(t, p, k)
		p.Hidden = h.Band
		ok, err := p.Protect(context.Background(), k)
		if err != nil {
			t.Fatal(err)
		}
		women := published(&disclosure.Tree{Parent: p.Parent}, p.Women)
		men := published(&disclosure.Tree{Parent: p.Parent}, p.Men)
		most := attackPyramids(p, ok, h, people)
		for n := range p.Parent {
			if ok[n] {
				told++
			} else {
				kept++
			}
			for a := range 2 {
				for s, truth := range []float64{women[n][a], men[n][a]} {
					if truth == 0 || truth >= k {
						continue
					}
					if ok[n] {
						t.Fatalf("%v %v %v: node %d is told with %g", p.Parent, p.Women, p.Men, n, truth)
					}
					small++
					want := math.Min(truth+k-1, byMargins(p, ok, n, a, s, people))
					if most[n][a][s] < want {
						t.Fatalf("parents %v, women %v, men %v, told %v: sex %d of age %d of node %d is %g and at most %g, want %g",
							p.Parent, p.Women, p.Men, ok, s, a, n, truth, most[n][a][s], want)
					}
				}
			}
		}
	}
	if told < 100 || kept < 100 || small < 100 {
		t.Errorf("%d pyramids told, %d not, %d small counts: too few to tell anything", told, kept, small)
	}
}

// byMargins is the most that a count may be by the numbers of ages and of sexes of
// the territories whose pyramids are not told.
func byMargins(p *disclosure.Pyramids, told []bool, node, age, sex int, people [][]float64) float64 {
	sum := 0.0
	for i, w := range p.Women {
		of := [2][]float64{w, p.Men[i]}[sex]
		below, known := false, false
		for v := int32(i); v >= 0; v = p.Parent[v] {
			known = known || told[v] && !below
			below = below || v == int32(node)
		}
		switch {
		case w == nil || !below:
		case known:
			sum += of[age]
		default:
			sum += math.Min(people[i][age], of[0]+of[1])
		}
	}
	return sum
}

// attackPyramids is the most that each count may be: [node][age][sex].
func attackPyramids(p *disclosure.Pyramids, told []bool, h *disclosure.Hidden, people [][]float64) [][2][2]float64 {
	most := make([][2][2]float64, len(p.Parent))
	var leaves []int
	for i, w := range p.Women {
		if w != nil {
			leaves = append(leaves, i)
		}
	}
	truth := [2][][]float64{published(&disclosure.Tree{Parent: p.Parent}, p.Women), published(&disclosure.Tree{Parent: p.Parent}, p.Men)}
	now := [2][][]float64{make([][]float64, len(p.Parent)), make([][]float64, len(p.Parent))}
	for s := range now {
		for i := range now[s] {
			now[s][i] = make([]float64, 2)
		}
	}
	agrees := func() bool {
		for i := range p.Parent {
			for a := range 2 {
				if told[i] && (now[0][i][a] != truth[0][i][a] || now[1][i][a] != truth[1][i][a]) {
					return false
				}
				if !h.Band(i, a) && now[0][i][a]+now[1][i][a] != people[i][a] {
					return false
				}
			}
		}
		return true
	}
	var deal func(at int)
	deal = func(at int) {
		if at == len(leaves) {
			if agrees() {
				for i := range most {
					for a := range 2 {
						for s := range 2 {
							most[i][a][s] = math.Max(most[i][a][s], now[s][i][a])
						}
					}
				}
			}
			return
		}
		leaf := leaves[at]
		put := func(s int, first, sign float64) {
			all := truth[s][leaf][0] + truth[s][leaf][1]
			for v := int32(leaf); v >= 0; v = p.Parent[v] {
				now[s][v][0] += sign * first
				now[s][v][1] += sign * (all - first)
			}
		}
		// All women and all men of each leaf are known: one number each is free.
		for f := 0.0; f <= truth[0][leaf][0]+truth[0][leaf][1]; f++ {
			for m := 0.0; m <= truth[1][leaf][0]+truth[1][leaf][1]; m++ {
				if !h.Band(leaf, 0) && f+m != people[leaf][0] {
					continue
				}
				put(0, f, 1)
				put(1, m, 1)
				deal(at + 1)
				put(0, f, -1)
				put(1, m, -1)
			}
		}
	}
	deal(0)
	return most
}

// A parish without a small count is told, and its neighbour too, unless the
// difference to the whole tells a third one's.
func TestPyramidsTellWhatTheyCan(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		women, men [][]float64
		want       []bool
	}{
		"all": {
			[][]float64{nil, {10, 20}, {9, 30}, {8, 25}}, [][]float64{nil, {11, 22}, {9, 30}, {8, 26}}, []bool{true, true, true, true},
		},
		"two small ones shield each other": {
			[][]float64{nil, {10, 20}, {2, 30}, {7, 25}}, [][]float64{nil, {11, 22}, {9, 30}, {2, 26}}, []bool{true, true, false, false},
		},
		"one small one takes the least of its neighbours along": {
			[][]float64{nil, {10, 20}, {2, 30}, {70, 250}}, [][]float64{nil, {11, 22}, {9, 30}, {80, 260}}, []bool{true, false, false, true},
		},
		"alone": {
			[][]float64{nil, {2, 30}}, [][]float64{nil, {9, 30}}, []bool{false, false},
		},
	} {
		p := &disclosure.Pyramids{Parent: []int32{-1, 0, 0, 0}[:len(c.women)], Women: c.women, Men: c.men}
		got, err := p.Protect(context.Background(), 3)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: told %v, want %v", name, got, c.want)
				break
			}
		}
	}
}

func TestPyramidsRefuse(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]disclosure.Pyramids{
		"a parent after its child": {Parent: []int32{1, -1}, Women: [][]float64{{1}, nil}, Men: [][]float64{{1}, nil}},
		"other ages":               {Parent: []int32{-1, -1}, Women: [][]float64{{1}, {1, 2}}, Men: [][]float64{{1}, {1, 2}}},
		"a negative count":         {Parent: []int32{-1}, Women: [][]float64{{-1}}, Men: [][]float64{{1}}},
		"no number":                {Parent: []int32{-1}, Women: [][]float64{{math.NaN()}}, Men: [][]float64{{1}}},
		"men of nobody":            {Parent: []int32{-1}, Women: [][]float64{{1}}, Men: nil},
	} {
		if _, err := p.Protect(context.Background(), 3); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := disclosure.Pyramids{Parent: []int32{-1}, Women: [][]float64{{1}}, Men: [][]float64{{1}}}
	if _, err := p.Protect(ctx, 3); !fault.Is(err, fault.Canceled) {
		t.Errorf("given up: %v", err)
	}
}
