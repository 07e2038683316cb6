package tms

import (
	"strconv"
	"strings"
	"sync"

	"contado/geo"
	"contado/geo/fault"
)

// metresPerDegree is the length of a degree on the equator of WGS 84, which
// the standard takes for scale denominators of grids in degrees (17-083r4,
// 6.1.1).
const metresPerDegree = 111319.49079327358

// pixelSize is the side in metres of the pixel that scale denominators speak of.
const pixelSize = 0.00028

// Get finds a tile grid by its identifier, upper and lower case told apart.
// fault.NotExist lists the identifiers there are.
func Get(id string) (*TileMatrixSet, error) {
	for _, s := range All() {
		if s.ID == id {
			return s, nil
		}
	}
	ids := make([]string, 0, len(All()))
	for _, s := range All() {
		ids = append(ids, s.ID)
	}
	return nil, fault.Errorf("tms.Get", fault.NotExist, "no tile matrix set %.60q: there are %s", id, strings.Join(ids, ", "))
}

// All lists the tile grids: first those registered by OGC, then ours for the
// reference systems of Italian administrations. The list must not be changed.
func All() []*TileMatrixSet { return registry() }

var registry = sync.OnceValue(func() []*TileMatrixSet {
	all := []*TileMatrixSet{WebMercatorQuad(), worldCRS84(), europeanLAEA(), utm(32), utm(33)}
	for _, d := range italian {
		all = append(all, d.build())
	}
	return all
})

// ladder gives matrices whose cells halve from one to the next.
type ladder struct {
	first         int // identifier of the first matrix
	count         int
	cell          float64 // CRS units a pixel of the first matrix
	metresPerUnit float64
	x, y          float64 // top left corner
	columns, rows int     // tiles of the first matrix
}

func (l ladder) matrices() []Matrix {
	out := make([]Matrix, l.count)
	for i := range out {
		cell := l.cell / float64(int64(1)<<i)
		out[i] = Matrix{
			ID: strconv.Itoa(l.first + i), ScaleDenominator: cell * l.metresPerUnit / pixelSize, CellSize: cell,
			OriginX: l.x, OriginY: l.y, TileWidth: 256, TileHeight: 256, Columns: l.columns << i, Rows: l.rows << i,
		}
	}
	return out
}

// worldCRS84 is longitude and latitude as x and y, two tiles for the world.
func worldCRS84() *TileMatrixSet {
	return &TileMatrixSet{
		ID: "WorldCRS84Quad", Title: "CRS84 for the World",
		URI: "http://www.opengis.net/def/tilematrixset/OGC/1.0/WorldCRS84Quad", CRS: geo.WGS84,
		CRSURI: "http://www.opengis.net/def/crs/OGC/1.3/CRS84", Axes: [2]string{"Lon", "Lat"},
		ScaleSet:      "http://www.opengis.net/def/wkss/OGC/1.0/GoogleCRS84Quad",
		MetresPerUnit: metresPerDegree, Domain: geo.BBox{MinX: -180, MinY: -90, MaxX: 180, MaxY: 90},
		Matrices: ladder{count: 24, cell: 0.703125, metresPerUnit: metresPerDegree, x: -180, y: 90, columns: 2, rows: 1}.matrices(),
	}
}

// europeanLAEA is the equal-area grid of Europe. EPSG:3035 counts northing first.
func europeanLAEA() *TileMatrixSet {
	return &TileMatrixSet{
		ID: "EuropeanETRS89_LAEAQuad", Title: "Lambert Azimuthal Equal Area ETRS89 for Europe",
		URI: "http://www.opengis.net/def/tilematrixset/OGC/1.0/EuropeanETRS89_LAEAQuad", CRS: "EPSG:3035",
		CRSURI: epsgURI("3035"), Axes: [2]string{"Y", "X"}, AxesSwapped: true,
		MetresPerUnit: 1, Domain: geo.BBox{MinX: -35.58, MinY: 24.6, MaxX: 44.83, MaxY: 84.73},
		Matrices: ladder{count: 16, cell: 17578.125, metresPerUnit: 1, x: 2000000, y: 5500000, columns: 1, rows: 1}.matrices(),
	}
}

// utm is a zone of the northern hemisphere; the registered grids begin at
// matrix "1" with two tiles, one above the other.
func utm(zone int) *TileMatrixSet {
	z := strconv.Itoa(zone)
	centre := float64(zone)*6 - 183
	return &TileMatrixSet{
		ID: "UTM" + z + "WGS84Quad", Title: "Universal Transverse Mercator Zone " + z + " WGS84 Quad",
		URI: "http://www.opengis.net/def/tilematrixset/OGC/1.0/UTM" + z + "WGS84Quad", CRS: geo.CRS("EPSG:326" + z),
		CRSURI: epsgURI("326" + z), Axes: [2]string{"E", "N"},
		MetresPerUnit: 1, Domain: geo.BBox{MinX: centre - 15, MinY: -80, MaxX: centre + 15, MaxY: 84},
		Matrices: ladder{
			first: 1, count: 24, cell: 78140.3572602559, metresPerUnit: 1,
			x: -9501965.72931276, y: 20003931.4586255, columns: 1, rows: 2,
		}.matrices(),
	}
}

// national describes one of our grids: 256-pixel tiles, one at matrix 0 with
// cells of 10,240 m, so that matrix 10 has cells of exactly 10 m and 17 of
// 7.8 cm. The corner is a multiple of 20 m: tiles fall on the pixels of
// Sentinel-2 at 10 and 20 m, and of orthophotos whose corners are round.
type national struct {
	id, title string
	epsg      string
	west      float64 // easting of the top left corner
	swapped   bool
	accuracy  string
}

// north is the northing of the top left corner of our grids.
const north = 6000000

// italy is where our grids serve.
var italy = geo.BBox{MinX: 5, MinY: 34, MaxX: 20, MaxY: 49}

const (
	// etrsAccuracy holds for ETRS89 and RDN2008, whose transformation to WGS 84
	// is null by definition.
	etrsAccuracy = "1 m to WGS 84, whose frame drifts 2.5 cm a year against the European plate (EPSG: null transformation)"
	romeAccuracy = "4 m to WGS 84 on the mainland, Sardinia and Sicily, 10 m at sea " +
		"(EPSG: Monte Mario to WGS 84 (2), (3), (4) and (5) to (11), by seven or three parameters; no grids)"
)

var italian = []national{
	{"ETRS89UTM32Quad", "ETRS89 / UTM zone 32N for Italy", "25832", -500000, false, etrsAccuracy},
	{"ETRS89UTM33Quad", "ETRS89 / UTM zone 33N for Italy", "25833", -1000000, false, etrsAccuracy},
	{"RDN2008UTM32Quad", "RDN2008 / UTM zone 32N, easting first, for Italy", "7791", -500000, false, etrsAccuracy},
	{"RDN2008UTM33Quad", "RDN2008 / UTM zone 33N, easting first, for Italy", "7792", -1000000, false, etrsAccuracy},
	{"RDN2008UTM32NEQuad", "RDN2008 / UTM zone 32N (N-E), northing first, for Italy", "6707", -500000, true, etrsAccuracy},
	{"RDN2008UTM33NEQuad", "RDN2008 / UTM zone 33N (N-E), northing first, for Italy", "6708", -1000000, true, etrsAccuracy},
	{"MonteMarioItaly1Quad", "Monte Mario / Italy zone 1 (Gauss-Boaga West)", "3003", 500000, false, romeAccuracy},
	{"MonteMarioItaly2Quad", "Monte Mario / Italy zone 2 (Gauss-Boaga East)", "3004", 1020000, false, romeAccuracy},
}

func (n national) build() *TileMatrixSet {
	axes := [2]string{"E", "N"}
	switch {
	case n.swapped:
		axes = [2]string{"N", "E"}
	case strings.HasPrefix(n.epsg, "300"):
		axes = [2]string{"X", "Y"} // X is the easting of EPSG:3003
	}
	return &TileMatrixSet{
		ID: n.id, Title: n.title, CRS: geo.CRS("EPSG:" + n.epsg), CRSURI: epsgURI(n.epsg),
		Axes: axes, AxesSwapped: n.swapped, MetresPerUnit: 1, Accuracy: n.accuracy, Domain: italy,
		Matrices: ladder{count: 18, cell: 10240, metresPerUnit: 1, x: n.west, y: north, columns: 1, rows: 1}.matrices(),
	}
}

func epsgURI(code string) string { return "http://www.opengis.net/def/crs/EPSG/0/" + code }
