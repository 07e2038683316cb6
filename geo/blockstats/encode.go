package blockstats

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"math"
	"os"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
)

// tileSide is the side in blocks of the tiles that a file is read in: a tile
// of one band is 160 KB in memory, and a third more for the pyramid.
const tileSide = 64

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// tiles is the number of tiles across and down.
func (h *header) tiles() (cols, rows int) {
	c, r := h.size()
	return (c + tileSide - 1) / tileSide, (r + tileSide - 1) / tileSide
}

// tile is the window in blocks of tile n, row by row from 0.
func (h *header) tile(n int) grid.Window {
	across, _ := h.tiles()
	c, r := h.size()
	w := grid.Window{Col: n % across * tileSide, Row: n / across * tileSide, Width: tileSide, Height: tileSide}
	return w.Intersect(grid.Window{Width: c, Height: r})
}

// checksum is the CRC-32C of planes of numbers, as little-endian bytes. NaN
// counts as one value, whatever its bits.
func checksum(planes [][]float64) uint32 {
	var sum uint32
	buf := make([]byte, 0, 8*tileSide)
	flush := func() {
		sum = crc32.Update(sum, castagnoli, buf)
		buf = buf[:0]
	}
	for _, p := range planes {
		for _, v := range p {
			if v != v {
				v = math.NaN()
			}
			if buf = binary.LittleEndian.AppendUint64(buf, math.Float64bits(v)); len(buf) == cap(buf) {
				flush()
			}
		}
	}
	flush()
	return sum
}

// plane is one band of the file over a window of blocks.
func (c *collector) plane(band, n int, w grid.Window, dst []float64) []float64 {
	dst = dst[:0]
	for r := w.Row; r < w.Row+w.Height; r++ {
		at := r*c.cols + w.Col
		if n >= len(moments) {
			k := c.classes[band].index[c.h.Bands[band].Classes[n-len(moments)]]
			for _, v := range c.classes[band].planes[k][at : at+w.Width] {
				dst = append(dst, float64(v))
			}
			continue
		}
		for _, s := range c.sums[band][at : at+w.Width] {
			dst = append(dst, [...]float64{s.Count, s.Sum, s.M2, s.Min, s.Max}[n])
		}
	}
	return dst
}

// finish fills what the header can say only when all is summed.
func (c *collector) finish() []gdal.BandSpec {
	var specs []gdal.BandSpec
	nan := math.NaN()
	across, down := c.h.tiles()
	for i := range c.h.Bands {
		b := &c.h.Bands[i]
		b.First, b.Classes = len(specs)+1, c.classes[i].sorted()
		for _, m := range moments {
			specs = append(specs, gdal.BandSpec{Name: b.Name + ": " + m, Nodata: &nan})
		}
		for _, v := range b.Classes {
			specs = append(specs, gdal.BandSpec{Name: b.Name + ": cells of " + number(v), Nodata: &nan})
		}
		planes := make([][]float64, b.planes())
		b.Sums = make([]uint32, across*down)
		for t := range b.Sums {
			for p := range planes {
				planes[p] = c.plane(i, p, c.h.tile(t), planes[p])
			}
			b.Sums[t] = checksum(planes)
		}
	}
	return specs
}

// write makes the file.
func (c *collector) write(ctx context.Context, path string, g grid.Grid) (err error) {
	const op = "blockstats.Write"
	specs := c.finish()
	if len(specs) > math.MaxUint16 {
		return fault.Errorf(op, fault.TooLarge, "statistics of %d bands need %d bands; the limit is %d", len(c.h.Bands), len(specs), math.MaxUint16)
	}
	meta, err := c.h.encode()
	if err != nil {
		return err
	}
	t := g.Transform
	for _, i := range []int{1, 2, 4, 5} {
		t[i] *= float64(c.h.Side)
	}
	w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{
		Grid:     grid.Grid{CRS: g.CRS, Transform: t, Width: c.cols, Height: c.rows},
		DataType: "float64", Bands: specs, BlockSize: tileSide, Metadata: meta,
	})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := w.Close(); err == nil {
			err = cerr
		}
		if err == nil {
			err = toDisk(path)
		}
	}()
	var buf []float64
	full := grid.Window{Width: c.cols, Height: c.rows}
	for i := range c.h.Bands {
		for p := range c.h.Bands[i].planes() {
			if err := ctx.Err(); err != nil {
				return fault.E(op, fault.Canceled, err)
			}
			buf = c.plane(i, p, full, buf)
			if err := w.Write(c.h.Bands[i].First+p, full, buf); err != nil {
				return err
			}
		}
	}
	return nil
}

// toDisk brings a file to the disk.
func toDisk(path string) error {
	const op = "blockstats.Write"
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fault.E(op, fault.Other, err)
	}
	err = f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return fault.E(op, fault.Other, err)
}
