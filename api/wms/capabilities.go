package wms

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/draw"
	"contado/api/ows"
	"contado/api/rest"
	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/store/catalog"
)

// The document of WMS 1.3.0 (06-042, annex E.1); elements stand in the order
// of the schema.
type (
	capabilities struct {
		XMLName  xml.Name  `xml:"WMS_Capabilities"`
		Version  string    `xml:"version,attr"`
		Update   string    `xml:"updateSequence,attr"`
		NS       string    `xml:"xmlns,attr"`
		Xlink    string    `xml:"xmlns:xlink,attr"`
		SLD      string    `xml:"xmlns:sld,attr"`
		XSI      string    `xml:"xmlns:xsi,attr"`
		Location string    `xml:"xsi:schemaLocation,attr"`
		Service  service   `xml:"Service"`
		Requests requests  `xml:"Capability>Request"`
		Formats  []string  `xml:"Capability>Exception>Format"`
		Root     rootLayer `xml:"Capability>Layer"`
	}
	service struct {
		Name        string   `xml:"Name"`
		Title       string   `xml:"Title"`
		Abstract    string   `xml:"Abstract"`
		Online      ows.Link `xml:"OnlineResource"`
		Fees        string   `xml:"Fees"`
		Constraints string   `xml:"AccessConstraints"`
		LayerLimit  int      `xml:"LayerLimit"`
		MaxWidth    int      `xml:"MaxWidth"`
		MaxHeight   int      `xml:"MaxHeight"`
	}
	operation struct {
		Formats []string `xml:"Format"`
		Get     ows.Link `xml:"DCPType>HTTP>Get>OnlineResource"`
	}
	requests struct {
		Capabilities operation `xml:"GetCapabilities"`
		Map          operation `xml:"GetMap"`
		Info         operation `xml:"GetFeatureInfo"`
		Legend       operation `xml:"sld:GetLegendGraphic"`
	}
	geographic struct {
		West  string `xml:"westBoundLongitude"`
		East  string `xml:"eastBoundLongitude"`
		South string `xml:"southBoundLatitude"`
		North string `xml:"northBoundLatitude"`
	}
	box struct {
		CRS  string `xml:"CRS,attr"`
		MinX string `xml:"minx,attr"`
		MinY string `xml:"miny,attr"`
		MaxX string `xml:"maxx,attr"`
		MaxY string `xml:"maxy,attr"`
	}
	dimension struct {
		Name     string `xml:"name,attr"`
		Units    string `xml:"units,attr"`
		Default  string `xml:"default,attr"`
		Multiple int    `xml:"multipleValues,attr"`
		Nearest  int    `xml:"nearestValue,attr"`
		Values   string `xml:",chardata"`
	}
	attribution struct {
		Title string `xml:"Title"`
	}
	legend struct {
		Width  int      `xml:"width,attr"`
		Height int      `xml:"height,attr"`
		Format string   `xml:"Format"`
		Online ows.Link `xml:"OnlineResource"`
	}
	layerStyle struct {
		Name   string  `xml:"Name"`
		Title  string  `xml:"Title"`
		Legend *legend `xml:"LegendURL"`
	}
	rootLayer struct {
		Title      string      `xml:"Title"`
		CRS        []string    `xml:"CRS"`
		Geographic *geographic `xml:"EX_GeographicBoundingBox"`
		Boxes      []box       `xml:"BoundingBox"`
		Layers     []layer     `xml:"Layer"`
	}
	layer struct {
		Queryable  int          `xml:"queryable,attr"`
		Opaque     int          `xml:"opaque,attr"`
		Name       string       `xml:"Name"`
		Title      string       `xml:"Title"`
		Abstract   string       `xml:"Abstract,omitempty"`
		CRS        []string     `xml:"CRS"`
		Geographic geographic   `xml:"EX_GeographicBoundingBox"`
		Boxes      []box        `xml:"BoundingBox"`
		Dimension  *dimension   `xml:"Dimension"`
		Credit     *attribution `xml:"Attribution"`
		Styles     []layerStyle `xml:"Style"`
	}
)

func (h *Handler) capabilities(c echo.Context, q ows.Params) error {
	state := h.Painter.Atlas.Current()
	update := strconv.FormatInt(state.Revision(), 10)
	if asked := q["UPDATESEQUENCE"]; asked != "" {
		if asked == update {
			return ows.Bad("CurrentUpdateSequence", "updatesequence", "nothing has changed since %s", update)
		}
		if n, err := strconv.ParseInt(asked, 10, 64); err != nil || n > state.Revision() {
			return ows.Bad(ows.BadUpdate, "updatesequence", "there has been no %s yet: the newest is %s", ows.Clip(asked), update)
		}
	}
	address := ows.Link{Type: "simple", Href: rest.URL(c, "wms") + "?"}
	op := func(formats ...string) operation { return operation{Formats: formats, Get: address} }
	doc := capabilities{
		Version: "1.3.0", Update: update, NS: "http://www.opengis.net/wms", Xlink: "http://www.w3.org/1999/xlink",
		SLD: "http://www.opengis.net/sld", XSI: "http://www.w3.org/2001/XMLSchema-instance",
		Location: "http://www.opengis.net/wms http://schemas.opengis.net/wms/1.3.0/capabilities_1_3_0.xsd " +
			"http://www.opengis.net/sld http://schemas.opengis.net/sld/1.1.0/sld_capabilities.xsd",
		Service: service{
			Name: "WMS", Title: "Contado", Abstract: "Raster datasets as pictures. Layers take the parameters of drawing of /xyz as well " +
				"(BANDS, RESCALE, COLORMAP …).",
			Online: ows.Link{Type: "simple", Href: rest.URL(c)}, Fees: "none", Constraints: "none",
			LayerLimit: draw.MaxLayers, MaxWidth: draw.MaxSide, MaxHeight: draw.MaxSide,
		},
		Requests: requests{
			Capabilities: op("text/xml"), Map: op(mapFormats()...), Info: op(infoFormats...), Legend: op(legendFormats...),
		},
		Formats: []string{"XML", "INIMAGE", "BLANK"},
		Root:    h.root(c, state),
	}
	b, err := ows.Document(doc)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Security-Policy", "default-src 'none'")
	return rest.Bytes(c, "text/xml; charset=utf-8", b)
}

func mapFormats() []string {
	var out []string
	for _, f := range draw.Formats {
		out = append(out, f.Media)
	}
	return out
}

// root holds the datasets; its systems are those that all of them have.
func (h *Handler) root(c echo.Context, state *atlas.Snapshot) rootLayer {
	out := rootLayer{Title: "Contado"}
	for _, s := range draw.Systems() {
		out.CRS = append(out.CRS, s.Name)
	}
	whole := geo.EmptyBBox()
	for _, d := range draw.Layers(state) {
		out.Layers = append(out.Layers, h.layer(c, state, d))
		b := d.Version.BBoxWGS84
		if b.MinX > b.MaxX {
			b.MinX, b.MaxX = -180, 180
		}
		whole = whole.Union(b)
	}
	if !whole.IsEmpty() {
		g := geographicOf(whole)
		out.Geographic = &g
		out.Boxes = []box{boxOf(draw.Systems()[0], whole)}
	}
	return out
}

func geographicOf(b geo.BBox) geographic {
	return geographic{West: ows.Number(b.MinX), East: ows.Number(b.MaxX), South: ows.Number(b.MinY), North: ows.Number(b.MaxY)}
}

func boxOf(s draw.System, b geo.BBox) box {
	v := s.Ordered(b)
	return box{CRS: s.Name, MinX: ows.Number(v[0]), MinY: ows.Number(v[1]), MaxX: ows.Number(v[2]), MaxY: ows.Number(v[3])}
}

func (h *Handler) layer(c echo.Context, state *atlas.Snapshot, d catalog.Dataset) layer {
	b := d.Version.BBoxWGS84
	if b.MinX > b.MaxX {
		b.MinX, b.MaxX = -180, 180
	}
	out := layer{Queryable: 1, Name: d.ID, Title: d.Title, Abstract: d.Description, Geographic: geographicOf(b)}
	if out.Title == "" {
		out.Title = d.ID
	}
	if d.Attribution != "" {
		out.Credit = &attribution{Title: d.Attribution}
	}
	shared := map[string]bool{}
	for _, s := range draw.Systems() {
		shared[s.Name] = true
	}
	for i, s := range draw.SystemsOf(d) {
		if !shared[s.Name] { // the others are inherited
			out.CRS = append(out.CRS, s.Name)
		}
		if i > 0 && s.Name != "CRS:84" && s.Name != "EPSG:4326" && s.Name != "EPSG:3857" {
			continue
		}
		if b, ok := h.Painter.Bounds(d, s.CRS, s.Domain); ok {
			out.Boxes = append(out.Boxes, boxOf(s, b))
		}
	}
	if times := draw.Times(state.Items(d.ID, nil)); len(times) > 0 {
		out.Dimension = &dimension{
			Name: "time", Units: "ISO8601", Multiple: 1, Default: times[0] + "/" + times[len(times)-1], Values: strings.Join(times, ","),
		}
	}
	for _, s := range h.Painter.Styles(state, d) {
		q := "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&FORMAT=image/png&SLD_VERSION=1.1.0&LAYER=" + d.ID + "&STYLE=" + s.Name
		out.Styles = append(out.Styles, layerStyle{Name: s.Name, Title: s.Title, Legend: &legend{
			Width: draw.LegendWidth, Height: s.LegendHeight, Format: "image/png",
			Online: ows.Link{Type: "simple", Href: rest.URL(c, "wms") + "?" + q},
		}})
	}
	return out
}

// exception answers with a report. Mistakes of the client come with status
// 200, as clients of WMS look for the report in what they got.
func exception(c echo.Context, code string, err error, status int) error {
	b, xerr := ows.Document(struct {
		XMLName   xml.Name `xml:"ServiceExceptionReport"`
		Version   string   `xml:"version,attr"`
		NS        string   `xml:"xmlns,attr"`
		Exception struct {
			Code string `xml:"code,attr,omitempty"`
			Text string `xml:",chardata"`
		} `xml:"ServiceException"`
	}{Version: "1.3.0", NS: "http://www.opengis.net/ogc", Exception: struct {
		Code string `xml:"code,attr,omitempty"`
		Text string `xml:",chardata"`
	}{code, err.Error()}})
	if xerr != nil {
		return xerr
	}
	hd := c.Response().Header()
	hd.Set("Cache-Control", "no-store")
	hd.Del("ETag")
	if status == http.StatusServiceUnavailable {
		hd.Set(echo.HeaderRetryAfter, "5")
	}
	return c.Blob(status, "text/xml; charset=utf-8", b)
}
