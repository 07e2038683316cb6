package mosaic

import (
	"math"
	"slices"
	"testing"

	"contado/geo"
	"contado/geo/grid"
	"contado/geo/store/catalog"

	"pgregory.net/rapid"
)

// Positions from the mesh are right to an eighth of a cell, wherever target
// and source lie.
func TestPositionsAreRight(t *testing.T) {
	t.Parallel()
	r := New(nil, nil)
	rapid.Check(t, func(t *rapid.T) {
		lon, lat := rapid.Float64Range(5, 14).Draw(t, "lon"), rapid.Float64Range(36, 60).Draw(t, "lat")
		onto := rapid.SampledFrom([]geo.CRS{geo.WebMercator, geo.WGS84, "EPSG:3035", "EPSG:32632", "EPSG:3003"}).Draw(t, "target")
		from := rapid.SampledFrom([]geo.CRS{geo.WebMercator, geo.WGS84, "EPSG:3035", "EPSG:32632", "EPSG:32633"}).Draw(t, "source")
		metres := math.Exp(rapid.Float64Range(0, 7).Draw(t, "log cell")) // 1 m to 1 km
		g := centred(t, r, onto, lon, lat, metres, rapid.IntRange(1, 300).Draw(t, "w"), rapid.IntRange(1, 300).Draw(t, "h"))
		src := centred(t, r, from, lon, lat, metres*rapid.Float64Range(0.3, 3).Draw(t, "ratio"), 5000, 5000)
		tg, err := r.newTarget(g)
		if err != nil {
			t.Fatal(err)
		}
		inv, _ := src.Transform.Invert()
		p := patch{r: rect{0, 0, g.Width, g.Height}}
		m, scale, err := r.meshFor(tg, src, inv, p)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := r.systems.transformer(onto, from)
		if err != nil {
			t.Fatal(err)
		}
		l := m.newLocator(inv)
		us, vs := make([]float64, g.Width), make([]float64, g.Width)
		reach := l.reach(p.r)
		for y := 0; y < g.Height; y += 1 + g.Height/40 {
			l.row(0.5, float64(y)+0.5, us, vs)
			for x := 0; x < g.Width; x += 1 + g.Width/40 {
				ex, ey, ok := tr.Point(g.Center(x, y))
				if !ok {
					t.Fatal("no position")
				}
				eu, ev := inv.Apply(ex, ey)
				if d := math.Max(math.Abs(us[x]-eu), math.Abs(vs[x]-ev)); !(d <= tolerance(scale)*1.05) {
					t.Fatalf("cell %d, %d is %g cells off, scale %g, mesh %d x %d", x, y, d, scale, m.nx, m.ny)
				}
				if us[x] < reach.MinX-1e-6 || us[x] > reach.MaxX+1e-6 || vs[x] < reach.MinY-1e-6 || vs[x] > reach.MaxY+1e-6 {
					t.Fatalf("cell %d, %d at %g, %g is beyond %v", x, y, us[x], vs[x], reach)
				}
			}
		}
	})
}

func centred(t *rapid.T, r *Reader, c geo.CRS, lon, lat, metres float64, w, h int) grid.Grid {
	tr, err := r.systems.transformer(geo.WGS84, c)
	if err != nil {
		t.Fatal(err)
	}
	x, y, ok := tr.Point(lon, lat)
	if !ok {
		t.Fatal("no centre")
	}
	if c == geo.WGS84 {
		metres /= 111320
	}
	return grid.Grid{CRS: c, Width: w, Height: h, Transform: grid.Transform{x - float64(w)/2*metres, metres, 0, y + float64(h)/2*metres, 0, -metres}}
}

// The network sorts whatever is 0 or 1, and so everything (the 0-1 principle).
func TestNetworkSorts(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 12; n++ {
		net := batcher(n)
		for bits := range 1 << n {
			v := make([]int, n)
			for i := range v {
				v[i] = bits >> i & 1
			}
			for _, c := range net {
				if v[c[0]] > v[c[1]] {
					v[c[0]], v[c[1]] = v[c[1]], v[c[0]]
				}
			}
			if !slices.IsSorted(v) {
				t.Fatalf("%d rows: %v", n, v)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Int32(), 1, mostNetwork).Draw(t, "values")
		for _, c := range batcher(len(v)) {
			v[c[0]], v[c[1]] = min(v[c[0]], v[c[1]]), max(v[c[0]], v[c[1]])
		}
		if !slices.IsSorted(v) {
			t.Fatal(v)
		}
	})
}

// Keys order as the values do, and come back.
func TestKeys(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float32().Draw(t, "a"), rapid.Float32().Draw(t, "b")
		if of(key(a)) != a || (a < b) != (key(a) < key(b)) && a != b {
			t.Fatalf("%g → %d, %g → %d", a, key(a), b, key(b))
		}
	})
}

// Keys' kernel gives polynomials of the second degree back.
func TestCubicReproducesQuadratics(t *testing.T) {
	t.Parallel()
	for _, f := range []float32{0, 0.1, 0.25, 0.5, 0.9, 0.999} {
		w := keys(f)
		for name, p := range map[string]func(float64) float64{
			"one": func(float64) float64 { return 1 }, "x": func(x float64) float64 { return x }, "x²": func(x float64) float64 { return x * x },
		} {
			got := 0.0
			for i, v := range w {
				got += float64(v) * p(float64(i-1))
			}
			if math.Abs(got-p(float64(f))) > 1e-6 {
				t.Errorf("%s at %g: %g", name, f, got)
			}
		}
	}
}

// Large targets are computed in parts; many items shrink the parts of medians.
func TestPartsAreBounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		w, h, items int
		sel         Selection
		most        int
	}{{256, 256, 1000, Newest, chunkCells}, {5000, 5000, 1, Mean, chunkCells}, {512, 512, 1000, Median, medianBytes / 5000}, {1 << 24, 1, 1, Newest, chunkSide}} {
		j := &job{q: Query{Select: c.sel, MaxItems: 1000}, bound: &bound{outputs: 1}, res: &Result{Grid: grid.Grid{Width: c.w, Height: c.h}}, items: make([]*Source, c.items)}
		if w, h := j.chunk(); w < 1 || h < 1 || w*h > c.most || w > c.w || h > c.h {
			t.Errorf("%+v: parts of %d x %d", c, w, h)
		}
	}
}

func TestKernels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		b    catalog.Band
		q    grid.Resampling
		want grid.Resampling
	}{
		{catalog.Band{}, "", grid.Bilinear},
		{catalog.Band{}, grid.Cubic, grid.Cubic},
		{catalog.Band{Quantity: catalog.Classes}, grid.Cubic, grid.Nearest},
		{catalog.Band{Classes: []catalog.Class{{Value: 1}}}, grid.Mode, grid.Mode},
		{catalog.Band{Quantity: catalog.BitField}, grid.Mode, grid.Nearest},
		{catalog.Band{Flags: "landsat-qa-pixel"}, grid.Average, grid.Nearest},
	} {
		if got := kernelOf(&c.b, c.q); got != c.want {
			t.Errorf("%+v with %q: %s, want %s", c.b, c.q, got, c.want)
		}
	}
}
