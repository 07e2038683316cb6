package ingest

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/gdal"
	"contado/geo/store/catalog"
	"contado/scripts/shareddata"
)

// cells reads the stored numbers of a source file.
func cells(t *testing.T, path string) []float64 {
	t.Helper()
	r, err := gdal.OpenRaster(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	out := make([]float64, r.Grid().Cells())
	if err := r.ReadFloat64(1, r.Grid().Full(), out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Values are those of the USGS formulas with the numbers of the MTL file.
func TestLandsatCalibration(t *testing.T) {
	t.Parallel()
	dir := shareddata.Path(t, "us-alabama-landsat8")
	st := stores(t, t.TempDir())
	d := mustRun(t, st, Options{Dataset: "ls"}, dir)
	it := one(t, st, d)
	sun := math.Sin(64.74360932 * math.Pi / 180)
	for n, b := range it.Bands {
		raw := cells(t, filepath.Join(dir, "l8_"+b.Name+".tif"))
		formula := func(dn float64) float64 { return (2e-5*dn - 0.1) / sun }
		quantity, flags := catalog.Reflectance, ""
		switch b.Name {
		case "B10":
			formula, quantity = func(dn float64) float64 { return 3.342e-4*dn + 0.1 }, catalog.Radiance
		case "BQA":
			formula, quantity, flags = func(dn float64) float64 { return dn }, catalog.BitField, "landsat-bqa-pre" // the bits of before collection 1
		}
		if b.Quantity != quantity || b.Flags != flags {
			t.Errorf("%s: %q, flags %q, want %q", b.Name, b.Quantity, b.Flags, flags)
		}
		for i, v := range values(t, st, &it, n+1) {
			if want := formula(raw[i]); !(math.Abs(v-want) < 1e-12) && (raw[i] != 0 || b.Name == "BQA") {
				t.Fatalf("%s: cell %d is %g, want %g", b.Name, i, v, want)
			}
		}
	}
	sc := it.Scene
	if sc == nil || sc.Platform != "landsat-8" || *sc.SunElevation != 64.74360932 || *sc.SunAzimuth != 115.87210674 || sc.Level != "L1T" ||
		sc.Product != "LC80200392015216LGN00" || *it.CloudCover != 11.08 || it.Datetime.Format("2006-01-02T15:04:05.000Z") != "2015-08-04T16:19:21.791Z" {
		t.Errorf("%+v %v %v", sc, it.CloudCover, it.Datetime)
	}
	for _, code := range []string{"reflectance-at-top", "thermal-radiance"} {
		if !hasNotice(d, code) {
			t.Errorf("no notice %s", code)
		}
	}
}

// A folder of scenes becomes a dataset of an item a scene.
func TestLandsatSeries(t *testing.T) {
	t.Parallel()
	dir := shareddata.Path(t, "us-ny-landsat8-series/L8NY18")
	st := stores(t, t.TempDir())
	d := mustRun(t, st, Options{Dataset: "ny"}, dir)
	items, err := st.Catalog.Items(t.Context(), "ny")
	if err != nil || len(items) != 19 {
		t.Fatalf("%d items: %v", len(items), err)
	}
	common := "coastal blue green red nir08 swir16 swir22 pan cirrus lwir11 lwir12 "
	for _, it := range items {
		day := strings.Split(it.ID, "_")[3]
		if it.Datetime == nil || it.Datetime.Format("20060102") != day {
			t.Errorf("%s: %v", it.ID, it.Datetime)
		}
		var names []string
		for _, b := range it.Bands {
			names = append(names, b.CommonName)
		}
		qa := it.Bands[11]
		if got := strings.Join(names, " "); got != common || qa.Name != "BQA" || qa.Flags != "landsat-bqa" || qa.Quantity != catalog.BitField {
			t.Errorf("%s: %s, %+v", it.ID, got, qa)
		}
		for _, b := range it.Bands[:11] {
			if b.Nodata == nil || *b.Nodata != 0 || b.Scale != 1 || qa.Nodata != nil {
				t.Errorf("%s %s: cells of 0 are fill: %v, %v, %v", it.ID, b.Name, b.Nodata, b.Scale, qa.Nodata)
			}
		}
		pan, _ := it.Locate(8)
		red, _ := it.Locate(4)
		if pan.Grid.Transform[1] > 1600 || red.Grid.Transform[1] < 2900 || it.Grid != pan.Grid || it.Scene == nil || it.Scene.Platform != "landsat-8" || it.Scene.Level != "L1TP" {
			t.Errorf("%s: %+v %+v", it.ID, pan.Grid, it.Scene)
		}
	}
	if !hasNotice(d, "not-calibrated") || d.Version.TimeStart.Format("2006-01-02") != "2018-01-06" || d.Version.TimeEnd.Format("2006-01-02") != "2018-12-17" {
		t.Errorf("%v to %v, %v", d.Version.TimeStart, d.Version.TimeEnd, d.Version.Notices)
	}
}
