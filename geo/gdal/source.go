package gdal

import (
	"context"

	"contado/geo/grid"
)

// Source is a raster file by way of the pool: each read borrows a handle, so
// many goroutines may read at once.
type Source struct {
	pool *Pool
	path string
	info RasterInfo
}

// Source looks at the file once and returns a reader of it.
func (p *Pool) Source(ctx context.Context, path string) (*Source, error) {
	s := &Source{pool: p, path: path}
	err := p.With(ctx, path, func(r *Raster) error {
		s.info = r.Info()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Info describes the raster.
func (s *Source) Info() RasterInfo { return s.info }

// Grid is where the cells lie.
func (s *Source) Grid() grid.Grid { return s.info.Grid }

// Bands is the number of bands.
func (s *Source) Bands() int { return len(s.info.Bands) }

// BlockSize is the size in cells of the blocks that the file is stored in:
// reads that follow them are the cheapest.
func (s *Source) BlockSize() (w, h int) { return s.info.BlockX, s.info.BlockY }

// ReadFloat64 is Raster.ReadFloat64 on a borrowed handle.
func (s *Source) ReadFloat64(ctx context.Context, band int, w grid.Window, dst []float64) error {
	return s.pool.With(ctx, s.path, func(r *Raster) error { return r.ReadFloat64(band, w, dst) })
}

// Read is Raster.Read on a borrowed handle.
func (s *Source) Read(ctx context.Context, bands []int, w grid.Window, outW, outH int, rs grid.Resampling) (*grid.Block, error) {
	var b *grid.Block
	err := s.pool.With(ctx, s.path, func(r *Raster) (err error) {
		b, err = r.Read(bands, w, outW, outH, rs)
		return err
	})
	return b, err
}
