package report_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/coverage/report/studytest"
)

func makeStudy(t testing.TB, o studytest.Options) (*coverage.Study, []*report.Sketch) {
	t.Helper()
	st, sketches, err := studytest.Make(o)
	if err != nil {
		t.Fatal(err)
	}
	return st, sketches
}

func drawStudy(t testing.TB, st *coverage.Study, sketches []*report.Sketch, lang string) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.StudyHTML(&b, st, sketches, lang); err != nil {
		t.Fatalf("draw study in %s: %v", lang, err)
	}
	return b.String()
}

// TestDrawStudySamples is TestDrawSamples for studies.
func TestDrawStudySamples(t *testing.T) {
	dir := os.Getenv("CONTADO_REPORT_SAMPLES")
	if dir == "" {
		t.Skip("set CONTADO_REPORT_SAMPLES to a folder to draw sample studies there")
	}
	st, sketches := makeStudy(t, studytest.Options{})
	for _, lang := range []string{report.English, report.Italian} {
		page := drawStudy(t, st, sketches, lang)
		if err := os.WriteFile(filepath.Join(dir, "study-"+lang+".html"), []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
		var pdf bytes.Buffer
		if err := report.StudyPDF(t.Context(), &pdf, st, sketches, lang, nil); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "study-"+lang+".pdf"), pdf.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// What decides comes first, in the order of the contents; the annexes follow,
// each with its number; figures and tables count from 1 without a gap.
func TestStudyBeginsWithItsSummary(t *testing.T) {
	t.Parallel()
	st, sketches := makeStudy(t, studytest.Options{Services: []string{"pharmacy", "hospital"}, Profiles: []string{"walking", "car"}, Areas: 6})
	for lang, annex := range map[string]string{report.English: "Annex", report.Italian: "Allegato"} {
		page := drawStudy(t, st, sketches, lang)
		_, rest, ok := strings.Cut(page, "<nav")
		nav, body, ok2 := strings.Cut(rest, "</nav>")
		if !ok || !ok2 {
			t.Fatal("the page has no contents")
		}
		at, n := 0, 0
		for _, m := range regexp.MustCompile(`href="#([\w-]+)">([^<]*)<`).FindAllStringSubmatch(nav, -1) {
			place := strings.Index(body, `id="`+m[1]+`"`)
			if place < at {
				t.Errorf("%s: %q is at %d, before what the contents list before it", lang, m[1], place)
			}
			at = max(at, place)
			if strings.HasPrefix(m[2], annex+" ") {
				if n++; !strings.HasPrefix(m[2], annex+" "+strconv.Itoa(n)+". ") {
					t.Errorf("%s: annex %d is called %q", lang, n, m[2])
				}
				if !strings.Contains(body, "<h2>"+m[2]+"</h2>") {
					t.Errorf("%s: no heading says %q", lang, m[2])
				}
			}
		}
		if n < 4+len(st.Sections) {
			t.Errorf("%s: %d annexes", lang, n)
		}
		brief, _, _ := strings.Cut(body, `id="s-annexes"`)
		for _, want := range []string{`id="b-f-map"`, `id="b-t-gaps"`, `id="t-matrix"`, `id="t-leftout"`, `id="t-unmet"`, `id="f-range"`} {
			if !strings.Contains(brief, want) {
				t.Errorf("%s: the summary lacks %s", lang, want)
			}
		}
		for _, word := range []string{`<caption[^>]*><span class="label">\S+ (\d+)\.`, `<figcaption><span class="label">\S+ (\d+)\.`} {
			for i, m := range regexp.MustCompile(word).FindAllStringSubmatch(body, -1) {
				if m[1] != strconv.Itoa(i+1) {
					t.Errorf("%s: %s: number %s stands at place %d", lang, word, m[1], i+1)
					break
				}
			}
		}
	}
}

// A map marks no group that the table beside it does not list.
func TestMapsMarkWhatTablesList(t *testing.T) {
	t.Parallel()
	st, sketches := makeStudy(t, studytest.Options{Services: []string{"hospital", "pharmacy"}, Profiles: []string{"walking"}, Areas: 12})
	page := drawStudy(t, st, sketches, "en")
	for _, chapter := range []string{"b-", "c1-"} {
		_, rest, _ := strings.Cut(page, `<figure id="`+chapter+`f-map"`)
		drawn, rest, _ := strings.Cut(rest, "</figure>")
		_, rest, ok := strings.Cut(rest, `<table id="`+chapter+`t-gaps"`)
		if !ok {
			t.Fatalf("%s: no table of gaps after the map", chapter)
		}
		table, _, _ := strings.Cut(rest, "</table>")
		marks := regexp.MustCompile(`font-weight="700"[^>]*>(\d+)</text>`).FindAllStringSubmatch(drawn, -1)
		for _, m := range marks {
			if !strings.Contains(table, `<td class="n">`+m[1]+`</td>`) {
				t.Errorf("%s: the map marks group %s, and the table does not list it", chapter, m[1])
			}
		}
		if len(marks) == 0 {
			t.Errorf("%s: no mark on the map", chapter)
		}
	}
}

// Bars are drawn where they tell something: where nobody is left out, the
// table alone says so. Tables of few rows stay on one page.
func TestBarsTellSomething(t *testing.T) {
	t.Parallel()
	st, sketches := makeStudy(t, studytest.Options{Services: []string{"pharmacy"}, Profiles: []string{"walking"}, Areas: 14, Plain: true})
	shapes := func() (bars int, short []string) {
		page := drawStudy(t, st, sketches, "en")
		for _, m := range regexp.MustCompile(`<div class="scroll short"[^>]*><table id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			short = append(short, m[1])
		}
		return len(regexp.MustCompile(`<figure id="c1-f-(areas|ages)"`).FindAllString(page, -1)), short
	}
	bars, short := shapes()
	if bars != 2 || !slices.Contains(short, "c1-t-thresholds") || !slices.Contains(short, "c1-t-ages") || slices.Contains(short, "c1-t-areas") {
		t.Errorf("%d bar charts; short tables %v", bars, short)
	}
	all := func(f *coverage.Figures) {
		for j := range f.Coverage {
			f.Coverage[j].Covered, f.Coverage[j].Uncovered, f.Coverage[j].Unreachable = f.Population, 0, 0
		}
	}
	r := st.Sections[0]
	for j := range r.Coverage {
		r.Coverage[j].Covered, r.Coverage[j].Uncovered, r.Coverage[j].Unreachable = r.PopulationTotal, 0, 0
	}
	for i := range r.Areas {
		all(&r.Areas[i].Figures)
		for k := range r.Areas[i].AgeBands {
			all(&r.Areas[i].AgeBands[k].Figures)
		}
	}
	for i := range r.AgeBands {
		all(&r.AgeBands[i].Figures)
	}
	r.Gaps, r.GapsOmitted = nil, coverage.GapsOmitted{}
	if bars, _ := shapes(); bars != 0 {
		t.Errorf("%d bar charts where nobody is left out", bars)
	}
}
