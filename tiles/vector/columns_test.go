package vector_test

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/crs"
	"contado/geo/layer"
	"contado/tiles/tms"
	"contado/tiles/vector"
	"contado/tiles/vector/cadastre"

	"golang.org/x/sync/errgroup"
)

// Tiles are the same to the byte, whether attributes and filters are read from
// rows or from columns, and however many are drawn at a time.
func TestColumnsDrawAsRows(t *testing.T) {
	t.Parallel()
	const n = 12_000
	d := cadastre.Parcels(n)
	path := filepath.Join(t.TempDir(), "parcels.fgb")
	if err := d.Write(path); err != nil {
		t.Fatal(err)
	}
	open := func() *layer.Layer {
		l, err := d.Open(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
		return l
	}
	tr, err := crs.New(cadastre.CRS, geo.WebMercator)
	if err != nil {
		t.Fatal(err)
	}
	h := &territory{}
	if h.bounds, err = tr.BBox(cadastre.Bounds(n)); err != nil {
		t.Fatal(err)
	}
	many := open()
	for _, text := range []string{
		"", "year < 2020 AND use <> 'water'", "NOT (use = 'water' OR year IN (2001, 2004, 2010))",
		"use LIKE 'w%' OR year IS NULL", "CASEI(use) = CASEI('WATER') OR year BETWEEN 2001 AND 2006",
	} {
		request := func(l *layer.Layer, tile tms.Tile) vector.Request {
			r := vector.LayerRequest{Layer: l, Drawing: vector.Drawing{Labels: tile.Z%2 == 0}}
			if text != "" {
				e, err := cql2.ParseText(text)
				if err == nil {
					r.Where, err = l.Where(e, "")
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			return vector.Request{Tile: tile, Layers: []vector.LayerRequest{r}}
		}
		for _, z := range []int{6, 11, 12, 13, 15} {
			if text != "" && z%2 == 1 && z < 15 {
				continue
			}
			ts := h.tiles(z)
			tile := ts[len(ts)/2]
			first := open() // the first tile of a layer is drawn from rows
			want, stats, err := vector.Draw(context.Background(), request(first, tile))
			if err != nil || first.IDs() != nil {
				t.Fatalf("columns are read for the first tile, or %v", err)
			}
			if a := stats.AreaKept; a < 0.9 || a > 1.1 {
				t.Errorf("%s, zoom %d: area %v", text, z, a)
			}
			if err := vector.FirstDraw(context.Background(), request(many, tile).Layers[0]); err != nil || many.IDs() == nil {
				t.Fatalf("columns are not read: %v", err)
			}
			var g errgroup.Group
			for range 4 {
				g.Go(func() error {
					got, _, err := vector.Draw(context.Background(), request(many, tile))
					if !bytes.Equal(got, want) {
						t.Errorf("%s, zoom %d: tiles from columns differ from those from rows", text, z)
					}
					return err
				})
			}
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
