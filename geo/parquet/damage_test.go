package parquet_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/parquet"

	"github.com/paulmach/orb"
)

// Bytes changed at random end in an error with a kind, or in rows.
func TestDamagedBytes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good"), filepath.Join(dir, "bad")
	write(t, good, geo.Schema{Fields: everyField[:5], GeometryType: "Point", CRS: geo.WGS84}, nil, []geo.Feature{
		{ID: 1, Geometry: orb.Point{1, 2}, Values: []any{"a", int64(1), 1.5, true, "2024-01-01"}}, {ID: 2, Values: make([]any, 5)},
	})
	b, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for range 1000 {
		c := slices.Clone(b)
		for range 1 + rng.IntN(4) {
			c[rng.IntN(len(c))] = byte(rng.IntN(256))
		}
		if err := os.WriteFile(bad, c, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := parquet.Open(bad)
		if err == nil {
			n := 0
			err = f.Rows(t.Context(), nil, func(geo.Feature) (bool, error) {
				n++
				return n < 10000, nil
			})
			if cerr := f.Close(); cerr != nil {
				t.Fatal(cerr)
			}
		}
		if err != nil {
			refused++
			if fault.KindOf(err) == fault.Other {
				t.Errorf("an error without a kind: %v", err)
			}
		}
	}
	if refused == 0 {
		t.Error("no damage was noticed")
	}
}
