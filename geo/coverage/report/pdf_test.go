package report_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"contado/geo/coverage/compare"
	"contado/geo/coverage/report"
	"contado/geo/coverage/report/studytest"
	"contado/geo/fault"
)

// program writes a script that stands for WeasyPrint.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "weasyprint")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	return path
}

func TestPDFErrors(t *testing.T) {
	t.Parallel()
	st, sketches := makeStudy(t, studytest.Options{Services: []string{"pharmacy"}, Profiles: []string{"walking"}, Areas: 1, Plain: true})
	for name, c := range map[string]struct {
		o    report.PDFOptions
		kind fault.Kind
		says string
	}{
		"not there":  {report.PDFOptions{Program: "/nowhere/weasyprint"}, fault.Unsupported, "WeasyPrint"},
		"too slow":   {report.PDFOptions{Program: program(t, "cat > /dev/null; exec sleep 60"), Timeout: 300 * time.Millisecond}, fault.TooLarge, "not ready"},
		"no PDF":     {report.PDFOptions{Program: program(t, "cat > /dev/null; echo hello")}, fault.Other, "no PDF"},
		"it fails":   {report.PDFOptions{Program: program(t, "cat > /dev/null; echo broken fonts >&2; exit 3")}, fault.Other, "broken fonts"},
		"big memory": {report.PDFOptions{Program: program(t, "cat > /dev/null; echo MemoryError >&2; exit 1")}, fault.TooLarge, "memory"},
	} {
		err := report.StudyPDF(t.Context(), io.Discard, st, sketches, "it", &c.o)
		if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := report.CanPDF(&report.PDFOptions{Program: "/nowhere/weasyprint"}); !fault.Is(err, fault.Unsupported) {
		t.Errorf("can make PDF: %v", err)
	}
}

// What goes to the program asks for nothing from outside, every picture in it
// has an alternative text, and it gets no environment but its own.
func TestPDFInput(t *testing.T) {
	t.Parallel()
	st, sketches := makeStudy(t, studytest.Options{Services: []string{"pharmacy", "school"}, Profiles: []string{"walking"}, Areas: 4})
	dir := t.TempDir()
	page, env := filepath.Join(dir, "page"), filepath.Join(dir, "env")
	var out bytes.Buffer
	if err := report.StudyPDF(t.Context(), &out, st, sketches, "it", &report.PDFOptions{Program: program(t, "cat > "+page+"; env > "+env+"; printf %%PDF-1.7")}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?:src|href)="([^"]*)"|url\(([^)]*)\)`).FindAllStringSubmatch(string(b), -1) {
		if to := m[1] + m[2]; !strings.HasPrefix(to, "#") && !strings.HasPrefix(to, "data:image/") {
			t.Errorf("the page refers to %.80q", to)
		}
	}
	images := regexp.MustCompile(`<img [^>]*>`).FindAllString(string(b), -1)
	alt := regexp.MustCompile(`alt="[^"]{20,}"`)
	for _, img := range images {
		if !alt.MatchString(img) {
			t.Errorf("a picture without a text: %.120q", img)
		}
	}
	if len(images) < 8 {
		t.Errorf("%d pictures", len(images))
	}
	said, err := os.ReadFile(env)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(said), "https_proxy=http://127.0.0.1:9") || strings.Contains(string(said), "GOPATH") || strings.Contains(string(said), "HOME="+os.Getenv("HOME")+"\n") {
		t.Errorf("environment:\n%s", said)
	}
}

// printers are the versions of WeasyPrint that are here: the pinned one and
// the system's.
func printers(t *testing.T) []string {
	t.Helper()
	var out []string
	if path, err := filepath.Abs("../../../.cache/tools/weasyprint/bin/weasyprint"); err == nil {
		if _, err := os.Stat(path); err == nil {
			out = append(out, path)
		}
	}
	if path, err := exec.LookPath("weasyprint"); err == nil {
		out = append(out, path)
	}
	if len(out) == 0 {
		t.Skip("no WeasyPrint here: run scripts/setup")
	}
	return out
}

// A real PDF is tagged, says its title and language, has its headings in
// order, and heads of tables that are heads; it claims to be PDF/UA when it is.
func TestPDFIsTagged(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("pdfinfo"); err != nil {
		t.Skip("no pdfinfo here")
	}
	st, sketches := makeStudy(t, studytest.Options{Services: []string{"pharmacy"}, Profiles: []string{"walking"}, Areas: 2, Plain: true})
	for _, program := range printers(t) {
		o := &report.PDFOptions{Program: program}
		kind, err := report.PDFKind(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "study.pdf")
			var out bytes.Buffer
			if err := report.StudyPDF(t.Context(), &out, st, sketches, "it", o); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := report.ClaimsUA(out.Bytes()); got != (kind == report.KindUA) {
				t.Errorf("a file of kind %s: claims to be PDF/UA: %v", kind, got)
			}
			// The older one writes its metadata as plain text.
			if kind == report.KindTagged && bytes.Contains(out.Bytes(), []byte(`pdfuaid:part`)) {
				t.Error("a file that is not PDF/UA says that it is")
			}
			checkTagged(t, path, kind)
		})
	}
}

func checkTagged(t *testing.T, path, kind string) {
	info := func(args ...string) string {
		b, err := exec.CommandContext(t.Context(), "pdfinfo", append(args, path)...).Output()
		if err != nil {
			t.Fatalf("pdfinfo %v: %v", args, err)
		}
		return string(b)
	}
	about := info()
	for _, want := range []string{`Title: +Chi raggiunge quali servizi`, `Tagged: +yes`, `Page size: .*A4`, `JavaScript: +no`} {
		if !regexp.MustCompile(want).MatchString(about) {
			t.Errorf("pdfinfo does not say %s:\n%s", want, about)
		}
	}
	tree := info("-struct")
	level := 0
	heads := regexp.MustCompile(`(?m)^ *H([1-6])\b`).FindAllStringSubmatch(tree, -1)
	for _, m := range heads {
		n := int(m[1][0] - '0')
		if n > level+1 {
			t.Errorf("a heading of level %d after one of level %d", n, level)
		}
		level = n
	}
	if len(heads) < 10 || strings.Count(tree, "H1") != 1 || !strings.Contains(tree, "TH") {
		t.Errorf("%d headings; the structure begins:\n%.2000s", len(heads), tree)
	}
	// Debian 12 has a version that leaves pictures out of the structure: there
	// the tables beside them are all that a screen reader finds.
	if kind == report.KindUA && !strings.Contains(tree, "Figure") {
		t.Error("no figure in the structure")
	}
}

// verapdf is the class path of veraPDF; scripts/conformance fetches it.
func verapdf(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("CONTADO_VERAPDF")
	if dir == "" {
		dir = "../../../.cache/tools/verapdf"
	}
	if _, err := exec.LookPath("java"); err != nil {
		t.Skip("no java here")
	}
	if jars, err := filepath.Glob(filepath.Join(dir, "validation-model-*.jar")); err != nil || len(jars) == 0 {
		t.Skip("veraPDF is not here: run scripts/conformance pdf, or name its folder with CONTADO_VERAPDF")
	}
	return filepath.Join(dir, "*")
}

// veraPDF, which the PDF Association keeps, finds nothing that breaks a rule
// of ISO 14289-1 in studies of both languages and in a comparison, and something
// in a file without structure.
func TestPDFConformsToUA(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	classes := verapdf(t)
	program := ""
	for _, p := range printers(t) {
		if kind, err := report.PDFKind(t.Context(), &report.PDFOptions{Program: p}); err == nil && kind == report.KindUA {
			program = p
		}
	}
	if program == "" {
		t.Skipf("no WeasyPrint %d or newer here: run scripts/setup", report.UASince)
	}
	dir := t.TempDir()
	var files []string
	for lang, o := range map[string]studytest.Options{
		"it": {Services: []string{"pharmacy"}, Profiles: []string{"walking"}, Areas: 2},
		"en": {Services: []string{"pharmacy", "school"}, Profiles: []string{"walking"}, Areas: 1, Plain: true},
	} {
		st, sketches := makeStudy(t, o)
		var out bytes.Buffer
		if err := report.StudyPDF(t.Context(), &out, st, sketches, lang, &report.PDFOptions{Program: program}); err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.Join(dir, lang+".pdf"))
		if err := os.WriteFile(files[len(files)-1], out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files = append(files, filepath.Join(dir, "comparison.pdf"))
	if err := os.WriteFile(files[len(files)-1], comparisonPDF(t, program), 0o600); err != nil {
		t.Fatal(err)
	}
	judge := func(files ...string) (string, error) {
		args := append([]string{"-cp", classes, "../../../scripts/tools/conformance/PdfUA.java"}, files...)
		said, err := exec.CommandContext(t.Context(), "java", args...).CombinedOutput()
		return string(said), err
	}
	if said, err := judge(files...); err != nil || strings.Count(said, "conforms to PDF/UA-1") != len(files) {
		t.Errorf("%v: %s", err, said)
	}
	broken := filepath.Join(dir, "broken.pdf")
	if err := os.WriteFile(broken, barePDF(), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := judge(broken); err == nil || !strings.Contains(said, "does not conform") {
		t.Errorf("a file without structure: %v: %s", err, said)
	}
}

// comparisonPDF compares two studies of other people and services.
func comparisonPDF(t *testing.T, program string) []byte {
	t.Helper()
	a, _ := makeStudy(t, studytest.Options{})
	b, _ := makeStudy(t, studytest.Options{Seed: 4, Services: []string{"pharmacy", "school", "bank"}})
	c, err := compare.Studies(a, b)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := report.ComparePDF(t.Context(), &out, c, "it", &report.PDFOptions{Program: program}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// barePDF is a file of one empty page, with no more than it needs to be read.
func barePDF() []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var at []int
	for i, object := range []string{"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Resources<<>>>>"} {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := b.Len()
	b.WriteString("xref\n0 4\n0000000000 65535 f \n")
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", start)
	return b.Bytes()
}
