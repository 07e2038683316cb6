package ogc

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/atlas"
	"contado/geo/store/catalog"
)

// result is a page of items.
type result struct {
	features [][]byte // GeoJSON
	rows     []row    // the same for people
	matched  *int64
	next     string // token of the next page, "" on the last
}

// row is an item as a table shows it.
type row struct {
	ID     string
	Values []any
}

func (h *Handler) items(c echo.Context) error {
	state, d, err := h.dataset(c)
	if err != nil {
		return err
	}
	q, err := parseQuery(c, d)
	if err != nil {
		return err
	}
	format, err := rest.Choose(c, rest.GeoJSONFormat, rest.HTMLFormat)
	if err != nil {
		return err
	}
	html := format.Name == rest.HTMLFormat.Name
	tag := h.tag(c, d, format)
	if !html && rest.HasTag(c, tag, rest.Revalidate) {
		c.Response().Header().Set("Content-Crs", "<"+q.out.uri+">")
		return c.NoContent(http.StatusNotModified)
	}
	var res *result
	if d.Kind == catalog.Vector {
		res, err = h.vectorItems(c, state, d, q)
	} else {
		res, err = h.rasterItems(c, state, d, q)
	}
	if err != nil {
		return err
	}
	links := pageLinks(c, d, format, res.next)
	rest.AddHeader(c, links)
	if html {
		return itemsPage(c, d, res, links)
	}
	body, err := collectionOf(res, links)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Crs", "<"+q.out.uri+">")
	return rest.Tagged(c, rest.MediaGeoJSON, tag, rest.Revalidate, body)
}

func pageLinks(c echo.Context, d catalog.Dataset, format rest.Format, next string) []rest.Link {
	address := rest.URL(c, "collections", d.ID, "items")
	links := rest.Representations(c, address, format.Name, rest.GeoJSONFormat, rest.HTMLFormat)
	if next != "" {
		q := rest.Query(c)
		q.Set("after", next)
		links = append(links, rest.Link{Href: rest.With(address, q), Rel: "next", Type: format.Media, Title: "Next page"})
	}
	return append(links, rest.Link{Href: rest.URL(c, "collections", d.ID), Rel: "collection", Type: rest.MediaJSON, Title: d.Title})
}

// collectionOf writes a FeatureCollection. It has no timeStamp: the same
// state gives the same bytes, as its strong validator promises.
func collectionOf(res *result, links []rest.Link) ([]byte, error) {
	size := 1024
	for _, f := range res.features {
		size += len(f) + 1
	}
	b := make([]byte, 0, size)
	b = append(b, `{"type":"FeatureCollection","numberReturned":`...)
	b = strconv.AppendInt(b, int64(len(res.features)), 10)
	if res.matched != nil {
		b = append(b, `,"numberMatched":`...)
		b = strconv.AppendInt(b, *res.matched, 10)
	}
	list, err := json.Marshal(links)
	if err != nil {
		return nil, err
	}
	b = append(append(b, `,"links":`...), list...)
	b = append(b, `,"features":[`...)
	for i, f := range res.features {
		b = append(comma(b, i), f...)
	}
	return append(b, "]}"...), nil
}

func (h *Handler) vectorItems(c echo.Context, state *atlas.Snapshot, d catalog.Dataset, q query) (*result, error) {
	ctx := c.Request().Context()
	layer, err := state.Layer(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	r, err := newRows(layer, q)
	if err != nil {
		return nil, err
	}
	res, size := &result{}, 0
	var last int64
	var failed error
	err = r.scan(ctx, func(s selected) bool {
		if len(res.features) == q.limit || size > maxPageBytes {
			res.next = strconv.FormatInt(last, 10)
			return false
		}
		var b []byte
		if b, failed = r.feature(nil, s); failed != nil {
			return false
		}
		last, size = s.id, size+len(b)
		res.features = append(res.features, b)
		res.rows = append(res.rows, row{ID: strconv.FormatInt(s.id, 10), Values: s.values})
		return true
	})
	if err := first(failed, err); err != nil {
		return nil, err
	}
	n, ok, err := r.matched(ctx)
	if err != nil {
		return nil, err
	}
	if !ok && q.after == "" && res.next == "" { // all on one page
		n, ok = int64(len(res.features)), true
	}
	if ok {
		res.matched = &n
	}
	return res, nil
}

func (h *Handler) item(c echo.Context) error {
	state, d, err := h.dataset(c)
	if err != nil {
		return err
	}
	if err := rest.Only(c, "crs", "f", "lang"); err != nil {
		return err
	}
	format, err := rest.Choose(c, rest.GeoJSONFormat, rest.HTMLFormat)
	if err != nil {
		return err
	}
	id, err := rest.Path(c, "fid")
	if err != nil {
		return err
	}
	out, err := asked(c, d, "crs")
	if err != nil {
		return err
	}
	var one *result
	if d.Kind == catalog.Vector {
		one, err = h.vectorItem(c, state, d, id, out)
	} else {
		one, err = h.rasterItem(c, state, d, id, out)
	}
	if err != nil {
		return err
	}
	links := rest.Representations(c, rest.URL(c, "collections", d.ID, "items", one.rows[0].ID), format.Name, rest.GeoJSONFormat, rest.HTMLFormat)
	links = append(links, rest.Link{Href: rest.URL(c, "collections", d.ID), Rel: "collection", Type: rest.MediaJSON, Title: d.Title})
	rest.AddHeader(c, links)
	if format.Name == rest.HTMLFormat.Name {
		return itemPage(c, d, one, links)
	}
	list, err := json.Marshal(links)
	if err != nil {
		return err
	}
	f := one.features[0]
	body := append(append(append(f[:len(f)-1:len(f)-1], `,"links":`...), list...), '}')
	c.Response().Header().Set("Content-Crs", "<"+out.uri+">")
	return rest.Bytes(c, rest.MediaGeoJSON, body)
}

func (h *Handler) vectorItem(c echo.Context, state *atlas.Snapshot, d catalog.Dataset, id string, out reference) (*result, error) {
	fid, err := parseRow(id)
	if err != nil {
		return nil, err
	}
	ctx := c.Request().Context()
	layer, err := state.Layer(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	f, err := layer.Feature(ctx, fid)
	if err != nil {
		return nil, err
	}
	r, err := newRows(layer, query{out: out, boxCRS: lonLat})
	if err != nil {
		return nil, err
	}
	s, _, err := r.match(f)
	if err != nil {
		return nil, err
	}
	b, err := r.feature(nil, s)
	if err != nil {
		return nil, err
	}
	return &result{features: [][]byte{b}, rows: []row{{ID: strconv.FormatInt(fid, 10), Values: f.Values}}}, nil
}

// columns names the attributes of items, for tables.
func columns(d catalog.Dataset) []string {
	if d.Kind != catalog.Vector || d.Version.Vector == nil {
		return []string{"datetime", "cloud_cover", "bands"}
	}
	var out []string
	for _, f := range d.Version.Vector.Schema.Fields {
		out = append(out, f.Name)
	}
	return out
}
