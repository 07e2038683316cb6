package road

import (
	"context"

	"contado/geo/travel"
)

// Finder searches a graph again and again in the same memory (8 bytes a state
// and one an edge): a bounded search then costs what its own part of the
// network costs. One goroutine at a time.
type Finder struct {
	g       *Graph
	times   Times
	touched []uint32
	edges   []int32
	known   []bool // of edges
}

// NewFinder makes a finder.
func (g *Graph) NewFinder() *Finder {
	f := &Finder{g: g, known: make([]bool, len(g.edges))}
	f.times.labels = make([]Label, g.states.count())
	clearLabels(f.times.labels)
	return f
}

// Search is Graph.Search; the outcome holds until the next one. Set
// o.MaxMillis. Errors as there.
func (f *Finder) Search(ctx context.Context, seeds []Seed, o Options) (*Times, error) {
	if err := f.g.checkSeeds(seeds); err != nil {
		return nil, err
	}
	f.forget()
	f.times = Times{
		g: f.g, limit: o.limit(), back: o.Direction == travel.ToFacility, seeds: byPlace(seeds), labels: f.times.labels, touched: &f.touched,
	}
	if err := f.times.run(ctx, o.Progress); err != nil {
		return nil, err
	}
	links := f.times.links()
	for i := range f.times.seeds {
		f.note(f.times.seeds[i].Edge)
	}
	for _, state := range f.touched {
		for _, l := range links.of(state) {
			f.note(int32(l.arc >> 1))
		}
	}
	return &f.times, nil
}

// Edges are those that the last search came upon: places of others are
// Unreached. They hold until the next search.
func (f *Finder) Edges() []int32 { return f.edges }

func (f *Finder) note(edge int32) {
	if !f.known[edge] {
		f.known[edge] = true
		f.edges = append(f.edges, edge)
	}
}

// forget makes room for another search.
func (f *Finder) forget() {
	for _, state := range f.touched {
		f.times.labels[state] = Unreached
	}
	for _, edge := range f.edges {
		f.known[edge] = false
	}
	f.touched, f.edges = f.touched[:0], f.edges[:0]
}
