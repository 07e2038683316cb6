package blockstats

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
)

// Options tunes Write; nil means defaults.
type Options struct {
	// Side is the side of a block in cells, 16…16384; 0 = DefaultSide. It is
	// doubled until the raster has at most MaxBlocks blocks.
	Side int
	// Source is the raster's file, whose length and fingerprint are kept; ""
	// keeps none. WriteFile sets it.
	Source string
	// Workers is how many reads and sums run at once; 0 = GOMAXPROCS, four at
	// most. Each holds up to 8 MB.
	Workers int
}

// WriteFile writes the statistics of a GeoTIFF or COG to dst.
func WriteFile(ctx context.Context, dst, src string, bands []Band, o *Options) error {
	opts := o.withDefaults()
	opts.Source = src
	h := &handles{free: make(chan *gdal.Raster, opts.Workers)}
	defer h.close()
	for range opts.Workers {
		r, err := gdal.OpenRaster(src, nil)
		if err != nil {
			return err
		}
		h.free <- r
		h.grid = r.Grid()
		info := r.Info()
		h.blockX, h.blockY = info.BlockX, info.BlockY
	}
	return Write(ctx, dst, h, bands, &opts)
}

// Write reads a raster once and writes the statistics of its bands to dst, by
// way of a file beside it: dst is there whole or not at all.
//
// Errors: Invalid for bands or options that make no sense; those of reading
// and writing.
func Write(ctx context.Context, dst string, r Raster, bands []Band, o *Options) error {
	const op = "blockstats.Write"
	opts := o.withDefaults()
	h, err := opts.header(r.Grid(), bands)
	if err != nil {
		return err
	}
	if opts.Source != "" {
		if h.Length, h.Fingerprint, err = fingerprint(opts.Source); err != nil {
			return err
		}
	}
	c := newCollector(h, bands)
	if err := c.collect(ctx, r, opts.Workers); err != nil {
		return err
	}
	part := dst + ".part"
	err = c.write(ctx, part, r.Grid())
	if err == nil {
		err = fault.E(op, fault.Other, os.Rename(part, dst))
	}
	if err != nil {
		_ = os.Remove(part) // what is wrong is said already
	}
	return err
}

func (o *Options) withDefaults() Options {
	var v Options
	if o != nil {
		v = *o
	}
	if v.Side == 0 {
		v.Side = DefaultSide
	}
	if v.Workers <= 0 {
		v.Workers = min(runtime.GOMAXPROCS(0), 4)
	}
	return v
}

func (o *Options) header(g grid.Grid, bands []Band) (*header, error) {
	const op = "blockstats.Write"
	bad := func(f string, args ...any) error { return fault.Errorf(op, fault.Invalid, f, args...) }
	switch {
	case g.Width < 1 || g.Height < 1 || g.Width > math.MaxInt32 || g.Height > math.MaxInt32:
		return nil, bad("raster of %d × %d cells", g.Width, g.Height)
	case o.Side < minSide || o.Side > maxSide:
		return nil, bad("blocks of %d cells; from %d to %d are possible", o.Side, minSide, maxSide)
	case len(bands) == 0 || len(bands) > MaxBands:
		return nil, bad("%d bands; from 1 to %d are possible", len(bands), MaxBands)
	}
	h := &header{Side: o.Side, Width: g.Width, Height: g.Height, Transform: g.Transform}
	for cols, rows := h.size(); cols*rows > MaxBlocks; cols, rows = h.size() {
		if h.Side *= 2; h.Side > maxSide {
			return nil, bad("a raster of %d × %d cells is too large", g.Width, g.Height)
		}
	}
	seen := map[int]bool{}
	for _, b := range bands {
		if b.Number < 1 || seen[b.Number] {
			return nil, bad("band %d is below 1 or there twice", b.Number)
		}
		seen[b.Number] = true
		if b.Name == "" {
			b.Name = fmt.Sprintf("band %d", b.Number)
		}
		h.Bands = append(h.Bands, headerBand{Number: b.Number, Name: b.Name})
	}
	return h, nil
}

// collector holds the sums of all blocks until they are written.
type collector struct {
	h          *header
	cols, rows int
	sums       [][]Summary // [band][block]
	classes    []*classes  // [band], nil without
}

func newCollector(h *header, bands []Band) *collector {
	c := &collector{h: h, classes: make([]*classes, len(bands))}
	c.cols, c.rows = h.size()
	c.sums = make([][]Summary, len(bands))
	for i, b := range bands {
		c.sums[i] = make([]Summary, c.cols*c.rows)
		if b.Classes {
			c.classes[i] = newClasses(c.cols * c.rows)
		}
	}
	return c
}

// readCells bounds one read: 8 MB.
const readCells = 1 << 20

// step is the size in cells of the pieces that the raster is read in: whole
// blocks, and whole blocks of the file where they are not huge.
func (c *collector) step(r Raster) (w, h int) {
	bc, br := 512, 512
	if b, ok := r.(interface{ BlockSize() (cols, rows int) }); ok {
		if x, y := b.BlockSize(); x > 0 && y > 0 {
			bc, br = x, y
		}
	}
	up := func(n int) int { return (n + c.h.Side - 1) / c.h.Side * c.h.Side }
	h = up(min(br, max(c.h.Side, 1024)))
	w = up(min(bc, max(c.h.Side, 1024)))
	if n := readCells / h / w; n > 1 {
		w *= n
	}
	return w, h
}

func (c *collector) collect(parent context.Context, r Raster, workers int) error {
	const op = "blockstats.Write"
	g, ctx := errgroup.WithContext(parent)
	g.SetLimit(workers)
	w, h := c.step(r)
	full := grid.Window{Width: c.h.Width, Height: c.h.Height}
	free := make(chan []float64, workers)
	for range workers {
		free <- nil
	}
	for row := 0; row < full.Height; row += h {
		for col := 0; col < full.Width && ctx.Err() == nil; col += w {
			win := full.Intersect(grid.Window{Col: col, Row: row, Width: w, Height: h})
			g.Go(func() error {
				buf := slices.Grow((<-free)[:0], int(win.Cells()))[:win.Cells()]
				defer func() { free <- buf }()
				for i := range c.h.Bands {
					if err := ctx.Err(); err != nil {
						return fault.E(op, fault.Canceled, err)
					}
					if err := r.ReadFloat64(ctx, c.h.Bands[i].Number, win, buf); err != nil {
						return fault.E(op, fault.KindOf(err), fmt.Errorf("read band %d, cells %v: %w", c.h.Bands[i].Number, win, err))
					}
					c.add(i, win, buf)
				}
				return nil
			})
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return fault.E(op, fault.Canceled, parent.Err())
}
