package gdal_test

import (
	"math"
	"path/filepath"
	"testing"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/scripts/shareddata"
)

// A level read into buffers is what Read gives of the same cells, for every
// type of cell, with nodata, scale and offset.
func TestReadLevelIsRead(t *testing.T) {
	t.Parallel()
	g := grid.Grid{CRS: "EPSG:32632", Width: 70, Height: 50, Transform: grid.Transform{500000, 10, 0, 5000000, 0, -10}}
	nodata := 7.0
	for _, dtype := range []string{"uint8", "uint16", "int16", "int32", "float32", "float64"} {
		for _, scale := range []float64{1, 0.0001} {
			path := filepath.Join(t.TempDir(), "in.tif")
			w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: g, DataType: dtype, BlockSize: 32, Bands: []gdal.BandSpec{{Nodata: &nodata, Scale: scale, Offset: scale - 1}, {Nodata: &nodata, Scale: scale}}})
			if err != nil {
				t.Fatal(err)
			}
			cells := make([]float64, 70*50)
			for b := range 2 {
				for i := range cells {
					cells[i] = float64((i*7 + b*13) % 200)
				}
				if err := w.Write(b+1, g.Full(), cells); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			r, err := gdal.OpenRaster(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			win := grid.Window{Col: 5, Row: 9, Width: 40, Height: 33}
			for _, out := range [][2]int{{40, 33}, {20, 11}} {
				want, err := r.Read([]int{2, 1}, win, out[0], out[1], grid.Nearest)
				if err != nil {
					t.Fatal(err)
				}
				n := out[0] * out[1]
				dst, mask := [][]float32{make([]float32, n), make([]float32, n)}, make([]uint8, n)
				for i := range mask {
					mask[i] = 255
				}
				if err := r.ReadLevel(dst, mask, []int{2, 1}, 0, win, out[0], out[1], grid.Nearest); err != nil {
					t.Fatal(err)
				}
				bad := 0
				for i := range n {
					if mask[i] != want.Mask[i] || mask[i] != 0 && (dst[0][i] != want.Bands[0][i] || dst[1][i] != want.Bands[1][i]) {
						bad++
					}
				}
				if bad > 0 {
					t.Errorf("%s, scale %g, %v: %d cells differ", dtype, scale, out, bad)
				}
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Overviews and masks are read at their own resolution, whole.
func TestReadLevelOfOverviews(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"cog_nodata.tif", "cog_rgb_mask.tif", "cog_uint8_rgb_mask.tif"} {
		r, err := gdal.OpenRaster(shareddata.Path(t, "raster-variety/rio-tiler/"+name), nil)
		if err != nil {
			t.Fatal(err)
		}
		levels := r.Levels(1)
		if len(levels) < 1 || r.Levels(0) != nil || r.Levels(99) != nil {
			t.Fatalf("%s: %v", name, levels)
		}
		full := grid.Window{Width: levels[0].Width, Height: levels[0].Height}
		for n, l := range levels {
			want, err := r.Read([]int{1}, full, l.Width, l.Height, grid.Nearest)
			if err != nil {
				t.Fatal(err)
			}
			dst, mask := make([]float32, l.Width*l.Height), make([]uint8, l.Width*l.Height)
			for i := range mask {
				mask[i] = 255
			}
			if err := r.ReadLevel([][]float32{dst}, mask, []int{1}, n, grid.Window{Width: l.Width, Height: l.Height}, l.Width, l.Height, ""); err != nil {
				t.Fatal(err)
			}
			for i, m := range want.Mask {
				if m != mask[i] || m != 0 && math.Abs(float64(dst[i]-want.Bands[0][i])) > 0 {
					t.Fatalf("%s level %d, cell %d: %g (mask %d), want %g (mask %d)", name, n, i, dst[i], mask[i], want.Bands[0][i], m)
				}
			}
		}
		one := make([]float32, 1)
		for what, err := range map[string]error{
			"level":  r.ReadLevel([][]float32{one}, []uint8{255}, []int{1}, len(levels), grid.Window{Width: 1, Height: 1}, 1, 1, ""),
			"window": r.ReadLevel([][]float32{one}, []uint8{255}, []int{1}, 0, grid.Window{Col: full.Width, Width: 1, Height: 1}, 1, 1, ""),
			"buffer": r.ReadLevel([][]float32{one}, []uint8{255}, []int{1}, 0, grid.Window{Width: 2, Height: 2}, 2, 2, ""),
			"bands":  r.ReadLevel([][]float32{one}, []uint8{255}, []int{1, 1}, 0, grid.Window{Width: 1, Height: 1}, 1, 1, ""),
			"method": r.ReadLevel([][]float32{one}, []uint8{255}, []int{1}, 0, grid.Window{Width: 1, Height: 1}, 1, 1, "lanczos"),
		} {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: a wrong %s: %v", name, what, err)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
