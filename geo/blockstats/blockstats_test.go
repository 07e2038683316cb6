package blockstats

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/zonal"
)

// Stats must do for zonal statistics.
var _ zonal.ClassBlocks = (*Stats)(nil)

// memory is a raster in memory.
type memory struct {
	g     grid.Grid
	bands [][]float64
}

func (m *memory) Grid() grid.Grid { return m.g }

func (m *memory) ReadFloat64(ctx context.Context, band int, w grid.Window, dst []float64) error {
	if w.Empty() || m.g.Full().Intersect(w) != w || len(dst) != int(w.Cells()) || band < 1 || band > len(m.bands) {
		return errors.New("read outside the raster")
	}
	for r := range w.Height {
		copy(dst[r*w.Width:(r+1)*w.Width], m.bands[band-1][(w.Row+r)*m.g.Width+w.Col:])
	}
	return ctx.Err()
}

func metres(w, h int) grid.Grid {
	return grid.Grid{CRS: "EPSG:25832", Transform: grid.Transform{500000, 10, 0, 5000000, 0, -10}, Width: w, Height: h}
}

// random has gaps of whole blocks, single gaps, infinities, an amount around
// 1e6 and a class band.
func random(rng *rand.Rand, w, h int) *memory {
	m := &memory{g: metres(w, h), bands: [][]float64{make([]float64, w*h), make([]float64, w*h)}}
	gap := rng.IntN(40)
	for i := range m.bands[0] {
		col, row := i%w, i/w
		v := 1e6 + rng.NormFloat64()
		switch {
		case (col/37+row/29)%3 == 0:
			v = math.NaN()
		case gap > 0 && rng.IntN(gap) == 0:
			v = []float64{math.NaN(), math.Inf(1), math.Inf(-1)}[rng.IntN(3)]
		}
		m.bands[0][i] = v
		m.bands[1][i] = float64(rng.IntN(4) * (col / 50))
	}
	return m
}

func (m *memory) slow(band int, w grid.Window) Summary {
	s := Summary{Min: math.NaN(), Max: math.NaN()}
	var vs []float64
	for r := w.Row; r < w.Row+w.Height; r++ {
		for c := w.Col; c < w.Col+w.Width; c++ {
			if v := m.bands[band-1][r*m.g.Width+c]; finite(v) {
				vs = append(vs, v)
			}
		}
	}
	if len(vs) == 0 {
		return s
	}
	s.Count, s.Min, s.Max = float64(len(vs)), math.Inf(1), math.Inf(-1)
	base := vs[0]
	d := 0.0
	for _, v := range vs {
		d += v - base
		s.Min, s.Max = math.Min(s.Min, v), math.Max(s.Max, v)
	}
	mean := d / s.Count
	s.Sum = base*s.Count + d
	for _, v := range vs {
		s.M2 += (v - base - mean) * (v - base - mean)
	}
	return s
}

func equal(a, b Summary) bool {
	close := func(x, y, rel float64) bool { return math.Abs(x-y) <= rel*math.Max(math.Abs(x), math.Abs(y)) }
	if a.Count != b.Count {
		return false
	}
	if a.Count == 0 {
		return true
	}
	return close(a.Sum, b.Sum, 1e-13) && close(a.M2, b.M2, 1e-8) && a.Min == b.Min && a.Max == b.Max
}

func write(t testing.TB, m *memory, bands []Band, o *Options) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.stats.tif")
	if err := Write(t.Context(), path, m, bands, o); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAgainstCells(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		m := random(rng, 1+rng.IntN(300), 1+rng.IntN(300))
		side := 16 + rng.IntN(60)
		path := filepath.Join(dir, "a.stats.tif")
		if err := Write(context.Background(), path, m, []Band{{Number: 2, Name: "class", Classes: true}, {Number: 1}}, &Options{Side: side}); err != nil {
			t.Fatal(err)
		}
		s, err := Open(context.Background(), path, Source{Grid: m.g})
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			checkWindow(t, rng, s, m, side)
		}
	})
}

func checkWindow(t *rapid.T, rng *rand.Rand, s *Stats, m *memory, side int) {
	ctx := context.Background()
	band := 1 + rng.IntN(2)
	cols, rows := s.h.size()
	b := grid.Window{Col: rng.IntN(cols), Row: rng.IntN(rows)}
	b.Width, b.Height = 1+rng.IntN(cols-b.Col), 1+rng.IntN(rows-b.Row)
	w := m.g.Full().Intersect(grid.Window{Col: b.Col * side, Row: b.Row * side, Width: b.Width * side, Height: b.Height * side})
	got, err := s.Sum(ctx, band, w)
	if err != nil {
		t.Fatal(err)
	}
	want := m.slow(band, w)
	if !equal(got, want) {
		t.Fatalf("band %d, window %v: %+v, cells give %+v", band, w, got, want)
	}
	sums := make([]Summary, b.Cells())
	if err := s.ReadBlocks(ctx, band, b, sums); err != nil {
		t.Fatal(err)
	}
	one := rng.IntN(len(sums))
	ow := m.g.Full().Intersect(grid.Window{Col: (b.Col + one%b.Width) * side, Row: (b.Row + one/b.Width) * side, Width: side, Height: side})
	if want := m.slow(band, ow); !equal(sums[one], want) {
		t.Fatalf("block %v: %+v, cells give %+v", ow, sums[one], want)
	}
	any := grid.Window{Col: rng.IntN(m.g.Width), Row: rng.IntN(m.g.Height), Width: 1 + rng.IntN(80), Height: 1 + rng.IntN(80)}
	empty, err := s.Empty(ctx, band, any)
	if err != nil {
		t.Fatal(err)
	}
	if n := m.slow(band, any.Intersect(m.g.Full())).Count; empty && n > 0 {
		t.Fatalf("%v is said to be empty and has %v cells", any, n)
	}
	if empty, err := s.Empty(ctx, band, w); err != nil || empty != (want.Count == 0) {
		t.Fatalf("%v of whole blocks: empty %v, %v; cells %v", w, empty, err, want.Count)
	}
	if band == 2 {
		checkClasses(t, s, m, b, w)
	}
}

func checkClasses(t *rapid.T, s *Stats, m *memory, b, w grid.Window) {
	values := s.Classes(2)
	n := len(values)
	counts := make([]uint32, n*int(b.Cells()))
	if err := s.ReadClasses(context.Background(), 2, b, counts); err != nil {
		t.Fatal(err)
	}
	for k, v := range values {
		var got, want int
		for _, c := range counts[k*int(b.Cells()) : (k+1)*int(b.Cells())] {
			got += int(c)
		}
		for r := w.Row; r < w.Row+w.Height; r++ {
			for c := w.Col; c < w.Col+w.Width; c++ {
				if m.bands[1][r*m.g.Width+c] == v {
					want++
				}
			}
		}
		if got != want {
			t.Fatalf("class %v in %v: %d cells, want %d", v, w, got, want)
		}
	}
}

// The file must be the same whatever the number of workers, and open to all.
func TestFileIsOrdinary(t *testing.T) {
	t.Parallel()
	m := random(rand.New(rand.NewPCG(5, 5)), 1200, 700)
	bands := []Band{{Number: 1, Name: "B04"}, {Number: 2, Name: "class", Classes: true}}
	var files [][]byte
	for _, workers := range []int{1, 3} {
		path := write(t, m, bands, &Options{Workers: workers, Side: 64})
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, b)
		r, err := gdal.OpenRaster(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		info := r.Info()
		if g := info.Grid; g.Width != 19 || g.Height != 11 || g.CRS != "EPSG:25832" || g.Transform != (grid.Transform{500000, 640, 0, 5000000, 0, -640}) {
			t.Errorf("grid %+v", g)
		}
		var names []string
		for _, b := range info.Bands {
			names = append(names, b.Name)
		}
		if got := strings.Join(names[:7], ", "); got != "B04: count, B04: sum, B04: m2, B04: min, B04: max, class: count, class: sum" {
			t.Errorf("bands %s", got)
		}
		if last := names[len(names)-1]; last != "class: cells of 69" {
			t.Errorf("last band %q", last)
		}
	}
	if string(files[0]) != string(files[1]) {
		t.Error("the file depends on the number of workers")
	}
}

func TestManyValuesAreNoClasses(t *testing.T) {
	t.Parallel()
	for values, want := range map[int]int{MaxClasses: MaxClasses, MaxClasses + 1: 0} {
		m := &memory{g: metres(100, 100), bands: [][]float64{make([]float64, 10000)}}
		for i := range m.bands[0] {
			m.bands[0][i] = float64(i * 7 % values)
		}
		for _, side := range []int{16, 128} { // too many in one block, or together
			path := write(t, m, []Band{{Number: 1, Classes: true}}, &Options{Side: side})
			s, err := Open(t.Context(), path, Source{Grid: m.g})
			if err != nil {
				t.Fatal(err)
			}
			if got := len(s.Classes(1)); got != want {
				t.Errorf("%d values: %d classes, want %d", values, got, want)
			}
			if err := s.ReadClasses(t.Context(), 1, grid.Window{Width: 1, Height: 1}, make([]uint32, MaxClasses)); (err == nil) != (want > 0) {
				t.Errorf("%d values: %v", values, err)
			}
		}
	}
}

// Numbers near the largest: no sum, but count, least and most.
func TestSumsThatOverflow(t *testing.T) {
	t.Parallel()
	m := &memory{g: metres(40, 40), bands: [][]float64{make([]float64, 1600)}}
	for i := range m.bands[0] {
		m.bands[0][i] = 1.7e308
	}
	m.bands[0][0] = -1.7e308
	s, err := Open(t.Context(), write(t, m, []Band{{Number: 1}}, &Options{Side: 16}), Source{Grid: m.g})
	if err != nil {
		t.Fatal(err)
	}
	sum, err := s.Sum(t.Context(), 1, m.g.Full())
	if err != nil || sum.Count != 1600 || sum.Summable() || sum.Min != -1.7e308 || sum.Max != 1.7e308 {
		t.Errorf("%+v, %v", sum, err)
	}
}

func TestWriteFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "a.tif"), filepath.Join(dir, "a.stats.tif")
	m := random(rand.New(rand.NewPCG(9, 9)), 700, 600)
	m.bands = m.bands[:1]
	save(t, src, m)
	if err := WriteFile(t.Context(), dst, src, []Band{{Number: 1}}, nil); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), dst, Source{Grid: m.g, Path: src})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Sum(t.Context(), 1, m.g.Full())
	if err != nil || !equal(got, m.slow(1, m.g.Full())) {
		t.Errorf("%+v, %v, want %+v", got, err, m.slow(1, m.g.Full()))
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.part")); left != nil {
		t.Errorf("left over: %v", left)
	}
	if err := WriteFile(t.Context(), dst, src, []Band{{Number: 2}}, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("a band that is not there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := WriteFile(ctx, filepath.Join(dir, "b.tif"), src, []Band{{Number: 1}}, nil); !fault.Is(err, fault.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "b.tif")); err == nil {
		t.Error("a cancelled call leaves a file")
	}
}

func save(t testing.TB, path string, m *memory) {
	t.Helper()
	nan := math.NaN()
	specs := make([]gdal.BandSpec, len(m.bands))
	for i := range specs {
		specs[i].Nodata = &nan
	}
	w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: m.g, DataType: "float64", Bands: specs})
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.bands {
		if err := w.Write(i+1, m.g.Full(), m.bands[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
