package wmts

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/draw"
	"contado/api/ows"
	"contado/api/rest"
	"contado/geo/atlas"
	"contado/geo/store/catalog"
	"contado/tiles/tms"
)

var infoFormats = []string{"application/json", "text/html", "text/plain"}

// The document of WMTS 1.0.0 (07-057r7, 7.1); elements stand in the order of
// the schema.
type (
	capabilities struct {
		XMLName    xml.Name  `xml:"Capabilities"`
		NS         string    `xml:"xmlns,attr"`
		OWS        string    `xml:"xmlns:ows,attr"`
		Xlink      string    `xml:"xmlns:xlink,attr"`
		XSI        string    `xml:"xmlns:xsi,attr"`
		Location   string    `xml:"xsi:schemaLocation,attr"`
		Version    string    `xml:"version,attr"`
		Update     string    `xml:"updateSequence,attr"`
		Service    *service  `xml:"ows:ServiceIdentification"`
		Provider   *provider `xml:"ows:ServiceProvider"`
		Operations *metadata `xml:"ows:OperationsMetadata"`
		Contents   *contents `xml:"Contents"`
		Metadata   *ows.Link `xml:"ServiceMetadataURL"`
	}
	service struct {
		Title       string `xml:"ows:Title"`
		Abstract    string `xml:"ows:Abstract"`
		Type        string `xml:"ows:ServiceType"`
		Version     string `xml:"ows:ServiceTypeVersion"`
		Fees        string `xml:"ows:Fees"`
		Constraints string `xml:"ows:AccessConstraints"`
	}
	provider struct {
		Name    string   `xml:"ows:ProviderName"`
		Site    ows.Link `xml:"ows:ProviderSite"`
		Contact struct{} `xml:"ows:ServiceContact"`
	}
	metadata struct {
		Operations []operation `xml:"ows:Operation"`
	}
	operation struct {
		Name string    `xml:"name,attr"`
		Gets []getLink `xml:"ows:DCP>ows:HTTP>ows:Get"`
	}
	getLink struct {
		Href     string   `xml:"xlink:href,attr"`
		Encoding encoding `xml:"ows:Constraint"`
	}
	encoding struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"ows:AllowedValues>ows:Value"`
	}
	contents struct {
		Layers []layer     `xml:"Layer"`
		Sets   []matrixSet `xml:"TileMatrixSet"`
	}
	corners struct {
		CRS   string `xml:"crs,attr,omitempty"`
		Lower string `xml:"ows:LowerCorner"`
		Upper string `xml:"ows:UpperCorner"`
	}
	legendURL struct {
		Format string `xml:"format,attr"`
		Href   string `xml:"xlink:href,attr"`
		Width  int    `xml:"width,attr"`
		Height int    `xml:"height,attr"`
	}
	style struct {
		Default    string     `xml:"isDefault,attr,omitempty"`
		Title      string     `xml:"ows:Title"`
		Identifier string     `xml:"ows:Identifier"`
		Legend     *legendURL `xml:"LegendURL"`
	}
	dimension struct {
		Identifier string   `xml:"ows:Identifier"`
		UOM        string   `xml:"ows:UOM"`
		Default    string   `xml:"Default"`
		Current    bool     `xml:"Current"`
		Values     []string `xml:"Value"`
	}
	limits struct {
		Matrix string `xml:"TileMatrix"`
		MinRow int    `xml:"MinTileRow"`
		MaxRow int    `xml:"MaxTileRow"`
		MinCol int    `xml:"MinTileCol"`
		MaxCol int    `xml:"MaxTileCol"`
	}
	setLink struct {
		Set    string   `xml:"TileMatrixSet"`
		Limits []limits `xml:"TileMatrixSetLimits>TileMatrixLimits"`
	}
	resource struct {
		Format   string `xml:"format,attr"`
		Type     string `xml:"resourceType,attr"`
		Template string `xml:"template,attr"`
	}
	layer struct {
		Title      string     `xml:"ows:Title"`
		Abstract   string     `xml:"ows:Abstract,omitempty"`
		WGS84      corners    `xml:"ows:WGS84BoundingBox"`
		Identifier string     `xml:"ows:Identifier"`
		Styles     []style    `xml:"Style"`
		Formats    []string   `xml:"Format"`
		Info       []string   `xml:"InfoFormat"`
		Dimension  *dimension `xml:"Dimension"`
		Links      []setLink  `xml:"TileMatrixSetLink"`
		Resources  []resource `xml:"ResourceURL"`
	}
	matrix struct {
		Identifier string `xml:"ows:Identifier"`
		Scale      string `xml:"ScaleDenominator"`
		Corner     string `xml:"TopLeftCorner"`
		TileWidth  int    `xml:"TileWidth"`
		TileHeight int    `xml:"TileHeight"`
		Columns    int    `xml:"MatrixWidth"`
		Rows       int    `xml:"MatrixHeight"`
	}
	matrixSet struct {
		Title      string   `xml:"ows:Title"`
		Abstract   string   `xml:"ows:Abstract,omitempty"`
		Identifier string   `xml:"ows:Identifier"`
		BBox       corners  `xml:"ows:BoundingBox"`
		CRS        string   `xml:"ows:SupportedCRS"`
		ScaleSet   string   `xml:"WellKnownScaleSet,omitempty"`
		Matrices   []matrix `xml:"TileMatrix"`
	}
)

// sections are those that a request asked for; all when it named none.
func sections(q ows.Params) func(name string) bool {
	asked := q.List("SECTIONS")
	return func(name string) bool {
		return len(asked) == 0 || slices.Contains(asked, name) || slices.Contains(asked, "All")
	}
}

func (h *Handler) capabilities(c echo.Context, q ows.Params) error {
	state := h.Painter.Atlas.Current()
	update := strconv.FormatInt(state.Revision(), 10)
	if v := q.List("ACCEPTVERSIONS"); len(v) > 0 && !slices.Contains(v, "1.0.0") {
		return ows.Bad("VersionNegotiationFailed", "AcceptVersions", "this is WMTS 1.0.0, and none of %s", ows.Clip(q["ACCEPTVERSIONS"]))
	}
	if u := q["UPDATESEQUENCE"]; u != "" {
		if n, err := strconv.ParseInt(u, 10, 64); err != nil || n > state.Revision() {
			return ows.Bad(ows.BadUpdate, "updateSequence", "there has been no %s yet: the newest is %s", ows.Clip(u), update)
		}
	}
	doc := capabilities{
		NS: "http://www.opengis.net/wmts/1.0", OWS: "http://www.opengis.net/ows/1.1", Xlink: "http://www.w3.org/1999/xlink",
		XSI:      "http://www.w3.org/2001/XMLSchema-instance",
		Location: "http://www.opengis.net/wmts/1.0 http://schemas.opengis.net/wmts/1.0/wmtsGetCapabilities_response.xsd",
		Version:  "1.0.0", Update: update,
	}
	want := sections(q)
	if q["UPDATESEQUENCE"] == update { // the client has it all
		want = func(string) bool { return false }
	}
	if want("ServiceIdentification") {
		doc.Service = &service{
			Title: "Contado", Abstract: "Raster datasets as tiles. Layers take the parameters of drawing of /xyz as well (BANDS, RESCALE, COLORMAP …).",
			Type: "OGC WMTS", Version: "1.0.0", Fees: "none", Constraints: "none",
		}
	}
	if want("ServiceProvider") {
		doc.Provider = &provider{Name: "Contado", Site: ows.Link{Href: rest.URL(c)}}
	}
	if want("OperationsMetadata") {
		doc.Operations = operations(c)
	}
	if want("Contents") {
		doc.Contents = h.contents(c, state)
	}
	if want("ServiceIdentification") {
		doc.Metadata = &ows.Link{Href: rest.URL(c, "wmts", "1.0.0", "WMTSCapabilities.xml")}
	}
	b, err := ows.Document(doc)
	if err != nil {
		return err
	}
	return rest.Bytes(c, "text/xml; charset=utf-8", b)
}

func operations(c echo.Context) *metadata {
	kvp := getLink{Href: rest.URL(c, "wmts") + "?", Encoding: encoding{"GetEncoding", "KVP"}}
	address := func(parts ...string) getLink {
		return getLink{Href: rest.URL(c, append([]string{"wmts", "1.0.0"}, parts...)...), Encoding: encoding{"GetEncoding", "RESTful"}}
	}
	return &metadata{Operations: []operation{
		{"GetCapabilities", []getLink{kvp, address("WMTSCapabilities.xml")}},
		{"GetTile", []getLink{kvp, address("")}},
		{"GetFeatureInfo", []getLink{kvp, address("")}},
	}}
}

// contents are the layers, and the grids that some layer uses.
func (h *Handler) contents(c echo.Context, state *atlas.Snapshot) *contents {
	out := &contents{}
	used := map[string]bool{}
	for _, d := range draw.Layers(state) {
		l := h.layer(c, state, d)
		if len(l.Links) == 0 || len(l.Styles) == 0 {
			continue
		}
		for _, link := range l.Links {
			used[link.Set] = true
		}
		out.Layers = append(out.Layers, l)
	}
	for _, s := range tms.All() {
		if used[s.ID] {
			out.Sets = append(out.Sets, setOf(s))
		}
	}
	return out
}

func point(v [2]float64) string { return ows.Number(v[0]) + " " + ows.Number(v[1]) }

func (h *Handler) layer(c echo.Context, state *atlas.Snapshot, d catalog.Dataset) layer {
	b := d.Version.BBoxWGS84
	if b.MinX > b.MaxX {
		b.MinX, b.MaxX = -180, 180
	}
	out := layer{
		Title: d.Title, Abstract: d.Description, Identifier: d.ID, Info: infoFormats,
		WGS84: corners{Lower: point([2]float64{b.MinX, b.MinY}), Upper: point([2]float64{b.MaxX, b.MaxY})},
	}
	if out.Title == "" {
		out.Title = d.ID
	}
	for i, s := range h.Painter.Styles(state, d) {
		st := style{Title: s.Title, Identifier: s.Name, Legend: &legendURL{
			Format: "image/png", Width: draw.LegendWidth, Height: s.LegendHeight,
			Href: rest.URL(c, "wms") + "?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&FORMAT=image/png&SLD_VERSION=1.1.0&LAYER=" + d.ID + "&STYLE=" + s.Name,
		}}
		if i == 0 {
			st.Default = "true"
		}
		out.Styles = append(out.Styles, st)
	}
	base := rest.URL(c, "wmts", "1.0.0", d.ID) + "/{Style}/"
	times := draw.Times(state.Items(d.ID, nil))
	if len(times) > 0 {
		out.Dimension = &dimension{Identifier: "Time", UOM: "ISO8601", Default: anyTime, Current: true, Values: append(times, anyTime)}
		base += "{Time}/"
	}
	base += "{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}"
	for _, f := range draw.Formats {
		ending := f.Name
		if ending == "jpeg" {
			ending = "jpg"
		}
		out.Formats = append(out.Formats, f.Media)
		out.Resources = append(out.Resources, resource{Format: f.Media, Type: "tile", Template: base + "." + ending})
	}
	for i, ending := range []string{"json", "html", "txt"} {
		out.Resources = append(out.Resources, resource{Format: infoFormats[i], Type: "FeatureInfo", Template: base + "/{J}/{I}." + ending})
	}
	for _, s := range tms.All() {
		link := setLink{Set: s.ID}
		for _, l := range h.Painter.Limits(state, d, s) {
			link.Limits = append(link.Limits, limits{l.Matrix.ID, l.MinY, l.MaxY, l.MinX, l.MaxX})
		}
		if len(link.Limits) > 0 {
			out.Links = append(out.Links, link)
		}
	}
	return out
}

// setOf is a grid; corners are in the axis order of its CRS.
func setOf(s *tms.TileMatrixSet) matrixSet {
	urn := "urn:ogc:def:crs:EPSG::" + strings.TrimPrefix(string(s.CRS), "EPSG:")
	if strings.HasSuffix(s.CRSURI, "CRS84") {
		urn = "urn:ogc:def:crs:OGC:1.3:CRS84"
	}
	e := s.Extent(0)
	out := matrixSet{
		Title: s.Title, Identifier: s.ID, CRS: urn,
		BBox: corners{CRS: urn, Lower: point(s.Ordered(e.MinX, e.MinY)), Upper: point(s.Ordered(e.MaxX, e.MaxY))},
	}
	if s.Accuracy != "" {
		out.Abstract = "Positional accuracy of the transformation: " + s.Accuracy + "."
	}
	if name := s.ScaleSet[strings.LastIndexByte(s.ScaleSet, '/')+1:]; name != "" {
		out.ScaleSet = "urn:ogc:def:wkss:OGC:1.0:" + name
	}
	for i := range s.Matrices {
		m := &s.Matrices[i]
		out.Matrices = append(out.Matrices, matrix{
			Identifier: m.ID, Scale: ows.Number(m.ScaleDenominator), Corner: point(s.Ordered(m.OriginX, m.OriginY)),
			TileWidth: m.TileWidth, TileHeight: m.TileHeight, Columns: m.Columns, Rows: m.Rows,
		})
	}
	return out
}
