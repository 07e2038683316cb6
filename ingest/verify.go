package ingest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/gdal"
	"contado/ingest/raster"
	"contado/ingest/vector"
)

func mkdir(dir string) error {
	return fault.E("ingest.Run", fault.Other, os.MkdirAll(dir, 0o755))
}

// verify reads both files back: what is published has been read once.
func verify(ctx context.Context, path, packed, layer string, want *vector.Result) error {
	const op = "ingest.Run"
	v, err := gdal.OpenVector(path, []string{"GPKG"})
	if err != nil {
		return err
	}
	defer v.Close()
	var n int64
	err = v.Scan(ctx, layer, func(geo.Feature) (bool, error) {
		n++
		return true, nil
	})
	if err != nil {
		return err
	}
	if n != want.Count {
		return fault.Errorf(op, fault.Other, "%d rows were written and %d read back", want.Count, n)
	}
	f, err := fgb.Open(packed)
	if err != nil {
		return err
	}
	n = 0
	f.Rows(func(r fgb.Row) bool {
		n++
		return ctx.Err() == nil
	})
	err = errors.Join(f.Err(), f.Close())
	if err == nil && ctx.Err() != nil {
		err = fault.E(op, fault.Canceled, ctx.Err())
	}
	if err == nil && n != want.Count {
		err = fault.Errorf(op, fault.Other, "%d rows were packed and %d read back", want.Count, n)
	}
	return err
}

// besideMTL finds Landsat metadata in the folder of a raster, for scenes that
// were given band by band.
func besideMTL(path string, have []string) []string {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		p := filepath.Join(filepath.Dir(path), e.Name())
		if e.Type().IsRegular() && raster.IsMTL(e.Name()) && !slices.Contains(have, p) {
			out = append(out, p)
		}
	}
	return out
}
