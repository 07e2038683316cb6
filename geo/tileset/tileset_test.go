package tileset_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/fault"
	"contado/geo/pmtiles"
	"contado/geo/store/catalog"
	"contado/geo/tileset"
	"contado/scripts/shareddata"
)

func TestInspect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, format, kind, encoding string
		min, max                     int
		count                        int64
		layers                       string
	}{
		{"go-pmtiles/test_fixture_1.pmtiles", "pmtiles", "mvt", "gzip", 0, 0, 1, "test_fixture_1pmtiles polygon"},
		{"go-pmtiles/unclustered.pmtiles", "pmtiles", "png", "", 1, 1, 2, ""},
		{"martin/pmtiles/png.pmtiles", "pmtiles", "png", "", 0, 1, 5, ""},
		{"martin/pmtiles/stamen_toner__raster_CC-BY+ODbL_z3.pmtiles", "pmtiles", "png", "", 0, 3, 85, ""},
		{"planetiler/bostonbuildings.mbtiles", "mbtiles", "mvt", "gzip", 13, 13, -1, "building polygon"},
		{"planetiler/jakartabuildings.mbtiles", "mbtiles", "mvt", "gzip", 13, 13, -1, "building polygon"},
	} {
		info, notices, err := tileset.Inspect(context.Background(), shareddata.Path(t, "tiles-variety/"+c.file))
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		for _, n := range notices {
			t.Errorf("%s: %+v", c.file, n)
		}
		var layers []string
		for _, l := range info.Layers {
			layers = append(layers, l.ID+" "+l.Geometry)
		}
		if info.Format != c.format || info.Type != c.kind || info.Encoding != c.encoding || info.MinZoom != c.min || info.MaxZoom != c.max ||
			(c.count >= 0 && info.Count != c.count) || info.Count == 0 || strings.Join(layers, ",") != c.layers {
			t.Errorf("%s: %+v", c.file, info)
		}
		if b := info.Bounds; b.IsEmpty() || b.Width() > 360 {
			t.Errorf("%s: bounds %v", c.file, b)
		}
		a, _, err := tileset.Open(context.Background(), shareddata.Path(t, "tiles-variety/"+c.file))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, err := a.Tile(context.Background(), 22, 1, 1); ok || err != nil {
			t.Errorf("%s: a tile that cannot be: %t, %v", c.file, ok, err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Tiles that are not what the header says are told of.
func TestInspectTellsOfUnsoundTiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.pmtiles")
	w, err := pmtiles.Create(path, pmtiles.Options{Type: pmtiles.MVT, Compression: pmtiles.None})
	if err != nil {
		t.Fatal(err)
	}
	for x, data := range []string{"\x1a\xff\xff\xff\x0f", "\x89PNG\r\n\x1a\n...."} {
		if err := w.Put(3, x, 0, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close([]byte(`["not an object"]`)); err != nil {
		t.Fatal(err)
	}
	info, notices, err := tileset.Inspect(context.Background(), path)
	if err != nil || info.Count != 2 {
		t.Fatalf("%+v, %v", info, err)
	}
	codes := map[string]catalog.Notice{}
	for _, n := range notices {
		codes[n.Code] = n
	}
	if codes["tiles-unsound"].Count != 2 || codes["metadata-unreadable"].Message == "" {
		t.Errorf("%+v", notices)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, c := range map[string]struct {
		content string
		kind    fault.Kind
	}{
		"empty": {"", fault.Invalid}, "text": {strings.Repeat("text ", 100), fault.Invalid},
		"cut": {"PMTiles\x03 and no more", fault.Invalid}, "old": {"PM\x02\x00" + strings.Repeat("\x00", 600), fault.Unsupported},
	} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := tileset.Inspect(context.Background(), path); fault.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := tileset.Inspect(context.Background(), filepath.Join(folder, "none")); !fault.Is(err, fault.NotExist) {
		t.Errorf("no file: %v", err)
	}
	gpkg, err := os.ReadFile(shareddata.Path(t, "pt-sao-miguel/concelhos.gpkg"))
	if err != nil {
		t.Fatal(err)
	}
	if got := tileset.Sniff(gpkg[:100]); got != "" {
		t.Errorf("a GeoPackage is taken for %q", got)
	}
}

// FuzzInspect looks into archives whose tiles and metadata are whatever bytes.
func FuzzInspect(f *testing.F) {
	tile, err := os.ReadFile(shareddata.Path(f, "tiles-variety/mvt-fixtures/fixtures/038/tile.mvt"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(tile, []byte(`{"vector_layers":[{"id":"a","fields":{"x":"Number"}}]}`))
	f.Add(bytes.Repeat([]byte{0x1a, 3, 0x12, 1}, 9), []byte(`null`))
	f.Fuzz(func(t *testing.T, tile, meta []byte) {
		if len(tile) == 0 {
			return
		}
		path := filepath.Join(t.TempDir(), "x.pmtiles")
		w, err := pmtiles.Create(path, pmtiles.Options{Compression: pmtiles.None})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Put(1, 1, 1, tile); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(meta); err != nil {
			t.Fatal(err)
		}
		if _, _, err := tileset.Inspect(context.Background(), path); err != nil {
			t.Fatal(err)
		}
	})
}
