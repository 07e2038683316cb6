package upload

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/jobs"
	"contado/ingest"
	"contado/ingest/sniff"
)

// The states of an upload.
const (
	receiving = "receiving"
	received  = "received"
	preparing = "preparing"
	prepared  = "prepared"
	failed    = "failed"
)

// document is an upload as its owner sees it.
type document struct {
	ID      string      `json:"id"`
	State   string      `json:"state"`
	Created time.Time   `json:"created"`
	Expires time.Time   `json:"expires"`
	Files   []fileState `json:"files"`
	Plan    *plan       `json:"plan,omitempty"`
	Job     *jobState   `json:"job,omitempty"`
	// Datasets are what publishing would make.
	Datasets []draftState `json:"datasets,omitempty"`
	Links    []rest.Link  `json:"links"`
}

type fileState struct {
	Name     string `json:"name"`
	Size     int64  `json:"size"`
	Received int64  `json:"received"`
}

type jobState struct {
	ID       string     `json:"id"`
	State    jobs.State `json:"state"`
	Progress int        `json:"progress"`
	Stage    string     `json:"stage,omitempty"`
	Problem  string     `json:"problem,omitempty"`
}

// draftState is a version before it is published.
type draftState struct {
	ID       string       `json:"id"`
	Title    string       `json:"title"`
	Kind     catalog.Kind `json:"kind"`
	Role     catalog.Role `json:"role"`
	Version  int          `json:"version"`
	Previous int          `json:"previous"` // version that it takes the place of; 0: none
	// Count is the number of rows, Before that of the version that is there.
	Count    *int64           `json:"count,omitempty"`
	Before   *int64           `json:"count_before,omitempty"`
	Geometry string           `json:"geometry_type,omitempty"`
	CRS      string           `json:"crs,omitempty"`
	BBox     *[4]float64      `json:"bbox,omitempty"`
	Fields   []geo.Field      `json:"fields,omitempty"`
	Bytes    int64            `json:"bytes"`
	Notices  []catalog.Notice `json:"notices"`
}

// state looks how an upload is.
func (h *Handler) state(ctx context.Context, c echo.Context, f *folder, r *record) (*document, error) {
	d := &document{ID: r.ID, State: received, Created: r.Created, Plan: r.Plan}
	for _, one := range r.Files {
		n, err := f.received(one)
		if err != nil {
			return nil, err
		}
		if n < one.Size {
			d.State = receiving
		}
		d.Files = append(d.Files, fileState{one.Name, one.Size, n})
	}
	touched, err := f.touched()
	if err != nil {
		return nil, err
	}
	d.Expires = touched.Add(h.Limits.Keep).UTC()
	self := rest.URL(c, "uploads", r.ID)
	d.Links = []rest.Link{{Href: self, Rel: "self", Type: rest.MediaJSON, Title: "This upload"}}
	if r.Job == "" || h.Jobs == nil {
		return d, nil
	}
	j, err := h.Jobs.Get(ctx, r.Job)
	if fault.Is(err, fault.NotExist) {
		return d, nil
	}
	if err != nil {
		return nil, err
	}
	d.Links = append(d.Links, rest.Link{Href: rest.URL(c, "jobs", j.ID), Rel: "monitor", Type: rest.MediaJSON, Title: "The job that prepares it"})
	return d, h.jobOf(d, f, j)
}

// jobOf adds how the job is, and what it has made.
func (h *Handler) jobOf(d *document, f *folder, j jobs.Job) error {
	d.Job = &jobState{ID: j.ID, State: j.State, Progress: j.Progress, Stage: j.Message}
	switch j.State {
	case jobs.Failed:
		d.State = failed
		if d.Job.Problem = f.hide(j.Error); j.ErrorKind == fault.Other.String() {
			d.Job.Problem = "something went wrong on our side; the log has it under job " + j.ID
		}
	case jobs.Successful:
		draft, err := ingest.ReadDraft(f.draft())
		if fault.Is(err, fault.NotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		d.State = prepared
		now := h.Atlas.Current()
		for _, one := range draft.Datasets {
			old, err := now.Dataset(one.ID)
			if err != nil {
				old = catalog.Dataset{} // there is none
			}
			d.Datasets = append(d.Datasets, draftOf(one, old))
		}
	case jobs.Accepted, jobs.Running:
		d.State = preparing
	case jobs.Dismissed:
	}
	return nil
}

func draftOf(d, old catalog.Dataset) draftState {
	v := d.Version
	out := draftState{
		ID: d.ID, Title: d.Title, Kind: d.Kind, Role: d.Role, Version: v.Number, Previous: old.Version.Number, CRS: v.CRS.Short(), Notices: v.Notices,
	}
	if out.Notices == nil {
		out.Notices = []catalog.Notice{}
	}
	if !v.CRS.Known() {
		out.CRS = ""
	}
	if i := v.Vector; i != nil {
		out.Count, out.Geometry, out.Fields = &i.Count, i.Schema.GeometryType, i.Schema.Fields
	}
	if i := old.Version.Vector; i != nil {
		out.Before = &i.Count
	}
	if b := v.BBoxWGS84; !b.IsEmpty() && b != (geo.BBox{}) || b.MinX > b.MaxX && b.MinY <= b.MaxY {
		out.BBox = &[4]float64{b.MinX, b.MinY, b.MaxX, b.MaxY}
	}
	for _, f := range v.Files {
		out.Bytes += f.Size
	}
	return out
}

func (h *Handler) show(c echo.Context, status int, f *folder, r *record) error {
	d, err := h.state(c.Request().Context(), c, f, r)
	if err != nil {
		return err
	}
	return rest.Fresh(c, status, d)
}

func (h *Handler) one(c echo.Context) error {
	f, r, err := h.mine(c)
	if err != nil {
		return err
	}
	return h.show(c, http.StatusOK, f, r)
}

// limits is what uploads may be.
type limits struct {
	Bytes    int64    `json:"bytes"`
	Unpacked int64    `json:"unpacked"`
	Files    int      `json:"files"`
	Uploads  int      `json:"uploads"`
	Chunk    int64    `json:"chunk"`
	KeepS    int64    `json:"keep_s"`
	Formats  []string `json:"formats"`
}

// list are the uploads of who asks, and what may be uploaded.
func (h *Handler) list(c echo.Context) error {
	who, err := h.guard(c)
	if err != nil {
		return err
	}
	l := &h.Limits
	out := struct {
		Uploads []*document `json:"uploads"`
		Limits  limits      `json:"limits"`
	}{[]*document{}, limits{l.Bytes, l.Unpacked, l.Files, l.Each, l.Chunk, int64(l.Keep.Seconds()), l.Formats}}
	if out.Limits.Formats == nil {
		out.Limits.Formats = sniff.Keys()
	}
	all, err := h.all()
	if err != nil {
		return err
	}
	for _, f := range all {
		r, err := f.read()
		if fault.Is(err, fault.NotExist) || err == nil && r.Who != who {
			continue
		}
		if err != nil {
			return err
		}
		d, err := h.state(c.Request().Context(), c, f, r)
		if err != nil {
			return err
		}
		out.Uploads = append(out.Uploads, d)
	}
	return rest.Fresh(c, http.StatusOK, out)
}

// publish makes the versions visible and ends the upload.
func (h *Handler) publish(c echo.Context) (err error) {
	f, _, err := h.mine(c)
	if err != nil {
		return err
	}
	var none struct{}
	if err := rest.Body(c, &none, rest.MediaJSON); err != nil {
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
	ctx := c.Request().Context()
	if err := h.idle(ctx, r); err != nil {
		return err
	}
	draft, err := ingest.ReadDraft(f.draft())
	if fault.Is(err, fault.NotExist) {
		return fault.WithHint(fault.Errorf("upload", fault.Conflict, "this upload has not been prepared"), "prepare it first")
	}
	if err != nil {
		return err
	}
	st := h.Stores
	st.Who = r.Who
	res, err := draft.Publish(ctx, st)
	if err != nil {
		return err
	}
	if err := f.remove(); err != nil {
		return err
	}
	if err := h.Atlas.Refresh(ctx); err != nil {
		return err
	}
	return rest.Fresh(c, http.StatusCreated, publishedOf(c, res))
}

// published is a dataset that has a new version.
type published struct {
	ID       string      `json:"id"`
	Title    string      `json:"title"`
	Version  int         `json:"version"`
	Previous int         `json:"previous"`
	Links    []rest.Link `json:"links"`
}

func publishedOf(c echo.Context, res ingest.Result) any {
	out := struct {
		Datasets []published `json:"datasets"`
	}{}
	for _, d := range res.Datasets {
		out.Datasets = append(out.Datasets, published{d.ID, d.Title, d.Version.Number, d.Version.Number - 1, []rest.Link{
			{Href: rest.URL(c, "collections", d.ID), Rel: "item", Type: rest.MediaJSON, Title: d.Title},
		}})
	}
	return out
}

// discard throws an upload away, and stops the job that works on it.
func (h *Handler) discard(c echo.Context) error {
	f, r, err := h.mine(c)
	if err != nil {
		return err
	}
	if r.Job != "" && h.Jobs != nil {
		if _, err := h.Jobs.Cancel(c.Request().Context(), r.Job); err != nil && !fault.Is(err, fault.NotExist) {
			return err
		}
	}
	if err := f.remove(); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
