package mosaic_test

import (
	"context"
	"fmt"
	"math"
	"time"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/store/catalog"
)

// memory is a raster of one level in memory; NaN is nodata.
type memory struct {
	g     grid.Grid
	bands [][]float32
}

func (m *memory) Levels(band int) []gdal.Level {
	if band < 1 || band > len(m.bands) {
		return nil
	}
	return []gdal.Level{{Width: m.g.Width, Height: m.g.Height}}
}

func (m *memory) ReadLevel(dst [][]float32, mask []uint8, bands []int, level int, w grid.Window, outW, outH int, _ grid.Resampling) error {
	if level != 0 || outW != w.Width || outH != w.Height || w.Intersect(m.g.Full()) != w {
		return fmt.Errorf("level %d, window %v at %d x %d", level, w, outW, outH)
	}
	for i, b := range bands {
		for y := range w.Height {
			for x := range w.Width {
				v := m.bands[b-1][(w.Row+y)*m.g.Width+w.Col+x]
				dst[i][y*w.Width+x] = v
				if v != v {
					mask[y*w.Width+x] = 0
				}
			}
		}
	}
	return nil
}

// shelf holds rasters by name.
type shelf map[string]*memory

func (s shelf) open(_ context.Context, path string, fn func(mosaic.Raster) error) error {
	switch m := s[path]; {
	case path == "away":
		return fault.Errorf("test", fault.Unavailable, "the server does not answer")
	case m == nil:
		return fault.Errorf("test", fault.Invalid, "%s is broken", path)
	default:
		return fn(m)
	}
}

// add puts a raster on the shelf and describes it as an item of one file.
func (s shelf) add(id string, m *memory, names ...string) mosaic.Source {
	s[id] = m
	it := catalog.Item{ID: id, File: id, Grid: m.g, BBox: boxOf(m.g)}
	for _, n := range names {
		it.Bands = append(it.Bands, catalog.Band{Name: n, Scale: 1, DataType: "float32"})
	}
	return sourceOf(it)
}

func sourceOf(it catalog.Item) mosaic.Source {
	return mosaic.Source{Item: it, Path: func(a catalog.Asset) (string, error) {
		if a.File == "" {
			return a.Href, nil
		}
		return a.File, nil
	}}
}

func boxOf(g grid.Grid) geo.BBox {
	t, err := crs.New(g.CRS, geo.WGS84)
	if err != nil {
		panic(err)
	}
	b, err := t.BBox(g.Bounds())
	if err != nil {
		panic(err)
	}
	return b
}

// utm is a grid of cells of 10 m in UTM zone 32.
func utm(x, y float64, w, h int) grid.Grid {
	return grid.Grid{CRS: "EPSG:32632", Width: w, Height: h, Transform: grid.Transform{x, 10, 0, y, 0, -10}}
}

// filled makes a raster of a function of the band and the cell.
func filled(g grid.Grid, bands int, f func(band, col, row int) float32) *memory {
	m := &memory{g: g}
	for b := range bands {
		v := make([]float32, g.Width*g.Height)
		for row := range g.Height {
			for col := range g.Width {
				v[row*g.Width+col] = f(b, col, row)
			}
		}
		m.bands = append(m.bands, v)
	}
	return m
}

func day(n int) *time.Time {
	t := time.Date(2024, 1, 1, 10, 0, 0, 0, time.UTC).AddDate(0, 0, n)
	return &t
}

var nan = float32(math.NaN())
