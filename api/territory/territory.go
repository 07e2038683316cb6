// Package territory answers with the tree of areas that people govern, and
// with all that is known of one of them.
package territory

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb/geojson"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/atlas"
	"contado/geo/fault"
)

// Handler serves territories from the current state of an atlas.
type Handler struct {
	Atlas   *atlas.Atlas
	Engine  *analysis.Engine
	Program string // part of validators: a newer program may answer otherwise
	Timeout time.Duration

	names    analysis.Names
	people   analysis.Counts
	profiles profiles
}

// Register adds the routes.
func (h *Handler) Register(r rest.Registrar) {
	t := rest.Within(h.Timeout)
	rest.Get(r, "/places", h.places, t)
	rest.Get(r, "/territories", h.list, t)
	rest.Get(r, "/territories/:code", h.one, t)
	rest.Get(r, "/territories/:code/profile", h.profile, t)
	rest.Get(r, "/territories/:code/picture", h.picture, t)
}

// Territory is an area as clients get it.
type Territory struct {
	geo.Territory
	BBox          []float64   `json:"bbox,omitempty"` // west, south, east, north
	ChildrenCount int         `json:"children_count"`
	People        *float64    `json:"people,omitempty"`        // when asked for, and known
	PeopleHidden  bool        `json:"people_hidden,omitempty"` // too few to be told
	Links         []rest.Link `json:"links"`
}

func of(c echo.Context, tree *atlas.Territories, t geo.Territory) Territory {
	out := Territory{Territory: t, ChildrenCount: len(tree.Children(t.Code)), Links: []rest.Link{
		{Href: rest.URL(c, "territories", t.Code), Rel: "self", Type: rest.MediaJSON, Title: t.Name},
		{Href: rest.URL(c, "territories", t.Code, "profile"), Rel: "related", Type: rest.MediaJSON, Title: "Profile of " + t.Name},
	}}
	if b := t.BBox; b != (geo.BBox{}) && b.MinY <= b.MaxY && !math.IsInf(b.MinX, 0) && !math.IsInf(b.MaxX, 0) {
		out.BBox = []float64{b.MinX, b.MinY, b.MaxX, b.MaxY}
	}
	if t.Parent != "" {
		out.Links = append(out.Links, rest.Link{Href: rest.URL(c, "territories", t.Parent), Rel: "up", Type: rest.MediaJSON})
	}
	return out
}

func all(c echo.Context, tree *atlas.Territories, list []geo.Territory) []Territory {
	out := make([]Territory, 0, len(list))
	for _, t := range list {
		out = append(out, of(c, tree, t))
	}
	return out
}

type listing struct {
	Territories    []Territory `json:"territories"`
	NumberReturned int         `json:"numberReturned"`
	NumberMatched  int         `json:"numberMatched"`
	Links          []rest.Link `json:"links"`
}

// defaultLimit is larger than elsewhere: a province of municipalities is one
// choice for people.
const defaultLimit = 500

func (h *Handler) list(c echo.Context) error {
	if err := rest.Only(c, "parent", "level", "q", "at", "people", "limit", "after", "f"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	limit := defaultLimit
	if text := c.QueryParam("limit"); text != "" {
		var err error
		if limit, err = rest.Limit(text); err != nil {
			return err
		}
	}
	tree, err := h.Atlas.Current().Territories(c.Request().Context())
	if err != nil {
		return err
	}
	found, err := find(c, tree)
	if err != nil {
		return err
	}
	page, next, err := cut(found, c.QueryParam("after"), limit)
	if err != nil {
		return err
	}
	out := listing{Territories: all(c, tree, page), NumberReturned: len(page), NumberMatched: len(found)}
	if err := h.count(c, out.Territories); err != nil {
		return err
	}
	self := rest.With(rest.URL(c, "territories"), c.QueryParams())
	out.Links = []rest.Link{{Href: self, Rel: "self", Type: rest.MediaJSON}}
	if next != "" {
		q := rest.Query(c)
		q.Set("after", next)
		out.Links = append(out.Links, rest.Link{Href: rest.With(rest.URL(c, "territories"), q), Rel: "next", Type: rest.MediaJSON})
	}
	rest.AddHeader(c, out.Links)
	return rest.JSON(c, rest.MediaJSON, out)
}

// count adds how many people live in each territory, when that is asked for.
func (h *Handler) count(c echo.Context, list []Territory) error {
	with, err := strconv.ParseBool(cmp.Or(c.QueryParam("people"), "false"))
	if err != nil {
		return fault.Errorf("territory", fault.Invalid, "people=%.20q: want true or false", c.QueryParam("people"))
	}
	if !with {
		return nil
	}
	codes := make([]string, len(list))
	for i := range list {
		codes[i] = list[i].Code
	}
	people, err := h.Engine.PeopleOf(c.Request().Context(), &h.people, codes)
	if err != nil {
		return err
	}
	for i := range list {
		if n, ok := people[list[i].Code]; ok {
			list[i].People, list[i].PeopleHidden = n.People, n.People == nil
		}
	}
	return nil
}

// find is what the query asks for: those below a parent, at a place or named
// by a text, those of a level, or the roots.
func find(c echo.Context, tree *atlas.Territories) ([]geo.Territory, error) {
	parent, level, text, at := c.QueryParam("parent"), c.QueryParam("level"), c.QueryParam("q"), c.QueryParam("at")
	ways := 0
	for _, s := range []string{parent, text, at} {
		if s != "" {
			ways++
		}
	}
	if ways > 1 {
		return nil, fault.Errorf("territory", fault.Invalid, "parent, q and at exclude each other; level goes with any of them")
	}
	list, err := tree.Roots(), error(nil)
	switch {
	case parent != "":
		if err := CheckCode(parent); err != nil {
			return nil, err
		}
		if _, err := tree.Get(parent); err != nil {
			return nil, err
		}
		list = tree.Children(parent)
	case text != "":
		if len(text) > 200 {
			return nil, fault.Errorf("territory", fault.Invalid, "q is longer than 200 bytes")
		}
		list = tree.Find(text, len(tree.All()))
	case at != "":
		var lon, lat float64
		if lon, lat, err = place(at); err == nil {
			list, err = tree.At(c.Request().Context(), lon, lat)
		}
	case level != "":
		list = tree.All()
	}
	if err != nil || level == "" {
		return list, err
	}
	return slices.DeleteFunc(slices.Clone(list), func(t geo.Territory) bool { return t.Level != level }), nil
}

// place reads "lon,lat".
func place(text string) (lon, lat float64, err error) {
	bad := fault.Errorf("territory", fault.Invalid, "at=%.60q: want longitude,latitude in degrees", text)
	a, b, ok := strings.Cut(text, ",")
	if !ok {
		return 0, 0, bad
	}
	lon, err1 := strconv.ParseFloat(strings.TrimSpace(a), 64)
	lat, err2 := strconv.ParseFloat(strings.TrimSpace(b), 64)
	if err1 != nil || err2 != nil || !(math.Abs(lon) <= 180 && math.Abs(lat) <= 90) {
		return 0, 0, bad
	}
	return lon, lat, nil
}

// cut is the page after a code; next is "" on the last one.
func cut(list []geo.Territory, after string, limit int) (page []geo.Territory, next string, err error) {
	if after != "" {
		i := slices.IndexFunc(list, func(t geo.Territory) bool { return t.Code == after })
		if i < 0 {
			return nil, "", fault.WithHint(fault.Errorf("territory", fault.Invalid, "after=%.80q is not in this list", after), "the data may have changed: begin again without after")
		}
		list = list[i+1:]
	}
	if len(list) <= limit {
		return list, "", nil
	}
	return list[:limit], list[limit-1].Code, nil
}

// CheckCode refuses what cannot be a territory's code.
func CheckCode(code string) error {
	if code == "" || len(code) > 200 || !utf8.ValidString(code) || strings.ContainsFunc(code, unicode.IsControl) {
		return fault.Errorf("territory", fault.Invalid, "%.80q cannot be a territory's code", code)
	}
	return nil
}

// code is the territory that the address names.
func code(c echo.Context) (string, error) {
	s, err := rest.Path(c, "code")
	if err != nil {
		return "", err
	}
	return s, CheckCode(s)
}

type detail struct {
	Territory
	Ancestors []Territory       `json:"ancestors"`
	Children  []Territory       `json:"children"`
	Geometry  *geojson.Geometry `json:"geometry,omitempty"`
}

func (h *Handler) one(c echo.Context) error {
	if err := rest.Only(c, "geometry", "f"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	code, err := code(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	tree, err := h.Atlas.Current().Territories(ctx)
	if err != nil {
		return err
	}
	t, err := tree.Get(code)
	if err != nil {
		return err
	}
	out := detail{Territory: of(c, tree, t), Ancestors: all(c, tree, tree.Ancestors(code)), Children: all(c, tree, tree.Children(code))}
	with, err := strconv.ParseBool(cmp.Or(c.QueryParam("geometry"), "false"))
	if err != nil {
		return fault.Errorf("territory", fault.Invalid, "geometry=%.20q: want true or false", c.QueryParam("geometry"))
	}
	if with {
		mp, err := tree.Geometry(ctx, code)
		if err != nil {
			return fmt.Errorf("geometry of territory %s: %w", code, err)
		}
		out.Geometry = geojson.NewGeometry(mp)
	}
	return rest.JSON(c, rest.MediaJSON, out)
}

type profile struct {
	*analysis.Profile
	Territory Territory   `json:"territory"`
	Links     []rest.Link `json:"links"`
}

func (h *Handler) profile(c echo.Context) error {
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	code, err := code(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	state := h.Atlas.Current()
	tag := rest.Tag("profile", h.Program, rest.Base(c), code, state.State())
	tree, err := state.Territories(ctx)
	if err != nil {
		return err
	}
	t, err := tree.Get(code)
	if err != nil {
		return err
	}
	if rest.HasTag(c, tag, rest.Revalidate) {
		return c.NoContent(http.StatusNotModified)
	}
	p, err := h.profileOf(ctx, code)
	if err != nil {
		return err
	}
	links := []rest.Link{
		{Href: rest.URL(c, "territories", code, "profile"), Rel: "self", Type: rest.MediaJSON},
		{Href: rest.URL(c, "territories", code), Rel: "up", Type: rest.MediaJSON},
	}
	out := profile{Profile: p, Territory: of(c, tree, t), Links: links}
	if h.Atlas.Current() != state { // the data moved on meanwhile: the validator would be wrong
		return rest.JSON(c, rest.MediaJSON, out)
	}
	return tagged(c, tag, out)
}

// tagged sends a document with its validator.
func tagged(c echo.Context, tag string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return rest.Tagged(c, rest.MediaJSON, tag, rest.Revalidate, body)
}
