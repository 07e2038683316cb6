package zonal

import (
	"context"
	"math"
	"slices"

	"contado/geo/fault"
	"contado/geo/grid"
)

// overEps is how far a covered fraction may leave 0…1 by rounding and by
// crossings that reprojection makes between vertices that touched.
const overEps = 1e-6

// Span is a run of cells of one row with the same covered fraction: single
// cells on the boundary, runs with fraction 1 inside.
type Span struct {
	Row, Col, Width int
	Fraction        float64 // 0 < Fraction ≤ 1
}

// Cover calls yield for every cell of a grid that an area covers, row by row
// and left to right, until yield returns false. The fractions are those that
// Compute uses, and so are the errors.
func Cover(ctx context.Context, g grid.Grid, a Area, yield func(Span) bool) error {
	const op = "zonal.Cover"
	if err := checkGrid(g); err != nil {
		return wrap(op, err)
	}
	name := label{a.ID, 0}
	sh, err := newShape(g, a, name)
	if err != nil {
		return wrap(op, err)
	}
	if err := sh.checkOverlap(ctx, name); err != nil {
		return wrap(op, err)
	}
	const band = 256
	var sw sweeper
	for row := sh.win.Row; row < sh.win.Row+sh.win.Height; row += band {
		if err := ctx.Err(); err != nil {
			return fault.E(op, fault.Canceled, err)
		}
		win := sh.win
		win.Row, win.Height = row, min(band, sh.win.Row+sh.win.Height-row)
		if err := sw.collect(ctx, sh, win); err != nil {
			return fault.E(op, fault.Canceled, err)
		}
		for r := 0; r < win.Height; r++ {
			spans, err := sw.spans(r)
			if err != nil {
				return wrap(op, invalidCover(name, err))
			}
			for _, s := range spans {
				if !yield(s) {
					return nil
				}
			}
		}
	}
	return nil
}

func invalidCover(name label, err error) error {
	return fault.WithHint(fault.Errorf("zonal.Compute", fault.Invalid, "%s is not a valid polygon: %w", name, err),
		"repair the geometry first")
}

// edgeCell is what one edge adds to one cell: cover is the signed height of
// the edge within the cell's row, area the signed area between the edge and
// the right side of the cell. Row and column are relative to the window.
type edgeCell struct {
	row, col    int32
	cover, area float64
}

// sweeper turns the edges of a shape into spans of a window. The fraction of
// a cell depends on the shape alone, not on the window: that makes results
// independent of how the raster is cut up.
type sweeper struct {
	win    grid.Window
	one    float64 // fraction of the only cell, when a shape lies in it
	minF   float64
	cells  []edgeCell
	spare  []edgeCell
	starts []int32 // cells[starts[r]:starts[r+1]] is row r, after sort
	limit  int
	out    []Span
	// edges of the window in absolute cell coordinates
	left, right, top, bottom float64
}

// compactAt is the number of edge cells above which equal ones are merged, so
// that memory follows the distinct cells however often a ring winds about.
const compactAt = 1 << 18

// collect gathers the edge cells of a shape within a window of its grid.
func (s *sweeper) collect(ctx context.Context, sh *shape, win grid.Window) error {
	s.win, s.minF, s.one = win, sh.minF, 0
	s.cells = s.cells[:0]
	s.limit = compactAt
	s.left, s.right = float64(win.Col), float64(win.Col+win.Width)
	s.top, s.bottom = float64(win.Row), float64(win.Row+win.Height)
	if sh.one {
		s.one = sh.area
	}
	for i := range sh.chunks {
		c := &sh.chunks[i]
		if i%256 == 255 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if sh.one || c.maxY <= s.top || c.minY >= s.bottom || c.minX >= s.right {
			continue
		}
		for e := c.from; e < c.to; e++ {
			a, b := &sh.pts[e], &sh.pts[e+1]
			if a[1] < b[1] {
				s.edge(a[0], a[1], b[0], b[1], c.sign)
			} else if a[1] > b[1] {
				s.edge(b[0], b[1], a[0], a[1], -c.sign)
			}
		}
		if len(s.cells) >= s.limit {
			if err := ctx.Err(); err != nil {
				return err
			}
			s.sort()
			s.merge()
			s.limit = max(compactAt, 2*len(s.cells))
		}
	}
	s.sort()
	return ctx.Err()
}

// edge cuts an edge with y0 < y1 into its rows. Both directions of an edge
// come here with the same numbers, so that neighbours that share it get
// fractions that sum to one.
func (s *sweeper) edge(x0, y0, x1, y1, dir float64) {
	if y1 <= s.top || y0 >= s.bottom || (x0 >= s.right && x1 >= s.right) {
		return
	}
	slope := (x1 - x0) / (y1 - y0)
	lo, hi := math.Min(x0, x1), math.Max(x0, x1)
	xa, ya := x0, y0
	if y0 < s.top {
		ya = s.top
		xa = math.Min(math.Max(x0+(ya-y0)*slope, lo), hi)
	}
	end := math.Min(y1, s.bottom)
	for r := math.Floor(ya); r < end; r++ {
		yb, xb := r+1, x1
		if yb < y1 {
			xb = math.Min(math.Max(x0+(yb-y0)*slope, lo), hi)
		} else {
			yb = y1
		}
		fa, fb := quantise(ya-r), quantise(yb-r)
		if fa != fb {
			row := int32(r - s.top)
			if xa <= xb {
				s.row(row, xa, fa, xb, fb, dir)
			} else {
				s.row(row, xb, fb, xa, fa, dir)
			}
		}
		xa, ya = xb, yb
	}
}

// quantise rounds a height within a row to a multiple of 2⁻⁵⁰. Sums of such
// heights are exact in float64, therefore the winding number between edges is
// exactly 0 or 1, with no drift along a row.
func quantise(f float64) float64 { return (f + 4) - 4 }

// row adds the piece of an edge within one row: from (xl, fl) on the left to
// (xr, fr) on the right, f being heights within the row.
func (s *sweeper) row(row int32, xl, fl, xr, fr, dir float64) {
	if xl >= s.right {
		return
	}
	if xr <= s.left {
		cover := dir * math.Abs(fr-fl)
		s.add(row, 0, cover, cover)
		return
	}
	c := math.Floor(xl)
	if xr <= c+1 && xl >= s.left { // one cell: the usual case
		cover := dir * math.Abs(fr-fl)
		s.add(row, int32(c-s.left), cover, cover*(1-((xl-c)+(xr-c))/2))
		return
	}
	slope := (fr - fl) / (xr - xl)
	lo, hi := math.Min(fl, fr), math.Max(fl, fr)
	at := func(x float64) float64 { return quantise(math.Min(math.Max(fl+(x-xl)*slope, lo), hi)) }
	xs, fs := xl, fl
	if xl < s.left {
		xs, fs = s.left, at(s.left)
		cover := dir * math.Abs(fs-fl)
		s.add(row, 0, cover, cover)
		c = s.left
	}
	for end := math.Min(xr, s.right); c < end; c++ {
		xe, fe := c+1, fr
		if xe < xr {
			fe = at(xe)
		} else {
			xe = xr
		}
		cover := dir * math.Abs(fe-fs)
		s.add(row, int32(c-s.left), cover, cover*(1-((xs-c)+(xe-c))/2))
		xs, fs = xe, fe
	}
}

func (s *sweeper) add(row, col int32, cover, area float64) {
	if n := len(s.cells); n > 0 {
		if l := &s.cells[n-1]; l.row == row && l.col == col {
			l.cover += cover
			l.area += area
			return
		}
	}
	s.cells = append(s.cells, edgeCell{row, col, cover, area})
}

// sort orders the edge cells by row (counting), then column.
func (s *sweeper) sort() {
	n := s.win.Height
	s.starts = slices.Grow(s.starts[:0], n+1)[:n+1]
	clear(s.starts)
	for i := range s.cells {
		s.starts[s.cells[i].row+1]++
	}
	for r := 0; r < n; r++ {
		s.starts[r+1] += s.starts[r]
	}
	s.spare = slices.Grow(s.spare[:0], len(s.cells))[:len(s.cells)]
	for i := range s.cells {
		at := &s.starts[s.cells[i].row]
		s.spare[*at] = s.cells[i]
		*at++
	}
	s.cells, s.spare = s.spare, s.cells
	copy(s.starts[1:], s.starts[:n]) // each start has moved to the next one's place
	s.starts[0] = 0
	for r := 0; r < n; r++ {
		row := s.cells[s.starts[r]:s.starts[r+1]]
		if len(row) < 24 {
			insertionSort(row)
		} else {
			slices.SortStableFunc(row, func(a, b edgeCell) int { return int(a.col) - int(b.col) })
		}
	}
}

func insertionSort(c []edgeCell) {
	for i := 1; i < len(c); i++ {
		for j := i; j > 0 && c[j].col < c[j-1].col; j-- {
			c[j], c[j-1] = c[j-1], c[j]
		}
	}
}

// merge joins edge cells of the same cell after sort.
func (s *sweeper) merge() {
	out := s.cells[:0]
	for _, c := range s.cells {
		if n := len(out); n > 0 && out[n-1].row == c.row && out[n-1].col == c.col {
			out[n-1].cover += c.cover
			out[n-1].area += c.area
			continue
		}
		out = append(out, c)
	}
	s.cells = out
}

// spans are the covered cells of row r of the window. The slice is valid
// until the next call.
func (s *sweeper) spans(r int) ([]Span, error) {
	s.out = s.out[:0]
	row := s.win.Row + r
	if s.one > 0 {
		if s.one > 1+overEps {
			return nil, fault.Errorf("zonal.Cover", fault.Invalid, "it covers the cell at column %d, row %d more than once", s.win.Col, row)
		}
		s.out = append(s.out, Span{Row: row, Col: s.win.Col, Width: 1, Fraction: math.Min(s.one, 1)})
		return s.out, nil
	}
	cells := s.cells[s.starts[r]:s.starts[r+1]]
	wind, next := 0.0, int32(0)
	for i := 0; i < len(cells); {
		col, cover, area := cells[i].col, cells[i].cover, cells[i].area
		for i++; i < len(cells) && cells[i].col == col; i++ {
			cover += cells[i].cover
			area += cells[i].area
		}
		if err := s.emit(row, next, col, wind); err != nil {
			return nil, err
		}
		if err := s.emit(row, col, col+1, wind+area); err != nil {
			return nil, err
		}
		wind += cover
		next = col + 1
	}
	return s.out, s.emit(row, next, int32(s.win.Width), wind)
}

// emit adds columns [from, to) with a fraction, joining whole cells to runs.
func (s *sweeper) emit(row int, from, to int32, f float64) error {
	if to <= from || (f > -overEps && (f <= 0 || f < s.minF)) {
		return nil
	}
	if f < 0 || f > 1+overEps {
		what := "more than once"
		if f < 0 {
			what = "less than not at all"
		}
		return fault.Errorf("zonal.Cover", fault.Invalid, "it covers the cell at column %d, row %d %s (fraction %.6g): rings cross or overlap",
			s.win.Col+int(from), row, what, f)
	}
	if f > 1-1e-14 {
		f = 1
		if n := len(s.out); n > 0 && s.out[n-1].Fraction == 1 && s.out[n-1].Col+s.out[n-1].Width == s.win.Col+int(from) {
			s.out[n-1].Width += int(to - from)
			return nil
		}
	}
	s.out = append(s.out, Span{Row: row, Col: s.win.Col + int(from), Width: int(to - from), Fraction: f})
	return nil
}
