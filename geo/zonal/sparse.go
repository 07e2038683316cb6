package zonal

import (
	"iter"
	"math"
	"math/bits"
	"slices"
	"sync"

	"contado/geo/fault"
	"contado/geo/grid"
)

// Weights are the covered cells of many areas on one grid, kept so that a new
// date or band is a sparse product: boundary cells with their fraction,
// interiors as runs, and squares of Side × Side cells that are wholly inside
// as nothing but their place. Memory follows the perimeter: 6 bytes for each
// boundary cell (10 with Exact), 4 for each run of cells of a row within a
// square, 36 for each square that the boundary of an area crosses, 64 for an
// area; see Bytes. While they are made it is up to three times as much.
//
// Fractions are rounded to float32, a relative error of at most 2⁻²⁴ (6e-8)
// of each, therefore of each area and each sum of values of one sign; with
// WeightOptions.Exact they are those of Compute. Weights never change and are
// safe for concurrent use.
type Weights struct {
	g     grid.Grid
	side  int
	shift uint // side = 1<<shift
	areas []weightArea

	// Parts are what areas cover of squares that they do not fill, by row and
	// column of the square, then area.
	parts []part32
	pos   []uint16 // of boundary cells: row<<shift | column within the square
	f32   []float32
	f64   []float64 // in place of f32 with Exact
	runs  []run

	// Fulls are runs of filled squares, by row, column, area.
	fulls []full

	index   sync.Once
	ofParts byArea // made by Runs
	ofFulls byArea
}

// weightArea is what results need to know of an area.
type weightArea struct {
	id     string
	area   float64 // in cells
	within bool
	cells  int64 // of its window on the grid
	pieces int32 // its parts and filled squares
}

// part32 is what one area covers of one square. Its boundary cells and runs
// end where those of the next part begin.
type part32 struct {
	row, col, area int32
	edges, runs    uint32 // first ones
	total          float64
}

// run is a run of whole cells in a row of a square, of length n+1.
type run struct {
	pos uint16
	n   uint8
}

// full is n squares side by side that an area fills.
type full struct{ row, col, n, area int32 }

// DefaultSide is the side of the squares of Weights in cells.
const DefaultSide = 128

// WeightOptions tunes NewWeights; nil means defaults.
type WeightOptions struct {
	// Side is the side of the squares in cells: 16, 32, 64, 128 or 256; 0 is
	// DefaultSide. Block statistics serve when their side divides it.
	Side int
	// Exact keeps fractions as float64.
	Exact bool
	// Workers is how many areas are taken at once; 0 = GOMAXPROCS, four at most.
	Workers int
	// MaxBytes bounds the result (fault.TooLarge); 0 = DefaultWeightBytes.
	MaxBytes int64
}

// DefaultWeightBytes is how large Weights may be: some 4 M parcels of ten
// to sixty cells.
const DefaultWeightBytes = 1 << 30

func (o *WeightOptions) check() (WeightOptions, error) {
	var v WeightOptions
	if o != nil {
		v = *o
	}
	if v.Side == 0 {
		v.Side = DefaultSide
	}
	if v.Workers <= 0 {
		v.Workers = (&Options{}).withDefaults().Workers
	}
	if v.MaxBytes == 0 {
		v.MaxBytes = DefaultWeightBytes
	}
	if v.Side < 16 || v.Side > 256 || bits.OnesCount(uint(v.Side)) != 1 {
		return v, fault.Errorf("zonal.NewWeights", fault.Invalid, "squares of %d cells: 16, 32, 64, 128 and 256 are possible", v.Side)
	}
	return v, nil
}

// Grid is the grid of the cells.
func (w *Weights) Grid() grid.Grid { return w.g }

// Len is the number of areas.
func (w *Weights) Len() int { return len(w.areas) }

// ID is the name of an area.
func (w *Weights) ID(area int) string { return w.areas[area].id }

// Side is the side of the squares in cells.
func (w *Weights) Side() int { return w.side }

// Bytes is the memory that the weights hold, with what Runs adds to them, but
// for the texts of the names.
func (w *Weights) Bytes() int64 {
	return int64(len(w.areas))*64 + int64(len(w.parts))*36 + int64(len(w.pos))*2 + int64(len(w.f32))*4 +
		int64(len(w.f64))*8 + int64(len(w.runs))*4 + int64(len(w.fulls))*20
}

// Entries is the number of boundary cells, of runs, and of filled squares.
func (w *Weights) Entries() (boundary, runs, squares int64) {
	for i := range w.fulls {
		squares += int64(w.fulls[i].n)
	}
	return int64(len(w.pos)), int64(len(w.runs)), squares
}

// Runs are the covered cells of an area with their fractions: square by
// square, in each row by row and left to right. Each cell comes once. The sum
// of the widths times fractions is the number of cells (Σ f), with which
// masks of one's own make a share of valid cells.
func (w *Weights) Runs(area int) iter.Seq[Span] {
	w.index.Do(w.makeIndex)
	return func(yield func(Span) bool) {
		for _, p := range w.ofParts.of(area) {
			if !w.yieldPart(int(p), yield) {
				return
			}
		}
		for _, f := range w.ofFulls.of(area) {
			win := w.window(&w.fulls[f])
			for r := range win.Height {
				if !yield(Span{Row: win.Row + r, Col: win.Col, Width: win.Width, Fraction: 1}) {
					return
				}
			}
		}
	}
}

func (w *Weights) yieldPart(p int, yield func(Span) bool) bool {
	e0, e1, r0, r1 := w.bounds(p)
	row, col, mask := int(w.parts[p].row)<<w.shift, int(w.parts[p].col)<<w.shift, w.side-1
	for e0 < e1 || r0 < r1 {
		var s Span
		var at int
		if r0 == r1 || (e0 < e1 && w.pos[e0] < w.runs[r0].pos) {
			at = int(w.pos[e0])
			s.Width, s.Fraction = 1, w.fraction(e0)
			e0++
		} else {
			at = int(w.runs[r0].pos)
			s.Width, s.Fraction = int(w.runs[r0].n)+1, 1
			r0++
		}
		s.Row, s.Col = row+at>>w.shift, col+at&mask
		if !yield(s) {
			return false
		}
	}
	return true
}

func (w *Weights) fraction(e int) float64 {
	if w.f64 != nil {
		return w.f64[e]
	}
	return float64(w.f32[e])
}

// bounds are the boundary cells and the runs of a part.
func (w *Weights) bounds(p int) (e0, e1, r0, r1 int) {
	e0, r0 = int(w.parts[p].edges), int(w.parts[p].runs)
	if p+1 < len(w.parts) {
		return e0, int(w.parts[p+1].edges), r0, int(w.parts[p+1].runs)
	}
	return e0, len(w.pos), r0, len(w.runs)
}

// window is the cells of filled squares, which end with the grid.
func (w *Weights) window(f *full) grid.Window {
	return w.g.Full().Intersect(grid.Window{
		Col: int(f.col) << w.shift, Row: int(f.row) << w.shift,
		Width: int(f.n) << w.shift, Height: w.side,
	})
}

// byArea lists things of each area: those of area a are order[from[a]:from[a+1]].
type byArea struct{ from, order []int32 }

func (b *byArea) of(area int) []int32 { return b.order[b.from[area]:b.from[area+1]] }

func makeByArea(areas, n int, area func(i int) int32) byArea {
	b := byArea{from: make([]int32, areas+1), order: make([]int32, n)}
	for i := range n {
		b.from[area(i)+1]++
	}
	for a := range areas {
		b.from[a+1] += b.from[a]
	}
	next := slices.Clone(b.from[:areas])
	for i := range n {
		at := &next[area(i)]
		b.order[*at] = int32(i)
		*at++
	}
	return b
}

func (w *Weights) makeIndex() {
	w.ofParts = makeByArea(len(w.areas), len(w.parts), func(i int) int32 { return w.parts[i].area })
	w.ofFulls = makeByArea(len(w.areas), len(w.fulls), func(i int) int32 { return w.fulls[i].area })
}

// tiles is the number of squares across and down.
func (w *Weights) tiles() (cols, rows int) {
	return (w.g.Width + w.side - 1) >> w.shift, (w.g.Height + w.side - 1) >> w.shift
}

// maxEntries is what the offsets of parts can count.
const maxEntries = math.MaxUint32
