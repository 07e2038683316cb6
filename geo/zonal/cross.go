package zonal

import (
	"context"
	"math"
	"slices"

	"contado/geo/fault"
)

// DefaultMaxPairs is how many pairs of values one area may have: those of
// sixty-four classes with each other.
const DefaultMaxPairs = 1 << 12

// CrossOptions tunes Cross and Histogram.
type CrossOptions struct {
	// CellArea is the area in m² of one cell of a row of the weights' grid;
	// needed.
	CellArea func(row int) float64
	// MaxPairs bounds the pairs of one area; 0 means DefaultMaxPairs.
	MaxPairs int
	MaxCells int // bounds one read, as in Options
	Workers  int // as in Options
	Progress func(done, total int)
}

// Amount is a part of an area.
type Amount struct {
	Cells float64 `json:"cells"` // Σ f
	M2    float64 `json:"m2"`    // Σ f·CellArea(row)
}

// Pair is the part of an area that had one value and has another.
type Pair struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
	Amount
}

// Transitions are all that one area was and is. Pairs (rising by From, then
// To), OnlyFrom, OnlyTo and Neither together are the area within the grid.
type Transitions struct {
	ID    string `json:"id"`
	Pairs []Pair `json:"pairs"`
	// OnlyFrom has a value in the first layer alone, OnlyTo in the second.
	OnlyFrom Amount `json:"only_from"`
	OnlyTo   Amount `json:"only_to"`
	Neither  Amount `json:"neither"`
}

// Cross finds for each area how much of it has each pair of values in two
// layers: two dates of a land cover map. Both layers are on the grid of the
// weights or coarser by whole factors. The result does not depend on the
// number of workers.
//
// Errors: Invalid as for Apply; TooLarge for an area with more than MaxPairs
// pairs, which are no classes.
func (w *Weights) Cross(ctx context.Context, from, to Layer, o CrossOptions) ([]Transitions, error) {
	const op = "zonal.Cross"
	if o.MaxPairs == 0 {
		o.MaxPairs = DefaultMaxPairs
	}
	out := make([]Transitions, len(w.areas))
	f, err := newFold[*pairs](w, &o, []Layer{from, to})
	if err != nil {
		return nil, wrap(op, err)
	}
	f.empty = func() *pairs { return &pairs{most: o.MaxPairs} }
	f.finish = func(area int, p *pairs) error {
		out[area] = p.transitions(w.areas[area].id)
		return nil
	}
	if err := f.run(ctx); err != nil {
		return nil, wrap(op, err)
	}
	return out, nil
}

func newFold[T tally[T]](w *Weights, o *CrossOptions, layers []Layer) (*fold[T], error) {
	const op = "zonal.Apply"
	d := (&Options{MaxCells: o.MaxCells, Workers: o.Workers}).withDefaults()
	switch {
	case o.CellArea == nil:
		return nil, fault.Errorf(op, fault.Invalid, "the area of a cell is needed (CellArea)")
	case o.MaxCells < 0 || o.Workers < 0 || o.MaxPairs < 0:
		return nil, fault.Errorf(op, fault.Invalid, "MaxCells, MaxPairs or Workers out of range")
	}
	f := &fold[T]{layout: layout{w: w, maxCells: d.MaxCells}, workers: d.Workers, cellArea: o.CellArea, progress: o.Progress}
	return f, f.attachLayers(layers)
}

// pairs sums the pairs of one area.
type pairs struct {
	most  int
	index map[[2]uint64]int32
	keys  [][2]uint64 // the bits of both values
	sums  []pairSum
	last  int // the place of the pair met last
	// values missing in the second, the first, both
	gaps [3]pairSum
}

type pairSum struct{ cells, m2 ksum }

func (s *pairSum) add(cells, m2 float64) { s.cells.add(cells); s.m2.add(m2) }

func (s *pairSum) merge(o *pairSum) { s.cells.merge(o.cells); s.m2.merge(o.m2) }

func (s *pairSum) amount() Amount { return Amount{Cells: s.cells.value(), M2: s.m2.value()} }

// add counts equal neighbours together.
func (p *pairs) add(values [][]float64, f, m2 float64) error {
	a, b := values[0], values[1]
	b = b[:len(a)]
	for i := 0; i < len(a); {
		u, v, from := a[i], b[i], i
		for i++; i < len(a) && a[i] == u && b[i] == v; i++ {
		}
		n := f * float64(i-from)
		okU, okV := finite(u), finite(v)
		switch {
		case okU && okV:
			at, err := p.place([2]uint64{math.Float64bits(u + 0), math.Float64bits(v + 0)}) // +0 makes −0 into 0
			if err != nil {
				return err
			}
			p.sums[at].add(n, n*m2)
		case okU:
			p.gaps[0].add(n, n*m2)
		case okV:
			p.gaps[1].add(n, n*m2)
		default:
			p.gaps[2].add(n, n*m2)
		}
	}
	return nil
}

// few is up to how many pairs are looked for one by one.
const few = 16

func (p *pairs) place(key [2]uint64) (int, error) {
	if p.last < len(p.keys) && p.keys[p.last] == key {
		return p.last, nil
	}
	if p.index == nil {
		if at := slices.Index(p.keys, key); at >= 0 {
			p.last = at
			return at, nil
		}
	} else if at, ok := p.index[key]; ok {
		p.last = int(at)
		return p.last, nil
	}
	if len(p.keys) >= p.most {
		return 0, fault.WithHint(fault.Errorf("zonal.Cross", fault.TooLarge, "more than %d pairs of values: these are no classes", p.most),
			"reclassify the layers first")
	}
	p.last = len(p.keys)
	p.keys, p.sums = append(p.keys, key), append(p.sums, pairSum{})
	switch {
	case p.index != nil:
		p.index[key] = int32(p.last)
	case len(p.keys) > few:
		p.index = make(map[[2]uint64]int32, 4*few)
		for i, k := range p.keys {
			p.index[k] = int32(i)
		}
	}
	return p.last, nil
}

func (p *pairs) merge(o *pairs) error {
	for i, k := range o.keys {
		at, err := p.place(k)
		if err != nil {
			return err
		}
		p.sums[at].merge(&o.sums[i])
	}
	for i := range p.gaps {
		p.gaps[i].merge(&o.gaps[i])
	}
	return nil
}

func (p *pairs) transitions(id string) Transitions {
	t := Transitions{ID: id, Pairs: make([]Pair, len(p.keys))}
	t.OnlyFrom, t.OnlyTo, t.Neither = p.gaps[0].amount(), p.gaps[1].amount(), p.gaps[2].amount()
	for i, k := range p.keys {
		t.Pairs[i] = Pair{From: math.Float64frombits(k[0]), To: math.Float64frombits(k[1]), Amount: p.sums[i].amount()}
	}
	slices.SortFunc(t.Pairs, func(a, b Pair) int {
		switch {
		case a.From != b.From && a.From < b.From, a.From == b.From && a.To < b.To:
			return -1
		}
		return 1
	})
	return t
}
