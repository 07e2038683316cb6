package parquet_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/parquet"
	"contado/scripts/shareddata"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func readAll(t testing.TB, path string) (geo.Schema, []geo.Feature) {
	t.Helper()
	f, err := parquet.Open(path)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	defer f.Close()
	var out []geo.Feature
	err = f.Rows(t.Context(), nil, func(ft geo.Feature) (bool, error) {
		out = append(out, ft)
		return true, nil
	})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if int64(len(out)) != f.Len() {
		t.Errorf("%s: %d rows of %d", path, len(out), f.Len())
	}
	return f.Schema(), out
}

// The same buildings in every compression, with another name of the geometry,
// and in GeoArrow's layout.
func TestBoston(t *testing.T) {
	t.Parallel()
	_, want := readAll(t, shareddata.Path(t, "vector-variety/planetiler/parquet/boston.none.parquet"))
	if len(want) != 3 {
		t.Fatalf("%d rows", len(want))
	}
	for _, name := range []string{"parquet", "gzip.parquet", "lz4hadoop.parquet", "lz4raw.parquet", "snappy.parquet", "zstd.parquet", "customgeometryname.parquet", "geoarrow_from_gdal.parquet"} {
		s, got := readAll(t, shareddata.Path(t, "vector-variety/planetiler/parquet/boston."+name))
		t.Log(name, s.GeometryType, s.CRS, len(s.Fields))
		if s.CRS != geo.WGS84 {
			t.Errorf("%s: CRS %s", name, s.CRS)
		}
		for i := range got {
			if d := cmp.Diff(want[i].Geometry, got[i].Geometry); d != "" {
				t.Errorf("%s: row %d: %s", name, i, d)
			}
		}
		_ = s
	}
}

func TestAllDataTypes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"planetiler/parquet/all_data_types.parquet", "pyogrio/list_field_values_file.parquet", "pyogrio/list_nested_struct_file.parquet"} {
		s, rows := readAll(t, shareddata.Path(t, "vector-variety/"+name))
		for i, f := range s.Fields {
			t.Logf("%s %s %v %v", f.Name, f.Type, rows[0].Values[i], rows[len(rows)-1].Values[i])
		}
	}
}

var _ = []any{context.Background, os.Remove, filepath.Join, strings.Cut, fault.E, gdal.IsValid, orb.Point{}, rapid.Check}
