// Package openapi describes the API: an OpenAPI 3.0 document written by hand,
// served as JSON, and a plain page made from it.
package openapi

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"contado/api/page"
	"contado/api/rest"
)

//go:embed openapi.yaml
var source []byte

// Load reads the document. It is the same for every server but for the
// servers and the version, which Handler fills in.
func Load() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(source)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	return doc, nil
}

// Handler serves the document.
type Handler struct {
	Program string // "contado 0.1.0"

	once sync.Once
	doc  map[string]json.RawMessage
	tree *openapi3.T
	err  error
}

// Register adds the routes.
func (h *Handler) Register(r rest.Registrar) {
	t := rest.Within(10 * time.Second)
	rest.Get(r, "/api", h.json, t)
	rest.Get(r, "/api.html", h.page, t)
}

// load makes the parts of the document once.
func (h *Handler) load() error {
	h.once.Do(func() {
		if h.tree, h.err = Load(); h.err != nil {
			return
		}
		var b []byte
		if b, h.err = h.tree.MarshalJSON(); h.err != nil {
			return
		}
		h.err = json.Unmarshal(b, &h.doc)
	})
	return h.err
}

func (h *Handler) json(c echo.Context) error {
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	if err := h.load(); err != nil {
		return err
	}
	servers, err := json.Marshal([]map[string]any{{"url": rest.Base(c), "description": "This server", "x-sandbox": !strings.HasPrefix(rest.Base(c), "https://")}})
	if err != nil {
		return err
	}
	out := make(map[string]json.RawMessage, len(h.doc))
	for k, v := range h.doc {
		out[k] = v
	}
	out["servers"] = servers
	b, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return rest.Bytes(c, rest.MediaOpenAPI, b)
}

type group struct {
	Name       string
	Operations []operation
}

type operation struct {
	Method, Path, Summary string
	Parameters            []string
}

func (h *Handler) page(c echo.Context) error {
	if err := rest.Only(c, "lang"); err != nil {
		return err
	}
	lang, err := rest.Language(c)
	if err != nil {
		return err
	}
	if err := h.load(); err != nil {
		return err
	}
	return page.Render(c, lang, page.Page{
		Name: "api", Title: page.Text(lang, "api"), Data: groups(h.tree),
		Crumbs: []page.Crumb{{Href: rest.URL(c), Text: page.Text(lang, "home")}},
		Links:  []rest.Link{{Href: rest.URL(c, "api"), Rel: "alternate", Type: rest.MediaOpenAPI}},
	})
}

// groups lists the operations by tag, in the order of the tags.
func groups(doc *openapi3.T) []group {
	var out []group
	for _, tag := range doc.Tags {
		g := group{Name: tag.Description}
		for path, item := range doc.Paths.Map() {
			for method, op := range item.Operations() {
				if !slices.Contains(op.Tags, tag.Name) {
					continue
				}
				o := operation{Method: method, Path: path, Summary: op.Summary}
				for _, p := range append(slices.Clone(item.Parameters), op.Parameters...) {
					if p.Value.In == "query" {
						o.Parameters = append(o.Parameters, p.Value.Name)
					}
				}
				g.Operations = append(g.Operations, o)
			}
		}
		sort.Slice(g.Operations, func(i, j int) bool {
			a, b := g.Operations[i], g.Operations[j]
			return a.Path < b.Path || a.Path == b.Path && a.Method < b.Method
		})
		out = append(out, g)
	}
	return out
}
