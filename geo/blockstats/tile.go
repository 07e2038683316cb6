package blockstats

import (
	"math"

	"contado/geo/gdal"
	"contado/geo/grid"
)

// tile is a piece of the statistics of one band in memory, with a pyramid
// above it: each level has half the side of the one below, up to one sum.
type tile struct {
	win     grid.Window // in blocks of the raster
	levels  []level
	classes [][]uint32
}

type level struct {
	cols, rows int
	sums       []Summary
}

func (l *level) at(col, row int) int { return row*l.cols + col }

// bytes is what the tile holds, roughly.
func (t *tile) bytes() int64 {
	n := int64(256)
	for i := range t.levels {
		n += int64(len(t.levels[i].sums)) * 40
	}
	return n + int64(len(t.classes))*t.win.Cells()*4
}

// readTile reads and checks one tile of one band.
func readTile(r *gdal.Raster, path string, h *header, band, n int) (*tile, error) {
	b := &h.Bands[band]
	t := &tile{win: h.tile(n)}
	planes := make([][]float64, b.planes())
	size := int(t.win.Cells())
	for p := range planes {
		planes[p] = make([]float64, size)
		if err := r.ReadFloat64(b.First+p, t.win, planes[p]); err != nil {
			return nil, damaged(path, "%w", err)
		}
	}
	if checksum(planes) != b.Sums[n] {
		return nil, damaged(path, "checksum of band %d, tile %d is wrong", b.Number, n)
	}
	base := level{cols: t.win.Width, rows: t.win.Height, sums: make([]Summary, size)}
	for i := range base.sums {
		s := Summary{Count: planes[0][i], Sum: planes[1][i], M2: planes[2][i], Min: planes[3][i], Max: planes[4][i]}
		if !plausible(s, h.cells(t.win.Col+i%t.win.Width, t.win.Row+i/t.win.Width)) {
			return nil, damaged(path, "block %d,%d of band %d cannot be: %+v", t.win.Col+i%t.win.Width, t.win.Row+i/t.win.Width, b.Number, s)
		}
		base.sums[i] = s
	}
	if err := t.takeClasses(path, b, planes[len(moments):], base.sums); err != nil {
		return nil, err
	}
	t.levels = []level{base}
	for l := &t.levels[0]; l.cols > 1 || l.rows > 1; l = &t.levels[len(t.levels)-1] {
		t.levels = append(t.levels, l.above())
	}
	return t, nil
}

// cells is the number of cells of a block.
func (h *header) cells(col, row int) float64 {
	return float64(min(h.Side, h.Width-col*h.Side)) * float64(min(h.Side, h.Height-row*h.Side))
}

// plausible reports whether numbers can be the sums of at most n cells.
func plausible(s Summary, n float64) bool {
	switch {
	case !(s.Count >= 0 && s.Count <= n && s.Count == math.Trunc(s.Count)):
		return false
	case s.Count == 0:
		return s.Sum == 0 && s.M2 == 0 && s.Min != s.Min && s.Max != s.Max
	case !finite(s.Min) || !finite(s.Max) || s.Min > s.Max:
		return false
	case s.Sum != s.Sum || s.M2 != s.M2:
		return s.Sum != s.Sum && s.M2 != s.M2
	case !finite(s.Sum) || !finite(s.M2):
		return false
	}
	const eps, tiny = 1e-9, 1e-300 // tiny: numbers near the smallest have few digits
	tol := eps * s.Count * math.Max(math.Abs(s.Min), math.Abs(s.Max))
	d := s.Max - s.Min
	// Σ (v−mean)² ≤ n·d²/4 (Popoviciu 1935).
	return s.Sum >= s.Count*s.Min-tol && s.Sum <= s.Count*s.Max+tol && s.M2 >= 0 && s.M2 <= (1+eps)*s.Count*d*d/4+tiny
}

func (t *tile) takeClasses(path string, b *headerBand, planes [][]float64, sums []Summary) error {
	total := make([]float64, len(sums))
	for _, p := range planes {
		plane := make([]uint32, len(p))
		for i, v := range p {
			if !(v >= 0 && v <= sums[i].Count && v == math.Trunc(v)) {
				return damaged(path, "a count of a value of band %d cannot be: %v", b.Number, v)
			}
			plane[i] = uint32(v)
			total[i] += v
		}
		t.classes = append(t.classes, plane)
	}
	for i := range total {
		if len(planes) > 0 && total[i] != sums[i].Count {
			return damaged(path, "the counts of the values of band %d do not make the count of the block", b.Number)
		}
	}
	return nil
}

// above halves a level.
func (l *level) above() level {
	up := level{cols: (l.cols + 1) / 2, rows: (l.rows + 1) / 2}
	up.sums = make([]Summary, up.cols*up.rows)
	for i := range up.sums {
		s := Summary{Min: math.NaN(), Max: math.NaN()}
		c, r := i%up.cols*2, i/up.cols*2
		for y := r; y < min(r+2, l.rows); y++ {
			for x := c; x < min(c+2, l.cols); x++ {
				s.Merge(l.sums[l.at(x, y)])
			}
		}
		up.sums[i] = s
	}
	return up
}

// visit calls fn for the largest nodes that together make a window (in blocks
// of the tile) of node col, row of level n, until fn returns false.
func (t *tile) visit(n, col, row int, w grid.Window, fn func(Summary) bool) bool {
	l := &t.levels[n]
	node := grid.Window{Col: col << n, Row: row << n, Width: 1 << n, Height: 1 << n}
	node = node.Intersect(grid.Window{Width: t.win.Width, Height: t.win.Height})
	part := node.Intersect(w)
	if part.Empty() {
		return true
	}
	// An overflow above may hide what the blocks below can say.
	if s := l.sums[l.at(col, row)]; part == node && (n == 0 || s.Summable()) {
		return fn(s)
	}
	below := &t.levels[n-1]
	for y := 2 * row; y < min(2*row+2, below.rows); y++ {
		for x := 2 * col; x < min(2*col+2, below.cols); x++ {
			if !t.visit(n-1, x, y, w, fn) {
				return false
			}
		}
	}
	return true
}
