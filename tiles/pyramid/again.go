package pyramid

import (
	"context"
	"fmt"
	"os"

	"contado/geo/fault"
	"contado/geo/pmtiles"
	"contado/tiles/tms"
)

// copyOld takes over the tiles of the archive before that are as they were.
func (b *builder) copyOld(ctx context.Context) error {
	old := b.p.Previous
	var failed error
	err := old.Entries(func(e pmtiles.Entry) bool {
		if failed = ctx.Err(); failed == nil {
			failed = b.copyEntry(old, e)
		}
		return failed == nil
	})
	if failed != nil {
		return fault.E("pyramid.Write", fault.KindOf(failed), failed)
	}
	return err
}

// copyEntry copies the tiles of a run, which have the same bytes.
func (b *builder) copyEntry(old *pmtiles.Archive, e pmtiles.Entry) error {
	var data []byte
	for id := e.ID; id < e.ID+uint64(e.Run); id++ {
		z, x, y, err := pmtiles.ZXY(id)
		if err != nil {
			return err
		}
		t := tms.Tile{Z: z, X: x, Y: y}
		if z < b.p.MinZoom || z > b.p.MaxZoom || b.p.Touched(t) {
			continue
		}
		if data == nil {
			if data, err = old.Read(e); err != nil {
				return err
			}
		}
		stats, ok := Figures(data)
		if !ok {
			return fault.Errorf("pyramid.Write", fault.Invalid, "tile %v of the archive before does not say what it holds: build the pyramid anew", t)
		}
		if err := b.out.Put(z, x, y, data); err != nil {
			return err
		}
		b.tiles++
		b.copied++
		b.zooms[z].add(stats, 0, len(data))
	}
	return nil
}

func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, fault.E("pyramid.Write", fault.Other, err)
	}
	return info.Size(), nil
}

func tilesText(n int64) string {
	if n == 1 {
		return "1 tile"
	}
	return fmt.Sprintf("%d tiles", n)
}
