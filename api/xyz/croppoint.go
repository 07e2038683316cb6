package xyz

import (
	"math"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/draw"
	"contado/api/rest"
)

// pointDocument is what there is at a point.
type pointDocument struct {
	Coordinates [2]float64  `json:"coordinates"`
	Names       []string    `json:"band_names"`
	Units       []string    `json:"units"`
	Items       []pointItem `json:"items"`
	Complete    bool        `json:"complete"`
}

type pointItem struct {
	Item     string     `json:"item"`
	Datetime *time.Time `json:"datetime"`
	// Values run parallel to the names; null is no data.
	Values []*float64 `json:"values"`
}

func (h *Crops) point(c echo.Context) error {
	k := crop{state: h.Painter.Atlas.Current()}
	id, err := rest.Path(c, "dataset")
	if err != nil {
		return err
	}
	if k.dataset, err = draw.Layer(k.state, id); err != nil {
		return err
	}
	if err := rest.Only(c, slices.Concat(draw.Names, []string{"coord_crs"})...); err != nil {
		return err
	}
	text, err := rest.Path(c, "place")
	if err != nil {
		return err
	}
	v, err := numbersOf(text, 2)
	if err != nil {
		return err
	}
	in, err := systemOf(c, k.dataset, "coord_crs")
	if err != nil {
		return err
	}
	at, err := h.Painter.Place(in.CRS, v[0], v[1])
	if err != nil {
		return err
	}
	if k.one, err = h.Painter.One(k.state, k.dataset, c.QueryParams()); err != nil {
		return err
	}
	got, err := h.Painter.Renderer.Values(c.Request().Context(), k.one.Source, k.one.Params, at.Lon, at.Lat)
	if err != nil {
		return err
	}
	doc := pointDocument{Coordinates: [2]float64{v[0], v[1]}, Names: got.Outputs, Units: got.Units, Items: []pointItem{}, Complete: got.Complete}
	for _, it := range got.Items {
		p := pointItem{Item: it.Item, Datetime: it.Datetime, Values: make([]*float64, len(got.Outputs))}
		for i := range it.Values {
			if f := float64(it.Values[i]); !math.IsNaN(f) && !math.IsInf(f, 0) && i < len(p.Values) {
				p.Values[i] = &f
			}
		}
		doc.Items = append(doc.Items, p)
	}
	return rest.JSON(c, rest.MediaJSON, doc)
}
