// Package blockstats keeps sums of the blocks of a raster in an ordinary
// small GeoTIFF beside it.
//
// One cell of that file is a block of Side × Side cells of the raster (fewer
// at the right and lower edge). For each band of the raster it has the bands
// count (valid cells), sum, m2 (Σ (v − mean)²), min and max, and for a band
// of at most MaxClasses distinct values one more for each class: its cells.
// Values are those of zonal.Raster: scale and offset applied; NaN and ±Inf
// are nodata. A block without a valid cell has count 0 and min = max = NaN;
// sum and m2 are NaN where float64 cannot hold them.
//
// The metadata of the file say what it belongs to: size and transform of the
// raster, and length and fingerprint of its file. Open refuses a file that
// does not fit. Each piece read is checked against a CRC-32C and against what
// sums of cells can be.
package blockstats

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"strconv"

	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/zonal"
)

// Bounds of the format.
const (
	// DefaultSide is the side of a block in cells; see BenchmarkSide.
	DefaultSide = 128
	// MaxBlocks bounds the blocks of a raster: Write doubles the side until
	// they are no more.
	MaxBlocks = 1 << 18
	// MaxClasses is the number of distinct values up to which a band has
	// counts of each.
	MaxClasses = 64
	// MaxBands bounds the bands of the raster that one file describes.
	MaxBands = 1 << 10

	minSide, maxSide = 16, 1 << 14
)

// Summary is what is known of a block, or of several together.
type Summary = zonal.BlockSum

// Raster is the source of cells. *gdal.Source is one. ReadFloat64 must be safe
// for concurrent use unless Options.Workers is 1.
type Raster interface {
	Grid() grid.Grid
	ReadFloat64(ctx context.Context, band int, w grid.Window, dst []float64) error
}

// Band says which band of the raster to describe.
type Band struct {
	Number int    // from 1
	Name   string // for people; "" = "band N"
	// Classes asks for the cells of each value, if there are at most
	// MaxClasses of them; else the file just has no counts.
	Classes bool
}

// Source is the raster that a statistics file must belong to.
type Source struct {
	Grid grid.Grid
	// Path is its file, compared by length and fingerprint; "" compares the
	// grid alone.
	Path string
}

// The names of the metadata.
const (
	keyFormat = "CONTADO_BLOCKSTATS"
	keyHeader = "CONTADO_BLOCKSTATS_HEADER"
	keySum    = "CONTADO_BLOCKSTATS_HEADER_CRC32C"
	format    = "1"
)

// header is kept as JSON in the metadata.
type header struct {
	Side        int            `json:"side"`
	Width       int            `json:"width"`
	Height      int            `json:"height"`
	Transform   grid.Transform `json:"transform"`
	Length      int64          `json:"length,omitempty"`
	Fingerprint string         `json:"fingerprint,omitempty"`
	Bands       []headerBand   `json:"bands"`
}

type headerBand struct {
	Number  int       `json:"number"`
	Name    string    `json:"name"`
	First   int       `json:"first"` // its count in this file, from 1; the others follow
	Classes []float64 `json:"classes,omitempty"`
	// Sums are the CRC-32C of its tiles, row by row.
	Sums []uint32 `json:"crc32c"`
}

// planes is the number of bands of the file for a band.
func (b *headerBand) planes() int { return len(moments) + len(b.Classes) }

var moments = [...]string{"count", "sum", "m2", "min", "max"}

// size is the number of blocks across and down.
func (h *header) size() (cols, rows int) {
	return (h.Width + h.Side - 1) / h.Side, (h.Height + h.Side - 1) / h.Side
}

func (h *header) encode() (map[string]string, error) {
	b, err := json.Marshal(h)
	if err != nil {
		return nil, fault.E("blockstats.Write", fault.Other, err)
	}
	return map[string]string{keyFormat: format, keyHeader: string(b), keySum: textSum(string(b))}, nil
}

func textSum(s string) string {
	return strconv.FormatUint(uint64(crc32.Checksum([]byte(s), castagnoli)), 16)
}

// fingerprint is the length of a file and the SHA-256 of sixteen pieces of
// 64 KiB spread over it, first and last included: enough to tell files apart,
// and quick whatever their size.
func fingerprint(path string) (length int64, sum string, err error) {
	const op, piece, pieces = "blockstats.fingerprint", 64 << 10, 16
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return 0, "", fault.E(op, fault.NotExist, err)
		}
		return 0, "", fault.E(op, fault.Other, err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return 0, "", fault.E(op, fault.Other, err)
	}
	if !st.Mode().IsRegular() {
		return 0, "", fault.Errorf(op, fault.Invalid, "%s is not a file", path)
	}
	h := sha256.New()
	buf := make([]byte, piece)
	for i := range int64(pieces) {
		at := int64(0)
		if st.Size() > piece {
			at = (st.Size() - piece) / (pieces - 1) * i
			if i == pieces-1 {
				at = st.Size() - piece
			}
		}
		n, err := f.ReadAt(buf, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, "", fault.E(op, fault.Other, fmt.Errorf("read %s: %w", path, err))
		}
		h.Write(buf[:n])
	}
	return st.Size(), "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

func finite(v float64) bool { return v-v == 0 }

// same reports whether two grids have the same cells: as many, on the same
// lines to a thousandth of a cell.
func same(a, b grid.Grid) bool {
	if a.Width != b.Width || a.Height != b.Height {
		return false
	}
	inv, ok := a.Transform.Invert()
	if !ok {
		return a.Transform == b.Transform
	}
	for _, c := range [4][2]int{{0, 0}, {a.Width, 0}, {0, a.Height}, {a.Width, a.Height}} {
		x, y := inv.Apply(b.Transform.Apply(float64(c[0]), float64(c[1])))
		if !(math.Abs(x-float64(c[0])) <= 1e-3 && math.Abs(y-float64(c[1])) <= 1e-3) {
			return false
		}
	}
	return true
}
