package main

import (
	"encoding/csv"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"contado/scripts/shareddata"
)

// readRows reads a CSV as one map a row.
func readRows(t *testing.T, path string, comma rune) []map[string]string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(b), "\ufeff")))
	r.Comma = comma
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%s: %v, %d rows", path, err, len(rows))
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, v := range row {
			m[rows[0][i]] = v
		}
		out = append(out, m)
	}
	return out
}

func real64(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatalf("%q is no number", s)
	}
	return v
}

// Nineteen scenes of a year, each on a grid of its own: a series by district,
// monthly composites, and mosaics that say what they show.
func TestNewYorkSeries(t *testing.T) {
	t.Parallel()
	dir := shareddata.Path(t, "us-ny-landsat8-series")
	h := newHouse(t)
	h.must("ingest", filepath.Join(dir, "L8NY18"), "-d", "ny", "--role", "imagery")
	h.must("ingest", filepath.Join(dir, "nycd.gpkg"), "-d", "nycd", "--role", "other")
	var scenes []string
	for _, it := range h.describe("ny").Items {
		scenes = append(scenes, it.ID)
		day := strings.Split(it.ID, "_")[3]
		if strings.ReplaceAll(it.Datetime[:10], "-", "") != day || len(it.Bands) != 12 || it.Bands[11].Flags != "landsat-bqa" || it.Bands[4].CommonName != "nir08" {
			t.Errorf("%s: %s, %d bands", it.ID, it.Datetime, len(it.Bands))
		}
	}
	folders, err := filepath.Glob(filepath.Join(dir, "L8NY18", "LC08*"))
	if err != nil || len(folders) != 19 || len(scenes) != 19 {
		t.Fatalf("%d folders, %d items: %v", len(folders), len(scenes), err)
	}
	for _, f := range folders {
		if !slices.Contains(scenes, filepath.Base(f)[:25]) {
			t.Errorf("no item of %s", f)
		}
	}

	tmp := t.TempDir()
	year, july := filepath.Join(tmp, "year.csv"), filepath.Join(tmp, "july.csv")
	h.must("series", "-d", "ny", "--value", "ndvi", "--mask", "clouds", "--areas", "nycd", "--period", "month", "-o", year)
	h.must("series", "-d", "ny", "--value", "ndvi", "--mask", "clouds", "--areas", "nycd", "--when", "2018-07-10", "-o", july)
	h.must("composite", "-d", "ny", "--mask", "clouds", "--when", "2018", "--bands", "red", "--period", "month", "--into", "monthly")
	h.must("composite", "-d", "ny", "--mask", "clouds", "--when", "2018-07", "--bands", "red", "--tif", filepath.Join(tmp, "july.tif"))

	const newest, summer = "013032_20181217", "013032_20180710"
	raw := struct {
		Valid     []string
		Composite difference
		December  map[string]seen `json:"013032_20181217"`
		July      map[string]seen `json:"013032_20180710"`
	}{}
	oracle(t, &raw, "series_oracle.py", filepath.Join(dir, "L8NY18"), filepath.Join(dir, "nycd.gpkg"), filepath.Join(tmp, "july.tif"), newest, summer)
	if len(raw.Valid) != 53 || len(raw.December) != 53 || len(raw.July) != 53 { // of 71, 18 need repair
		t.Fatalf("the oracle answers for %d districts", len(raw.Valid))
	}
	checkSeries(t, readRows(t, year, ','), "2018-12-17", "LC08_L1TP_"+newest, raw.December, 17*71)
	checkSeries(t, readRows(t, july, ','), "2018-07-10", "LC08_L1TP_"+summer, raw.July, 71)
	if c := raw.Composite; c.Worst > 1e-3 || c.Mismatched != 0 || c.Seen < 500 {
		t.Errorf("composite of one scene: %+v", c)
	}
	checkPeriods(t, readRows(t, year, ','), readRows(t, filepath.Join(tmp, "year-periods.csv"), ','))
	checkMonthly(t, h)
}

type seen struct {
	Valid float64
	Mean  *float64
}

// checkSeries compares the rows of one day with the oracle.
func checkSeries(t *testing.T, rows []map[string]string, date, item string, want map[string]seen, total int) {
	t.Helper()
	if len(rows) != total {
		t.Errorf("%s: %d rows, want %d", date, len(rows), total)
	}
	compared := 0
	for _, r := range rows {
		w, ok := want[r["code"]]
		if r["date"] != date || !ok {
			continue
		}
		compared++
		closeTo(t, date+" valid share of "+r["code"], real64(t, r["valid"])+1, w.Valid+1, 1e-6)
		if r["items"] != item || (r["used"] == "true") != (w.Valid >= 0.5) {
			t.Errorf("%s %s: items %s, used %s with %g", date, r["code"], r["items"], r["used"], w.Valid)
		}
		switch {
		case w.Mean == nil:
			if r["mean"] != "" {
				t.Errorf("%s %s: mean %s of nothing", date, r["code"], r["mean"])
			}
		case w.Valid > 1e-3:
			if got := real64(t, r["mean"]); math.Abs(got-*w.Mean) > 2e-6 {
				t.Errorf("%s %s: mean %g, want %g", date, r["code"], got, *w.Mean)
			}
		}
	}
	if compared != len(want) {
		t.Errorf("%s: %d of %d districts compared", date, compared, len(want))
	}
}

// checkPeriods works the monthly means out again from the rows of the days.
func checkPeriods(t *testing.T, days, periods []map[string]string) {
	t.Helper()
	type sum struct{ value, weight float64 }
	months := map[string]*sum{}
	for _, r := range days {
		if r["used"] != "true" {
			continue
		}
		key := r["code"] + " " + r["date"][:7]
		if months[key] == nil {
			months[key] = &sum{}
		}
		w := real64(t, r["valid"])
		months[key].value += w * real64(t, r["mean"])
		months[key].weight += w
	}
	found := 0
	for _, p := range periods {
		m := months[p["code"]+" "+p["start"][:7]]
		if (m == nil) != (p["mean"] == "") {
			t.Errorf("%v: %v", p, m)
		} else if m != nil {
			found++
			if got := real64(t, p["mean"]); math.Abs(got-m.value/m.weight) > 1e-9 {
				t.Errorf("%v: want %g", p, m.value/m.weight)
			}
		}
	}
	if found != len(months) || found < 100 {
		t.Errorf("%d months of districts, want %d", found, len(months))
	}
}

// checkMonthly looks at the dataset of composites, its lineage and its tiles.
func checkMonthly(t *testing.T, h *house) {
	t.Helper()
	d := h.describe("monthly")
	if len(d.Items) != 11 { // no scene in February
		t.Errorf("%d composites, want 11", len(d.Items))
	}
	for _, it := range d.Items {
		if len(it.Bands) != 1 || it.Bands[0].Name != "B4" || !strings.HasSuffix(it.Datetime[:10], "-01") || it.Datetime[:7] == "2018-02" {
			t.Errorf("%+v", it)
		}
	}
	if l := d.Dataset.Version.Derived; l == nil || l.Process != "composite" || len(l.Inputs) != 1 || l.Inputs[0].Dataset != "ny" || len(l.Inputs[0].Items) != 19 {
		t.Errorf("lineage %+v", l)
	}
	if info := h.must("info", "monthly"); !strings.Contains(info, "made by") || !strings.Contains(info, "ny version 1, 19 items") {
		t.Errorf("info does not tell the lineage:\n%s", info)
	}
	s := h.serve()
	for path, want := range map[string]string{
		"/xyz/ny/8/75/96.png?bands=red&datetime=2018-07-10T00:00:00Z": "LC08_L1TP_013032_20180710",
		"/xyz/ny/8/75/96.png?index=ndvi&select=oldest":                "LC08_L1TP_013032_20180131",
		"/xyz/monthly/8/75/96.png?datetime=2018-07-01T00:00:00Z":      "composite_20180701",
	} {
		res, body := s.get(path)
		used := res.Header.Get("X-Contado-Items-Used")
		if res.StatusCode != http.StatusOK || !strings.Contains(used, want) || res.Header.Get("X-Contado-Complete") != "true" {
			t.Errorf("%s: %s, used %q, complete %q\n%.200s", path, res.Status, used, res.Header.Get("X-Contado-Complete"), body)
		}
		if n := res.Header.Get("X-Contado-Items"); n != strconv.Itoa(len(strings.Split(used, ", "))) {
			t.Errorf("%s: %s items, used %s", path, n, used)
		}
	}
}
