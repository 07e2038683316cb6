package stac

import (
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/index"
	"contado/geo/store/catalog"
)

// Version is that of the STAC core that is written: what every client reads.
const Version = "1.0.0"

// The extensions, in the versions that the fields are written for. Projection
// 1.2 is the one that has both proj:code and the proj:epsg that GDAL reads.
const (
	extEO             = "https://stac-extensions.github.io/eo/v1.1.0/schema.json"
	extRaster         = "https://stac-extensions.github.io/raster/v1.1.0/schema.json"
	extProjection     = "https://stac-extensions.github.io/projection/v1.2.0/schema.json"
	extView           = "https://stac-extensions.github.io/view/v1.0.0/schema.json"
	extFile           = "https://stac-extensions.github.io/file/v2.1.0/schema.json"
	extClassification = "https://stac-extensions.github.io/classification/v1.1.0/schema.json"
	extSat            = "https://stac-extensions.github.io/sat/v1.0.0/schema.json"
)

// Media types of assets.
const mediaCOG = "image/tiff; application=geotiff; profile=cloud-optimized"

// Item is a raster as a STAC item.
type Item struct {
	Type        string           `json:"type"`
	StacVersion string           `json:"stac_version"`
	Extensions  []string         `json:"stac_extensions"`
	ID          string           `json:"id"`
	Collection  string           `json:"collection"`
	BBox        [4]float64       `json:"bbox"`
	Geometry    json.RawMessage  `json:"geometry"`
	Properties  Properties       `json:"properties"`
	Assets      map[string]Asset `json:"assets"`
	Links       []rest.Link      `json:"links,omitempty"`
}

// Properties are those of an item.
type Properties struct {
	// Datetime is null for a raster without a time, which STAC wants told by
	// start and end: they are those of its dataset's publishing.
	Datetime      *time.Time `json:"datetime"`
	Start         *time.Time `json:"start_datetime,omitempty"`
	End           *time.Time `json:"end_datetime,omitempty"`
	Created       time.Time  `json:"created"`
	Platform      string     `json:"platform,omitempty"`
	Constellation string     `json:"constellation,omitempty"`
	Instruments   []string   `json:"instruments,omitempty"`
	CloudCover    *float64   `json:"eo:cloud_cover,omitempty"`
	SunAzimuth    *float64   `json:"view:sun_azimuth,omitempty"`
	SunElevation  *float64   `json:"view:sun_elevation,omitempty"`
	OffNadir      *float64   `json:"view:off_nadir,omitempty"`
	ViewAzimuth   *float64   `json:"view:azimuth,omitempty"`
	OrbitState    string     `json:"sat:orbit_state,omitempty"`
	RelativeOrbit *int       `json:"sat:relative_orbit,omitempty"`
	Code          *string    `json:"proj:code"` // null: no code
	EPSG          *int       `json:"proj:epsg"`
	WKT2          string     `json:"proj:wkt2,omitempty"` // of a system without a code
	Shape         [2]int     `json:"proj:shape"`          // rows, columns
	Transform     [6]float64 `json:"proj:transform"`
	ProjBBox      [4]float64 `json:"proj:bbox"`
	// What STAC has no field for.
	Version  int    `json:"contado:version"`
	Product  string `json:"contado:product,omitempty"`
	Level    string `json:"contado:level,omitempty"`
	Baseline string `json:"contado:baseline,omitempty"`
}

// Asset is a file of an item, or what is drawn from it.
type Asset struct {
	Href      string       `json:"href"`
	Type      string       `json:"type"`
	Title     string       `json:"title,omitempty"`
	Roles     []string     `json:"roles"`
	Size      *int64       `json:"file:size,omitempty"`
	Checksum  string       `json:"file:checksum,omitempty"`
	Shape     *[2]int      `json:"proj:shape,omitempty"`
	Transform *[6]float64  `json:"proj:transform,omitempty"`
	EOBands   []eoBand     `json:"eo:bands,omitempty"`
	Bands     []rasterBand `json:"raster:bands,omitempty"`
}

// ItemOf describes an item of a raster dataset.
func ItemOf(c echo.Context, d catalog.Dataset, it catalog.Item) *Item {
	out := &Item{
		Type: "Feature", StacVersion: Version, ID: it.ID, Collection: d.ID, BBox: boxOf(it.BBox), Geometry: encode(Footprint(it)),
		Properties: propertiesOf(d, it), Assets: map[string]Asset{}, Extensions: []string{extProjection, extRaster},
	}
	files := filesOf(c, d)
	for _, p := range it.Parts() {
		out.Assets[p.Key] = out.asset(c, d, it, p, files)
	}
	q := url.Values{"item": {it.ID}}
	preview := rest.With(rest.URL(c, "xyz", d.ID, "preview.png"), url.Values{"item": {it.ID}, "max_size": {"512"}})
	tilejson := rest.With(rest.URL(c, "xyz", d.ID+".json"), q)
	free := func(key string) string {
		for out.Assets[key].Href != "" {
			key = "contado-" + key
		}
		return key
	}
	out.Assets[free("thumbnail")] = Asset{Href: preview, Type: "image/png", Title: "Picture of this item", Roles: []string{"thumbnail"}}
	out.Assets[free("tiles")] = Asset{Href: tilejson, Type: rest.MediaJSON, Title: "TileJSON of this item", Roles: []string{"tiles"}}
	out.extend()
	self := rest.URL(c, "stac", "collections", d.ID, "items", it.ID)
	collection := rest.URL(c, "stac", "collections", d.ID)
	out.Links = []rest.Link{
		{Href: self, Rel: "self", Type: rest.MediaGeoJSON, Title: it.ID},
		{Href: rest.URL(c, "stac"), Rel: "root", Type: rest.MediaJSON, Title: "Contado"},
		{Href: collection, Rel: "parent", Type: rest.MediaJSON, Title: d.Title},
		{Href: collection, Rel: "collection", Type: rest.MediaJSON, Title: d.Title},
		{Href: rest.URL(c, "collections", d.ID, "items", it.ID) + "?f=html", Rel: "alternate", Type: "text/html", Title: "This item for people"},
		{Href: tilejson, Rel: "tilejson", Type: rest.MediaJSON, Title: "TileJSON"},
		{Href: preview, Rel: "preview", Type: "image/png", Title: "Picture"},
	}
	return out
}

// filesOf are the files of a version by key, made once a request.
func filesOf(c echo.Context, d catalog.Dataset) map[string]catalog.File {
	key := "contado.stac.files." + d.ID
	if files, ok := c.Get(key).(map[string]catalog.File); ok {
		return files
	}
	files := make(map[string]catalog.File, len(d.Version.Files))
	for _, f := range d.Version.Files {
		files[f.Key] = f
	}
	c.Set(key, files)
	return files
}

func boxOf(b geo.BBox) [4]float64 { return [4]float64{b.MinX, b.MinY, b.MaxX, b.MaxY} }

func propertiesOf(d catalog.Dataset, it catalog.Item) Properties {
	t := it.Grid.Transform
	p := Properties{
		Datetime: it.Datetime, Created: d.Version.PublishedAt, CloudCover: it.CloudCover,
		Shape: [2]int{it.Grid.Height, it.Grid.Width}, Transform: rows(t), ProjBBox: boxOf(it.Grid.Bounds()), Version: it.Version,
	}
	if p.Version == 0 {
		p.Version = d.Version.Number
	}
	p.Start, p.End = nil, nil
	if it.Datetime == nil {
		p.Start, p.End = &d.Version.PublishedAt, &d.Version.PublishedAt
	}
	code, isEPSG := strings.CutPrefix(string(it.Grid.CRS), "EPSG:")
	switch n, err := strconv.Atoi(code); {
	case isEPSG && err == nil:
		text := string(it.Grid.CRS)
		p.Code, p.EPSG = &text, &n
	case it.Grid.CRS.IsWKT():
		p.WKT2 = string(it.Grid.CRS)
	case it.Grid.CRS != "":
		text := string(it.Grid.CRS)
		p.Code = &text
	}
	if s := it.Scene; s != nil {
		p.Platform, p.Constellation, p.Instruments = s.Platform, s.Constellation, s.Instruments
		p.SunAzimuth, p.SunElevation, p.OffNadir, p.ViewAzimuth = within(s.SunAzimuth, 0, 360), within(s.SunElevation, -90, 90), within(s.OffNadir, 0, 90), within(s.ViewAzimuth, 0, 360)
		if slices.Contains([]string{"ascending", "descending", "geostationary"}, s.OrbitState) {
			p.OrbitState = s.OrbitState
		}
		if s.RelativeOrbit != nil && *s.RelativeOrbit >= 1 {
			p.RelativeOrbit = s.RelativeOrbit
		}
		p.Product, p.Level, p.Baseline = s.Product, s.Level, s.Baseline
	}
	return p
}

func within(v *float64, lo, hi float64) *float64 {
	if v == nil || !(*v >= lo && *v <= hi) {
		return nil
	}
	return v
}

// rows is a transform in the order of STAC (and rasterio).
func rows(t [6]float64) [6]float64 { return [6]float64{t[1], t[2], t[0], t[4], t[5], t[3]} }

// asset describes a file of an item.
func (doc *Item) asset(c echo.Context, d catalog.Dataset, it catalog.Item, p catalog.Asset, files map[string]catalog.File) Asset {
	a := Asset{Href: p.Href, Type: mediaCOG, Title: p.Key, Roles: []string{"data"}}
	if p.File != "" {
		a.Href = rest.URL(c, "stac", "collections", d.ID, "items", it.ID, "assets", p.Key+".tif")
		if f, ok := files[p.File]; ok {
			a.Size = &f.Size
			if sum, err := hex.DecodeString(f.SHA256); err == nil && len(sum) == 32 {
				a.Checksum = "1220" + f.SHA256 // multihash: SHA-256, 32 bytes
			}
		}
	} else if p.Size > 0 {
		a.Size = &p.Size
	}
	if p.Grid != it.Grid {
		shape, transform := [2]int{p.Grid.Height, p.Grid.Width}, rows(p.Grid.Transform)
		a.Shape, a.Transform = &shape, &transform
	}
	eo := false
	for i := range it.Bands {
		if as, _ := it.Locate(i + 1); as.Key != p.Key {
			continue
		}
		b := it.Bands[i]
		e := eoBand{Name: b.Name}
		if slices.Contains(commonNames, b.CommonName) {
			e.CommonName, eo = b.CommonName, true
		}
		if b.Wavelength > 0 {
			e.Center, eo = &b.Wavelength, true
		}
		if b.Width > 0 {
			e.Width = &b.Width
		}
		a.EOBands = append(a.EOBands, e)
		a.Bands = append(a.Bands, bandOf(b, p.Grid.Transform, it.Grid.CRS))
	}
	if !eo {
		a.EOBands = nil
	}
	return a
}

// extend declares the extensions whose fields are there.
func (doc *Item) extend() {
	p := &doc.Properties
	var eo, file, classes bool
	for _, a := range doc.Assets {
		eo = eo || a.EOBands != nil
		file = file || a.Size != nil || a.Checksum != ""
		for _, b := range a.Bands {
			classes = classes || b.Classes != nil
		}
	}
	for _, e := range []struct {
		there bool
		name  string
	}{
		{eo || p.CloudCover != nil, extEO},
		{p.SunAzimuth != nil || p.SunElevation != nil || p.OffNadir != nil || p.ViewAzimuth != nil, extView},
		{file, extFile},
		{classes, extClassification},
		{p.OrbitState != "" || p.RelativeOrbit != nil, extSat},
	} {
		if e.there {
			doc.Extensions = append(doc.Extensions, e.name)
		}
	}
}

// Footprint is the outline of an item in longitude and latitude, or its box
// where there is none. One across the antimeridian becomes two polygons
// (RFC 7946 §3.1.9).
func Footprint(it catalog.Item) orb.Geometry {
	if len(it.Footprint) > 3 && it.BBox.MinX <= it.BBox.MaxX {
		ring := make(orb.Ring, len(it.Footprint))
		for i, p := range it.Footprint {
			ring[i] = p
		}
		return orb.Polygon{ring}
	}
	var mp orb.MultiPolygon
	for _, b := range index.Unwrap(it.BBox) {
		mp = append(mp, b.Bound().ToPolygon())
	}
	if len(mp) == 1 {
		return mp[0]
	}
	return mp
}

// encode writes a geometry with 9 places, a tenth of a millimetre.
func encode(g orb.Geometry) json.RawMessage {
	b, err := geojson.NewGeometry(orb.Round(orb.Clone(g), 1e9)).MarshalJSON()
	if err != nil {
		return json.RawMessage("null")
	}
	return b
}
