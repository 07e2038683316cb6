package upload

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/jobs"
	"contado/ingest"
)

// contents says what the files look like.
func (h *Handler) contents(c echo.Context) error {
	f, r, err := h.mine(c)
	if err != nil {
		return err
	}
	if err := f.complete(r); err != nil {
		return err
	}
	ctx := c.Request().Context()
	select {
	case h.looking <- struct{}{}:
		defer func() { <-h.looking }()
	case <-ctx.Done():
		return fault.E("upload", fault.Canceled, ctx.Err())
	}
	o := ingest.Options{Formats: h.Limits.Formats, Limits: ingest.Limits{ArchiveBytes: h.Limits.Unpacked}}
	list, err := ingest.Recognise(ctx, h.Stores, f.path(lookName), f.paths(r), o)
	if err != nil {
		return err
	}
	for i := range list {
		list[i].Problem, list[i].Hint = f.hide(list[i].Problem), f.hide(list[i].Hint)
		for k := range list[i].Layers {
			l := &list[i].Layers[k]
			l.Problem, l.Hint = f.hide(l.Problem), f.hide(l.Hint)
		}
	}
	return rest.Fresh(c, http.StatusOK, struct {
		Files []ingest.Recognised `json:"files"`
	}{list})
}

// jobArgs is what a job is queued with.
type jobArgs struct {
	Upload string `json:"upload"`
	Run    string `json:"run"`
}

// prepare queues the job that makes versions of the files.
func (h *Handler) prepare(c echo.Context) (err error) {
	f, _, err := h.mine(c)
	if err != nil {
		return err
	}
	if h.Jobs == nil {
		return fault.Errorf("upload", fault.Unsupported, "this server takes no jobs")
	}
	var p plan
	if err := rest.Body(c, &p, rest.MediaJSON); err != nil {
		return err
	}
	release, err := f.hold(lockName)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	r, err := f.read()
	if err != nil {
		return err
	}
	if err := f.complete(r); err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.idle(ctx, r); err != nil {
		return err
	}
	o, err := p.options(&h.Limits)
	if err != nil {
		return err
	}
	if err := errors.Join(ingest.Check(ctx, h.Stores, o), h.unedited(ctx, o)); err != nil {
		return err
	}
	r.Plan, r.Run, r.Job = &p, strings.ToLower(rand.Text()), ""
	if err := errors.Join(f.write(r), os.RemoveAll(f.draft())); err != nil {
		return err
	}
	args, err := json.Marshal(jobArgs{f.id, r.Run})
	if err != nil {
		return err
	}
	job, err := h.Jobs.Enqueue(ctx, Kind, args)
	if err != nil {
		return err
	}
	r.Job = job.ID
	if err := f.write(r); err != nil {
		return err
	}
	c.Response().Header().Set("Location", rest.URL(c, "jobs", job.ID))
	return h.show(c, http.StatusCreated, f, r)
}

// idle refuses while a job is at work.
func (h *Handler) idle(ctx context.Context, r *record) error {
	if r.Job == "" {
		return nil
	}
	j, err := h.Jobs.Get(ctx, r.Job)
	if fault.Is(err, fault.NotExist) {
		return nil
	}
	if err == nil && !j.State.Final() {
		return fault.WithHint(fault.Errorf("upload", fault.Conflict, "this upload is being prepared already"), "wait for job "+j.ID+" or cancel it")
	}
	return err
}

// unedited refuses to build a version upon one whose edits it would not have.
func (h *Handler) unedited(ctx context.Context, o ingest.Options) error {
	if !o.Append {
		return nil
	}
	s := h.Atlas.Current()
	d, err := s.Dataset(o.Dataset)
	if err != nil || d.Kind != catalog.Vector {
		return nil //nolint:nilerr // a dataset that is not there has no edits
	}
	l, err := s.Layer(ctx, d.ID)
	if err != nil {
		return err
	}
	if l.Head() > 0 {
		return fault.WithHint(fault.Errorf("upload", fault.Conflict, "dataset %s has edits that an appended version would not have", d.ID),
			"make a version of them first")
	}
	return nil
}

// Handlers are what a worker runs, by kind of job.
func (h *Handler) Handlers() map[string]jobs.Handler { return map[string]jobs.Handler{Kind: h.work} }

// work prepares an upload. It begins anew over what it left.
func (h *Handler) work(ctx context.Context, raw json.RawMessage, progress jobs.Progress) (_ json.RawMessage, err error) {
	const op = "upload"
	var args jobArgs
	if err := json.Unmarshal(raw, &args); err != nil {
		return nil, fault.E(op, fault.Invalid, fmt.Errorf("arguments of an ingest job: %w", err))
	}
	f, r, err := h.open(args.Upload)
	if err != nil {
		return nil, err
	}
	if r.Run != args.Run || r.Plan == nil {
		return nil, fault.Errorf(op, fault.Invalid, "this attempt at the upload has been given up")
	}
	release, err := f.hold(workName)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	o, err := r.Plan.options(&h.Limits)
	if err != nil {
		return nil, err
	}
	p := &stages{progress: progress}
	p.Stage("digest")
	if o.Sources, err = f.digests(ctx, r, p); err != nil {
		return nil, err
	}
	st := h.Stores
	st.Who = r.Who
	d, err := ingest.Prepare(ctx, st, f.draft(), f.paths(r), o, p)
	if err != nil {
		return nil, err
	}
	return h.keep(ctx, r, d)
}

// keep writes the result of a job where those of others are. It says little:
// until the upload is published it is nobody else's business.
func (h *Handler) keep(ctx context.Context, r *record, d *ingest.Draft) (json.RawMessage, error) {
	doc := struct {
		Datasets []string `json:"datasets"`
	}{}
	for _, one := range d.Datasets {
		doc.Datasets = append(doc.Datasets, one.ID)
	}
	b, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	if err := h.Blobs.Put(ctx, "results/"+r.Run+".json", strings.NewReader(string(b))); err != nil {
		return nil, err
	}
	return json.Marshal(map[string]string{"name": r.Run})
}

// digests are those of the files, for the record of where the data came from.
func (f *folder) digests(ctx context.Context, r *record, p *stages) ([]catalog.SourceFile, error) {
	var out []catalog.SourceFile
	var done int64
	for i, path := range f.paths(r) {
		in, err := os.Open(path)
		if err != nil {
			return nil, fault.E("upload", fault.Other, err)
		}
		h := sha256.New()
		buf := make([]byte, 1<<20)
		for err == nil {
			var n int
			if n, err = in.Read(buf); n > 0 {
				h.Write(buf[:n])
				done += int64(n)
				p.Step(done, r.bytes())
			}
			if err == nil {
				err = ctx.Err()
			}
		}
		if err = errors.Join(noEOF(err), in.Close()); err != nil {
			return nil, fault.E("upload", fault.KindOf(err), err)
		}
		out = append(out, catalog.SourceFile{Name: r.Files[i].Name, Size: r.Files[i].Size, SHA256: hex.EncodeToString(h.Sum(nil))})
	}
	return out, nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// stages is ingest.Progress as the progress of a job: how many stages there
// will be is not known before, so each has a third of what is left.
type stages struct {
	progress jobs.Progress
	name     string
	lo, hi   float64
}

const lastShare = 0.98

// Stage implements ingest.Progress.
func (s *stages) Stage(name string) {
	s.lo = s.hi
	s.hi = s.lo + (lastShare-s.lo)/3
	s.name = name
	s.progress(s.lo, name)
}

// Step implements ingest.Progress.
func (s *stages) Step(done, total int64) {
	if total > 0 {
		s.progress(s.lo+(s.hi-s.lo)*min(float64(done)/float64(total), 1), s.name)
	}
}
