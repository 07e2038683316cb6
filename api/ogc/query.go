package ogc

import (
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/fault"
	"contado/geo/index"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// reserved are the parameters of items; an attribute of such a name cannot be
// filtered by.
var reserved = []string{"bbox", "bbox-crs", "crs", "limit", "datetime", "after", "f", "lang"}

// query is a request for items.
type query struct {
	limit    int
	after    string
	boxes    []geo.BBox // in boxCRS; one, or two halves across the antimeridian
	boxCRS   reference
	out      reference
	when     *rest.Interval
	equal    []features.Equal
	filtered bool // by anything that Count cannot tell cheaply
}

// Filterable are the attributes that rows can be selected by.
func Filterable(d catalog.Dataset) []geo.Field {
	var out []geo.Field
	if d.Version.Vector == nil {
		return nil
	}
	for _, f := range d.Version.Vector.Schema.Fields {
		if f.Type != geo.Binary && f.Type != geo.JSON && !slices.Contains(reserved, f.Name) {
			out = append(out, f)
		}
	}
	return out
}

// parseQuery reads the parameters of items, all of them strictly.
func parseQuery(c echo.Context, d catalog.Dataset) (q query, err error) {
	allowed := slices.Clone(reserved)
	fields := Filterable(d)
	for _, f := range fields {
		allowed = append(allowed, f.Name)
	}
	if err := rest.Only(c, allowed...); err != nil {
		return q, err
	}
	if q.limit, err = rest.Limit(c.QueryParam("limit")); err != nil {
		return q, err
	}
	if q.out, err = asked(c, d, "crs"); err != nil {
		return q, err
	}
	if q.boxCRS, err = asked(c, d, "bbox-crs"); err != nil {
		return q, err
	}
	if q.boxes, err = boxesOf(c.QueryParam("bbox"), q.boxCRS); err != nil {
		return q, err
	}
	if q.when, err = rest.Datetime(c.QueryParam("datetime")); err != nil {
		return q, err
	}
	for _, f := range fields {
		if v, ok := c.QueryParams()[f.Name]; ok {
			q.equal = append(q.equal, features.Equal{Field: f.Name, Value: v[0]})
		}
	}
	q.after = c.QueryParam("after")
	q.filtered = q.boxes != nil || q.when != nil
	return q, nil
}

// boxesOf reads a box in a reference system: in degrees it may cross the
// antimeridian and then is two.
func boxesOf(text string, r reference) ([]geo.BBox, error) {
	if !r.lonLatBased() {
		b, err := rest.PlainBBox(text, r.swap)
		if b == nil {
			return nil, err
		}
		return []geo.BBox{*b}, err
	}
	var err error
	if r.swap {
		if text, err = rest.SwapBBox(text); err != nil {
			return nil, err
		}
	}
	b, err := rest.BBox(text)
	if b == nil {
		return nil, err
	}
	return index.Unwrap(*b), err
}

// row is the id that a page of rows begins after; nil for the first page.
func (q *query) row() (*int64, error) {
	if q.after == "" {
		return nil, nil
	}
	id, err := strconv.ParseInt(q.after, 10, 64)
	if err != nil {
		return nil, fault.WithHint(fault.Errorf("ogc", fault.Invalid, "after=%.40q is not a page", q.after), "follow the links with rel next")
	}
	return &id, nil
}
