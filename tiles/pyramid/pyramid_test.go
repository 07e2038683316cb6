package pyramid_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/layer"
	"contado/geo/pmtiles"
	"contado/geo/store/catalog"
	"contado/geo/store/journal"
	"contado/tiles/live"
	"contado/tiles/pyramid"
	"contado/tiles/tms"
	"contado/tiles/vector"
	"contado/tiles/vector/mvttest"
)

var schema = geo.Schema{
	GeometryType: "Polygon", CRS: "EPSG:32632",
	Fields: []geo.Field{{Name: "use", Type: geo.String}, {Name: "n", Type: geo.Integer}, {Name: "raw", Type: geo.Binary}},
}

// square is a parcel with its corner at (x, y).
func square(x, y, side float64) orb.Polygon {
	return orb.Polygon{{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}}
}

// parcels are two villages of parcels, a region around both, and a long line
// of which the box is mostly empty.
func parcels() []geo.Feature {
	r := rand.New(rand.NewPCG(7, 9))
	var out []geo.Feature
	add := func(g orb.Geometry) {
		id := int64(len(out) + 1)
		out = append(out, geo.Feature{ID: id, Geometry: g, Values: []any{[]any{"field", "wood", nil}[id%3], id, []byte{1}}})
	}
	for _, corner := range [][2]float64{{600_000, 5_000_000}, {640_000, 5_030_000}} {
		for i := range 900 {
			side := 20 + 20*r.Float64()
			add(square(corner[0]+float64(i%30)*45, corner[1]+float64(i/30)*45, side))
		}
	}
	add(orb.Polygon{{{590_000, 4_990_000}, {660_000, 4_990_000}, {660_000, 4_990_100}, {590_100, 5_050_000}, {590_000, 4_990_000}}})
	out = append(out, geo.Feature{ID: int64(len(out) + 1), Values: []any{"nowhere", int64(0), nil}})
	return out
}

func open(t testing.TB, s geo.Schema, list []geo.Feature) *layer.Layer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rows.fgb")
	w, err := fgb.Create(path, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := fgb.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	d := catalog.Dataset{ID: "parcels", Kind: catalog.Vector, Version: catalog.Version{
		Number: 1, CRS: s.CRS, BBoxWGS84: geo.BBox{MinX: 10.1, MinY: 45.0, MaxX: 11.2, MaxY: 45.65},
		Vector: &catalog.VectorInfo{Schema: s, Count: int64(len(list)), Layer: "rows"},
	}}
	l, err := layer.Open(d, f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func artist(t testing.TB) *live.Artist {
	t.Helper()
	a, err := live.New(0)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func build(t testing.TB, l *layer.Layer, o pyramid.Options) (*pmtiles.Archive, string, pyramid.Summary) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out.pmtiles")
	s, err := pyramid.Build(t.Context(), l, path, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := pmtiles.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a, path, s
}

func unzip(t testing.TB, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// every tile near the layer at the zooms.
func every(l *layer.Layer, maxZoom int, yield func(tms.Tile)) {
	b := l.Dataset().Version.BBoxWGS84
	for z := range maxZoom + 1 {
		first, last := tms.AtLonLat(z, b.MinX, b.MaxY), tms.AtLonLat(z, b.MaxX, b.MinY)
		for y := max(first.Y-1, 0); y <= min(last.Y+1, 1<<z-1); y++ {
			for x := max(first.X-1, 0); x <= min(last.X+1, 1<<z-1); x++ {
				yield(tms.Tile{Z: z, X: x, Y: y})
			}
		}
	}
}

// The archive holds every tile that shows something, as it is drawn live,
// and no other.
func TestBuildHoldsEveryTile(t *testing.T) {
	t.Parallel()
	l := open(t, schema, parcels())
	a, path, s := build(t, l, pyramid.Options{MaxZoom: 11})
	draw, part := artist(t), live.Part{Name: "parcels", Layer: l, Fields: live.Drawable(schema)}
	var tiles int64
	every(l, 11, func(at tms.Tile) {
		want, stats, err := draw.Draw(t.Context(), at, part)
		if err != nil {
			t.Fatal(err)
		}
		got, ok, err := a.Tile(at.Z, at.X, at.Y)
		if err != nil || ok != (len(want) > 0) {
			t.Fatalf("tile %v: %t, %v; drawn it has %d bytes", at, ok, err, len(want))
		}
		if !ok {
			return
		}
		tiles++
		if !bytes.Equal(unzip(t, got), want) {
			t.Errorf("tile %v is not as drawn", at)
		}
		stats.Layers = nil
		if f, ok := pyramid.Figures(got); !ok || !cmp.Equal(f, stats) {
			t.Errorf("tile %v says %+v, want %+v", at, f, stats)
		}
	})
	if s.Tiles != tiles || a.Header().Addressed != uint64(tiles) || s.MaxZoom != 11 || len(s.Zooms) != 12 {
		t.Errorf("%d tiles, the summary says %+v", tiles, s)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() != s.Bytes {
		t.Errorf("size %v, %v; the summary says %d", info.Size(), err, s.Bytes)
	}
	for _, z := range s.Zooms {
		if z.Tiles == 0 || z.Largest == 0 || z.Bytes == 0 || z.Zoom > 5 && (z.AreaMin <= 0.8 || z.AreaMax > 1.2) {
			t.Errorf("%+v", z)
		}
	}
	verify(t, path)
}

// verify has the archive judged by the reference implementation.
func verify(t *testing.T, path string) {
	t.Helper()
	tool := os.Getenv("CONTADO_GO_PMTILES")
	if tool == "" {
		tool = filepath.Join("..", "..", ".cache", "tools", "go-pmtiles")
	}
	if _, err := os.Stat(tool); err != nil {
		t.Logf("not verified: go-pmtiles is not at %s (scripts/setup puts it there)", tool)
		return
	}
	if out, err := exec.Command(tool, "verify", path).CombinedOutput(); err != nil || !bytes.Contains(out, []byte("Completed verify")) {
		t.Errorf("go-pmtiles verify: %v\n%s", err, out)
	}
}

// GDAL finds in a tile taken out of the archive what we put there.
func TestGDALReadsTiles(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("ogrinfo")
	if err != nil {
		t.Skip("ogrinfo is not installed")
	}
	l := open(t, schema, parcels())
	a, _, _ := build(t, l, pyramid.Options{MaxZoom: 8})
	at := tms.AtLonLat(8, 10.28, 45.15)
	b, ok, err := a.Tile(at.Z, at.X, at.Y)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	folder := filepath.Join(t.TempDir(), "8")
	file := filepath.Join(folder, strconv.Itoa(at.X), strconv.Itoa(at.Y)+".pbf")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, unzip(t, b), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool, "-ro", "-so", "MVT:"+folder, "parcels").CombinedOutput()
	want := "Feature Count: " + strconv.Itoa(len(decoded(t, b).Features)) + "\n"
	if err != nil || !bytes.Contains(out, []byte(want)) {
		t.Errorf("%v, want %q in\n%s", err, want, out)
	}
}

// decoded are the rows of a tile: all but what tells its state.
func decoded(t testing.TB, b []byte) *mvttest.Layer {
	t.Helper()
	tile, err := mvttest.Decode(unzip(t, b))
	if err != nil {
		t.Fatal(err)
	}
	return tile.Layer("parcels")
}

// After edits, what was not touched is copied, the rest drawn, and all is as
// in a pyramid built anew; also where rows went away or came to new places.
func TestRebuild(t *testing.T) {
	t.Parallel()
	list := parcels()
	l := open(t, schema, list)
	old, _, all := build(t, l, pyramid.Options{MaxZoom: 12})
	moved, gone := list[17], list[31]
	to := moved
	to.Geometry = square(652_000, 5_010_000, 30)
	edits := []journal.Change{
		{Op: journal.Replace, Feature: moved.ID, Before: &moved, After: &to},
		{Op: journal.Delete, Feature: gone.ID, Before: &gone},
		{Op: journal.Create, Feature: 9999, After: &geo.Feature{ID: 9999, Geometry: square(700_000, 5_020_000, 40), Values: []any{"new", int64(1), nil}}},
	}
	for i := range edits {
		edits[i].Dataset, edits[i].Version, edits[i].Seq = "parcels", 1, int64(i+1)
	}
	edited, err := l.With(edits)
	if err != nil {
		t.Fatal(err)
	}
	fresh, _, want := build(t, edited, pyramid.Options{MaxZoom: 12})
	again, path, s := build(t, edited, pyramid.Options{Previous: old})
	if s.Tiles != want.Tiles || s.Copied < all.Tiles/2 || s.Copied == s.Tiles || s.MaxZoom != 12 {
		t.Errorf("%d tiles, %d copied; anew %d, before %d", s.Tiles, s.Copied, want.Tiles, all.Tiles)
	}
	n := 0
	if err := fresh.Entries(func(e pmtiles.Entry) bool {
		for id := e.ID; id < e.ID+uint64(e.Run); id++ {
			z, x, y, _ := pmtiles.ZXY(id)
			a, _, err := fresh.Tile(z, x, y)
			b, ok, errB := again.Tile(z, x, y)
			if err != nil || errB != nil || !ok {
				t.Fatalf("tile %d/%d/%d: %v, %v, %t", z, x, y, err, errB, ok)
			}
			if diff := cmp.Diff(decoded(t, a), decoded(t, b)); diff != "" {
				t.Fatalf("tile %d/%d/%d: %s", z, x, y, diff)
			}
			n++
		}
		return true
	}); err != nil || n == 0 {
		t.Fatal(n, err)
	}
	verify(t, path)
	// A pyramid of other rows is not copied from.
	_, _, other := build(t, edited, pyramid.Options{Previous: old, Since: 2, MaxZoom: 6})
	if other.Copied != 0 || other.MaxZoom != 6 {
		t.Errorf("copied %d tiles of another state", other.Copied)
	}
}

// An export holds the rows that the filter takes, and no others.
func TestExport(t *testing.T) {
	t.Parallel()
	l := open(t, schema, parcels())
	path := filepath.Join(t.TempDir(), "woods.pmtiles")
	filter, err := cql2.ParseText("use = 'wood'")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pyramid.Export(t.Context(), l, filter, "", path, nil); err != nil {
		t.Fatal(err)
	}
	a, err := pmtiles.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	ids := map[uint64]bool{}
	if err := a.Entries(func(e pmtiles.Entry) bool {
		z, _, _, _ := pmtiles.ZXY(e.ID)
		b, err := a.Read(e)
		if err != nil {
			t.Fatal(err)
		}
		if l := decoded(t, b); l != nil && z == a.Header().MaxZoom {
			for _, f := range l.Features {
				if f.Tags["use"] != "wood" {
					t.Errorf("feature %d: %v", f.ID, f.Tags)
				}
				ids[f.ID] = true
			}
		}
		return true
	}); err != nil || len(ids) < 500 { // of 601; the smallest are drawn together
		t.Errorf("%d woods, %v", len(ids), err)
	}
}

func TestBuildEnds(t *testing.T) {
	t.Parallel()
	l := open(t, schema, parcels())
	ctx, cancel := context.WithCancel(t.Context())
	path := filepath.Join(t.TempDir(), "out.pmtiles")
	_, err := pyramid.Build(ctx, l, path, pyramid.Options{MaxZoom: 16}, func(done float64, _ string) {
		if done < 0 || done > 1 {
			t.Errorf("progress %g", done)
		}
		cancel()
	})
	if !fault.Is(err, fault.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	left, globErr := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if hidden, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); globErr != nil || len(left)+len(hidden) > 0 {
		t.Errorf("left behind: %v %v", left, hidden)
	}
	nowhere := open(t, schema, parcels()[len(parcels())-1:])
	if _, err := pyramid.Build(t.Context(), nowhere, path, pyramid.Options{MaxZoom: 3}, nil); !fault.Is(err, fault.NotExist) {
		t.Errorf("rows without geometry: %v", err)
	}
	table := schema
	table.GeometryType = ""
	if _, err := pyramid.Build(t.Context(), open(t, table, nil), path, pyramid.Options{}, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("a table: %v", err)
	}
}

// failing draws all tiles but one.
type failing struct{ at tms.Tile }

var errDraw = errors.New("cannot draw")

func (f failing) Near(tms.Tile) pyramid.Presence { return pyramid.Small }
func (f failing) Draw(_ context.Context, t tms.Tile) ([]byte, vector.Stats, error) {
	if t == f.at {
		return nil, vector.Stats{}, errDraw
	}
	return []byte{byte(t.X)}, vector.Stats{Features: 1, AreaKept: 1}, nil
}

func TestWriteStopsAtAnError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out.pmtiles")
	if _, err := pyramid.Write(t.Context(), failing{tms.Tile{Z: 5, X: 7, Y: 9}}, path, pyramid.Plan{MaxZoom: 6}, nil); !errors.Is(err, errDraw) {
		t.Errorf("%v", err)
	}
	s, err := pyramid.Write(t.Context(), failing{tms.Tile{Z: 9}}, path, pyramid.Plan{MinZoom: 2, MaxZoom: 6}, nil)
	if err != nil || s.Tiles != 16+64+256+1024+4096 {
		t.Errorf("%+v, %v", s, err)
	}
}

// Rows tell how fine their tiles have to be.
func TestGuessZoom(t *testing.T) {
	t.Parallel()
	grid := func(n int, step, side float64) []geo.Feature {
		var out []geo.Feature
		for i := range n * n {
			out = append(out, geo.Feature{ID: int64(i + 1), Geometry: square(600_000+float64(i%n)*step, 5_000_000+float64(i/n)*step, side), Values: []any{nil, nil, nil}})
		}
		return out
	}
	points := schema
	points.GeometryType = "Point"
	for name, c := range map[string]struct {
		l         *layer.Layer
		min, most int
	}{
		"provinces": {open(t, schema, grid(4, 20_000, 20_000)), 1, 5},
		"parcels":   {open(t, schema, grid(30, 45, 30)), 11, 13},
		"crowded":   {open(t, schema, grid(300, 4, 4)), 15, 16},
		"points":    {open(t, points, []geo.Feature{{ID: 1, Geometry: orb.Point{600_000, 5_000_000}, Values: []any{nil, nil, nil}}}), 12, 12},
		"nothing":   {open(t, schema, nil), 0, 0},
	} {
		if z, err := artist(t).GuessZoom(t.Context(), c.l); err != nil || z < c.min || z > c.most {
			t.Errorf("%s: zoom %d, %v; want %d to %d", name, z, err, c.min, c.most)
		}
	}
}

func FuzzFigures(f *testing.F) {
	f.Add([]byte("\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x14\x00Co\x0e\x00\x01\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0\x3f..."))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, ok := pyramid.Figures(b); ok && (s.Features < 0 || s.Dropped < 0 || s.Tiny < 0) {
			t.Errorf("%+v", s)
		}
	})
}
