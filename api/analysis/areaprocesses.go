package analysis

import (
	"context"
	"encoding/json"
	"slices"

	"contado/api/rest"
	"contado/geo/analysis"
	"contado/geo/disclosure"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/table"
)

// Ids of the processes that answer questions about areas.
const (
	People  = "people"
	Extract = "extract"
)

// rowFormats are the files that rows of a vector dataset are had in.
var rowFormats = []string{"gpkg", "geojson", "csv", "fgb", "xlsx"}

func areaProcesses() []process {
	return []process{
		{
			id: People, title: "How many people live in areas, and of what age",
			description: "Territories are counted whole; drawn areas by fixed blocks whose centre they hold, so that no two areas tell by subtraction who lives between them. Counts above 0 and below the threshold are hidden.",
			inputs: map[string]input{
				"areas":      required("Which areas, as of zonal-statistics", areasSchema()),
				"population": optional("Dataset of people: a grid, census sections or a table by territory; the catalog's when left out", text()),
				"hide_below": optional("Counts above 0 and below this are hidden", object{"type": "number", "format": "double", "minimum": disclosure.DefaultThreshold, "maximum": 1000, "default": disclosure.DefaultThreshold}),
				"locale":     locale(),
			},
			output: required("People by area and age", object{"type": "object"}), formats: areaFormats, parse: parsePeople,
		},
		{
			id: Extract, title: "What lies in areas, as a file",
			description: "Rows of a vector dataset that meet the areas as GeoPackage, GeoJSON, CSV, FlatGeobuf or spreadsheet; cells of a raster dataset, or an index of its bands, as GeoTIFF. The answer is the file itself.",
			inputs: map[string]input{
				"dataset":  required("Vector or raster dataset", text()),
				"areas":    required("Which areas, as of zonal-statistics", areasSchema()),
				"format":   optional("Of rows; a raster is a GeoTIFF", object{"type": "string", "enum": append(slices.Clone(rowFormats), "tif")}),
				"filter":   optional("Only rows for which this is true, as CQL2 text", object{"type": "string", "maxLength": maxFilter}),
				"clip":     optional("Cut rows at the border of the areas", object{"type": "boolean", "default": false}),
				"value":    optional("Band, index or expression of a raster; all bands when left out", text()),
				"mask":     optional("Cells of a raster to leave out, such as clouds", text()),
				"datetime": optional("Time of the pictures", text()),
				"items":    optional("Pictures by id", object{"type": "array", "maxItems": maxItems, "items": text()}),
				"outline":  optional("Leave out cells whose centre is in none of the areas", object{"type": "boolean", "default": true}),
				"locale":   locale(),
			},
			output: required("The file", object{"type": "string", "format": "binary"}), parse: parseExtract,
			formats: []rest.Format{{Name: "file", Media: "application/octet-stream", Title: "the file"}},
		},
	}
}

// areasSchema describes an areasInput.
func areasSchema() object {
	position := object{"type": "array", "minItems": 2, "items": number()}
	ring := object{"type": "array", "minItems": 4, "items": position}
	polygon := object{"type": "object", "required": []string{"type", "coordinates"}, "properties": object{
		"type": object{"type": "string", "enum": []string{"Polygon"}}, "coordinates": list(ring),
	}}
	multi := object{"type": "object", "required": []string{"type", "coordinates"}, "properties": object{
		"type": object{"type": "string", "enum": []string{"MultiPolygon"}}, "coordinates": list(list(ring)),
	}}
	return object{"oneOf": []object{
		{"type": "object", "required": []string{"dataset"}, "additionalProperties": false, "properties": object{"dataset": text()}},
		{"type": "object", "required": []string{"territories"}, "additionalProperties": false, "properties": object{"territories": list(text())}},
		{"type": "object", "required": []string{"territory"}, "additionalProperties": false, "properties": object{"territory": text(), "level": text()}},
		{"type": "object", "required": []string{"type", "features"}, "properties": object{
			"type": object{"type": "string", "enum": []string{"FeatureCollection"}},
			"features": list(object{"type": "object", "required": []string{"type", "geometry"}, "properties": object{
				"type": object{"type": "string", "enum": []string{"Feature"}}, "geometry": object{"oneOf": []object{polygon, multi}}, "properties": object{"type": "object", "nullable": true},
			}}),
		}},
	}}
}

type inhabitantsInputs struct {
	Areas      areasInput `json:"areas"`
	Population string     `json:"population"`
	HideBelow  float64    `json:"hide_below"`
	Locale     string     `json:"locale"`
}

type inhabitantsWork struct {
	q      analysis.InhabitantsRequest
	place  place
	locale table.Locale
}

func parsePeople(raw json.RawMessage) (work, error) {
	var in inhabitantsInputs
	if err := inputsOf(raw, &in); err != nil {
		return nil, err
	}
	w := &inhabitantsWork{q: analysis.InhabitantsRequest{Population: in.Population, HideBelow: in.HideBelow}}
	if in.Population != "" && !catalog.ValidID(in.Population) {
		return nil, invalid("population: %.80q is no dataset id", in.Population)
	}
	if h := in.HideBelow; h != 0 && !(h >= disclosure.DefaultThreshold && h <= 1000) {
		return nil, invalid("hide_below: %g; want %d to 1000", h, disclosure.DefaultThreshold)
	}
	var err error
	if w.locale, err = table.ParseLocale(in.Locale); err != nil {
		return nil, invalid("locale: %w", err)
	}
	w.place, err = in.Areas.place()
	return w, err
}

func (w *inhabitantsWork) check(ctx context.Context, h *Handler) error {
	if w.q.Population != "" {
		if _, err := h.Atlas.Current().Dataset(w.q.Population); err != nil {
			return asInvalid("population", err)
		}
	}
	return w.place.check(ctx, h)
}

func (w *inhabitantsWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	var err error
	if w.q.Areas, err = w.place.resolve(ctx, h); err != nil {
		return nil, err
	}
	res, err := h.Engine.Inhabitants(ctx, w.q, p)
	if err != nil {
		return nil, err
	}
	return h.tabledAreas(res, res.Table(w.locale), w.locale, w.q.Areas)
}

type extractInputs struct {
	Dataset  string     `json:"dataset"`
	Areas    areasInput `json:"areas"`
	Format   string     `json:"format"`
	Filter   string     `json:"filter"`
	Clip     bool       `json:"clip"`
	Value    name       `json:"value"`
	Mask     string     `json:"mask"`
	Datetime string     `json:"datetime"`
	Items    []string   `json:"items"`
	Outline  *bool      `json:"outline"`
	Locale   string     `json:"locale"`
}

type extractWork struct {
	in       *extractInputs
	pictures analysis.Pictures
	place    place
	locale   table.Locale
}

func parseExtract(raw json.RawMessage) (work, error) {
	in := &extractInputs{}
	if err := inputsOf(raw, in); err != nil {
		return nil, err
	}
	w := &extractWork{in: in}
	if in.Format != "" && in.Format != "tif" && !slices.Contains(rowFormats, in.Format) {
		return nil, invalid("format: %.20q; there are %v and tif", in.Format, rowFormats)
	}
	if len(in.Filter) > maxFilter {
		return nil, invalid("filter: longer than %d bytes", maxFilter)
	}
	from := picturesInput{Dataset: in.Dataset, Value: in.Value, Mask: in.Mask, Datetime: in.Datetime, Items: in.Items}
	var err error
	if w.pictures, err = from.pictures("dataset"); err != nil {
		return nil, err
	}
	if w.locale, err = table.ParseLocale(in.Locale); err != nil {
		return nil, invalid("locale: %w", err)
	}
	w.place, err = in.Areas.place()
	return w, err
}

func (w *extractWork) check(ctx context.Context, h *Handler) error {
	d, err := h.Atlas.Current().Dataset(w.in.Dataset)
	if err != nil {
		return asInvalid("dataset", err)
	}
	raster := w.in.Value != "" || w.in.Mask != "" || w.in.Datetime != "" || len(w.in.Items) > 0 || w.in.Outline != nil
	rows := w.in.Filter != "" || w.in.Clip
	switch {
	case d.Kind == catalog.Raster && (rows || w.in.Format != "" && w.in.Format != "tif"):
		return fault.WithHint(invalid("dataset %s is a raster: it has no rows", d.ID), "leave out filter and clip; the format is tif")
	case d.Kind == catalog.Vector && (raster || w.in.Format == "tif"):
		return fault.WithHint(invalid("dataset %s has rows and no cells", d.ID), "leave out value, mask, datetime, items and outline; the format is one of gpkg, geojson, csv, fgb and xlsx")
	case d.Kind != catalog.Raster && d.Kind != catalog.Vector:
		return invalid("dataset %s is a %s dataset: nothing of it lies in areas", d.ID, d.Kind)
	}
	return w.place.check(ctx, h)
}

func (w *extractWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	areas, err := w.place.resolve(ctx, h)
	if err != nil {
		return nil, err
	}
	d, err := h.Atlas.Current().Dataset(w.in.Dataset)
	if err != nil {
		return nil, asInvalid("dataset", err)
	}
	out := &output{}
	err = h.inFolder("extract-", func(dir string) error {
		if d.Kind == catalog.Raster {
			out.file, err = w.cells(ctx, h, areas, dir, p)
		} else {
			out.file, err = w.rows(ctx, h, areas, dir, p)
		}
		return err
	})
	return out, err
}

func (w *extractWork) rows(ctx context.Context, h *Handler, areas analysis.ZonalAreas, dir string, p analysis.Progress) (*file, error) {
	format := w.in.Format
	if format == "" {
		format = geoPackage.Name
	}
	q := analysis.RowsRequest{Dataset: w.in.Dataset, Areas: areas, Filter: w.in.Filter, Format: format, Clip: w.in.Clip, Locale: w.locale}
	path, f, err := h.Engine.Rows(ctx, q, dir, p)
	if err != nil {
		return nil, err
	}
	return readFile(path, f.MediaType)
}

// mediaGeoTIFF is the type of a raster that is given back.
const mediaGeoTIFF = "image/tiff; application=geotiff"

func (w *extractWork) cells(ctx context.Context, h *Handler, areas analysis.ZonalAreas, dir string, p analysis.Progress) (*file, error) {
	q := analysis.ClipRequest{MapWhere: analysis.MapWhere{Areas: areas, Dir: dir}, Pictures: w.pictures, Outline: w.in.Outline == nil || *w.in.Outline}
	m, err := h.Engine.Clip(ctx, q, p)
	if err != nil {
		return nil, err
	}
	return readFile(m.Files[0].Path, mediaGeoTIFF)
}
