// Package tms is the arithmetic of tile grids: which box of the world a tile
// covers, and which tile holds a place. It follows OGC Two Dimensional Tile
// Matrix Set 2.0 (17-083r4); WebMercatorQuad is the grid of web maps.
package tms

import (
	"math"
	"strconv"
	"sync"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/grid"
)

const (
	// MaxZoom is the finest zoom that is served: cells of 9 mm at the equator.
	MaxZoom = 24
	// EarthRadius is the semi-major axis of WGS 84 in metres, which spherical
	// Mercator (EPSG method 1024) uses as its radius.
	EarthRadius = 6378137.0
	// HalfWorld is half the side of the square Web Mercator world in metres.
	HalfWorld = math.Pi * EarthRadius
	// MaxLatitude is where that square ends: atan(sinh π) in degrees.
	MaxLatitude = 85.05112877980659
)

// Tile is the address of a tile: zoom (the index of its matrix), column from
// the west, row from the north.
type Tile struct {
	Z, X, Y int
}

// Matrix is one zoom of a tile grid. Tiles lie in rows from the top left
// corner (OriginX, OriginY), in CRS units.
type Matrix struct {
	ID               string
	ScaleDenominator float64 // on the 0.28 mm pixel of the standard
	CellSize         float64 // CRS units a pixel
	OriginX, OriginY float64 // outer corner of tile (0, 0): west and north
	TileWidth        int     // pixels
	TileHeight       int
	Columns, Rows    int // tiles
}

// TileMatrixSet is a tile grid over one CRS. It is immutable. Inside, x is
// always the easting or longitude; only Definition and Ordered follow the
// axis order of the authority.
type TileMatrixSet struct {
	ID    string
	Title string
	URI   string // in the register of OGC; "" for ours
	CRS   geo.CRS
	// CRSURI is the CRS as OGC names it; it tells CRS84 from EPSG:4326.
	CRSURI      string
	Axes        [2]string // short names in the order of the CRS
	AxesSwapped bool      // the CRS counts northing or latitude first
	ScaleSet    string    // URI of the well known scale set, or ""
	// MetresPerUnit turns CRS units into metres, at the equator for degrees.
	MetresPerUnit float64
	// Accuracy is that of the transformation from WGS 84, in words; "" where the
	// grid is in WGS 84 itself or has been registered without.
	Accuracy string
	// Domain is where the grid serves, in WGS84 degrees: beyond it the
	// projection is too distorted, or the grid ends.
	Domain geo.BBox
	// Matrices go from coarse to fine. Their index is Tile.Z; their ID, which is
	// in addresses, may begin elsewhere than at 0 (see Zoom).
	Matrices []Matrix
}

// WebMercatorQuad is the grid of web maps in EPSG:3857: one tile at zoom 0,
// four times as many at each further one, 256 pixels a side, up to MaxZoom.
var WebMercatorQuad = sync.OnceValue(func() *TileMatrixSet {
	s := &TileMatrixSet{
		ID:    "WebMercatorQuad",
		Title: "Google Maps Compatible for the World",
		URI:   "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad",
		CRS:   geo.WebMercator, CRSURI: epsgURI("3857"), Axes: [2]string{"X", "Y"},
		ScaleSet:      "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
		MetresPerUnit: 1, Domain: geo.BBox{MinX: -180, MinY: -MaxLatitude, MaxX: 180, MaxY: MaxLatitude},
	}
	for z := 0; z <= MaxZoom; z++ {
		n := 1 << z
		cell := 2 * HalfWorld / 256 / float64(n)
		s.Matrices = append(s.Matrices, Matrix{
			ID: strconv.Itoa(z), ScaleDenominator: cell / pixelSize, CellSize: cell,
			OriginX: -HalfWorld, OriginY: HalfWorld,
			TileWidth: 256, TileHeight: 256, Columns: n, Rows: n,
		})
	}
	return s
})

// Check reports whether the tile is inside the grid, as fault.Invalid naming
// the part of the address that is not.
func (s *TileMatrixSet) Check(t Tile) error {
	const op = "tms.Check"
	if t.Z < 0 || t.Z >= len(s.Matrices) {
		return fault.Errorf(op, fault.Invalid, "zoom %d is outside 0 to %d", t.Z, len(s.Matrices)-1)
	}
	m := &s.Matrices[t.Z]
	if t.X < 0 || t.X >= m.Columns {
		return fault.Errorf(op, fault.Invalid, "column %d is outside 0 to %d at zoom %d", t.X, m.Columns-1, t.Z)
	}
	if t.Y < 0 || t.Y >= m.Rows {
		return fault.Errorf(op, fault.Invalid, "row %d is outside 0 to %d at zoom %d", t.Y, m.Rows-1, t.Z)
	}
	return nil
}

// Bounds is the box of a tile in the CRS of the grid. The tile must be inside
// (see Check). Neighbours share their edge coordinates bit for bit.
func (s *TileMatrixSet) Bounds(t Tile) geo.BBox {
	m := &s.Matrices[t.Z]
	w, h := m.CellSize*float64(m.TileWidth), m.CellSize*float64(m.TileHeight)
	return geo.BBox{
		MinX: m.OriginX + float64(t.X)*w, MaxX: m.OriginX + float64(t.X+1)*w,
		MinY: m.OriginY - float64(t.Y+1)*h, MaxY: m.OriginY - float64(t.Y)*h,
	}
}

// At is the tile at zoom z that holds (x, y) in the CRS of the grid. Tiles
// are closed to the north and west, open to the south and east; places
// outside the grid fall to its nearest tile.
func (s *TileMatrixSet) At(z int, x, y float64) Tile {
	m := &s.Matrices[z]
	col := math.Floor((x - m.OriginX) / (m.CellSize * float64(m.TileWidth)))
	row := math.Floor((m.OriginY - y) / (m.CellSize * float64(m.TileHeight)))
	return Tile{Z: z, X: clamp(col, m.Columns), Y: clamp(row, m.Rows)}
}

// Range is a rectangle of tiles of one zoom; all ends are inclusive.
type Range struct {
	Z, MinX, MinY, MaxX, MaxY int
}

// Count is the number of tiles in the range.
func (r Range) Count() int64 {
	return int64(r.MaxX-r.MinX+1) * int64(r.MaxY-r.MinY+1)
}

// Range is the tiles at zoom z that meet a box in the CRS of the grid.
func (s *TileMatrixSet) Range(z int, b geo.BBox) Range {
	tl, br := s.At(z, b.MinX, b.MaxY), s.At(z, b.MaxX, b.MinY)
	return Range{Z: z, MinX: tl.X, MinY: tl.Y, MaxX: br.X, MaxY: br.Y}
}

// Limits is the tiles at zoom z whose inside meets a box in the CRS of the
// grid; ok is false when the box lies outside the grid.
func (s *TileMatrixSet) Limits(z int, b geo.BBox) (r Range, ok bool) {
	e := s.Extent(z)
	if b.IsEmpty() || !b.Intersects(e) {
		return Range{}, false
	}
	r = s.Range(z, b)
	// A box that ends on an edge, to the rounding of it, has nothing in the
	// tile beyond.
	first, last := s.Bounds(Tile{Z: z, X: r.MinX, Y: r.MinY}), s.Bounds(Tile{Z: z, X: r.MaxX, Y: r.MaxY})
	hair := first.Width() * 1e-9
	if r.MaxX > r.MinX && first.MaxX <= b.MinX+hair {
		r.MinX++
	}
	if r.MaxX > r.MinX && last.MinX >= b.MaxX-hair {
		r.MaxX--
	}
	if r.MaxY > r.MinY && first.MinY >= b.MaxY-hair {
		r.MinY++
	}
	if r.MaxY > r.MinY && last.MaxY <= b.MinY+hair {
		r.MaxY--
	}
	return r, true
}

// Extent is the box of all tiles at zoom z in the CRS of the grid.
func (s *TileMatrixSet) Extent(z int) geo.BBox {
	m := &s.Matrices[z]
	first, last := s.Bounds(Tile{Z: z}), s.Bounds(Tile{Z: z, X: m.Columns - 1, Y: m.Rows - 1})
	return first.Union(last)
}

// Zoom is the index of the matrix with an identifier, as addresses give it.
// fault.NotExist names the identifiers there are.
func (s *TileMatrixSet) Zoom(matrix string) (int, error) {
	for z := range s.Matrices {
		if s.Matrices[z].ID == matrix {
			return z, nil
		}
	}
	return 0, fault.Errorf("tms.Zoom", fault.NotExist, "no tile matrix %.30q in %s: they are %s to %s",
		matrix, s.ID, s.Matrices[0].ID, s.Matrices[len(s.Matrices)-1].ID)
}

// ZoomFor is the first zoom whose cells are no larger than metres on the
// ground where the scale is true (for degrees: at the equator), else the last.
func (s *TileMatrixSet) ZoomFor(metres float64) int {
	for z := range s.Matrices {
		if s.Matrices[z].CellSize*s.MetresPerUnit <= metres*(1+1e-6) {
			return z
		}
	}
	return len(s.Matrices) - 1
}

// Grid is the raster of a tile at scale pixels (1 or 2) for each of the grid's.
func (s *TileMatrixSet) Grid(t Tile, scale int) grid.Grid {
	m, b := &s.Matrices[t.Z], s.Bounds(t)
	cell := m.CellSize / float64(scale)
	return grid.Grid{
		CRS: s.CRS, Transform: grid.Transform{b.MinX, cell, 0, b.MaxY, 0, -cell},
		Width: m.TileWidth * scale, Height: m.TileHeight * scale,
	}
}

func clamp(v float64, n int) int {
	if !(v > 0) { // also NaN
		return 0
	}
	if v >= float64(n) {
		return n - 1
	}
	return int(v)
}

// AtLonLat is the WebMercatorQuad tile at zoom z that holds a place in degrees.
func AtLonLat(z int, lon, lat float64) Tile {
	x, y := Forward(lon, lat)
	return WebMercatorQuad().At(z, x, y)
}

// BoundsWGS84 is the box of a WebMercatorQuad tile in degrees.
func (t Tile) BoundsWGS84() geo.BBox {
	b := WebMercatorQuad().Bounds(t)
	minLon, minLat := Inverse(b.MinX, b.MinY)
	maxLon, maxLat := Inverse(b.MaxX, b.MaxY)
	return geo.BBox{MinX: minLon, MinY: minLat, MaxX: maxLon, MaxY: maxLat}
}

// Parent is the tile one zoom out that holds this one; ok is false at zoom 0.
func (t Tile) Parent() (parent Tile, ok bool) {
	if t.Z == 0 {
		return Tile{}, false
	}
	return Tile{Z: t.Z - 1, X: t.X >> 1, Y: t.Y >> 1}, true
}

// Children are the four tiles one zoom in, row by row from the north west.
func (t Tile) Children() [4]Tile {
	z, x, y := t.Z+1, t.X<<1, t.Y<<1
	return [4]Tile{{z, x, y}, {z, x + 1, y}, {z, x, y + 1}, {z, x + 1, y + 1}}
}

func (t Tile) String() string {
	return strconv.Itoa(t.Z) + "/" + strconv.Itoa(t.X) + "/" + strconv.Itoa(t.Y)
}

// Forward maps longitude, latitude in degrees to Web Mercator metres (EPSG
// method 1024). Latitudes beyond ±89.9999 are taken as that: the pole lies
// at infinity.
func Forward(lon, lat float64) (x, y float64) {
	const most = 89.9999
	lat = math.Max(-most, math.Min(most, lat))
	return lon * (HalfWorld / 180), EarthRadius * math.Atanh(math.Sin(lat*math.Pi/180))
}

// Inverse maps Web Mercator metres to longitude, latitude in degrees.
func Inverse(x, y float64) (lon, lat float64) {
	return x * (180 / HalfWorld), math.Atan(math.Sinh(y/EarthRadius)) * 180 / math.Pi
}

// ZoomFor is the least zoom whose cells (of a 256 pixel tile, at the equator)
// are no larger than cell metres, within [0, MaxZoom].
func ZoomFor(cell float64) int {
	if !(cell > 0) {
		return MaxZoom
	}
	z := math.Ceil(math.Log2(2*HalfWorld/256/cell) - 1e-6)
	return int(math.Max(0, math.Min(MaxZoom, z)))
}
