package manage

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/ingest"
)

// description is what people say of a dataset.
type description struct {
	ID          string       `json:"id"`
	Title       string       `json:"title"`
	Description string       `json:"description"`
	License     string       `json:"license"`
	Attribution string       `json:"attribution"`
	Role        catalog.Role `json:"role"`
	Keywords    []string     `json:"keywords"`
	Contact     string       `json:"contact"`
	Source      string       `json:"source"`
}

func descriptionOf(d catalog.Dataset) description {
	out := description{
		d.ID, d.Title, d.Description, d.License, d.Attribution, d.Role, d.About.Keywords, d.About.Contact, d.About.Source,
	}
	if out.Keywords == nil {
		out.Keywords = []string{}
	}
	return out
}

// patch is a merge patch of a description: what is null loses its value.
type patch struct {
	Title       json.RawMessage `json:"title"`
	Description json.RawMessage `json:"description"`
	License     json.RawMessage `json:"license"`
	Attribution json.RawMessage `json:"attribution"`
	Role        json.RawMessage `json:"role"`
	Keywords    json.RawMessage `json:"keywords"`
	Contact     json.RawMessage `json:"contact"`
	Source      json.RawMessage `json:"source"`
}

// apply changes what the patch names.
func (p *patch) apply(d *catalog.Dataset) error {
	for _, f := range []struct {
		name string
		raw  json.RawMessage
		to   any
	}{
		{"title", p.Title, &d.Title},
		{"description", p.Description, &d.Description},
		{"license", p.License, &d.License},
		{"attribution", p.Attribution, &d.Attribution},
		{"role", p.Role, &d.Role},
		{"keywords", p.Keywords, &d.About.Keywords},
		{"contact", p.Contact, &d.About.Contact},
		{"source", p.Source, &d.About.Source},
	} {
		if f.raw == nil {
			continue
		}
		raw := f.raw
		if string(raw) == "null" {
			raw = json.RawMessage(map[bool]string{true: `[]`, false: `""`}[f.name == "keywords"])
		}
		if err := json.Unmarshal(raw, f.to); err != nil {
			return fault.Errorf("manage", fault.Invalid, "%s: %w", f.name, err)
		}
	}
	if len(d.About.Keywords) == 0 {
		d.About.Keywords = nil
	}
	return nil
}

// describe changes what is said of a dataset.
func (h *Handler) describe(c echo.Context) error {
	_, d, who, err := h.changing(c)
	if err != nil {
		return err
	}
	var p patch
	if err := rest.Body(c, &p, rest.MediaMergePatch); err != nil {
		return err
	}
	ctx := c.Request().Context()
	if d, err = h.Stores.Catalog.Describe(ctx, d.ID, who, p.apply); err != nil {
		return err
	}
	if err := h.Atlas.Refresh(ctx); err != nil {
		return err
	}
	return rest.Fresh(c, http.StatusOK, descriptionOf(d))
}

// remove deletes a dataset with all its versions. The request says which
// version it has seen, so that nobody deletes what another has just made.
func (h *Handler) remove(c echo.Context) error {
	_, d, err := h.dataset(c)
	if err != nil {
		return err
	}
	who, err := h.guard(c)
	if err != nil {
		return err
	}
	if err := rest.Only(c, "version"); err != nil {
		return err
	}
	switch v := c.QueryParam("version"); {
	case v == "":
		return rest.Refuse(http.StatusPreconditionRequired, "say with version= which is the current version of what is to be removed")
	case v != strconv.Itoa(d.Version.Number):
		return fault.WithHint(fault.Errorf("manage", fault.Conflict, "version %.20q of %s is not the current one: that is %d", v, d.ID, d.Version.Number), "look at it again")
	}
	st := h.Stores
	st.Who = who
	ctx := c.Request().Context()
	if err := ingest.Remove(ctx, st, d.ID); err != nil {
		return err
	}
	if err := h.Atlas.Refresh(ctx); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// acts tell who did what to which dataset, newest first.
func (h *Handler) acts(c echo.Context) error {
	if _, err := h.guard(c); err != nil {
		return err
	}
	if err := rest.Only(c, "dataset", "before", "limit"); err != nil {
		return err
	}
	limit, err := rest.Limit(c.QueryParam("limit"))
	if err != nil {
		return err
	}
	before, err := rest.Whole(c, "before")
	if err != nil {
		return err
	}
	id := c.QueryParam("dataset")
	if id != "" && !catalog.ValidID(id) {
		return fault.Errorf("manage", fault.Invalid, "dataset=%.80q cannot name a dataset", id)
	}
	list, err := h.Stores.Catalog.Acts(c.Request().Context(), id, before, limit)
	if err != nil {
		return err
	}
	return rest.Fresh(c, http.StatusOK, struct {
		Acts []catalog.Act `json:"acts"`
	}{list})
}
