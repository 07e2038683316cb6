package gdal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/fault"
	"contado/geo/grid"
)

// elsewhere holds the files that tests read as remote ones, by address. The
// process has one way of reading remote files, so the tests share one.
var elsewhere sync.Map

var remoteOnce = sync.OnceValue(func() error {
	return SetRemote(func(r Remote) (io.ReaderAt, int64, error) {
		f, ok := elsewhere.Load(r.Href)
		if !ok {
			return nil, 0, fault.Errorf("test", fault.NotExist, "%s is not there", r.Href)
		}
		m := f.(*counted)
		m.opened.Add(1)
		if m.panics {
			panic("a broken reader")
		}
		return m, int64(len(m.data)), nil
	}, 0)
})

// counted is a remote file in memory that counts what is asked of it.
type counted struct {
	data          []byte
	opened, reads atomic.Int64
	fails         atomic.Pointer[fault.Error]
	panics        bool
}

func (m *counted) ReadAt(p []byte, off int64) (int, error) {
	m.reads.Add(1)
	if err := m.fails.Load(); err != nil {
		return 0, err
	}
	return bytes.NewReader(m.data).ReadAt(p, off)
}

func remote(t *testing.T, m *counted) string {
	t.Helper()
	if err := remoteOnce(); err != nil {
		t.Fatal(err)
	}
	href := "https://example.org/" + t.Name() + fmt.Sprintf("/%p.tif", m)
	elsewhere.Store(href, m)
	name, err := RemoteName(Remote{Href: href})
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// noisy writes a raster that does not compress, with blocks side by side in
// the file, and returns its path.
func noisy(t *testing.T, size, bands int, opts ...string) string {
	t.Helper()
	raw, path := filepath.Join(t.TempDir(), "raw.bin"), filepath.Join(t.TempDir(), "noisy.tif")
	rnd := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // made-up cells
	b := make([]byte, size*size*bands)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	if err := os.WriteFile(raw, b, 0o600); err != nil {
		t.Fatal(err)
	}
	vrt := fmt.Sprintf(`<VRTDataset rasterXSize="%d" rasterYSize="%d"><SRS>EPSG:32632</SRS><GeoTransform>500000,10,0,5000000,0,-10</GeoTransform>`, size, size)
	for k := range bands {
		vrt += fmt.Sprintf(`<VRTRasterBand dataType="Byte" band="%d" subClass="VRTRawRasterBand"><SourceFilename relativetoVRT="1">raw.bin</SourceFilename><ImageOffset>%d</ImageOffset><PixelOffset>1</PixelOffset><LineOffset>%d</LineOffset></VRTRasterBand>`, k+1, k*size*size, size)
	}
	if err := os.WriteFile(raw+".vrt", []byte(vrt+`</VRTDataset>`), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append(append([]string{"-q"}, opts...), raw+".vrt", path)
	if out, err := exec.Command("gdal_translate", args...).CombinedOutput(); err != nil { //nolint:gosec // fixed tool
		t.Fatalf("gdal_translate: %v\n%s", err, out)
	}
	return path
}

func TestRemoteReadsAsLocal(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]string{
		"cog":          {"-of", "COG", "-co", "BLOCKSIZE=128", "-co", "COMPRESS=DEFLATE"},
		"side by side": {"-co", "TILED=YES", "-co", "BLOCKXSIZE=64", "-co", "BLOCKYSIZE=64"},
		"by band":      {"-co", "TILED=YES", "-co", "INTERLEAVE=BAND", "-co", "BLOCKXSIZE=64", "-co", "BLOCKYSIZE=64"},
		"rows":         {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := noisy(t, 1500, 3, opts...)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			m := &counted{data: data}
			pool := NewPool(nil)
			defer pool.Close()
			far := remote(t, m)
			rapid.Check(t, func(rt *rapid.T) {
				w := grid.Window{Col: rapid.IntRange(0, 1400).Draw(rt, "col"), Row: rapid.IntRange(0, 1400).Draw(rt, "row")}
				w.Width = rapid.IntRange(1, 1500-w.Col).Draw(rt, "w")
				w.Height = rapid.IntRange(1, 1500-w.Row).Draw(rt, "h")
				bands := [][]int{{1}, {3, 1}, {1, 2, 3}}[rapid.IntRange(0, 2).Draw(rt, "bands")]
				var got [2]*grid.Block
				for i, p := range []string{path, far} {
					err := pool.With(t.Context(), p, func(r *Raster) (err error) {
						got[i], err = r.Read(bands, w, w.Width, w.Height, grid.Nearest)
						return err
					})
					if err != nil {
						rt.Fatal(err)
					}
				}
				for k := range bands {
					if !slices.Equal(got[0].Bands[k], got[1].Bands[k]) {
						rt.Fatalf("band %d of %+v differs", bands[k], w)
					}
				}
			})
		})
	}
}

// A tile of a COG whose header is known takes two requests at most.
func TestRemoteTileTakesFewReads(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(noisy(t, 2560, 3, "-of", "COG", "-co", "BLOCKSIZE=128", "-co", "COMPRESS=DEFLATE"))
	if err != nil {
		t.Fatal(err)
	}
	m := &counted{data: data}
	pool := NewPool(nil)
	defer pool.Close()
	far := remote(t, m)
	read := func(w grid.Window) int64 {
		before := m.reads.Load()
		err := pool.With(t.Context(), far, func(r *Raster) error {
			_, err := r.Read([]int{1, 2, 3}, w, 128, 128, grid.Nearest)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return m.reads.Load() - before
	}
	if n := read(grid.Window{Width: 128, Height: 128}); n > 3 {
		t.Errorf("the first tile took %d requests", n)
	}
	for k := 1; k < 8; k++ {
		w := grid.Window{Col: 256*k - 50, Row: 256*k - 50, Width: 128, Height: 128} // across four blocks
		if n := read(w); n > 2 {
			t.Errorf("tile at %d took %d requests", w.Col, n)
		}
		if n := read(w); n != 0 {
			t.Errorf("the same tile again took %d requests", n)
		}
	}
	if m.opened.Load() != 1 {
		t.Errorf("opened %d times", m.opened.Load())
	}
}

func TestRemoteStoreRanges(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(5, 6)) //nolint:gosec // made-up bytes
	m := &counted{data: make([]byte, 40*pageBytes+123)}
	for i := range m.data {
		m.data[i] = byte(rnd.Uint32())
	}
	name := strings.TrimPrefix(remote(t, m), remotePrefix)
	s := newRemoteStore(func(Remote) (io.ReaderAt, int64, error) { return m, int64(len(m.data)), nil }, 6*pageBytes)
	f, err := s.file(name)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "n")
		bufs, offs := make([][]byte, n), make([]int64, n)
		at := rapid.Int64Range(0, int64(len(m.data))).Draw(t, "at")
		for i := range n {
			if !rapid.Bool().Draw(t, "adjacent") {
				at = rapid.Int64Range(0, int64(len(m.data))).Draw(t, "at")
			}
			size := rapid.Int64Range(0, min(3*pageBytes, int64(len(m.data))-at)).Draw(t, "size")
			bufs[i], offs[i] = make([]byte, size), at
			at += size
		}
		if err := s.read(f, bufs, offs); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			if !bytes.Equal(bufs[i], m.data[offs[i]:offs[i]+int64(len(bufs[i]))]) {
				t.Fatalf("range %d (%d bytes at %d) differs", i, len(bufs[i]), offs[i])
			}
		}
		if s.bytes > s.maxBytes || int64(len(s.pages)) != int64(s.lru.Len()) {
			t.Fatalf("%d bytes kept in %d pages", s.bytes, len(s.pages))
		}
	})
	if err := s.read(f, [][]byte{make([]byte, 2)}, []int64{f.size - 1}); !fault.Is(err, fault.Invalid) {
		t.Fatalf("beyond the end: %v", err)
	}
}

func TestRemoteFailures(t *testing.T) {
	t.Parallel()
	pool := NewPool(nil)
	defer pool.Close()
	open := func(name string) error {
		return pool.With(t.Context(), name, func(r *Raster) error {
			g := r.Grid()
			_, err := r.Read([]int{1}, grid.Window{Width: g.Width, Height: g.Height}, g.Width, g.Height, grid.Nearest)
			return err
		})
	}
	data, err := os.ReadFile(noisy(t, 600, 1, "-of", "COG"))
	if err != nil {
		t.Fatal(err)
	}
	good := &counted{data: data}
	name := remote(t, good)
	if err := open(name); err != nil {
		t.Fatal(err)
	}
	gone := &counted{data: data}
	goneName := remote(t, gone)
	gone.fails.Store(&fault.Error{Kind: fault.Unavailable, Err: errors.New("the network is away")})
	if err := open(goneName); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "network is away") {
		t.Errorf("network away: %v (%v)", err, fault.KindOf(err))
	}
	gone.fails.Store(nil)
	if err := open(goneName); err != nil {
		t.Errorf("and back: %v", err)
	}
	gone.fails.Store(&fault.Error{Kind: fault.Conflict, Err: errors.New("the file has changed")})
	big := &counted{data: data, panics: true}
	for what, tc := range map[string]struct {
		name string
		kind fault.Kind
	}{
		"a reader that panics":     {remote(t, big), fault.Other},
		"no raster":                {remote(t, &counted{data: []byte("hello")}), fault.Invalid},
		"cut short":                {remote(t, &counted{data: data[:len(data)/2]}), fault.Invalid},
		"a name of no file":        {remotePrefix + "abc", fault.Invalid},
		"a name that was tampered": {name[:len(name)-1] + "A", fault.Invalid},
		"a sidecar":                {name + ".aux.xml", fault.Invalid},
	} {
		if err := open(tc.name); !fault.Is(err, tc.kind) && err == nil {
			t.Errorf("%s: %v (%v), want %v", what, err, fault.KindOf(err), tc.kind)
		} else if fault.KindOf(err) != tc.kind {
			t.Errorf("%s: %v (%v), want %v", what, err, fault.KindOf(err), tc.kind)
		}
	}
	if _, err := OpenRaster(name, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("without Remote the name passes: %v", err)
	}
	if _, err := RemoteName(Remote{Href: "https://example.org/" + strings.Repeat("x", 2000)}); !fault.Is(err, fault.TooLarge) {
		t.Errorf("long address: %v", err)
	}
}

func TestCheckRemote(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		opts []string
		ok   bool
	}{
		{[]string{"-of", "COG"}, true},
		{[]string{"-co", "TILED=YES"}, false},
		{nil, false},
	} {
		r, err := OpenRaster(noisy(t, 2500, 1, tc.opts...), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckRemote(r.Info()); (err == nil) != tc.ok {
			t.Errorf("%v: %v", tc.opts, err)
		}
		_ = r.Close()
	}
}

// What a catalogue knows of the cells holds where the file is silent.
func TestRemoteCells(t *testing.T) {
	t.Parallel()
	nodata := 0.0
	for _, tc := range []struct {
		opts []string
		own  bool
	}{{nil, false}, {[]string{"-a_nodata", "7", "-a_scale", "2", "-a_offset", "1"}, true}} {
		data, err := os.ReadFile(noisy(t, 300, 1, append([]string{"-of", "COG"}, tc.opts...)...))
		if err != nil {
			t.Fatal(err)
		}
		href := "https://example.org/" + t.Name() + fmt.Sprint(tc.own)
		elsewhere.Store(href, &counted{data: data})
		if err := remoteOnce(); err != nil {
			t.Fatal(err)
		}
		var got [2]*grid.Block
		for i, c := range []*Cells{nil, {Scale: 0.5, Offset: -1, Nodata: &nodata}} {
			name, err := RemoteName(Remote{Href: href, Cells: c})
			if err != nil {
				t.Fatal(err)
			}
			r, err := OpenRasterWith(name, &RasterOptions{Remote: true, Siblings: []string{"x"}})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if got[i], err = r.Read([]int{1}, grid.Window{Width: 300, Height: 300}, 300, 300, grid.Bilinear); err != nil {
				t.Fatal(err)
			}
		}
		zeros := 0
		for i, v := range got[0].Bands[0] {
			want, mask := v*0.5-1, uint8(255)
			if v == 0 {
				mask = 0
				zeros++
			}
			if tc.own {
				want, mask = v, got[0].Mask[i]
			}
			if got[1].Mask[i] != mask || mask != 0 && got[1].Bands[0][i] != want {
				t.Fatalf("own %v, cell %d: %g %d, want %g %d", tc.own, i, got[1].Bands[0][i], got[1].Mask[i], want, mask)
			}
		}
		if zeros == 0 && !tc.own {
			t.Fatal("no cell is nodata")
		}
	}
}
