package vector

import (
	"math"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/tiles/tms"
)

// plane is a tile grid whose matrices halve from one to the next, laid over
// WebMercatorQuad: its tiles are tiles of that grid some zooms further down,
// which is all that drawing needs to know of a grid.
type plane struct {
	set      *tms.TileMatrixSet
	zoom     int     // of the tile of WebMercatorQuad that matrix 0 begins at
	col, row int     // of that tile
	scale    float64 // metres of Web Mercator a unit of the grid's system
}

// planeZoom leaves room round a grid, seven times its size: what reaches
// beyond the grid still has a place. In degrees the world goes round, and there is
// none to leave.
const planeZoom = 3

func planeOf(s *tms.TileMatrixSet) *plane {
	if s == nil || s.CRS == geo.WebMercator {
		return nil
	}
	m := &s.Matrices[0]
	p := &plane{set: s, zoom: planeZoom, col: (1<<planeZoom - m.Columns) / 2, row: (1<<planeZoom - m.Rows) / 2}
	if s.CRS == geo.WGS84 {
		p.zoom, p.col, p.row = 1, 0, 0
	}
	p.scale = 2 * tms.HalfWorld / float64(int(1)<<p.zoom) / (m.CellSize * float64(m.TileWidth))
	return p
}

// tile is where a tile of the grid lies.
func (p *plane) tile(t tms.Tile) (tms.Tile, error) {
	if err := p.set.Check(t); err != nil {
		return t, err
	}
	if t.Z+p.zoom > tms.MaxZoom {
		return t, fault.Errorf("vector.Draw", fault.Invalid, "there are no vector tiles of %s below matrix %s", p.set.ID, p.set.Matrices[tms.MaxZoom-p.zoom].ID)
	}
	return tms.Tile{Z: t.Z + p.zoom, X: t.X + p.col<<t.Z, Y: t.Y + p.row<<t.Z}, nil
}

// onPlane leads from a system to a plane.
type onPlane struct {
	*plane
	to *crs.Transformer // to the grid's system
}

func (p *plane) projector(c geo.CRS) (Projector, error) {
	t, err := crs.New(c, p.set.CRS)
	return onPlane{p, t}, err
}

// Points implements Projector. What is beyond the plane has no image: it
// would come back on the other side.
func (p onPlane) Points(x, y []float64) error {
	if !p.to.Identity() {
		if err := p.to.Points(x, y); err != nil {
			return err
		}
	}
	m := &p.set.Matrices[0]
	side := m.CellSize * float64(m.TileWidth) * p.scale
	for i := range x {
		x[i] = -tms.HalfWorld + float64(p.col)*side + (x[i]-m.OriginX)*p.scale
		y[i] = tms.HalfWorld - float64(p.row)*side - (m.OriginY-y[i])*p.scale
		if p.set.CRS != geo.WGS84 && !(math.Abs(x[i]) <= tms.HalfWorld && math.Abs(y[i]) <= tms.HalfWorld) {
			x[i], y[i] = math.NaN(), math.NaN()
		}
	}
	return nil
}
