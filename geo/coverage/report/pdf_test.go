package report_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

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

// A real PDF is tagged, says its title and language, has its headings in
// order, and heads of tables that are heads.
func TestPDFIsTagged(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"weasyprint", "pdfinfo"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s here", tool)
		}
	}
	st, sketches := makeStudy(t, studytest.Options{Services: []string{"pharmacy"}, Profiles: []string{"walking"}, Areas: 2, Plain: true})
	path := filepath.Join(t.TempDir(), "study.pdf")
	var out bytes.Buffer
	if err := report.StudyPDF(t.Context(), &out, st, sketches, "it", nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
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
	if !bytes.Contains(out.Bytes(), []byte("/Lang")) || !bytes.Contains(out.Bytes(), []byte("pdfuaid")) {
		t.Error("no language, or no mark of PDF/UA")
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
	if !strings.Contains(about, "WeasyPrint 57") && !strings.Contains(tree, "Figure") {
		t.Error("no figure in the structure")
	}
}
