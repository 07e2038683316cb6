package blockstats

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
)

// forge writes a statistics file again with its header and numbers changed,
// and with checksums that fit when honest is set.
func forge(t *testing.T, path string, honest bool, change func(h *header, planes [][]float64)) string {
	t.Helper()
	r, err := gdal.OpenRaster(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	info := r.Info()
	h := new(header)
	if err := json.Unmarshal([]byte(info.Metadata[keyHeader]), h); err != nil {
		t.Fatal(err)
	}
	planes := make([][]float64, len(info.Bands))
	for i := range planes {
		planes[i] = make([]float64, info.Grid.Cells())
		if err := r.ReadFloat64(i+1, info.Grid.Full(), planes[i]); err != nil {
			t.Fatal(err)
		}
	}
	change(h, planes)
	if honest {
		for i := range h.Bands {
			b := &h.Bands[i]
			b.Sums = []uint32{checksum(planes[b.First-1 : b.First-1+b.planes()])}
		}
	}
	meta, err := h.encode()
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "forged.tif")
	nan := math.NaN()
	specs := make([]gdal.BandSpec, len(planes))
	for i := range specs {
		specs[i].Nodata = &nan
	}
	w, err := gdal.CreateGeoTIFF(out, gdal.RasterSpec{Grid: info.Grid, DataType: "float64", Bands: specs, BlockSize: 64, Metadata: meta})
	if err != nil {
		t.Fatal(err)
	}
	for i := range planes {
		if err := w.Write(i+1, info.Grid.Full(), planes[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

// read opens a file and asks it for everything.
func read(t testing.TB, path string, src Source) (map[int][]Summary, error) {
	s, err := Open(t.Context(), path, src)
	if err != nil {
		return nil, err
	}
	out := map[int][]Summary{}
	blocks := grid.Window{Width: s.cols, Height: s.rows}
	for _, b := range s.Bands() {
		out[b] = make([]Summary, blocks.Cells())
		if err := s.ReadBlocks(t.Context(), b, blocks, out[b]); err != nil {
			return nil, err
		}
		if _, err := s.Sum(t.Context(), b, s.Grid().Full()); err != nil {
			return nil, err
		}
		if n := len(s.Classes(b)); n > 0 {
			if err := s.ReadClasses(t.Context(), b, blocks, make([]uint32, n*int(blocks.Cells()))); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func TestForgedFilesAreRefused(t *testing.T) {
	t.Parallel()
	m := random(rand.New(rand.NewPCG(3, 3)), 200, 150)
	good := write(t, m, []Band{{Number: 1}, {Number: 2, Classes: true}}, &Options{Side: 32})
	src := Source{Grid: m.g}
	same := forge(t, good, true, func(*header, [][]float64) {})
	if _, err := read(t, same, src); err != nil {
		t.Fatalf("an honest copy: %v", err)
	}
	if _, err := read(t, forge(t, good, false, func(_ *header, p [][]float64) { p[1][3]++ }), src); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("a changed number: %v", err)
	}
	first := func(p [][]float64) int { // a block with cells
		for i, n := range p[0] {
			if n > 1 {
				return i
			}
		}
		return 0
	}
	for name, change := range map[string]func(h *header, p [][]float64){
		"too many cells":     func(_ *header, p [][]float64) { p[0][0] = 32*32 + 1 },
		"half a cell":        func(_ *header, p [][]float64) { p[0][first(p)] -= 0.5 },
		"fewer than none":    func(_ *header, p [][]float64) { p[0][0] = -1 },
		"NaN cells":          func(_ *header, p [][]float64) { p[0][0] = math.NaN() },
		"sum too large":      func(_ *header, p [][]float64) { p[1][first(p)] *= 2 },
		"infinite sum":       func(_ *header, p [][]float64) { p[1][first(p)] = math.Inf(1) },
		"sum but no squares": func(_ *header, p [][]float64) { p[2][first(p)] = math.NaN() },
		"negative squares":   func(_ *header, p [][]float64) { p[2][first(p)] = -1 },
		"squares too large":  func(_ *header, p [][]float64) { p[2][first(p)] = 1e9 },
		"min above max":      func(_ *header, p [][]float64) { i := first(p); p[3][i], p[4][i] = p[4][i], p[3][i] },
		"cells but no min":   func(_ *header, p [][]float64) { p[3][first(p)] = math.NaN() },
		"empty with a sum": func(_ *header, p [][]float64) {
			for i := range p[0] {
				if p[0][i] == 0 {
					p[1][i] = 7
					return
				}
			}
			p[0][0] = -1
		},
		"class beyond count": func(_ *header, p [][]float64) { p[10][first(p[5:])] = 5000 },
		"classes too few":    func(_ *header, p [][]float64) { p[10][first(p[5:])]++ },
		"side":               func(h *header, _ [][]float64) { h.Side = 31 },
		"no side":            func(h *header, _ [][]float64) { h.Side = 0 },
		"other size":         func(h *header, _ [][]float64) { h.Width = 200000 },
		"overflowing size":   func(h *header, _ [][]float64) { h.Width, h.Height = math.MaxInt64, math.MaxInt64 },
		"no bands":           func(h *header, _ [][]float64) { h.Bands = nil },
		"bands gone":         func(h *header, _ [][]float64) { h.Bands = h.Bands[:1] },
		"band twice":         func(h *header, _ [][]float64) { h.Bands[1].Number = 1 },
		"band 0":             func(h *header, _ [][]float64) { h.Bands[0].Number = 0 },
		"other order":        func(h *header, _ [][]float64) { h.Bands[1].First = 5; h.Bands[1].Classes = h.Bands[1].Classes[:1] },
		"classes fall":       func(h *header, _ [][]float64) { h.Bands[1].Classes[0] = 1e6 },
		"too many classes":   func(h *header, _ [][]float64) { h.Bands[1].Classes = make([]float64, MaxClasses+1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forged := forge(t, good, !strings.Contains(name, "band") && !strings.Contains(name, "order") && !strings.Contains(name, "too many classes"), change)
			_, err := read(t, forged, src)
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.Conflict {
				t.Errorf("%v of kind %v", err, k)
			}
			if err != nil && !strings.Contains(err.Error(), "anew") {
				t.Errorf("no way out is named: %v", err)
			}
		})
	}
}

func TestOtherRastersAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := random(rand.New(rand.NewPCG(3, 3)), 200, 150)
	m.bands = m.bands[:1]
	src, dst := filepath.Join(dir, "a.tif"), filepath.Join(dir, "a.stats.tif")
	save(t, src, m)
	if err := WriteFile(t.Context(), dst, src, []Band{{Number: 1}}, &Options{Side: 32}); err != nil {
		t.Fatal(err)
	}
	open := func(s Source) error { _, err := Open(t.Context(), dst, s); return err }
	if err := open(Source{Grid: m.g, Path: src}); err != nil {
		t.Fatal(err)
	}
	near := m.g
	near.Transform[0] += 1e-6 // written down with fewer digits
	if err := open(Source{Grid: near}); err != nil {
		t.Errorf("a micrometre: %v", err)
	}
	moved, larger, flipped := m.g, m.g, m.g
	moved.Transform[0] += 10
	larger.Width++
	flipped.Transform[3], flipped.Transform[5] = 5000000-1500, 10
	for _, g := range []grid.Grid{moved, larger, flipped, {}} {
		if err := open(Source{Grid: g}); !fault.Is(err, fault.Conflict) {
			t.Errorf("%+v: %v", g, err)
		}
	}
	if _, err := Open(t.Context(), src, Source{Grid: m.g}); !fault.Is(err, fault.Invalid) {
		t.Errorf("not a statistics file: %v", err)
	}
	if _, err := Open(t.Context(), filepath.Join(dir, "none.tif"), Source{Grid: m.g}); !fault.Is(err, fault.NotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := open(Source{Grid: m.g, Path: filepath.Join(dir, "none.tif")}); !fault.Is(err, fault.NotExist) {
		t.Errorf("no raster: %v", err)
	}
	if err := open(Source{Grid: m.g, Path: dir}); !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Other) {
		t.Errorf("a folder: %v", err)
	}
	cache := NewCache(0)
	s, err := cache.Open(t.Context(), dst, Source{Grid: m.g, Path: src})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := cache.Open(t.Context(), dst, Source{Grid: m.g, Path: src}); err != nil || again != s {
		t.Errorf("opened twice: %v", err)
	}
	m.bands[0][7] = 12345 // the raster is made anew, of the same shape
	save(t, src, m)
	if err := open(Source{Grid: m.g, Path: src}); !fault.Is(err, fault.Conflict) {
		t.Errorf("a changed raster: %v", err)
	}
	if _, err := cache.Open(t.Context(), dst, Source{Grid: m.g, Path: src}); !fault.Is(err, fault.Conflict) {
		t.Errorf("a changed raster, by way of the cache: %v", err)
	}
}

// A small cache gives the same answers.
func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	m := &memory{g: metres(64*16*2+5, 64*16+5), bands: make([][]float64, 3)}
	for b := range m.bands {
		m.bands[b] = make([]float64, m.g.Cells())
		for i := range m.bands[b] {
			m.bands[b][i] = float64(i % (1000 + b))
		}
	}
	path := write(t, m, []Band{{Number: 1}, {Number: 2}, {Number: 3}}, &Options{Side: 16})
	c := NewCache(500 << 10)
	s, err := c.Open(t.Context(), path, Source{Grid: m.g})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		for b := 1; b <= 3; b++ {
			for _, w := range []grid.Window{m.g.Full(), {Col: 16, Row: 32, Width: 16 * 100, Height: 64}, {Col: 16 * 60, Width: 16 * 10, Height: 16 * 64}} {
				got, err := s.Sum(t.Context(), b, w)
				if err != nil || !equal(got, m.slow(b, w)) {
					t.Fatalf("band %d, %v: %+v, %v", b, w, got, err)
				}
			}
			if c.Bytes() > 500<<10 {
				t.Fatalf("%d bytes kept", c.Bytes())
			}
		}
	}
}

func FuzzDamaged(f *testing.F) {
	m := random(rand.New(rand.NewPCG(3, 3)), 100, 80)
	good := write(f, m, []Band{{Number: 1, Name: "a"}, {Number: 2, Name: "b", Classes: true}}, &Options{Side: 32})
	whole, err := os.ReadFile(good)
	if err != nil {
		f.Fatal(err)
	}
	want, err := read(f, good, Source{Grid: m.g})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(300), []byte("9"))
	f.Add(uint32(8), []byte{0, 0, 0, 0})
	f.Add(uint32(len(whole)-100), []byte("garbage"))
	f.Add(uint32(bytes.Index(whole, []byte(`"classes":[`))+11), []byte("1"))
	f.Add(uint32(bytes.Index(whole, []byte(`"number":1`))+9), []byte("3"))
	f.Fuzz(func(t *testing.T, at uint32, with []byte) {
		b := bytes.Clone(whole)
		copy(b[int(at)%len(b):], with)
		path := filepath.Join(t.TempDir(), "x.tif")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := read(t, path, Source{Grid: m.g})
		if err != nil {
			return
		}
		for band := range want {
			for i := range want[band] {
				if !equal(got[band][i], want[band][i]) {
					t.Fatalf("band %d, block %d: %+v, was %+v", band, i, got[band][i], want[band][i])
				}
			}
		}
	})
}
