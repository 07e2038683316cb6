package ogc

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"

	"github.com/labstack/echo/v4"

	"contado/api/ogc/encode"
	"contado/api/rest"
	"contado/geo/atlas"
	"contado/geo/layer"
	"contado/geo/store/catalog"
)

// result is a page of items.
type result struct {
	features [][]byte // of raster datasets, as GeoJSON
	rows     []row    // what tables show
	returned int64
	matched  *int64
	next     string // token of the next page, "" on the last
}

// row is an item as a table shows it.
type row struct {
	ID     string
	Values []any
}

// buffers are those that pages are written to; one that has grown large is
// left to the collector.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

const keptBuffer = 4 << 20

func keep(buffer *[]byte, b []byte) {
	if cap(b) <= keptBuffer {
		*buffer = b[:0]
		buffers.Put(buffer)
	}
}

func (h *Handler) items(c echo.Context) error {
	state, d, err := h.dataset(c)
	if err != nil {
		return err
	}
	if d.Kind != catalog.Vector {
		return h.rasterPage(c, state, d)
	}
	l, err := h.layerOf(c, state, d)
	if err != nil {
		return err
	}
	d = l.Dataset() // of another version it may have other attributes
	q, format, err := parseItems(c, d)
	if err != nil {
		return err
	}
	tag := h.tag(c, d, l.Stamp(), format)
	html := format.Name == rest.HTMLFormat.Name
	if !html {
		c.Response().Header().Set("Content-Crs", "<"+q.out.uri+">")
		if rest.HasTag(c, tag, rest.Revalidate) {
			return c.NoContent(http.StatusNotModified)
		}
	}
	p, err := newPage(l, q, format)
	if err != nil {
		return err
	}
	buffer := buffers.Get().(*[]byte) //nolint:forcetypeassert // nothing else is put there
	body, err := p.fill(c.Request().Context(), (*buffer)[:0])
	if err != nil {
		return err
	}
	links := pageLinks(c, d, format, p.res.next)
	rest.AddHeader(c, links)
	if html {
		return itemsPage(c, p.names(), d, p.res, links)
	}
	setCounts(c, p.res)
	if body, err = p.encoder.End(body, encode.Tail{Returned: p.res.returned, Matched: p.res.matched, Links: links}); err != nil {
		return err
	}
	defer keep(buffer, body)
	return rest.Tagged(c, mediaOf(format), tag, rest.Revalidate, body)
}

// parseItems reads a request for items and the form that it wants them in.
func parseItems(c echo.Context, d catalog.Dataset) (q query, format rest.Format, err error) {
	if q, err = parseQuery(c, d); err != nil {
		return q, format, err
	}
	if format, err = rest.Choose(c, itemFormats(d)...); err != nil {
		return q, format, err
	}
	_, err = rest.Language(c)
	return q, format, err
}

// setCounts tells the numbers in headers too, for formats without a place for
// them.
func setCounts(c echo.Context, res *result) {
	h := c.Response().Header()
	h.Set("OGC-NumberReturned", strconv.FormatInt(res.returned, 10))
	if res.matched != nil {
		h.Set("OGC-NumberMatched", strconv.FormatInt(*res.matched, 10))
	}
}

// vectorPage is a page of a vector dataset while it is being written.
type vectorPage struct {
	rows    *rows
	encoder encode.Encoder // nil for HTML
	res     *result
}

func newPage(l *layer.Layer, q query, format rest.Format) (*vectorPage, error) {
	if format.Name == rest.HTMLFormat.Name {
		q.skipGeometry = true
	}
	r, err := newRows(l, q, format.Name == rest.JSONFGFormat.Name)
	if err != nil {
		return nil, err
	}
	return &vectorPage{rows: r, encoder: encoder(format, r.frame()), res: &result{}}, nil
}

func (p *vectorPage) names() []string {
	out := make([]string, len(p.rows.fields))
	for i, at := range p.rows.fields {
		out[i] = p.rows.schema.Fields[at].Name
	}
	return out
}

// fill writes the rows of the page, and finds out whether there are more.
func (p *vectorPage) fill(ctx context.Context, b []byte) ([]byte, error) {
	if p.encoder != nil {
		b = p.encoder.Begin(b)
	}
	q, res := &p.rows.q, p.res
	var last int64
	var values []any
	more := false
	err := p.rows.scan(ctx, func(w *encode.Row, r layer.Row) (bool, error) {
		if res.returned == int64(q.limit) || len(b) > maxPageBytes {
			more = true
			return false, nil
		}
		var err error
		if p.encoder == nil {
			res.rows = append(res.rows, row{ID: strconv.FormatInt(w.ID, 10), Values: w.All()})
		} else if b, err = p.encoder.Row(b, int(res.returned), w); err != nil {
			return false, err
		}
		res.returned++
		if last = w.ID; len(q.sort) > 0 {
			values = p.rows.sortValues(r)
		}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	if more {
		if res.next, err = q.tokenAfter(last, values); err != nil {
			return nil, err
		}
	}
	n, ok, err := p.rows.matched(ctx)
	if err != nil {
		return nil, err
	}
	if !ok && q.after == "" && q.offset == 0 && !more { // all on one page
		n, ok = res.returned, true
	}
	if ok {
		res.matched = &n
	}
	return b, nil
}

func pageLinks(c echo.Context, d catalog.Dataset, format rest.Format, next string) []rest.Link {
	address := rest.URL(c, "collections", d.ID, "items")
	links := rest.Representations(c, address, format.Name, itemFormats(d)...)
	q := rest.Query(c)
	if q.Get("after") != "" {
		first := rest.Query(c)
		first.Del("after")
		links = append(links, rest.Link{Href: rest.With(address, first), Rel: "first", Type: format.Media, Title: "First page"})
	}
	if next != "" {
		q.Set("after", next)
		q.Del("offset")
		links = append(links, rest.Link{Href: rest.With(address, q), Rel: "next", Type: format.Media, Title: "Next page"})
	}
	return append(links, rest.Link{Href: rest.URL(c, "collections", d.ID), Rel: "collection", Type: rest.MediaJSON, Title: d.Title})
}

func (h *Handler) rasterPage(c echo.Context, state *atlas.Snapshot, d catalog.Dataset) error {
	q, format, err := parseItems(c, d)
	if err != nil {
		return err
	}
	html := format.Name == rest.HTMLFormat.Name
	tag := h.tag(c, d, "", format)
	if !html {
		c.Response().Header().Set("Content-Crs", "<"+q.out.uri+">")
		if rest.HasTag(c, tag, rest.Revalidate) {
			return c.NoContent(http.StatusNotModified)
		}
	}
	res, err := h.rasterItems(c, state, d, q)
	if err != nil {
		return err
	}
	links := pageLinks(c, d, format, res.next)
	rest.AddHeader(c, links)
	if html {
		return itemsPage(c, rasterColumns, d, res, links)
	}
	b := encode.NewGeoJSON(encode.Frame{}).Begin(nil)
	for i, f := range res.features {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, f...)
	}
	b, err = encode.NewGeoJSON(encode.Frame{}).End(b, encode.Tail{Returned: int64(len(res.features)), Matched: res.matched, Links: links})
	if err != nil {
		return err
	}
	return rest.Tagged(c, rest.MediaGeoJSON, tag, rest.Revalidate, b)
}

// rasterColumns names what tables show of raster items.
var rasterColumns = []string{"datetime", "cloud_cover", "bands"}

func (h *Handler) item(c echo.Context) error {
	state, d, err := h.dataset(c)
	if err != nil {
		return err
	}
	id, err := rest.Path(c, "fid")
	if err != nil {
		return err
	}
	if d.Kind != catalog.Vector {
		return h.rasterOne(c, state, d, id)
	}
	if err := rest.Only(c, "crs", "f", "lang", "properties", "skipGeometry", "zoom-level", "as-of", "version"); err != nil {
		return err
	}
	l, err := h.layerOf(c, state, d)
	if err != nil {
		return err
	}
	d = l.Dataset()
	format, err := rest.Choose(c, itemFormats(d)...)
	if err != nil {
		return err
	}
	if _, err := rest.Language(c); err != nil {
		return err
	}
	q := query{boxCRS: lonLat}
	if q.out, err = asked(c, d, "crs"); err != nil {
		return err
	}
	if err := q.parseShape(c, d); err != nil {
		return err
	}
	fid, err := parseRow(id)
	if err != nil {
		return err
	}
	row, ok := l.Find(fid)
	if !ok {
		return noFeature(d, fid)
	}
	return h.sendFeature(c, l, row, q, format)
}

// sendFeature answers with one row.
func (h *Handler) sendFeature(c echo.Context, l *layer.Layer, found layer.Row, q query, format rest.Format) error {
	d := l.Dataset()
	r, err := newRows(l, q, format.Name == rest.JSONFGFormat.Name)
	if err != nil {
		return err
	}
	if _, err := r.load(found); err != nil {
		return err
	}
	links := rest.Representations(c, rest.URL(c, "collections", d.ID, "items", strconv.FormatInt(found.ID(), 10)), format.Name, itemFormats(d)...)
	links = append(links, rest.Link{Href: rest.URL(c, "collections", d.ID), Rel: "collection", Type: rest.MediaJSON, Title: d.Title})
	rest.AddHeader(c, links)
	e := encoder(format, r.frame())
	if e == nil {
		names := make([]string, len(r.fields))
		for i, at := range r.fields {
			names[i] = r.schema.Fields[at].Name
		}
		kind := ""
		if r.row.Geometry != nil {
			kind = r.row.Geometry.Kind.String()
		}
		return itemPage(c, d, names, row{ID: strconv.FormatInt(found.ID(), 10), Values: r.row.All()}, kind, links)
	}
	body, err := e.One(nil, &r.row, links)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Crs", "<"+q.out.uri+">")
	return rest.Tagged(c, mediaOf(format), h.featureTag(c, l, found.ID(), format), rest.Revalidate, body)
}

func (h *Handler) rasterOne(c echo.Context, state *atlas.Snapshot, d catalog.Dataset, id string) error {
	if err := rest.Only(c, "crs", "f", "lang"); err != nil {
		return err
	}
	format, err := rest.Choose(c, itemFormats(d)...)
	if err != nil {
		return err
	}
	if _, err := rest.Language(c); err != nil {
		return err
	}
	out, err := asked(c, d, "crs")
	if err != nil {
		return err
	}
	one, err := h.rasterItem(c, state, d, id, out)
	if err != nil {
		return err
	}
	links := rest.Representations(c, rest.URL(c, "collections", d.ID, "items", one.rows[0].ID), format.Name, itemFormats(d)...)
	links = append(links, rest.Link{Href: rest.URL(c, "collections", d.ID), Rel: "collection", Type: rest.MediaJSON, Title: d.Title})
	rest.AddHeader(c, links)
	if format.Name == rest.HTMLFormat.Name {
		return itemPage(c, d, rasterColumns, one.rows[0], "Polygon", links)
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
