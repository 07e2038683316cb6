package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The demonstration from nothing to a report, and what the server says of it.
func TestDemonstration(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	said := h.must("demo", "--once", "--small", "--lang", "en")
	for _, must := range []string{"Provincia del Contado", "covered", "reports/demo.html", "ready after"} {
		if !strings.Contains(said, must) {
			t.Errorf("the demonstration does not say %q:\n%s", must, said)
		}
	}
	js, err := os.ReadFile(filepath.Join(h.data, "reports", "demo.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r coverageJSON
	decode(t, js, &r)
	r.checkSums(t)
	if r.Population != 6000 || r.Territory.Code != "999" || r.Service != "pharmacy" || len(r.Thresholds) != 3 {
		t.Errorf("population %g of %q, service %q, thresholds %v", r.Population, r.Territory.Code, r.Service, r.Thresholds)
	}
	if c := r.Coverage[2]; c.Covered <= 0 || c.Covered >= r.Population {
		t.Errorf("within an hour %g of %g are covered: the land should have both", c.Covered, r.Population)
	}
	html, err := os.ReadFile(filepath.Join(h.data, "reports", "demo.html"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(html, []byte("<svg")) || !bytes.Contains(html, []byte("Invented data")) {
		t.Error("the HTML report has no map, or does not say that its data are invented")
	}
	again := h.must("demo", "--once", "--small")
	if !strings.Contains(again, "there already") {
		t.Errorf("a second run makes the land again:\n%s", again)
	}
	if out := h.must("doctor", "--deep"); !strings.Contains(out, "healthy") {
		t.Errorf("doctor: %s", out)
	}
	serveDemonstration(t, h)
}

func serveDemonstration(t *testing.T, h *house) {
	t.Helper()
	s := h.serve()
	res, body := s.get("/", "Accept", "text/html")
	if res.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("<div id=\"app\"")) {
		t.Errorf("the web page: %s\n%.200s", res.Status, body)
	}
	var tree struct{ Territories []struct{ Code, Name string } }
	s.json("/territories", &tree)
	if len(tree.Territories) != 1 || tree.Territories[0].Code != "999" {
		t.Errorf("roots %+v, want the province", tree.Territories)
	}
	var tj struct {
		Bounds  []float64
		MaxZoom int
	}
	s.json("/xyz/sentinel-2.json?bands=B04,B03,B02", &tj)
	x, y := tileOf((tj.Bounds[0]+tj.Bounds[2])/2, (tj.Bounds[1]+tj.Bounds[3])/2, 12)
	for _, path := range []string{
		"/xyz/sentinel-2/12/%d/%d.png?bands=B08,B04,B03", "/xyz/landcover/12/%d/%d.png", "/xyz/elevation/12/%d/%d@2x.png?colormap=terrain",
	} {
		res, body := s.get(fmt.Sprintf(path, x, y))
		img, err := png.Decode(bytes.NewReader(body))
		if res.StatusCode != http.StatusOK || err != nil || opaque(img) == 0 {
			t.Errorf("%s: %s, %v", path, res.Status, err)
		}
	}
	for _, layer := range []string{"municipalities", "roads", "rivers", "pharmacy"} {
		if res, body := s.get(fmt.Sprintf("/xyz/%s/12/%d/%d.mvt", layer, x, y)); res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNoContent {
			t.Errorf("%s: %s\n%.200s", layer, res.Status, body)
		}
	}
	if res, body := s.get("/collections/bus/download"); res.StatusCode != http.StatusOK {
		t.Errorf("the timetable: %s\n%.200s", res.Status, body)
	} else if z, err := zip.NewReader(bytes.NewReader(body), int64(len(body))); err != nil {
		t.Errorf("the timetable is no feed: %v", err)
	} else if _, err := z.Open("stop_times.txt"); err != nil {
		t.Error(err)
	}
	byBus(t, s)
	runJob(t, s)
}

// byBus: whoever may ride may still walk, and somebody arrives only by bus.
func byBus(t *testing.T, s *server) {
	t.Helper()
	covered := map[string]float64{}
	for _, profile := range []string{"walking", "bus-and-walk"} {
		in := fmt.Sprintf(`{"inputs": {"territory": "999", "service": "hospital", "profile": %q, "thresholds": ["45m"]}}`, profile)
		res, body := s.do(http.MethodPost, "/processes/coverage-report/execution", strings.NewReader(in), "Content-Type", "application/json")
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s\n%.300s", profile, res.Status, body)
		}
		var r coverageJSON
		decode(t, body, &r)
		covered[profile] = r.Coverage[0].Covered
	}
	if covered["bus-and-walk"] <= covered["walking"] {
		t.Errorf("people who arrive within 45 minutes: %v", covered)
	}
}

// runJob asks for a report as a job and waits for it.
func runJob(t *testing.T, s *server) {
	t.Helper()
	in := `{"inputs": {"territory": "999", "service": "post-office", "profile": "walking-elderly", "thresholds": ["15m", 1800], "report_id": "posta"}}`
	res, body := s.do(http.MethodPost, "/processes/coverage-report/execution", strings.NewReader(in), "Content-Type", "application/json", "Prefer", "respond-async")
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("asynchronous execution: %s\n%s", res.Status, body)
	}
	path := strings.TrimPrefix(res.Header.Get("Location"), s.url)
	var job struct {
		Status, Message string
		Progress        int
	}
	for end := time.Now().Add(3 * time.Minute); job.Status != "successful" && job.Status != "failed" && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		s.json(path, &job)
	}
	if job.Status != "successful" {
		t.Fatalf("the job is %+v", job)
	}
	var r coverageJSON
	s.json(path+"/results", &r)
	r.checkSums(t)
	for _, ext := range []string{"json", "html", "csv"} {
		if res, body := s.get("/reports/posta." + ext); res.StatusCode != http.StatusOK || len(body) == 0 {
			t.Errorf("the kept report as %s: %s", ext, res.Status)
		}
	}
	var kept struct{ Reports []struct{ ID string } }
	s.json("/reports", &kept)
	found := false
	for _, k := range kept.Reports {
		found = found || k.ID == "posta"
	}
	if !found {
		t.Errorf("reports %+v do not list the new one", kept.Reports)
	}
	for body, want := range map[string]int{
		`{"inputs": {"territory": "nowhere", "service": "pharmacy"}}`:                     http.StatusBadRequest,
		`{"inputs": {"territory": "999"}}`:                                                http.StatusBadRequest,
		`{"inputs": {"territory": "999", "service": "pharmacy", "thresholds": ["soon"]}}`: http.StatusBadRequest,
		`not json`: http.StatusBadRequest,
	} {
		res, answer := s.do(http.MethodPost, "/processes/coverage-report/execution", strings.NewReader(body), "Content-Type", "application/json")
		if res.StatusCode != want || !json.Valid(answer) || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json") {
			t.Errorf("%s gives %s, want %d\n%.200s", body, res.Status, want, answer)
		}
	}
}

// A newcomer's slips on the command line are answered with what to do.
func TestCommandLineErrors(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bad := filepath.Join(t.TempDir(), "bad.tif")
	if err := os.WriteFile(bad, []byte("II*\x00 this is no raster"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		code int
		args []string
		says string
	}{
		{"no such command", 2, []string{"fly"}, "--help"},
		{"no such flag", 2, []string{"ls", "--wings"}, "wings"},
		{"no dataset id", 2, []string{"ingest", bad}, "dataset"},
		{"bad dataset id", 1, []string{"ingest", bad, "-d", "Not Good"}, "Not Good"},
		{"corrupt file", 1, []string{"ingest", bad, "-d", "bad"}, "bad.tif"},
		{"unknown dataset", 1, []string{"info", "nothing"}, "empty"},
		{"unknown territory", 1, []string{"report", "coverage", "-t", "1", "-s", "x"}, "territory"},
		{"bad threshold", 2, []string{"report", "coverage", "-t", "1", "-s", "x", "--within", "soon"}, "15m"},
		{"bad output", 2, []string{"report", "coverage", "-t", "1", "-s", "x", "-o", "r.docx"}, ".html"},
		{"no areas", 2, []string{"zonal", "-d", "x"}, "--areas"},
		{"unknown settings", 2, []string{"--config", settings(t, "colour = 1\n"), "ls"}, "colour"},
	} {
		if msg := h.refuse(c.code, c.args...); !strings.Contains(msg, c.says) {
			t.Errorf("%s: %q does not say %q", c.name, msg, c.says)
		}
	}
	if out := h.must("ls"); !strings.Contains(out, "empty") {
		t.Errorf("after refused ingests the catalog is not empty: %s", out)
	}
	if out := h.must("doctor"); !strings.Contains(out, "healthy") {
		t.Errorf("refused ingests leave something: %s", out)
	}
	if out := h.must("--config", settings(t, "[report.coverage]\nlang = \"en\"\n"), "ls"); out == "" {
		t.Error("a settings file with a known key is refused")
	}
}

func settings(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "contado.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
