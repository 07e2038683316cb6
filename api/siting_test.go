package api_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"contado/api/apitest"
	"contado/geo"
	"contado/geo/coverage/report"
	"contado/geo/crs"
)

type sitedJSON struct {
	ID, Name     string
	Lon, Lat     float64
	NewlyWithin  float64  `json:"newly_within"`
	HoursSaved   float64  `json:"person_hours_saved"`
	CoveredAfter *float64 `json:"covered_after"`
	AreaCode     string   `json:"area_code"`
}

type sitingJSON struct {
	Service, Profile, Objective string
	Population, Covered         float64
	HideBelow                   float64 `json:"hide_below"`
	Candidates                  struct {
		Kind  string
		Count int
	}
	Chosen, Alone []sitedJSON
	Exact         bool
	Inputs        []struct{ Dataset string }
	Method        string
}

// cellAt is the centre of a cell of the land in longitude and latitude.
func cellAt(t *testing.T, col, row int) [2]float64 {
	t.Helper()
	tr, err := crs.New("EPSG:32632", geo.WGS84)
	if err != nil {
		t.Fatal(err)
	}
	x, y := apitest.LandGrid().Center(col, row)
	xs, ys := []float64{x}, []float64{y}
	if err := tr.Points(xs, ys); err != nil {
		t.Fatal(err)
	}
	return [2]float64{xs[0], ys[0]}
}

// newlyWithin counts the cells, with one person each, that are within so many
// metres of a cell and not of the clinic.
func newlyWithin(col, row int, metres float64) float64 {
	n := 0.0
	for i := range apitest.Side * apitest.Side {
		x, y := i%apitest.Side, i/apitest.Side
		if apitest.CellSize*math.Hypot(float64(x-col), float64(y-row)) <= metres && apitest.CellSize*math.Hypot(float64(x-25), float64(y-50)) > metres {
			n++
		}
	}
	return n
}

// sitingBody asks for points among two places, in straight lines at 6 km/h.
func sitingBody(t *testing.T, change string) string {
	t.Helper()
	east, west := cellAt(t, 70, 50), cellAt(t, 30, 40)
	return fmt.Sprintf(`{"inputs":{"territory":"9","service":"clinic","profile":"straight-line","speed_kmh":6,"within":"20m","candidates":[{"lon":%v,"lat":%v,"name":"West"},[%v,%v]]%s}}`,
		west[0], west[1], east[0], east[1], change)
}

// The point found is the one that brute force finds, with as many people but
// for the blocks; the answer is had in all its forms, at once and of a job.
func TestSitingProcess(t *testing.T) {
	t.Parallel()
	r := post(t, "siting/execution", sitingBody(t, "")).Want(http.StatusOK)
	var got sitingJSON
	r.Read(&got)
	if len(got.Chosen) != 1 || len(got.Alone) != 2 || !got.Exact || got.HideBelow != 3 || got.Candidates.Kind != "places" || got.Candidates.Count != 2 || got.Objective != "cover" || got.Population != 10000 {
		t.Fatalf("%+v", got)
	}
	for i, at := range [][2]int{{70, 50}, {30, 40}} {
		want := newlyWithin(at[0], at[1], 2000)
		if math.Abs(got.Alone[i].NewlyWithin-want) > 0.02*want+3 {
			t.Errorf("place %d: %g people newly within, by brute force %g", i, got.Alone[i].NewlyWithin, want)
		}
	}
	best := got.Chosen[0]
	if at := cellAt(t, 70, 50); best.Lon != at[0] || best.Lat != at[1] || math.Abs(*best.CoveredAfter-(got.Covered+best.NewlyWithin)/got.Population) > 1e-9 || best.HoursSaved <= 0 {
		t.Errorf("%+v", best)
	}
	if !strings.Contains(got.Method, "Church") || len(got.Inputs) < 3 {
		t.Errorf("made from %v by %q", got.Inputs, got.Method)
	}

	at := enqueue(t, "siting", sitingBody(t, ""))
	if j := finish(t, at); j.Status != "successful" || j.ProcessID != "siting" {
		t.Fatalf("%+v", j)
	}
	var later sitingJSON
	ask.JSON(t, at+"/results", &later)
	if len(later.Chosen) != 1 || later.Chosen[0] != best && later.Chosen[0].NewlyWithin != best.NewlyWithin {
		t.Errorf("of the job: %+v", later.Chosen)
	}
	for _, r := range []*apitest.Response{post(t, "siting/execution?f=gpkg", sitingBody(t, "")), ask.Get(t, at+"/results?f=gpkg")} {
		rows, s := vectorIn(t, r.Want(http.StatusOK).Body.Bytes(), "GPKG")
		if len(rows) != 3 || rows[0].Geometry == nil || s.FieldIndex("newly_within") < 0 {
			t.Errorf("%d rows of %+v", len(rows), s)
		}
	}
	rows, err := csv.NewReader(post(t, "siting/execution?f=csv", sitingBody(t, "")).Want(http.StatusOK).Body).ReadAll()
	if err != nil || len(rows) < 4 {
		t.Errorf("CSV: %v, %v", rows, err)
	}
}

// Two points of a service that is not there yet reach what both reach.
func TestSitingOfNothing(t *testing.T) {
	t.Parallel()
	body := strings.Replace(sitingBody(t, `,"points":2,"objective":"time","most":"1h"`), `"service":"clinic",`, "", 1)
	var got sitingJSON
	post(t, "siting/execution", body).Want(http.StatusOK).Read(&got)
	if len(got.Chosen) != 2 || got.Service != "" || got.Covered != 0 || got.Objective != "time" || got.Chosen[0].HoursSaved < got.Chosen[1].HoursSaved {
		t.Errorf("%+v", got)
	}
}

func TestSitingRefuses(t *testing.T) {
	t.Parallel()
	for _, change := range []string{
		`,"points":21`, `,"points":-1`, `,"points":"two"`, `,"objective":"fame"`, `,"most":"10m"`, `,"spacing_m":1`, `,"report_id":"x"`, `,"thresholds":[600]`,
		`,"candidates":[]`, `,"candidates":"nothing"`, `,"candidates":[[200,95]]`, `,"candidates":7`, `,"locale":"xx"`, `,"surprise":1`, `,"within":"soon"`, `,"hide_below":1001`,
	} {
		body := sitingBody(t, change)
		if strings.Contains(change, "candidates") || strings.Contains(change, "within") { // said once
			body = `{"inputs":{"territory":"9","service":"clinic"` + change + `}}`
		}
		if r := post(t, "siting/execution", body); r.Code != http.StatusBadRequest {
			t.Errorf("%s: %d\n%s", change, r.Code, r.Body)
		}
	}
	for _, inputs := range []string{`{}`, `{"territory":"nobody","service":"clinic"}`, `{"territory":"9","service":"nothing"}`} {
		post(t, "siting/execution", `{"inputs":`+inputs+`}`).Want(http.StatusBadRequest)
	}
}

// A study holds the points that the process finds, says so on its page in both
// languages, and is confirmed when it is computed again.
func TestStudyWithSiting(t *testing.T) {
	t.Parallel()
	body := `{"inputs":{"territory":"9","services":["clinic"],"profiles":["straight-line"],"thresholds":["20m"],"report_id":"with-points","ground":{"straight_line_kmh":6},"siting":{"points":2,"candidates":"people","spacing_m":2000}}}`
	st, err := report.ReadStudy(post(t, "coverage-study/execution", body).Want(http.StatusOK).Body)
	if err != nil {
		t.Fatal(err)
	}
	var alone sitingJSON
	post(t, "siting/execution", `{"inputs":{"territory":"9","service":"clinic","profile":"straight-line","speed_kmh":6,"within":"20m","points":2,"candidates":"people","spacing_m":2000}}`).Want(http.StatusOK).Read(&alone)
	if len(st.Siting) != 1 || len(st.Siting[0].Chosen) != 2 || len(alone.Chosen) != 2 {
		t.Fatalf("%+v, alone %+v", st.Siting, alone)
	}
	for i, p := range st.Siting[0].Chosen {
		if p.NewlyWithin != alone.Chosen[i].NewlyWithin || p.Lon != alone.Chosen[i].Lon || p.HoursSaved != alone.Chosen[i].HoursSaved {
			t.Errorf("point %d: %+v, alone %+v", i, p, alone.Chosen[i])
		}
	}
	for lang, want := range map[string]string{"it": "Dove un punto in più aiuterebbe di più", "en": "Where one more point would help most"} {
		if page := ask.Get(t, "/reports/with-points.html?lang="+lang).Want(http.StatusOK); !bytes.Contains(page.Body.Bytes(), []byte(want)) {
			t.Errorf("the page in %s does not say %q", lang, want)
		}
	}
	var verdict struct {
		Outcome string
		Numbers int
	}
	r := ask.Do(t, apitest.Request{Method: http.MethodPost, Path: "/processes/report-verify/execution", Body: `{"inputs":{"report":"with-points"}}`}).Want(http.StatusOK)
	if err := json.Unmarshal(r.Body.Bytes(), &verdict); err != nil || verdict.Outcome != "same" || verdict.Numbers < 100 {
		t.Errorf("%+v, %v", verdict, err)
	}
	for _, siting := range []string{`{"points":99}`, `{"services":["school"]}`, `{"candidates":"nothing"}`, `{"surprise":1}`, `7`} {
		bad := strings.Replace(strings.Replace(body, "with-points", "with-none", 1), `{"points":2,"candidates":"people","spacing_m":2000}`, siting, 1)
		post(t, "coverage-study/execution", bad).Want(http.StatusBadRequest)
	}
}
