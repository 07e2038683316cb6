package tiles_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/store/catalog"
	"contado/geo/store/journal"
	"contado/geo/store/mbtiles"
	"contado/scripts/shareddata"
	"contado/tiles"
	"contado/tiles/pyramid"
	"contado/tiles/tms"
	"contado/tiles/vector/mvttest"
)

func plan(t testing.TB, s *tiles.Service, p tiles.VectorParams, at tms.Tile, layers ...*layer.Layer) *tiles.VectorTile {
	t.Helper()
	v, err := s.PlanVector(context.Background(), layers, p, at)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func get(t testing.TB, v *tiles.VectorTile, e tiles.Encoding) tiles.Tile {
	t.Helper()
	tile, err := v.Tile(context.Background(), e)
	if err != nil {
		t.Fatal(err)
	}
	if tile.ETag != v.ETag(e) {
		t.Errorf("tag %s, foretold %s", tile.ETag, v.ETag(e))
	}
	return tile
}

func all(t testing.TB, r io.Reader, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// pyramided is the layer with a pyramid of its state, and a service that
// finds it.
func pyramided(t testing.TB, l *layer.Layer, maxZoom int) (*layer.Layer, *tiles.Service) {
	t.Helper()
	folder := t.TempDir()
	if _, err := pyramid.Build(t.Context(), l, filepath.Join(folder, "p.pmtiles"), pyramid.Options{MaxZoom: maxZoom}, nil); err != nil {
		t.Fatal(err)
	}
	d := l.Dataset()
	d.Version.SetExtra(catalog.Extra{Kind: catalog.Pyramid, File: catalog.File{Key: "p.pmtiles", SHA256: "cc"}, Seq: l.Head()})
	return l.Described(d), newService(t, &tiles.Options{Locate: func(key string) (string, error) { return filepath.Join(folder, key), nil }})
}

// The variants of a tile hold the same bytes, are made once, and have tags
// of their own; from a pyramid as well as live.
func TestVariants(t *testing.T) {
	t.Parallel()
	src := comuni(t, geo.WGS84).layer(t)
	at := tms.AtLonLat(8, 11.4, 46.7)
	drawn := newService(t, nil)
	packed, fromPyramid := pyramided(t, src, 8)
	var plain [2][]byte
	for i, c := range []struct {
		s      *tiles.Service
		l      *layer.Layer
		source string
	}{{drawn, src, "live"}, {fromPyramid, packed, "pyramid"}} {
		v := plan(t, c.s, tiles.VectorParams{}, at, c.l)
		if v.Source() != c.source || v.Stamp() != "1" {
			t.Errorf("from %s, stamp %s", v.Source(), v.Stamp())
		}
		plain[i] = get(t, v, tiles.Identity).Data
		zipped, brotlied := get(t, v, tiles.Gzip), get(t, v, tiles.Brotli)
		z, err := gzip.NewReader(bytes.NewReader(zipped.Data))
		if got := all(t, z, err); !bytes.Equal(got, plain[i]) || zipped.ContentEncoding != "gzip" {
			t.Errorf("%s: unzipped %d bytes of %d", c.source, len(got), len(plain[i]))
		}
		if got := all(t, brotli.NewReader(bytes.NewReader(brotlied.Data)), nil); !bytes.Equal(got, plain[i]) || brotlied.ContentEncoding != "br" {
			t.Errorf("%s: from brotli %d bytes of %d", c.source, len(got), len(plain[i]))
		}
		if len(brotlied.Data) >= len(zipped.Data) || len(zipped.Data) >= len(plain[i]) {
			t.Errorf("%s: %d, %d, %d bytes", c.source, len(plain[i]), len(zipped.Data), len(brotlied.Data))
		}
		before := c.s.Renders()
		again := get(t, plan(t, c.s, tiles.VectorParams{}, at, c.l), tiles.Brotli)
		if &again.Data[0] != &brotlied.Data[0] || c.s.Renders() != before {
			t.Errorf("%s: compressed twice", c.source)
		}
		// Memory that was given back is used for other tiles, not for this one.
		held := get(t, v, tiles.Gzip)
		other := get(t, v, tiles.Gzip)
		other.Release()
		if got := get(t, v, tiles.Gzip); !bytes.Equal(got.Data, held.Data) || other.Data != nil && c.source == "pyramid" {
			t.Errorf("%s: %d bytes are now others", c.source, len(held.Data))
		}
		if !zipped.Complete || zipped.Info.AreaKept < 0.9 || zipped.Info.Features == 0 {
			t.Errorf("%s: %+v", c.source, zipped.Info)
		}
	}
	if !bytes.Equal(plain[0], plain[1]) {
		t.Error("the pyramid has other bytes than are drawn")
	}
}

// A client that takes gzip and brotli alike gets brotli once it is at hand.
func TestChoose(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	src := comuni(t, geo.WGS84).layer(t)
	v := plan(t, s, tiles.VectorParams{}, tms.AtLonLat(8, 11.4, 46.7), src)
	for _, c := range []struct {
		gzip, brotli float64
		want         tiles.Encoding
	}{{0, 0, tiles.Identity}, {1, 0, tiles.Gzip}, {0, 1, tiles.Brotli}, {0.5, 1, tiles.Brotli}, {1, 0.5, tiles.Gzip}, {1, 1, tiles.Gzip}} {
		if got := v.Choose(c.gzip, c.brotli); got != c.want {
			t.Errorf("%v: %v", c, got)
		}
	}
	for deadline := time.Now().Add(time.Minute); v.Choose(1, 1) != tiles.Brotli; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("brotli is never made")
		}
	}
	get(t, v, tiles.Brotli)
}

// Each of these asks for another tile.
func TestVectorETags(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	m := comuni(t, geo.WGS84)
	at := tms.AtLonLat(8, 11.4, 46.7)
	seen := map[string]string{}
	differ := func(name string, v *tiles.VectorTile) {
		t.Helper()
		tag := v.ETag(tiles.Gzip)
		if was, ok := seen[tag]; ok {
			t.Errorf("%s has the tag of %s", name, was)
		}
		seen[tag] = name
	}
	l := m.layer(t)
	differ("plain", plan(t, s, tiles.VectorParams{}, at, l))
	differ("address", plan(t, s, tiles.VectorParams{}, tms.Tile{Z: 8, X: 1, Y: 1}, l))
	differ("properties", plan(t, s, tiles.VectorParams{Properties: []string{"name"}}, at, l))
	differ("none", plan(t, s, tiles.VectorParams{Properties: []string{}}, at, l))
	differ("labels", plan(t, s, tiles.VectorParams{Labels: true}, at, l))
	for _, text := range []string{"n > 3", "n > 4", "S_INTERSECTS(geometry, POINT(11 46))"} {
		e, err := cql2.ParseText(text)
		if err != nil {
			t.Fatal(err)
		}
		differ(text, plan(t, s, tiles.VectorParams{Filter: e}, at, l))
		differ(text+" elsewhere", plan(t, s, tiles.VectorParams{Filter: e, FilterCRS: geo.WebMercator}, at, l))
	}
	m.d.Version.SHA256 = "bb"
	differ("content", plan(t, s, tiles.VectorParams{}, at, m.layer(t)))
	m.d.Version.Number = 2
	differ("version", plan(t, s, tiles.VectorParams{}, at, m.layer(t)))
	m.d.ID = "others"
	differ("composite", plan(t, s, tiles.VectorParams{}, at, l, m.layer(t)))
	for name, layers := range map[string][]*layer.Layer{"none": nil, "twice": {l, l}} {
		if _, err := s.PlanVector(t.Context(), layers, tiles.VectorParams{}, at); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range [][3]int{{25, 0, 0}, {1, 2, 0}, {-1, 0, 0}} {
		if _, err := s.PlanVector(t.Context(), []*layer.Layer{l}, tiles.VectorParams{}, tms.Tile{Z: bad[0], X: bad[1], Y: bad[2]}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if _, err := s.PlanVector(t.Context(), []*layer.Layer{l}, tiles.VectorParams{Properties: []string{"nome"}}, at); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "name") {
		t.Errorf("an unknown attribute: %v", err)
	}
}

// An edit changes the tiles that it touches at once, and no tag of others;
// those come from the pyramid still.
func TestEditsShowAtOnce(t *testing.T) {
	t.Parallel()
	src := comuni(t, geo.WGS84)
	l, s := pyramided(t, src.layer(t), 9)
	here, there := tms.AtLonLat(9, 10.6, 46.65), tms.AtLonLat(9, 12.2, 46.75)
	before := [2]*tiles.VectorTile{plan(t, s, tiles.VectorParams{}, here, l), plan(t, s, tiles.VectorParams{}, there, l)}
	edited, err := l.With([]journal.Change{{
		Dataset: "comuni", Version: 1, Seq: 1, Op: journal.Create, Feature: 7777,
		After: &geo.Feature{ID: 7777, Geometry: orb.MultiPolygon{{{{10.6, 46.6}, {10.7, 46.6}, {10.7, 46.7}, {10.6, 46.6}}}}, Values: []any{"new", nil, int64(1)}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	after := [2]*tiles.VectorTile{plan(t, s, tiles.VectorParams{}, here, edited), plan(t, s, tiles.VectorParams{}, there, edited)}
	if after[0].Source() != "live" || after[0].ETag(tiles.Gzip) == before[0].ETag(tiles.Gzip) || after[0].Stamp() != "1.1" {
		t.Errorf("touched: %s, stamp %s", after[0].Source(), after[0].Stamp())
	}
	if after[1].Source() != "pyramid" || after[1].ETag(tiles.Gzip) != before[1].ETag(tiles.Gzip) {
		t.Errorf("not touched: %s", after[1].Source())
	}
	tile, err := mvttest.Decode(get(t, after[0], tiles.Identity).Data)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, f := range tile.Layer("comuni").Features {
		found = found || f.Tags["name"] == "new"
	}
	if !found {
		t.Error("the new feature is not in the tile")
	}
	filtered := tiles.VectorParams{Filter: &cql2.IsNull{Arg: &cql2.Property{Name: "name"}}}
	if v := plan(t, s, filtered, there, l); v.Source() != "live" || !get(t, v, tiles.Gzip).Empty {
		t.Error("a filter is not applied")
	}
	if v := plan(t, s, tiles.VectorParams{}, tms.AtLonLat(10, 11.4, 46.7), l); v.Source() != "live" {
		t.Error("a zoom that the pyramid does not have comes from it")
	}
	if v := plan(t, s, tiles.VectorParams{}, tms.Tile{Z: 9, X: 1, Y: 1}, l); v.Source() != "pyramid" || !get(t, v, tiles.Gzip).Empty {
		t.Error("a tile far away")
	}
}

// A pyramid that is damaged or gone costs time, not tiles.
func TestPyramidThatCannotBeRead(t *testing.T) {
	t.Parallel()
	l := comuni(t, geo.WGS84).layer(t)
	d := l.Dataset()
	folder := t.TempDir()
	s := newService(t, &tiles.Options{Locate: func(key string) (string, error) { return filepath.Join(folder, key), nil }})
	if err := os.WriteFile(filepath.Join(folder, "damaged"), []byte("PMTiles\x03..."), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"gone", "damaged"} {
		d.Version.SetExtra(catalog.Extra{Kind: catalog.Pyramid, File: catalog.File{Key: key}})
		v := plan(t, s, tiles.VectorParams{}, tms.AtLonLat(8, 11.4, 46.7), l.Described(d))
		if v.Source() != "live" || get(t, v, tiles.Gzip).Empty {
			t.Errorf("%s: %s", key, v.Source())
		}
	}
}

func TestCompositeTiles(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	a, b := comuni(t, geo.WGS84), comuni(t, "EPSG:25832")
	b.d.ID = "others"
	tile, err := mvttest.Decode(get(t, plan(t, s, tiles.VectorParams{}, tms.AtLonLat(8, 11.4, 46.7), a.layer(t), b.layer(t)), tiles.Identity).Data)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]int{}
	for _, l := range tile.Layers {
		names[l.Name]++
	}
	if len(names) != 3 || names["comuni"] != 1 || names["others"] != 1 || names["meta"] != 1 {
		t.Errorf("layers %v", names)
	}
}

// Archives of others are given out as they are, in the form that is asked for.
func TestArchived(t *testing.T) {
	t.Parallel()
	s := newService(t, &tiles.Options{Locate: func(key string) (string, error) { return shareddata.Path(t, "tiles-variety/"+key), nil }})
	d := catalog.Dataset{ID: "boston", Kind: catalog.TileArchive, Version: catalog.Version{Number: 1, Tiles: &catalog.TilesInfo{
		File: "planetiler/bostonbuildings.mbtiles", Format: "mbtiles", Type: "mvt", Encoding: "gzip", MinZoom: 13, MaxZoom: 13,
	}}}
	file, err := mbtiles.Open(t.Context(), shareddata.Path(t, "tiles-variety/"+d.Version.Tiles.File))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	some, err := file.Some(t.Context(), 13, 1)
	if err != nil || len(some) == 0 {
		t.Fatal(some, err)
	}
	at := tms.Tile{Z: some[0][0], X: some[0][1], Y: some[0][2]}
	ask := func(at tms.Tile, e tiles.Encoding) tiles.Tile {
		tile, err := s.Archived(t.Context(), d, at, e)
		if err != nil {
			t.Fatal(err)
		}
		if tile.ETag != tiles.ArchivedETag(d, at, e) {
			t.Errorf("tag %s", tile.ETag)
		}
		return tile
	}
	zipped, plain := ask(at, tiles.Gzip), ask(at, tiles.Identity)
	z, err := gzip.NewReader(bytes.NewReader(zipped.Data))
	if got := all(t, z, err); !bytes.Equal(got, plain.Data) || zipped.ContentType != tiles.MVT || zipped.ContentEncoding != "gzip" || plain.ContentEncoding != "" {
		t.Errorf("%d bytes, %d", len(got), len(plain.Data))
	}
	if tile, err := mvttest.Decode(plain.Data); err != nil || tile.Layer("building") == nil {
		t.Errorf("%v", err)
	}
	if got := ask(tms.Tile{Z: 13, X: 1, Y: 1}, tiles.Gzip); !got.Empty {
		t.Error("a tile that is not there")
	}
	if got := ask(tms.Tile{Z: 3, X: 1, Y: 1}, tiles.Gzip); !got.Empty {
		t.Error("a zoom that is not there")
	}
	if _, err := newService(t, nil).Archived(t.Context(), d, at, tiles.Gzip); !fault.Is(err, fault.Unsupported) {
		t.Errorf("without a place to find archives: %v", err)
	}
}
