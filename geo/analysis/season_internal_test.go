package analysis

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"contado/geo/coverage"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/geo/travel"
)

// Season is run.season for the tests outside.
func (e *Engine) Season(ctx context.Context, names []string, g grid.Grid) (*travel.Season, []coverage.Notice, error) {
	r, err := e.begin(ctx)
	if err != nil {
		return nil, nil, err
	}
	s, err := r.season(ctx, names, g)
	return s, r.said(), err
}

// The snow line is the one with the fewest cells on the wrong side, by brute
// force over all lines.
func TestSnowLine(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 9))
	for range 200 {
		n := 1 + rng.IntN(60)
		heights, mask := make([]float32, n), make([]uint8, n)
		snow := false
		for i := range n {
			heights[i] = float32(rng.IntN(400)) * 0.5
			if heights[i]+float32(rng.IntN(40)) > 120 {
				mask[i] = 1
			}
			switch rng.IntN(15) {
			case 0:
				mask[i] = maskUnknown
			case 1:
				heights[i] = float32(math.NaN())
			}
			snow = snow || mask[i] == 1 && heights[i] == heights[i]
		}
		line, ok := snowLine(heights, mask)
		if ok != snow {
			t.Fatalf("snow is %v, and a line %v", snow, ok)
		}
		wrong := func(line float64) (n int) {
			for i, z := range heights {
				if mask[i] == 1 && float64(z) < line || mask[i] == 0 && float64(z) >= line {
					n++
				}
			}
			return n
		}
		for z := 1.0; ok && z < 260; z++ {
			if wrong(z) < wrong(line) {
				t.Fatalf("line %g has %d cells on the wrong side, %g has %d", line, wrong(line), z, wrong(z))
			}
		}
	}
}

// What bands mean, by names, indices and schemes.
func TestSeasonBands(t *testing.T) {
	t.Parallel()
	classes := []catalog.Class{{Value: 1, Name: "Neve"}, {Value: 2, Name: "no snow"}, {Value: 3, Name: "cloud"}, {Value: 4, Name: "Snow melted"}, {Value: 5, Name: "Water"}}
	for _, c := range []struct {
		kind  string
		band  catalog.Band
		cover string // "" when the band tells nothing
		value float32
		want  uint8
	}{
		{"snow", catalog.Band{Classes: classes}, "snow", 1, 1},
		{"snow", catalog.Band{Classes: classes}, "snow", 2, 0},
		{"snow", catalog.Band{Classes: classes}, "snow", 3, maskUnknown},
		{"snow", catalog.Band{Classes: classes}, "snow", 4, 0},
		{"flood", catalog.Band{Classes: classes}, "flood", 5, 1},
		{"", catalog.Band{Classes: classes[4:]}, "flood", 5, 1},
		{"", catalog.Band{Name: "NDSI"}, "snow", 0.4, 0},
		{"", catalog.Band{Name: "NDSI"}, "snow", 0.41, 1},
		{"", catalog.Band{Name: "fsc"}, "snow", 50, 1},
		{"", catalog.Band{Name: "fsc"}, "snow", 49, 0},
		{"", catalog.Band{Name: "fsc"}, "snow", 205, maskUnknown},
		{"", catalog.Band{Name: "MNDWI"}, "flood", 0.1, 1},
		{"snow", catalog.Band{Name: "SCL", Flags: "sentinel2-scl"}, "snow", 11, 1},
		{"flood", catalog.Band{Name: "SCL", Flags: "sentinel2-scl"}, "flood", 6, 1},
		{"flood", catalog.Band{Name: "SCL", Flags: "sentinel2-scl"}, "flood", 9, maskUnknown},
	} {
		c.band.Name += "" // as catalogued
		cover, value, test, err := seasonTest(c.kind, &catalog.Item{Bands: []catalog.Band{c.band}})
		if err != nil || cover.name != c.cover || value != c.band.Name || test == nil {
			t.Errorf("%+v: cover %v, band %q, %v", c, cover, value, err)
			continue
		}
		if got := test(c.value); got != c.want {
			t.Errorf("%s of %v: %g means %d, want %d", c.kind, c.band, c.value, got, c.want)
		}
	}
	if _, _, _, err := seasonTest("hail", &catalog.Item{}); err == nil {
		t.Error("hail is taken for a season")
	}
	if _, _, _, err := seasonTest("", &catalog.Item{Bands: []catalog.Band{{Name: "B04"}}}); err == nil {
		t.Error("a band of red tells of a season")
	}
}
