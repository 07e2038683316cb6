package ingest

import (
	"testing"

	"contado/geo/store/catalog"
	"contado/scripts/shareddata"
)

// What the values of real data measure is on their items.
func TestQuantities(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file string
		want catalog.Quantity
		unit string
	}{
		{"raster-variety/rasterio/N10W110.hgt.zip", catalog.Height, "m"},
		{"it-vinschgau-dem/elev_vinschgau.tif", catalog.Height, ""},
		{"it-trento-dtm/trento_scientifc_hub_povo_dtm.tif", catalog.Height, ""},
		{"pt-sao-miguel/gpw_v411_2020_count_2020.tif", catalog.Amount, ""},
		{"pt-sao-miguel/gpw_v411_2020_density_2020.tif", "", ""},
		{"pt-sao-miguel/clc2018_v2020_20u1.tif", catalog.Classes, ""},
		{"us-spearfish-accessmod/land_cover__demo", catalog.Classes, ""},
		{"raster-variety/stars/lc.tif", catalog.Classes, ""},
		{"raster-variety/rasterio/RGB.byte.tif", "", ""},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			st := stores(t, t.TempDir())
			it := one(t, st, mustRun(t, st, Options{Dataset: "d"}, shareddata.Path(t, c.file)))
			if b := it.Bands[0]; b.Quantity != c.want || b.Unit != c.unit {
				t.Errorf("%q in %q, want %q in %q", b.Quantity, b.Unit, c.want, c.unit)
			}
		})
	}
}

// Tiles of elevation become items of one dataset.
func TestElevationTiles(t *testing.T) {
	t.Parallel()
	dir := shareddata.Path(t, "de-north-bayreuth-osm-dem")
	st := stores(t, t.TempDir())
	d := mustRun(t, st, Options{Dataset: "dem", Role: catalog.Elevation}, dir)
	items, err := st.Catalog.Items(t.Context(), "dem")
	if err != nil || len(items) != 2 || d.Role != catalog.Elevation {
		t.Fatalf("%d items, role %s: %v", len(items), d.Role, err)
	}
	for _, it := range items {
		if b := it.Bands[0]; b.Quantity != catalog.Height || b.Nodata == nil || *b.Nodata != -32768 || it.Stats == "" || len(it.Assets) != 0 {
			t.Errorf("%+v", it)
		}
	}
	if b := d.Version.BBoxWGS84; b.MinY > 49.001 || b.MaxY < 50.999 {
		t.Errorf("the box is %v", b)
	}
}

// The indices of a small Sentinel-2 clip need its bands by name and as
// reflectances.
func TestSen2r(t *testing.T) {
	t.Parallel()
	st := stores(t, t.TempDir())
	at := func(name string) string { return shareddata.Path(t, "it-barbellino-sentinel2/"+name) }
	boa := at("S2A2A_20190723_022_Barbellino_BOA_10.tif")
	it := one(t, st, mustRun(t, st, Options{Dataset: "s2"}, boa, at("S2A2A_20190723_022_Barbellino_SCL_10.tif")))
	raw := cells(t, boa) // band 1
	for i, v := range values(t, st, &it, 1) {
		if d := v - raw[i]/10000; d > 1e-12 || d < -1e-12 {
			t.Fatalf("cell %d is %g, want %g", i, v, raw[i]/10000)
		}
	}
	want := []string{"B01 coastal", "B02 blue", "B03 green", "B04 red", "B05 rededge", "B06 rededge", "B07 rededge", "B08 nir", "B09 nir09", "B11 swir16", "B12 swir22", "SCL "}
	for i, b := range it.Bands {
		if got := b.Name + " " + b.CommonName; got != want[i] || i < 11 && b.Quantity != catalog.Reflectance {
			t.Errorf("band %d is %q (%s), want %q", i+1, got, b.Quantity, want[i])
		}
	}
	if sc := it.Scene; sc == nil || sc.Platform != "sentinel-2a" || sc.Level != "L2A" || *sc.RelativeOrbit != 22 {
		t.Errorf("%+v", sc)
	}
}
