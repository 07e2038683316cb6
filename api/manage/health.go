package manage

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/atlas"
	"contado/geo/store/catalog"
	"contado/ingest"
)

// The states of a check, from good to bad.
const (
	fine    = "ok"
	info    = "info"
	warning = "warning"
	broken  = "error"
)

// check is one thing that was looked at.
type check struct {
	Code     string   `json:"code"` // stable, for texts in other languages
	State    string   `json:"state"`
	Text     string   `json:"text"`
	Count    *int64   `json:"count,omitempty"`
	Examples []string `json:"examples,omitempty"`
}

// stale is after how long data are old for planning: a term of a council.
const stale = 5 * 365 * 24 * time.Hour

// health looks whether a dataset is as it should be: its files, its positions,
// its description, how old it is, and what ingest repaired or refused.
func (h *Handler) health(c echo.Context) error {
	state, d, err := h.dataset(c)
	if err != nil {
		return err
	}
	if err := rest.Only(c); err != nil {
		return err
	}
	ctx := c.Request().Context()
	files, err := h.files(ctx, d)
	if err != nil {
		return err
	}
	rows, err := positions(ctx, state, d)
	if err != nil {
		return err
	}
	checks := append([]check{files, crsKnown(d)}, rows...)
	checks = append(checks, age(d, time.Now()), inputs(state, d), edits(state, d))
	checks = append(checks, described(d)...)
	out := struct {
		State   string           `json:"state"`
		Checks  []check          `json:"checks"`
		Notices []catalog.Notice `json:"notices"`
	}{fine, []check{}, d.Version.Notices}
	if out.Notices == nil {
		out.Notices = []catalog.Notice{}
	}
	order := map[string]int{fine: 0, info: 1, warning: 2, broken: 3}
	for _, one := range append(checks, noticed(d)) {
		if one.Code == "" {
			continue
		}
		out.Checks = append(out.Checks, one)
		if order[one.State] > order[out.State] {
			out.State = one.State
		}
	}
	return rest.Fresh(c, http.StatusOK, out)
}

// files looks whether all of them are there.
func (h *Handler) files(ctx context.Context, d catalog.Dataset) (check, error) {
	n := int64(len(d.Version.Files))
	if n == 0 {
		return check{}, nil
	}
	damaged, err := ingest.CheckFiles(ctx, h.Stores, d.ID, d.Version)
	if err != nil {
		return check{}, err
	}
	if len(damaged) == 0 {
		return check{Code: "files", State: fine, Text: "all files are there", Count: &n}, nil
	}
	bad := int64(len(damaged))
	out := check{Code: "files-damaged", State: broken, Text: "files are missing or damaged: restore them from a backup, or ingest again", Count: &bad}
	for _, one := range damaged[:min(len(damaged), 20)] {
		out.Examples = append(out.Examples, path.Base(one.Key)+": "+one.Problem)
	}
	return out, nil
}

// placed reports whether data of this kind have positions.
func placed(d catalog.Dataset) bool {
	return d.Kind == catalog.Raster || d.Version.Vector != nil && d.Version.Vector.Schema.GeometryType != ""
}

func crsKnown(d catalog.Dataset) check {
	switch {
	case !placed(d):
		return check{}
	case !d.Version.CRS.Known():
		return check{Code: "crs-missing", State: broken, Text: "the reference system is not known"}
	}
	return check{Code: "crs", State: fine, Text: "the reference system is " + d.Version.CRS.Short()}
}

// positions counts the rows without a geometry, and those without any value.
func positions(ctx context.Context, state *atlas.Snapshot, d catalog.Dataset) ([]check, error) {
	if d.Kind != catalog.Vector || d.Version.Vector == nil || d.Version.Vector.Count > maxCompared {
		return nil, nil
	}
	l, err := state.Layer(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	s, err := surveyOf(ctx, l)
	if err != nil {
		return nil, err
	}
	var out []check
	if s.Rows == 0 {
		out = append(out, check{Code: "empty", State: warning, Text: "there is no row"})
	}
	if placed(d) && s.Rows > 0 {
		if s.Without > 0 {
			out = append(out, check{Code: "geometry-missing", State: warning, Text: "rows have no position and are on no map", Count: &s.Without})
		} else {
			out = append(out, check{Code: "geometry", State: fine, Text: "every row has a position", Count: &s.Rows})
		}
	}
	empty := check{Code: "attributes-empty", State: info, Text: "attributes without any value"}
	var n int64
	for _, a := range s.Attributes {
		if a.Filled == 0 && s.Rows > 0 {
			n++
			empty.Examples = append(empty.Examples, a.Name)
		}
	}
	if n > 0 {
		empty.Count = &n
		empty.Examples = empty.Examples[:min(len(empty.Examples), 20)]
		out = append(out, empty)
	}
	return out, nil
}

// age looks how old the data are, by their own date or else by that of the
// version.
func age(d catalog.Dataset, now time.Time) check {
	at, code := d.Version.PublishedAt, "published"
	if d.Version.TimeEnd != nil {
		at, code = *d.Version.TimeEnd, "dated"
	}
	if now.Sub(at) > stale {
		years := int64(now.Sub(at) / (365 * 24 * time.Hour))
		return check{Code: "stale", State: warning, Text: fmt.Sprintf("the data are of %s", at.Format(time.DateOnly)), Count: &years, Examples: []string{at.Format(time.DateOnly)}}
	}
	return check{Code: code, State: fine, Text: fmt.Sprintf("the data are of %s", at.Format(time.DateOnly)), Examples: []string{at.Format(time.DateOnly)}}
}

// inputs looks whether what a map was computed from has newer versions.
func inputs(state *atlas.Snapshot, d catalog.Dataset) check {
	if d.Version.Derived == nil {
		return check{}
	}
	out := check{Code: "inputs", State: fine, Text: "computed from the newest versions of its inputs"}
	var n int64
	for _, in := range d.Version.Derived.Inputs {
		now, err := state.Dataset(in.Dataset)
		switch {
		case err != nil:
			out.Examples = append(out.Examples, in.Dataset+" is gone")
		case now.Version.Number > in.Version:
			out.Examples = append(out.Examples, fmt.Sprintf("%s: version %d, now %d", in.Dataset, in.Version, now.Version.Number))
		default:
			continue
		}
		n++
	}
	if n > 0 {
		out.Code, out.State, out.Text, out.Count = "inputs-newer", warning, "what it was computed from has changed: compute it again", &n
	}
	return out
}

// edits looks whether rows were changed since the version was published.
func edits(state *atlas.Snapshot, d catalog.Dataset) check {
	if d.Kind != catalog.Vector || state.Stamp(d.ID) == fmt.Sprint(d.Version.Number) {
		return check{}
	}
	return check{Code: "edited", State: info, Text: "rows were changed since the version was published"}
}

// described looks for what people would like to know.
func described(d catalog.Dataset) (out []check) {
	for _, f := range []struct{ code, value, text string }{
		{"license-missing", d.License, "there is no licence: nobody knows what may be done with the data"},
		{"description-missing", d.Description, "there is no description"},
		{"attribution-missing", d.Attribution, "it is not said whom to credit"},
	} {
		if f.value == "" {
			out = append(out, check{Code: f.code, State: info, Text: f.text})
		}
	}
	return out
}

// noticed sums up what ingest had to say.
func noticed(d catalog.Dataset) check {
	var n int64
	for _, one := range d.Version.Notices {
		if one.Severity == catalog.Warning {
			n++
		}
	}
	if n == 0 {
		return check{Code: "ingest", State: fine, Text: "nothing had to be repaired or left out"}
	}
	return check{Code: "ingest-notices", State: warning, Text: "things were repaired, guessed or left out when it was ingested", Count: &n}
}
