package ogc

import (
	"github.com/labstack/echo/v4"
	"github.com/peterstace/simplefeatures/geom"

	"contado/geo/cql2"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// The languages of filters.
const (
	langText = "cql2-text"
	langJSON = "cql2-json"
)

// parseFilter reads filter, filter-lang and filter-crs (Part 3).
func (q *query) parseFilter(c echo.Context, d catalog.Dataset) (err error) {
	text, lang := c.QueryParam("filter"), c.QueryParam("filter-lang")
	if q.filterCRS, err = asked(c, d, "filter-crs"); err != nil {
		return err
	}
	if lang != "" && lang != langText && lang != langJSON {
		return fault.Errorf("ogc", fault.Invalid, "filter-lang=%.40q: want %s or %s", lang, langText, langJSON)
	}
	if text == "" {
		if _, there := c.QueryParams()["filter"]; there {
			return fault.Errorf("ogc", fault.Invalid, "filter is empty")
		}
		return nil
	}
	if lang == langJSON {
		q.filter, err = cql2.ParseJSON([]byte(text))
	} else {
		q.filter, err = cql2.ParseText(text)
	}
	if err == nil && q.filterCRS.swap {
		q.filter, err = turned(q.filter)
	}
	return err
}

// turned swaps the axes of all geometries in a filter.
func turned(e cql2.Expr) (cql2.Expr, error) {
	var failed error
	turn := func(e cql2.Expr) cql2.Expr {
		out, err := turned(e)
		if err != nil {
			failed = err
		}
		return out
	}
	all := func(list []cql2.Expr) []cql2.Expr {
		out := make([]cql2.Expr, len(list))
		for i, e := range list {
			out[i] = turn(e)
		}
		return out
	}
	switch n := e.(type) {
	case *cql2.Logic:
		e = &cql2.Logic{Or: n.Or, Args: all(n.Args)}
	case *cql2.Not:
		e = &cql2.Not{Arg: turn(n.Arg)}
	case *cql2.Spatial:
		e = &cql2.Spatial{Op: n.Op, Left: turn(n.Left), Right: turn(n.Right)}
	case *cql2.Call:
		e = &cql2.Call{Name: n.Name, Args: all(n.Args)}
	case cql2.Geometry:
		return turnedGeometry(n)
	case cql2.BBox:
		return turnedBox(n), nil
	}
	return e, failed
}

func turnedGeometry(g cql2.Geometry) (cql2.Expr, error) {
	out := g.TransformXY(func(p geom.XY) geom.XY { return geom.XY{X: p.Y, Y: p.X} })
	return cql2.Geometry{Geometry: out}, nil
}

func turnedBox(b cql2.BBox) cql2.BBox {
	out := append(cql2.BBox(nil), b...)
	if h := len(out) / 2; h >= 2 {
		out[0], out[1], out[h], out[h+1] = b[1], b[0], b[h+1], b[h]
	}
	return out
}
