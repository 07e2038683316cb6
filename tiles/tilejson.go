package tiles

import (
	"math"
	"strconv"

	"contado/geo"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/tiles/tms"
)

// TileJSON is a TileJSON 3.0.0 document.
type TileJSON struct {
	TileJSON     string        `json:"tilejson"`
	ID           string        `json:"id"`
	Name         string        `json:"name"`
	Description  string        `json:"description,omitempty"`
	Attribution  string        `json:"attribution,omitempty"`
	Version      string        `json:"version"`
	Scheme       string        `json:"scheme"`
	Tiles        []string      `json:"tiles"`
	VectorLayers []VectorLayer `json:"vector_layers,omitempty"`
	MinZoom      int           `json:"minzoom"`
	MaxZoom      int           `json:"maxzoom"`
	Bounds       [4]float64    `json:"bounds"` // west, south, east, north
	Center       [3]float64    `json:"center"` // longitude, latitude, zoom
	TileSize     int           `json:"tileSize,omitempty"`
	// Keys of our own, which TileJSON allows.
	Role        catalog.Role `json:"contado:role,omitempty"`
	PublishedAt string       `json:"contado:published_at,omitempty"`
}

// VectorLayer describes a layer of vector tiles.
type VectorLayer struct {
	ID          string            `json:"id"`
	Description string            `json:"description,omitempty"`
	MinZoom     int               `json:"minzoom"`
	MaxZoom     int               `json:"maxzoom"`
	Fields      map[string]string `json:"fields"`
}

// vectorMaxZoom is the finest zoom of vector tiles: a unit of their grid is
// 0.6 m at the equator; beyond it maps enlarge them.
const vectorMaxZoom = 14

// NewTileJSON describes the tiles of a dataset. items are those of a raster
// dataset; urls are the tile addresses with {z}, {x} and {y}.
func NewTileJSON(d catalog.Dataset, items []catalog.Item, urls []string) TileJSON {
	b := shownBounds(d.Version.BBoxWGS84)
	j := TileJSON{
		TileJSON: "3.0.0", ID: d.ID, Name: d.Title, Description: d.Description, Attribution: d.Attribution,
		Version: strconv.Itoa(d.Version.Number) + ".0.0", Scheme: "xyz", Tiles: urls,
		Bounds: [4]float64{b.MinX, b.MinY, b.MaxX, b.MaxY}, Role: d.Role,
	}
	if j.Name == "" {
		j.Name = d.ID
	}
	if !d.Version.PublishedAt.IsZero() {
		j.PublishedAt = d.Version.PublishedAt.UTC().Format("2006-01-02T15:04:05Z")
	}
	fit := fitZoom(b)
	switch d.Kind {
	case catalog.Raster:
		j.TileSize = 256
		for i := range items {
			j.MaxZoom = max(j.MaxZoom, rasterMaxZoom(items[i].Grid, items[i].BBox))
		}
		j.MinZoom = max(0, min(fit-4, j.MaxZoom))
	default:
		j.MaxZoom = vectorMaxZoom
		if v := d.Version.Vector; v != nil {
			l := VectorLayer{ID: d.ID, Description: d.Title, MaxZoom: vectorMaxZoom, Fields: map[string]string{}}
			for _, f := range v.Schema.Fields {
				if t := fieldType(f.Type); t != "" {
					l.Fields[f.Name] = t
				}
			}
			j.VectorLayers = []VectorLayer{l}
		}
	}
	lon, lat := (b.MinX+b.MaxX)/2, (b.MinY+b.MaxY)/2
	if b.MinX > b.MaxX { // across the antimeridian
		if lon += 180; lon > 180 {
			lon -= 360
		}
	}
	j.Center = [3]float64{lon, lat, float64(min(max(fit, j.MinZoom), j.MaxZoom))}
	return j
}

// shownBounds cuts a box to what the tile grid can show.
func shownBounds(b geo.BBox) geo.BBox {
	if b == (geo.BBox{}) || math.IsInf(b.MinX, 0) || math.IsInf(b.MaxX, 0) || b.MinY > b.MaxY {
		return geo.BBox{MinX: -180, MinY: -tms.MaxLatitude, MaxX: 180, MaxY: tms.MaxLatitude}
	}
	b.MinX, b.MaxX = max(b.MinX, -180), min(b.MaxX, 180)
	b.MinY, b.MaxY = max(b.MinY, -tms.MaxLatitude), min(b.MaxY, tms.MaxLatitude)
	return b
}

// fitZoom is the zoom at which a box just fits a view of two tiles a side.
func fitZoom(b geo.BBox) int {
	x0, y0 := tms.Forward(b.MinX, b.MinY)
	x1, y1 := tms.Forward(b.MaxX, b.MaxY)
	if x1 < x0 {
		x1 += 2 * tms.HalfWorld
	}
	side := math.Max(x1-x0, y1-y0)
	if !(side > 1) {
		return vectorMaxZoom
	}
	return int(math.Max(0, math.Min(tms.MaxZoom, math.Floor(math.Log2(2*2*tms.HalfWorld/side)))))
}

// rasterMaxZoom is the zoom at which a tile's pixels are at most a tenth
// larger than the cells of the grid.
func rasterMaxZoom(g grid.Grid, wgs84 geo.BBox) int {
	if g.Width < 1 || g.Height < 1 {
		return 0
	}
	// By the box in Web Mercator: right for degrees, metres and feet alike.
	_, y0 := tms.Forward(0, max(wgs84.MinY, -tms.MaxLatitude))
	_, y1 := tms.Forward(0, min(wgs84.MaxY, tms.MaxLatitude))
	width := wgs84.Width()
	if width < 0 {
		width += 360
	}
	x := width / 180 * tms.HalfWorld / float64(g.Width)
	y := (y1 - y0) / float64(g.Height)
	// A cell a little larger than a pixel, as of a scene turned in its box,
	// does not need a zoom of its own.
	return tms.ZoomFor(math.Min(x, y) * 1.1)
}

func fieldType(t geo.FieldType) string {
	switch t {
	case geo.Integer, geo.Real:
		return "Number"
	case geo.Boolean:
		return "Boolean"
	case geo.Binary:
		return ""
	}
	return "String"
}
