package ogc

import (
	"math"
	"slices"

	"github.com/labstack/echo/v4"

	"contado/api/draw"
	"contado/api/rest"
	"contado/api/vtile"
	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/cql2"
	"contado/geo/layer"
	"contado/geo/store/catalog"
	"contado/tiles"
	"contado/tiles/tms"
)

// vectorLimits are the limits of the vector tiles of a dataset on a grid, with
// a WGS 84 box that holds its edits.
func (h *Pictures) vectorLimits(d catalog.Dataset, set *tms.TileMatrixSet, edits geo.BBox) []draw.Limit {
	if !edits.IsEmpty() {
		if b := d.Version.BBoxWGS84; b.MinX <= b.MaxX { // else it goes around the world
			d.Version.BBoxWGS84 = b.Union(edits)
		}
		d.Version.BBox = geo.BBox{}
	}
	if d.Version.CRS == set.CRS && !edits.IsEmpty() {
		d.Version.CRS = "" // its own box is that of the version as published
	}
	return h.Painter.LimitsTo(d, set, vectorZoom(d, set))
}

// vectorZoom is the last matrix of a grid: that whose pixels are as large as
// those of the last zoom of WebMercatorQuad where the dataset lies.
func vectorZoom(d catalog.Dataset, set *tms.TileMatrixSet) int {
	z := tiles.VectorZoom(d)
	if set.CRS == geo.WebMercator {
		return z
	}
	pixel := tms.WebMercatorQuad().Matrices[z].CellSize
	if b := d.Version.BBoxWGS84; set.CRS != geo.WGS84 {
		pixel *= math.Cos((b.MinY + b.MaxY) / 2 * math.Pi / 180)
	}
	return set.ZoomFor(pixel)
}

// editsOf is a WGS 84 box of a layer that was edited; empty when it was not.
func (h *Pictures) editsOf(l *layer.Layer) (geo.BBox, error) {
	b := l.Bounds()
	if l.Head() == 0 || b.IsEmpty() {
		return geo.EmptyBBox(), nil
	}
	t, err := h.Painter.Transformer(l.Schema().CRS, geo.WGS84)
	if err != nil {
		return b, err
	}
	return t.BBox(b)
}

// limitsOf are the limits of a tileset; none when there is no such.
func (h *Pictures) limitsOf(c echo.Context, state *atlas.Snapshot, d catalog.Dataset, k kind, s *tms.TileMatrixSet) ([]draw.Limit, error) {
	if k.data != vectorTiles.data {
		return h.setsOf(state, d, k)[s.ID], nil
	}
	l, err := state.Layer(c.Request().Context(), d.ID)
	if err != nil {
		return nil, err
	}
	edits, err := h.editsOf(l)
	return h.vectorLimits(d, s, edits), err
}

// propertiesOf is the schema of the attributes that tiles hold.
func propertiesOf(d catalog.Dataset) any {
	props := map[string]property{}
	for i, f := range d.Version.Vector.Schema.Fields {
		if f.Type != geo.Binary {
			props[f.Name] = propertyOf(d, f, i+1)
		}
	}
	return map[string]any{"type": "object", "properties": props}
}

// vectorTile answers with a tile of the features. Within the limits that the
// tileset declares what shows nothing is 204; beyond them there is no tile.
func (h *Pictures) vectorTile(c echo.Context) error {
	state, d, err := h.dataset(c, vectorTiles)
	if err != nil {
		return err
	}
	if err := rest.Only(c, append(slices.Clone(vtile.Names), "f")...); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.Format{Name: "mvt", Media: tiles.MVT, Title: "Mapbox Vector Tiles"}); err != nil {
		return err
	}
	s, t, err := address(c)
	if err != nil {
		return err
	}
	layers, err := vtile.Layers(c, state, []string{d.ID})
	if err != nil {
		return err
	}
	limits, err := h.limitsOf(c, state, d, vectorTiles, s)
	if err != nil {
		return err
	}
	if !within(limits, t) {
		return beyond(d, s, t, vectorTiles)
	}
	c.Response().Header().Set("Content-Crs", "<"+s.CRSURI+">")
	answer := vtile.Answer{Tiles: h.Tiles, Filter: RowFilter, Grid: s, Cache: rest.Revalidate}
	return answer.Send(c, layers, t)
}

// within reports whether a tile is within limits.
func within(limits []draw.Limit, t tms.Tile) bool {
	for _, l := range limits {
		if l.Z == t.Z {
			return t.X >= l.MinX && t.X <= l.MaxX && t.Y >= l.MinY && t.Y <= l.MaxY
		}
	}
	return false
}

// RowFilter reads which rows of a dataset a request wants: filter, with its
// language and reference system, and datetime.
func RowFilter(c echo.Context, d catalog.Dataset) (cql2.Expr, geo.CRS, error) {
	var q query
	if err := q.parseFilter(c, d); err != nil {
		return nil, "", err
	}
	when, err := rest.Datetime(c.QueryParam("datetime"))
	if err != nil || d.Version.Vector == nil {
		return nil, "", err
	}
	schema := d.Version.Vector.Schema
	return both(timesOf(schema).during(schema, when), q.filter), q.filterCRS.crs, nil
}
