// Package api is the HTTP surface: the only place that knows Echo. Each
// resource family is a package that registers its own routes; services below
// take a context.Context and plain values.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"contado/api/admin"
	"contado/api/analysis"
	"contado/api/draw"
	"contado/api/here"
	"contado/api/manage"
	"contado/api/ogc"
	"contado/api/openapi"
	"contado/api/page"
	"contado/api/rest"
	"contado/api/stac"
	"contado/api/territory"
	"contado/api/upload"
	"contado/api/web"
	"contado/api/wms"
	"contado/api/wmts"
	"contado/api/xyz"
	engine "contado/geo/analysis"
	"contado/geo/atlas"
	"contado/geo/gdal"
	"contado/geo/store/blob"
	"contado/geo/store/jobs"
	"contado/ingest"
	"contado/ingest/attach"
	"contado/tiles"
)

// Deps are what the server works on. The caller opens and closes them.
type Deps struct {
	Atlas  *atlas.Atlas
	Pool   *gdal.Pool
	Tiles  *tiles.Service
	Engine *engine.Engine
	Jobs   jobs.Driver // nil: no jobs are taken
	Blobs  blob.Driver
	// Publish makes a computed map a dataset; nil: processes make none. Work
	// is a folder for maps that are being made; "" = the system's.
	Publish func(ctx context.Context, m *engine.Map, id, title string) error
	Work    string
	// Edit says who makes a request that changes rows of vector datasets, or
	// why it may not (rest.Refuse); nil: nothing is changed through the API.
	// EditBy makes one. RequireMatch refuses changes without If-Match.
	Edit         func(*http.Request) (who string, err error)
	RequireMatch bool
	// Stores are where versions are kept: their history is told, and Manage
	// makes new ones there.
	Stores ingest.Stores
	// Manage lets people upload files and change datasets as a whole; nil:
	// nobody may.
	Manage *Manage
	// Followed is how an attached table is followed; nil: there is none.
	Followed func(dataset string) (attach.Status, bool)
	Log      *slog.Logger // nil: silence
	// Program is the name and version: "contado 0.1.0".
	Program string
	// BaseURL is the address that people use, when it is not the one that
	// requests come to: "https://mappe.example.it".
	BaseURL string
	// Outside are origins that the web page may ask for an outside base map:
	// "https://tiles.example.it". None by default: then it asks this server only.
	Outside []string
	// Basemap is one that people may choose; its origin must be among Outside.
	Basemap *xyz.Basemap
	Limits  Limits
}

// Manage is how datasets are made and changed through the API.
type Manage struct {
	// Who says who makes a request, or why it may not be made: as Deps.Edit.
	Who func(*http.Request) (who string, err error)
	// Uploads is the folder of files that come, best on the same device as the
	// blobs.
	Uploads string
	Limits  upload.Limits
}

// Limits bounds requests; zero fields are defaults.
type Limits struct {
	BodyBytes int64         // 10 MB
	Tile      time.Duration // 30 s
	Query     time.Duration // 30 s: items, territories, everything else
	Process   time.Duration // 120 s: processes that run inside a request
	Processes int           // at once; GOMAXPROCS
}

func (l *Limits) withDefaults() {
	if l.BodyBytes <= 0 {
		l.BodyBytes = 10 << 20
	}
	if l.Tile <= 0 {
		l.Tile = 30 * time.Second
	}
	if l.Query <= 0 {
		l.Query = 30 * time.Second
	}
	if l.Process <= 0 {
		l.Process = 120 * time.Second
	}
}

// Server answers HTTP requests. It owns no goroutine.
type Server struct {
	echo      *echo.Echo
	analysis  *analysis.Handler
	territory *territory.Handler
	uploads   *upload.Handler
	stored    *stored
}

// New makes a server.
func New(d Deps) (*Server, error) {
	if d.Atlas == nil || d.Engine == nil || d.Tiles == nil || d.Blobs == nil {
		return nil, errors.New("api: an atlas, an engine, a tile service and a blob store are needed")
	}
	if d.Stores.Catalog == nil || d.Stores.Blobs == nil {
		return nil, errors.New("api: the stores of versions are needed")
	}
	if err := checkBase(d.BaseURL); err != nil {
		return nil, err
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	d.Limits.withDefaults()
	home, err := newSite(web.Files(), d.Outside)
	if err != nil {
		return nil, err
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect()
	e.HTTPErrorHandler = rest.ErrorHandler(d.Log)
	e.Pre(rest.EsriAddresses(func() []string { return ids(d.Atlas.Current()) }))
	e.Use(requestID, accessLog(d.Log), secured, crossOrigin, recovered, rest.SetBase(d.BaseURL), bodyLimit(d.Limits.BodyBytes))
	e.Use(peopleTold(d.Atlas))
	s := &Server{echo: e, analysis: &analysis.Handler{
		Atlas: d.Atlas, Engine: d.Engine, Jobs: d.Jobs, Blobs: d.Blobs, Publish: d.Publish, Edit: d.Edit, Work: d.Work,
		Sync: d.Limits.Processes, SyncTimeout: d.Limits.Process, Timeout: d.Limits.Query,
	}}
	s.territory = &territory.Handler{Atlas: d.Atlas, Engine: d.Engine, Program: d.Program, Timeout: d.Limits.Query}
	s.uploads = &upload.Handler{Stores: d.Stores, Atlas: d.Atlas, Jobs: d.Jobs, Blobs: d.Blobs, Timeout: d.Limits.Query}
	managing := &manage.Handler{Atlas: d.Atlas, Engine: d.Engine, Stores: d.Stores, Work: d.Work, Timeout: d.Limits.Query}
	if m := d.Manage; m != nil {
		s.uploads.Who, s.uploads.Dir, s.uploads.Limits = m.Who, m.Uploads, m.Limits
		managing.Who = m.Who
	}
	painter := &draw.Painter{Atlas: d.Atlas, Renderer: d.Tiles}
	maps := &xyz.Handler{Atlas: d.Atlas, Tiles: d.Tiles, Blobs: d.Blobs, Engine: d.Engine, Filter: ogc.RowFilter, Basemap: d.Basemap, Timeout: d.Limits.Tile}
	s.stored = &stored{tiles: maps, log: d.Log}
	for _, r := range []interface{ Register(rest.Registrar) }{
		&ogc.Handler{
			Atlas: d.Atlas, Program: d.Program, Home: home.home, Timeout: d.Limits.Query, Edit: d.Edit, RequireMatch: d.RequireMatch,
			Followed: d.Followed,
		},
		&stac.Handler{Atlas: d.Atlas, Blobs: d.Blobs, Timeout: d.Limits.Query},
		&ogc.Pictures{Painter: painter, Tiles: d.Tiles, Timeout: d.Limits.Tile},
		&wms.Handler{Painter: painter, Log: d.Log, Timeout: d.Limits.Tile},
		&wmts.Handler{Painter: painter, Log: d.Log, Timeout: d.Limits.Tile},
		maps,
		&xyz.Crops{Painter: painter, Timeout: d.Limits.Tile},
		&here.Handler{Atlas: d.Atlas, Painter: painter, Timeout: d.Limits.Query},
		s.territory,
		s.analysis,
		s.uploads,
		managing,
		&openapi.Handler{Program: d.Program, ReadOnly: d.Edit == nil, Unmanaged: d.Manage == nil, Layers: func() []openapi.Layer { return layers(d.Atlas.Current()) }},
		page.Guide{},
		&admin.Handler{Atlas: d.Atlas, Jobs: d.Jobs, Program: d.Program, Started: time.Now(), Manage: d.Manage != nil, Edit: d.Edit != nil},
	} {
		r.Register(e)
	}
	home.register(e)
	return s, nil
}

// EditBy lets everybody who reaches the server edit. who is the name that a
// reverse proxy puts into a header of every request, and requests without it
// are refused; without a header everybody is "local".
func EditBy(header string) func(*http.Request) (who string, err error) {
	return func(r *http.Request) (string, error) {
		if header == "" {
			return "local", nil
		}
		values := r.Header.Values(header)
		if len(values) != 1 || values[0] == "" || len(values[0]) > 200 || !utf8.ValidString(values[0]) {
			return "", rest.Refuse(http.StatusForbidden, "it is not known who you are: only people whom the entrance has let in can edit")
		}
		return values[0], nil
	}
}

// ids are those of all datasets.
func ids(state *atlas.Snapshot) []string {
	var out []string
	for _, d := range state.Datasets() {
		out = append(out, d.ID)
	}
	return out
}

// layers are the vector datasets as the description of the API lists them.
func layers(state *atlas.Snapshot) []openapi.Layer {
	var out []openapi.Layer
	for _, d := range state.Datasets() {
		if fields := ogc.Filterable(d); len(fields) > 0 {
			out = append(out, openapi.Layer{ID: d.ID, Title: d.Title, Fields: fields})
		}
	}
	return out
}

// checkBase wants an absolute http address without query.
func checkBase(base string) error {
	if base == "" {
		return nil
	}
	u, err := url.Parse(base)
	if err != nil {
		return fmt.Errorf("base URL: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("base URL %q: want something like https://mappe.example.it", base)
	}
	return nil
}

// Handler answers requests.
func (s *Server) Handler() http.Handler { return s.echo }

// Handlers are what a worker of the job queue runs, by kind of job.
func (s *Server) Handlers() map[string]jobs.Handler {
	out := s.analysis.Handlers()
	for kind, h := range s.uploads.Handlers() {
		out[kind] = h
	}
	return out
}

// Warm makes ready what the page asks for first and what takes a while the
// first time. Nothing waits for it.
func (s *Server) Warm(ctx context.Context) error {
	err := s.territory.Warm(ctx)
	if ctx.Err() == nil {
		s.analysis.Warm(ctx)
	}
	return err
}

// Sweep throws away uploads that nobody has touched for long.
func (s *Server) Sweep(ctx context.Context) error { return s.uploads.Sweep(ctx) }
