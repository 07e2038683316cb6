package report_test

import (
	"bytes"
	"os"
	"path/filepath"
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
