package raster

import (
	"testing"

	"contado/geo/store/catalog"
)

// Snow and clouds do not leave the land of a composite dark, whether a band
// says that it holds reflectances or only brings the scale that makes them.
func TestLandRange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		band catalog.Band
		want float64
	}{
		"said":         {catalog.Band{CommonName: "red", Quantity: catalog.Reflectance, Scale: 1, P02: 0.02, P98: 0.8}, 0.3},
		"by its scale": {catalog.Band{CommonName: "red", Scale: 0.0001, P02: 0.02, P98: 0.8}, 0.3},
		"infrared":     {catalog.Band{CommonName: "nir", Scale: 0.0001, P02: 0.02, P98: 0.8}, 0.6},
		"dim":          {catalog.Band{CommonName: "red", Scale: 0.0001, P02: 0.02, P98: 0.2}, 0.2},
		"plain":        {catalog.Band{CommonName: "red", Scale: 1, P02: 0.02, P98: 0.8}, 0.8},
		"no picture":   {catalog.Band{Scale: 0.1, P02: 0.02, P98: 0.8}, 0.8},
	} {
		s := &Style{Mode: ByRGB, Ranges: make([][2]float64, 1)}
		if err := s.setRange(0, Params{}, &c.band); err != nil || s.Ranges[0] != [2]float64{0.02, c.want} {
			t.Errorf("%s: %v, %v", name, s.Ranges[0], err)
		}
	}
}
