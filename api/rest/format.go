package rest

import (
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/geo/fault"
)

// Format is a representation that a resource can be had in.
type Format struct {
	Name  string // of the parameter f
	Media string // media type without parameters other than its own
	Title string
	also  []string // other media types that mean it
}

// The formats.
var (
	JSONFormat       = Format{Name: "json", Media: MediaJSON, Title: "JSON", also: []string{MediaGeoJSON, "application/*", "*/*"}}
	GeoJSONFormat    = Format{Name: "json", Media: MediaGeoJSON, Title: "GeoJSON", also: []string{MediaJSON, "application/*", "*/*"}}
	HTMLFormat       = Format{Name: "html", Media: "text/html", Title: "HTML", also: []string{"application/xhtml+xml"}}
	CSVFormat        = Format{Name: "csv", Media: "text/csv", Title: "CSV"}
	XLSXFormat       = Format{Name: "xlsx", Media: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Title: "Excel"}
	SVGFormat        = Format{Name: "svg", Media: MediaSVG, Title: "SVG"}
	JSONFGFormat     = Format{Name: "jsonfg", Media: MediaJSONFG, Title: "JSON-FG"}
	GeoJSONSeqFormat = Format{Name: "geojsonseq", Media: MediaGeoJSONSeq, Title: "GeoJSON text sequence"}
	FlatGeobufFormat = Format{Name: "fgb", Media: MediaFlatGeobuf, Title: "FlatGeobuf"}
	XSDFormat        = Format{Name: "xsd", Media: "application/xml", Title: "XML Schema", also: []string{"text/xml"}}
	SchemaFormat     = Format{Name: "json", Media: MediaSchema, Title: "JSON Schema", also: []string{MediaJSON, "application/*", "*/*"}}
)

func (f Format) matches(media string) bool {
	if media == f.Media {
		return true
	}
	for _, m := range f.also {
		if m == media {
			return true
		}
	}
	return false
}

// Choose picks one of the formats on offer: ?f= wins, then the Accept header,
// then the first. Other values of f are an error; an Accept header that
// matches nothing is answered with the first rather than refused.
func Choose(c echo.Context, offers ...Format) (Format, error) {
	if len(offers) > 1 {
		Vary(c, "Accept")
	}
	if name := c.QueryParam("f"); name != "" {
		names := make([]string, len(offers))
		for i, f := range offers {
			if f.Name == name {
				return f, nil
			}
			names[i] = f.Name
		}
		return Format{}, fault.Errorf("api", fault.Invalid, "f=%s: want %s", clip(name), strings.Join(names, " or "))
	}
	best, chosen := 0.0, offers[0]
	for _, part := range strings.Split(c.Request().Header.Get("Accept"), ",") {
		media, q := weighted(part)
		for _, f := range offers {
			if q > best && f.matches(media) {
				best, chosen = q, f
			}
		}
	}
	return chosen, nil
}

// weighted splits an element of an Accept header from its quality, 0 to 1.
func weighted(part string) (value string, q float64) {
	value, params, _ := strings.Cut(part, ";")
	q = 1
	for _, p := range strings.Split(params, ";") {
		v, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(p)), "q=")
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(v, 64)
		if err != nil || !(n >= 0 && n <= 1) {
			return "", 0
		}
		q = n
	}
	return strings.ToLower(strings.TrimSpace(value)), q
}
