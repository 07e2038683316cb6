// Package upload takes files from browsers: it receives them piece by piece
// into a folder of their own, says what they look like, prepares datasets of
// them in a job, and publishes these or throws them away. Nothing of an upload
// is seen by others before it is published.
package upload

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/blob"
	"contado/geo/store/jobs"
	"contado/ingest"
)

// Kind is the kind of the jobs that prepare uploads.
const Kind = "ingest"

// Limits bounds uploads; zero fields are DefaultLimits.
type Limits struct {
	Bytes    int64         // of all files of one upload
	Unpacked int64         // of its archives
	Total    int64         // of all uploads that wait
	Files    int           // of one upload
	Each     int           // uploads of one person that wait
	Chunk    int64         // of one request
	Keep     time.Duration // after the last thing that was done to one
	Spare    int64         // bytes of the disk that stay free
	// Formats are those that are taken, by sniff.Format.Key; nil: all.
	Formats []string
}

// DefaultLimits suit the data of a province.
var DefaultLimits = Limits{
	Bytes: 1 << 30, Unpacked: 4 << 30, Total: 10 << 30, Files: 200, Each: 8, Chunk: 8 << 20, Keep: 24 * time.Hour, Spare: 1 << 30,
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits
	for _, v := range []struct {
		to  *int64
		def int64
	}{{&l.Bytes, d.Bytes}, {&l.Unpacked, d.Unpacked}, {&l.Total, d.Total}, {&l.Chunk, d.Chunk}, {&l.Spare, d.Spare}} {
		if *v.to <= 0 {
			*v.to = v.def
		}
	}
	if l.Files <= 0 {
		l.Files = d.Files
	}
	if l.Each <= 0 {
		l.Each = d.Each
	}
	if l.Keep <= 0 {
		l.Keep = d.Keep
	}
	return l
}

// Handler serves uploads.
type Handler struct {
	// Who says who asks, or why that person may not upload (rest.Refuse); nil:
	// nobody may.
	Who    func(*http.Request) (who string, err error)
	Stores ingest.Stores
	Dir    string // folder of uploads, best on the same device as the blobs
	Atlas  *atlas.Atlas
	Jobs   jobs.Driver
	Blobs  blob.Driver
	Limits Limits
	// Timeout bounds a request.
	Timeout time.Duration

	mu      sync.Mutex    // of new uploads, for the limits
	looking chan struct{} // of those that look at files
}

// Register adds the routes.
func (h *Handler) Register(r rest.Registrar) {
	h.Limits = h.Limits.withDefaults()
	h.looking = make(chan struct{}, 1)
	t := rest.Within(h.Timeout)
	rest.Get(r, "/uploads", h.list, t)
	r.Add(http.MethodPost, "/uploads", h.create, t)
	rest.Get(r, "/uploads/:id", h.one, t)
	r.Add(http.MethodDelete, "/uploads/:id", h.discard, t)
	r.Add(http.MethodPatch, "/uploads/:id/files/:number", h.receive)
	rest.Get(r, "/uploads/:id/contents", h.contents, rest.Within(2*h.Timeout))
	r.Add(http.MethodPost, "/uploads/:id/preparation", h.prepare, t)
	r.Add(http.MethodPost, "/uploads/:id/publication", h.publish, rest.Within(4*h.Timeout))
}

// guard lets in who may upload: what is here is for the page of this server
// and for programs, not for pages of other sites.
func (h *Handler) guard(c echo.Context, params ...string) (who string, err error) {
	if h.Who == nil {
		return "", rest.Refuse(http.StatusForbidden, "this server takes no uploads: it was not started with --upload")
	}
	if err := rest.SameSite(c, "upload"); err != nil {
		return "", err
	}
	if who, err = h.Who(c.Request()); err != nil {
		return "", err
	}
	return who, rest.Only(c, params...)
}

// mine is the upload of the address, when it is that of who asks.
func (h *Handler) mine(c echo.Context, params ...string) (*folder, *record, error) {
	who, err := h.guard(c, params...)
	if err != nil {
		return nil, nil, err
	}
	id, err := rest.Path(c, "id")
	if err != nil {
		return nil, nil, err
	}
	f, r, err := h.open(id)
	if err != nil {
		return nil, nil, err
	}
	if r.Who != who {
		return nil, nil, noUpload(id)
	}
	return f, r, nil
}

func noUpload(id string) error {
	return fault.WithHint(fault.Errorf("upload", fault.NotExist, "there is no upload %.40q", id), "it may have been published, or thrown away after some time")
}

// Sweep throws away the uploads that nobody has touched for longer than they
// are kept, and what a crash left of others.
func (h *Handler) Sweep(ctx context.Context) error {
	if h.Who == nil {
		return nil
	}
	all, err := h.all()
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range all {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		touched, err := f.touched()
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if time.Since(touched) > h.Limits.Keep {
			errs = append(errs, f.removeIdle())
		}
	}
	return errors.Join(errs...)
}
