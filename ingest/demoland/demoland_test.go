package demoland

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo/fault"
	"contado/geo/gdal"
)

// small is a land of 4 km, made in a second or two.
var small = Options{Seed: 3, Size: 4000, Population: 2500, Municipalities: 3}

func makeLand(t *testing.T, o Options) *Land {
	t.Helper()
	l, err := Make(context.Background(), t.TempDir(), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// The same seed gives the same files, but for the times that GeoPackages
// carry; another seed gives another land.
func TestSameSeedSameFiles(t *testing.T) {
	t.Parallel()
	a, b := makeLand(t, small), makeLand(t, small)
	if len(a.Files) != 16 {
		t.Errorf("%d datasets, want 16", len(a.Files))
	}
	same := 0
	for i, f := range a.Files {
		for k, path := range f.Paths {
			x, err1 := os.ReadFile(path)
			y, err2 := os.ReadFile(b.Files[i].Paths[k])
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			if filepath.Ext(path) == ".gpkg" {
				continue
			}
			same++
			if !bytes.Equal(x, y) {
				t.Errorf("%s differs between two runs", filepath.Base(path))
			}
		}
	}
	if same < 30 {
		t.Errorf("only %d files compared", same)
	}
	other := small
	other.Seed = 4
	c := makeLand(t, other)
	x, _ := os.ReadFile(a.Files[0].Paths[0])
	y, _ := os.ReadFile(c.Files[0].Paths[0])
	if bytes.Equal(x, y) {
		t.Error("another seed gives the same relief")
	}
}

// Each file can be read, says that it is invented, and holds what its role
// needs.
func TestFilesAreWhatTheySay(t *testing.T) {
	t.Parallel()
	l := makeLand(t, small)
	for _, f := range l.Files {
		if f.Attribution == "" || f.License == "" || f.Description == "" || f.Title == "" {
			t.Errorf("%s lacks words: %+v", f.Dataset, f)
		}
		for _, path := range f.Paths {
			if filepath.Ext(path) != ".tif" {
				continue
			}
			r, err := gdal.OpenRaster(path, []string{"GTiff"})
			if err != nil {
				t.Fatal(err)
			}
			info := r.Info()
			if info.Metadata["TIFFTAG_IMAGEDESCRIPTION"] != invented {
				t.Errorf("%s does not say that it is invented: %v", filepath.Base(path), info.Metadata)
			}
			if info.Grid.CRS != mapCRS {
				t.Errorf("%s is in %s", filepath.Base(path), info.Grid.CRS)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	b, err := os.ReadFile(filepath.Join(l.Dir, "comuni.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	var fc struct {
		Description string
		Features    []struct {
			Properties map[string]any
		}
	}
	if err := json.Unmarshal(b, &fc); err != nil {
		t.Fatal(err)
	}
	people := 0.0
	for _, f := range fc.Features {
		n, _ := f.Properties["population"].(float64)
		people += n
		for _, k := range []string{"com_istat_code", "name", "union_code", "prov_code"} {
			if s, _ := f.Properties[k].(string); s == "" {
				t.Errorf("a municipality has no %s: %v", k, f.Properties)
			}
		}
	}
	if len(fc.Features) != 3 || people != 2500 || fc.Description != invented {
		t.Errorf("%d municipalities with %g people, %q", len(fc.Features), people, fc.Description)
	}
}

// Water runs off: every cell has a way down to the border, lakes apart.
func TestNoInlandSinks(t *testing.T) {
	t.Parallel()
	o, err := Options{Seed: 2, Size: 8000}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	z, err := makeTerrain(context.Background(), o, func(float64) {})
	if err != nil {
		t.Fatal(err)
	}
	h := waters(o, z)
	n := z.n
	lo, hi := math.Inf(1), math.Inf(-1)
	for i, v := range z.v {
		lo, hi = math.Min(lo, float64(v)), math.Max(hi, float64(v))
		if j := int(h.to[i]); j != i && z.v[j] > v && !h.lake[i] && !h.lake[j] {
			t.Fatalf("water at cell %d (%g m) would run up to %g m", i, v, z.v[j])
		}
		if r, c := i/n, i%n; int(h.to[i]) == i && r > 0 && c > 0 && r < n-1 && c < n-1 {
			t.Fatalf("cell %d is a sink", i)
		}
	}
	if hi-lo < 300 {
		t.Errorf("heights from %g to %g m: no mountains", lo, hi)
	}
	if len(h.lines) < 3 {
		t.Errorf("%d rivers", len(h.lines))
	}
	cover := naturalCover(o, h)
	seen := map[uint8]int{}
	for _, c := range cover {
		seen[c]++
	}
	for _, c := range []uint8{coverTree, coverGrass} {
		if seen[c] == 0 {
			t.Errorf("no cell of class %d: %v", c, seen)
		}
	}
}

// Rivers flow downhill along their lines, and names follow them.
func TestRiversFlowDown(t *testing.T) {
	t.Parallel()
	o, err := Options{Seed: 2, Size: 8000}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	z, err := makeTerrain(context.Background(), o, func(float64) {})
	if err != nil {
		t.Fatal(err)
	}
	h := waters(o, z)
	named := 0
	for _, r := range h.lines {
		first, last := r.line[0], r.line[len(r.line)-1]
		if z.sample(last.x, last.y) > z.sample(first.x, first.y)+1 {
			t.Errorf("%s ends %.1f m above its source", r.name, z.sample(last.x, last.y)-z.sample(first.x, first.y))
		}
		if r.name != "" {
			named++
		}
		if r.order < 1 {
			t.Errorf("a river of order %d", r.order)
		}
	}
	if named == 0 {
		t.Error("no river has a name")
	}
	p := onMap([]point{{0, 0}, {100, 50}}, 1000, 2000)
	if p[1] != (orb.Point{1100, 1950}) {
		t.Errorf("on the map: %v", p)
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{Size: 100}, {Size: 40_000, Cell: 7}, {Population: 3}, {Municipalities: 900}} {
		if _, err := Make(context.Background(), t.TempDir(), o, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v gives %v", o, err)
		}
	}
}
