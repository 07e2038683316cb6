package api_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"contado/api"
	"contado/api/apitest"
	"contado/geo/coverage/report"
)

func post(t testing.TB, process, body string, header ...string) *apitest.Response {
	t.Helper()
	r := apitest.Request{Method: http.MethodPost, Path: "/processes/" + process, Body: body, Header: map[string]string{}}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header[header[i]] = header[i+1]
	}
	return ask.Do(t, r)
}

type coverageJSON struct {
	ID         string
	Population float64 `json:"population_total"`
	Coverage   []struct {
		Threshold                       float64 `json:"threshold_s"`
		Covered, Uncovered, Unreachable float64
	}
	Areas []struct {
		Code       string
		Population float64
	}
	Links []link
}

// Straight lines on a plain have an answer by brute force: how many of the
// cells lie within so many metres of the clinic.
func TestCoverageReport(t *testing.T) {
	t.Parallel()
	r := post(t, "coverage-report/execution", `{"inputs":{"territory":"9","service":"clinic","profile":"straight-line","thresholds":["30m",3600],"speed_kmh":6}}`).Want(http.StatusOK)
	var rep coverageJSON
	r.Read(&rep)
	if len(rep.Coverage) != 2 || len(rep.Areas) != 2 || math.Abs(rep.Population-10000) > 1 {
		t.Fatalf("%+v", rep)
	}
	for _, row := range rep.Coverage {
		if math.Abs(row.Covered+row.Uncovered+row.Unreachable-rep.Population) > 1e-6 {
			t.Errorf("%g s: %g + %g + %g people of %g", row.Threshold, row.Covered, row.Uncovered, row.Unreachable, rep.Population)
		}
		cx, cy := apitest.LandGrid().Center(25, 50)
		within := 0.0
		for i := range apitest.Side * apitest.Side {
			x, y := apitest.LandGrid().Center(i%apitest.Side, i/apitest.Side)
			if math.Hypot(x-cx, y-cy) <= row.Threshold*6/3.6 {
				within++
			}
		}
		if math.Abs(row.Covered-within) > 0.02*within {
			t.Errorf("%g s: %g covered, by brute force %g", row.Threshold, row.Covered, within)
		}
	}
	if r.Header().Get("Cache-Control") != "no-store" || !strings.HasPrefix(rep.ID, "9-clinic-straight-line-") {
		t.Errorf("id %s, headers %v", rep.ID, r.Header())
	}
	for _, l := range rep.Links {
		got := ask.Get(t, strings.TrimPrefix(l.Href, "http://example.com"))
		if media, _, _ := strings.Cut(got.Header().Get("Content-Type"), ";"); media != l.Type {
			t.Errorf("%s is %s", l.Href, media)
		}
	}
	// The same question on the same data is the same report; another is not.
	var again, other coverageJSON
	post(t, "coverage-report/execution", `{"inputs":{"territory":"9","service":"clinic","profile":"straight-line","thresholds":[3600,"0.5h"],"speed_kmh":6}}`).Read(&again)
	post(t, "coverage-report/execution", `{"inputs":{"territory":"9","service":"clinic","profile":"straight-line","thresholds":["10m"]}}`).Read(&other)
	if again.ID != rep.ID || other.ID == rep.ID {
		t.Errorf("ids %s, %s, %s", rep.ID, again.ID, other.ID)
	}
}

func TestReports(t *testing.T) {
	t.Parallel()
	body := `{"inputs":{"territory":"002","service":"clinic","thresholds":["1h"],"report_id":"kept-once","title":"Una <prova>"}}`
	post(t, "coverage-report/execution", body).Want(http.StatusOK)
	r := post(t, "coverage-report/execution", body).Want(http.StatusConflict)
	if !strings.Contains(r.Body.String(), "choose another id") {
		t.Errorf("%s", r.Body)
	}
	var list struct {
		Reports []struct {
			ID, Title, Territory string
			Links                []link
		}
		NumberMatched int
	}
	ask.JSON(t, "/reports", &list)
	found := false
	for _, s := range list.Reports {
		if s.ID == "kept-once" {
			found = s.Title == "Una <prova>" && s.Territory == "Eastland" && len(s.Links) == 7
		}
	}
	if !found {
		t.Errorf("the report is not listed as it is: %+v", list)
	}
	it, en := ask.Get(t, "/reports/kept-once.html?lang=it"), ask.Get(t, "/reports/kept-once.html", "Accept-Language", "en-GB,it;q=0.1")
	for lang, page := range map[string]*apitest.Response{"it": it, "en": en} {
		if !strings.Contains(page.Body.String(), `lang="`+lang+`"`) || page.Header().Get("Content-Language") != lang {
			t.Errorf("the page is not in %s", lang)
		}
		if strings.Contains(page.Body.String(), "<prova>") || !strings.Contains(page.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: unguarded page", lang)
		}
	}
	if _, err := report.Read(ask.Get(t, "/reports/kept-once.json").Body); err != nil {
		t.Errorf("the JSON is no report: %v", err)
	}
	rows, err := csv.NewReader(ask.Get(t, "/reports/kept-once.csv").Body).ReadAll()
	if err != nil || len(rows) < 3 {
		t.Errorf("the CSV: %d rows, %v", len(rows), err)
	}
	ask.Do(t, apitest.Request{Path: "/reports/kept-once.html?lang=de"}).Want(http.StatusBadRequest)
	ask.Do(t, apitest.Request{Path: "/reports/kept-once.docx"}).Want(http.StatusNotFound)
	for ending, begin := range map[string]string{"gpkg": "SQLite format 3", "xlsx": "PK", "zip": "PK"} {
		if b := ask.Get(t, "/reports/kept-once."+ending).Body.String(); !strings.HasPrefix(b, begin) {
			t.Errorf("%s begins with %.20q", ending, b)
		}
	}
	pdf := ask.Do(t, apitest.Request{Path: "/reports/kept-once.pdf?lang=en"})
	if report.CanPDF(nil) != nil {
		pdf.Want(http.StatusNotImplemented)
	} else if pdf.Want(http.StatusOK); !strings.HasPrefix(pdf.Body.String(), "%PDF-") {
		t.Errorf("the PDF begins with %.20q", pdf.Body.String())
	}
}

func TestZonalStatistics(t *testing.T) {
	t.Parallel()
	for name, areas := range map[string]string{
		"dataset": `{"dataset":"municipalities"}`, "codes": `{"territories":["001","002"]}`, "below": `{"territory":"9"}`, "level": `{"territory":"9","level":"municipality"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var res struct {
				Stats []string
				Areas []map[string]any
			}
			post(t, "zonal-statistics/execution", `{"inputs":{"dataset":"elevation","band":1,"stats":["mean","min"],"quantiles":[0.5],"areas":`+areas+`}}`).
				Want(http.StatusOK).Read(&res)
			if len(res.Areas) != 2 || strings.Join(res.Stats, " ") != "mean min p50" {
				t.Fatalf("%+v", res)
			}
			means := map[string]float64{"001": 224.5, "002": 274.5}
			for _, a := range res.Areas {
				code, _ := a["code"].(string)
				if mean, _ := a["mean"].(float64); math.Abs(mean-means[code]) > 1e-6 {
					t.Errorf("%s: mean %v, want %g", code, a["mean"], means[code])
				}
			}
		})
	}
}

func TestZonalOfDrawnPolygonAndCSV(t *testing.T) {
	t.Parallel()
	body := `{"inputs":{"dataset":"landcover","stats":["count","majority"],"classes":true,"areas":{"type":"FeatureCollection","features":[` +
		`{"type":"Feature","id":7,"properties":{"name":"=drawn"},"geometry":{"type":"Polygon","coordinates":[[[9,46.01],[9.01,46.01],[9.01,46.02],[9,46.02],[9,46.01]]]}}]}}}`
	var res struct{ Areas []map[string]any }
	post(t, "zonal-statistics/execution", body).Want(http.StatusOK).Read(&res)
	if len(res.Areas) != 1 || res.Areas[0]["code"] != "7" || res.Areas[0]["majority"] != 30.0 {
		t.Errorf("%+v", res.Areas)
	}
	for _, how := range []struct{ path, accept string }{{"zonal-statistics/execution?f=csv", ""}, {"zonal-statistics/execution", "text/csv"}} {
		r := post(t, how.path, body, "Accept", how.accept).Want(http.StatusOK)
		rows, err := csv.NewReader(r.Body).ReadAll()
		if err != nil || len(rows) != 2 || rows[0][0] != "code" || rows[1][0] != "7" || strings.HasPrefix(rows[1][1], "=") || r.Header().Get("Content-Type") != "text/csv; charset=utf-8" {
			t.Errorf("%v: %v %v", how, rows, err)
		}
	}
	wrapped := strings.Replace(body, `"areas":{`, `"areas":{"mediaType":"application/geo+json","value":{`, 1)
	wrapped = strings.TrimSuffix(wrapped, "}}") + "}}}"
	post(t, "zonal-statistics/execution", wrapped).Want(http.StatusOK)
	post(t, "zonal-statistics/execution", `{"inputs":{"dataset":"landcover","areas":{"href":"http://127.0.0.1/"}}}`).Want(http.StatusNotImplemented)
	var doc struct {
		Result struct{ Dataset string }
	}
	post(t, "zonal-statistics/execution", `{"response":"document","outputs":{"result":{}},`+body[1:]).Want(http.StatusOK).Read(&doc)
	if doc.Result.Dataset != "landcover" {
		t.Errorf("as a document: %+v", doc)
	}
}

func TestBadExecutionsAreRefused(t *testing.T) {
	t.Parallel()
	square := `[[[0,0],[1,0],[1,1],[0,0]]]`
	polygon := func(coordinates string) string {
		return `{"inputs":{"dataset":"elevation","areas":{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":` + coordinates + `}}]}}}`
	}
	for body, want := range map[string]int{
		`{`: 400, `[]`: 400, `{}`: 400, `{"inputs":{}} x`: 400, `{"input":{}}`: 400, `{"inputs":{},"outputs":{"nothing":{}}}`: 400,
		`{"inputs":{"dataset":"nothing","areas":{"territory":"9"}}}`: 400, `{"inputs":{"dataset":"elevation","areas":{"territory":"nobody"}}}`: 400,
		`{"inputs":{"dataset":"elevation"}}`: 400, `{"inputs":{"dataset":"elevation","areas":{"territory":"9","dataset":"municipalities"}}}`: 400,
		`{"inputs":{"dataset":"elevation","areas":{"territory":"9","level":"nothing"}}}`: 400, `{"inputs":{"dataset":"elevation","areas":{"level":"x"}}}`: 400,
		`{"inputs":{"dataset":"../../etc","areas":{"territory":"9"}}}`: 400, `{"inputs":{"dataset":"elevation","areas":{"territory":"9"},"stats":["nothing"]}}`: 400,
		`{"inputs":{"dataset":"elevation","areas":{"territory":"9"},"quantiles":[2]}}`: 400, `{"inputs":{"dataset":"elevation","areas":{"territory":"9"},"band":"B9"}}`: 400,
		`{"inputs":{"dataset":"elevation","areas":{"territory":"9"},"surprise":1}}`: 400, `{"inputs":{"dataset":"municipalities","areas":{"territory":"9"}}}`: 400,
		`{"inputs":{"dataset":"elevation","areas":{"type":"FeatureCollection","features":[]}}}`: 400, polygon(square): 400 /* not there */, polygon(`[[[9,46.01],[9.01,46.01],[9.01,46.02],[9,46.01]]]`): 200,
		polygon(`[[[0,0],[1,0],[1,1]]]`): 400, polygon(`[[[0,0],[1e9,0],[1,1],[0,0]]]`): 400, polygon(`[[[0,0],[1,0],[1,1],[2,2]]]`): 400, polygon(`"x"`): 400,
	} {
		r := post(t, "zonal-statistics/execution", body)
		if r.Code != want {
			t.Errorf("%s: %d, want %d\n%s", body, r.Code, want, r.Body)
		}
	}
	for _, inputs := range []string{
		`{}`, `{"territory":"9"}`, `{"territory":"9","service":"nothing"}`, `{"territory":"nobody","service":"clinic"}`, `{"territory":"9","service":"clinic","profile":"flying"}`,
		`{"territory":"9","service":"clinic","thresholds":["soon"]}`, `{"territory":"9","service":"clinic","thresholds":[-1]}`, `{"territory":"9","service":"clinic","thresholds":[true]}`,
		`{"territory":"9","service":"clinic","thresholds":["25h"]}`, `{"territory":"9","service":"clinic","direction":"up"}`, `{"territory":"9","service":"clinic","neighbours":4}`,
		`{"territory":"9","service":"clinic","report_id":"../demo"}`, `{"territory":"9","service":"clinic","report_id":"A"}`, `{"territory":"9","service":"clinic","speed_kmh":-1}`,
		`{"territory":"9","service":"clinic","roads":["../x"]}`, `{"territory":"` + strings.Repeat("9", 300) + `","service":"clinic"}`,
		`{"territory":"9","service":"clinic","thresholds":[` + strings.Repeat("60,", 30) + `60]}`, `{"territory":9,"service":"clinic"}`,
	} {
		for _, prefer := range []string{"", "respond-async"} {
			if r := post(t, "coverage-report/execution", `{"inputs":`+inputs+`}`, "Prefer", prefer); r.Code != http.StatusBadRequest {
				t.Errorf("%s (Prefer %q): %d\n%s", inputs, prefer, r.Code, r.Body)
			}
		}
	}
	ask.Do(t, apitest.Request{Method: http.MethodPost, Path: "/processes/zonal-statistics/execution", Body: polygon(square), Header: map[string]string{"Content-Type": "text/plain"}}).
		Want(http.StatusBadRequest)
	var p struct{ Type string }
	post(t, "nothing/execution", `{"inputs":{}}`).Want(http.StatusNotFound).Read(&p)
	if !strings.HasSuffix(p.Type, "/no-such-process") {
		t.Errorf("type %s", p.Type)
	}
}

type jobJSON struct {
	JobID, ProcessID, Type, Status, Message string
	Progress                                int
	Links                                   []link
}

// finish waits for a job to end.
func finish(t testing.TB, path string) jobJSON {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var j jobJSON
		ask.JSON(t, path, &j)
		if j.Status == "successful" || j.Status == "failed" || j.Status == "dismissed" {
			return j
		}
	}
	t.Fatalf("%s does not end", path)
	return jobJSON{}
}

func enqueue(t testing.TB, process, body string) string {
	t.Helper()
	r := post(t, process+"/execution", body, "Prefer", "wait=1, Respond-Async").Want(http.StatusCreated)
	var j jobJSON
	r.Read(&j)
	at := strings.TrimPrefix(r.Header().Get("Location"), "http://example.com")
	if at != "/jobs/"+j.JobID || j.ProcessID != process || r.Header().Get("Preference-Applied") != "respond-async" {
		t.Fatalf("Location %s, %+v", at, j)
	}
	return at
}

func TestJobs(t *testing.T) {
	t.Parallel()
	inputs := `{"inputs":{"territory":"001","service":"clinic","profile":"straight-line","thresholds":[600]}}`
	at := enqueue(t, "coverage-report", inputs)
	if j := finish(t, at); j.Status != "successful" || j.Progress != 100 || j.Type != "process" || len(j.Links) != 9 {
		t.Fatalf("%+v", j)
	}
	var now, later coverageJSON
	ask.JSON(t, at+"/results", &later)
	post(t, "coverage-report/execution", inputs).Read(&now)
	a, b := fmt.Sprint(now.ID, now.Coverage, now.Areas, now.Links), fmt.Sprint(later.ID, later.Coverage, later.Areas, later.Links)
	if a != b {
		t.Errorf("at once %s\nas a job %s", a, b)
	}
	table := enqueue(t, "zonal-statistics", `{"response":"document","inputs":{"dataset":"elevation","stats":["mean"],"areas":{"dataset":"municipalities"}}}`)
	if j := finish(t, table); j.Status != "successful" {
		t.Fatalf("%+v", j)
	}
	var doc struct {
		Result struct{ Areas []map[string]any }
	}
	ask.JSON(t, table+"/results", &doc)
	rows, err := csv.NewReader(ask.Get(t, table+"/results?f=csv").Body).ReadAll()
	if err != nil || len(doc.Result.Areas) != 2 || len(rows) != 3 {
		t.Errorf("%+v\n%v %v", doc, rows, err)
	}
	var list struct {
		Jobs     []jobJSON
		Complete bool
	}
	ask.JSON(t, "/jobs", &list)
	if len(list.Jobs) < 2 || !list.Complete {
		t.Errorf("%+v", list)
	}
	ask.JSON(t, "/jobs?limit=1", &list)
	if len(list.Jobs) != 1 || list.Complete {
		t.Errorf("with a limit: %+v", list)
	}
	var done jobJSON
	ask.Do(t, apitest.Request{Method: http.MethodDelete, Path: at}).Want(http.StatusOK).Read(&done)
	if done.Status != "successful" {
		t.Errorf("a finished job, dismissed: %+v", done)
	}
}

// A job that fails tells why, and its results answer as the request would have.
func TestFailedJob(t *testing.T) {
	t.Parallel()
	at := enqueue(t, "zonal-statistics", `{"inputs":{"dataset":"elevation","band":"B99","areas":{"dataset":"municipalities"}}}`)
	j := finish(t, at)
	if j.Status != "failed" || !strings.Contains(j.Message, "B99") {
		t.Errorf("%+v", j)
	}
	ask.Do(t, apitest.Request{Path: at + "/results"}).Want(http.StatusBadRequest)
}

// Without a worker a job waits, has no results yet, and can be dismissed.
func TestWaitingJob(t *testing.T) {
	t.Parallel()
	l, err := apitest.NewLand(t.Context(), t.TempDir(), api.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	idle := &apitest.Client{Handler: l.Server.Handler()}
	r := idle.Do(t, apitest.Request{
		Method: http.MethodPost, Path: "/processes/coverage-report/execution",
		Body: `{"inputs":{"territory":"9","service":"clinic"}}`, Header: map[string]string{"Prefer": "respond-async"},
	}).Want(http.StatusCreated)
	var j jobJSON
	r.Read(&j)
	var p struct{ Type string }
	idle.Do(t, apitest.Request{Path: "/jobs/" + j.JobID + "/results"}).Want(http.StatusNotFound).Read(&p)
	if !strings.HasSuffix(p.Type, "/result-not-ready") || j.Status != "accepted" {
		t.Errorf("%+v %s", j, p.Type)
	}
	idle.Do(t, apitest.Request{Method: http.MethodDelete, Path: "/jobs/" + j.JobID}).Want(http.StatusOK).Read(&j)
	if j.Status != "dismissed" {
		t.Errorf("%+v", j)
	}
	idle.Do(t, apitest.Request{Path: "/jobs/" + j.JobID + "/results"}).Want(http.StatusNotFound).Read(&p)
	if !strings.HasSuffix(p.Type, "/no-such-job") {
		t.Errorf("%s", p.Type)
	}
	// One at a time, and not for long: the rest is told to come again.
	strict := l.Deps
	strict.Limits = api.Limits{Process: time.Nanosecond, Processes: 1, BodyBytes: 500}
	s, err := api.New(strict)
	if err != nil {
		t.Fatal(err)
	}
	hurried := &apitest.Client{Handler: s.Handler()}
	over := hurried.Do(t, apitest.Request{Method: http.MethodPost, Path: "/processes/coverage-report/execution", Body: `{"inputs":{"territory":"9","service":"clinic"}}`}).
		Want(http.StatusServiceUnavailable)
	if !strings.Contains(over.Body.String(), "respond-async") || over.Header().Get("Retry-After") == "" {
		t.Errorf("%v %s", over.Header(), over.Body)
	}
	large := `{"inputs":{"territory":"` + strings.Repeat("9", 600) + `"}}`
	hurried.Do(t, apitest.Request{Method: http.MethodPost, Path: "/processes/coverage-report/execution", Body: large}).Want(http.StatusRequestEntityTooLarge)
	hidden := hurried.Do(t, apitest.Request{Method: http.MethodPost, Path: "/processes/coverage-report/execution", Body: large, Header: map[string]string{"X-Chunked": "1"}})
	hidden.Want(http.StatusRequestEntityTooLarge)
}

func TestProcessDescriptions(t *testing.T) {
	t.Parallel()
	for id, must := range map[string][]string{"coverage-report": {"territory", "service"}, "zonal-statistics": {"dataset", "areas"}} {
		var p struct {
			ID     string
			Inputs map[string]struct {
				Schema    json.RawMessage
				MinOccurs *int
			}
			Outputs map[string]any
			Options []string `json:"jobControlOptions"`
		}
		ask.JSON(t, "/processes/"+id, &p)
		for _, name := range must {
			if in, ok := p.Inputs[name]; !ok || in.MinOccurs != nil {
				t.Errorf("%s: input %s is %+v", id, name, in)
			}
		}
		if p.ID != id || len(p.Outputs) != 1 || strings.Join(p.Options, " ") != "sync-execute async-execute dismiss" {
			t.Errorf("%+v", p)
		}
	}
}
