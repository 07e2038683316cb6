package ogc

import (
	"math"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/draw"
	"contado/api/page"
	"contado/api/rest"
	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/atlas"
	projection "contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/tiles/raster"
)

// maxListed bounds the raster items shown within a collection in the list of
// all: items_count says how many there are, and items_href leads to all, page
// by page.
const maxListed = 500

// Collection describes a dataset (17-069r4 §7.13), with what we know beyond
// the standard under "contado".
type Collection struct {
	ID          string      `json:"id"`
	Title       string      `json:"title"`
	Description string      `json:"description,omitempty"`
	Attribution string      `json:"attribution,omitempty"`
	License     string      `json:"license,omitempty"`
	Extent      extent      `json:"extent"`
	ItemType    string      `json:"itemType,omitempty"`
	CRS         []string    `json:"crs"`
	StorageCRS  string      `json:"storageCrs,omitempty"`
	Links       []rest.Link `json:"links"`
	Contado     own         `json:"contado"`
}

type extent struct {
	Spatial  *spatial  `json:"spatial,omitempty"`
	Temporal *temporal `json:"temporal,omitempty"`
}

type spatial struct {
	BBox [][4]float64 `json:"bbox"`
	CRS  string       `json:"crs"`
}

type temporal struct {
	Interval [][2]*time.Time `json:"interval"`
	TRS      string          `json:"trs"`
}

// own is what is ours.
type own struct {
	Kind         catalog.Kind     `json:"kind"`
	Role         catalog.Role     `json:"role"`
	Version      int              `json:"version"`
	PublishedAt  time.Time        `json:"published_at"`
	SHA256       string           `json:"sha256"`
	Program      string           `json:"program"`
	NativeCRS    string           `json:"native_crs,omitempty"`
	Count        *int64           `json:"count,omitempty"`
	GeometryType string           `json:"geometry_type,omitempty"`
	Fields       []geo.Field      `json:"fields,omitempty"`
	State        string           `json:"state,omitempty"` // version and last change
	Editable     bool             `json:"editable"`
	Conversions  []conversion     `json:"conversions,omitempty"`
	Bands        []band           `json:"bands,omitempty"`
	Items        []itemSummary    `json:"items,omitempty"`
	ItemsCount   *int             `json:"items_count,omitempty"`
	ItemsHref    string           `json:"items_href,omitempty"` // of all of them
	Table        *table           `json:"attached,omitempty"`
	Notices      []catalog.Notice `json:"notices"`
	Invented     bool             `json:"invented"`
	Keywords     []string         `json:"keywords,omitempty"`
	Contact      string           `json:"contact,omitempty"`
	Source       string           `json:"source,omitempty"`
	CreatedAt    time.Time        `json:"created_at"`
	Bytes        int64            `json:"bytes"`             // of the files of the version
	Cell         *cellSize        `json:"cell,omitempty"`    // of the finest raster
	Process      string           `json:"process,omitempty"` // that computed it
	Style        *catalog.Style   `json:"style,omitempty"`   // kept for all
}

// cellSize is how large the cells of a raster are.
type cellSize struct {
	Size float64 `json:"size"`
	Unit string  `json:"unit"` // metre or degree
}

// table is how a table of another database is followed.
type table struct {
	Mode    string     `json:"mode"` // notify, column or compare
	OK      bool       `json:"ok"`
	Checked *time.Time `json:"checked,omitempty"` // last known to be as the table is
	Lost    *time.Time `json:"lost,omitempty"`    // since when edits are not noticed
	Reason  string     `json:"reason,omitempty"`
	Noticed int64      `json:"noticed"` // edits since the program began
}

// table is nil for what is not attached, or not followed by this program.
func (h *Handler) table(d catalog.Dataset) *table {
	if h.Followed == nil {
		return nil
	}
	s, ok := h.Followed(d.ID)
	if !ok {
		return nil
	}
	out := &table{Mode: s.Mode, OK: s.Lost.IsZero(), Noticed: s.Noticed}
	if !s.Checked.IsZero() {
		at := s.Checked.UTC()
		out.Checked = &at
	}
	if !out.OK {
		at := s.Lost.UTC()
		out.Lost, out.Reason = &at, s.Reason
	}
	return out
}

type band struct {
	Name       string          `json:"name"`
	CommonName string          `json:"common_name,omitempty"`
	Unit       string          `json:"unit,omitempty"`
	Min        *float64        `json:"min"` // null: no valid cell
	Max        *float64        `json:"max"`
	P02        *float64        `json:"p02"`
	P98        *float64        `json:"p98"`
	Classes    []catalog.Class `json:"classes,omitempty"`
}

type itemSummary struct {
	ID         string     `json:"id"`
	Datetime   *time.Time `json:"datetime"`
	CloudCover *float64   `json:"cloud_cover"`
	BBox       [4]float64 `json:"bbox"`
}

func boxOf(b geo.BBox) [4]float64 { return [4]float64{b.MinX, b.MinY, b.MaxX, b.MaxY} }

// outward is a box of longitudes and latitudes with seven decimals, which
// clients write, that holds all that the box holds.
func outward(b geo.BBox) [4]float64 {
	to := func(v float64, round func(float64) float64) float64 {
		digits := v * 1e7
		if whole := math.Round(digits); math.Abs(digits-whole) < 1e-3 { // but for the last bits
			return whole / 1e7
		}
		return round(digits) / 1e7
	}
	return [4]float64{
		max(-180, to(b.MinX, math.Floor)), max(-90, to(b.MinY, math.Floor)), min(180, to(b.MaxX, math.Ceil)), min(90, to(b.MaxY, math.Ceil)),
	}
}

// describe makes the collection of a dataset; most bounds its list of items.
func describe(c echo.Context, state *atlas.Snapshot, d catalog.Dataset, most int) Collection {
	v := d.Version
	systems := references(d)
	out := Collection{
		ID: d.ID, Title: d.Title, Description: d.Description, Attribution: d.Attribution, License: d.License,
		CRS: uris(systems),
		Contado: own{
			Kind: d.Kind, Role: d.Role, Version: v.Number, PublishedAt: v.PublishedAt, SHA256: v.SHA256, Program: v.Program,
			NativeCRS: v.CRS.Short(), Notices: v.Notices, Invented: analysis.Invented(d),
			Keywords: d.About.Keywords, Contact: d.About.Contact, Source: d.About.Source, CreatedAt: d.CreatedAt, Style: d.About.Style,
		},
	}
	for _, f := range v.Files {
		out.Contado.Bytes += f.Size
	}
	if v.Derived != nil {
		out.Contado.Process = v.Derived.Process
	}
	if out.Title == "" {
		out.Title = d.ID
	}
	if out.Contado.Notices == nil {
		out.Contado.Notices = []catalog.Notice{}
	}
	if b := v.BBoxWGS84; known(b) {
		out.Extent.Spatial = &spatial{BBox: [][4]float64{outward(b)}, CRS: crs84}
	}
	if v.TimeStart != nil || v.TimeEnd != nil {
		out.Extent.Temporal = &temporal{
			Interval: [][2]*time.Time{{v.TimeStart, v.TimeEnd}}, TRS: "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
		}
	}
	switch d.Kind {
	case catalog.Vector:
		out.ItemType = "feature"
		if r, ok := storage(d); ok && len(out.CRS) > 1 {
			out.StorageCRS = r.uri
		}
		if i := v.Vector; i != nil {
			out.Contado.Count, out.Contado.GeometryType, out.Contado.Fields = &i.Count, i.Schema.GeometryType, i.Schema.Fields
			out.Contado.Conversions = conversions(d, systems)
		}
	case catalog.Raster:
		out.Contado.addItems(state.Items(d.ID, nil), d.Role, most)
		out.Contado.ItemsHref = rest.URL(c, "collections", d.ID, "items")
	}
	out.Links = collectionLinks(c, d)
	return out
}

// known reports whether a box is one: it may cross the antimeridian.
func known(b geo.BBox) bool {
	finite := !math.IsInf(b.MinX, 0) && !math.IsInf(b.MaxX, 0) && !math.IsNaN(b.MinX+b.MaxX+b.MinY+b.MaxY)
	return finite && b != (geo.BBox{}) && b.MinY <= b.MaxY
}

func (o *own) addItems(items []catalog.Item, role catalog.Role, most int) {
	n := len(items)
	o.ItemsCount = &n
	o.Cell = finestCell(items)
	for _, b := range raster.Profile(items, role) {
		o.Bands = append(o.Bands, band{
			Name: b.Name, CommonName: b.CommonName, Unit: b.Unit, Min: finite(b.Min), Max: finite(b.Max),
			P02: finite(b.P02), P98: finite(b.P98), Classes: b.Classes,
		})
	}
	for _, it := range items[:min(n, most)] {
		o.Items = append(o.Items, itemSummary{ID: it.ID, Datetime: it.Datetime, CloudCover: it.CloudCover, BBox: boxOf(it.BBox)})
	}
}

// finestCell is the smallest cell of items, of the unit of the first one.
func finestCell(items []catalog.Item) *cellSize {
	var out *cellSize
	for _, it := range items {
		unit := "metre"
		if geographic, err := projection.IsGeographic(it.Grid.CRS); err != nil {
			continue
		} else if geographic {
			unit = "degree"
		}
		t := it.Grid.Transform
		size := math.Hypot(t[1], t[4])
		if size > 0 && (out == nil || out.Unit == unit && size < out.Size) {
			out = &cellSize{size, unit}
		}
	}
	return out
}

// finite is null for what JSON cannot say: statistics without a valid cell.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

func collectionLinks(c echo.Context, d catalog.Dataset) []rest.Link {
	const rel = rels
	self := rest.URL(c, "collections", d.ID)
	links := []rest.Link{
		{Href: self + "?f=json", Rel: "self", Type: rest.MediaJSON, Title: d.Title},
		{Href: self + "?f=html", Rel: "alternate", Type: "text/html", Title: d.Title + " as HTML"},
		{Href: self + "/items", Rel: "items", Type: rest.MediaGeoJSON, Title: "Items as GeoJSON"},
		{Href: self + "/queryables", Rel: rel + "queryables", Type: rest.MediaSchema, Title: "What can be asked for"},
		{Href: self + "/schema", Rel: rel + "schema", Type: rest.MediaSchema, Title: "Schema of the items"},
	}
	if hasXSD(d) { // GDAL knows this spelling alone
		links = append(links, rest.Link{Href: self + "/schema?f=xsd", Rel: "describedBy", Type: rest.XSDFormat.Media, Title: "XML Schema of the items"})
	}
	for _, f := range itemFormats(d)[1:] {
		links = append(links, rest.Link{Href: self + "/items?f=" + f.Name, Rel: "items", Type: f.Media, Title: "Items as " + f.Title})
	}
	if d.Kind == catalog.Vector {
		links = append(links,
			rest.Link{Href: self + "/sortables", Rel: rel + "sortables", Type: rest.MediaSchema, Title: "What can be ordered by"},
			rest.Link{Href: self + "/changes", Rel: "version-history", Type: rest.MediaJSON, Title: "Changes of the items"},
		)
	}
	if d.Kind == catalog.Raster || d.Version.Vector != nil && d.Version.Vector.Schema.GeometryType != "" {
		links = append(links,
			rest.Link{Href: rest.URL(c, "xyz", d.ID+".json"), Rel: "tilejson", Type: rest.MediaJSON, Title: "TileJSON"},
			rest.Link{Href: rest.URL(c, "styles", d.ID), Rel: rel + "styles", Type: rest.MediaJSON, Title: "MapLibre style"},
			rest.Link{Href: rest.URL(c, "legend", d.ID), Rel: "legend", Type: rest.MediaJSON, Title: "Legend"},
		)
		if d.Kind == catalog.Raster {
			for _, f := range draw.Formats {
				links = append(links, rest.Link{Href: self + "/map?f=" + f.Name, Rel: rel + "map", Type: f.Media, Title: "Map as " + f.Name})
			}
			links = append(links, rest.Link{Href: self + "/map/tiles", Rel: rel + "tilesets-map", Type: rest.MediaJSON, Title: "Map tiles"})
		} else {
			links = append(links, rest.Link{Href: self + "/tiles", Rel: rel + "tilesets-vector", Type: rest.MediaJSON, Title: "Vector tiles"})
		}
	}
	return links
}

func crumbs(c echo.Context, lang string, more ...page.Crumb) []page.Crumb {
	return append([]page.Crumb{
		{Href: rest.URL(c), Text: page.Text(lang, "home")},
		{Href: rest.URL(c, "collections") + "?f=html", Text: page.Text(lang, "collections")},
	}, more...)
}

func (h *Handler) collections(c echo.Context) error {
	if err := rest.Only(c, "f", "lang"); err != nil {
		return err
	}
	format, err := rest.Choose(c, rest.JSONFormat, rest.HTMLFormat)
	if err != nil {
		return err
	}
	state := h.Atlas.Current()
	links := rest.Representations(c, rest.URL(c, "collections"), format.Name, rest.JSONFormat, rest.HTMLFormat)
	rest.AddHeader(c, links)
	list := make([]Collection, 0, len(state.Datasets()))
	for _, d := range state.Datasets() {
		one := describe(c, state, d, maxListed)
		one.Contado.Editable, one.Contado.Table = h.Editable(d), h.table(d)
		one.ID = rest.CollectionID(c, d.ID)
		list = append(list, one)
	}
	if format.Name == rest.HTMLFormat.Name {
		return collectionsPage(c, list, links)
	}
	return rest.JSON(c, rest.MediaJSON, struct {
		Collections []Collection `json:"collections"`
		Links       []rest.Link  `json:"links"`
	}{list, links})
}

// dataset is the one that the address names.
func (h *Handler) dataset(c echo.Context) (*atlas.Snapshot, catalog.Dataset, error) {
	state := h.Atlas.Current()
	id, err := rest.Path(c, "id")
	if err != nil {
		return nil, catalog.Dataset{}, err
	}
	if !catalog.ValidID(id) {
		return nil, catalog.Dataset{}, fault.Errorf("ogc", fault.NotExist, "there is no collection %.80q", id)
	}
	d, err := state.Dataset(id)
	return state, d, err
}

func (h *Handler) collection(c echo.Context) error {
	state, d, err := h.dataset(c)
	if err != nil {
		return err
	}
	if err := rest.Only(c, "f", "lang"); err != nil {
		return err
	}
	format, err := rest.Choose(c, rest.JSONFormat, rest.HTMLFormat)
	if err != nil {
		return err
	}
	out := describe(c, state, d, math.MaxInt)
	out.Contado.Editable, out.Contado.Table = h.Editable(d), h.table(d)
	if d.Kind == catalog.Vector && d.Version.Vector != nil {
		l, err := state.Layer(c.Request().Context(), d.ID)
		if err != nil {
			return err
		}
		n := int64(l.Len()) // with the changes since it was published
		out.Contado.Count, out.Contado.State = &n, l.Stamp()
	}
	rest.AddHeader(c, out.Links)
	if format.Name == rest.HTMLFormat.Name {
		return collectionPage(c, out)
	}
	return rest.JSON(c, rest.MediaJSON, out)
}

// tag is the validator of what depends on a state of a dataset and on the
// request.
func (h *Handler) tag(c echo.Context, d catalog.Dataset, stamp string, format rest.Format) string {
	return rest.Tag(append(h.basis(c, d, format), stamp)...)
}

func (h *Handler) basis(c echo.Context, d catalog.Dataset, format rest.Format) []string {
	return []string{
		h.Program, rest.Base(c), c.Request().URL.Path, c.QueryParams().Encode(), format.Media, c.Response().Header().Get("Content-Language"),
		d.ID, strconv.Itoa(d.Version.Number), d.Version.SHA256, d.Version.PublishedAt.UTC().Format(time.RFC3339Nano),
	}
}
