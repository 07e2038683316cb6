package manage

import (
	"context"
	"net/http"
	"path"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/store/catalog"
	"contado/ingest"
)

// version is one state of a dataset as people see it.
type version struct {
	Version     int                  `json:"version"`
	Current     bool                 `json:"current"`
	PublishedAt time.Time            `json:"published_at"`
	SHA256      string               `json:"sha256"`
	Program     string               `json:"program"`
	Command     string               `json:"command,omitempty"`
	Who         string               `json:"who,omitempty"` // for those who may know
	Restores    int                  `json:"restores,omitempty"`
	Sources     []string             `json:"sources"`
	Received    []catalog.SourceFile `json:"received,omitempty"`
	Derived     *catalog.Derivation  `json:"derived,omitempty"`
	Files       []versionFile        `json:"files"`
	Bytes       int64                `json:"bytes"`
	Count       *int64               `json:"count,omitempty"`
	Change      *int64               `json:"count_change,omitempty"` // against the version before
	CRS         string               `json:"crs,omitempty"`
	TimeStart   *time.Time           `json:"time_start,omitempty"`
	TimeEnd     *time.Time           `json:"time_end,omitempty"`
	Warnings    int                  `json:"warnings"`
	Notices     []catalog.Notice     `json:"notices,omitempty"` // of one version alone
	Lost        int                  `json:"lost,omitempty"`    // edits that came meanwhile and gave way to newer ones
	Compared    *comparison          `json:"compared,omitempty"`
}

type versionFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func versionOf(v catalog.Version, current int, names bool) version {
	out := version{
		Version: v.Number, Current: v.Number == current, PublishedAt: v.PublishedAt, SHA256: v.SHA256, Program: v.Program,
		Sources: v.Source, Derived: v.Derived, Files: []versionFile{}, CRS: v.CRS.Short(), TimeStart: v.TimeStart, TimeEnd: v.TimeEnd,
	}
	if !v.CRS.Known() {
		out.CRS = ""
	}
	if out.Sources == nil {
		out.Sources = []string{}
	}
	if m := v.Made; m != nil {
		out.Command, out.Restores, out.Received = m.Command, m.Restores, m.Files
		if names {
			out.Who = m.Who
		}
	}
	for _, f := range v.Files {
		out.Files = append(out.Files, versionFile{path.Base(f.Key), f.Size, f.SHA256})
		out.Bytes += f.Size
	}
	if v.Vector != nil {
		out.Count = &v.Vector.Count
	}
	for _, n := range v.Notices {
		if n.Severity == catalog.Warning {
			out.Warnings++
		}
	}
	return out
}

// versions lists all of them, newest first.
func (h *Handler) versions(c echo.Context) error {
	_, d, err := h.dataset(c)
	if err != nil {
		return err
	}
	if err := rest.Only(c); err != nil {
		return err
	}
	all, err := h.Stores.Catalog.Versions(c.Request().Context(), d.ID)
	if err != nil {
		return err
	}
	out := struct {
		Dataset  string    `json:"dataset"`
		Current  int       `json:"current"`
		Versions []version `json:"versions"`
	}{Dataset: d.ID, Current: d.Version.Number}
	names := h.trusted(c)
	for i, v := range all {
		one := versionOf(v, d.Version.Number, names)
		if i+1 < len(all) && one.Count != nil && all[i+1].Vector != nil {
			n := *one.Count - all[i+1].Vector.Count
			one.Change = &n
		}
		out.Versions = append(out.Versions, one)
	}
	return rest.Fresh(c, http.StatusOK, out)
}

// version tells of one, and what changed against the one before.
func (h *Handler) version(c echo.Context) error {
	state, d, err := h.dataset(c)
	if err != nil {
		return err
	}
	if err := rest.Only(c); err != nil {
		return err
	}
	number, err := strconv.Atoi(c.Param("number"))
	if err != nil || number < 1 {
		return fault.Errorf("manage", fault.NotExist, "%.20q is no version", c.Param("number"))
	}
	ctx := c.Request().Context()
	all, err := h.Stores.Catalog.Versions(ctx, d.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(v catalog.Version) bool { return v.Number == number })
	if i < 0 {
		return fault.Errorf("manage", fault.NotExist, "dataset %s has no version %d", d.ID, number)
	}
	out := versionOf(all[i], d.Version.Number, h.trusted(c))
	if out.Notices = all[i].Notices; out.Notices == nil {
		out.Notices = []catalog.Notice{}
	}
	if i+1 < len(all) {
		if out.Compared, err = h.compare(ctx, state, d.ID, all[i+1], all[i]); err != nil {
			return err
		}
	}
	return rest.Fresh(c, http.StatusOK, out)
}

// renewal asks for a new version: of the content of an earlier one, or of the
// edits of the current one.
type renewal struct {
	Restore int  `json:"restore"`
	Settle  bool `json:"settle"`
}

// renew makes a version of what there is already: going back, or keeping the
// edits.
func (h *Handler) renew(c echo.Context) error {
	state, d, who, err := h.changing(c)
	if err != nil {
		return err
	}
	var r renewal
	if err := rest.Body(c, &r, rest.MediaJSON); err != nil {
		return err
	}
	if (r.Restore != 0) == r.Settle {
		return fault.Errorf("manage", fault.Invalid, `want either {"restore": number of a version} or {"settle": true}`)
	}
	st := h.Stores
	st.Who = who
	ctx := c.Request().Context()
	var res ingest.Result
	lost := 0
	if r.Settle {
		res, lost, err = h.settle(ctx, state, st, d)
	} else {
		var rows *layer.Layer
		if rows, err = rowsOf(ctx, state, d, r.Restore); err == nil {
			res, err = ingest.Restore(ctx, st, d.ID, r.Restore, rows)
		}
	}
	if err != nil {
		return err
	}
	if err := h.Atlas.Refresh(ctx); err != nil {
		return err
	}
	out := versionOf(res.Dataset.Version, res.Dataset.Version.Number, true)
	out.Lost = lost
	c.Response().Header().Set("Location", rest.URL(c, "collections", d.ID, "versions", strconv.Itoa(out.Version)))
	return rest.Fresh(c, http.StatusCreated, out)
}

// rowsOf are the rows of a version with its edits; nil when it had no rows.
func rowsOf(ctx context.Context, state *atlas.Snapshot, d catalog.Dataset, number int) (*layer.Layer, error) {
	if d.Kind != catalog.Vector {
		return nil, nil
	}
	l, err := state.LayerAsOf(ctx, d.ID, atlas.AsOf{Version: number, Seq: atlas.LastSeq})
	if fault.Is(err, fault.Invalid) {
		return nil, nil
	}
	return l, err
}

// settle makes a version of the edits; those that come meanwhile are carried
// over.
func (h *Handler) settle(ctx context.Context, state *atlas.Snapshot, st ingest.Stores, d catalog.Dataset) (res ingest.Result, lost int, err error) {
	if d.Kind != catalog.Vector {
		return res, 0, fault.Errorf("manage", fault.Invalid, "dataset %s has no rows that could be edited", d.ID)
	}
	l, err := state.Layer(ctx, d.ID)
	if err != nil {
		return res, 0, err
	}
	if l.Head() == 0 {
		return res, 0, fault.Errorf("manage", fault.Invalid, "dataset %s has no edits", d.ID)
	}
	if res, err = ingest.Settle(ctx, st, l); err != nil {
		return res, 0, err
	}
	if err := h.Atlas.Refresh(ctx); err != nil {
		return res, 0, err
	}
	left, err := h.Atlas.CarryOver(ctx, d.ID, l.Dataset().Version.Number, l.Head())
	return res, len(left), err
}
