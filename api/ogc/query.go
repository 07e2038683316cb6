package ogc

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/fault"
	"contado/geo/index"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// reserved are the parameters of items; an attribute of such a name cannot be
// a parameter, but a filter can name it.
var reserved = []string{
	"bbox", "bbox-crs", "crs", "limit", "datetime", "after", "offset", "f", "lang", "filter", "filter-lang", "filter-crs", "sortby",
	"properties", "skipGeometry", "zoom-level", "as-of", "version",
}

// query is a request for items.
type query struct {
	limit        int
	after        string
	offset       int64      // rows that are passed over first
	boxes        []geo.BBox // in boxCRS; one, or two halves across the antimeridian
	boxCRS       reference
	out          reference
	when         *rest.Interval
	equal        []features.Equal
	filter       cql2.Expr // coordinates x, y in filterCRS
	filterCRS    reference
	sort         []features.SortKey
	fields       []int // positions in the schema; nil = all
	skipGeometry bool
	zoom         *float64
}

// Filterable are the attributes that rows can be selected by as parameters.
func Filterable(d catalog.Dataset) []geo.Field {
	return slices.DeleteFunc(queryable(d), func(f geo.Field) bool {
		return f.Type == geo.JSON || slices.Contains(reserved, f.Name)
	})
}

// queryable are the attributes that filters can name.
func queryable(d catalog.Dataset) []geo.Field {
	var out []geo.Field
	if d.Version.Vector == nil {
		return nil
	}
	for _, f := range d.Version.Vector.Schema.Fields {
		if f.Type != geo.Binary {
			out = append(out, f)
		}
	}
	return out
}

// sortable are the attributes that rows can be ordered by.
func sortable(d catalog.Dataset) []geo.Field {
	return slices.DeleteFunc(queryable(d), func(f geo.Field) bool { return f.Type == geo.JSON })
}

// parseQuery reads the parameters of items, all of them strictly.
func parseQuery(c echo.Context, d catalog.Dataset) (q query, err error) {
	allowed := slices.Clone(reserved)
	if d.Kind != catalog.Vector {
		allowed = []string{"bbox", "bbox-crs", "crs", "limit", "datetime", "after", "f", "lang"}
	}
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
	if d.Kind != catalog.Vector {
		return q, nil
	}
	if q.offset, err = rest.Whole(c, "offset"); err != nil {
		return q, err
	}
	if q.offset > 0 && q.after != "" {
		return q, fault.Errorf("ogc", fault.Invalid, "offset and after exclude each other: the page after a row begins there")
	}
	if err := q.parseFilter(c, d); err != nil {
		return q, err
	}
	return q, q.parseShape(c, d)
}

// parseShape reads what is to be told of each row, and in which order.
func (q *query) parseShape(c echo.Context, d catalog.Dataset) (err error) {
	if c.QueryParams().Has("sortby") && c.QueryParam("sortby") == "" {
		return fault.Errorf("ogc", fault.Invalid, "sortby is empty: name an attribute, with - before it for descending order")
	}
	if q.sort, err = parseSort(c.QueryParam("sortby"), d); err != nil {
		return err
	}
	if q.fields, err = parseProperties(c, d); err != nil {
		return err
	}
	if q.skipGeometry, err = parseFlag(c, "skipGeometry"); err != nil {
		return err
	}
	q.zoom, err = parseZoom(c.QueryParam("zoom-level"))
	return err
}

func parseFlag(c echo.Context, name string) (bool, error) {
	switch text := c.QueryParam(name); text {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	default:
		return false, fault.Errorf("ogc", fault.Invalid, "%s=%.40q: want true or false", name, text)
	}
}

// parseZoom reads a level of the tile grid of web maps.
func parseZoom(text string) (*float64, error) {
	if text == "" {
		return nil, nil
	}
	z, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(z) || z < 0 || z > 24 {
		return nil, fault.Errorf("ogc", fault.Invalid, "zoom-level=%.40q: want a number from 0 to 24", text)
	}
	return &z, nil
}

// parseProperties reads the names of the attributes wanted; none at all when
// the parameter is there and empty.
func parseProperties(c echo.Context, d catalog.Dataset) ([]int, error) {
	values, ok := c.QueryParams()["properties"]
	if !ok || d.Version.Vector == nil {
		return nil, nil
	}
	out := []int{}
	if values[0] == "" {
		return out, nil
	}
	schema := d.Version.Vector.Schema
	for _, name := range splitNames(values[0]) {
		i := schema.FieldIndex(name)
		if i < 0 {
			return nil, unknownField("properties", name, schema.Fields)
		}
		if slices.Contains(out, i) {
			return nil, fault.Errorf("ogc", fault.Invalid, "properties: %.80q comes twice", name)
		}
		out = append(out, i)
	}
	slices.Sort(out)
	return out, nil
}

func splitNames(text string) []string { return strings.Split(text, ",") }

func unknownField(param, name string, fields []geo.Field) error {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return fault.WithHint(fault.Errorf("ogc", fault.Invalid, "%s: there is no attribute %.80q", param, name), "there are "+strings.Join(names, ", "))
}

// parseSort reads +name,-name (Part 8); no sign is ascending.
func parseSort(text string, d catalog.Dataset) ([]features.SortKey, error) {
	if text == "" {
		return nil, nil
	}
	fields := sortable(d)
	var out []features.SortKey
	for _, part := range splitNames(text) {
		// "+" of an address arrives as a space when it was not escaped.
		name := strings.TrimLeft(part, "+ ")
		key := features.SortKey{Field: name}
		if rest, down := strings.CutPrefix(part, "-"); down {
			key = features.SortKey{Field: rest, Descending: true}
		}
		if !slices.ContainsFunc(fields, func(f geo.Field) bool { return f.Name == key.Field }) {
			return nil, unknownField("sortby", key.Field, fields)
		}
		if slices.ContainsFunc(out, func(k features.SortKey) bool { return k.Field == key.Field }) {
			return nil, fault.Errorf("ogc", fault.Invalid, "sortby: %.80q comes twice", key.Field)
		}
		out = append(out, key)
	}
	return out, nil
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
