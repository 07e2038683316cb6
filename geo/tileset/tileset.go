// Package tileset opens archives of tiles that were made elsewhere, PMTiles
// and MBTiles alike, and tells what they hold.
package tileset

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"

	"contado/geo/fault"
	"contado/geo/pmtiles"
	"contado/geo/store/mbtiles"
)

// The formats.
const (
	PMTiles = "pmtiles"
	MBTiles = "mbtiles"
)

// Archive is an open archive. It is safe for concurrent use.
type Archive interface {
	// Tile returns the stored bytes of a tile, rows counted from the north;
	// ok is false when there is none.
	Tile(ctx context.Context, z, x, y int) (data []byte, ok bool, err error)
	// TileInto is Tile into buffer, when that is long enough and the format
	// can: for who reads many tiles one after the other.
	TileInto(ctx context.Context, buffer []byte, z, x, y int) (data []byte, ok bool, err error)
	Close() error
}

// Sniff tells the format by the first bytes of a file (100 are enough); ""
// when it is neither. A GeoPackage, which is SQLite as well, is neither.
func Sniff(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("PMTiles")), bytes.HasPrefix(head, []byte("PM\x02\x00")):
		return PMTiles
	case bytes.HasPrefix(head, []byte("SQLite format 3\x00")) && len(head) >= 72:
		switch binary.BigEndian.Uint32(head[68:]) {
		case 0, 0x4d504258: // none, or MBTiles' own
			return MBTiles
		}
	}
	return ""
}

// Open opens the archive at a local path and tells its format. No file is
// fault.NotExist, what is no archive fault.Invalid.
func Open(ctx context.Context, path string) (Archive, string, error) {
	const op = "tileset.Open"
	head := make([]byte, 100)
	f, err := os.Open(path)
	if err != nil {
		kind := fault.Other
		if errors.Is(err, fs.ErrNotExist) {
			kind = fault.NotExist
		}
		return nil, "", fault.E(op, kind, err)
	}
	n, err := io.ReadFull(f, head)
	if closeErr := f.Close(); err == nil || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = closeErr
	}
	if err != nil {
		return nil, "", fault.E(op, fault.Other, err)
	}
	switch Sniff(head[:n]) {
	case PMTiles:
		a, err := pmtiles.OpenFile(path)
		if err != nil {
			return nil, "", err
		}
		return packed{a}, PMTiles, nil
	case MBTiles:
		a, err := mbtiles.Open(ctx, path)
		if err != nil {
			return nil, "", err
		}
		return rows{a}, MBTiles, nil
	}
	return nil, "", fault.Errorf(op, fault.Invalid, "the file is neither a PMTiles nor an MBTiles archive")
}

// packed is a PMTiles archive as Archive.
type packed struct{ *pmtiles.Archive }

// Tile implements Archive.
func (p packed) Tile(ctx context.Context, z, x, y int) ([]byte, bool, error) {
	return p.TileInto(ctx, nil, z, x, y)
}

// TileInto implements Archive.
func (p packed) TileInto(ctx context.Context, buffer []byte, z, x, y int) ([]byte, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, fault.E("tileset.Tile", fault.Canceled, err)
	}
	return p.Archive.TileInto(buffer, z, x, y)
}

// rows is an MBTiles archive as Archive.
type rows struct{ *mbtiles.Archive }

// TileInto implements Archive. The rows of a database are its own memory.
func (r rows) TileInto(ctx context.Context, _ []byte, z, x, y int) ([]byte, bool, error) {
	return r.Archive.Tile(ctx, z, x, y)
}
