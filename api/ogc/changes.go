package ogc

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/ogc/encode"
	"contado/api/page"
	"contado/api/rest"
	"contado/geo"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/store/catalog"
	"contado/geo/store/journal"
)

// change is one row of the audit trail.
type change struct {
	Seq     int64           `json:"seq"`
	Feature int64           `json:"feature"`
	Op      journal.Op      `json:"op"`
	At      time.Time       `json:"at"`
	Who     *string         `json:"who"`
	Origin  string          `json:"origin"`
	Before  json.RawMessage `json:"before"`
	After   json.RawMessage `json:"after"`
}

// changes lists who changed what and when, oldest first.
func (h *Handler) changes(c echo.Context) error {
	state, d, err := h.dataset(c)
	if err != nil {
		return err
	}
	if err := rest.Only(c, "limit", "after", "crs", "f", "lang"); err != nil {
		return err
	}
	if d.Kind != catalog.Vector {
		return fault.Errorf("ogc", fault.NotExist, "dataset %s is no vector dataset: its items do not change one by one", d.ID)
	}
	format, err := rest.Choose(c, rest.JSONFormat, rest.HTMLFormat)
	if err != nil {
		return err
	}
	limit, err := rest.Limit(c.QueryParam("limit"))
	if err != nil {
		return err
	}
	after, err := rest.Whole(c, "after")
	if err != nil {
		return err
	}
	out, err := asked(c, d, "crs")
	if err != nil {
		return err
	}
	l, err := state.Layer(c.Request().Context(), d.ID)
	if err != nil {
		return err
	}
	list, err := h.Atlas.Changes(c.Request().Context(), d.ID, after, limit+1)
	if err != nil {
		return err
	}
	next := ""
	if len(list) > limit {
		list = list[:limit]
		next = strconv.FormatInt(list[limit-1].Seq, 10)
	}
	links := changeLinks(c, d, format, next)
	rest.AddHeader(c, links)
	if format.Name == rest.HTMLFormat.Name {
		return changesPage(c, l, list, links)
	}
	doc := struct {
		Dataset string      `json:"dataset"`
		Version int         `json:"version"`
		Head    int64       `json:"head"`
		Changes []change    `json:"changes"`
		Links   []rest.Link `json:"links"`
	}{d.ID, d.Version.Number, l.Head(), []change{}, links}
	w, err := newChangeWriter(l, out)
	if err != nil {
		return err
	}
	for _, ch := range list {
		one, err := w.change(ch)
		if err != nil {
			return err
		}
		doc.Changes = append(doc.Changes, one)
	}
	c.Response().Header().Set("Content-Crs", "<"+out.uri+">")
	return rest.JSON(c, rest.MediaJSON, doc)
}

func changeLinks(c echo.Context, d catalog.Dataset, format rest.Format, next string) []rest.Link {
	address := rest.URL(c, "collections", d.ID, "changes")
	links := rest.Representations(c, address, format.Name, rest.JSONFormat, rest.HTMLFormat)
	if next != "" {
		q := rest.Query(c)
		q.Set("after", next)
		links = append(links, rest.Link{Href: rest.With(address, q), Rel: "next", Type: format.Media, Title: "Next page"})
	}
	return append(links, rest.Link{Href: rest.URL(c, "collections", d.ID), Rel: "collection", Type: rest.MediaJSON, Title: d.Title})
}

// changeWriter writes rows as they were before and after.
type changeWriter struct {
	frame encode.Frame
	p     *projector
}

func newChangeWriter(l *layer.Layer, out reference) (*changeWriter, error) {
	s := l.Schema()
	w := &changeWriter{frame: encode.Frame{Fields: s.Fields, Swap: out.swap, Places: -1, CRS: out.uri}}
	if s.GeometryType == "" {
		return w, nil
	}
	var err error
	if w.p, err = newProjector(s.CRS, out); err == nil {
		w.frame.Places = w.p.places
	}
	return w, err
}

func (w *changeWriter) change(ch journal.Change) (out change, err error) {
	out = change{Seq: ch.Seq, Feature: ch.Feature, Op: ch.Op, At: ch.At.UTC(), Origin: ch.Origin}
	if ch.Who != "" {
		out.Who = &ch.Who
	}
	if out.Before, err = w.feature(ch.Feature, ch.Before); err != nil {
		return out, err
	}
	out.After, err = w.feature(ch.Feature, ch.After)
	return out, err
}

func (w *changeWriter) feature(id int64, f *geo.Feature) (json.RawMessage, error) {
	if f == nil {
		return json.RawMessage("null"), nil
	}
	row := encode.Row{ID: id, Values: f.Values}
	var flat encode.Geometry
	if w.p != nil && flat.Flatten(f.Geometry) {
		flat.Z = slices.Clone(f.Z)
		var err error
		if row.Geometry, err = w.p.project(&flat); err != nil {
			return nil, err
		}
	}
	return encode.NewGeoJSON(w.frame).Row(nil, 0, &row)
}

// changesPage shows the changes, with the values that changed.
func changesPage(c echo.Context, l *layer.Layer, list []journal.Change, links []rest.Link) error {
	lang, err := rest.Language(c)
	if err != nil {
		return err
	}
	type line struct{ Seq, At, Who, Op, Feature, Href, Before, After string }
	data := struct {
		Rows []line
		Next string
	}{}
	d := l.Dataset()
	for _, ch := range list {
		id := strconv.FormatInt(ch.Feature, 10)
		one := line{
			Seq: strconv.FormatInt(ch.Seq, 10), At: ch.At.UTC().Format(time.DateTime), Who: ch.Who, Op: string(ch.Op), Feature: id,
			Href: rest.URL(c, "collections", d.ID, "items", id) + "?f=html",
		}
		one.Before, one.After = differences(l.Schema(), ch.Before, ch.After), differences(l.Schema(), ch.After, ch.Before)
		data.Rows = append(data.Rows, one)
	}
	for _, k := range links {
		if k.Rel == "next" {
			data.Next = k.Href
		}
	}
	return page.Render(c, lang, page.Page{
		Name: "changes", Title: name(d) + ": " + page.Text(lang, "changes"), Links: links, Data: data,
		Crumbs: crumbs(c, lang, page.Crumb{Href: rest.URL(c, "collections", d.ID) + "?f=html", Text: name(d)}),
	})
}

// differences are the values of one row that are not those of the other.
func differences(s geo.Schema, one, other *geo.Feature) string {
	if one == nil {
		return ""
	}
	var out []byte
	for i, f := range s.Fields {
		if i >= len(one.Values) || other != nil && i < len(other.Values) && cell(one.Values[i]) == cell(other.Values[i]) {
			continue
		}
		if len(out) > 0 {
			out = append(out, "; "...)
		}
		out = append(append(out, f.Name...), ": "...)
		out = append(out, cell(one.Values[i])...)
	}
	return string(out)
}
