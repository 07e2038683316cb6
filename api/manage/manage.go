// Package manage tells of datasets as a whole (versions, lineage, health,
// attributes, downloads) and lets those who may change them: what is said of
// them, how they are drawn, going back to an earlier version, removing.
package manage

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/analysis"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/ingest"
)

// Handler serves datasets as a whole.
type Handler struct {
	Atlas  *atlas.Atlas
	Engine *analysis.Engine
	// Stores are where versions are; with no catalog there is nothing to tell
	// of their history.
	Stores ingest.Stores
	// Who says who asks, or why that person may not change datasets
	// (rest.Refuse); nil: nobody may.
	Who func(*http.Request) (who string, err error)
	// Work is a folder for downloads that are being made; "" = the system's.
	Work string
	// Timeout bounds a request.
	Timeout time.Duration

	making chan struct{} // of downloads
}

// Register adds the routes.
func (h *Handler) Register(r rest.Registrar) {
	h.making = make(chan struct{}, 1)
	t := rest.Within(h.Timeout)
	r.Add(http.MethodPatch, "/collections/:id", h.describe, t)
	r.Add(http.MethodDelete, "/collections/:id", h.remove, t)
	rest.Get(r, "/collections/:id/versions", h.versions, t)
	r.Add(http.MethodPost, "/collections/:id/versions", h.renew, rest.Within(4*h.Timeout))
	rest.Get(r, "/collections/:id/versions/:number", h.version, t)
	rest.Get(r, "/collections/:id/lineage", h.lineage, t)
	rest.Get(r, "/collections/:id/health", h.health, t)
	rest.Get(r, "/collections/:id/attributes", h.attributes, t)
	rest.Get(r, "/collections/:id/style", h.style, t)
	r.Add(http.MethodPut, "/collections/:id/style", h.setStyle, t)
	r.Add(http.MethodDelete, "/collections/:id/style", h.dropStyle, t)
	rest.Get(r, "/collections/:id/download", h.download, rest.Within(4*h.Timeout))
	rest.Get(r, "/acts", h.acts, t)
}

// dataset is the one that the address names.
func (h *Handler) dataset(c echo.Context) (*atlas.Snapshot, catalog.Dataset, error) {
	state := h.Atlas.Current()
	id, err := rest.Path(c, "id")
	if err != nil {
		return nil, catalog.Dataset{}, err
	}
	if !catalog.ValidID(id) {
		return nil, catalog.Dataset{}, fault.Errorf("manage", fault.NotExist, "there is no collection %.80q", id)
	}
	d, err := state.Dataset(id)
	return state, d, err
}

// guard lets in who may change datasets.
func (h *Handler) guard(c echo.Context) (who string, err error) {
	if h.Who == nil {
		return "", rest.Refuse(http.StatusForbidden, "datasets are not changed through this server: it was not started with --upload")
	}
	if err := rest.SameSite(c, "change datasets"); err != nil {
		return "", err
	}
	return h.Who(c.Request())
}

// trusted reports whether who asks may also change, and so may know names.
func (h *Handler) trusted(c echo.Context) bool {
	_, err := h.guard(c)
	return err == nil
}

// changing is what every change begins with: the dataset that the address
// names, who changes it, and no parameters.
func (h *Handler) changing(c echo.Context) (state *atlas.Snapshot, d catalog.Dataset, who string, err error) {
	if state, d, err = h.dataset(c); err != nil {
		return nil, d, "", err
	}
	if who, err = h.guard(c); err != nil {
		return nil, d, "", err
	}
	return state, d, who, rest.Only(c)
}
