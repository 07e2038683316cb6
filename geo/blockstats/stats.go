package blockstats

import (
	"context"
	"math"
	"sync"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
)

// Stats are the block statistics of one raster. It is safe for concurrent
// use.
type Stats struct {
	path       string
	h          *header
	grid       grid.Grid
	cols, rows int
	bands      map[int]int // number → index in the header
	cache      *Cache

	load  sync.Mutex // one tile is read at a time
	mu    sync.Mutex
	roots [][]root // [band][tile]; kept when the tile is not
}

// root is the sum of a tile, once known.
type root struct {
	Summary
	known bool
}

// Side is the side of a block in cells.
func (s *Stats) Side() int { return s.h.Side }

// Grid is that of the raster, not that of the blocks.
func (s *Stats) Grid() grid.Grid { return s.grid }

// Bands are the numbers of the bands described, in the order of the file.
func (s *Stats) Bands() []int {
	out := make([]int, len(s.h.Bands))
	for i := range s.h.Bands {
		out[i] = s.h.Bands[i].Number
	}
	return out
}

// Classes are the values whose cells are counted, rising; nil for a band
// without. All valid cells of the band have one of them.
func (s *Stats) Classes(band int) []float64 {
	if i, ok := s.bands[band]; ok {
		return s.h.Bands[i].Classes
	}
	return nil
}

// Empty reports whether no cell of a window of the raster is valid as far as
// blocks can tell: true is sure, false is not. What lies off the raster is
// empty.
func (s *Stats) Empty(ctx context.Context, band int, w grid.Window) (bool, error) {
	i, err := s.band(band)
	if err != nil {
		return false, err
	}
	w = s.grid.Full().Intersect(w)
	if w.Empty() {
		return true, nil
	}
	n := s.h.Side
	b := grid.Window{Col: w.Col / n, Row: w.Row / n}
	b.Width, b.Height = (w.Col+w.Width-1)/n-b.Col+1, (w.Row+w.Height-1)/n-b.Row+1
	empty := true
	err = s.visit(ctx, i, b, func(sum Summary) bool {
		empty = sum.Count == 0
		return empty
	})
	return empty && err == nil, err
}

// Sum is what is known of a window of whole blocks: its edges lie on those of
// blocks or of the raster (else Invalid).
func (s *Stats) Sum(ctx context.Context, band int, w grid.Window) (Summary, error) {
	i, err := s.band(band)
	if err != nil {
		return Summary{}, err
	}
	b, err := s.whole(w)
	if err != nil {
		return Summary{}, err
	}
	out := Summary{Min: math.NaN(), Max: math.NaN()}
	err = s.visit(ctx, i, b, func(sum Summary) bool {
		out.Merge(sum)
		return true
	})
	return out, err
}

// whole turns a window of cells into the window of its blocks.
func (s *Stats) whole(w grid.Window) (grid.Window, error) {
	n := s.h.Side
	edge := func(at, end int) bool { return at%n == 0 || at == end }
	if w.Empty() || s.grid.Full().Intersect(w) != w || w.Col%n != 0 || w.Row%n != 0 ||
		!edge(w.Col+w.Width, s.grid.Width) || !edge(w.Row+w.Height, s.grid.Height) {
		return grid.Window{}, fault.Errorf("blockstats.Sum", fault.Invalid, "window %v is not made of whole blocks of %d cells of the raster", w, n)
	}
	return grid.Window{Col: w.Col / n, Row: w.Row / n, Width: (w.Width + n - 1) / n, Height: (w.Height + n - 1) / n}, nil
}

// ReadBlocks fills dst, row by row, with the sums of a window of blocks.
func (s *Stats) ReadBlocks(ctx context.Context, band int, blocks grid.Window, dst []Summary) error {
	const op = "blockstats.ReadBlocks"
	i, err := s.band(band)
	if err != nil {
		return err
	}
	if err := s.within(op, blocks, len(dst), 1); err != nil {
		return err
	}
	return s.eachTile(ctx, i, blocks, func(t *tile, part grid.Window) {
		for r := part.Row; r < part.Row+part.Height; r++ {
			from := t.levels[0].at(part.Col-t.win.Col, r-t.win.Row)
			to := (r-blocks.Row)*blocks.Width + part.Col - blocks.Col
			copy(dst[to:to+part.Width], t.levels[0].sums[from:])
		}
	})
}

// ReadClasses fills dst[class·blocks.Cells() + block] with the cells of each
// value of Classes in a window of blocks.
//
// Errors: Unsupported for a band whose values are not counted.
func (s *Stats) ReadClasses(ctx context.Context, band int, blocks grid.Window, dst []uint32) error {
	const op = "blockstats.ReadClasses"
	i, err := s.band(band)
	if err != nil {
		return err
	}
	n := len(s.h.Bands[i].Classes)
	if n == 0 {
		return fault.Errorf(op, fault.Unsupported, "%s does not count the values of band %d", s.path, band)
	}
	if err := s.within(op, blocks, len(dst), n); err != nil {
		return err
	}
	return s.eachTile(ctx, i, blocks, func(t *tile, part grid.Window) {
		for k, plane := range t.classes {
			for r := part.Row; r < part.Row+part.Height; r++ {
				from := t.levels[0].at(part.Col-t.win.Col, r-t.win.Row)
				to := (k*blocks.Height+r-blocks.Row)*blocks.Width + part.Col - blocks.Col
				copy(dst[to:to+part.Width], plane[from:])
			}
		}
	})
}

func (s *Stats) within(op string, blocks grid.Window, n, planes int) error {
	full := grid.Window{Width: s.cols, Height: s.rows}
	if blocks.Empty() || full.Intersect(blocks) != blocks {
		return fault.Errorf(op, fault.Invalid, "window %v is not within %d × %d blocks", blocks, s.cols, s.rows)
	}
	if int64(n) < blocks.Cells()*int64(planes) {
		return fault.Errorf(op, fault.Invalid, "buffer of %d for %d blocks and %d values each", n, blocks.Cells(), planes)
	}
	return nil
}

func (s *Stats) band(number int) (int, error) {
	i, ok := s.bands[number]
	if !ok {
		return 0, fault.Errorf("blockstats.Stats", fault.NotExist, "%s does not describe band %d", s.path, number)
	}
	return i, nil
}

// visit calls fn for sums that together make a window of blocks, as few as
// the pyramid allows, until fn returns false.
func (s *Stats) visit(ctx context.Context, band int, blocks grid.Window, fn func(Summary) bool) error {
	across, _ := s.h.tiles()
	for tr := blocks.Row / tileSide; tr*tileSide < blocks.Row+blocks.Height; tr++ {
		for tc := blocks.Col / tileSide; tc*tileSide < blocks.Col+blocks.Width; tc++ {
			n := tr*across + tc
			win := s.h.tile(n)
			part := win.Intersect(blocks)
			if part == win {
				if r := s.root(band, n); r.known && r.Summable() {
					if !fn(r.Summary) {
						return nil
					}
					continue
				}
			}
			t, err := s.tile(ctx, band, n)
			if err != nil {
				return err
			}
			part.Col, part.Row = part.Col-win.Col, part.Row-win.Row
			if !t.visit(len(t.levels)-1, 0, 0, part, fn) {
				return nil
			}
		}
	}
	return nil
}

func (s *Stats) eachTile(ctx context.Context, band int, blocks grid.Window, fn func(*tile, grid.Window)) error {
	across, _ := s.h.tiles()
	for tr := blocks.Row / tileSide; tr*tileSide < blocks.Row+blocks.Height; tr++ {
		for tc := blocks.Col / tileSide; tc*tileSide < blocks.Col+blocks.Width; tc++ {
			t, err := s.tile(ctx, band, tr*across+tc)
			if err != nil {
				return err
			}
			fn(t, t.win.Intersect(blocks))
		}
	}
	return nil
}

func (s *Stats) root(band, n int) root {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.roots[band][n]
}

// tile gives a tile from the cache, or reads it.
func (s *Stats) tile(ctx context.Context, band, n int) (*tile, error) {
	const op = "blockstats.Stats"
	key := tileKey{s, band, n}
	if t := s.cache.get(key); t != nil {
		return t, nil
	}
	s.load.Lock()
	defer s.load.Unlock()
	if t := s.cache.get(key); t != nil { // someone else has read it meanwhile
		return t, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, fault.E(op, fault.Canceled, err)
	}
	r, err := gdal.OpenRaster(s.path, nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	t, err := readTile(r, s.path, s.h, band, n)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.roots[band][n] = root{t.levels[len(t.levels)-1].sums[0], true}
	s.mu.Unlock()
	s.cache.put(key, t)
	return t, nil
}
