package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"contado/api/apitest"
	"contado/geo"
	"contado/geo/crs"
	"contado/geo/gdal"
)

// drawnAreas is a FeatureCollection of rings in longitude and latitude.
func drawnAreas(rings ...string) string {
	var out []string
	for i, r := range rings {
		out = append(out, fmt.Sprintf(`{"type":"Feature","properties":{"code":"a%d","name":"Area %d"},"geometry":{"type":"Polygon","coordinates":[%s]}}`, i, i, r))
	}
	return `{"type":"FeatureCollection","features":[` + strings.Join(out, ",") + `]}`
}

const (
	pond   = `[[8.97,46.02],[9.03,46.02],[9.03,46.06],[8.97,46.06],[8.97,46.02]]`
	larger = `[[8.97,46.02],[9.0308,46.02],[9.0308,46.06],[8.97,46.06],[8.97,46.02]]`
)

type peopleJSON struct {
	HideBelow float64 `json:"hide_below"`
	Areas     []struct {
		Code   string
		People *float64
		Hidden bool
		Blocks *int
	}
}

func askPeople(t *testing.T, inputs string) peopleJSON {
	t.Helper()
	var out peopleJSON
	post(t, "people/execution", `{"inputs":`+inputs+`}`).Want(http.StatusOK).Read(&out)
	return out
}

// cellsIn counts the cells of the land, with one person each, whose centre
// lies in a ring.
func cellsIn(t *testing.T, ring string) float64 {
	t.Helper()
	var r orb.Ring
	if err := json.Unmarshal([]byte(ring), &r); err != nil {
		t.Fatal(err)
	}
	tr, err := crs.New("EPSG:32632", geo.WGS84)
	if err != nil {
		t.Fatal(err)
	}
	n := 0.0
	for i := range apitest.Side * apitest.Side {
		x, y := apitest.LandGrid().Center(i%apitest.Side, i/apitest.Side)
		xs, ys := []float64{x}, []float64{y}
		if err := tr.Points(xs, ys); err != nil {
			t.Fatal(err)
		}
		if planar.RingContains(r, orb.Point{xs[0], ys[0]}) {
			n++
		}
	}
	return n
}

func TestPeopleOfAreas(t *testing.T) {
	t.Parallel()
	whole := askPeople(t, `{"areas":{"territories":["9","001","002"]}}`)
	if whole.HideBelow != 3 || len(whole.Areas) != 3 || *whole.Areas[0].People != 10000 || *whole.Areas[1].People+*whole.Areas[2].People != 10000 || whole.Areas[0].Blocks != nil {
		t.Errorf("%+v", whole)
	}
	// Blocks of a few cells: the drawn area has about what lies in it, and two
	// that differ by less than a block have the same, or a whole block more.
	two := askPeople(t, `{"areas":`+drawnAreas(pond, larger)+`}`)
	want := cellsIn(t, pond)
	a, b := *two.Areas[0].People, *two.Areas[1].People
	if math.Abs(a-want) > 0.05*want || *two.Areas[0].Blocks < 100 {
		t.Errorf("%g people in %d blocks, %g cells", a, *two.Areas[0].Blocks, want)
	}
	if d := b - a; d != 0 && d < 3 {
		t.Errorf("%g less %g people", b, a)
	}
	hidden := askPeople(t, `{"hide_below":1000,"areas":`+drawnAreas(pond)+`}`)
	if p := *hidden.Areas[0].People; p != 0 && p < 1000 {
		t.Errorf("blocks of 1,000: %g people", p)
	}
	nobody := askPeople(t, `{"areas":`+drawnAreas(`[[8.97,46.02],[8.9701,46.02],[8.9701,46.0201],[8.97,46.02]]`)+`}`)
	if *nobody.Areas[0].People != 0 {
		t.Errorf("%+v", nobody)
	}
	for _, bad := range []string{`{"areas":{"territories":["9"]},"hide_below":2}`, `{"areas":{"territories":["9"]},"population":"nothing"}`, `{"areas":{"territories":["nobody"]}}`, `{}`, `{"areas":{"territories":["9"]},"service":"clinic"}`, `{"areas":` + drawnAreas(`[[1,1],[2,1],[2,2],[1,1]]`) + `}`} {
		post(t, "people/execution", `{"inputs":`+bad+`}`).Want(http.StatusBadRequest)
	}
}

// vectorIn reads a file that came in an answer.
func vectorIn(t *testing.T, b []byte, driver string) (rows []geo.Feature, s geo.Schema) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "answer"+map[string]string{"GPKG": ".gpkg", "FlatGeobuf": ".fgb"}[driver])
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := gdal.OpenVector(path, []string{driver})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	layer := v.Layers()[0]
	err = v.Scan(t.Context(), layer.Name, func(f geo.Feature) (bool, error) {
		rows = append(rows, f)
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, layer.Schema
}

// Answers by area are had as a GeoPackage of the areas, at once and of jobs.
func TestAreasAsGeoPackage(t *testing.T) {
	t.Parallel()
	body := `{"inputs":{"dataset":"elevation","stats":["mean"],"areas":{"territories":["001","002"]}}}`
	at := enqueue(t, "zonal-statistics", body)
	finish(t, at)
	now := post(t, "zonal-statistics/execution?f=gpkg", body).Want(http.StatusOK)
	later := ask.Get(t, at+"/results?f=gpkg").Want(http.StatusOK)
	for _, r := range []*apitest.Response{now, later} {
		if !strings.Contains(r.Header().Get("Content-Disposition"), ".gpkg") || r.Header().Get("Content-Type") != "application/geopackage+sqlite3" {
			t.Errorf("%v", r.Header())
		}
		rows, s := vectorIn(t, r.Body.Bytes(), "GPKG")
		k := s.FieldIndex("mean")
		if len(rows) != 2 || k < 0 || rows[0].Values[k] != 224.5 || rows[0].Geometry == nil || s.CRS != geo.WGS84 {
			t.Errorf("%+v of %+v", rows, s)
		}
	}
	for _, q := range []string{
		`summary {"dataset":"clinic","areas":{"territory":"9"}}`, `people {"areas":` + drawnAreas(pond) + `}`,
	} {
		process, inputs, _ := strings.Cut(q, " ")
		rows, _ := vectorIn(t, post(t, process+"/execution?f=gpkg", `{"inputs":`+inputs+`}`).Want(http.StatusOK).Body.Bytes(), "GPKG")
		if len(rows) == 0 || rows[0].Geometry == nil {
			t.Errorf("%s: %v", process, rows)
		}
	}
	// What has no areas of its own has no GeoPackage.
	post(t, "nearest/execution?f=gpkg", `{"inputs":{"to":"clinic","areas":{"territory":"9"}}}`).Want(http.StatusBadRequest)
}

func TestExtractRows(t *testing.T) {
	t.Parallel()
	var inside int
	var items struct{ Features []json.RawMessage }
	ask.JSON(t, "/collections/sites/items?limit=1000&bbox=8.97,46.02,9.03,46.06&filter=geometry%20IS%20NOT%20NULL", &items)
	if inside = len(items.Features); inside == 0 {
		t.Fatal("no site lies in the area: the test tells nothing")
	}
	inputs := func(more string) string {
		return `{"inputs":{"dataset":"sites","areas":` + drawnAreas(pond) + more + `}}`
	}
	rows, s := vectorIn(t, post(t, "extract/execution", inputs("")).Want(http.StatusOK).Body.Bytes(), "GPKG")
	if len(rows) != inside || s.FieldIndex("kind") < 0 {
		t.Errorf("%d rows, %d in the box", len(rows), inside)
	}
	var fc, want struct{ Features []json.RawMessage }
	ask.JSON(t, "/collections/sites/items?limit=1000&bbox=8.97,46.02,9.03,46.06&filter=number%3C30", &want)
	r := post(t, "extract/execution", inputs(`,"format":"geojson","filter":"number<30"`)).Want(http.StatusOK).Read(&fc)
	if len(fc.Features) != len(want.Features) || len(fc.Features) >= inside || r.Header().Get("Content-Type") != "application/geo+json" {
		t.Errorf("%d features, want %d of %d, %v", len(fc.Features), len(want.Features), inside, r.Header())
	}
	if lines := bytes.Count(post(t, "extract/execution", inputs(`,"format":"csv"`)).Want(http.StatusOK).Body.Bytes(), []byte("\n")); lines != inside+1 {
		t.Errorf("%d lines of CSV for %d rows", lines, inside)
	}
	at := enqueue(t, "extract", inputs(`,"format":"fgb"`))
	if j := finish(t, at); j.Status != "successful" {
		t.Fatalf("%+v", j)
	}
	if rows, _ := vectorIn(t, ask.Get(t, at+"/results").Want(http.StatusOK).Body.Bytes(), "FlatGeobuf"); len(rows) != inside {
		t.Errorf("%d rows of a job", len(rows))
	}
	for _, bad := range []string{`,"format":"shp"`, `,"format":"tif"`, `,"mask":"clouds"`, `,"filter":"number<"`, `,"filter":"nothing=1"`} {
		post(t, "extract/execution", inputs(bad)).Want(http.StatusBadRequest)
	}
}

func TestExtractCells(t *testing.T) {
	t.Parallel()
	inputs := func(more string) string { return `{"inputs":{"areas":` + drawnAreas(pond) + more + `}}` }
	r := post(t, "extract/execution", inputs(`,"dataset":"elevation"`)).Want(http.StatusOK)
	path := filepath.Join(t.TempDir(), "z.tif")
	if err := os.WriteFile(path, r.Body.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := gdal.OpenRaster(path, []string{"GTiff"})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	g := src.Info().Grid
	cells := make([]float64, g.Cells())
	if err := src.ReadFloat64(1, g.Full(), cells); err != nil {
		t.Fatal(err)
	}
	seen := 0.0
	for _, v := range cells {
		if v == v {
			seen++
		}
	}
	if want := cellsIn(t, pond); math.Abs(seen-want) > 2 {
		t.Errorf("%g cells, %g centres lie in the area", seen, want)
	}
	for _, bad := range []string{`,"dataset":"elevation","clip":true`, `,"dataset":"elevation","format":"gpkg"`, `,"dataset":"nothing"`, `,"dataset":"elevation","value":"nothing"`} {
		post(t, "extract/execution", inputs(bad)).Want(http.StatusBadRequest)
	}
}

// Heights rise by a metre a cell of 100 m: that is the slope.
func TestSlopeOfAreas(t *testing.T) {
	t.Parallel()
	var res struct {
		Band  string
		Areas []map[string]any
	}
	post(t, "zonal-statistics/execution", `{"inputs":{"dataset":"elevation","band":"slope","stats":["mean","max"],"areas":`+drawnAreas(pond)+`}}`).Want(http.StatusOK).Read(&res)
	want := math.Atan(0.01) * 180 / math.Pi
	if mean, _ := res.Areas[0]["mean"].(float64); res.Band != "slope" || math.Abs(mean-want) > 1e-3 {
		t.Errorf("%+v, want %g", res, want)
	}
}

// Every process says in which schemas its inputs come, and answers to what it
// does not know with what it does.
func TestProcessesOfAreasDescribeThemselves(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"people", "extract", "zonal-statistics", "time-series", "summary"} {
		var p struct {
			Inputs map[string]struct{ Schema map[string]any }
		}
		ask.JSON(t, "/processes/"+id, &p)
		if p.Inputs["areas"].Schema == nil {
			t.Errorf("%s: %+v", id, p.Inputs)
		}
	}
}
