package pmtiles_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/pmtiles"
	"contado/scripts/shareddata"
)

// The places of the first tiles are those of the specification's curve.
func TestTileID(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		z, x, y int
		id      uint64
	}{
		{0, 0, 0, 0},
		{1, 0, 0, 1},
		{1, 0, 1, 2},
		{1, 1, 1, 3},
		{1, 1, 0, 4},
		{2, 0, 0, 5},
		{2, 1, 0, 6},
		{2, 1, 1, 7},
		{2, 0, 1, 8},
		{3, 0, 0, 21},
		{12, 3423, 1763, 19078479},
	} {
		if id, err := pmtiles.TileID(c.z, c.x, c.y); err != nil || id != c.id {
			t.Errorf("TileID(%d/%d/%d) = %d, %v; want %d", c.z, c.x, c.y, id, err, c.id)
		}
		if z, x, y, err := pmtiles.ZXY(c.id); err != nil || z != c.z || x != c.x || y != c.y {
			t.Errorf("ZXY(%d) = %d/%d/%d, %v; want %d/%d/%d", c.id, z, x, y, err, c.z, c.x, c.y)
		}
	}
	for _, c := range [][3]int{{-1, 0, 0}, {32, 0, 0}, {3, 8, 0}, {3, 0, -1}} {
		if _, err := pmtiles.TileID(c[0], c[1], c[2]); !fault.Is(err, fault.Invalid) {
			t.Errorf("TileID(%v): %v", c, err)
		}
	}
	if _, _, _, err := pmtiles.ZXY(1 << 63); !fault.Is(err, fault.Invalid) {
		t.Errorf("ZXY beyond the last zoom: %v", err)
	}
}

func TestTileIDAndBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		z := rapid.IntRange(0, pmtiles.MaxZoom).Draw(t, "z")
		x, y := rapid.IntRange(0, 1<<z-1).Draw(t, "x"), rapid.IntRange(0, 1<<z-1).Draw(t, "y")
		id, err := pmtiles.TileID(z, x, y)
		if err != nil {
			t.Fatal(err)
		}
		if gz, gx, gy, err := pmtiles.ZXY(id); err != nil || gz != z || gx != x || gy != y {
			t.Fatalf("%d/%d/%d → %d → %d/%d/%d, %v", z, x, y, id, gz, gx, gy, err)
		}
		// Followers on the curve are neighbours.
		if nz, nx, ny, err := pmtiles.ZXY(id + 1); err == nil && nz == z && (nx-x)*(nx-x)+(ny-y)*(ny-y) != 1 {
			t.Fatalf("%d/%d/%d is followed by %d/%d", z, x, y, nx, ny)
		}
	})
}

func TestReadsArchivesOfOthers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file    string
		tiles   int
		min     int
		max     int
		kind    pmtiles.TileType
		begins  string
		comp    pmtiles.Compression
		address [3]int
	}{
		{"go-pmtiles/test_fixture_1.pmtiles", 1, 0, 0, pmtiles.MVT, "\x1f\x8b", pmtiles.Gzip, [3]int{0, 0, 0}},
		{"go-pmtiles/unclustered.pmtiles", 2, 1, 1, pmtiles.PNG, "\x89PNG", pmtiles.None, [3]int{1, 0, 0}},
		{"martin/pmtiles/png.pmtiles", 5, 0, 1, pmtiles.PNG, "\x89PNG", pmtiles.None, [3]int{1, 1, 0}},
		{"martin/pmtiles/stamen_toner__raster_CC-BY+ODbL_z3.pmtiles", 85, 0, 3, pmtiles.PNG, "\x89PNG", pmtiles.None, [3]int{3, 4, 2}},
	} {
		a, err := pmtiles.OpenFile(shareddata.Path(t, "tiles-variety/"+c.file))
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		defer a.Close()
		n := 0
		if err := a.Entries(func(e pmtiles.Entry) bool {
			n += int(e.Run)
			b, err := a.Read(e)
			if err != nil || !bytes.HasPrefix(b, []byte(c.begins)) {
				t.Errorf("%s: entry %v begins %.4q, %v", c.file, e, b, err)
			}
			return true
		}); err != nil {
			t.Errorf("%s: %v", c.file, err)
		}
		h := a.Header()
		if n != c.tiles || h.MinZoom != c.min || h.MaxZoom != c.max || h.Type != c.kind || h.Tiles != c.comp {
			t.Errorf("%s: %d tiles, %+v", c.file, n, h)
		}
		if b, ok, err := a.Tile(c.address[0], c.address[1], c.address[2]); !ok || err != nil || len(b) == 0 {
			t.Errorf("%s: tile %v: %d bytes, %t, %v", c.file, c.address, len(b), ok, err)
		}
		if _, ok, err := a.Tile(20, 1, 1); ok || err != nil {
			t.Errorf("%s: a tile beyond the last zoom: %t, %v", c.file, ok, err)
		}
		if b, err := a.Metadata(); err != nil || len(b) == 0 || b[0] != '{' {
			t.Errorf("%s: metadata %.20q, %v", c.file, b, err)
		}
	}
}

func create(t testing.TB, o pmtiles.Options) (string, *pmtiles.Writer) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out.pmtiles")
	w, err := pmtiles.Create(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return path, w
}

// What was put, in any order, comes back; what repeats is stored once.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		tiles := rapid.MapOfN(
			rapid.Uint64Range(0, 90_000),
			rapid.SampledFrom([]string{"a", "b", "sea", "a longer tile", "x"}), 1, 300,
		).Draw(rt, "tiles")
		records := rapid.SampledFrom([]int{0, 2, 7, 50}).Draw(rt, "records")
		path, w := create(t, pmtiles.Options{Records: records, Compression: pmtiles.None, Bounds: geo.BBox{MinX: 9, MinY: 45, MaxX: 10, MaxY: 46}})
		for id, b := range tiles {
			z, x, y, err := pmtiles.ZXY(id)
			if err != nil {
				rt.Fatal(err)
			}
			if err := w.Put(z, x, y, []byte(b)); err != nil {
				rt.Fatal(err)
			}
		}
		if err := w.Close([]byte(`{"name":"test"}`)); err != nil {
			rt.Fatal(err)
		}
		a, err := pmtiles.OpenFile(path)
		if err != nil {
			rt.Fatal(err)
		}
		defer a.Close()
		checkTiles(rt, a, tiles)
		if records == 0 && a.Header().Contents > 5 {
			rt.Fatalf("%d contents of five", a.Header().Contents)
		}
		if m, err := a.Metadata(); err != nil || string(m) != `{"name":"test"}` {
			rt.Fatalf("metadata %s, %v", m, err)
		}
	})
}

func checkTiles(t *rapid.T, a *pmtiles.Archive, want map[uint64]string) {
	var n, entries uint64
	contents := map[uint64]bool{}
	if err := a.Entries(func(e pmtiles.Entry) bool {
		for id := e.ID; id < e.ID+uint64(e.Run); id++ {
			z, x, y, _ := pmtiles.ZXY(id)
			b, ok, err := a.Tile(z, x, y)
			if !ok || err != nil || string(b) != want[id] {
				t.Fatalf("tile %d: %q, %t, %v; want %q", id, b, ok, err, want[id])
			}
			n++
		}
		entries++
		contents[e.Offset] = true
		return true
	}); err != nil {
		t.Fatal(err)
	}
	h := a.Header()
	if n != uint64(len(want)) || h.Addressed != n || h.Entries != entries || h.Contents != uint64(len(contents)) || !h.Clustered {
		t.Fatalf("%d tiles in %d entries, want %d; header %+v", n, entries, len(want), h)
	}
}

// An archive too large for one directory gets leaves, and its root stays
// within the first 16 kB.
func TestLeaves(t *testing.T) {
	t.Parallel()
	path, w := create(t, pmtiles.Options{Records: 5000, Compression: pmtiles.None})
	r := rand.New(rand.NewPCG(1, 2))
	order := r.Perm(60_000)
	var wait sync.WaitGroup
	for part := range 4 {
		wait.Go(func() {
			for _, i := range order[part*15_000 : (part+1)*15_000] {
				z, x, y, _ := pmtiles.ZXY(uint64(i) * 3)
				if err := w.Put(z, x, y, fmt.Appendf(nil, "tile %d %s", i, bytes.Repeat([]byte("."), i%977))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if err := w.Close(nil); err != nil {
		t.Fatal(err)
	}
	a, err := pmtiles.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for i := range 60_000 {
		z, x, y, _ := pmtiles.ZXY(uint64(i) * 3)
		b, ok, err := a.Tile(z, x, y)
		if !ok || err != nil || !bytes.HasPrefix(b, fmt.Appendf(nil, "tile %d ", i)) {
			t.Fatalf("tile %d: %.20q, %t, %v", i, b, ok, err)
		}
		if z, x, y, _ = pmtiles.ZXY(uint64(i)*3 + 1); i%100 == 0 {
			if _, ok, err := a.Tile(z, x, y); ok || err != nil {
				t.Fatalf("tile %d, which was not put: %t, %v", i*3+1, ok, err)
			}
		}
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestWriterRefuses(t *testing.T) {
	t.Parallel()
	path, w := create(t, pmtiles.Options{})
	for range 2 {
		if err := w.Put(3, 1, 1, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Put(3, 8, 1, []byte("x")); !fault.Is(err, fault.Invalid) {
		t.Errorf("a tile outside the grid: %v", err)
	}
	if err := w.Close(nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("a tile put twice: %v", err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("an archive was written: %v", err)
	}
	if err := w.Put(3, 2, 2, []byte("x")); !fault.Is(err, fault.Invalid) {
		t.Errorf("a tile after the end: %v", err)
	}
	_, empty := create(t, pmtiles.Options{})
	if err := empty.Close(nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("an archive without tiles: %v", err)
	}
	_, given := create(t, pmtiles.Options{})
	given.Abort()
	given.Abort()
	if err := given.Close(nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("closed after Abort: %v", err)
	}
}

func TestHeaderSaysWhere(t *testing.T) {
	t.Parallel()
	path, w := create(t, pmtiles.Options{Type: pmtiles.PNG, Compression: pmtiles.None, Bounds: geo.BBox{MinX: 9.1, MinY: 45, MaxX: 10, MaxY: 46}})
	for z := 2; z < 5; z++ {
		if err := w.Put(z, 1, 1, []byte{byte(z)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(nil); err != nil {
		t.Fatal(err)
	}
	a, err := pmtiles.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	h := a.Header()
	if h.Bounds != (geo.BBox{MinX: 9.1, MinY: 45, MaxX: 10, MaxY: 46}) || h.MinZoom != 2 || h.MaxZoom != 4 || h.CenterZoom != 2 ||
		h.Center != [2]float64{9.55, 45.5} || h.Type != pmtiles.PNG || h.Tiles != pmtiles.None {
		t.Errorf("%+v", h)
	}
}

func TestRefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile(shareddata.Path(t, "tiles-variety/go-pmtiles/test_fixture_1.pmtiles"))
	if err != nil {
		t.Fatal(err)
	}
	spoil := func(at int, with ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], with)
		return b
	}
	for name, c := range map[string]struct {
		b    []byte
		kind fault.Kind
	}{
		"empty":             {nil, fault.Invalid},
		"text":              {bytes.Repeat([]byte("not an archive "), 20), fault.Invalid},
		"version 2":         {append([]byte("PM\x02\x00"), make([]byte, 200)...), fault.Unsupported},
		"version 9":         {spoil(7, 9), fault.Unsupported},
		"cut":               {good[:200], fault.Invalid},
		"root beyond":       {spoil(8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), fault.Invalid},
		"root of no bytes":  {spoil(16, 0, 0, 0, 0, 0, 0, 0, 0), fault.Invalid},
		"zooms":             {spoil(100, 9, 3), fault.Invalid},
		"compression":       {spoil(97, 77), fault.Invalid},
		"another one there": {spoil(97, 4), fault.Invalid},
		"root is no gzip":   {spoil(97, 1), fault.Invalid},
	} {
		if _, err := pmtiles.Open(bytes.NewReader(c.b), int64(len(c.b))); fault.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := pmtiles.OpenFile(filepath.Join(t.TempDir(), "none")); !fault.Is(err, fault.NotExist) {
		t.Errorf("no file: %v", err)
	}
}

// FuzzArchive reads whatever bytes as an archive: no panic, no endless walk,
// and every entry that is listed is found or an error.
func FuzzArchive(f *testing.F) {
	for _, name := range []string{"go-pmtiles/test_fixture_1.pmtiles", "go-pmtiles/unclustered.pmtiles"} {
		if b, err := os.ReadFile(shareddata.Path(f, "tiles-variety/"+name)); err == nil {
			f.Add(b)
		}
	}
	path, w := create(f, pmtiles.Options{Compression: pmtiles.None})
	for i := range 9000 {
		z, x, y, _ := pmtiles.ZXY(uint64(i) * 5)
		if err := w.Put(z, x, y, []byte{byte(i), byte(i >> 8)}); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(nil); err != nil {
		f.Fatal(err)
	}
	if b, err := os.ReadFile(path); err == nil {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := pmtiles.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		_, _ = a.Metadata()
		n := 0
		_ = a.Entries(func(e pmtiles.Entry) bool {
			_, _ = a.Read(e)
			if z, x, y, err := pmtiles.ZXY(e.ID); err == nil {
				_, _, _ = a.Tile(z, x, y)
			}
			n++
			return n < 1000
		})
	})
}
