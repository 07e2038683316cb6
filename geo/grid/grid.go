// Package grid describes rasters: where their cells lie, windows of them,
// and pixel blocks read from them. It knows no file format.
package grid

import (
	"fmt"
	"math"

	"contado/geo"
)

// Transform is the affine map from cell to CRS coordinates, in GDAL's order:
//
//	x = T[0] + col·T[1] + row·T[2]
//	y = T[3] + col·T[4] + row·T[5]
//
// (col, row) = (0, 0) is the outer corner of the first cell.
type Transform [6]float64

// Apply maps fractional (col, row) to (x, y).
func (t Transform) Apply(col, row float64) (x, y float64) {
	return t[0] + col*t[1] + row*t[2], t[3] + col*t[4] + row*t[5]
}

// Det is the determinant of the linear part: the signed cell area in CRS units.
func (t Transform) Det() float64 { return t[1]*t[5] - t[2]*t[4] }

// Invert returns the map from (x, y) to fractional (col, row); ok is false
// when the transform is degenerate.
func (t Transform) Invert() (inv Transform, ok bool) {
	d := t.Det()
	if d == 0 || math.IsNaN(d) || math.IsInf(d, 0) {
		return Transform{}, false
	}
	return Transform{
		(t[2]*t[3] - t[5]*t[0]) / d, t[5] / d, -t[2] / d,
		(t[4]*t[0] - t[1]*t[3]) / d, -t[4] / d, t[1] / d,
	}, true
}

// NorthUp reports whether rows run along parallels, north to south, and
// columns west to east, without rotation.
func (t Transform) NorthUp() bool { return t[2] == 0 && t[4] == 0 && t[1] > 0 && t[5] < 0 }

// Grid is a raster's georeference: CRS, transform and size in cells.
type Grid struct {
	CRS       geo.CRS   `json:"crs"`
	Transform Transform `json:"transform"`
	Width     int       `json:"width"`
	Height    int       `json:"height"`
}

// Cells is the number of cells.
func (g Grid) Cells() int64 { return int64(g.Width) * int64(g.Height) }

// Bounds is the box of the whole grid in its own CRS (right also when rotated).
func (g Grid) Bounds() geo.BBox { return g.WindowBounds(g.Full()) }

// Full is the window of all cells.
func (g Grid) Full() Window { return Window{Width: g.Width, Height: g.Height} }

// WindowBounds is the box of a window in the grid's CRS.
func (g Grid) WindowBounds(w Window) geo.BBox {
	b := geo.EmptyBBox()
	for _, c := range [4][2]int{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
		b = b.ExtendPoint(g.Transform.Apply(float64(w.Col+c[0]*w.Width), float64(w.Row+c[1]*w.Height)))
	}
	return b
}

// WindowOf is the smallest window of whole cells that holds the box (in the
// grid's CRS), clipped to the grid; Empty when they are apart. The grid must
// not be rotated.
func (g Grid) WindowOf(b geo.BBox) Window {
	inv, ok := g.Transform.Invert()
	if !ok || b.IsEmpty() {
		return Window{}
	}
	c0, r0 := inv.Apply(b.MinX, b.MinY)
	c1, r1 := inv.Apply(b.MaxX, b.MaxY)
	lo := func(a, b float64) float64 { return math.Floor(math.Min(a, b) + 1e-9) }
	hi := func(a, b float64) float64 { return math.Ceil(math.Max(a, b) - 1e-9) }
	clamp := func(v float64, n int) int { return int(math.Max(0, math.Min(v, float64(n)))) }
	w := Window{Col: clamp(lo(c0, c1), g.Width), Row: clamp(lo(r0, r1), g.Height)}
	w.Width = clamp(hi(c0, c1), g.Width) - w.Col
	w.Height = clamp(hi(r0, r1), g.Height) - w.Row
	if w.Width <= 0 || w.Height <= 0 {
		return Window{}
	}
	return w
}

// Sub is the grid of a window of this grid.
func (g Grid) Sub(w Window) Grid {
	t := g.Transform
	t[0], t[3] = g.Transform.Apply(float64(w.Col), float64(w.Row))
	return Grid{CRS: g.CRS, Transform: t, Width: w.Width, Height: w.Height}
}

// Center is the CRS position of a cell's centre.
func (g Grid) Center(col, row int) (x, y float64) {
	return g.Transform.Apply(float64(col)+0.5, float64(row)+0.5)
}

// Window is a block of whole cells: columns [Col, Col+Width), rows
// [Row, Row+Height).
type Window struct {
	Col, Row, Width, Height int
}

// Empty reports whether the window holds no cell.
func (w Window) Empty() bool { return w.Width <= 0 || w.Height <= 0 }

// Cells is the number of cells in the window.
func (w Window) Cells() int64 { return int64(w.Width) * int64(w.Height) }

// Intersect returns the shared cells; Empty tells when there are none.
func (w Window) Intersect(o Window) Window {
	c0, r0 := max(w.Col, o.Col), max(w.Row, o.Row)
	c1, r1 := min(w.Col+w.Width, o.Col+o.Width), min(w.Row+w.Height, o.Row+o.Height)
	if c1 <= c0 || r1 <= r0 {
		return Window{}
	}
	return Window{Col: c0, Row: r0, Width: c1 - c0, Height: r1 - r0}
}

func (w Window) String() string {
	return fmt.Sprintf("%dx%d+%d+%d", w.Width, w.Height, w.Col, w.Row)
}

// Resampling is how cells are combined when a raster is read at another
// resolution or warped.
type Resampling string

// The methods. Classes take Nearest or Mode, quantities the others.
const (
	Nearest  Resampling = "nearest"
	Bilinear Resampling = "bilinear"
	Cubic    Resampling = "cubic"
	Average  Resampling = "average"
	Mode     Resampling = "mode"
)

// Valid reports whether r is one of the named methods.
func (r Resampling) Valid() bool {
	switch r {
	case Nearest, Bilinear, Cubic, Average, Mode:
		return true
	}
	return false
}

// Block is a window of one or more bands in memory, band-sequential.
type Block struct {
	Width, Height int
	// Bands[b][row*Width+col]: the values after scale and offset.
	Bands [][]float32
	// Mask[row*Width+col] is 0 where any read band is nodata, NaN or masked,
	// 255 where all are valid.
	Mask []uint8
}
