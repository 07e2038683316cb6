package stac

import (
	"regexp"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// Collection is a raster dataset as a STAC collection.
type Collection struct {
	Type        string         `json:"type"`
	StacVersion string         `json:"stac_version"`
	Extensions  []string       `json:"stac_extensions"`
	ID          string         `json:"id"`
	Title       string         `json:"title"`
	Description string         `json:"description"`
	License     string         `json:"license"`
	Providers   []provider     `json:"providers,omitempty"`
	Extent      extent         `json:"extent"`
	Summaries   map[string]any `json:"summaries,omitempty"`
	Links       []rest.Link    `json:"links"`
	Terms       string         `json:"contado:license,omitempty"` // as it was written, when it is no SPDX identifier
}

type provider struct {
	Name  string   `json:"name"`
	Roles []string `json:"roles,omitempty"`
}

type extent struct {
	Spatial struct {
		BBox [][4]float64 `json:"bbox"`
	} `json:"spatial"`
	Temporal struct {
		Interval [][2]*time.Time `json:"interval"`
	} `json:"temporal"`
}

// spdx is what STAC lets a license be: an SPDX identifier, as far as its form
// goes.
var spdx = regexp.MustCompile(`^[\w.+-]+$`)

// CollectionOf describes a raster dataset.
func CollectionOf(c echo.Context, state *atlas.Snapshot, d catalog.Dataset) *Collection {
	out := &Collection{
		Type: "Collection", StacVersion: Version, Extensions: []string{}, ID: d.ID, Title: d.Title, Description: d.Description, License: d.License,
	}
	if out.Title == "" {
		out.Title = d.ID
	}
	if out.Description == "" {
		out.Description = out.Title
	}
	if !spdx.MatchString(d.License) {
		out.License, out.Terms = "proprietary", d.License // STAC's word for "not on the SPDX list"
	}
	if d.Attribution != "" {
		out.Providers = []provider{{Name: d.Attribution}}
	}
	v := d.Version
	out.Extent.Spatial.BBox = [][4]float64{boxOf(v.BBoxWGS84)}
	from, to := v.TimeStart, v.TimeEnd
	if from == nil && to == nil { // as its items say it
		from, to = &v.PublishedAt, &v.PublishedAt
	}
	out.Extent.Temporal.Interval = [][2]*time.Time{{from, to}}
	out.Summaries = summaries(state.Items(d.ID, nil))
	self := rest.URL(c, "stac", "collections", d.ID)
	out.Links = []rest.Link{
		{Href: self, Rel: "self", Type: rest.MediaJSON, Title: out.Title},
		{Href: rest.URL(c, "stac"), Rel: "root", Type: rest.MediaJSON, Title: "Contado"},
		{Href: rest.URL(c, "stac"), Rel: "parent", Type: rest.MediaJSON, Title: "Contado"},
		{Href: self + "/items", Rel: "items", Type: rest.MediaGeoJSON, Title: "Items"},
		{Href: self + "/queryables", Rel: relQueryables, Type: rest.MediaSchema, Title: "What can be asked for"},
		{Href: rest.URL(c, "collections", d.ID) + "?f=html", Rel: "alternate", Type: "text/html", Title: "This dataset for people"},
		{Href: rest.URL(c, "xyz", d.ID+".json"), Rel: "tilejson", Type: rest.MediaJSON, Title: "TileJSON"},
		{Href: rest.URL(c, "xyz", d.ID, "preview.png"), Rel: "preview", Type: "image/png", Title: "Picture"},
	}
	return out
}

const relQueryables = "http://www.opengis.net/def/rel/ogc/1.0/queryables"

// maxSummary bounds the values that a summary lists.
const maxSummary = 50

// summaries say what the items have in common.
func summaries(items []catalog.Item) map[string]any {
	out := map[string]any{}
	lists := map[string][]any{}
	add := func(name string, v any) {
		if l := lists[name]; len(l) < maxSummary && !slices.Contains(l, v) {
			lists[name] = append(l, v)
		}
	}
	var low, high *float64
	for i := range items {
		p := propertiesOf(catalog.Dataset{}, items[i])
		for name, v := range map[string]string{"platform": p.Platform, "constellation": p.Constellation} {
			if v != "" {
				add(name, v)
			}
		}
		for _, v := range p.Instruments {
			add("instruments", v)
		}
		if p.EPSG != nil {
			add("proj:epsg", *p.EPSG)
			add("proj:code", *p.Code)
		}
		if v := p.CloudCover; v != nil {
			if low == nil || *v < *low {
				low = v
			}
			if high == nil || *v > *high {
				high = v
			}
		}
	}
	for name, l := range lists {
		out[name] = l
	}
	if low != nil {
		out["eo:cloud_cover"] = map[string]float64{"minimum": *low, "maximum": *high}
	}
	return out
}

// dataset finds a raster dataset.
func dataset(state *atlas.Snapshot, id string) (catalog.Dataset, error) {
	d, err := state.Dataset(id)
	if err == nil && d.Kind != catalog.Raster {
		err = fault.WithHint(fault.Errorf("stac", fault.NotExist, "dataset %s is %s data and no collection of STAC", d.ID, d.Kind), "see /stac/collections")
	}
	return d, err
}

func rasters(state *atlas.Snapshot) []catalog.Dataset {
	var out []catalog.Dataset
	for _, d := range state.Datasets() {
		if d.Kind == catalog.Raster {
			out = append(out, d)
		}
	}
	return out
}
