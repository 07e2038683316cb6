package zonal

import (
	"context"
	"reflect"

	"golang.org/x/sync/errgroup"

	"contado/geo/fault"
	"contado/geo/grid"
)

// Layer is one band of one raster: a date, a band of it.
type Layer struct {
	// Raster is on the grid of the weights, or shares its lines: then with
	// cells as large or larger by whole factors, and any extent (no value
	// outside it).
	Raster Raster
	Band   int // from 1; 0 means 1
	// Blocks are the sums of its blocks, if known. Squares that an area fills
	// are then not decoded where statistics need no more than sums. Values
	// must be those of Raster; a raster that is masked on the way has none.
	Blocks Blocks
}

// Apply computes statistics of layers within the areas: result[layer][area].
// Consecutive layers of one and the same Raster are read together, window by
// window; rasters one after the other. Of the options Band, Weights,
// WeightBand, Blocks and Strategy have no meaning here; Progress counts the
// areas of all layers. See Each for many layers.
//
// Results do not depend on the number of workers at all, and on MaxCells, the
// raster's blocks and whether Blocks serve by rounding only.
func (w *Weights) Apply(ctx context.Context, layers []Layer, o Options) ([][]Result, error) {
	all := make([][]Result, len(layers))
	err := w.Each(ctx, layers, o, func(layer int, r []Result) error {
		all[layer] = r
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Each is Apply that hands over the results of each layer in their order, so
// that only those of one raster are held at once.
func (w *Weights) Each(ctx context.Context, layers []Layer, o Options, yield func(layer int, r []Result) error) error {
	const op = "zonal.Apply"
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return err
	}
	need := o.needs()
	if need.weights {
		return fault.Errorf(op, fault.Unsupported, "weighted statistics are those of Compute")
	}
	done := 0
	for from := 0; from < len(layers); {
		to := from + 1
		for to < len(layers) && sameRaster(layers[to].Raster, layers[from].Raster) && !need.table {
			to++
		}
		p := &pass{layout: layout{w: w, maxCells: o.MaxCells}, o: &o, need: need, layers: layers[from:to], done: &done, total: len(layers) * len(w.areas)}
		if err := p.run(ctx); err != nil {
			return wrap(op, err)
		}
		for i := range p.results {
			if err := yield(from+i, p.results[i]); err != nil {
				return err
			}
			p.results[i] = nil
		}
		from = to
	}
	return nil
}

// pass reads one raster once, for one or several of its bands.
type pass struct {
	layout
	o       *Options
	need    needs
	layers  []Layer
	raster  Raster   // that of the layers, on the grid of the weights
	blocks  []Blocks // by layer; nil when they do not serve
	names   []string
	results [][]Result
	done    *int
	total   int
	sums    [][]*acc // by layer, area
}

func (p *pass) run(ctx context.Context) error {
	if err := p.attach(); err != nil {
		return err
	}
	p.names = Columns(*p.o)[1:]
	n := len(p.w.areas)
	p.results, p.sums = make([][]Result, len(p.layers)), make([][]*acc, len(p.layers))
	for i := range p.results {
		p.results[i] = makeResults(n, p.names)
		p.sums[i] = make([]*acc, n)
	}
	p.left = make([]int32, n)
	for lo := 0; lo < n; lo = int(p.hi) {
		p.lo, p.hi = int32(lo), int32(n)
		if err := p.plan(ctx); err != nil {
			return err
		}
		if err := p.execute(ctx); err != nil {
			return err
		}
		if err := p.rest(); err != nil {
			return err
		}
	}
	return nil
}

// makeResults shares one array among the values of all areas.
func makeResults(n int, names []string) []Result {
	out, values := make([]Result, n), make([]float64, n*len(names))
	for i := range out {
		out[i] = Result{Names: names, Values: values[i*len(names) : (i+1)*len(names) : (i+1)*len(names)]}
	}
	return out
}

// attach checks that the layers fit the weights.
func (p *pass) attach() error {
	const op = "zonal.Apply"
	src := p.layers[0].Raster
	if src == nil {
		return fault.Errorf(op, fault.Invalid, "a layer has no raster")
	}
	for _, l := range p.layers {
		if l.Band < 0 {
			return fault.Errorf(op, fault.Invalid, "bands are counted from 1")
		}
	}
	var err error
	if p.raster, err = onGrid(p.w.g, src); err != nil {
		return err
	}
	p.blocks = make([]Blocks, len(p.layers))
	_, other := p.raster.(*view)
	if g := src.Grid(); other || g.Width != p.w.g.Width || g.Height != p.w.g.Height {
		return nil // the sums are of other squares
	}
	for i, l := range p.layers {
		if l.Blocks != nil && l.Blocks.Side() > 0 && p.w.side%l.Blocks.Side() == 0 && p.need.sumsSuffice(l.Blocks, max(1, l.Band)) {
			p.blocks[i] = l.Blocks
		}
	}
	return nil
}

// sameRaster reports whether two layers are bands of one raster. Rasters that
// Go cannot compare are not.
func sameRaster(a, b Raster) bool {
	return a != nil && b != nil && reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

// onGrid shows a raster on the cells of a grid.
func onGrid(own grid.Grid, src Raster) (Raster, error) {
	const op = "zonal.Apply"
	g := src.Grid()
	if err := checkGrid(g); err != nil {
		return nil, err
	}
	if g.CRS.Known() && own.CRS.Known() && g.CRS != own.CRS {
		return nil, fault.Errorf(op, fault.Invalid, "the raster is in %s, the weights in %s", g.CRS.Short(), own.CRS.Short())
	}
	v, ok := viewOn(own, src)
	if !ok {
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid,
			"the cells of the raster (%v) are not those of the weights (%v), nor whole multiples of them",
			g.Transform, own.Transform), "make weights for its grid")
	}
	return v, nil
}

// execute runs the tasks, each for all layers.
func (p *pass) execute(ctx context.Context) error {
	n := len(p.layers)
	return inOrder(ctx, len(p.tasks)*n, p.o.Workers,
		func() *worker { return &worker{p: p, slot: make([]int32, p.hi-p.lo)} },
		func(ctx context.Context, k *worker, i int) error { return k.task(ctx, p.tasks[i/n], i%n) },
		(*worker).merge)
}

// inOrder runs n tasks on some workers. What a task leaves in its worker is
// merged in the order of the tasks, one after the other: results do not depend
// on who is quicker.
func inOrder[W any](ctx context.Context, n, workers int, start func() W, task func(ctx context.Context, w W, i int) error, merge func(w W) error) error {
	const op = "zonal.Apply"
	eg, gctx := errgroup.WithContext(ctx)
	workers = max(1, min(workers, n))
	eg.SetLimit(workers)
	free := make(chan W, workers)
	for range workers {
		free <- start()
	}
	before := make(chan struct{})
	close(before)
	for i := range n {
		if gctx.Err() != nil {
			break
		}
		prev, mine := before, make(chan struct{})
		before = mine
		eg.Go(func() error {
			w := <-free
			defer func() { free <- w }()
			if err := task(gctx, w, i); err != nil {
				return err
			}
			select {
			case <-prev:
			case <-gctx.Done():
				return fault.E(op, fault.Canceled, gctx.Err())
			}
			if err := merge(w); err != nil {
				return err
			}
			close(mine)
			return nil
		})
	}
	if err := eg.Wait(); err != nil {
		return err
	}
	return fault.E(op, fault.Canceled, ctx.Err())
}

// rest finishes the areas that no task has touched.
func (p *pass) rest() error {
	n := 0
	for a := p.lo; a < p.hi; a++ {
		if p.left[a] == 0 {
			n += len(p.layers)
			if err := p.close(a); err != nil {
				return err
			}
		}
	}
	p.tell(n)
	return nil
}

// close finishes an area with what is summed.
func (p *pass) close(area int32) error {
	p.left[area] = closed
	for layer := range p.layers {
		a := p.sums[layer][area]
		if a == nil {
			empty := newAcc(p.need)
			a = &empty
		}
		p.sums[layer][area] = nil
		if err := p.finish(layer, area, a); err != nil {
			return err
		}
	}
	return nil
}

func (p *pass) finish(layer int, area int32, a *acc) error {
	wa := &p.w.areas[area]
	return p.results[layer][area].fill(wa.id, a, meta{area: wa.area, within: wa.within}, p.o)
}

// tell is never called concurrently.
func (p *pass) tell(n int) {
	*p.done += n
	if p.o.Progress != nil && n > 0 {
		p.o.Progress(*p.done, p.total)
	}
}

// sum is where what is known of an area so far is kept.
func (p *pass) sum(layer int, area int32) *acc {
	at := &p.sums[layer][area]
	if *at == nil {
		a := newAcc(p.need)
		if p.need.table {
			a.table = newTable(p.o.MaxDistinct)
		}
		*at = &a
	}
	return *at
}
