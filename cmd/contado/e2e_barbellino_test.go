package main

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"contado/scripts/shareddata"
)

// Two Sentinel-2 scenes of an alpine lake, reflectance at 10 m and scene
// classes at 20 m in one item: indices, masks, extents and changes.
func TestBarbellino(t *testing.T) {
	t.Parallel()
	dir := shareddata.Path(t, "it-barbellino-sentinel2")
	h := newHouse(t)
	files, err := filepath.Glob(filepath.Join(dir, "S2A2A_*.tif"))
	if err != nil || len(files) != 4 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	h.must(append([]string{"ingest", "-d", "lake", "--role", "imagery"}, files...)...)
	items := h.describe("lake").Items
	if len(items) != 2 {
		t.Fatalf("%d items, want one a date", len(items))
	}
	for _, it := range items {
		scl := it.Bands[len(it.Bands)-1]
		if scl.Name != "SCL" || scl.Flags != "sentinel2-scl" || len(it.Bands) != 12 || it.Bands[7].CommonName != "nir" || it.Bands[7].Scale != 1e-4 || it.Grid.Width != 24 || it.CloudCover == nil {
			t.Errorf("%s: %+v", it.ID, it.Bands)
		}
	}
	const x0, y0 = 580560.0, 5102120.0
	var parts []rectangle
	for k := range 4 {
		left, top := x0+float64(k%2)*120, y0-float64(k/2)*210
		parts = append(parts, rectangle{name: fmt.Sprintf("part%d", k), x0: left, x1: left + 120, y0: top - 210, y1: top})
	}
	h.must("ingest", writeRectangles(t, 32632, parts), "-d", "parts", "--code-field", "code", "--name-field", "name")

	tmp := t.TempDir()
	args := []string{dir}
	for _, index := range []string{"ndvi", "ndwi", "ndsi"} {
		for _, mask := range []string{"all", "clear"} {
			for _, day := range []string{"20170703", "20190723"} {
				name := day + "-" + index + "-" + mask
				path := filepath.Join(tmp, name+".tif")
				more := []string{"export", "lake", "-o", path, "--value", index, "--when", day[:4]}
				if mask == "clear" {
					more = append(more, "--mask", "clouds")
				}
				h.must(more...)
				args = append(args, name+"="+path)
			}
		}
	}
	var want struct {
		Exports             map[string]difference
		Water, Snow, Change []float64
		Series              map[string]seen
		Transitions         map[string]float64
	}
	oracle(t, &want, "barbellino_oracle.py", args...)
	for name, d := range want.Exports {
		if d.Worst > 1e-6 || d.Mismatched != 0 || d.Seen == 0 {
			t.Errorf("%s: %+v", name, d)
		}
	}
	checkLakeChanges(t, h, want.Water, want.Snow, want.Change)
	checkLakeSeries(t, h, want.Series)
	checkLakeTransitions(t, h, want.Transitions)

	// A valley that the scenes do not reach is no answer of empty rows.
	h.must("ingest", filepath.Join(dir, "scalve.kml"), "-d", "scalve", "--code-field", "Name", "--name-field", "description")
	if msg := h.refuse(1, "series", "-d", "lake", "--value", "ndvi", "--areas", "scalve"); !strings.Contains(msg, "no raster over the area") {
		t.Errorf("%s", msg)
	}
}

// column sums up a column of a table over all areas.
func column(t *testing.T, rows []map[string]string, name string) (sum float64) {
	t.Helper()
	for _, r := range rows {
		v, ok := r[name]
		if !ok {
			t.Fatalf("no column %s in %v", name, r)
		}
		sum += real64(t, v)
	}
	return sum
}

func checkLakeChanges(t *testing.T, h *house, water, snow, change []float64) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.csv")
	h.must("change", "extent", "water", "-d", "lake", "--before", "2017", "--when", "2019", "--mask", "clouds", "--areas", "parts", "-o", out, "--into", "water")
	rows := readRows(t, out, ',')
	for i, name := range []string{"class_0_ha", "class_1_ha", "class_2_ha", "class_3_ha", "unseen_ha"} {
		closeTo(t, "water "+name, column(t, rows, name), water[i], 1e-6)
	}
	if len(rows) != 4 || water[1]+water[2] == 0 || water[4] == 0 {
		t.Errorf("%d rows, oracle %v", len(rows), water)
	}
	h.must("change", "extent", "snow", "-d", "lake", "--when", "2017", "--threshold=-0.35", "-o", out)
	rows = readRows(t, out, ',')
	closeTo(t, "no snow", column(t, rows, "class_0_ha"), snow[0], 1e-6)
	closeTo(t, "snow", column(t, rows, "class_1_ha"), snow[1], 1e-6)
	h.must("change", "difference", "-d", "lake", "--value", "ndvi", "--before", "2017", "--after", "2019", "--mask", "clouds", "-o", out)
	rows = readRows(t, out, ',')
	for i, name := range []string{"mean", "min", "max", "unseen_ha"} {
		closeTo(t, "difference "+name, column(t, rows, name), change[i], 2e-6)
	}

	// The map is a dataset like any other: the same hectares from its classes.
	d := h.describe("water")
	if l := d.Dataset.Version.Derived; d.Dataset.Role != "hazard" || l == nil || l.Process != "extent" || len(d.Items) != 1 || len(d.Items[0].Bands[0].Classes) == 0 {
		t.Fatalf("%+v", d)
	}
	h.must("zonal", "-d", "water", "--areas", "parts", "--stats", "count", "--classes", "-o", out)
	for i, name := range []string{"class_0_ha", "class_1_ha", "class_2_ha", "class_3_ha"} {
		closeTo(t, "water by zonal "+name, column(t, readRows(t, out, ','), name), water[i], 1e-6)
	}
}

func checkLakeSeries(t *testing.T, h *house, want map[string]seen) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "series.csv")
	h.must("series", "-d", "lake", "--value", "ndvi", "--mask", "clouds", "--areas", "parts", "-o", out)
	rows := readRows(t, out, ',')
	if len(rows) != 8 || len(want) != 8 {
		t.Errorf("%d rows, want 8", len(rows))
	}
	for _, r := range rows {
		w := want[r["name"]+" "+r["date"]]
		closeTo(t, r["name"]+" seen on "+r["date"], real64(t, r["valid"]), w.Valid, 1e-6)
		if w.Mean == nil || math.Abs(real64(t, r["mean"])-*w.Mean) > 1e-6 {
			t.Errorf("%v: want %v", r, w.Mean)
		}
	}
}

// checkLakeTransitions compares the classes of the two dates.
func checkLakeTransitions(t *testing.T, h *house, want map[string]float64) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "transitions.json")
	h.must("change", "land-cover", "--from", "lake", "--from-time", "2017", "--to-time", "2019", "--band", "SCL", "-o", out)
	var got struct {
		Details struct {
			From, To []struct{ Value int }
			Total    [][]float64
		}
	}
	readJSON(t, out, &got)
	sum := 0.0
	for i, a := range got.Details.From {
		for k, b := range got.Details.To {
			closeTo(t, fmt.Sprintf("%d to %d", a.Value, b.Value), got.Details.Total[i][k]+1, want[fmt.Sprintf("%d %d", a.Value, b.Value)]+1, 1e-6)
			sum += got.Details.Total[i][k]
		}
	}
	closeTo(t, "hectares of all transitions", sum, 24*42*0.01, 1e-9)
}
