package expr

import (
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"contado/scripts/shareddata"
)

// grass is the reflectance of a green meadow, in round numbers.
var grass = map[string]float32{
	"blue": 0.04, "green": 0.08, "red": 0.06, "rededge071": 0.15, "nir": 0.40, "swir16": 0.20, "swir22": 0.10,
}

// TestIndexValues compares with values worked by hand from the publications.
func TestIndexValues(t *testing.T) {
	t.Parallel()
	want := map[string]float64{
		"NDVI":    0.34 / 0.46,
		"GNDVI":   0.32 / 0.48,
		"NDRE":    0.25 / 0.55,
		"EVI":     0.85 / 1.46,  // 2.5·0.34 / (0.40 + 0.36 − 0.30 + 1)
		"EVI2":    0.85 / 1.544, // 2.5·0.34 / (0.40 + 0.144 + 1)
		"SAVI":    0.51 / 0.96,
		"OSAVI":   0.34 / 0.62,
		"MSAVI":   0.5394449, // (1.8 − √(3.24 − 2.72)) / 2
		"ARVI":    0.32 / 0.48,
		"VARI":    0.02 / 0.10,
		"NDWI":    -0.32 / 0.48,
		"MNDWI":   -0.12 / 0.28,
		"AWEInsh": -0.48 - 0.1 - 0.275,
		"AWEIsh":  0.04 + 0.2 - 0.9 - 0.025,
		"NDMI":    0.2 / 0.6,
		"LSWI":    0.2 / 0.6,
		"NDSI":    -0.12 / 0.28,
		"NBR":     0.3 / 0.5,
		"NBR2":    0.1 / 0.3,
		"NDBI":    -0.2 / 0.6,
		"UI":      -0.3 / 0.5,
		"BSI":     -0.18 / 0.70, // (0.26 − 0.44) / (0.26 + 0.44)
	}
	for _, x := range Indices() {
		w, ok := want[x.Name]
		if !ok {
			t.Errorf("%s has no value worked by hand", x.Name)
			continue
		}
		got, valid := one(t, x.Formula, grass)
		if !valid || math.Abs(float64(got)-w) > 3e-7 {
			t.Errorf("%s = %v, want %v", x.Name, got, w)
		}
		if float64(got) < x.Min-0.2 || float64(got) > x.Max {
			t.Errorf("%s of a meadow, %v, is far outside its display range %v … %v", x.Name, got, x.Min, x.Max)
		}
		// Digital numbers: reflectance × 10,000 in all bands.
		dn := map[string]float32{}
		for b, v := range grass {
			dn[b] = v * 10000
		}
		raw, _ := one(t, x.Formula, dn)
		if same := math.Abs(float64(raw)-w) < 1e-6; same == x.Reflectance {
			t.Errorf("%s: Reflectance is %v, yet digital numbers give %v for %v", x.Name, x.Reflectance, raw, w)
		}
		if x.Title == "" || !strings.ContainsAny(x.Source, "0123456789") || x.Colormap == "" || x.Min >= x.Max || len(x.Bands) < 2 {
			t.Errorf("%s is not described: %+v", x.Name, x)
		}
	}
}

func TestFindIndex(t *testing.T) {
	t.Parallel()
	x, ok := FindIndex("ndvi")
	if !ok || x.Name != "NDVI" || !slices.Equal(x.Bands, []string{"nir", "red"}) {
		t.Errorf("ndvi: %+v %v", x, ok)
	}
	if _, ok := FindIndex("nope"); ok {
		t.Error("found an index that is none")
	}
}

// indexOracle computes indices with GDAL and numpy in double precision from
// numpy's own spelling of the formulas, and writes the float32 bands and the
// float64 results.
const indexOracle = `
import sys
import numpy as np
from osgeo import gdal
gdal.UseExceptions()
ds = gdal.Open(sys.argv[1])
a = ds.ReadAsArray().astype(np.float32) / np.float32(10000)
bands = dict(blue=a[1], green=a[2], red=a[3], rededge071=a[4], nir=a[7], swir16=a[-2], swir22=a[-1])
for n, v in bands.items():
    v.astype('<f4').tofile(sys.argv[2] + '/' + n)
b, g, r, e, n, s, w = [v.astype(np.float64) for v in bands.values()]
nd = lambda x, y: (x - y) / (x + y)
out = dict(NDVI=nd(n, r), GNDVI=nd(n, g), NDRE=nd(n, e), EVI=2.5*(n-r)/(n+6*r-7.5*b+1), EVI2=2.5*(n-r)/(n+2.4*r+1),
    SAVI=(n-r)*(1+0.5)/(n+r+0.5), MSAVI=0.5*(2*n+1-np.sqrt((2*n+1)**2-8*(n-r))), ARVI=nd(n, r-1*(b-r)), VARI=(g-r)/(g+r-b),
    NDWI=nd(g, n), MNDWI=nd(g, s), AWEInsh=4*(g-s)-(0.25*n+2.75*w), AWEIsh=b+2.5*g-1.5*(n+s)-0.25*w, NDMI=nd(n, s),
    NBR=nd(n, w), NBR2=nd(s, w), NDBI=nd(s, n), UI=nd(w, n), BSI=nd(s+r, n+b))
for k, v in out.items():
    v.astype('<f8').tofile(sys.argv[2] + '/' + k)
print(*out.keys())
`

func TestIndicesAgainstGDAL(t *testing.T) {
	t.Parallel()
	src := shareddata.Path(t, "it-barbellino-sentinel2/S2A2A_20170703_022_Barbellino_BOA_10.tif")
	dir := t.TempDir()
	out := python(t, indexOracle, src, dir)
	names := strings.Fields(out)
	if len(names) < 15 {
		t.Fatalf("the oracle computed %q", out)
	}
	for _, name := range names {
		x, ok := FindIndex(name)
		if !ok {
			t.Errorf("no index %s", name)
			continue
		}
		want := readRaw[float64](t, filepath.Join(dir, name))
		var bands [][]float32
		e, err := Parse(x.Formula)
		if err != nil {
			t.Fatal(err)
		}
		p, err := e.Bind(func(ref string) (int, error) {
			bands = append(bands, readRaw[float32](t, filepath.Join(dir, ref)))
			return len(bands) - 1, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		dst, mask := rows(1, len(want)), make([]uint8, len(want))
		for i := range mask {
			mask[i] = 255
		}
		p.Run(dst, mask, bands)
		for i, w := range want {
			if mask[i] == 0 || math.Abs(float64(dst[0][i])-w) > 2e-6*max(1, math.Abs(w)) {
				t.Errorf("%s of cell %d is %v (valid %d), GDAL and numpy say %v", name, i, dst[0][i], mask[i], w)
				break
			}
		}
	}
}

// python runs a script with the system's python, which has GDAL's bindings.
func python(t *testing.T, script string, args ...string) string {
	t.Helper()
	const exe = "/usr/bin/python3"
	if err := exec.CommandContext(t.Context(), exe, "-c", "import numpy; from osgeo import gdal").Run(); err != nil {
		t.Skipf("GDAL's python bindings are not installed: %v", err)
	}
	out, err := exec.CommandContext(t.Context(), exe, append([]string{"-c", script}, args...)...).Output()
	if err != nil {
		t.Fatalf("oracle: %v", err)
	}
	return string(out)
}

func readRaw[T float32 | float64](t *testing.T, path string) []T {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var one T
	out := make([]T, len(raw)/binary.Size(one))
	if _, err := binary.Decode(raw, binary.LittleEndian, out); err != nil {
		t.Fatal(err)
	}
	return out
}
