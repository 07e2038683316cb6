package analysis

import (
	"math"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/grid"
)

// Values of a TimeSurface. Others are whole minutes, rounded up: a cell is
// within T minutes exactly when its value is at most T.
const (
	MostMinutes       = 250 // or more
	MinutesNoGround   = 253 // nobody can be there: water, rock
	MinutesNever      = 254 // no facility can be reached
	MinutesOutside    = 255 // outside the territory
	surfaceTile       = 256 // cells a side
	surfaceMaxZoom    = 16
	equatorMetres     = 2 * math.Pi * 6378137
	surfaceTileLevels = 24
)

// TimeSurface is the time from every cell of a territory, for pictures.
type TimeSurface struct {
	grid    grid.Grid // over the territory
	inverse grid.Transform
	minutes []uint8
	box     geo.BBox
	zoom    int
}

// SurfaceInfo says what tiles a surface has.
type SurfaceInfo struct {
	Bounds  [4]float64 `json:"bounds"` // west, south, east, north
	MaxZoom int        `json:"maxzoom"`
	// Most is the number of minutes that stands for itself and more.
	Most int `json:"most"`
}

// Info says what tiles there are.
func (s *TimeSurface) Info() SurfaceInfo {
	return SurfaceInfo{Bounds: [4]float64{s.box.MinX, s.box.MinY, s.box.MaxX, s.box.MaxY}, MaxZoom: s.zoom, Most: MostMinutes}
}

// newTimeSurface takes the minutes of the cells of a territory.
func newTimeSurface(f *footing, m *movement, box geo.BBox) (*TimeSurface, error) {
	native, err := fromLonLat(box, f.grid.CRS)
	if err != nil {
		return nil, err
	}
	win := f.grid.WindowOf(native)
	if win.Empty() {
		return nil, fault.Errorf(opExplore, fault.Invalid, "the ground taken in does not meet the territory")
	}
	s := &TimeSurface{grid: f.grid.Sub(win), box: box, minutes: make([]uint8, 0, win.Cells())}
	var ok bool
	if s.inverse, ok = s.grid.Transform.Invert(); !ok {
		return nil, fault.Errorf(opExplore, fault.Invalid, "the grid's georeference is degenerate")
	}
	for row := win.Row; row < win.Row+win.Height; row++ {
		for col := win.Col; col < win.Col+win.Width; col++ {
			s.minutes = append(s.minutes, f.minutes(m, row*f.grid.Width+col))
		}
	}
	side, err := cellMetres(s.grid)
	if err != nil {
		return nil, err
	}
	lat := (box.MinY + box.MaxY) / 2 * math.Pi / 180
	s.zoom = int(math.Ceil(math.Log2(equatorMetres * math.Cos(lat) / surfaceTile / side)))
	s.zoom = max(1, min(surfaceMaxZoom, s.zoom))
	return s, nil
}

func (f *footing) minutes(m *movement, cell int) uint8 {
	t := float64(m.seconds[cell])
	switch {
	case f.area[cell] == noArea:
		return MinutesOutside
	case math.IsInf(t, 1) && !f.passable(cell):
		return MinutesNoGround
	case math.IsInf(t, 1):
		return MinutesNever
	}
	return uint8(min(MostMinutes, math.Ceil(t/60)))
}

// Tile gives the minutes at the middles of the 256 × 256 cells of a tile of
// the web Mercator pyramid, row by row from the north. Errors: NotExist for
// tiles that the pyramid does not have.
func (s *TimeSurface) Tile(z, x, y int) ([]uint8, error) {
	if z < 0 || z > surfaceTileLevels || x < 0 || y < 0 || x >= 1<<z || y >= 1<<z {
		return nil, fault.Errorf(opExplore, fault.NotExist, "there is no tile %d/%d/%d", z, x, y)
	}
	out := make([]uint8, surfaceTile*surfaceTile)
	for i := range out {
		out[i] = MinutesOutside
	}
	side := equatorMetres / float64(int64(1)<<z)
	west, north := -equatorMetres/2+float64(x)*side, equatorMetres/2-float64(y)*side
	if !s.meets(west, north-side, west+side, north) {
		return out, nil
	}
	tr, err := crs.New(epsg(3857), s.grid.CRS)
	if err != nil {
		return nil, err
	}
	xs, ys := make([]float64, surfaceTile), make([]float64, surfaceTile)
	for row := range surfaceTile {
		for i := range xs {
			xs[i] = west + (float64(i)+0.5)*side/surfaceTile
			ys[i] = north - (float64(row)+0.5)*side/surfaceTile
		}
		if err := tr.Points(xs, ys); err != nil {
			return nil, err
		}
		for i := range xs {
			out[row*surfaceTile+i] = s.at(xs[i], ys[i])
		}
	}
	return out, nil
}

// at is the value at a place in the grid's CRS.
func (s *TimeSurface) at(x, y float64) uint8 {
	c, r := s.inverse.Apply(x, y)
	if !(c >= 0 && r >= 0 && c < float64(s.grid.Width) && r < float64(s.grid.Height)) {
		return MinutesOutside
	}
	return s.minutes[int(r)*s.grid.Width+int(c)]
}

// meets reports whether a box of web Mercator metres meets the territory.
func (s *TimeSurface) meets(west, south, east, north float64) bool {
	const rad = math.Pi / 180
	my := func(lat float64) float64 {
		return equatorMetres / 2 / math.Pi * math.Asinh(math.Tan(math.Max(-85.05, math.Min(85.05, lat))*rad))
	}
	return west <= s.box.MaxX*equatorMetres/360 && east >= s.box.MinX*equatorMetres/360 && south <= my(s.box.MaxY) && north >= my(s.box.MinY)
}
