package api_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contado/api/apitest"
	"contado/geo/coverage/report"
)

const studyInputs = `{"inputs":{"territory":"9","services":["clinic"],"profiles":["straight-line"],"thresholds":["10m","30m"],"report_id":"ID"}}`

// study has a study kept under an id.
func study(t testing.TB, id string, changes ...string) {
	t.Helper()
	body := strings.NewReplacer(append(changes, "ID", id)...).Replace(studyInputs)
	r := post(t, "coverage-study/execution", body).Want(http.StatusOK)
	if _, err := report.ReadStudy(r.Body); err != nil {
		t.Fatal(err)
	}
}

type summaryJSON struct {
	ID, Title, Territory, Renews string
	Services                     []struct{ ID, Title string }
	Profiles                     []string
	Thresholds                   []float64 `json:"thresholds_s"`
	Headline                     *struct{ Share float64 }
	Repeatable                   bool
	Newer                        []struct{ Dataset, Reason string }
}

func listed(t testing.TB, query string) []summaryJSON {
	t.Helper()
	var list struct{ Reports []summaryJSON }
	ask.JSON(t, "/reports?"+query, &list)
	return list.Reports
}

// A list says of each report what it is about and whether its data are still
// the same; words, dates and the state of the data narrow it.
func TestListOfReports(t *testing.T) {
	t.Parallel()
	study(t, "listed-one")
	for query, want := range map[string]int{
		"q=LISTED-one": 1, "q=listed-one&stale=false": 1, "q=listed-one&stale=true": 0, "q=listed-one&datetime=2020-01-01/..": 1,
		"q=listed-one&datetime=../2020-01-01T00:00:00Z": 0, "q=listed-one&territory=9&service=clinic&profile=straight-line": 1, "q=listed-one&profile=car": 0,
	} {
		got := listed(t, query)
		if len(got) != want {
			t.Errorf("%s: %d reports", query, len(got))
		}
		if len(got) != 1 {
			continue
		}
		r := got[0]
		if r.ID != "listed-one" || len(r.Services) != 1 || r.Services[0].ID != "clinic" || len(r.Profiles) != 1 || len(r.Thresholds) != 2 || r.Headline == nil || !r.Repeatable || len(r.Newer) != 0 {
			t.Errorf("%s: %+v", query, r)
		}
	}
}

// A report of today has the same numbers when it is computed again, by the
// question that it tells itself, and asking again makes no other.
func TestReportsAgain(t *testing.T) {
	t.Parallel()
	study(t, "again-one")
	post(t, "coverage-report/execution", `{"inputs":{"territory":"9","service":"clinic","profile":"straight-line","thresholds":[600],"speed_kmh":4,"report_id":"again-two"}}`).Want(http.StatusOK)
	for _, id := range []string{"again-one", "again-two"} {
		var v struct {
			Outcome     string
			Numbers     int
			Differences []any
		}
		at := enqueue(t, "report-verify", `{"inputs":{"report":"`+id+`"}}`)
		if j := finish(t, at); j.Status != "successful" {
			t.Fatalf("%+v", j)
		}
		ask.JSON(t, at+"/results", &v)
		if v.Outcome != "same" || v.Numbers < 20 || len(v.Differences) != 0 {
			t.Errorf("%s: %+v", id, v)
		}
		var same, other struct{ ID, Renews string }
		post(t, "report-again/execution", `{"inputs":{"report":"`+id+`"}}`).Want(http.StatusOK).Read(&same)
		post(t, "report-again/execution", `{"inputs":{"report":"`+id+`","report_id":"`+id+`-new"}}`).Want(http.StatusOK).Read(&other)
		if same.ID != id || other.ID != id+"-new" || other.Renews != id {
			t.Errorf("%s asked again: %+v, under another id: %+v", id, same, other)
		}
	}
	for body, want := range map[string]int{
		`{"report":"there-is-none"}`: 400, `{"report":"NO"}`: 400, `{}`: 400, `{"report":"again-one","report_id":"again-two"}`: 409, `{"report":"again-one","more":1}`: 400,
	} {
		post(t, "report-again/execution", `{"inputs":`+body+`}`).Want(want)
	}
	post(t, "report-verify/execution", `{"inputs":{"report":"again-one","report_id":"x"}}`).Want(http.StatusBadRequest)
}

// What changed, as a document, a page and a table.
func TestComparison(t *testing.T) {
	t.Parallel()
	study(t, "compared-a")
	study(t, "compared-b", `"thresholds":["10m","30m"]`, `"ground":{"straight_line_kmh":10},"thresholds":["30m","60m"]`)
	var c struct {
		A, B     struct{ ID string }
		Sections []struct {
			Rows  []struct{ ShareA, ShareB *float64 }
			Areas []struct{ Code string }
		}
		Settings []struct {
			Parameter string
			Label     map[string]string
			TextA     map[string]string `json:"text_a"`
			TextB     map[string]string `json:"text_b"`
		}
	}
	ask.JSON(t, "/reports/compared-a/comparison/compared-b", &c)
	if c.A.ID != "compared-a" || c.B.ID != "compared-b" || len(c.Sections) != 1 || len(c.Sections[0].Rows) != 1 || len(c.Sections[0].Areas) != 2 || len(c.Settings) == 0 {
		t.Errorf("%+v", c)
	}
	for _, s := range c.Settings {
		if s.Parameter == "speed" && (s.Label["it"] != "Velocità" || s.TextA["it"] != "5\u00a0km/h" || s.TextB["en"] != "10\u00a0km/h") {
			t.Errorf("speeds are told as %+v", s)
		}
	}
	page := ask.Get(t, "/reports/compared-a/comparison/compared-b?f=html&lang=it")
	if !strings.Contains(page.Body.String(), `lang="it"`) || !strings.Contains(page.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Error("the page is not Italian, or unguarded")
	}
	if rows := strings.Count(ask.Get(t, "/reports/compared-a/comparison/compared-b?f=csv").Body.String(), "\n"); rows != 4 {
		t.Errorf("the table has %d lines", rows)
	}
	if report.CanPDF(nil) == nil {
		for _, lang := range []string{"it", "en"} {
			pdf := ask.Get(t, "/reports/compared-a/comparison/compared-b?f=pdf&lang="+lang)
			if !strings.HasPrefix(pdf.Body.String(), "%PDF-") || pdf.Header().Get("Content-Type") != "application/pdf" || !strings.Contains(pdf.Header().Get("Content-Disposition"), "compared-a--compared-b."+lang+".pdf") ||
				!strings.Contains(pdf.Body.String(), "/Lang ("+lang+")") {
				t.Errorf("%s: %.20q, %v", lang, pdf.Body.String(), pdf.Header())
			}
		}
	}
	ask.Do(t, apitest.Request{Path: "/reports/compared-a/comparison/compared-b?f=xlsx"}).Want(http.StatusBadRequest)
	study(t, "compared-c", `"territory":"9"`, `"territory":"001"`)
	ask.Do(t, apitest.Request{Path: "/reports/compared-a/comparison/compared-c"}).Want(http.StatusBadRequest)
}

// Only who may edit takes a report away, and never a page of another site.
func TestDeleteReport(t *testing.T) {
	t.Parallel()
	study(t, "gone-soon")
	ask.Get(t, "/reports/gone-soon.xlsx") // made on demand, and kept
	at := "/reports/gone-soon"
	ask.Do(t, apitest.Request{Method: http.MethodDelete, Path: at}).Want(http.StatusForbidden)
	send(t, http.MethodDelete, at, "", "", "Sec-Fetch-Site", "cross-site").Want(http.StatusForbidden)
	send(t, http.MethodDelete, at, "", "", "Origin", "https://evil.example").Want(http.StatusForbidden)
	send(t, http.MethodDelete, at+"?x=1", "", "").Want(http.StatusBadRequest)
	send(t, http.MethodDelete, at, "", "").Want(http.StatusNoContent)
	send(t, http.MethodDelete, at, "", "").Want(http.StatusNotFound)
	for _, ending := range []string{"json", "html", "xlsx"} {
		ask.Do(t, apitest.Request{Path: at + "." + ending}).Want(http.StatusNotFound)
	}
	if left, err := filepath.Glob(filepath.Join(land.Dir, "reports", "gone-soon.*")); err != nil || len(left) > 0 {
		t.Errorf("files are left: %v %v", left, err)
	}
}

// The recipes of the server are listed and run, nothing else is.
func TestRecipes(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(land.Dir, "recipes")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		t.Fatal(err)
	}
	text := "recipe: contado/1\nname: west\ntitle: Every spring\nterritories: [\"001\", \"002\"]\nservices: [clinic]\nprofiles: [straight-line]\nthresholds: [10m]\nschedule: monthly\n"
	if err := os.WriteFile(filepath.Join(folder, "west.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var list struct {
		Recipes []struct {
			Name, Title, Schedule, Text string
			Territories                 []struct{ Code, Name string }
		}
	}
	ask.JSON(t, "/recipes", &list)
	if len(list.Recipes) != 1 || list.Recipes[0].Name != "west" || len(list.Recipes[0].Territories) != 2 || list.Recipes[0].Territories[0].Name == "001" || list.Recipes[0].Text != text {
		t.Fatalf("%+v", list)
	}
	var made struct{ ID, Title string }
	post(t, "recipe-report/execution", `{"inputs":{"recipe":"west","territory":"002"}}`).Want(http.StatusOK).Read(&made)
	if !strings.HasPrefix(made.ID, "west-002-") || made.Title != "Every spring" || len(listed(t, "q="+made.ID)) != 1 {
		t.Errorf("%+v", made)
	}
	for body, want := range map[string]int{
		`{"recipe":"west"}`: 400, `{"recipe":"west","territory":"9"}`: 400, `{"recipe":"none","territory":"001"}`: 400, `{"recipe":"../west","territory":"001"}`: 400,
	} {
		post(t, "recipe-report/execution", `{"inputs":`+body+`}`).Want(want)
	}
}
