// Package analysis serves the computations in the form of OGC API Processes
// (18-062r2): processes run at once or as jobs, their results, and kept reports.
package analysis

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/analysis"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/blob"
	"contado/geo/store/jobs"
)

// Handler serves processes, jobs and reports.
type Handler struct {
	Atlas  *atlas.Atlas
	Engine *analysis.Engine
	Jobs   jobs.Driver // nil: no job is taken
	Blobs  blob.Driver
	// Edit says who deletes a report, or why they may not (rest.Refuse); nil:
	// none is deleted.
	Edit func(*http.Request) (who string, err error)
	// Work is a folder for files that are being made; "" = the system's.
	Work string
	// Publish makes a map a dataset of that id and title; nil: none is made.
	Publish func(ctx context.Context, m *analysis.Map, id, title string) error
	// Sync bounds the processes that run inside requests; 0 = GOMAXPROCS.
	Sync int
	// SyncTimeout bounds one of them, and Timeout everything else.
	SyncTimeout, Timeout time.Duration
	// Patience is how long a request waits for its turn; 0 = 3 s.
	Patience time.Duration

	turns  chan struct{}
	making chan struct{} // of files of reports
	titles titles
	pdf    printer
}

// Register adds the routes.
func (h *Handler) Register(r rest.Registrar) {
	h.making = make(chan struct{}, 1)
	if h.Sync <= 0 {
		h.Sync = runtime.GOMAXPROCS(0)
	}
	if h.Patience <= 0 {
		h.Patience = 3 * time.Second
	}
	h.turns = make(chan struct{}, h.Sync)
	t := rest.Within(h.Timeout)
	rest.Get(r, "/processes", h.list, t)
	rest.Get(r, "/processes/:id", h.one, t)
	r.Add(http.MethodPost, "/processes/:id/execution", h.execute, rest.Within(h.SyncTimeout))
	rest.Get(r, "/jobs", h.jobs, t)
	rest.Get(r, "/jobs/:id", h.job, t)
	r.Add(http.MethodDelete, "/jobs/:id", h.dismiss, t)
	rest.Get(r, "/jobs/:id/results", h.results, t)
	rest.Get(r, "/travel-times/:z/:x/:file", h.travelTile, rest.Within(h.SyncTimeout))
	rest.Get(r, "/reports", h.reports, t)
	rest.Get(r, "/reports/:file", h.report, rest.Within(h.SyncTimeout)) // a PDF takes a while
	r.Add(http.MethodDelete, "/reports/:file", h.deleteReport, t)
	rest.Get(r, "/reports/:id/comparison/:other", h.comparison, rest.Within(h.SyncTimeout))
	rest.Get(r, "/recipes", h.recipes, t)
}

// output is what a process gives back.
type output struct {
	document []byte            // JSON
	csv      []byte            // nil: none
	xlsx     []byte            // nil: none
	gpkg     fileMaker         // nil: none
	file     *file             // the one thing there is when the result is a file
	links    map[string]string // rel to path below the base address
	job      json.RawMessage   // what a job remembers to find it again
}

// work is one request for a process, checked.
type work interface {
	// check refuses what cannot work before it is queued.
	check(ctx context.Context, h *Handler) error
	run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error)
}

// execution is the body of an execution request.
type execution struct {
	Inputs   json.RawMessage            `json:"inputs"`
	Outputs  map[string]json.RawMessage `json:"outputs"`
	Response string                     `json:"response"`
}

// outputName is the one output of every process.
const outputName = "result"

func readExecution(c echo.Context) (e execution, err error) {
	r := c.Request()
	if media, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType)); err != nil || media != rest.MediaJSON {
		return e, fault.WithHint(invalid("the body is %q", r.Header.Get(echo.HeaderContentType)), "send Content-Type: application/json")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return e, err
	}
	if err := strict(body, &e); err != nil {
		return e, fault.WithHint(invalid("the body is no execution request: %w", err), `want {"inputs": {…}}`)
	}
	if len(e.Inputs) == 0 {
		return e, fault.WithHint(invalid("the body has no inputs"), `want {"inputs": {…}}`)
	}
	for name := range e.Outputs {
		if name != outputName {
			return e, invalid("there is no output %.40q; there is %s", name, outputName)
		}
	}
	if r := e.Response; r != "" && r != "raw" && r != "document" {
		return e, invalid("response: %.40q; there are raw and document", r)
	}
	return e, nil
}

// execute runs a process at once, or queues it when the client prefers that.
func (h *Handler) execute(c echo.Context) error {
	p, err := h.process(c)
	if err != nil {
		return err
	}
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	format, err := rest.Choose(c, p.formats...)
	if err != nil {
		return err
	}
	e, err := readExecution(c)
	if err != nil {
		return err
	}
	w, err := p.parse(e.Inputs)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := w.check(ctx, h); err != nil {
		return err
	}
	rest.Vary(c, "Prefer")
	if prefersAsync(c.Request()) && !h.promptly(w) {
		return h.enqueue(c, p, e)
	}
	if err := h.turn(ctx); err != nil {
		return err
	}
	defer func() { <-h.turns }()
	out, err := w.run(ctx, h, nil)
	if err != nil {
		return asInvalid("inputs", err)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	if format.Name == geoPackage.Name && out.gpkg != nil {
		if out.file, err = out.gpkg(ctx); err != nil {
			return err
		}
	}
	return send(c, out, format, e.Response)
}

// turn waits a little for one of the places of synchronous processes.
func (h *Handler) turn(ctx context.Context) error {
	timer := time.NewTimer(h.Patience)
	defer timer.Stop()
	select {
	case h.turns <- struct{}{}:
		return nil
	case <-timer.C:
		return fault.WithHint(fault.Errorf("processes", fault.Unavailable, "%d processes are running already", h.Sync),
			"try again soon, or run it as a job with the header Prefer: respond-async")
	case <-ctx.Done():
		return fault.E("processes", fault.Canceled, ctx.Err())
	}
}

func prefersAsync(r *http.Request) bool {
	for _, line := range r.Header.Values("Prefer") {
		for _, p := range strings.Split(line, ",") {
			p, _, _ = strings.Cut(p, ";")
			if strings.EqualFold(strings.TrimSpace(p), "respond-async") {
				return true
			}
		}
	}
	return false
}

// send answers with an output: as it is, or as the one member of a document.
func send(c echo.Context, out *output, format rest.Format, response string) error {
	if out.file != nil {
		return out.file.send(c)
	}
	switch format.Name {
	case rest.CSVFormat.Name:
		return c.Blob(http.StatusOK, rest.MediaCSV, out.csv)
	case rest.XLSXFormat.Name:
		if out.xlsx == nil {
			return fault.WithHint(fault.Errorf("processes", fault.TooLarge, "the table is larger than a spreadsheet can be"), "ask for CSV")
		}
		return c.Blob(http.StatusOK, rest.XLSXFormat.Media, out.xlsx)
	}
	body, err := withLinks(out.document, out.resolve(c))
	if err != nil {
		return err
	}
	if response == "document" {
		body = slices.Concat([]byte(`{"`+outputName+`":`), body, []byte("}"))
	}
	return c.Blob(http.StatusOK, rest.MediaJSON, body)
}

func (o *output) resolve(c echo.Context) []rest.Link {
	links := []rest.Link{}
	for _, format := range []rest.Format{
		rest.JSONFormat, rest.HTMLFormat, rest.CSVFormat,
		{Name: "pdf", Media: mediaPDF, Title: "PDF"},
		{Name: "gpkg", Media: mediaGeoPackage, Title: "GeoPackage"},
		{Name: "xlsx", Media: mediaXLSX, Title: "spreadsheet"},
		{Name: "zip", Media: mediaZip, Title: "CSV of all tables"},
	} {
		if file, ok := o.links[format.Name]; ok {
			links = append(links, rest.Link{Href: rest.URL(c, "reports", file), Rel: "alternate", Type: format.Media, Title: "This report as " + format.Title})
		}
	}
	return links
}

// withLinks adds links to a JSON object that has none.
func withLinks(doc []byte, links []rest.Link) ([]byte, error) {
	if len(links) == 0 {
		return doc, nil
	}
	doc = []byte(strings.TrimRight(string(doc), " \r\n\t"))
	if len(doc) < 2 || doc[len(doc)-1] != '}' {
		return nil, fmt.Errorf("a result that is no JSON object: %.40q", doc)
	}
	list, err := json.Marshal(links)
	if err != nil {
		return nil, err
	}
	sep := ","
	if len(doc) == 2 {
		sep = ""
	}
	return slices.Concat(doc[:len(doc)-1], []byte(sep+`"links":`), list, []byte("}")), nil
}
