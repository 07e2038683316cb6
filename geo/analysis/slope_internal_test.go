package analysis

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"contado/geo"
	"contado/geo/gdal"
	"contado/geo/grid"
)

// heightsOf is a raster in memory.
type heightsOf struct {
	g grid.Grid
	z []float64
}

func (h *heightsOf) Grid() grid.Grid { return h.g }

func (h *heightsOf) ReadFloat64(_ context.Context, _ int, w grid.Window, dst []float64) error {
	for r := range w.Height {
		copy(dst[r*w.Width:(r+1)*w.Width], h.z[(w.Row+r)*h.g.Width+w.Col:][:w.Width])
	}
	return nil
}

func slopesOf(t *testing.T, h *heightsOf, w grid.Window) []float64 {
	t.Helper()
	s, err := newSlope(h, 1)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, w.Cells())
	if err := s.ReadFloat64(context.Background(), 1, w, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// A plane has one slope, whatever the reference system measures in.
func TestSlopeOfPlanes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		crs  geo.CRS
		tr   grid.Transform
		rise float64 // metres a column
		want float64 // degrees
	}{
		{"EPSG:32632", grid.Transform{500000, 20, 0, 5100000, 0, -20}, 20, 45},
		{"EPSG:32632", grid.Transform{500000, 20, 0, 5100000, 0, -20}, 0, 0},
		// At 60 degrees north a metre of Web Mercator is half a metre.
		{"EPSG:3857", grid.Transform{1000000, 40, 0, 8399737.9, 0, -40}, 20, 45},
		// A degree of longitude there is 55.8 km.
		{"EPSG:4326", grid.Transform{9, 0.001, 0, 60, 0, -0.001}, 55.8, 45},
	} {
		h := &heightsOf{g: grid.Grid{CRS: c.crs, Transform: c.tr, Width: 12, Height: 10}}
		for i := range h.g.Cells() {
			h.z = append(h.z, c.rise*float64(int(i)%12))
		}
		for i, v := range slopesOf(t, h, grid.Window{Col: 1, Row: 1, Width: 10, Height: 8}) {
			if math.Abs(v-c.want) > 0.2 {
				t.Fatalf("%s: cell %d has %g°, want %g", c.crs, i, v, c.want)
			}
		}
	}
}

// Rough ground with holes has the slopes that gdaldem finds, in whatever
// windows it is read.
func TestSlopeAgainstGDAL(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("gdaldem"); err != nil {
		t.Skip("gdaldem is not installed")
	}
	dir := t.TempDir()
	h := &heightsOf{g: grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{500000, 25, 0, 5100000, 0, -25}, Width: 40, Height: 30}}
	var text bytes.Buffer
	fmt.Fprintf(&text, "ncols 40\nnrows 30\nxllcorner 500000\nyllcorner %d\ncellsize 25\nNODATA_value -9999\n", 5100000-30*25)
	for i := range 40 * 30 {
		z := math.Round(300 + 200*math.Sin(float64(i)*0.7) + float64(i%40)*9)
		if i%97 == 0 {
			fmt.Fprint(&text, "-9999 ")
			z = math.NaN()
		} else {
			fmt.Fprintf(&text, "%g ", z)
		}
		h.z = append(h.z, z)
	}
	asc, out := filepath.Join(dir, "z.asc"), filepath.Join(dir, "slope.tif")
	if err := os.WriteFile(asc, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := exec.Command("gdaldem", "slope", "-q", asc, out).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	r, err := gdal.OpenRaster(out, []string{"GTiff"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	want := make([]float64, 40*30)
	if err := r.ReadFloat64(1, h.g.Full(), want); err != nil {
		t.Fatal(err)
	}
	for _, w := range []grid.Window{h.g.Full(), {Col: 7, Row: 11, Width: 13, Height: 9}, {Col: 39, Row: 29, Width: 1, Height: 1}} {
		for i, v := range slopesOf(t, h, w) {
			k := (w.Row+i/w.Width)*40 + w.Col + i%w.Width
			if math.IsNaN(v) != math.IsNaN(want[k]) || math.Abs(v-want[k]) > 1e-3 {
				t.Fatalf("window %v, cell %d: %g, gdaldem has %g", w, i, v, want[k])
			}
		}
	}
}
