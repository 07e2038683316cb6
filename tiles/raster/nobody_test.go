package raster_test

import (
	"testing"

	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/store/catalog"
	"contado/tiles/raster"
)

// Where nobody lives the ground is seen; other data with zeros show them.
func TestNobodyIsTransparent(t *testing.T) {
	t.Parallel()
	bands := []catalog.Band{{Name: "total", Min: 0, Max: 40, P02: 0, P98: 20, DataType: "float32"}}
	for role, want := range map[catalog.Role][]bool{
		catalog.Population: {false, false, true, true},
		catalog.Hazard:     {true, true, true, true},
	} {
		s, err := raster.Resolve(raster.Params{Rescale: [][2]float64{{0, 20}}}, bands, role)
		if err != nil {
			t.Fatal(err)
		}
		d, err := s.Draw(&mosaic.Result{
			Grid: grid.Grid{Transform: grid.Transform{0, 1, 0, 0, 0, -1}, Width: 4, Height: 1}, Valid: 4,
			Bands: [][]float32{{0, 0.1, 0.3, 30}}, Mask: []uint8{1, 1, 1, 1},
		})
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.Paint(d)
		if err != nil {
			t.Fatal(err)
		}
		for i, shown := range want {
			if (m.Pix[i] != 0) != shown {
				t.Errorf("%s: cell %d has colour %d, want it shown: %v", role, i, m.Pix[i], shown)
			}
		}
	}
}
