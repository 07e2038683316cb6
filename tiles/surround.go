package tiles

import (
	"context"
	"math"

	"contado/geo"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/tiles/raster"
)

// surroundSide is how many cells the longer side of a dataset has in its
// surroundings, surroundMargin how many they have more on every side: so far
// heights grow smoother, beyond that they stay.
const (
	surroundSide   = 400
	surroundMargin = 200
)

// surroundings are the heights of a dataset on a coarse grid that holds all of
// it, with heights where it has none: those of the nearest ones, smoothly. A
// map in relief would fall to the level of the sea beside the data otherwise.
// They depend on the place alone, so that neighbouring tiles agree.
type surroundings struct {
	g       grid.Grid
	heights []float32 // nil when the dataset has no height at all
}

// surround gives the cells of a tile of coded heights that have none the
// heights of the surroundings. Values that are asked for as numbers stay
// without.
func (s *Service) surround(ctx context.Context, src RasterSource, p RasterParams, style *raster.Style, res *mosaic.Result) error {
	if style.Terrain == nil || !style.Exact() || raster.IsValues(style.Format) || res.Valid == len(res.Mask) || len(res.Bands) != 1 {
		return nil
	}
	around, err := s.surroundingsOf(ctx, src, p, style, res.Grid.CRS)
	if err != nil || around.heights == nil {
		return err
	}
	for i, m := range res.Mask {
		if m == 0 {
			res.Bands[0][i] = around.at(res.Grid.Center(i%res.Grid.Width, i/res.Grid.Width))
			res.Mask[i] = 255
		}
	}
	res.Valid = len(res.Mask)
	return nil
}

// surroundingsOf reads them once for a version of the dataset.
func (s *Service) surroundingsOf(ctx context.Context, src RasterSource, p RasterParams, style *raster.Style, c geo.CRS) (surroundings, error) {
	p.Size = 0
	key := etag(src.Dataset(), p, "surroundings "+string(c))
	if out, ok := s.around.GetIfPresent(key); ok {
		return out, nil
	}
	v, err, _ := s.flight.Do(key, func() (any, error) {
		out, err := s.readSurroundings(ctx, src, p, style, c)
		if err == nil {
			s.around.Set(key, out)
		}
		return out, err
	})
	if err != nil {
		return surroundings{}, err
	}
	return v.(surroundings), nil
}

func (s *Service) readSurroundings(ctx context.Context, src RasterSource, p RasterParams, style *raster.Style, c geo.CRS) (surroundings, error) {
	box := src.Dataset().Version.BBoxWGS84
	if !(box.MinX < box.MaxX && box.MinY < box.MaxY) {
		return surroundings{}, nil // nothing, or across the antimeridian: no box of the plane holds it
	}
	if c == geo.WebMercator { // the poles are infinitely far
		box.MinY, box.MaxY = math.Max(box.MinY, -85), math.Min(box.MaxY, 85)
	}
	if c != geo.WGS84 {
		t, err := s.fromWGS84(c)
		if err != nil {
			return surroundings{}, err
		}
		if box, err = t.BBox(box); err != nil {
			return surroundings{}, err
		}
	}
	w, h := box.MaxX-box.MinX, box.MaxY-box.MinY
	cell := math.Max(w, h) / surroundSide
	if !(cell > 0) || math.IsInf(cell, 0) {
		return surroundings{}, nil
	}
	data := grid.Grid{
		CRS: c, Transform: grid.Transform{box.MinX, cell, 0, box.MaxY, 0, -cell},
		Width: max(1, int(math.Ceil(w/cell))), Height: max(1, int(math.Ceil(h/cell))),
	}
	sources, err := s.sources(src, p, data)
	if err != nil {
		return surroundings{}, err
	}
	g := data
	if c == geo.WebMercator { // other planes may end soon
		g = widened(data, surroundMargin)
	}
	res, err := s.mosaics.Read(ctx, sources, style.Query(), g)
	if err != nil {
		return surroundings{}, err
	}
	defer s.mosaics.Release(res)
	out := surroundings{g: g}
	if res.Valid > 0 {
		out.heights = append([]float32(nil), res.Bands[0]...)
		spreadOut(out.heights, res.Mask, g.Width, g.Height)
	}
	return out, nil
}

// at is the height at a place of the grid's plane, between the cells' centres
// by straight lines; beyond the grid that of its edge.
func (a *surroundings) at(x, y float64) float32 {
	g := &a.g
	col := math.Max(0, math.Min(float64(g.Width-1), (x-g.Transform[0])/g.Transform[1]-0.5))
	row := math.Max(0, math.Min(float64(g.Height-1), (y-g.Transform[3])/g.Transform[5]-0.5))
	return between(a.heights, g.Width, g.Height, col, row)
}

// between interpolates a grid at a column and row within it.
func between(v []float32, w, h int, col, row float64) float32 {
	c, r := int(col), int(row)
	right, below := min(c+1, w-1), min(r+1, h-1)
	fx, fy := col-float64(c), row-float64(r)
	top := float64(v[r*w+c])*(1-fx) + float64(v[r*w+right])*fx
	bottom := float64(v[below*w+c])*(1-fx) + float64(v[below*w+right])*fx
	return float32(top*(1-fy) + bottom*fy)
}

// spreadOut gives values to the cells that the mask leaves out: the means of
// ever larger squares, which take over as the known ones get further away
// (pull and push: Gortler, Grzeszczuk, Szeliski and Cohen, The Lumigraph,
// SIGGRAPH 1996). One cell at least must have a value.
func spreadOut(v []float32, mask []uint8, w, h int) {
	complete := true
	for _, m := range mask {
		complete = complete && m != 0
	}
	if complete {
		return
	}
	cw, ch := (w+1)/2, (h+1)/2
	coarse, known := make([]float32, cw*ch), make([]uint8, cw*ch)
	for i := range coarse {
		sum, n := 0.0, 0
		for r := i / cw * 2; r < min(h, i/cw*2+2); r++ {
			for c := i % cw * 2; c < min(w, i%cw*2+2); c++ {
				if mask[r*w+c] != 0 {
					sum, n = sum+float64(v[r*w+c]), n+1
				}
			}
		}
		if n > 0 {
			coarse[i], known[i] = float32(sum/float64(n)), 255
		}
	}
	spreadOut(coarse, known, cw, ch)
	for i, m := range mask {
		if m == 0 {
			col := math.Max(0, math.Min(float64(cw-1), float64(i%w)/2-0.25))
			row := math.Max(0, math.Min(float64(ch-1), float64(i/w)/2-0.25))
			v[i] = between(coarse, cw, ch, col, row)
		}
	}
}
