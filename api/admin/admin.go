// Package admin tells how the service is: for people, and for what watches it.
package admin

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/analysis"
	"contado/geo/atlas"
	"contado/geo/store/jobs"
)

// Handler answers for the state of the service.
type Handler struct {
	Atlas   *atlas.Atlas
	Jobs    jobs.Driver // nil when there is no queue
	Program string      // "contado 0.1.0"
	Started time.Time
	// Manage says that uploads are taken and datasets can be changed, Edit that
	// rows can: by whom is for the addresses themselves to say.
	Manage, Edit bool
}

// Register adds the routes.
func (h *Handler) Register(r rest.Registrar) {
	short := rest.Within(5 * time.Second)
	rest.Get(r, "/status", h.status, short)
	rest.Get(r, "/healthz", h.health, short)
	rest.Get(r, "/readyz", h.ready, short)
}

// Status is the answer of /status.
type Status struct {
	Status    string    `json:"status"`
	Version   string    `json:"version"`
	Program   string    `json:"program"`
	StartedAt time.Time `json:"started_at"`
	UptimeS   int64     `json:"uptime_s"`
	Datasets  int       `json:"datasets"`
	Revision  int64     `json:"revision"`
	Demo      bool      `json:"demo"` // some dataset says that it is invented
	// Manage: files can be uploaded and datasets changed; Edit: rows can.
	Manage bool `json:"manage"`
	Edit   bool `json:"edit"`
}

func (h *Handler) status(c echo.Context) error {
	if err := rest.Only(c); err != nil {
		return err
	}
	s := h.Atlas.Current()
	name, version, _ := strings.Cut(h.Program, " ")
	out := Status{
		Status: "ok", Version: version, Program: name, StartedAt: h.Started.UTC(),
		UptimeS: int64(time.Since(h.Started).Seconds()), Datasets: len(s.Datasets()), Revision: s.Revision(),
		Manage: h.Manage, Edit: h.Edit,
	}
	for _, d := range s.Datasets() {
		out.Demo = out.Demo || analysis.Invented(d)
	}
	return rest.Fresh(c, http.StatusOK, out)
}

type health struct {
	Status string `json:"status"`
}

// health says that the process answers.
func (h *Handler) health(c echo.Context) error {
	if err := rest.Only(c); err != nil {
		return err
	}
	return rest.Fresh(c, http.StatusOK, health{"ok"})
}

// ready says that requests can be served: the catalog is read, and the queue
// answers.
func (h *Handler) ready(c echo.Context) error {
	if err := rest.Only(c); err != nil {
		return err
	}
	if h.Jobs != nil {
		if _, err := h.Jobs.List(c.Request().Context(), 1); err != nil {
			return err
		}
	}
	return rest.Fresh(c, http.StatusOK, health{"ready"})
}
