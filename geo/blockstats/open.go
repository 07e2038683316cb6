package blockstats

import (
	"context"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
)

// maxHeader bounds the JSON of a file: names, values and a CRC a tile.
const maxHeader = 8 << 20

// Open reads what a statistics file says of itself and checks that it belongs
// to the raster; its numbers are read when they are asked for, and at most
// DefaultCacheBytes of them are kept. No file stays open.
//
// Errors: NotExist; Conflict when the file belongs to another raster or to an
// earlier state of it (write it anew); Invalid when it is not a statistics
// file or is damaged.
func Open(ctx context.Context, path string, src Source) (*Stats, error) {
	return NewCache(0).load(ctx, path, src)
}

func (c *Cache) load(ctx context.Context, path string, src Source) (*Stats, error) {
	const op = "blockstats.Open"
	if err := ctx.Err(); err != nil {
		return nil, fault.E(op, fault.Canceled, err)
	}
	r, err := gdal.OpenRaster(path, nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	h, err := decodeHeader(path, r.Info())
	if err != nil {
		return nil, err
	}
	if err := h.fits(path, src); err != nil {
		return nil, err
	}
	s := &Stats{path: path, h: h, grid: src.Grid, cache: c, bands: map[int]int{}}
	s.cols, s.rows = h.size()
	across, down := h.tiles()
	s.roots = make([][]root, len(h.Bands))
	for i := range h.Bands {
		s.bands[h.Bands[i].Number] = i
		s.roots[i] = make([]root, across*down)
	}
	return s, nil
}

func damaged(path, format string, args ...any) error {
	return fault.WithHint(fault.Errorf("blockstats.Open", fault.Invalid, path+": "+format, args...), "write the block statistics anew")
}

// decodeHeader takes the header out of the metadata and checks it against the
// file that holds it.
func decodeHeader(path string, info gdal.RasterInfo) (*header, error) {
	path = strings.ReplaceAll(path, "%", "%%")
	switch v, text := info.Metadata[keyFormat], info.Metadata[keyHeader]; {
	case v == "":
		return nil, damaged(path, "this is not a file of block statistics")
	case v != format:
		return nil, damaged(path, "block statistics of format %q; this program knows format %s", short(v), format)
	case len(text) > maxHeader:
		return nil, damaged(path, "its header has %d bytes; the limit is %d", len(text), maxHeader)
	case textSum(text) != info.Metadata[keySum]:
		return nil, damaged(path, "the checksum of its header is wrong")
	default:
		return parseHeader(path, text, info)
	}
}

func short(s string) string { return s[:min(len(s), 20)] }

func parseHeader(path, text string, info gdal.RasterInfo) (*header, error) {
	h := new(header)
	if err := json.Unmarshal([]byte(text), h); err != nil {
		return nil, damaged(path, "its header cannot be read: %w", err)
	}
	if h.Side < minSide || h.Side > maxSide || h.Width < 1 || h.Height < 1 || h.Width > math.MaxInt32 || h.Height > math.MaxInt32 {
		return nil, damaged(path, "blocks of %d cells of a raster of %d × %d", h.Side, h.Width, h.Height)
	}
	cols, rows := h.size()
	if int64(cols)*int64(rows) > MaxBlocks || info.Grid.Width != cols || info.Grid.Height != rows {
		return nil, damaged(path, "it has %d × %d cells; its header says %d × %d blocks, of %d at most",
			info.Grid.Width, info.Grid.Height, cols, rows, MaxBlocks)
	}
	if len(h.Bands) == 0 || len(h.Bands) > MaxBands {
		return nil, damaged(path, "its header names %d bands", len(h.Bands))
	}
	next := 1
	seen := map[int]bool{}
	across, down := h.tiles()
	for i := range h.Bands {
		b := &h.Bands[i]
		if b.Number < 1 || seen[b.Number] || b.First != next || len(b.Classes) > MaxClasses || len(b.Sums) != across*down {
			return nil, damaged(path, "what its header says of band %d makes no sense", b.Number)
		}
		seen[b.Number] = true
		for k, v := range b.Classes {
			if !finite(v) || (k > 0 && v <= b.Classes[k-1]) {
				return nil, damaged(path, "the values of band %d do not rise", b.Number)
			}
		}
		next += b.planes()
	}
	if len(info.Bands) != next-1 {
		return nil, damaged(path, "it has %d bands; its header says %d", len(info.Bands), next-1)
	}
	for i := range info.Bands {
		if b := &info.Bands[i]; b.DataType != "float64" || b.Scale != 1 || b.Offset != 0 || b.Nodata != nil || b.HasMask {
			return nil, damaged(path, "its band %d is not plain float64", i+1)
		}
	}
	return h, nil
}

// fits checks that the statistics are those of a raster.
func (h *header) fits(path string, src Source) error {
	const op = "blockstats.Open"
	stale := func(format string, args ...any) error {
		return fault.WithHint(fault.Errorf(op, fault.Conflict, format, args...), "write the block statistics anew")
	}
	if own := (grid.Grid{Transform: h.Transform, Width: h.Width, Height: h.Height}); !same(src.Grid, own) {
		return stale("%s describes a raster of %d × %d cells at %v, not this one of %d × %d at %v", path,
			h.Width, h.Height, h.Transform, src.Grid.Width, src.Grid.Height, src.Grid.Transform)
	}
	if src.Path == "" || h.Fingerprint == "" {
		return nil
	}
	length, sum, err := fingerprint(src.Path)
	if err != nil {
		return err
	}
	if length != h.Length || sum != h.Fingerprint {
		return stale("%s describes another file than %s, or what that was before", path, src.Path)
	}
	return nil
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
