package territory

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/fault"
	"contado/geo/gazetteer"
)

// found is a place of a search as clients get it.
type found struct {
	Kind     string      `json:"kind"` // territory, place, service, coordinates
	Name     string      `json:"name"`
	As       string      `json:"matched_name,omitempty"` // when it is not the name
	Match    string      `json:"match"`                  // exact, prefix, words, similar
	Code     string      `json:"code,omitempty"`         // of a territory
	Level    string      `json:"level,omitempty"`        // of a territory; the sort of place
	Dataset  string      `json:"dataset,omitempty"`
	Title    string      `json:"dataset_title,omitempty"`
	Feature  int64       `json:"feature,omitempty"`
	Location *lonLat     `json:"location"`
	BBox     []float64   `json:"bbox,omitempty"` // west, south, east, north
	Inside   []enclosing `json:"inside"`         // territories around it, the nearest first
	Links    []rest.Link `json:"links"`
}

type lonLat struct {
	Lon float64 `json:"lon"`
	Lat float64 `json:"lat"`
}

type enclosing struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Level string `json:"level,omitempty"`
}

// kinds are those that can be asked for.
var kinds = []gazetteer.Kind{gazetteer.Territory, gazetteer.Place, gazetteer.Service}

func (h *Handler) places(c echo.Context) error {
	if err := rest.Only(c, "q", "limit", "bbox", "kind", "f"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	q, err := searchOf(c)
	if err != nil {
		return err
	}
	state := h.Atlas.Current()
	tag := rest.Tag("places", h.Program, rest.Base(c), rest.Query(c).Encode(), state.State())
	if rest.HasTag(c, tag, rest.Revalidate) {
		return c.NoContent(http.StatusNotModified)
	}
	res, err := h.Engine.Search(c.Request().Context(), &h.names, q)
	if err != nil {
		return err
	}
	type answer struct {
		Places         []found     `json:"places"`
		NumberReturned int         `json:"numberReturned"`
		LeftOut        []string    `json:"datasets_left_out"` // too many rows to be searched by name
		Links          []rest.Link `json:"links"`
	}
	out := answer{Places: make([]found, 0, len(res.Hits)), NumberReturned: len(res.Hits), LeftOut: res.Left}
	if out.LeftOut == nil {
		out.LeftOut = []string{}
	}
	title := func(id string) string {
		d, err := state.Dataset(id)
		if err != nil {
			return ""
		}
		return d.Title
	}
	for i := range res.Hits {
		out.Places = append(out.Places, foundOf(c, &res.Hits[i], title))
	}
	out.Links = []rest.Link{{Href: rest.With(rest.URL(c, "places"), c.QueryParams()), Rel: "self", Type: rest.MediaJSON}}
	if h.Atlas.Current() != state { // the data moved on meanwhile: the validator would be wrong
		return rest.JSON(c, rest.MediaJSON, out)
	}
	return tagged(c, tag, out)
}

// searchOf reads what is asked for.
func searchOf(c echo.Context) (q analysis.SearchRequest, err error) {
	q.Text, q.Limit = c.QueryParam("q"), analysis.DefaultSearch
	if !utf8.ValidString(q.Text) {
		return q, fault.Errorf("places", fault.Invalid, "q is not UTF-8")
	}
	if text := c.QueryParam("limit"); text != "" {
		if q.Limit, err = strconv.Atoi(text); err != nil || len(text) > 10 || q.Limit < 1 || q.Limit > analysis.MaxSearch {
			return q, fault.Errorf("places", fault.Invalid, "limit=%.20q: want a whole number from 1 to %d", text, analysis.MaxSearch)
		}
	}
	if q.Within, err = rest.BBox(c.QueryParam("bbox")); err != nil {
		return q, err
	}
	if q.Within != nil && q.Within.MinX > q.Within.MaxX {
		return q, fault.Errorf("places", fault.Invalid, "bbox=%.80q crosses the antimeridian: ask for the two halves", c.QueryParam("bbox"))
	}
	if text := c.QueryParam("kind"); text != "" {
		for k := range strings.SplitSeq(text, ",") {
			if !slices.Contains(kinds, gazetteer.Kind(k)) {
				return q, fault.Errorf("places", fault.Invalid, "kind=%.60q: want some of territory, place, service", text)
			}
			q.Kinds = append(q.Kinds, gazetteer.Kind(k))
		}
	}
	return q, nil
}

func foundOf(c echo.Context, h *analysis.SearchHit, title func(string) string) found {
	out := found{
		Kind: string(h.Kind), Name: h.Name, As: h.As, Match: h.Match.String(), Code: h.Code, Level: h.Level, Dataset: h.Dataset, Feature: h.Feature,
		Title: title(h.Dataset), Inside: []enclosing{}, Links: []rest.Link{},
	}
	if h.Lon != 0 || h.Lat != 0 || h.Position != nil {
		out.Location = &lonLat{rounded(h.Lon), rounded(h.Lat)}
	}
	if b := h.BBox; b != (geo.BBox{}) {
		out.BBox = []float64{b.MinX, b.MinY, b.MaxX, b.MaxY}
	}
	for _, t := range h.Inside {
		out.Inside = append(out.Inside, enclosing{t.Code, t.Name, t.Level})
	}
	switch {
	case h.Position != nil:
		out.Kind = "coordinates"
		out.Name = strconv.FormatFloat(rounded(h.Lat), 'f', -1, 64) + ", " + strconv.FormatFloat(rounded(h.Lon), 'f', -1, 64)
	case h.Kind == gazetteer.Territory:
		out.Links = append(out.Links, rest.Link{Href: rest.URL(c, "territories", h.Code), Rel: "item", Type: rest.MediaJSON, Title: h.Name})
	default:
		out.Links = append(out.Links, rest.Link{
			Href: rest.URL(c, "collections", h.Dataset, "items", strconv.FormatInt(h.Feature, 10)), Rel: "item", Type: rest.MediaGeoJSON, Title: h.Name,
		})
	}
	return out
}

// rounded is degrees to about a decimetre: positions come out of conversions.
func rounded(v float64) float64 { return math.Round(v*1e6) / 1e6 }
