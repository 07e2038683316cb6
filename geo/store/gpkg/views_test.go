package gpkg_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/store/features"
	"contado/geo/store/gpkg"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// withViews makes a GeoPackage of three places and adds views.
func withViews(t *testing.T, statements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "v.gpkg")
	fs := []geo.Feature{
		{ID: 1, Geometry: orb.Point{1, 2}, Values: []any{"one", int64(10)}}, {ID: 2, Geometry: orb.Point{3, 4}, Values: []any{"two", int64(20)}}, {ID: 5, Geometry: orb.Point{5, 6}, Values: []any{"five", nil}},
	}
	s := geo.Schema{GeometryType: "Point", CRS: geo.WGS84, Fields: []geo.Field{{Name: "name", Type: geo.String}, {Name: "n", Type: geo.Integer}}}
	i := 0
	err := gdal.WriteVector(t.Context(), path, "GPKG", "places", s, func() (geo.Feature, bool, error) {
		if i == len(fs) {
			return geo.Feature{}, false, nil
		}
		i++
		return fs[i-1], true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range statements {
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func register(view string) []string {
	return []string{
		"INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('" + view + "', 'features', '" + view + "', 4326)",
		"INSERT INTO gpkg_geometry_columns VALUES ('" + view + "', 'geom', 'POINT', 4326, 0, 0)",
	}
}

func TestWithoutViews(t *testing.T) {
	t.Parallel()
	statements := append([]string{
		"CREATE VIEW base AS SELECT * FROM places WHERE n > 5",
		"CREATE VIEW big AS SELECT fid, geom, upper(name) AS name, n FROM base",
		"CREATE VIEW twice AS SELECT a.fid, a.geom, b.name FROM places a, places b",
	}, append(register("big"), register("twice")...)...)
	path := withViews(t, statements...)
	dst := filepath.Join(t.TempDir(), "out.gpkg")
	layers, err := gpkg.WithoutViews(t.Context(), path, dst, gpkg.ViewLimits{})
	if d := cmp.Diff([]string{"big", "twice"}, layers); d != "" || err != nil {
		t.Fatal(d, err)
	}
	read := func(layer string) (geo.Schema, []geo.Feature) {
		table, err := gpkg.New().Open(t.Context(), dst, layer)
		if err != nil {
			t.Fatal(err)
		}
		defer table.Close()
		var out []geo.Feature
		if err := table.Scan(t.Context(), features.Query{}, func(f geo.Feature) bool { out = append(out, f); return true }); err != nil {
			t.Fatal(err)
		}
		return table.Schema(), out
	}
	_, big := read("big")
	want := []geo.Feature{{ID: 1, Geometry: orb.Point{1, 2}, Values: []any{"ONE", int64(10)}}, {ID: 2, Geometry: orb.Point{3, 4}, Values: []any{"TWO", int64(20)}}}
	if d := cmp.Diff(want, big); d != "" {
		t.Error(d)
	}
	if s, twice := read("twice"); len(twice) != 9 || s.FieldIndex("fid") < 0 || twice[8].ID != 9 {
		t.Errorf("%v %v", s, twice)
	}
	v, err := gdal.OpenVector(dst, []string{"GPKG"})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if names := v.Layers(); len(names) != 3 {
		t.Errorf("%v", names)
	}
}

func TestViewsAreBounded(t *testing.T) {
	t.Parallel()
	endless := "CREATE VIEW endless AS WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM r) SELECT x AS fid, NULL AS geom FROM r"
	silent := endless + " WHERE x < 0"
	for name, c := range map[string]struct {
		view string
		lim  gpkg.ViewLimits
	}{
		"rows":  {endless, gpkg.ViewLimits{Rows: 1000}},
		"bytes": {endless, gpkg.ViewLimits{Bytes: 1 << 20}},
		"value": {"CREATE VIEW endless AS SELECT 1 AS fid, zeroblob(3000000) AS geom", gpkg.ViewLimits{Bytes: 1 << 20}},
		"time":  {silent, gpkg.ViewLimits{Time: 200 * time.Millisecond}},
	} {
		path := withViews(t, append([]string{c.view}, register("endless")...)...)
		_, err := gpkg.WithoutViews(t.Context(), path, filepath.Join(t.TempDir(), "o.gpkg"), c.lim)
		if !fault.Is(err, fault.TooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	path := withViews(t, append([]string{silent}, register("endless")...)...)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := gpkg.WithoutViews(ctx, path, filepath.Join(t.TempDir(), "o.gpkg"), gpkg.ViewLimits{}); !fault.Is(err, fault.Canceled) {
		t.Error(err)
	}
	path = withViews(t, append([]string{"CREATE VIEW wrong AS SELECT gone FROM nowhere"}, register("wrong")...)...)
	if _, err := gpkg.WithoutViews(t.Context(), path, filepath.Join(t.TempDir(), "o.gpkg"), gpkg.ViewLimits{}); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

// A file without views, and one that is no database, are left alone.
func TestNoViews(t *testing.T) {
	t.Parallel()
	junk := filepath.Join(t.TempDir(), "junk.gpkg")
	if err := os.WriteFile(junk, []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{junk, withViews(t)} {
		dst := filepath.Join(t.TempDir(), "o.gpkg")
		layers, err := gpkg.WithoutViews(t.Context(), path, dst, gpkg.ViewLimits{})
		if _, serr := os.Stat(dst); len(layers) != 0 || err != nil || !errors.Is(serr, os.ErrNotExist) {
			t.Errorf("%s: %v %v %v", path, layers, err, serr)
		}
	}
	// Views that are no layers are dropped, and the copy says so by being there.
	path := withViews(t, "CREATE VIEW side AS SELECT 1")
	dst := filepath.Join(t.TempDir(), "o.gpkg")
	layers, err := gpkg.WithoutViews(t.Context(), path, dst, gpkg.ViewLimits{})
	if _, serr := os.Stat(dst); len(layers) != 0 || err != nil || serr != nil {
		t.Errorf("%v %v %v", layers, err, serr)
	}
	if v, err := gdal.OpenVector(dst, []string{"GPKG"}); err != nil {
		t.Error(err)
	} else {
		if names := v.Layers(); !slices.ContainsFunc(names, func(l gdal.LayerInfo) bool { return l.Name == "places" }) {
			t.Errorf("%v", names)
		}
		v.Close()
	}
}
