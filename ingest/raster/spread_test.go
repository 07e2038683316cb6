package raster

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// people writes a grid of people, placed by a transform or by points, and
// returns its path and total.
func people(t *testing.T, name string, g grid.Grid, points []gdal.ControlPoint) (string, float64) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	none := -1.0
	w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: g, ControlPoints: points, DataType: "float32", Bands: []gdal.BandSpec{{Nodata: &none}}})
	if err != nil {
		t.Fatal(err)
	}
	cells, total := make([]float32, g.Cells()), 0.0
	for i := range cells {
		col, row := i%g.Width, i/g.Width
		switch {
		case (col/10+row/10)%7 == 0:
			cells[i] = -1 // nobody knows
		case (col*row)%5 == 0:
			cells[i] = float32(col*13+row*7) / 3
			total += float64(cells[i])
		}
	}
	if err := w.Write(1, g.Full(), cells); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path, total
}

func sum(t *testing.T, it Item) float64 {
	t.Helper()
	r, err := gdal.OpenRaster(it.Files[0].Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cells := make([]float64, it.Grid.Cells())
	if err := r.ReadFloat64(1, it.Grid.Full(), cells); err != nil {
		t.Fatal(err)
	}
	s := 0.0
	for _, v := range cells {
		if !math.IsNaN(v) {
			s += v
		}
	}
	return s
}

// Bringing a grid of people north up loses and invents nobody.
func TestPeopleStay(t *testing.T) {
	t.Parallel()
	turned := grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{600000, 87, 50, 5100000, 50, -87}, Width: 90, Height: 70}
	var bent []gdal.ControlPoint
	for i := range 9 {
		col, row := float64(i%3)*45, float64(i/3)*35
		x, y := turned.Transform.Apply(col, row)
		bent = append(bent, gdal.ControlPoint{Col: col, Row: row, X: x + col*row/40, Y: y + row*row/30})
	}
	upside := turned
	upside.Transform = grid.Transform{600000, 100, 0, 5000000, 0, 100}
	for name, c := range map[string]struct {
		g      grid.Grid
		points []gdal.ControlPoint
		notice string
	}{
		"rotated": {turned, nil, "amounts-shared-out"},
		"bent":    {turned, bent, "amounts-shared-out"},
		"three":   {turned, bent[:4], "amounts-shared-out"},
		"flipped": {upside, nil, "flipped"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, total := people(t, "pop_"+name+".tif", c.g, c.points)
			res := convert(t, Options{Role: catalog.Population}, path)
			it := res.Items[0]
			if got := sum(t, it); math.Abs(got-total) > 1e-9*total {
				t.Errorf("%.9g people became %.9g", total, got)
			}
			if it.Bands[0].Quantity != catalog.Amount || it.Bands[0].ValidPercent < 40 {
				t.Errorf("%+v", it.Bands[0])
			}
			found := false
			for _, n := range res.Notices {
				found = found || n.Code == c.notice
			}
			if !found {
				t.Errorf("no notice %q: %+v", c.notice, res.Notices)
			}
		})
	}
}

// A single cell's people end within a cell of where it lies.
func TestPeopleStayInPlace(t *testing.T) {
	t.Parallel()
	g := grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{600000, 60, 80, 5100000, 80, -60}, Width: 50, Height: 40}
	path := filepath.Join(t.TempDir(), "pop.tif")
	w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: g, DataType: "float32", Bands: []gdal.BandSpec{{}}})
	if err != nil {
		t.Fatal(err)
	}
	cells := make([]float32, g.Cells())
	cells[13*50+31] = 1000
	if err := w.Write(1, g.Full(), cells); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	it := convert(t, Options{Role: catalog.Population}, path).Items[0]
	r, err := gdal.OpenRaster(it.Files[0].Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	out := make([]float64, it.Grid.Cells())
	if err := r.ReadFloat64(1, it.Grid.Full(), out); err != nil {
		t.Fatal(err)
	}
	wx, wy := g.Center(31, 13)
	var sx, sy float64
	for i, v := range out {
		if v > 0 {
			x, y := it.Grid.Center(i%it.Grid.Width, i/it.Grid.Width)
			if math.Hypot(x-wx, y-wy) > 150 {
				t.Errorf("%g people %g m away", v, math.Hypot(x-wx, y-wy))
			}
			sx, sy = sx+v*x/1000, sy+v*y/1000
		}
	}
	if d := math.Hypot(sx-wx, sy-wy); d > 10 {
		t.Errorf("on the whole they moved by %g m", d)
	}
	if d := densities(t); d != "" {
		t.Error(d)
	}
}

// densities are no amounts: they keep their values, not their total.
func densities(t *testing.T) string {
	t.Helper()
	path := synthetic(t, "gpw_2020_density.tif", utm(1000, 4), "float32", nil, func(int, int) float64 { return 5 })
	if q := convert(t, Options{Role: catalog.Population}, path).Items[0].Bands[0].Quantity; q != "" {
		return "a density is " + string(q)
	}
	return ""
}

// The total of a grid too large for exact statistics is exact all the same.
func TestTotalsAreExact(t *testing.T) {
	t.Parallel()
	g := utm(100, 300)
	want := 0
	path := synthetic(t, "pop.tif", g, "uint16", nil, func(col, row int) float64 {
		n := (col*31 + row*17) % 97
		want += n
		return float64(n)
	})
	res := convert(t, Options{Role: catalog.Population, Limits: Limits{Exact: 10_000}}, path)
	total, sampled := "", false
	for _, n := range res.Notices {
		if n.Code == "population-total" {
			total = n.Message
		}
		sampled = sampled || n.Code == "statistics-sampled"
	}
	if !sampled || !strings.Contains(total, fmt.Sprintf("add up to %d;", want)) {
		t.Errorf("%q, sampled %t, want %d", total, sampled, want)
	}
}
