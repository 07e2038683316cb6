package ogc

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/store/catalog"
	"contado/geo/store/journal"
)

// Methods of items and of one item, for reading and for all.
var (
	readMethods = []string{http.MethodGet, http.MethodHead, http.MethodOptions}
	listMethods = append(slices.Clone(readMethods), http.MethodPost)
	itemMethods = append(slices.Clone(readMethods), http.MethodPut, http.MethodPatch, http.MethodDelete)
)

// Editable reports whether rows of a dataset can be changed through this API.
func (h *Handler) Editable(d catalog.Dataset) bool {
	if h.Edit == nil || d.Kind != catalog.Vector || d.Version.Vector == nil {
		return false
	}
	x := d.Version.Vector.External
	return x == nil || x.Writable
}

func (h *Handler) methods(d catalog.Dataset, all []string) string {
	if !h.Editable(d) {
		all = readMethods
	}
	return strings.Join(all, ", ")
}

// options tells what can be done with the items of a dataset, or with one.
func (h *Handler) options(all []string) echo.HandlerFunc {
	return func(c echo.Context) error {
		state, d, err := h.dataset(c)
		if err != nil {
			return err
		}
		if fid := c.Param("fid"); fid != "" && d.Kind == catalog.Vector {
			id, err := parseRow(fid)
			if err != nil {
				return err
			}
			l, err := state.Layer(c.Request().Context(), d.ID)
			if err != nil {
				return err
			}
			if _, ok := l.Find(id); !ok {
				return noFeature(d, id)
			}
		}
		header := c.Response().Header()
		header.Set("Allow", h.methods(d, all))
		if h.Editable(d) && slices.Contains(all, http.MethodPatch) {
			header.Set("Accept-Patch", rest.MediaMergePatch)
		}
		if h.Editable(d) && slices.Contains(all, http.MethodPost) {
			header.Set("Accept-Post", rest.MediaGeoJSON+", application/json")
		}
		return c.NoContent(http.StatusNoContent)
	}
}

func noFeature(d catalog.Dataset, id int64) error {
	return fault.Errorf("ogc", fault.NotExist, "dataset %s has no feature %d", d.ID, id)
}

// edit is an edit that may be made.
type edit struct {
	d     catalog.Dataset
	layer *layer.Layer
	who   string
	body  []byte
	in    reference
}

// begin checks that the request may edit, and reads it.
func (h *Handler) begin(c echo.Context, all []string, media ...string) (e edit, err error) {
	state, d, err := h.dataset(c)
	if err != nil {
		return e, err
	}
	if !h.Editable(d) {
		c.Response().Header().Set("Allow", h.methods(d, all))
		return e, rest.Refuse(http.StatusMethodNotAllowed, "dataset %s cannot be edited here", d.ID)
	}
	if err := rest.SameSite(c, "edit"); err != nil {
		return e, err
	}
	if e.who, err = h.Edit(c.Request()); err != nil {
		return e, err
	}
	if err := rest.Only(c); err != nil {
		return e, err
	}
	e.d, e.in = d, lonLat
	if e.layer, err = state.Layer(c.Request().Context(), d.ID); err != nil || len(media) == 0 {
		return e, err
	}
	if got, _, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type")); err != nil || !slices.Contains(media, got) {
		if slices.Contains(media, rest.MediaMergePatch) {
			c.Response().Header().Set("Accept-Patch", rest.MediaMergePatch)
		}
		return e, rest.Refuse(http.StatusUnsupportedMediaType, "the body is %.80q: want %s", c.Request().Header.Get("Content-Type"), strings.Join(media, " or "))
	}
	if text := c.Request().Header.Get("Content-Crs"); text != "" {
		if e.in, err = named(d, "Content-Crs", strings.Trim(text, "<> ")); err != nil {
			return e, err
		}
	}
	e.body, err = io.ReadAll(c.Request().Body)
	return e, err
}

var featureMedia = []string{rest.MediaGeoJSON, rest.MediaJSON}

// create adds features (POST on items).
func (h *Handler) create(c echo.Context) error {
	e, err := h.begin(c, listMethods, featureMedia...)
	if err != nil {
		return err
	}
	list, many, err := readFeatures(e.body, atlas.MaxEdits)
	if err != nil {
		return err
	}
	r, err := newReceiver(e.layer.Schema(), e.in)
	if err != nil {
		return err
	}
	edits := make([]atlas.Edit, len(list))
	for i, f := range list {
		edits[i].Op = journal.Create
		if edits[i].Row, err = r.row(f); err != nil {
			return inList(many, i, err)
		}
	}
	changes, err := h.Atlas.Apply(c.Request().Context(), e.d.ID, edits, e.who)
	if err != nil {
		return err
	}
	return created(c, e.d, changes, many)
}

// inList says which feature of a collection an error is about.
func inList(many bool, i int, err error) error {
	if !many {
		return err
	}
	return fault.E("ogc", fault.KindOf(err), &listError{i, err})
}

type listError struct {
	at  int
	err error
}

func (e *listError) Error() string { return "features/" + strconv.Itoa(e.at) + ": " + e.err.Error() }
func (e *listError) Unwrap() error { return e.err }

func created(c echo.Context, d catalog.Dataset, changes []journal.Change, many bool) error {
	items := rest.URL(c, "collections", d.ID, "items")
	doc := struct {
		IDs   []int64     `json:"ids"`
		Links []rest.Link `json:"links"`
	}{Links: []rest.Link{{Href: items, Rel: "collection", Type: rest.MediaGeoJSON, Title: "All features"}}}
	for _, ch := range changes {
		doc.IDs = append(doc.IDs, ch.Feature)
	}
	location := items
	if !many {
		location += "/" + strconv.FormatInt(doc.IDs[0], 10)
		doc.Links = append(doc.Links, rest.Link{Href: location, Rel: "item", Type: rest.MediaGeoJSON, Title: "The feature"})
	}
	c.Response().Header().Set("Location", location)
	return rest.Fresh(c, http.StatusCreated, doc)
}

// change makes one edit of the feature of the address.
func (h *Handler) change(c echo.Context, e edit, ed atlas.Edit) error {
	id, err := parseRow(c.Param("fid"))
	if err != nil {
		return err
	}
	if _, ok := e.layer.Find(id); !ok {
		return noFeature(e.d, id)
	}
	match := c.Request().Header.Get("If-Match")
	if match == "" && h.RequireMatch {
		return rest.Refuse(http.StatusPreconditionRequired, "say with If-Match which state of the feature you have seen: the ETag that it came with, or *")
	}
	if match != "" {
		seq, ok := expected(match, e.layer, id)
		if !ok {
			return changed(e.d, id)
		}
		ed.Expect = seq
	}
	ed.ID = id
	_, err = h.Atlas.Apply(c.Request().Context(), e.d.ID, []atlas.Edit{ed}, e.who)
	if fault.Is(err, fault.Conflict) && ed.Expect != nil {
		return changed(e.d, id)
	}
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func changed(d catalog.Dataset, id int64) error {
	return rest.Refuse(http.StatusPreconditionFailed, "feature %d of %s is no longer as If-Match says: read it again", id, d.ID)
}

// replace is PUT on an item.
func (h *Handler) replace(c echo.Context) error {
	e, err := h.begin(c, itemMethods, featureMedia...)
	if err != nil {
		return err
	}
	f, err := readFeature(e.body)
	if err != nil {
		return err
	}
	r, err := newReceiver(e.layer.Schema(), e.in)
	if err != nil {
		return err
	}
	row, err := r.row(f)
	if err != nil {
		return err
	}
	return h.change(c, e, atlas.Edit{Op: journal.Replace, Row: row})
}

// update is PATCH on an item: a JSON merge patch (RFC 7396).
func (h *Handler) update(c echo.Context) error {
	e, err := h.begin(c, itemMethods, rest.MediaMergePatch)
	if err != nil {
		return err
	}
	f, err := readPatch(e.body, e.layer.Schema())
	if err != nil {
		return err
	}
	r, err := newReceiver(e.layer.Schema(), e.in)
	if err != nil {
		return err
	}
	return h.change(c, e, atlas.Edit{Op: journal.Replace, Patch: func(now geo.Feature) (geo.Feature, error) { return r.merge(now, f) }})
}

// readPatch reads a merge patch; properties set to null take all values away.
func readPatch(body []byte, s geo.Schema) (f featureIn, err error) {
	var members map[string]json.RawMessage
	if err := decodeOne(body, &members); err != nil {
		return f, err
	}
	if members == nil {
		return f, invalid("the body is null: want an object with what changes")
	}
	for name, raw := range members {
		switch name {
		case "geometry":
			f.Geometry = raw
		case "properties":
			if err := decodeOne(raw, &f.Properties); err != nil {
				return f, err
			}
			if f.Properties == nil {
				f.Properties = map[string]json.RawMessage{}
				for _, field := range s.Fields {
					f.Properties[field.Name] = json.RawMessage("null")
				}
			}
		case "type":
			if string(raw) != `"Feature"` {
				return f, invalid("type: want Feature")
			}
		case "id", "links", "bbox":
			return f, invalid("%s cannot be changed", name)
		default:
			return f, invalid("a feature has no member %.60q: want geometry and properties", name)
		}
	}
	return f, nil
}

// remove is DELETE on an item.
func (h *Handler) remove(c echo.Context) error {
	e, err := h.begin(c, itemMethods)
	if err != nil {
		return err
	}
	return h.change(c, e, atlas.Edit{Op: journal.Delete})
}
