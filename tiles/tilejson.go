package tiles

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"contado/geo"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/tiles/live"
	"contado/tiles/pyramid"
	"contado/tiles/tms"
	"contado/tiles/vector"
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
	switch {
	case d.Kind == catalog.Raster:
		j.TileSize = 256
		for i := range items {
			j.MaxZoom = max(j.MaxZoom, rasterMaxZoom(items[i].Grid, items[i].BBox))
		}
		j.MinZoom = max(0, min(fitZoom(b)-4, j.MaxZoom))
	case d.Version.Tiles != nil:
		j.ofArchive(d.Version.Tiles)
		return j
	default:
		j.MaxZoom = VectorZoom(d)
		if d.Version.Vector != nil {
			j.VectorLayers = vectorLayers(d, VectorParams{})
		}
	}
	j.center()
	return j
}

// NewVectorTileJSON describes the tiles of one or more vector datasets, drawn
// with parameters.
func NewVectorTileJSON(sets []catalog.Dataset, p VectorParams, urls []string) TileJSON {
	j := NewTileJSON(sets[0], nil, urls)
	j.VectorLayers = nil
	for i, d := range sets {
		j.VectorLayers = append(j.VectorLayers, vectorLayers(d, p)...)
		if i == 0 {
			continue
		}
		o := NewTileJSON(d, nil, nil)
		j.ID, j.Name = j.ID+","+o.ID, j.Name+", "+o.Name
		j.Description, j.Role, j.Version = "", "", "1.0.0"
		j.Attribution = joined(j.Attribution, o.Attribution)
		j.MaxZoom = max(j.MaxZoom, o.MaxZoom)
		j.PublishedAt = max(j.PublishedAt, o.PublishedAt)
		j.Bounds = [4]float64{
			min(j.Bounds[0], o.Bounds[0]), min(j.Bounds[1], o.Bounds[1]), max(j.Bounds[2], o.Bounds[2]), max(j.Bounds[3], o.Bounds[3]),
		}
		if j.Bounds[0] > -180 && o.Bounds[0] > o.Bounds[2] { // across the antimeridian
			j.Bounds[0], j.Bounds[2] = -180, 180
		}
	}
	j.center()
	return j
}

// joined puts attributions together, each once.
func joined(a, b string) string {
	if a == "" || b == "" || strings.Contains(a, b) {
		return cmp.Or(a, b)
	}
	return a + "; " + b
}

// VectorZoom is the finest zoom at which vector tiles of a dataset show more:
// that of its pyramid when it has one.
func VectorZoom(d catalog.Dataset) int {
	e, ok := d.Version.Extra(catalog.Pyramid)
	if !ok || d.CountsPeople() {
		return vectorMaxZoom
	}
	var s pyramid.Summary
	if err := json.Unmarshal(e.Detail, &s); err != nil || s.MaxZoom <= 0 || s.MaxZoom > tms.MaxZoom {
		return vectorMaxZoom
	}
	return s.MaxZoom
}

// vectorLayers are the layers that tiles of a dataset have.
func vectorLayers(d catalog.Dataset, p VectorParams) []VectorLayer {
	l := VectorLayer{ID: d.ID, Description: d.Title, MaxZoom: VectorZoom(d), Fields: map[string]string{}}
	for _, f := range d.Version.Vector.Schema.Fields {
		if t := live.FieldType(f.Type); t != "" && (p.Properties == nil || slices.Contains(p.Properties, f.Name)) {
			l.Fields[f.Name] = t
		}
	}
	if p.Points == vector.PointsCluster {
		l.Fields["cluster"], l.Fields["point_count"] = "Boolean", "Number"
	}
	out := []VectorLayer{l}
	if p.Labels {
		l.ID, l.Description = l.ID+vector.LabelsSuffix, "A point inside each polygon"
		out = append(out, l)
	}
	return out
}

// ofArchive takes what an archive says of itself.
func (j *TileJSON) ofArchive(t *catalog.TilesInfo) {
	j.MinZoom, j.MaxZoom = t.MinZoom, t.MaxZoom
	b := shownBounds(t.Bounds)
	j.Bounds, j.Center = [4]float64{b.MinX, b.MinY, b.MaxX, b.MaxY}, t.Center
	j.Name, j.Description, j.Attribution = cmp.Or(t.Name, j.Name), cmp.Or(j.Description, t.Description), cmp.Or(j.Attribution, t.Attribution)
	for _, l := range t.Layers {
		j.VectorLayers = append(j.VectorLayers, VectorLayer{ID: l.ID, Description: l.Description, MinZoom: l.MinZoom, MaxZoom: l.MaxZoom, Fields: l.Fields})
	}
	if t.Type != "mvt" {
		j.TileSize = 256
	}
}

// center puts a view on the middle of the bounds.
func (j *TileJSON) center() {
	b := geo.BBox{MinX: j.Bounds[0], MinY: j.Bounds[1], MaxX: j.Bounds[2], MaxY: j.Bounds[3]}
	lon, lat := (b.MinX+b.MaxX)/2, (b.MinY+b.MaxY)/2
	if b.MinX > b.MaxX { // across the antimeridian
		if lon += 180; lon > 180 {
			lon -= 360
		}
	}
	j.Center = [3]float64{lon, lat, float64(min(max(fitZoom(b), j.MinZoom), j.MaxZoom))}
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
