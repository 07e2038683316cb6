package vtile

import "testing"

func TestWeights(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string][2]float64{
		"": {0, 0}, "gzip": {1, 0}, "br": {0, 1}, "gzip, deflate, br, zstd": {1, 1}, "identity": {0, 0}, "*": {1, 1},
		"gzip;q=0, *": {0, 1}, "br;q=1.0, gzip;q=0.8": {0.8, 1}, "GZIP ; q=0.5": {0.5, 0}, "gzip;q=2": {0, 0}, "gzip;q=x, br": {0, 1},
	} {
		if g, b := Weights(accept); g != want[0] || b != want[1] {
			t.Errorf("%q: %g, %g; want %v", accept, g, b, want)
		}
	}
}
