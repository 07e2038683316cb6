package main

import (
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contado/scripts/shareddata"
)

// difference is how far a file is from the oracle.
type difference struct {
	Worst            float64
	Mismatched, Seen int
}

// A Landsat 8 scene brought in with its metadata gives reflectances, and every
// door (statistics, points, crops, tiles, exports) the NDVI of the USGS
// formulas, with and without clouds.
func TestAlabamaReflectance(t *testing.T) {
	t.Parallel()
	dir := shareddata.Path(t, "us-alabama-landsat8")
	h := newHouse(t)
	h.must("ingest", dir, "-d", "landsat", "--role", "imagery")
	checkAlabama(t, h)

	// Rectangles of whole cells, and of cells cut in half at two sides.
	const x0, y0, cell = 452475.0, 3408645.0, 30.0
	areas := writeRectangles(t, 32616, []rectangle{
		{name: "whole", x0: x0 + 100*cell, x1: x0 + 300*cell, y0: y0 - 250*cell, y1: y0 - 100*cell},
		{name: "halves", x0: x0 + 350.5*cell, x1: x0 + 450.5*cell, y0: y0 - 400*cell, y1: y0 - 300*cell},
	})
	h.must("ingest", areas, "-d", "areas", "--code-field", "code", "--name-field", "name")
	tmp := t.TempDir()
	plainFile, maskedFile := filepath.Join(tmp, "ndvi.tif"), filepath.Join(tmp, "clear.tif")
	h.must("export", "landsat", "-o", plainFile, "--value", "ndvi")
	h.must("export", "landsat", "-o", maskedFile, "--value", "ndvi", "--mask", "clouds")

	s := h.serve()
	fetch := func(name, path string) string {
		res, body := s.get(path)
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s\n%.300s", path, res.Status, body)
		}
		file := filepath.Join(tmp, name)
		if err := os.WriteFile(file, body, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	box := fmt.Sprintf("%g,%g,%g,%g", x0+150*cell, y0-264*cell, x0+278*cell, y0-200*cell)
	crop := fetch("crop.tif", "/xyz/landsat/bbox/"+box+".tif?index=ndvi&coord_crs=EPSG:32616")
	tx, ty := tileOf(-87.49, 30.80, 12) // at the corner: part of it is outside
	tile := fetch("tile.tif", fmt.Sprintf("/xyz/landsat/12/%d/%d.tif?expr=(green-nir)/(green%%2Bnir)&resampling=nearest", tx, ty))

	type sums struct{ Count, Mean, Cells float64 }
	var want struct {
		Plain, Masked, Crop difference
		Whole, Halves       sums
		WholeClear          sums `json:"whole_clear"`
		HalvesClear         sums `json:"halves_clear"`
		Points              []struct {
			Lon, Lat, NDVI float64
			Clear          bool
		}
		Tile struct{ Pixels, Same, Inside int }
	}
	oracle(t, &want, "landsat_oracle.py", dir, plainFile, maskedFile, crop, tile)
	for name, d := range map[string]difference{"export": want.Plain, "export without clouds": want.Masked, "crop": want.Crop} {
		if d.Worst > 1e-6 || d.Mismatched != 0 || d.Seen == 0 {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if w := want.Tile; w.Inside < 1000 || w.Inside == w.Pixels || w.Pixels-w.Same > w.Pixels/1000 {
		t.Errorf("tile: %+v", w)
	}
	for mask, rows := range map[string]map[string]sums{
		"":       {"whole": want.Whole, "halves": want.Halves},
		"clouds": {"whole": want.WholeClear, "halves": want.HalvesClear},
	} {
		out := filepath.Join(tmp, "zonal"+mask+".csv")
		h.must("zonal", "-d", "landsat", "--areas", "areas", "--band", "ndvi", "--mask="+mask, "--stats", "count,mean,cells", "-o", out)
		table := readTable(t, out)
		for name, w := range rows {
			closeTo(t, name+" "+mask+" count", table[name]["count"], w.Count, 1e-6)
			closeTo(t, name+" "+mask+" mean", table[name]["mean"], w.Mean, 1e-6)
			closeTo(t, name+" "+mask+" cells", table[name]["cells"], w.Cells, 1e-6)
		}
	}
	if want.WholeClear.Count == want.Whole.Count {
		t.Error("the area has no cloud: the mask is not tested")
	}
	for _, p := range want.Points {
		for _, mask := range []string{"", "&mask=clouds"} {
			var got struct {
				Items []struct {
					Item   string
					Values []*float64
				}
			}
			s.json(fmt.Sprintf("/xyz/landsat/point/%.12f,%.12f?index=ndvi%s", p.Lon, p.Lat, mask), &got)
			if len(got.Items) != 1 || len(got.Items[0].Values) != 1 {
				t.Fatalf("point %+v: %+v", p, got)
			}
			switch v := got.Items[0].Values[0]; {
			case mask != "" && !p.Clear:
				if v != nil {
					t.Errorf("point %+v: %g under a cloud", p, *v)
				}
			case v == nil || math.Abs(*v-p.NDVI) > 1e-6:
				t.Errorf("point %+v%s: %v", p, mask, v)
			}
		}
	}
	if msg := h.refuse(1, "zonal", "-d", "landsat", "--areas", "areas", "--band", "ndvi", "--mask", "smoke"); !strings.Contains(msg, "cloud_high") {
		t.Errorf("an unknown mask should list what there is: %s", msg)
	}
}

// checkAlabama looks at what the catalog keeps of the scene's metadata.
func checkAlabama(t *testing.T, h *house) {
	t.Helper()
	items := h.describe("landsat").Items
	if len(items) != 1 {
		t.Fatalf("%d items, want 1", len(items))
	}
	it := items[0]
	sc := it.Scene
	if it.Datetime != "2015-08-04T16:19:21.791Z" || it.CloudCover == nil || *it.CloudCover != 11.08 || sc.Platform != "landsat-8" || sc.SunElevation != 64.74360932 || sc.SunAzimuth != 115.87210674 {
		t.Errorf("%s, clouds %v, %+v", it.Datetime, it.CloudCover, sc)
	}
	sun := math.Sin(64.74360932 * math.Pi / 180)
	common := map[string]string{"B2": "blue", "B3": "green", "B4": "red", "B5": "nir08", "B6": "swir16", "B7": "swir22"}
	for _, b := range it.Bands {
		switch b.Name {
		case "BQA":
			if b.Quantity != "bits" || b.Flags != "landsat-bqa-pre" {
				t.Errorf("%+v", b)
			}
		case "B10":
			if b.Quantity != "radiance" || b.Scale != 3.342e-4 || b.Offset != 0.1 {
				t.Errorf("%+v", b)
			}
		default:
			closeTo(t, b.Name+" scale", b.Scale, 2e-5/sun, 1e-12)
			closeTo(t, b.Name+" offset", b.Offset, -0.1/sun, 1e-12)
			if want := common[b.Name]; b.Quantity != "reflectance" || want != "" && b.CommonName != want {
				t.Errorf("%+v", b)
			}
		}
	}
}
