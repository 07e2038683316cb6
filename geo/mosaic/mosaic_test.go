package mosaic_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/store/catalog"
	"contado/scripts/shareddata"
)

// source describes a file as ingest would, as far as mosaics need it.
func source(t testing.TB, pool *gdal.Pool, path string) mosaic.Source {
	t.Helper()
	var info gdal.RasterInfo
	if err := pool.With(context.Background(), path, func(r *gdal.Raster) error { info = r.Info(); return nil }); err != nil {
		t.Fatal(err)
	}
	s := mosaic.Source{Item: catalog.Item{ID: filepath.Base(path), File: path, Grid: info.Grid}}
	s.Path = func(a catalog.Asset) (string, error) { return a.File, nil }
	for i, b := range info.Bands {
		if b.Alpha {
			continue
		}
		name := b.Name
		if name == "" {
			name = fmt.Sprintf("band%d", i+1)
		}
		s.Item.Bands = append(s.Item.Bands, catalog.Band{Name: name, DataType: b.DataType, Scale: 1})
	}
	back, err := crs.New(info.Grid.CRS, geo.WGS84)
	if err != nil {
		t.Fatal(err)
	}
	if s.Item.BBox, err = back.BBox(info.Grid.Bounds()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOwnGridIsDirect(t *testing.T) {
	t.Parallel()
	pool := gdal.NewPool(nil)
	t.Cleanup(pool.Close)
	path := shareddata.Path(t, "us-alabama-landsat8/l8_B4.tif")
	src := source(t, pool, path)
	r := mosaic.New(mosaic.FromPool(pool), nil)
	w := grid.Window{Col: 100, Row: 50, Width: 200, Height: 150}
	for _, how := range []grid.Resampling{grid.Nearest, grid.Bilinear, grid.Cubic, grid.Average, grid.Mode} {
		res, err := r.Read(context.Background(), []mosaic.Source{src}, mosaic.Query{Bands: []string{"1"}, Resampling: how}, src.Item.Grid.Sub(w))
		if err != nil {
			t.Fatal(err)
		}
		if !res.Direct || !res.Complete || res.Valid != 200*150 || len(res.Used) != 1 {
			t.Errorf("%s: %+v", how, res.Used)
		}
		err = pool.With(context.Background(), path, func(rr *gdal.Raster) error {
			b, err := rr.Read([]int{1}, w, w.Width, w.Height, grid.Nearest)
			if err != nil {
				return err
			}
			for i, v := range b.Bands[0] {
				if v != res.Bands[0][i] {
					return fmt.Errorf("cell %d: %g, want %g", i, res.Bands[0][i], v)
				}
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", how, err)
		}
		r.Release(res)
	}
}
