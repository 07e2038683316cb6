// Package openapi describes the API: an OpenAPI 3.0 document written by hand,
// served as JSON, and a plain page made from it.
package openapi

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"contado/api/page"
	"contado/api/rest"
	"contado/geo"
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

// Layer is a vector dataset whose rows can be selected by attributes.
type Layer struct {
	ID, Title string
	Fields    []geo.Field
}

// Handler serves the document.
type Handler struct {
	Program string // "contado 0.1.0"
	// ReadOnly leaves out what changes rows.
	ReadOnly bool
	// Unmanaged leaves out what makes and changes datasets as a whole.
	Unmanaged bool
	// Layers are described one by one beside the general address: GDAL sends
	// a condition only when it finds the parameter under the very path.
	Layers func() []Layer

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
	if out["info"], err = h.info(rest.URL(c, "docs")); err != nil {
		return err
	}
	if out["paths"], err = h.paths(); err != nil {
		return err
	}
	b, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return rest.Bytes(c, rest.MediaOpenAPI, b)
}

// info is that of the document with the version of the program, and with the
// guide of this server as the place to turn to.
func (h *Handler) info(guide string) (json.RawMessage, error) {
	info := *h.tree.Info
	contact := *info.Contact
	contact.URL = guide
	info.Contact, info.TermsOfService = &contact, guide
	if _, version, ok := strings.Cut(h.Program, " "); ok {
		info.Version = version
	}
	return json.Marshal(&info)
}

// editing are the methods that change rows.
var editing = []string{"post", "put", "patch", "delete"}

const (
	itemsPath = "/collections/{id}/items"
	itemPath  = itemsPath + "/{fid}"
)

// paths are those of the document and the items of every layer.
func (h *Handler) paths() (json.RawMessage, error) {
	var out map[string]any
	if err := json.Unmarshal(h.doc["paths"], &out); err != nil {
		return nil, err
	}
	for _, path := range []string{itemsPath, itemPath} {
		item, ok := out[path].(map[string]any)
		if !ok {
			return nil, errors.New("openapi.yaml: no items")
		}
		for _, method := range editing {
			if h.ReadOnly {
				delete(item, method)
			}
		}
	}
	if h.Unmanaged {
		leaveManaging(out)
	}
	if h.Layers == nil {
		return json.Marshal(out)
	}
	general, ok := out[itemsPath].(map[string]any)
	if !ok {
		return nil, errors.New("openapi.yaml: no items")
	}
	for _, l := range h.Layers() {
		one, err := itemsOf(general, l)
		if err != nil {
			return nil, err
		}
		out["/collections/"+l.ID+"/items"] = one
	}
	return json.Marshal(out)
}

// leaveManaging takes the operations that change datasets as a whole out of
// the paths.
func leaveManaging(paths map[string]any) {
	for path, v := range paths {
		item, ok := v.(map[string]any)
		if !ok {
			continue
		}
		if strings.HasPrefix(path, "/uploads") || path == "/acts" {
			delete(paths, path)
			continue
		}
		if !strings.HasPrefix(path, "/collections/{id}") || strings.HasPrefix(path, itemsPath) {
			continue
		}
		for _, method := range editing {
			delete(item, method)
		}
	}
}

// itemsOf is the general address of items for one layer, with its attributes
// as parameters.
func itemsOf(general map[string]any, l Layer) (map[string]any, error) {
	out := map[string]any{}
	for method, v := range general {
		op, ok := v.(map[string]any)
		if !ok { // the parameters of the path
			continue
		}
		op = maps.Clone(op)
		op["operationId"] = fmt.Sprint(op["operationId"]) + "." + l.ID
		op["summary"] = l.Title + ": " + fmt.Sprint(op["summary"])
		if method == "get" {
			params, ok := op["parameters"].([]any)
			if !ok {
				return nil, errors.New("openapi.yaml: items without parameters")
			}
			op["parameters"] = append(slices.Clone(params), parametersOf(l)...)
			op["summary"] = "Features of " + l.Title
			delete(op, "description")
		}
		out[method] = op
	}
	return out, nil
}

func parametersOf(l Layer) []any {
	var out []any
	for _, f := range l.Fields {
		about := f.Description
		if about == "" {
			about = "Only features whose attribute equals the value"
		}
		out = append(out, map[string]any{
			"name": f.Name, "in": "query", "required": false, "style": "form", "explode": false, "description": about, "schema": schemaOf(f),
		})
	}
	return out
}

func schemaOf(f geo.Field) map[string]any {
	switch f.Type {
	case geo.Integer:
		return map[string]any{"type": "integer", "format": "int64"}
	case geo.Real:
		return map[string]any{"type": "number", "format": "double"}
	case geo.Boolean:
		return map[string]any{"type": "boolean"}
	case geo.Date:
		return map[string]any{"type": "string", "format": "date", "maxLength": 40}
	case geo.DateTime:
		return map[string]any{"type": "string", "format": "date-time", "maxLength": 40}
	}
	return map[string]any{"type": "string", "maxLength": 4000}
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
