package layer_test

import (
	"testing"

	"contado/geo"
	"contado/geo/store/features"
	"contado/geo/store/features/featurestest"
)

// A layer keeps the whole contract of a table, wherever its rows are.
func TestFeaturesSuite(t *testing.T) {
	t.Parallel()
	for name, make := range makers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			featurestest.RunSuite(t, func(t testing.TB, _ string, s geo.Schema, list []geo.Feature) features.Table {
				return make(t, s, list)
			})
		})
	}
}
