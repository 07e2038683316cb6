package xyz

import (
	"cmp"
	"math"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/tiles"
	"contado/tiles/style"
	"contado/tiles/tms"
)

// Programs of Esri open vector tiles at the addresses of an ArcGIS Server
// alone, and ask for a style every time: a service is a dataset, its tiles and
// style are those of /xyz and /styles. The documents follow Esri's description
// of the interface ("Vector Tile Service").
const (
	arcgisRoot    = "/arcgis/rest"
	arcgisService = arcgisRoot + "/services/:dataset/VectorTileServer"
	// arcgisVersion is that of the interface; clients compare it with their own.
	arcgisVersion = 11.1
	// arcgisSide is the side of a tile in pixels, on a screen of 96 dpi: Esri's
	// scheme has one tile of 512 at level 0, so that levels are our zooms. Its
	// scales count 39.37 inches to the metre.
	arcgisSide   = 512
	arcgisDPI    = 96
	arcgisInches = 39.37
)

func (h *Handler) registerArcGIS(r rest.Registrar, t echo.MiddlewareFunc) {
	rest.Get(r, arcgisRoot+"/info", h.arcgisInfo, t)
	rest.Get(r, arcgisRoot+"/services", h.arcgisServices, t)
	rest.Get(r, arcgisService, h.arcgisTileServer, t)
	rest.Get(r, arcgisService+"/resources/styles", h.arcgisStyle, t)
	rest.Get(r, arcgisService+"/resources/styles/root.json", h.arcgisStyle, t)
	rest.Get(r, arcgisService+"/tile/:z/:y/:file", h.arcgisTile, t)
}

type (
	arcgisServerInfo struct {
		CurrentVersion float64        `json:"currentVersion"`
		FullVersion    string         `json:"fullVersion"`
		Auth           arcgisAuthInfo `json:"authInfo"`
	}
	arcgisAuthInfo struct {
		Tokens bool `json:"isTokenBasedSecurity"`
	}
	arcgisListing struct {
		CurrentVersion float64       `json:"currentVersion"`
		Folders        []string      `json:"folders"`
		Services       []arcgisEntry `json:"services"`
	}
	arcgisEntry struct {
		Name string `json:"name"`
		Type string `json:"type"`
	}
	arcgisReference struct {
		WKID   int `json:"wkid"`
		Latest int `json:"latestWkid"`
	}
	arcgisPoint struct {
		X float64 `json:"x"`
		Y float64 `json:"y"`
	}
	arcgisExtent struct {
		MinX      float64         `json:"xmin"`
		MinY      float64         `json:"ymin"`
		MaxX      float64         `json:"xmax"`
		MaxY      float64         `json:"ymax"`
		Reference arcgisReference `json:"spatialReference"`
	}
	arcgisLevel struct {
		Level      int     `json:"level"`
		Resolution float64 `json:"resolution"` // metres a pixel
		Scale      float64 `json:"scale"`
	}
	arcgisTileInfo struct {
		Rows      int             `json:"rows"`
		Columns   int             `json:"cols"`
		DPI       int             `json:"dpi"`
		Format    string          `json:"format"`
		Origin    arcgisPoint     `json:"origin"`
		Reference arcgisReference `json:"spatialReference"`
		Levels    []arcgisLevel   `json:"lods"`
	}
	arcgisResources struct {
		StyleVersion int    `json:"styleVersion"`
		Compression  string `json:"tileCompression"`
	}
	arcgisTileServer struct {
		CurrentVersion float64         `json:"currentVersion"`
		Name           string          `json:"name"`
		Description    string          `json:"description,omitempty"`
		Copyright      string          `json:"copyrightText"`
		Capabilities   string          `json:"capabilities"`
		Type           string          `json:"type"`
		Styles         string          `json:"defaultStyles"`
		Tiles          []string        `json:"tiles"`
		Export         bool            `json:"exportTilesAllowed"`
		MaxExport      int             `json:"maxExportTilesCount"`
		Initial        arcgisExtent    `json:"initialExtent"`
		Full           arcgisExtent    `json:"fullExtent"`
		MinScale       float64         `json:"minScale"`
		MaxScale       float64         `json:"maxScale"`
		TileInfo       arcgisTileInfo  `json:"tileInfo"`
		MaxZoom        int             `json:"maxzoom"`
		MinLevel       int             `json:"minLOD"`
		MaxLevel       int             `json:"maxLOD"`
		Resources      arcgisResources `json:"resourceInfo"`
	}
)

// webMercator is the reference system as Esri names it: by its own code, and
// by that of EPSG since.
var webMercator = arcgisReference{WKID: 102100, Latest: 3857}

// arcgisJSON checks the parameters: f is json, also to be read by people.
func arcgisJSON(c echo.Context) error {
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	switch f := c.QueryParam("f"); f {
	case "", "json", "pjson":
		return nil
	default:
		return fault.Errorf("xyz", fault.Invalid, "f=%.40q: want json or pjson", f)
	}
}

func (h *Handler) arcgisInfo(c echo.Context) error {
	if err := arcgisJSON(c); err != nil {
		return err
	}
	return rest.JSON(c, rest.MediaJSON, arcgisServerInfo{CurrentVersion: arcgisVersion, FullVersion: "11.1.0"})
}

// arcgisServices lists the datasets that have vector tiles.
func (h *Handler) arcgisServices(c echo.Context) error {
	if err := arcgisJSON(c); err != nil {
		return err
	}
	out := arcgisListing{CurrentVersion: arcgisVersion, Folders: []string{}, Services: []arcgisEntry{}}
	for _, d := range h.Atlas.Current().Datasets() {
		if vectorTiled(d) {
			out.Services = append(out.Services, arcgisEntry{Name: d.ID, Type: "VectorTileServer"})
		}
	}
	return rest.JSON(c, rest.MediaJSON, out)
}

// vectorTiled reports whether a dataset has vector tiles.
func vectorTiled(d catalog.Dataset) bool {
	if d.Kind == catalog.TileArchive {
		return d.Version.Tiles != nil && d.Version.Tiles.Type == MVT
	}
	return d.Kind == catalog.Vector && drawable(d)
}

// service is the dataset that the address names.
func (h *Handler) service(c echo.Context) (*atlas.Snapshot, catalog.Dataset, error) {
	id, err := rest.Path(c, "dataset")
	if err != nil {
		return nil, catalog.Dataset{}, err
	}
	state := h.Atlas.Current()
	if !catalog.ValidID(id) {
		return nil, catalog.Dataset{}, fault.Errorf("xyz", fault.NotExist, "there is no dataset %.80q", id)
	}
	d, err := state.Dataset(id)
	if err != nil {
		return nil, d, err
	}
	if !vectorTiled(d) {
		return nil, d, fault.WithHint(fault.Errorf("xyz", fault.NotExist, "dataset %s has no vector tiles", id), arcgisRoot+"/services lists those that have")
	}
	return state, d, nil
}

// arcgisTileServer describes the tiles of a dataset.
func (h *Handler) arcgisTileServer(c echo.Context) error {
	if err := arcgisJSON(c); err != nil {
		return err
	}
	_, d, err := h.service(c)
	if err != nil {
		return err
	}
	lowest, highest := 0, tiles.VectorZoom(d)
	if t := d.Version.Tiles; t != nil {
		lowest, highest = t.MinZoom, t.MaxZoom
	}
	extent := arcgisExtentOf(d)
	out := arcgisTileServer{
		CurrentVersion: arcgisVersion, Name: cmp.Or(d.Title, d.ID), Description: d.Description, Copyright: d.Attribution,
		Capabilities: "TilesOnly", Type: "indexedVector", Styles: "resources/styles", Tiles: []string{"tile/{z}/{y}/{x}.pbf"},
		Initial: extent, Full: extent, MaxZoom: highest, MinLevel: lowest, MaxLevel: highest,
		TileInfo: arcgisTileInfo{
			Rows: arcgisSide, Columns: arcgisSide, DPI: arcgisDPI, Format: "pbf", Origin: arcgisPoint{X: -tms.HalfWorld, Y: tms.HalfWorld},
			Reference: webMercator,
		},
		Resources: arcgisResources{StyleVersion: 8, Compression: "gzip"},
	}
	for z := 0; z <= highest; z++ {
		size := 2 * tms.HalfWorld / arcgisSide / math.Exp2(float64(z))
		out.TileInfo.Levels = append(out.TileInfo.Levels, arcgisLevel{Level: z, Resolution: size, Scale: size * arcgisDPI * arcgisInches})
	}
	levels := out.TileInfo.Levels
	out.MinScale, out.MaxScale = levels[min(lowest, highest)].Scale, levels[highest].Scale
	return rest.JSON(c, rest.MediaJSON, out)
}

// arcgisExtentOf is where a dataset lies, in metres of Web Mercator; across the
// antimeridian it is the whole width of the world.
func arcgisExtentOf(d catalog.Dataset) arcgisExtent {
	b := boundsOf([]catalog.Dataset{d})
	if b.IsEmpty() {
		b.MinX, b.MinY, b.MaxX, b.MaxY = -180, -tms.MaxLatitude, 180, tms.MaxLatitude
	}
	out := arcgisExtent{Reference: webMercator}
	out.MinX, out.MinY = tms.Forward(b.MinX, max(b.MinY, -tms.MaxLatitude))
	out.MaxX, out.MaxY = tms.Forward(b.MaxX, min(b.MaxY, tms.MaxLatitude))
	return out
}

// arcgisStyle is the style of a dataset over the tiles of its service. It has
// no names: text needs fonts from an address there.
func (h *Handler) arcgisStyle(c echo.Context) error {
	if err := arcgisJSON(c); err != nil {
		return err
	}
	_, d, err := h.service(c)
	if err != nil {
		return err
	}
	theme, err := h.keptTheme(c, d)
	if err != nil {
		return err
	}
	o := style.Options{TileJSON: rest.URL(c, "arcgis", "rest", "services", d.ID, "VectorTileServer")}
	doc := style.New(d, o)
	if theme != nil {
		o.Sprite = rest.URL(c, "sprites", "contado")
		doc = style.NewThematic(d, theme, o)
	}
	style.Dress(doc, d)
	look(doc, d.Version.BBoxWGS84)
	return rest.JSON(c, rest.MediaJSON, doc)
}

// arcgisTile is a tile by level, row and column.
func (h *Handler) arcgisTile(c echo.Context) error {
	var parts [3]string
	for i, name := range []string{"z", "y", "file"} {
		var err error
		if parts[i], err = rest.Path(c, name); err != nil {
			return err
		}
	}
	state, d, err := h.service(c)
	if err != nil {
		return err
	}
	column, ok := strings.CutSuffix(parts[2], ".pbf")
	if !ok {
		return fault.Errorf("xyz", fault.NotExist, "a tile of a VectorTileServer ends in .pbf, not in %.80q", parts[2])
	}
	a, err := ParseAddress(d.ID, parts[0], column, parts[1]+"."+MVT)
	if err != nil {
		return err
	}
	if d.Kind == catalog.TileArchive {
		return h.archivedTile(c, d, a)
	}
	return h.vectorTile(c, state, a)
}
