package manage

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// ancestor is a version and what it was made from.
type ancestor struct {
	Dataset string `json:"dataset"`
	Title   string `json:"title"`
	Version int    `json:"version"`
	// Current is the version that the dataset has now; 0: it is gone.
	Current     int                  `json:"current"`
	SHA256      string               `json:"sha256"`
	PublishedAt *time.Time           `json:"published_at,omitempty"`
	Process     string               `json:"process,omitempty"`
	Command     string               `json:"command,omitempty"`
	Restores    int                  `json:"restores,omitempty"`
	Program     string               `json:"program,omitempty"`
	Sources     []string             `json:"sources"`
	Received    []catalog.SourceFile `json:"received,omitempty"`
	Source      string               `json:"source,omitempty"` // as people say
	Items       []string             `json:"items,omitempty"`
	Inputs      []ancestor           `json:"inputs"`
}

// descendant is a dataset whose current version was made from this one.
type descendant struct {
	Dataset string `json:"dataset"`
	Title   string `json:"title"`
	Version int    `json:"version"`
	Process string `json:"process"`
	Of      int    `json:"of"` // the version of this dataset that went in
}

// How much of a tree is told.
const (
	maxDepth     = 10
	maxAncestors = 500
	shownItems   = 50
)

// tree follows what versions were made from.
type tree struct {
	ctx  context.Context //nolint:containedctx // of one walk
	h    *Handler
	now  map[string]catalog.Dataset
	old  map[string][]catalog.Version
	left int
}

// lineage tells from what, how and by which command a dataset was made, back
// to the files, and what was made of it.
func (h *Handler) lineage(c echo.Context) error {
	state, d, err := h.dataset(c)
	if err != nil {
		return err
	}
	if err := rest.Only(c); err != nil {
		return err
	}
	t := &tree{ctx: c.Request().Context(), h: h, now: map[string]catalog.Dataset{}, old: map[string][]catalog.Version{}, left: maxAncestors}
	usedBy := []descendant{}
	for _, other := range state.Datasets() {
		t.now[other.ID] = other
		if other.Version.Derived == nil {
			continue
		}
		for _, in := range other.Version.Derived.Inputs {
			if in.Dataset == d.ID {
				usedBy = append(usedBy, descendant{other.ID, other.Title, other.Version.Number, other.Version.Derived.Process, in.Version})
				break
			}
		}
	}
	root, err := t.node(catalog.Input{Dataset: d.ID, Version: d.Version.Number, SHA256: d.Version.SHA256}, 0)
	if err != nil {
		return err
	}
	return rest.Fresh(c, http.StatusOK, struct {
		Made     ancestor     `json:"made"`
		UsedBy   []descendant `json:"used_by"`
		Complete bool         `json:"complete"`
	}{root, usedBy, t.left > 0})
}

func (t *tree) node(in catalog.Input, depth int) (ancestor, error) {
	out := ancestor{Dataset: in.Dataset, Title: in.Dataset, Version: in.Version, SHA256: in.SHA256, Sources: []string{}, Inputs: []ancestor{}}
	out.Items = in.Items[:min(len(in.Items), shownItems)]
	d, ok := t.now[in.Dataset]
	if !ok {
		return out, nil
	}
	out.Title, out.Current, out.Source = d.Title, d.Version.Number, d.About.Source
	v, ok, err := t.version(d, in.Version)
	if err != nil || !ok {
		return out, err
	}
	out.PublishedAt, out.Program = &v.PublishedAt, v.Program
	if v.Source != nil {
		out.Sources = v.Source[:min(len(v.Source), shownItems)]
	}
	if m := v.Made; m != nil {
		out.Command, out.Received, out.Restores = m.Command, m.Files, m.Restores
	}
	if v.Derived == nil {
		return out, nil
	}
	out.Process = v.Derived.Process
	for _, more := range v.Derived.Inputs {
		if t.left--; t.left <= 0 || depth == maxDepth {
			t.left = min(t.left, 0)
			break
		}
		one, err := t.node(more, depth+1)
		if err != nil {
			return out, err
		}
		out.Inputs = append(out.Inputs, one)
	}
	return out, nil
}

// version is one of a dataset, the current one without asking the catalog.
func (t *tree) version(d catalog.Dataset, number int) (catalog.Version, bool, error) {
	if d.Version.Number == number {
		return d.Version, true, nil
	}
	all, ok := t.old[d.ID]
	if !ok {
		var err error
		all, err = t.h.Stores.Catalog.Versions(t.ctx, d.ID)
		if err != nil && !fault.Is(err, fault.NotExist) {
			return catalog.Version{}, false, err
		}
		t.old[d.ID] = all
	}
	i := slices.IndexFunc(all, func(v catalog.Version) bool { return v.Number == number })
	if i < 0 {
		return catalog.Version{}, false, nil
	}
	return all[i], true, nil
}
