package blockstats

import (
	"context"

	"contado/geo/gdal"
	"contado/geo/grid"
)

// handles are several handles of one file, so that several workers can read.
type handles struct {
	grid           grid.Grid
	blockX, blockY int
	free           chan *gdal.Raster
}

func (h *handles) Grid() grid.Grid { return h.grid }

func (h *handles) BlockSize() (cols, rows int) { return h.blockX, h.blockY }

func (h *handles) ReadFloat64(_ context.Context, band int, w grid.Window, dst []float64) error {
	r := <-h.free
	defer func() { h.free <- r }()
	return r.ReadFloat64(band, w, dst)
}

func (h *handles) close() {
	for {
		select {
		case r := <-h.free:
			_ = r.Close() // read only: nothing to lose
		default:
			return
		}
	}
}
