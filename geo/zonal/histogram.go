package zonal

import (
	"context"
	"sort"

	"contado/geo/fault"
)

// MaxBins bounds the bins of a histogram.
const MaxBins = 1 << 16

// Bins are the parts of one area by value. Bin i is the values v with
// edges[i] ≤ v < edges[i+1]; the last one holds its upper edge too.
type Bins struct {
	ID     string   `json:"id"`
	Bins   []Amount `json:"bins"`
	Below  Amount   `json:"below"`
	Above  Amount   `json:"above"`
	Nodata Amount   `json:"nodata"`
}

// Histogram finds for each area how much of it has values in each bin; edges
// rise. The result does not depend on the number of workers. Memory is 32
// bytes for each bin of the areas that are being read, and 16 for each of
// the result.
func (w *Weights) Histogram(ctx context.Context, l Layer, edges []float64, o CrossOptions) ([]Bins, error) {
	const op = "zonal.Histogram"
	if len(edges) < 2 || len(edges) > MaxBins+1 {
		return nil, fault.Errorf(op, fault.Invalid, "%d edges: from 2 to %d are possible", len(edges), MaxBins+1)
	}
	for i, e := range edges {
		if !finite(e) || (i > 0 && e <= edges[i-1]) {
			return nil, fault.Errorf(op, fault.Invalid, "edges of a histogram must be numbers and rise: %g is edge %d", e, i+1)
		}
	}
	out := make([]Bins, len(w.areas))
	f, err := newFold[*bins](w, &o, []Layer{l})
	if err != nil {
		return nil, wrap(op, err)
	}
	f.empty = func() *bins { return &bins{edges: edges, sums: make([]pairSum, len(edges)+2)} }
	f.finish = func(area int, b *bins) error {
		n := len(edges) - 1
		r := Bins{ID: w.areas[area].id, Bins: make([]Amount, n)}
		for i := range r.Bins {
			r.Bins[i] = b.sums[i].amount()
		}
		r.Below, r.Above, r.Nodata = b.sums[n].amount(), b.sums[n+1].amount(), b.sums[n+2].amount()
		out[area] = r
		return nil
	}
	if err := f.run(ctx); err != nil {
		return nil, wrap(op, err)
	}
	return out, nil
}

// bins sums the bins of one area, then what is below, above, and no value.
type bins struct {
	edges []float64
	sums  []pairSum
}

func (b *bins) add(values [][]float64, f, m2 float64) error {
	vs := values[0]
	for i := 0; i < len(vs); {
		v, from := vs[i], i
		for i++; i < len(vs) && vs[i] == v; i++ {
		}
		n := f * float64(i-from)
		b.sums[b.bin(v)].add(n, n*m2)
	}
	return nil
}

func (b *bins) bin(v float64) int {
	n := len(b.edges) - 1
	switch {
	case !finite(v):
		return n + 2
	case v < b.edges[0]:
		return n
	case v == b.edges[n]:
		return n - 1
	case v > b.edges[n]:
		return n + 1
	}
	return sort.Search(n, func(i int) bool { return b.edges[i+1] > v })
}

func (b *bins) merge(o *bins) error {
	for i := range b.sums {
		b.sums[i].merge(&o.sums[i])
	}
	return nil
}
