package zonal

import (
	"context"
	"math"

	"contado/geo/fault"
	"contado/geo/grid"
)

// alignEps is how far, in cells of the finer grid, lines of two grids may lie
// apart at any corner: it allows for cell sizes that were written down with
// few digits.
const alignEps = 1e-3

// attachWeights gives the engine its weights on its own grid, or, when they
// are finer, returns a second engine on their grid that does the weighted
// sums.
func (e *engine) attachWeights() (*engine, error) {
	const op = "zonal.Compute"
	wg := e.o.Weights.Grid()
	if err := checkGrid(wg); err != nil {
		return nil, err
	}
	if e.grid.CRS.Known() && wg.CRS.Known() && e.grid.CRS != wg.CRS {
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "the weights are in %s, the raster in %s",
			wg.CRS.Short(), e.grid.CRS.Short()), "reproject one of them first")
	}
	if v, ok := viewOn(e.grid, e.o.Weights); ok {
		e.weights = v
		return nil, nil
	}
	kx, ky, ok := refinement(wg, e.grid)
	if !ok || float64(kx)*float64(e.grid.Width) > maxSide || float64(ky)*float64(e.grid.Height) > maxSide {
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid,
			"the weights' cells are neither those of the raster nor a whole multiple or part of them (transforms %v and %v)",
			wg.Transform, e.grid.Transform), "resample the weights onto the raster's grid first")
	}
	fine := e.grid
	fine.Width, fine.Height = fine.Width*kx, fine.Height*ky
	for _, i := range []int{1, 4} {
		fine.Transform[i] /= float64(kx)
	}
	for _, i := range []int{2, 5} {
		fine.Transform[i] /= float64(ky)
	}
	weights, ok := viewOn(fine, e.o.Weights)
	if !ok {
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "the weights' cells are not on the lines of the raster's cells"),
			"resample the weights onto the raster's grid first")
	}
	values, ok := viewOn(fine, e.raster)
	if !ok {
		return nil, fault.Errorf(op, fault.Other, "a refined grid does not lie on its own raster")
	}
	second := &engine{raster: values, weights: weights, grid: fine, areas: e.areas, o: &Options{}, need: needs{weights: true}}
	*second.o = *e.o
	second.o.CellArea, second.o.Progress = nil, nil
	e.need.weights = false
	return second, nil
}

// refinement is how many cells of fine make one of coarse along x and y, to
// the nearest whole number from 1; viewOn finds out whether they really do.
func refinement(fine, coarse grid.Grid) (kx, ky int, ok bool) {
	f, c := fine.Transform, coarse.Transform
	rx := math.Hypot(c[1], c[4]) / math.Hypot(f[1], f[4])
	ry := math.Hypot(c[2], c[5]) / math.Hypot(f[2], f[5])
	if !(rx < maxSide && ry < maxSide) {
		return 0, 0, false
	}
	return max(1, int(math.Round(rx))), max(1, int(math.Round(ry))), true
}

// view shows a raster on a grid of the same or finer cells: every cell takes
// the value of the source cell that holds it, and NaN outside the source.
type view struct {
	src    Raster
	g      grid.Grid
	kx, ky int   // cells of g in one of the source
	dx, dy int64 // source's first corner, in cells of g
	sw, sh int
}

// viewOn makes a view, or says that the lines do not fit.
func viewOn(g grid.Grid, src Raster) (Raster, bool) {
	sg := src.Grid()
	kx, ky, ok := refinement(g, sg)
	if !ok {
		return nil, false
	}
	m := mapper{t: g.Transform, det: g.Transform.Det()}
	v := &view{src: src, g: g, kx: kx, ky: ky, sw: sg.Width, sh: sg.Height}
	for i, c := range [4][2]int{{0, 0}, {sg.Width, 0}, {0, sg.Height}, {sg.Width, sg.Height}} {
		x, y := sg.Transform.Apply(float64(c[0]), float64(c[1]))
		p := m.cell([2]float64{x, y})
		ox, oy := math.Round(p[0]), math.Round(p[1])
		if !(math.Abs(p[0]-ox) <= alignEps && math.Abs(p[1]-oy) <= alignEps && math.Abs(ox) < maxFar && math.Abs(oy) < maxFar) {
			return nil, false
		}
		if i == 0 {
			v.dx, v.dy = int64(ox), int64(oy)
		} else if int64(ox) != v.dx+int64(c[0])*int64(kx) || int64(oy) != v.dy+int64(c[1])*int64(ky) {
			return nil, false // other size, turned, or upside down
		}
	}
	if kx == 1 && ky == 1 && v.dx == 0 && v.dy == 0 && sg.Width >= g.Width && sg.Height >= g.Height {
		return src, true
	}
	return v, true
}

func (v *view) Grid() grid.Grid { return v.g }

// BlockSize keeps the source's blocks whole when they are known.
func (v *view) BlockSize() (cols, rows int) {
	if b, ok := v.src.(interface{ BlockSize() (cols, rows int) }); ok {
		cols, rows = b.BlockSize()
		return cols * v.kx, rows * v.ky
	}
	return 512, 512
}

// ReadFloat64 reads the source window that holds w and spreads it; the source
// window never has more cells than w.
func (v *view) ReadFloat64(ctx context.Context, band int, w grid.Window, dst []float64) error {
	c0, c1 := floorDiv(int64(w.Col)-v.dx, v.kx), floorDiv(int64(w.Col+w.Width-1)-v.dx, v.kx)
	r0, r1 := floorDiv(int64(w.Row)-v.dy, v.ky), floorDiv(int64(w.Row+w.Height-1)-v.dy, v.ky)
	c0, r0 = max(c0, 0), max(r0, 0)
	c1, r1 = min(c1, int64(v.sw)-1), min(r1, int64(v.sh)-1)
	dst = dst[:w.Width*w.Height]
	if c1 < c0 || r1 < r0 {
		fill(dst, math.NaN())
		return nil
	}
	sw := grid.Window{Col: int(c0), Row: int(r0), Width: int(c1 - c0 + 1), Height: int(r1 - r0 + 1)}
	src := make([]float64, sw.Width*sw.Height)
	if err := v.src.ReadFloat64(ctx, band, sw, src); err != nil {
		return err
	}
	for r := 0; r < w.Height; r++ {
		row := dst[r*w.Width : (r+1)*w.Width]
		sr := floorDiv(int64(w.Row+r)-v.dy, v.ky)
		if sr < r0 || sr > r1 {
			fill(row, math.NaN())
			continue
		}
		from := src[int(sr-r0)*sw.Width:][:sw.Width]
		for c := range row {
			sc := floorDiv(int64(w.Col+c)-v.dx, v.kx)
			if sc < c0 || sc > c1 {
				row[c] = math.NaN()
			} else {
				row[c] = from[sc-c0]
			}
		}
	}
	return nil
}

func floorDiv(a int64, k int) int64 {
	q := a / int64(k)
	if a%int64(k) < 0 {
		q--
	}
	return q
}

func fill(s []float64, v float64) {
	for i := range s {
		s[i] = v
	}
}
