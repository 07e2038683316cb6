package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// coldStarts is how many processes are started for each kind of tile.
const coldStarts = 9

// startup measures from the start of the process to the whole body of its
// first tile. Every start reads the data folder from the disk again; the
// program itself stays in the system's cache.
func (b *bench) startup(ctx context.Context) error {
	raster, vector := b.middles()
	address := map[string]string{"raster tile": contadoRaster(raster), "vector tile": contadoVector(vector)}
	took := map[string][]float64{}
	for range coldStarts {
		for kind, path := range address {
			ms, err := b.firstTile(ctx, path)
			if err != nil {
				return fmt.Errorf("first %s: %w", kind, err)
			}
			took["contado, first "+kind] = append(took["contado, first "+kind], ms)
		}
	}
	order := []string{"contado, first raster tile", "contado, first vector tile"}
	if b.venv != "" {
		const name = "TiTiler, first raster tile"
		for range 3 {
			if err := b.evict(ctx, b.data); err != nil {
				return err
			}
			s, err := b.serveTiTiler(ctx, 1)
			if err != nil {
				return err
			}
			ms, err := s.first(ctx, titilerRaster(b.file(sceneDataset, ".tif"), raster))
			if err := errors.Join(err, s.stop()); err != nil {
				return err
			}
			took[name] = append(took[name], ms)
		}
		order = append(order, name)
	}
	var rows [][]string
	for _, n := range order {
		v := took[n]
		rows = append(rows, []string{n, num(median(v)), num(quantile(v, 0)), num(quantile(v, 1)), fmt.Sprint(len(v))})
	}
	table(b.out, "Start of the process to the first tile", []string{"", "median ms", "least ms", "most ms", "starts"}, rows)
	return nil
}

func (b *bench) firstTile(ctx context.Context, path string) (float64, error) {
	if err := b.evict(ctx, b.data); err != nil {
		return 0, err
	}
	s, err := b.serveContado(ctx)
	if err != nil {
		return 0, err
	}
	ms, err := s.first(ctx, path)
	return ms, errors.Join(err, s.stop())
}

// first is the time in milliseconds from the start until path has answered.
func (s *server) first(ctx context.Context, path string) (float64, error) {
	code, n, err := fetch(ctx, &http.Client{}, s.url+path)
	took := time.Since(s.began)
	if err == nil && (code != http.StatusOK || n == 0) {
		err = errors.Join(fmt.Errorf("%s answers %d with %d bytes", path, code, n), s.failure())
	}
	return float64(took.Microseconds()) / 1000, err
}
