package stac

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/fault"
)

// query is what a search asks for.
type query struct {
	limit       int
	token       string
	collections []string
	ids         []string
	box         *geo.BBox
	when        *rest.Interval
	intersects  cql2.Expr // the geometry
	filter      cql2.Expr
	sort        []sortKey
	fields      fields
}

// sortKey is a property to sort by.
type sortKey struct {
	Field string
	Down  bool
}

// searchNames are the parameters of a search by GET, and of the items of a
// collection.
var searchNames = []string{
	"bbox", "datetime", "limit", "token", "ids", "intersects", "fields", "sortby", "filter", "filter-lang", "filter-crs", "collections",
}

const crs84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

// body is a search by POST.
type body struct {
	BBox        []json.Number   `json:"bbox"`
	Datetime    *string         `json:"datetime"`
	Limit       *json.Number    `json:"limit"`
	Token       string          `json:"token"`
	IDs         []string        `json:"ids"`
	Collections []string        `json:"collections"`
	Intersects  json.RawMessage `json:"intersects"`
	Fields      *fields         `json:"fields"`
	SortBy      []struct {
		Field     string `json:"field"`
		Direction string `json:"direction"`
	} `json:"sortby"`
	Filter     json.RawMessage `json:"filter"`
	FilterLang string          `json:"filter-lang"`
	FilterCRS  string          `json:"filter-crs"`
}

func bad(format string, args ...any) error {
	return fault.Errorf("stac", fault.Invalid, format, args...)
}

// maxIDs bounds lists of ids and collections.
const maxIDs = 1000

func parseAddress(c echo.Context, names ...string) (q query, err error) {
	if err := rest.Only(c, append(slices.Clone(names), "f")...); err != nil {
		return q, err
	}
	if _, err := rest.Choose(c, rest.GeoJSONFormat); err != nil {
		return q, err
	}
	if q.limit, err = rest.Limit(c.QueryParam("limit")); err != nil {
		return q, err
	}
	if q.box, err = rest.BBox(c.QueryParam("bbox")); err != nil {
		return q, err
	}
	if q.when, err = rest.Datetime(c.QueryParam("datetime")); err != nil {
		return q, err
	}
	q.token = c.QueryParam("token")
	q.ids, q.collections = list(c.QueryParam("ids")), list(c.QueryParam("collections"))
	if text := c.QueryParam("intersects"); text != "" {
		if q.intersects, err = parseIntersects([]byte(text)); err != nil {
			return q, err
		}
	}
	if q.fields, err = parseFields(c.QueryParam("fields")); err != nil {
		return q, err
	}
	for _, s := range list(c.QueryParam("sortby")) {
		k := sortKey{Field: strings.TrimLeft(s, "+- "), Down: strings.HasPrefix(s, "-")}
		q.sort = append(q.sort, k)
	}
	lang := c.QueryParam("filter-lang")
	if lang == "" {
		lang = "cql2-text"
	}
	if err := filterCRS(c.QueryParam("filter-crs")); err != nil {
		return q, err
	}
	if text := c.QueryParam("filter"); text != "" {
		if q.filter, err = parseFilter(lang, text); err != nil {
			return q, err
		}
	}
	return q, q.check()
}

// list splits a list with commas; nil when it is empty.
func list(text string) []string {
	var out []string
	for _, s := range strings.Split(text, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func parseFilter(lang, text string) (cql2.Expr, error) {
	switch lang {
	case "cql2-text":
		return cql2.ParseText(text)
	case "cql2-json":
		return cql2.ParseJSON([]byte(text))
	}
	return nil, bad("filter-lang=%.40s: want cql2-text or cql2-json", lang)
}

func filterCRS(s string) error {
	if s != "" && s != crs84 {
		return bad("filter-crs=%.100s: coordinates are read in %s", s, crs84)
	}
	return nil
}

// parseIntersects reads a GeoJSON geometry, by the rules of filters.
func parseIntersects(raw []byte) (cql2.Expr, error) {
	if len(raw) > 1<<20 {
		return nil, bad("intersects has %d bytes; the limit is %d", len(raw), 1<<20)
	}
	var g map[string]json.RawMessage
	if err := json.Unmarshal(raw, &g); err != nil || g["type"] == nil {
		return nil, bad("intersects is no GeoJSON geometry")
	}
	doc := bytes.Join([][]byte{[]byte(`{"op":"s_intersects","args":[{"property":"geometry"},`), raw, []byte(`]}`)}, nil)
	e, err := cql2.ParseJSON(doc)
	if err != nil {
		return nil, bad("intersects is no GeoJSON geometry: %w", err)
	}
	s, ok := e.(*cql2.Spatial)
	if !ok {
		return nil, bad("intersects is no GeoJSON geometry")
	}
	if _, ok := s.Right.(cql2.Geometry); !ok {
		return nil, bad("intersects is no GeoJSON geometry")
	}
	return s.Right, nil
}

func parseBody(c echo.Context) (q query, err error) {
	if err := rest.Only(c, "f"); err != nil {
		return q, err
	}
	if t := c.Request().Header.Get(echo.HeaderContentType); t != "" && !strings.Contains(t, "json") {
		return q, echo.NewHTTPError(415, "the body of a search is application/json")
	}
	raw, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return q, err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	var b body
	if err := dec.Decode(&b); err != nil && !errors.Is(err, io.EOF) {
		return q, bad("the body of the search: %w", err)
	}
	if dec.More() {
		return q, bad("the body of the search is more than one JSON value")
	}
	return b.query()
}

func (b *body) query() (q query, err error) {
	limit := ""
	if b.Limit != nil {
		limit = b.Limit.String()
	}
	if q.limit, err = rest.Limit(limit); err != nil {
		return q, err
	}
	if b.BBox != nil {
		parts := make([]string, len(b.BBox))
		for i, n := range b.BBox {
			parts[i] = n.String()
		}
		if q.box, err = rest.BBox(strings.Join(parts, ",")); err != nil {
			return q, err
		}
		if q.box == nil {
			return q, bad("bbox has 4 or 6 numbers")
		}
	}
	if b.Datetime != nil {
		if q.when, err = rest.Datetime(*b.Datetime); err != nil {
			return q, err
		}
	}
	q.token, q.ids, q.collections = b.Token, b.IDs, b.Collections
	if given(b.Intersects) {
		if q.intersects, err = parseIntersects(b.Intersects); err != nil {
			return q, err
		}
	}
	if b.Fields != nil {
		q.fields = *b.Fields
		q.fields.given = true
	}
	for _, s := range b.SortBy {
		switch s.Direction {
		case "", "asc", "desc":
		default:
			return q, bad("sortby: the direction is asc or desc, not %.40q", s.Direction)
		}
		q.sort = append(q.sort, sortKey{Field: s.Field, Down: s.Direction == "desc"})
	}
	if err := filterCRS(b.FilterCRS); err != nil {
		return q, err
	}
	if given(b.Filter) {
		if q.filter, err = parseBodyFilter(b.FilterLang, b.Filter); err != nil {
			return q, err
		}
	}
	return q, q.check()
}

func given(raw json.RawMessage) bool { return len(raw) > 0 && !bytes.Equal(raw, []byte("null")) }

// parseBodyFilter reads a filter that is JSON, or text as a JSON string.
func parseBodyFilter(lang string, raw json.RawMessage) (cql2.Expr, error) {
	var text string
	isText := json.Unmarshal(raw, &text) == nil
	switch {
	case lang == "cql2-text" || lang == "" && isText:
		if !isText {
			return nil, bad("a filter in cql2-text is a string")
		}
		return cql2.ParseText(text)
	case lang == "cql2-json" || lang == "":
		return cql2.ParseJSON(raw)
	}
	return nil, bad("filter-lang %.40q: want cql2-text or cql2-json", lang)
}

// check refuses what contradicts itself.
func (q *query) check() error {
	switch {
	case q.box != nil && q.intersects != nil:
		return bad("bbox and intersects exclude each other")
	case len(q.ids) > maxIDs || len(q.collections) > maxIDs:
		return bad("more than %d ids or collections", maxIDs)
	case len(q.sort) > 10:
		return bad("sortby has more than 10 properties")
	case len(q.token) > 4000:
		return bad("token is not one of ours")
	}
	for i := range q.sort {
		name := property(q.sort[i].Field)
		if t, ok := types[name]; !ok || t == cql2.GeometryType || t == cql2.ArrayType {
			return fault.WithHint(bad("sortby: there is no property %.60q to sort by", q.sort[i].Field), "properties here: "+strings.Join(sortables(), ", "))
		}
		q.sort[i].Field = name
	}
	return q.fields.check()
}

// interval is the time asked for as a filter on the span of an item.
func (q *query) interval() cql2.Expr {
	end := func(t time.Time) cql2.Expr {
		if t.IsZero() {
			return nil
		}
		return cql2.Instant{Time: t}
	}
	return &cql2.Temporal{
		Op: "t_intersects", Left: &cql2.Interval{Start: &cql2.Property{Name: spanStart}, End: &cql2.Property{Name: spanEnd}},
		Right: &cql2.Interval{Start: end(q.when.From), End: end(q.when.To)},
	}
}

// condition is all that an item has to pass, as one filter; nil: nothing.
func (q *query) condition() cql2.Expr {
	var all []cql2.Expr
	if len(q.ids) > 0 {
		in := &cql2.In{Value: &cql2.Property{Name: "id"}}
		for _, id := range q.ids {
			in.List = append(in.List, cql2.String(id))
		}
		all = append(all, in)
	}
	if q.when != nil {
		all = append(all, q.interval())
	}
	shape := q.intersects
	if q.box != nil {
		shape = cql2.BBox{q.box.MinX, q.box.MinY, q.box.MaxX, q.box.MaxY}
	}
	if shape != nil {
		all = append(all, &cql2.Spatial{Op: "s_intersects", Left: &cql2.Property{Name: "geometry"}, Right: shape})
	}
	if q.filter != nil {
		all = append(all, q.filter)
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return &cql2.Logic{Args: all}
}

// around is the box that items must touch; nil: anywhere.
func (q *query) around() *geo.BBox {
	if q.box != nil {
		return q.box
	}
	if g, ok := q.intersects.(cql2.Geometry); ok {
		lo, hi, ok := g.Envelope().MinMaxXYs()
		if !ok {
			return nil
		}
		return &geo.BBox{MinX: lo.X, MinY: lo.Y, MaxX: hi.X, MaxY: hi.Y}
	}
	return nil
}
