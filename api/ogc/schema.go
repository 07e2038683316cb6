package ogc

import (
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/store/catalog"
)

// schemaDocument is a JSON Schema (2020-12) of items, or of what to filter or
// to order by.
type schemaDocument struct {
	Schema      string              `json:"$schema"`
	ID          string              `json:"$id"`
	Title       string              `json:"title"`
	Description string              `json:"description,omitempty"`
	Type        string              `json:"type"`
	Required    []string            `json:"required,omitempty"`
	Properties  map[string]property `json:"properties"`
	Additional  bool                `json:"additionalProperties"`
}

type property struct {
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Type        string `json:"type,omitempty"`
	Format      string `json:"format,omitempty"`
	Encoding    string `json:"contentEncoding,omitempty"`
	Enum        []any  `json:"enum,omitempty"`
	Role        string `json:"x-ogc-role,omitempty"`
	Seq         int    `json:"x-ogc-propertySeq,omitempty"`
	Read        bool   `json:"readOnly,omitempty"`
}

// schemaKind is one of the schemas of a dataset.
type schemaKind struct {
	name string
	make func(h *Handler, c echo.Context, state *atlas.Snapshot, d catalog.Dataset, doc *schemaDocument) error
}

var schemaKinds = []schemaKind{
	{"queryables", (*Handler).fillQueryables},
	{"sortables", fillSortables},
	{"schema", fillSchema},
}

// schemaOf answers with a schema of the dataset of the address.
func (h *Handler) schemaOf(k schemaKind) echo.HandlerFunc {
	return func(c echo.Context) error {
		state, d, err := h.dataset(c)
		if err != nil {
			return err
		}
		if err := rest.Only(c, "f", "lang"); err != nil {
			return err
		}
		offers := []rest.Format{rest.SchemaFormat, rest.HTMLFormat}
		if k.name == "schema" && hasXSD(d) {
			offers = append(offers, rest.XSDFormat)
		}
		format, err := rest.Choose(c, offers...)
		if err != nil {
			return err
		}
		doc := &schemaDocument{
			Schema: "https://json-schema.org/draft/2020-12/schema", ID: rest.URL(c, "collections", d.ID, k.name),
			Title: name(d), Description: d.Description, Type: "object", Properties: map[string]property{},
		}
		if err := k.make(h, c, state, d, doc); err != nil {
			return err
		}
		links := rest.Representations(c, doc.ID, format.Name, offers...)
		rest.AddHeader(c, links)
		if format.Name == rest.XSDFormat.Name {
			return xsdOf(c, d)
		}
		if format.Name == rest.HTMLFormat.Name {
			return schemaPage(c, d, k.name, doc, links)
		}
		return rest.JSON(c, rest.MediaSchema, doc)
	}
}

func (h *Handler) fillQueryables(c echo.Context, state *atlas.Snapshot, d catalog.Dataset, doc *schemaDocument) error {
	var enums map[string][]any
	if d.Kind == catalog.Vector {
		l, err := state.Layer(c.Request().Context(), d.ID)
		if err != nil {
			return err
		}
		if enums, err = h.values.of(c.Request().Context(), l); err != nil {
			return err
		}
	}
	for i, f := range queryable(d) {
		p := propertyOf(d, f, i+1)
		p.Enum = enums[f.Name]
		doc.Properties[f.Name] = p
	}
	if g, ok := geometryOf(d); ok {
		doc.Properties["geometry"] = g
	}
	return nil
}

func fillSortables(_ *Handler, _ echo.Context, _ *atlas.Snapshot, d catalog.Dataset, doc *schemaDocument) error {
	for i, f := range sortable(d) {
		doc.Properties[f.Name] = propertyOf(d, f, i+1)
	}
	return nil
}

// fillSchema describes what is returned, and taken by editing: id and geometry
// are members of a feature, the rest its properties.
func fillSchema(_ *Handler, _ echo.Context, _ *atlas.Snapshot, d catalog.Dataset, doc *schemaDocument) error {
	switch {
	case d.Kind == catalog.Raster:
		doc.Properties["id"] = property{Type: "string", Role: "id"}
		doc.Properties["datetime"] = property{Type: "string", Format: "date-time", Role: "primary-instant"}
		doc.Properties["eo:cloud_cover"] = property{Title: "Cloud cover (percent)", Type: "number"}
	case d.Version.Vector != nil:
		if d.Version.Vector.Schema.FieldIndex("id") < 0 {
			doc.Properties["id"] = property{Title: "Id", Type: "integer", Role: "id", Read: true}
			doc.Required = []string{"id"}
		}
		for i, f := range d.Version.Vector.Schema.Fields {
			doc.Properties[f.Name] = propertyOf(d, f, i+1)
		}
	}
	if g, ok := geometryOf(d); ok {
		doc.Properties["geometry"] = g
	}
	return nil
}

func propertyOf(d catalog.Dataset, f geo.Field, seq int) property {
	p := property{Title: f.Alias, Description: f.Description, Seq: seq}
	if p.Title == "" {
		p.Title = f.Name
	}
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
	case geo.Binary:
		p.Type, p.Encoding = "string", "base64"
	case geo.JSON: // anything
	default:
		p.Type = "string"
	}
	s := d.Version.Vector.Schema
	t := timesOf(s)
	for at, role := range map[int]string{t.instant: "primary-instant", t.start: "primary-interval-start", t.end: "primary-interval-end"} {
		if at >= 0 && s.Fields[at].Name == f.Name {
			p.Role = role
		}
	}
	return p
}

func geometryOf(d catalog.Dataset) (property, bool) {
	p := property{Title: "Geometry", Role: "primary-geometry", Format: "geometry-polygon"}
	if d.Kind == catalog.Raster {
		return p, true
	}
	v := d.Version.Vector
	if v == nil || v.Schema.GeometryType == "" {
		return p, false
	}
	kinds := []string{"point", "multipoint", "linestring", "multilinestring", "polygon", "multipolygon", "geometrycollection"}
	p.Format = "geometry-any"
	if kind := strings.ToLower(v.Schema.GeometryType); slices.Contains(kinds, kind) {
		p.Format = "geometry-" + kind
	}
	return p, true
}
