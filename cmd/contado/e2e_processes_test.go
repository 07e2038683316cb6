package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"contado/scripts/shareddata"
)

// post runs a process and returns whatever comes.
func (s *server) post(id, query, body string, header ...string) (*http.Response, []byte) {
	s.t.Helper()
	return s.do(http.MethodPost, "/processes/"+id+"/execution"+query, strings.NewReader(body), append([]string{"Content-Type", "application/json"}, header...)...)
}

// finished runs a process as a job and waits for it.
func (s *server) finished(id, body string) (job string) {
	s.t.Helper()
	res, out := s.post(id, "", body, "Prefer", "respond-async")
	var st struct{ JobID, Status, Message string }
	if res.StatusCode != http.StatusCreated || res.Header.Get("Location") == "" {
		s.t.Fatalf("%s as a job: %s\n%s", id, res.Status, out)
	}
	decode(s.t, out, &st)
	for deadline := time.Now().Add(3 * time.Minute); st.Status != "successful"; time.Sleep(100 * time.Millisecond) {
		if st.Status == "failed" || st.Status == "dismissed" || time.Now().After(deadline) {
			s.t.Fatalf("job of %s is %s: %s", id, st.Status, st.Message)
		}
		s.json("/jobs/"+st.JobID, &st)
	}
	return st.JobID
}

// processRuns are the processes over pictures, each with inputs that work.
var processRuns = map[string]string{
	"time-series":               `{"inputs":{"pictures":{"dataset":"lake","value":"ndvi","mask":"clouds"},"areas":{"dataset":"parts"}}}`,
	"composite":                 `{"inputs":{"pictures":{"dataset":"lake","value":"ndvi","mask":"clouds"},"period":"year","into":"INTO"}}`,
	"difference":                `{"inputs":{"before":{"dataset":"lake","value":"ndvi","datetime":"2017"},"after":{"dataset":"lake","value":"ndvi","datetime":"2019"},"areas":{"dataset":"parts"},"into":"INTO"}}`,
	"burned-area":               `{"inputs":{"before":{"dataset":"lake","datetime":"2017"},"after":{"dataset":"lake","datetime":"2019"},"areas":{"dataset":"parts"},"into":"INTO"}}`,
	"extent":                    `{"inputs":{"subject":"water","pictures":{"dataset":"lake","datetime":"2019"},"before":{"dataset":"lake","datetime":"2017"},"areas":{"dataset":"parts"},"into":"INTO"}}`,
	"land-change":               `{"inputs":{"from":{"dataset":"lake","value":"SCL","datetime":"2017"},"to":{"dataset":"lake","value":"SCL","datetime":"2019"},"areas":{"dataset":"parts"},"into":"INTO"}}`,
	"land-cover-classification": `{"inputs":{"pictures":{"dataset":"lake","datetime":"2019"},"training":"ground","class_field":"class","features":["green","nir","swir16"],"areas":{"dataset":"parts"},"into":"INTO"}}`,
}

// Every process over pictures, at once and as a job, as JSON, CSV and
// spreadsheet; what it publishes has tiles; what is wrong is told.
func TestPictureProcesses(t *testing.T) {
	t.Parallel()
	dir := shareddata.Path(t, "it-barbellino-sentinel2")
	files, err := filepath.Glob(filepath.Join(dir, "S2A2A_*.tif"))
	if err != nil || len(files) != 4 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	h := newHouse(t)
	h.must(append([]string{"ingest", "-d", "lake", "--role", "imagery"}, files...)...)
	const x0, y0 = 580560.0, 5102120.0
	var parts, ground []rectangle
	for k := range 4 {
		left, top := x0+float64(k%2)*120, y0-float64(k/2)*210
		parts = append(parts, rectangle{name: fmt.Sprintf("part%d", k), x0: left, x1: left + 120, y0: top - 210, y1: top})
	}
	for k := range 8 { // names that stand for no real cover, over all of the scene
		left, top := x0+float64(k%2)*120, y0-float64(k/2)*105
		ground = append(ground, rectangle{name: fmt.Sprint(k), class: []string{"left", "right"}[k%2], x0: left, x1: left + 60, y0: top - 60, y1: top})
	}
	h.must("ingest", writeRectangles(t, 32632, parts), "-d", "parts", "--code-field", "code", "--name-field", "name")
	h.must("ingest", writeRectangles(t, 32632, ground), "-d", "ground")
	s := h.serve()
	for id, body := range processRuns {
		now, later := "now-"+id, "later-"+id
		res, document := s.post(id, "", strings.Replace(body, "INTO", now, 1))
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: %s\n%s", id, res.Status, document)
			continue
		}
		job := s.finished(id, strings.Replace(body, "INTO", later, 1))
		res, kept := s.get("/jobs/" + job + "/results")
		if res.StatusCode != http.StatusOK || strings.ReplaceAll(string(kept), later, now) != string(document) {
			t.Errorf("%s: the job answers otherwise: %s\n%.300s\n%.300s", id, res.Status, document, kept)
		}
		checkTables(t, s, id, job, strings.Replace(body, "INTO", "sheet-"+id, 1))
		if strings.Contains(body, "INTO") {
			checkPublished(t, s, now)
			checkPublished(t, s, later)
			// A name that is taken is refused before anything is computed.
			if res, out := s.post(id, "", strings.Replace(body, "INTO", now, 1)); res.StatusCode != http.StatusConflict || !strings.Contains(string(out), now) {
				t.Errorf("%s into a dataset that is there: %s %s", id, res.Status, out)
			}
		}
	}
	checkRefusals(t, s)
}

// checkTables compares CSV at once with that of the job, and looks into the
// spreadsheet.
func checkTables(t *testing.T, s *server, id, job, body string) {
	t.Helper()
	res, now := s.post(id, "?f=csv", body)
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/csv") {
		t.Errorf("%s: CSV is %s %s\n%.300s", id, res.Status, res.Header.Get("Content-Type"), now)
	}
	_, kept := s.get("/jobs/" + job + "/results?f=csv")
	if len(now) == 0 || !bytes.Equal(now, kept) {
		t.Errorf("%s: CSV at once\n%s\nof the job\n%s", id, now, kept)
	}
	res, sheet := s.get("/jobs/" + job + "/results?f=xlsx")
	if res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Content-Type"), "spreadsheetml") || !bytes.HasPrefix(sheet, []byte("PK")) {
		t.Errorf("%s: spreadsheet is %s %s", id, res.Status, res.Header.Get("Content-Type"))
	}
}

// checkPublished looks for a picture of a dataset that a process made.
func checkPublished(t *testing.T, s *server, dataset string) {
	t.Helper()
	x, y := tileOf(10.0432, 46.066, 14)
	res, body := s.get(fmt.Sprintf("/xyz/%s/14/%d/%d.png", dataset, x, y))
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "image/png" || res.Header.Get("X-Contado-Items-Used") == "" {
		t.Errorf("tile of %s: %s, used %q\n%.200s", dataset, res.Status, res.Header.Get("X-Contado-Items-Used"), body)
	}
}

// checkRefusals sends what cannot be done.
func checkRefusals(t *testing.T, s *server) {
	t.Helper()
	for _, c := range []struct{ id, body, want string }{
		{"time-series", `{"inputs":{"pictures":{"dataset":"lake","value":"ndvii"},"areas":{"dataset":"parts"}}}`, "ndvii"},
		{"time-series", `{"inputs":{"pictures":{"dataset":"lake","value":"nir; red"},"areas":{"dataset":"parts"}}}`, "2 results"},
		{"time-series", `{"inputs":{"pictures":{"dataset":"lake","mask":"smoke"},"areas":{"dataset":"parts"}}}`, "smoke"},
		{"time-series", `{"inputs":{"pictures":{"dataset":"sea"},"areas":{"dataset":"parts"}}}`, "sea"},
		{"time-series", `{"inputs":{"pictures":{"dataset":"lake"},"areas":{"dataset":"nowhere"}}}`, "nowhere"},
		{"time-series", `{"inputs":{"pictures":"lake","areas":{"dataset":"parts"}}}`, "pictures: want an object"},
		{"time-series", `{"inputs":{"pictures":{"dataset":"lake","datetime":"soon"},"areas":{"dataset":"parts"}}}`, "soon"},
		{"time-series", `{"inputs":{"pictures":{"dataset":"lake","datetime":"2011"},"areas":{"dataset":"parts"}}}`, "of that time"},
		{"time-series", `{"inputs":{"pictures":{"dataset":"lake"},"areas":{"dataset":"parts"},"stat":"colour"}}`, "colour"},
		{"time-series", `{"inputs":{"pictures":{"dataset":"lake"},"areas":{"dataset":"parts"},"colour":1}}`, "colour"},
		{"composite", `{"inputs":{"pictures":{"dataset":"lake"}}}`, "into"},
		{"composite", `{"inputs":{"pictures":{"dataset":"lake"},"into":"c","period":"week"}}`, "week"},
		{"composite", `{"inputs":{"pictures":{"dataset":"lake","select":"prettiest"},"into":"c"}}`, "prettiest"},
		{"difference", `{"inputs":{"before":{"dataset":"lake","value":"SCL"},"after":{"dataset":"lake","value":"SCL"}}}`, "classes"},
		{"difference", `{"inputs":{"before":{"dataset":"lake","value":"ndvi"},"after":{"dataset":"lake","value":"ndvi"},"into":"No Good"}}`, "No Good"},
		{"difference", `{"inputs":{"before":{"dataset":"lake"},"after":{"dataset":"lake"},"bbox":[1,2,3]}}`, "bbox"},
		{"difference", `{"inputs":{"before":{"dataset":"parts"},"after":{"dataset":"lake"}}}`, "not a raster"},
		{"burned-area", `{"inputs":{"before":{"dataset":"lake","max_cloud":400},"after":{"dataset":"lake"}}}`, "max_cloud"},
		{"extent", `{"inputs":{"subject":"lava","pictures":{"dataset":"lake"}}}`, "radar-water"},
		{"extent", `{"inputs":{"subject":"radar-water","pictures":{"dataset":"lake"}}}`, "vv"},
		{"extent", `{"inputs":{"subject":"water","pictures":{"dataset":"lake"},"threshold":0.1,"otsu":true}}`, "Otsu"},
		{"land-change", `{"inputs":{"from":{"dataset":"lake","value":"red"},"to":{"dataset":"lake","value":"red"}}}`, "no classes"},
		{"land-cover-classification", `{"inputs":{"pictures":{"dataset":"lake"},"training":"ground","class_field":"colour"}}`, "class"},
		{"land-cover-classification", `{"inputs":{"pictures":{"dataset":"lake"},"training":"lake","class_field":"class"}}`, "lake"},
		{"land-cover-classification", `{"inputs":{"pictures":{"dataset":"lake"},"training":"nowhere","class_field":"class"}}`, "nowhere"},
		{"land-cover-classification", `{"inputs":{"pictures":{"dataset":"lake"},"training":"ground","class_field":"class","method":"magic"}}`, "magic"},
	} {
		res, body := s.post(c.id, "", c.body)
		var problem struct {
			Status        int
			Detail, Title string
		}
		if err := json.Unmarshal(body, &problem); err != nil || res.StatusCode != http.StatusBadRequest || problem.Status != http.StatusBadRequest ||
			res.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(problem.Detail, c.want) || strings.Contains(problem.Detail, "Go ") {
			t.Errorf("%s %s: %s %s, want 400 with %q", c.id, c.body, res.Status, body, c.want)
		}
	}
}
