package analysis

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/analysis"
	"contado/geo/fault"
	"contado/geo/store/jobs"
)

const exceptions = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"

// jobArgs is what a job is queued with.
type jobArgs struct {
	Inputs json.RawMessage `json:"inputs"`
	// Response is how the client wanted the result written.
	Response string `json:"response,omitempty"`
	// Name is where the result is kept, chosen before so that a job that is
	// run again writes over what it left.
	Name string `json:"name"`
}

// kept is what a finished job remembers: where its result is.
type kept struct {
	Report string `json:"report,omitempty"` // id of a report
	Name   string `json:"name,omitempty"`   // of a blob below results/
	// Formats are those that the result is kept in beside JSON.
	Formats []string `json:"formats,omitempty"`
	// File says what the result is when it is a file and nothing else.
	File *file `json:"file,omitempty"`
}

func resultKey(name, ending string) string { return "results/" + name + "." + ending }

// retention is how long results of jobs are kept that are no reports; jobs
// themselves are kept for as long.
const retention = 31 * 24 * time.Hour

func (h *Handler) enqueue(c echo.Context, p process, e execution) error {
	if h.Jobs == nil {
		return fault.Errorf("processes", fault.Unsupported, "this server takes no jobs")
	}
	args, err := json.Marshal(jobArgs{Inputs: e.Inputs, Response: e.Response, Name: strings.ToLower(rand.Text())})
	if err != nil {
		return err
	}
	job, err := h.Jobs.Enqueue(c.Request().Context(), p.id, args)
	if err != nil {
		return err
	}
	head := c.Response().Header()
	head.Set("Location", rest.URL(c, "jobs", job.ID))
	head.Set("Preference-Applied", "respond-async")
	return rest.Fresh(c, http.StatusCreated, statusOf(c, job))
}

// Handlers are what a worker runs, by kind of job.
func (h *Handler) Handlers() map[string]jobs.Handler {
	out := map[string]jobs.Handler{}
	for _, p := range processes() {
		out[p.id] = func(ctx context.Context, raw json.RawMessage, progress jobs.Progress) (json.RawMessage, error) {
			return h.runJob(ctx, p, raw, progress)
		}
	}
	return out
}

func (h *Handler) runJob(ctx context.Context, p process, raw json.RawMessage, progress jobs.Progress) (json.RawMessage, error) {
	var args jobArgs
	if err := json.Unmarshal(raw, &args); err != nil {
		return nil, fault.E("jobs", fault.Invalid, fmt.Errorf("arguments of a %s job: %w", p.id, err))
	}
	w, err := p.parse(args.Inputs)
	if err != nil {
		return nil, err
	}
	// The worker may be another process than the server: it looks by itself
	// whether the catalog has moved on.
	if err := h.Atlas.Refresh(ctx); err != nil {
		return nil, err
	}
	out, err := w.run(ctx, h, analysis.Progress(progress))
	if err != nil || out.job != nil {
		return jobResult(out, asInvalid("inputs", err))
	}
	if err := h.sweep(ctx); err != nil {
		return nil, err
	}
	k := kept{Name: args.Name}
	if out.file != nil {
		return h.keepFile(ctx, k, out.file)
	}
	if out.gpkg != nil {
		f, err := out.gpkg(ctx)
		if err != nil {
			return nil, err
		}
		if err := h.Blobs.Put(ctx, resultKey(args.Name, geoPackage.Name), bytes.NewReader(f.data)); err != nil {
			return nil, err
		}
		k.Formats = append(k.Formats, geoPackage.Name)
	}
	for _, f := range []struct {
		name string
		data []byte
	}{{rest.CSVFormat.Name, out.csv}, {rest.XLSXFormat.Name, out.xlsx}} {
		if f.data == nil {
			continue
		}
		if err := h.Blobs.Put(ctx, resultKey(args.Name, f.name), bytes.NewReader(f.data)); err != nil {
			return nil, err
		}
		k.Formats = append(k.Formats, f.name)
	}
	if err := h.Blobs.Put(ctx, resultKey(args.Name, "json"), bytes.NewReader(out.document)); err != nil {
		return nil, err
	}
	return json.Marshal(k)
}

func jobResult(out *output, err error) (json.RawMessage, error) {
	if err != nil {
		return nil, err
	}
	return out.job, nil
}

// sweep removes results that have outlived their jobs.
func (h *Handler) sweep(ctx context.Context) error {
	old, err := h.Blobs.List(ctx, "results/")
	if err != nil {
		return err
	}
	for _, f := range old {
		if time.Since(f.Modified) > retention {
			if err := h.Blobs.Delete(ctx, f.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// status is a job as OGC API Processes tells of it.
type status struct {
	JobID     string      `json:"jobID"`
	ProcessID string      `json:"processID"`
	Type      string      `json:"type"`
	Status    jobs.State  `json:"status"`
	Progress  int         `json:"progress"`
	Message   string      `json:"message,omitempty"`
	Created   time.Time   `json:"created"`
	Started   *time.Time  `json:"started,omitempty"`
	Finished  *time.Time  `json:"finished,omitempty"`
	Links     []rest.Link `json:"links"`
}

func statusOf(c echo.Context, j jobs.Job) status {
	s := status{
		JobID: j.ID, ProcessID: j.Kind, Type: "process", Status: j.State, Progress: j.Progress, Message: j.Message,
		Created: j.CreatedAt, Started: j.StartedAt, Finished: j.FinishedAt,
		Links: []rest.Link{{Href: rest.URL(c, "jobs", j.ID), Rel: "self", Type: rest.MediaJSON, Title: "This job"}},
	}
	switch j.State {
	case jobs.Failed:
		s.Message = publicError(j)
	case jobs.Successful:
		s.Links = append(s.Links, rest.Link{
			Href: rest.URL(c, "jobs", j.ID, "results"), Rel: "http://www.opengis.net/def/rel/ogc/1.0/results", Type: rest.MediaJSON, Title: "Results",
		})
		var k kept
		if err := json.Unmarshal(j.Result, &k); err == nil && k.Report != "" {
			s.Links = append(s.Links, (&output{links: reportLinks(k.Report)}).resolve(c)...)
		}
	}
	return s
}

// publicError is the reason of a failure when it is for users to know.
func publicError(j jobs.Job) string {
	if kindNamed(j.ErrorKind) == fault.Other {
		return "something went wrong on our side; the log has it under job " + j.ID
	}
	return j.Error
}

func kindNamed(name string) fault.Kind {
	for k := fault.Invalid; k <= fault.Canceled; k++ {
		if k.String() == name {
			return k
		}
	}
	return fault.Other
}

// jobList bounds the jobs listed when no limit is given.
const jobList = 100

func (h *Handler) jobs(c echo.Context) error {
	if err := rest.Only(c, "limit", "after", "f"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	limit := jobList
	if text := c.QueryParam("limit"); text != "" {
		var err error
		if limit, err = rest.Limit(text); err != nil {
			return err
		}
	}
	all, err := h.jobsAfter(c, limit+1)
	if err != nil {
		return err
	}
	list := []status{}
	for _, j := range all[:min(limit, len(all))] {
		list = append(list, statusOf(c, j))
	}
	links := []rest.Link{{Href: rest.With(rest.URL(c, "jobs"), c.QueryParams()), Rel: "self", Type: rest.MediaJSON, Title: "Jobs"}}
	if len(all) > limit {
		q := rest.Query(c)
		q.Set("after", all[limit-1].ID)
		links = append(links, rest.Link{Href: rest.With(rest.URL(c, "jobs"), q), Rel: "next", Type: rest.MediaJSON, Title: "Older jobs"})
	}
	rest.AddHeader(c, links)
	return rest.Fresh(c, http.StatusOK, struct {
		Jobs     []status    `json:"jobs"`
		Complete bool        `json:"complete"` // false: there are older ones
		Links    []rest.Link `json:"links"`
	}{list, len(all) <= limit, links})
}

// jobsAfter lists up to n jobs, newest first, from the one behind the job that
// the parameter after names.
func (h *Handler) jobsAfter(c echo.Context, n int) ([]jobs.Job, error) {
	after := c.QueryParam("after")
	if h.Jobs == nil {
		return nil, nil
	}
	if after == "" {
		return h.Jobs.List(c.Request().Context(), n)
	}
	for most := 4 * n; ; most *= 4 {
		all, err := h.Jobs.List(c.Request().Context(), most)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(all, func(j jobs.Job) bool { return j.ID == after })
		switch {
		case i >= 0 && (i+1+n <= len(all) || len(all) < most):
			return all[i+1 : min(len(all), i+1+n)], nil
		case i < 0 && len(all) < most:
			return nil, fault.WithHint(fault.Errorf("jobs", fault.Invalid, "after=%.80q is not in the list", after), "follow the links with rel next")
		}
	}
}

// find is the job that the address names.
func (h *Handler) find(c echo.Context) (jobs.Job, error) {
	id, err := rest.Path(c, "id")
	if err != nil {
		return jobs.Job{}, err
	}
	none := &rest.Typed{Type: exceptions + "no-such-job", Err: fault.Errorf("jobs", fault.NotExist, "there is no job %.80q", id)}
	if h.Jobs == nil {
		return jobs.Job{}, none
	}
	j, err := h.Jobs.Get(c.Request().Context(), id)
	if fault.Is(err, fault.NotExist) {
		return j, none
	}
	return j, err
}

func (h *Handler) job(c echo.Context) error {
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	j, err := h.find(c)
	if err != nil {
		return err
	}
	return rest.Fresh(c, http.StatusOK, statusOf(c, j))
}

// dismiss cancels a job; one that has finished stays as it is.
func (h *Handler) dismiss(c echo.Context) error {
	if err := rest.Only(c); err != nil {
		return err
	}
	j, err := h.find(c)
	if err != nil {
		return err
	}
	if j, err = h.Jobs.Cancel(c.Request().Context(), j.ID); err != nil {
		return err
	}
	return rest.Fresh(c, http.StatusOK, statusOf(c, j))
}

func (h *Handler) results(c echo.Context) error {
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	j, err := h.find(c)
	if err != nil {
		return err
	}
	switch j.State {
	case jobs.Successful:
	case jobs.Failed:
		return fault.E("jobs", kindNamed(j.ErrorKind), errors.New(j.Error))
	case jobs.Dismissed:
		return &rest.Typed{Type: exceptions + "no-such-job", Err: fault.Errorf("jobs", fault.NotExist, "job %s was dismissed: it has no results", j.ID)}
	default:
		return &rest.Typed{Type: exceptions + "result-not-ready", Err: fault.WithHint(
			fault.Errorf("jobs", fault.NotExist, "job %s is %s: its results are not ready", j.ID, j.State), "look at /jobs/"+j.ID+" until it is successful")}
	}
	var k kept
	if err := json.Unmarshal(j.Result, &k); err != nil {
		return fmt.Errorf("result of job %s: %w", j.ID, err)
	}
	return h.sendKept(c, j, k)
}

func (h *Handler) sendKept(c echo.Context, j jobs.Job, k kept) error {
	if k.File != nil {
		return h.sendKeptFile(c, k)
	}
	offers := []rest.Format{rest.JSONFormat}
	for _, f := range []rest.Format{rest.CSVFormat, rest.XLSXFormat, geoPackage} {
		if slices.Contains(k.Formats, f.Name) {
			offers = append(offers, f)
		}
	}
	format, err := rest.Choose(c, offers...)
	if err != nil {
		return err
	}
	key := reportKey(k.Report, "json")
	out := &output{}
	if k.Name != "" {
		key = resultKey(k.Name, format.Name)
	} else {
		out.links = reportLinks(k.Report)
	}
	b, _, err := h.read(c.Request().Context(), key)
	if err != nil {
		return err
	}
	out.document, out.csv, out.xlsx = b, b, b // send takes the one of the format
	if format.Name == geoPackage.Name {
		out.file = &file{Name: k.Name + ".gpkg", Media: geoPackage.Media, data: b}
	}
	var args jobArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return fmt.Errorf("arguments of job %s: %w", j.ID, err)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return send(c, out, format, args.Response)
}

// read reads a whole object of the blob store.
func (h *Handler) read(ctx context.Context, key string) ([]byte, time.Time, error) {
	f, info, err := h.Blobs.Open(ctx, key)
	if err != nil {
		return nil, time.Time{}, err
	}
	b, err := io.ReadAll(f)
	return b, info.Modified, errors.Join(err, f.Close())
}
