package tiles

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/store/catalog"
)

// maxPointItems bounds the items that Values reads.
const maxPointItems = 1000

// PointValues are the values of every item at a place.
type PointValues struct {
	Lon, Lat float64
	Outputs  []string // names of the values: bands, or expressions
	Units    []string // runs parallel; "" = none or not known
	Items    []PointItem
	Skipped  []mosaic.Skip
	Complete bool // nothing was left out
}

// PointItem is what one item holds at a place.
type PointItem struct {
	Item     string
	Datetime *time.Time
	// Values are those of the cell that holds the place; nil when it has none
	// or is masked.
	Values []float32
}

// Values reads the bands or outputs of every matching item at a place, in the
// order of the selection, without resampling: the cell that holds the place.
// Items whose cells do not reach there are not listed. What is derived from
// terrain is not computed: the heights are given.
//
// Errors are as of RasterTile.
func (s *Service) Values(ctx context.Context, src RasterSource, p RasterParams, lon, lat float64) (PointValues, error) {
	const op = "tiles.Values"
	d := src.Dataset()
	if d.Kind != catalog.Raster {
		return PointValues{}, fault.Errorf(op, fault.Invalid, "dataset %s is %s: it has no cells", d.ID, d.Kind)
	}
	if !(lon >= -180 && lon <= 180 && lat >= -90 && lat <= 90) {
		return PointValues{}, fault.Errorf(op, fault.Invalid, "%g, %g is no longitude and latitude", lon, lat)
	}
	p.Terrain, p.Colormap, p.Format = "", "", "npy"
	p.Rescale, p.Percentiles, p.Gamma = [][2]float64{{0, 1}}, nil, 0
	style, err := s.styleOf(ctx, src, p)
	if err != nil {
		return PointValues{}, err
	}
	q := style.Query()
	q.Select, q.Highest, q.Resampling = mosaic.Newest, nil, grid.Nearest
	out := PointValues{Lon: lon, Lat: lat, Outputs: style.Labels, Units: make([]string, len(style.Labels)), Items: []PointItem{}, Complete: true}
	for i := range out.Units {
		out.Units[i] = style.Unit
	}
	at := &geo.BBox{MinX: lon, MinY: lat, MaxX: lon, MaxY: lat}
	items := slices.Clone(src.Items(at))
	items = slices.DeleteFunc(items, func(it catalog.Item) bool { return !p.admits(&it) })
	mosaic.Order(items, style.Select)
	_, err = s.turn(ctx, small, func(ctx context.Context) (any, error) {
		for i := range items {
			if i == maxPointItems {
				out.Skipped = append(out.Skipped, mosaic.Skip{Item: items[i].ID, Reason: fmt.Sprintf("it and %d more: too many items", len(items)-i-1)})
				break
			}
			if err := s.valueOf(ctx, &out, mosaic.Source{Item: items[i], Path: src.Path}, q); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	out.Complete = len(out.Skipped) == 0
	return out, err
}

// valueOf adds what an item holds at the place.
func (s *Service) valueOf(ctx context.Context, out *PointValues, src mosaic.Source, q mosaic.Query) error {
	g, ok, err := s.cellAt(src.Item.Grid, out.Lon, out.Lat)
	if err != nil || !ok {
		return err
	}
	res, err := s.mosaics.Read(ctx, []mosaic.Source{src}, q, g)
	if err != nil {
		return err
	}
	defer s.mosaics.Release(res)
	if len(res.Skipped) > 0 {
		out.Skipped = append(out.Skipped, res.Skipped...)
		return nil
	}
	it := PointItem{Item: src.Item.ID, Datetime: src.Item.Datetime}
	if res.Valid > 0 {
		for _, b := range res.Bands {
			it.Values = append(it.Values, b[0])
		}
	}
	out.Items = append(out.Items, it)
	return nil
}

// cellAt is the cell of a grid that holds a place, as a target of its own: a
// box half the size of the cell round the place, or round the middle of the
// cell where it would reach beyond it.
func (s *Service) cellAt(g grid.Grid, lon, lat float64) (grid.Grid, bool, error) {
	inv, ok := g.Transform.Invert()
	if !ok {
		return g, false, fault.Errorf("tiles.Values", fault.Invalid, "an item has no usable georeference")
	}
	x, y := [1]float64{lon}, [1]float64{lat}
	if g.CRS != geo.WGS84 {
		t, err := s.fromWGS84(g.CRS)
		if err != nil {
			return g, false, err
		}
		if err := t.Points(x[:], y[:]); err != nil {
			return g, false, err
		}
	}
	geographic, err := crs.IsGeographic(g.CRS)
	if err != nil {
		return g, false, err
	}
	for _, turn := range []float64{0, 360, -360} {
		if turn != 0 && !geographic {
			break
		}
		col, row := inv.Apply(x[0]+turn, y[0])
		if !(col >= 0 && col < float64(g.Width) && row >= 0 && row < float64(g.Height)) {
			continue
		}
		cx, cy := g.Center(int(math.Floor(col)), int(math.Floor(row)))
		w := math.Sqrt(math.Abs(g.Transform.Det())) / 4
		return grid.Grid{CRS: g.CRS, Width: 1, Height: 1, Transform: grid.Transform{cx - turn - w/2, w, 0, cy + w/2, 0, -w}}, true, nil
	}
	return g, false, nil
}
