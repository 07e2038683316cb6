package ingest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// put writes a small raster of one value.
func put(t *testing.T, path, dtype string, metres int, value float64) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	n := 600 / metres
	g := grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{600000, float64(metres), 0, 5100000, 0, -float64(metres)}, Width: n, Height: n}
	w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: g, DataType: dtype, Bands: []gdal.BandSpec{{}}})
	if err != nil {
		t.Fatal(err)
	}
	cells := make([]float64, n*n)
	for i := range cells {
		cells[i] = value
	}
	if err := w.Write(1, g.Full(), cells); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func text(t *testing.T, path, s string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(s), 0o644); err != nil {
		t.Fatal(err)
	}
}

const landsatMTL = `GROUP = LANDSAT_METADATA_FILE
GROUP = PRODUCT_CONTENTS
LANDSAT_PRODUCT_ID = "LC09_L2SP_193028_20230101_20230110_02_T1"
PROCESSING_LEVEL = "L2SP"
COLLECTION_NUMBER = 02
END_GROUP = PRODUCT_CONTENTS
GROUP = IMAGE_ATTRIBUTES
SPACECRAFT_ID = "LANDSAT_9"
SENSOR_ID = "OLI_TIRS"
DATE_ACQUIRED = 2023-01-01
SCENE_CENTER_TIME = "10:04:18.0961230Z"
CLOUD_COVER = 4.19
SUN_AZIMUTH = 161.5
SUN_ELEVATION = 19.5
END_GROUP = IMAGE_ATTRIBUTES
GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS
REFLECTANCE_MULT_BAND_4 = 2.75e-05
REFLECTANCE_ADD_BAND_4 = -0.2
REFLECTANCE_MULT_BAND_5 = 2.75e-05
REFLECTANCE_ADD_BAND_5 = -0.2
END_GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS
GROUP = LEVEL2_SURFACE_TEMPERATURE_PARAMETERS
TEMPERATURE_MULT_BAND_ST_B10 = 0.00341802
TEMPERATURE_ADD_BAND_ST_B10 = 149.0
END_GROUP = LEVEL2_SURFACE_TEMPERATURE_PARAMETERS
END_GROUP = LANDSAT_METADATA_FILE
END
`

// A bundle of collection 2, level 2, as it is downloaded.
func TestLandsatLevel2(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const id = "LC09_L2SP_193028_20230101_20230110_02_T1"
	for name, value := range map[string]float64{"SR_B4": 10000, "SR_B5": 20000, "ST_B10": 42000, "QA_PIXEL": 21824, "ST_ATRAN": 7, "SR_QA_AEROSOL": 96} {
		put(t, filepath.Join(dir, id+"_"+name+".TIF"), "uint16", 30, value)
	}
	text(t, filepath.Join(dir, id+"_MTL.txt"), landsatMTL)
	text(t, filepath.Join(dir, id+"_MTL.json"), `{"LANDSAT_METADATA_FILE": {}}`)
	text(t, filepath.Join(dir, id+"_MTL.xml"), `<LANDSAT_METADATA_FILE/>`)
	text(t, filepath.Join(dir, id+"_ANG.txt"), "GROUP = FILE_HEADER\n")
	text(t, filepath.Join(dir, id+"_SR_stac.json"), `{"type": "Feature", "stac_version": "1.0.0"}`)
	text(t, filepath.Join(dir, id+"_thumb_small.jpeg"), "\xff\xd8\xff no picture")
	st := stores(t, t.TempDir())
	d := mustRun(t, st, Options{Dataset: "l2"}, dir)
	it := one(t, st, d)
	want := []struct {
		name, common string
		quantity     catalog.Quantity
		value        float64
	}{
		{"SR_B4", "red", catalog.Reflectance, 0.075},
		{"SR_B5", "nir08", catalog.Reflectance, 0.35},
		{"ST_B10", "lwir11", "", 292.55684},
		{"SR_QA_AEROSOL", "", catalog.BitField, 96},
		{"QA_PIXEL", "", catalog.BitField, 21824},
	}
	if len(it.Bands) != len(want) || it.ID != id || it.Scene.Platform != "landsat-9" || it.Scene.Level != "L2SP" || it.CloudCover == nil || it.Datetime.Hour() != 10 {
		t.Fatalf("%+v %+v %v %v", it.Bands, it.Scene, it.CloudCover, it.Datetime)
	}
	for i, b := range it.Bands {
		w := want[i]
		if b.Name != w.name || b.CommonName != w.common || b.Quantity != w.quantity || b.Mean < w.value-1e-9 || b.Mean > w.value+1e-9 {
			t.Errorf("%+v, want %+v", b, w)
		}
	}
	if it.Bands[4].Flags != "landsat-qa-pixel" || it.Bands[3].Flags != "" || it.Bands[2].Unit != "K" || !hasNotice(d, "ancillary-skipped") {
		t.Errorf("%+v %+v", it.Bands[2:], d.Version.Notices)
	}
	wantClean(t, st)
}

// Folders of COGs with a file a band are named and dated by the folder.
func TestCOGSet(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, day := range []string{"20230714", "20230719"} {
		dir := filepath.Join(root, "S2B_32TNS_"+day+"_0_L2A")
		put(t, filepath.Join(dir, "B04.tif"), "uint16", 10, 900)
		put(t, filepath.Join(dir, "B08.tif"), "uint16", 10, 3000)
		put(t, filepath.Join(dir, "B11.tif"), "uint16", 20, 2000)
		put(t, filepath.Join(dir, "SCL.tif"), "uint8", 20, 4)
		put(t, filepath.Join(dir, "AOT.tif"), "uint16", 20, 100)
		text(t, filepath.Join(dir, "S2B_32TNS_"+day+"_0_L2A.json"), `{"type": "Feature", "stac_version": "1.0.0", "id": "x", "geometry": null}`)
	}
	st := stores(t, t.TempDir())
	d := mustRun(t, st, Options{Dataset: "cogs"}, root)
	items, err := st.Catalog.Items(t.Context(), "cogs")
	if err != nil || len(items) != 2 {
		t.Fatalf("%d items: %v", len(items), err)
	}
	for i, it := range items {
		day := []string{"20230714", "20230719"}[i]
		var names []string
		for _, b := range it.Bands {
			names = append(names, b.Name+"/"+b.CommonName)
		}
		if it.ID != "S2B_32TNS_"+day+"_0_L2A" || it.Datetime.Format("20060102") != day || strings.Join(names, " ") != "B04/red B08/nir B11/swir16 SCL/" ||
			it.Bands[3].Flags != "sentinel2-scl" || it.Scene == nil || it.Scene.Platform != "sentinel-2b" || it.Scene.Level != "L2A" || len(it.Assets) != 4 {
			t.Errorf("%s %v %v %+v", it.ID, it.Datetime, names, it.Scene)
		}
	}
	if !hasNotice(d, "not-calibrated") || !hasNotice(d, "file-skipped") {
		t.Errorf("%+v", d.Version.Notices)
	}
	_, err = Run(t.Context(), st, []string{filepath.Join(root, "S2B_32TNS_20230714_0_L2A", "S2B_32TNS_20230714_0_L2A.json")}, Options{Dataset: "json"}, nil)
	wantFault(t, err, fault.Unsupported, "contado ingest stac")
}
