package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/coverage/report/studytest"
	"contado/geo/fault"
	"contado/geo/table"
)

// Where further points would help most stands in the summary, and in an annex
// with a map: its signs are the rows of the table that follows.
func TestSitingInStudies(t *testing.T) {
	t.Parallel()
	st, sketches := makeStudy(t, studytest.Options{Services: []string{"pharmacy", "hospital"}, Profiles: []string{"walking"}})
	st.Siting[0].Notices = append(st.Siting[0].Notices, coverage.Notice{Code: "people-in-blocks", Text: "PEOPLE-IN-BLOCKS"})
	for lang, words := range map[string][]string{
		report.English: {"Where one more point would help most", "brings most people nearer is", "at least 94", "blocks of at least 3", "One facility was moved."},
		report.Italian: {"Dove un punto in più aiuterebbe di più", "avvicina più persone", "almeno il 94", "blocchi di almeno 3", "Un punto di servizio è stato spostato."},
	} {
		page := drawStudy(t, st, sketches, lang)
		for _, want := range append(words, `id="how-siting"`, `id="t-siting"`, `href="#s-siting"`, `href="#s-sites"`) {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page does not say %q", lang, want)
			}
		}
		if strings.Contains(page, "PEOPLE-IN-BLOCKS") {
			t.Errorf("%s: what the method says is said again", lang)
		}
		_, rest, ok := strings.Cut(page, `<figure id="p1-f-map"`)
		drawn, rest, _ := strings.Cut(rest, "</figure>")
		_, rest, ok2 := strings.Cut(rest, `<table id="t-sites-1"`)
		rows, rest, _ := strings.Cut(rest, "</table>")
		if !ok || !ok2 || !strings.Contains(rest, `<table id="t-candidates-1"`) {
			t.Fatalf("%s: no map, or no tables after it", lang)
		}
		drawn, _, _ = strings.Cut(drawn, `<ul class="legend"`)
		marks := regexp.MustCompile(`font-weight="700"[^>]*>(\d+)</text>`).FindAllStringSubmatch(drawn, -1)
		if len(marks) != len(st.Siting[0].Chosen) {
			t.Errorf("%s: %d signs of %d points", lang, len(marks), len(st.Siting[0].Chosen))
		}
		for i, p := range st.Siting[0].Chosen {
			if !strings.Contains(rows, `<td class="n">`+strconv.Itoa(i+1)+`</td>`) || !strings.Contains(rows, p.Name) {
				t.Errorf("%s: the table has no row of point %d, %s", lang, i+1, p.Name)
			}
		}
	}
	// A study without the question says nothing of it.
	st.Siting = nil
	if page := drawStudy(t, st, sketches, report.English); strings.Contains(page, "siting") || strings.Contains(page, "s-sites") {
		t.Error("points are spoken of that nobody asked for")
	}
}

// The files have every point, the best candidates too.
func TestSitingInFiles(t *testing.T) {
	t.Parallel()
	st, sketches := makeStudy(t, studytest.Options{})
	var b bytes.Buffer
	if err := report.StudyCSV(&b, st, "siting", table.Plain); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 1+3+12 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	layers, err := report.Layers(st, sketches)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, l := range layers {
		if l.Name == "siting" {
			found = l.Kind == "Point" && len(l.Shapes) == 15 && len(l.Table.Rows) == 15
		}
	}
	if !found {
		t.Error("the layers lack the points")
	}
}

func TestSitingIsChecked(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(s *coverage.Siting){
		"time":     func(s *coverage.Siting) { s.ThresholdS = 0 },
		"longest":  func(s *coverage.Siting) { s.MostS = s.ThresholdS - 1 },
		"people":   func(s *coverage.Siting) { s.Covered = -1 },
		"place":    func(s *coverage.Siting) { s.Chosen[0].Lat = 91 },
		"newly":    func(s *coverage.Siting) { s.Alone[3].NewlyWithin = -5 },
		"so many":  func(s *coverage.Siting) { s.Population = 1e300 },
		"by hours": func(s *coverage.Siting) { s.Alone[3].HoursSaved = -1 },
	} {
		st, _ := makeStudy(t, studytest.Options{Areas: 2, Services: []string{"pharmacy"}, Profiles: []string{"walking"}})
		spoil(&st.Siting[0])
		b, err := json.Marshal(st)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := report.ReadStudy(bytes.NewReader(b)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
		if err := report.StudyHTML(io.Discard, st, nil, "it"); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s drawn: %v", name, err)
		}
	}
}
