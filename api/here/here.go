// Package here answers what there is at a place: territories, values of
// rasters, features of layers.
package here

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/draw"
	"contado/api/rest"
	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/disclosure"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/store/catalog"
)

// Bounds of an answer.
const (
	maxDatasets = 100     // that one request may name, or that are looked at without names
	maxRadius   = 5_000.0 // metres
	defaultNear = 25.0    // metres: a finger beside a point or a path
	maxFeatures = 20      // of one dataset
	maxItems    = 1       // of one raster: the picture that is on top
)

// Handler answers from the current state of an atlas.
type Handler struct {
	Atlas   *atlas.Atlas
	Painter *draw.Painter
	Timeout time.Duration
}

// Register adds the route.
func (h *Handler) Register(r rest.Registrar) {
	rest.Get(r, "/here", h.here, rest.Within(h.Timeout))
}

// Document is the answer.
type Document struct {
	Coordinates [2]float64  `json:"coordinates"` // longitude, latitude
	Radius      float64     `json:"radius_m"`
	Territories []Territory `json:"territories"` // the smallest first
	Values      []Value     `json:"values"`
	Features    []Feature   `json:"features"` // the nearest of each dataset first
	// LeftOut says what could not be looked at, or is not listed, and why.
	LeftOut  []LeftOut `json:"left_out"`
	Complete bool      `json:"complete"`
}

// Territory is an area that holds the place.
type Territory struct {
	Code    string `json:"code"`
	Name    string `json:"name"`
	Level   string `json:"level,omitempty"`
	Dataset string `json:"dataset"`
}

// Value is what a raster dataset holds in the cell at the place.
type Value struct {
	Dataset  string       `json:"dataset"`
	Title    string       `json:"title"`
	Role     catalog.Role `json:"role"`
	Item     string       `json:"item"`
	Datetime *time.Time   `json:"datetime"`
	Readings []Reading    `json:"readings"`
}

// Reading is one band's value; null is no data, or hidden.
type Reading struct {
	Name   string   `json:"name"`
	Unit   string   `json:"unit,omitempty"`
	Value  *float64 `json:"value"`
	Class  string   `json:"class,omitempty"`
	Hidden bool     `json:"hidden,omitempty"` // a count of few people
}

// LeftOut is a dataset of which something is not in the answer.
type LeftOut struct {
	Dataset string `json:"dataset"`
	Reason  string `json:"reason"`
}

type question struct {
	lon, lat, radius float64
	datasets         []catalog.Dataset
}

func (h *Handler) here(c echo.Context) error {
	if err := rest.Only(c, "lon", "lat", "radius", "datasets", "f"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	state := h.Atlas.Current()
	q, out, err := read(c, state)
	if err != nil {
		return err
	}
	if err := h.fill(c.Request().Context(), state, q, out); err != nil {
		return err
	}
	out.Complete = len(out.LeftOut) == 0
	return rest.JSON(c, rest.MediaJSON, out)
}

// read reads the question; what must be left out from the start is said in the
// document.
func read(c echo.Context, state *atlas.Snapshot) (question, *Document, error) {
	q := question{radius: defaultNear}
	var err error
	for _, p := range []struct {
		name     string
		into     *float64
		min, max float64
		needed   bool
	}{{"lon", &q.lon, -180, 180, true}, {"lat", &q.lat, -90, 90, true}, {"radius", &q.radius, 0, maxRadius, false}} {
		text := c.QueryParam(p.name)
		if text == "" && !p.needed {
			continue
		}
		if *p.into, err = strconv.ParseFloat(text, 64); err != nil || len(text) > 40 || !(*p.into >= p.min && *p.into <= p.max) {
			return q, nil, fault.Errorf("here", fault.Invalid, "%s=%.40q: want a number from %g to %g", p.name, text, p.min, p.max)
		}
	}
	out := &Document{
		Coordinates: [2]float64{q.lon, q.lat}, Radius: q.radius,
		Territories: []Territory{}, Values: []Value{}, Features: []Feature{}, LeftOut: []LeftOut{},
	}
	q.datasets, err = chosen(c, state, out)
	return q, out, err
}

// chosen are the datasets that the request names, in its order, or all.
func chosen(c echo.Context, state *atlas.Snapshot, out *Document) ([]catalog.Dataset, error) {
	if !c.QueryParams().Has("datasets") {
		all := slices.DeleteFunc(slices.Clone(state.Datasets()), func(d catalog.Dataset) bool { return !placed(d) })
		if n := len(all) - maxDatasets; n > 0 {
			for _, d := range all[maxDatasets:] {
				out.LeftOut = append(out.LeftOut, LeftOut{Dataset: d.ID, Reason: "too many datasets for one answer: name it"})
			}
			all = all[:maxDatasets]
		}
		return all, nil
	}
	text := c.QueryParam("datasets")
	if text == "" { // territories alone
		return nil, nil
	}
	var list []catalog.Dataset
	for id := range strings.SplitSeq(text, ",") {
		if len(list) == maxDatasets {
			return nil, fault.Errorf("here", fault.TooLarge, "more than %d datasets", maxDatasets)
		}
		if !catalog.ValidID(id) {
			return nil, fault.Errorf("here", fault.NotExist, "there is no dataset %.80q", id)
		}
		d, err := state.Dataset(id)
		if err != nil {
			return nil, err
		}
		if !placed(d) {
			return nil, fault.Errorf("here", fault.Invalid, "dataset %s has nothing that lies anywhere", id)
		}
		if !slices.ContainsFunc(list, func(o catalog.Dataset) bool { return o.ID == id }) {
			list = append(list, d)
		}
	}
	return list, nil
}

// placed tells whether a dataset has cells or geometries.
func placed(d catalog.Dataset) bool {
	return d.Kind == catalog.Raster || d.Kind == catalog.Vector && d.Version.Vector != nil && d.Version.Vector.Schema.GeometryType != ""
}

// fill looks at territories, then at each dataset. A dataset that cannot be
// read does not spoil the answer: it is left out, and said to be.
func (h *Handler) fill(ctx context.Context, state *atlas.Snapshot, q question, out *Document) error {
	tree, err := state.Territories(ctx)
	if err != nil {
		return err
	}
	areas, err := tree.At(ctx, q.lon, q.lat)
	if err != nil {
		return err
	}
	for _, t := range areas {
		out.Territories = append(out.Territories, Territory{Code: t.Code, Name: t.Name, Level: t.Level, Dataset: t.Dataset})
	}
	for _, d := range q.datasets {
		if err := ctx.Err(); err != nil {
			return err
		}
		one := h.features
		switch {
		case d.Role == catalog.TerritoryRole && d.Kind == catalog.Vector:
			continue // they are in the list above
		case d.Kind == catalog.Raster:
			one = h.values
		}
		err := one(ctx, state, d, q, out)
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), err)
		}
		if err != nil {
			out.LeftOut = append(out.LeftOut, LeftOut{Dataset: d.ID, Reason: err.Error()})
		}
	}
	return nil
}

// values adds what a raster has in the cell at the place.
func (h *Handler) values(ctx context.Context, state *atlas.Snapshot, d catalog.Dataset, q question, out *Document) error {
	one, err := h.Painter.One(state, d, nil)
	if err != nil {
		return err
	}
	place := &draw.Place{Lon: q.lon, Lat: q.lat}
	if err := h.Painter.Sample(ctx, one, d, place, maxItems); err != nil {
		return err
	}
	for _, s := range place.Samples {
		v := Value{Dataset: d.ID, Title: s.Title, Role: d.Role, Item: s.Item, Datetime: s.Datetime, Readings: []Reading{}}
		for _, r := range s.Readings {
			x := Reading{Name: r.Name, Unit: r.Unit, Value: r.Value, Class: r.Class}
			switch {
			case x.Value != nil && (math.IsNaN(*x.Value) || math.IsInf(*x.Value, 0)):
				x.Value = nil
			case x.Value != nil && d.Role == catalog.Population && *x.Value > 0 && *x.Value < disclosure.DefaultThreshold:
				x.Value, x.Hidden = nil, true
			}
			v.Readings = append(v.Readings, x)
		}
		out.Values = append(out.Values, v)
	}
	return nil
}

// layerOf opens a layer and the box of the question in its system.
func (h *Handler) layerOf(ctx context.Context, state *atlas.Snapshot, d catalog.Dataset, q question) (*layer.Layer, geo.BBox, error) {
	l, err := state.Layer(ctx, d.ID)
	if err != nil {
		return nil, geo.BBox{}, err
	}
	box := around(q.lon, q.lat, q.radius)
	if c := l.Schema().CRS; c != geo.WGS84 {
		t, err := h.Painter.Transformer(geo.WGS84, c)
		if err != nil {
			return nil, box, err
		}
		if box, err = t.BBox(box); err != nil {
			return nil, box, err
		}
	}
	return l, box, nil
}

// around is a box in degrees that holds the circle; the shortest degree of
// latitude has 110,574 m, and one of longitude at most cos(latitude) of 111,320.
func around(lon, lat, radius float64) geo.BBox {
	dy := radius/110_500 + 1e-9
	widest := math.Min(math.Abs(lat)+dy, 89.99) * math.Pi / 180
	dx := math.Min(radius/(111_100*math.Cos(widest))+1e-9, 180)
	b := geo.BBox{MinX: lon - dx, MinY: math.Max(lat-dy, -90), MaxX: lon + dx, MaxY: math.Min(lat+dy, 90)}
	switch { // across the antimeridian MinX is the greater one
	case dx >= 180:
		b.MinX, b.MaxX = -180, 180
	case b.MinX < -180:
		b.MinX += 360
	case b.MaxX > 180:
		b.MaxX -= 360
	}
	return b
}
