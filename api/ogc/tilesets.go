package ogc

import (
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/draw"
	"contado/api/rest"
	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/tiles"
	"contado/tiles/tms"
)

// rels is where OGC registers relations of links.
const rels = "http://www.opengis.net/def/rel/ogc/1.0/"

// Pictures serves datasets as OGC API Tiles (20-057) and OGC API Maps (20-058).
type Pictures struct {
	Painter *draw.Painter
	Tiles   *tiles.Service // of vectors
	Timeout time.Duration
}

// Register adds the routes.
func (h *Pictures) Register(r rest.Registrar) {
	t := rest.Within(h.Timeout)
	rest.Get(r, "/tileMatrixSets", h.matrixSets, t)
	rest.Get(r, "/tileMatrixSets/:tileMatrixSetId", h.matrixSet, t)
	rest.Get(r, "/collections/:id/map", h.collectionMap, t)
	rest.Get(r, "/collections/:id/map/tiles", h.tilesets(mapTiles), t)
	rest.Get(r, "/collections/:id/map/tiles/:tileMatrixSetId", h.tileset(mapTiles), t)
	rest.Get(r, "/collections/:id/map/tiles/:tileMatrixSetId/:tileMatrix/:tileRow/:tileCol", h.mapTile, t)
	rest.Get(r, "/collections/:id/tiles", h.tilesets(vectorTiles), t)
	rest.Get(r, "/collections/:id/tiles/:tileMatrixSetId", h.tileset(vectorTiles), t)
	rest.Get(r, "/collections/:id/tiles/:tileMatrixSetId/:tileMatrix/:tileRow/:tileCol", h.vectorTile, t)
}

// kind tells map tiles from tiles of the features themselves.
type kind struct {
	data  string   // dataType of the standard
	path  []string // below the collection
	media []string
}

var (
	mapTiles    = kind{"map", []string{"map", "tiles"}, []string{"image/png", "image/jpeg", "image/webp"}}
	vectorTiles = kind{"vector", []string{"tiles"}, []string{tiles.MVT}}
)

type matrixSetItem struct {
	ID    string      `json:"id"`
	Title string      `json:"title"`
	URI   string      `json:"uri"`
	CRS   string      `json:"crs"`
	Links []rest.Link `json:"links"`
}

func (h *Pictures) matrixSets(c echo.Context) error {
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	list := []matrixSetItem{}
	for _, s := range tms.All() {
		address := rest.URL(c, "tileMatrixSets", s.ID)
		list = append(list, matrixSetItem{ID: s.ID, Title: s.Title, URI: s.Definition(address).URI, CRS: s.CRSURI, Links: []rest.Link{
			{Href: address, Rel: rels + "tiling-scheme", Type: rest.MediaJSON, Title: "Definition"},
			{Href: address, Rel: "self", Type: rest.MediaJSON, Title: "Definition"},
			{Href: address, Rel: "item", Type: rest.MediaJSON, Title: "Definition"}, // as early clients of the standard look for it
		}})
	}
	return rest.JSON(c, rest.MediaJSON, struct {
		Sets  []matrixSetItem `json:"tileMatrixSets"`
		Links []rest.Link     `json:"links"`
	}{list, []rest.Link{{Href: rest.URL(c, "tileMatrixSets"), Rel: "self", Type: rest.MediaJSON, Title: "This document"}}})
}

// setOf is the grid that the address names.
func setOf(c echo.Context) (*tms.TileMatrixSet, error) {
	id, err := rest.Path(c, "tileMatrixSetId")
	if err != nil {
		return nil, err
	}
	return tms.Get(id)
}

func (h *Pictures) matrixSet(c echo.Context) error {
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	s, err := setOf(c)
	if err != nil {
		return err
	}
	return rest.JSON(c, rest.MediaJSON, s.Definition(rest.URL(c, "tileMatrixSets", s.ID)))
}

// dataset finds the collection that the address names, of the kind of tiles.
func (h *Pictures) dataset(c echo.Context, k kind) (*atlas.Snapshot, catalog.Dataset, error) {
	state := h.Painter.Atlas.Current()
	id, err := rest.Path(c, "id")
	if err != nil {
		return nil, catalog.Dataset{}, err
	}
	if !catalog.ValidID(id) {
		return nil, catalog.Dataset{}, fault.Errorf("ogc", fault.NotExist, "there is no collection %.80q", id)
	}
	d, err := state.Dataset(id)
	if err != nil {
		return nil, d, err
	}
	if k.data == mapTiles.data && d.Kind != catalog.Raster {
		return nil, d, fault.WithHint(fault.Errorf("ogc", fault.NotExist, "collection %s is %s: there are no maps of it", id, d.Kind), "its features are tiles at /collections/"+id+"/tiles")
	}
	if k.data == vectorTiles.data && (d.Version.Vector == nil || d.Version.Vector.Schema.GeometryType == "") {
		return nil, d, fault.WithHint(fault.Errorf("ogc", fault.NotExist, "collection %s has no features with geometry: there are no vector tiles of it", id), "pictures of rasters are at /collections/"+id+"/map/tiles")
	}
	return state, d, nil
}

// setsOf are the grids that tiles of a dataset come in, with their limits.
func (h *Pictures) setsOf(state *atlas.Snapshot, d catalog.Dataset, k kind) map[string][]draw.Limit {
	out := map[string][]draw.Limit{}
	for _, s := range tms.All() {
		limits := h.Painter.Limits
		if k.data == vectorTiles.data {
			limits = func(_ *atlas.Snapshot, d catalog.Dataset, s *tms.TileMatrixSet) []draw.Limit {
				return h.vectorLimits(d, s, geo.EmptyBBox())
			}
		}
		if l := limits(state, d, s); len(l) > 0 {
			out[s.ID] = l
		}
	}
	return out
}

type tilesetItem struct {
	Title    string      `json:"title"`
	DataType string      `json:"dataType"`
	CRS      string      `json:"crs"`
	SetID    string      `json:"tileMatrixSetId"`
	SetURI   string      `json:"tileMatrixSetURI"`
	Links    []rest.Link `json:"links"`
}

func titleOf(d catalog.Dataset) string {
	if d.Title == "" {
		return d.ID
	}
	return d.Title
}

func (h *Pictures) tilesets(k kind) echo.HandlerFunc {
	return func(c echo.Context) error {
		state, d, err := h.dataset(c, k)
		if err != nil {
			return err
		}
		if err := rest.Only(c, "f"); err != nil {
			return err
		}
		if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
			return err
		}
		base := append([]string{"collections", d.ID}, k.path...)
		list := []tilesetItem{}
		have := h.setsOf(state, d, k)
		for _, s := range tms.All() {
			if have[s.ID] == nil {
				continue
			}
			list = append(list, tilesetItem{
				Title: titleOf(d) + ": " + s.Title, DataType: k.data, CRS: s.CRSURI, SetID: s.ID,
				SetURI: s.Definition(rest.URL(c, "tileMatrixSets", s.ID)).URI,
				Links: []rest.Link{
					{Href: rest.URL(c, append(base, s.ID)...), Rel: "self", Type: rest.MediaJSON, Title: "Tileset"},
					{Href: rest.URL(c, "tileMatrixSets", s.ID), Rel: rels + "tiling-scheme", Type: rest.MediaJSON, Title: s.Title},
				},
			})
		}
		return rest.JSON(c, rest.MediaJSON, struct {
			Tilesets []tilesetItem `json:"tilesets"`
			Links    []rest.Link   `json:"links"`
		}{list, []rest.Link{
			{Href: rest.URL(c, base...), Rel: "self", Type: rest.MediaJSON, Title: "This document"},
			{Href: rest.URL(c, "collections", d.ID), Rel: "collection", Type: rest.MediaJSON, Title: titleOf(d)},
		}})
	}
}

// tileset is the description of 17-083r4, 7.3, as JSON.
type tilesetDocument struct {
	Title       string        `json:"title"`
	Description string        `json:"description,omitempty"`
	Attribution string        `json:"attribution,omitempty"`
	License     string        `json:"license,omitempty"`
	DataType    string        `json:"dataType"`
	CRS         string        `json:"crs"`
	SetURI      string        `json:"tileMatrixSetURI"`
	Limits      []matrixLimit `json:"tileMatrixSetLimits"`
	Box         *cornersBox   `json:"boundingBox,omitempty"`
	Centre      *centrePoint  `json:"centerPoint,omitempty"`
	Layers      []tileLayer   `json:"layers,omitempty"`
	Accuracy    string        `json:"contado:accuracy,omitempty"`
	Links       []rest.Link   `json:"links"`
}

type matrixLimit struct {
	Matrix string `json:"tileMatrix"`
	MinRow int    `json:"minTileRow"`
	MaxRow int    `json:"maxTileRow"`
	MinCol int    `json:"minTileCol"`
	MaxCol int    `json:"maxTileCol"`
}

type cornersBox struct {
	Lower [2]float64 `json:"lowerLeft"`
	Upper [2]float64 `json:"upperRight"`
	CRS   string     `json:"crs"`
}

type centrePoint struct {
	Coordinates [2]float64 `json:"coordinates"`
	CRS         string     `json:"crs"`
	Matrix      string     `json:"tileMatrix"`
}

type tileLayer struct {
	ID        string `json:"id"`
	Title     string `json:"title"`
	DataType  string `json:"dataType"`
	Dimension *int   `json:"geometryDimension,omitempty"`
	First     string `json:"minTileMatrix,omitempty"`
	Last      string `json:"maxTileMatrix,omitempty"`
	Schema    any    `json:"propertiesSchema,omitempty"`
}

// dimensions of geometries by type; mixed types have none.
var dimensions = map[string]int{"Point": 0, "MultiPoint": 0, "LineString": 1, "MultiLineString": 1, "Polygon": 2, "MultiPolygon": 2}

func (h *Pictures) tileset(k kind) echo.HandlerFunc {
	return func(c echo.Context) error {
		state, d, err := h.dataset(c, k)
		if err != nil {
			return err
		}
		if err := rest.Only(c, "f"); err != nil {
			return err
		}
		if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
			return err
		}
		s, err := setOf(c)
		if err != nil {
			return err
		}
		limits, err := h.limitsOf(c, state, d, k, s)
		if err != nil {
			return err
		}
		if limits == nil {
			return fault.Errorf("ogc", fault.NotExist, "there are no %s tiles of %s on %s", k.data, d.ID, s.ID)
		}
		return rest.JSON(c, rest.MediaJSON, h.describe(c, d, k, s, limits))
	}
}

func (h *Pictures) describe(c echo.Context, d catalog.Dataset, k kind, s *tms.TileMatrixSet, limits []draw.Limit) tilesetDocument {
	here := rest.URL(c, append(append([]string{"collections", d.ID}, k.path...), s.ID)...)
	doc := tilesetDocument{
		Title: titleOf(d), Description: d.Description, Attribution: d.Attribution, License: d.License, DataType: k.data, CRS: s.CRSURI,
		SetURI: s.Definition(rest.URL(c, "tileMatrixSets", s.ID)).URI, Accuracy: s.Accuracy,
		Links: []rest.Link{
			{Href: here, Rel: "self", Type: rest.MediaJSON, Title: "This document"},
			{Href: rest.URL(c, "tileMatrixSets", s.ID), Rel: rels + "tiling-scheme", Type: rest.MediaJSON, Title: s.Title},
			{Href: rest.URL(c, "collections", d.ID), Rel: rels + "geodata", Type: rest.MediaJSON, Title: titleOf(d)},
		},
	}
	for _, media := range k.media {
		l := rest.Link{Href: here + "/{tileMatrix}/{tileRow}/{tileCol}", Rel: "item", Type: media, Title: "Tiles as " + media, Templated: true}
		if f, ok := draw.ByMedia(media); ok { // vector tiles have one form
			l.Href += "?f=" + f.Name
		}
		doc.Links = append(doc.Links, l)
	}
	for _, l := range limits {
		doc.Limits = append(doc.Limits, matrixLimit{l.Matrix.ID, l.MinY, l.MaxY, l.MinX, l.MaxX})
	}
	if b, ok := h.Painter.Bounds(d, s.CRS, s.Domain); ok {
		doc.Box = &cornersBox{s.Ordered(b.MinX, b.MinY), s.Ordered(b.MaxX, b.MaxY), s.CRSURI}
		doc.Centre = &centrePoint{s.Ordered((b.MinX+b.MaxX)/2, (b.MinY+b.MaxY)/2), s.CRSURI, fitting(limits).Matrix.ID}
	}
	if k.data == vectorTiles.data {
		v := d.Version.Vector
		layer := tileLayer{
			ID: d.ID, Title: titleOf(d), DataType: k.data, Schema: propertiesOf(d),
			First: limits[0].Matrix.ID, Last: limits[len(limits)-1].Matrix.ID,
		}
		if n, ok := dimensions[v.Schema.GeometryType]; ok {
			layer.Dimension = &n
		}
		doc.Layers = []tileLayer{layer}
		doc.Links = append(doc.Links, rest.Link{Href: rest.URL(c, "xyz", d.ID+".json"), Rel: "describedby", Type: rest.MediaJSON, Title: "TileJSON"})
	}
	return doc
}

// fitting is the finest matrix in which a dataset covers at most 2 × 2 tiles.
func fitting(limits []draw.Limit) draw.Limit {
	best := limits[0]
	for _, l := range limits {
		if l.Count() <= 4 {
			best = l
		}
	}
	return best
}
