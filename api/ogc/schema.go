package ogc

import (
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/store/catalog"
)

// schemaDocument is a JSON Schema (2020-12) of items or of what to filter by.
type schemaDocument struct {
	Schema      string              `json:"$schema"`
	ID          string              `json:"$id"`
	Title       string              `json:"title"`
	Description string              `json:"description,omitempty"`
	Type        string              `json:"type"`
	Properties  map[string]property `json:"properties"`
	Additional  bool                `json:"additionalProperties"`
}

type property struct {
	Title  string `json:"title,omitempty"`
	Type   string `json:"type,omitempty"`
	Format string `json:"format,omitempty"`
	Role   string `json:"x-ogc-role,omitempty"`
	Seq    int    `json:"x-ogc-propertySeq,omitempty"`
	Read   bool   `json:"readOnly,omitempty"`
}

func (h *Handler) queryables(c echo.Context) error {
	_, d, err := h.dataset(c)
	if err != nil {
		return err
	}
	doc := newSchema(c, d, "queryables")
	for i, f := range Filterable(d) {
		doc.Properties[f.Name] = propertyOf(d, f, i+1)
	}
	if g, ok := geometryOf(d); ok {
		doc.Properties["geometry"] = g
	}
	return sendSchema(c, doc)
}

func (h *Handler) schema(c echo.Context) error {
	_, d, err := h.dataset(c)
	if err != nil {
		return err
	}
	doc := newSchema(c, d, "schema")
	switch {
	case d.Kind == catalog.Raster:
		doc.Properties["id"] = property{Type: "string", Role: "id"}
		doc.Properties["datetime"] = property{Type: "string", Format: "date-time", Role: "primary-instant"}
		doc.Properties["eo:cloud_cover"] = property{Title: "Cloud cover (percent)", Type: "number"}
	case d.Version.Vector != nil:
		doc.Properties["id"] = property{Type: "integer", Role: "id", Read: true}
		for i, f := range d.Version.Vector.Schema.Fields {
			if f.Type != geo.Binary {
				doc.Properties[f.Name] = propertyOf(d, f, i+1)
			}
		}
	}
	if g, ok := geometryOf(d); ok {
		doc.Properties["geometry"] = g
	}
	return sendSchema(c, doc)
}

func newSchema(c echo.Context, d catalog.Dataset, kind string) *schemaDocument {
	return &schemaDocument{
		Schema: "https://json-schema.org/draft/2020-12/schema", ID: rest.URL(c, "collections", d.ID, kind),
		Title: d.Title, Description: d.Description, Type: "object", Properties: map[string]property{},
	}
}

func sendSchema(c echo.Context, doc *schemaDocument) error {
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	return rest.JSON(c, rest.MediaSchema, doc)
}

func propertyOf(d catalog.Dataset, f geo.Field, seq int) property {
	p := property{Title: f.Name, Seq: seq}
	switch f.Type {
	case geo.Integer:
		p.Type = "integer"
	case geo.Real:
		p.Type = "number"
	case geo.Boolean:
		p.Type = "boolean"
	case geo.Date:
		p.Type, p.Format = "string", "date"
	case geo.DateTime:
		p.Type, p.Format = "string", "date-time"
	case geo.JSON: // anything
	default:
		p.Type = "string"
	}
	if s := d.Version.Vector.Schema; timeField(s) >= 0 && s.Fields[timeField(s)].Name == f.Name {
		p.Role = "primary-instant"
	}
	return p
}

func geometryOf(d catalog.Dataset) (property, bool) {
	p := property{Role: "primary-geometry", Format: "geometry-polygon"}
	if d.Kind == catalog.Raster {
		return p, true
	}
	v := d.Version.Vector
	if v == nil || v.Schema.GeometryType == "" {
		return p, false
	}
	switch kind := strings.ToLower(v.Schema.GeometryType); kind {
	case "point", "multipoint", "linestring", "multilinestring", "polygon", "multipolygon", "geometrycollection":
		p.Format = "geometry-" + kind
	default:
		p.Format = "geometry-any"
	}
	return p, true
}
