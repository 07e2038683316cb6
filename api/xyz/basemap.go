package xyz

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/atlas"
	"contado/tiles/style"
)

// ownBase is the id of the style of the base map made from the catalog.
const ownBase = "base"

// Basemap is a map of others that may lie below, named by whoever runs the
// server: browsers then fetch its tiles from there.
type Basemap struct {
	// Tiles is an address with {z}, {x}, {y} and perhaps {r} or {-y}.
	Tiles       string
	Attribution string
	Title       string
}

// maxBasemapText bounds what is told of a base map.
const maxBasemapText = 500

// Check tells what is wrong with an address, title or attribution.
func (b *Basemap) Check() error {
	u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(b.Tiles))
	switch {
	case err != nil:
		return fmt.Errorf("base map: %w", err)
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.ContainsAny(u.Host, " ;,'\""):
		return fmt.Errorf("base map %q: want an address such as https://tile.example.org/{z}/{x}/{y}.png", b.Tiles)
	case strings.ContainsAny(b.Tiles[:strings.Index(b.Tiles, u.Host)+len(u.Host)], "{}"):
		return fmt.Errorf("base map %q: the host of the address is fixed", b.Tiles)
	case len(b.Tiles) > 2000 || len(b.Attribution) > maxBasemapText || len(b.Title) > maxBasemapText:
		return fmt.Errorf("base map: its address, title or attribution is too long")
	case b.Attribution == "":
		return fmt.Errorf("base map %q: say whose map it is, which licences ask for", b.Tiles)
	}
	for _, part := range []string{"{z}", "{x}"} {
		if strings.Count(b.Tiles, part) != 1 {
			return fmt.Errorf("base map %q: want %s once", b.Tiles, part)
		}
	}
	if strings.Count(b.Tiles, "{y}")+strings.Count(b.Tiles, "{-y}") != 1 {
		return fmt.Errorf("base map %q: want {y}, or {-y} where rows are counted from the south", b.Tiles)
	}
	return nil
}

// Origin is where browsers fetch tiles from: for the policy of the page.
func (b *Basemap) Origin() string {
	u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(b.Tiles))
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

type basemapDocument struct {
	ID    string `json:"id"`
	Title string `json:"title,omitempty"`
	// Style is the address of a MapLibre style; Tiles are those of a raster.
	Style       string   `json:"style,omitempty"`
	Tiles       []string `json:"tiles,omitempty"`
	Scheme      string   `json:"scheme,omitempty"`
	Attribution string   `json:"attribution,omitempty"`
	Outside     bool     `json:"outside"` // its tiles come from another server
}

// basemaps lists what may lie below everything else.
func (h *Handler) basemaps(c echo.Context) error {
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	list := []basemapDocument{{ID: ownBase, Style: rest.URL(c, "styles", ownBase)}}
	if b := h.Basemap; b != nil {
		d := basemapDocument{ID: "outside", Title: b.Title, Tiles: []string{b.Tiles}, Attribution: b.Attribution, Outside: true}
		if strings.Contains(b.Tiles, "{-y}") {
			d.Tiles[0], d.Scheme = strings.Replace(b.Tiles, "{-y}", "{y}", 1), "tms"
		}
		list = append(list, d)
	}
	return rest.JSON(c, rest.MediaJSON, struct {
		Basemaps []basemapDocument `json:"basemaps"`
	}{list})
}

// baseStyle answers with the style of the own base map.
func (h *Handler) baseStyle(c echo.Context, state *atlas.Snapshot) error {
	if err := rest.Only(c, "f", "lang"); err != nil {
		return err
	}
	lang, err := rest.Language(c)
	if err != nil {
		return err
	}
	sets := state.Datasets()
	doc := style.Base(sets, style.BaseOptions{Lang: style.Lang(lang), TileJSON: func(id string) string { return rest.URL(c, "xyz", id+".json") }})
	look(doc, boundsOf(sets))
	return rest.JSON(c, rest.MediaJSON, doc)
}
