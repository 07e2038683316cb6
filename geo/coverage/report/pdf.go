package report

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"contado/geo/coverage"
	"contado/geo/fault"
)

// PDFOptions bound the making of a PDF; nil means the defaults.
type PDFOptions struct {
	// Program is the path or name of WeasyPrint; "" = CONTADO_WEASYPRINT, else
	// weasyprint/bin/weasyprint beside this program, else weasyprint in the PATH.
	Program string
	// Timeout bounds the time; 0 = 5 minutes.
	Timeout time.Duration
	// Memory bounds the address space, where the system can; 0 = 3 GiB.
	Memory int64
}

const (
	pdfTimeout = 5 * time.Minute
	pdfMemory  = 3 << 30
	// maxPage is the most bytes of a page that a PDF is made of.
	maxPage = 64 << 20
	// maxPDF is the most bytes of a PDF.
	maxPDF = 256 << 20
	// saidShown is how much of what WeasyPrint says goes into an error.
	saidShown = 2000
)

// PDF writes the report as a tagged PDF: the page of HTML, paged by WeasyPrint.
// Nothing is fetched from anywhere. A WeasyPrint of version UASince or newer
// makes it PDF/UA-1 (ISO 14289-1, held against veraPDF in the tests); the file
// of an older one is tagged and does not claim to be more: see ClaimsUA.
//
// Errors: those of HTML; fault.Unsupported when WeasyPrint is not there;
// fault.TooLarge when time or memory do not suffice.
func PDF(ctx context.Context, w io.Writer, r *coverage.Report, s *Sketch, lang string, o *PDFOptions) error {
	page, err := htmlOf(r, s, lang, forPDF)
	if err != nil {
		return err
	}
	return pdfOf(ctx, w, page, o)
}

// StudyPDF is PDF for a study.
func StudyPDF(ctx context.Context, w io.Writer, st *coverage.Study, sketches []*Sketch, lang string, o *PDFOptions) error {
	page, err := studyHTML(st, sketches, lang, forPDF)
	if err != nil {
		return err
	}
	return pdfOf(ctx, w, page, o)
}

// CanPDF says whether PDF can be made here: nil, or fault.Unsupported with
// what to install.
func CanPDF(o *PDFOptions) error {
	_, err := o.find()
	return err
}

func (o *PDFOptions) find() (string, error) {
	name := ""
	if o != nil {
		name = o.Program
	}
	if name == "" {
		name = os.Getenv("CONTADO_WEASYPRINT")
	}
	if name == "" {
		name = beside()
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fault.WithHint(fault.E("report.PDF", fault.Unsupported, fmt.Errorf("PDF needs WeasyPrint: %w", err)),
			"run scripts/setup --run, or install it (pip install weasyprint; Debian: apt install weasyprint, whose files are no PDF/UA), or name it with CONTADO_WEASYPRINT; the HTML report can be printed as it is")
	}
	return path, nil
}

// beside is the WeasyPrint that was installed with the program, else any.
func beside() string {
	if self, err := os.Executable(); err == nil {
		path := filepath.Join(filepath.Dir(self), "weasyprint", "bin", "weasyprint")
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
	}
	return "weasyprint"
}

// UASince is the first version of WeasyPrint of which the files are PDF/UA-1.
const UASince = 70

var (
	madeBy   = regexp.MustCompile(`WeasyPrint (?:version )?([0-9]{1,4})\.`)
	uaClaims = regexp.MustCompile(`pdfuaid:part="1"|<pdfuaid:part>1</pdfuaid:part>`)
)

// Kinds of PDF.
const (
	KindUA     = "pdf/ua-1" // accessible by ISO 14289-1
	KindTagged = "tagged"   // with a structure that the standard does not accept
)

// PDFKind says which kind of PDF is made here: KindUA or KindTagged.
// Errors: fault.Unsupported when there is no WeasyPrint.
func PDFKind(ctx context.Context, o *PDFOptions) (string, error) {
	path, err := o.find()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	said, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return "", fault.E("report.PDFKind", fault.Unsupported, fmt.Errorf("%s --version: %w", path, err))
	}
	return kindOf(said), nil
}

// kindOf tells the kind by the version that a text names.
func kindOf(text []byte) string {
	if m := madeBy.FindSubmatch(text); m != nil {
		if v, err := strconv.Atoi(string(m[1])); err == nil && v < UASince {
			return KindTagged
		}
	}
	return KindUA
}

// ClaimsUA reports whether a file that PDF wrote is PDF/UA-1.
func ClaimsUA(pdf []byte) bool { return kindOf(pdf) == KindUA }

// honest takes the claim out of a file that does not keep it. The bytes stay
// as many, for the file has a table of their places.
func honest(pdf []byte) []byte {
	if ClaimsUA(pdf) {
		return pdf
	}
	return uaClaims.ReplaceAllFunc(pdf, func(claim []byte) []byte { return bytes.Repeat([]byte(" "), len(claim)) })
}

func pdfOf(ctx context.Context, w io.Writer, page []byte, o *PDFOptions) error {
	const op = "report.PDF"
	path, err := o.find()
	if err != nil {
		return err
	}
	if o == nil {
		o = &PDFOptions{}
	}
	timeout, memory := o.Timeout, o.Memory
	if timeout <= 0 {
		timeout = pdfTimeout
	}
	if memory <= 0 {
		memory = pdfMemory
	}
	if len(page) > maxPage {
		return fault.Errorf(op, fault.TooLarge, "the page has %d MiB; a PDF is made of %d MiB at most", len(page)>>20, maxPage>>20)
	}
	dir, err := os.MkdirTemp("", "contado-pdf-*")
	if err != nil {
		return fmt.Errorf("make PDF: %w", err)
	}
	defer os.RemoveAll(dir)
	bound, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	pdf, said, err := weasyprint(bound, path, dir, page, memory)
	switch {
	case ctx.Err() != nil:
		return fault.E(op, fault.Canceled, ctx.Err())
	case bound.Err() != nil:
		return fault.Errorf(op, fault.TooLarge, "the PDF was not ready after %s", timeout)
	case err != nil && strings.Contains(said, "MemoryError"):
		return fault.Errorf(op, fault.TooLarge, "the PDF needs more than %d MiB of memory", memory>>20)
	case err != nil:
		return fmt.Errorf("make PDF with %s: %w: %s", path, err, said)
	}
	if len(pdf) > maxPDF || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		return fmt.Errorf("make PDF with %s: %d bytes that are no PDF: %s", path, len(pdf), said)
	}
	if _, err := w.Write(honest(pdf)); err != nil {
		return fmt.Errorf("write coverage report as PDF: %w", err)
	}
	return nil
}

// weasyprint runs the program over a page. Its environment has nothing but
// what it needs, and proxies that lead nowhere, so that even a page which
// asked for something from outside would get nothing.
func weasyprint(ctx context.Context, path, dir string, page []byte, memory int64) (pdf []byte, said string, err error) {
	var out, complaints bytes.Buffer
	cmd := exec.CommandContext(ctx, path, "--quiet", "--encoding", "utf-8", "--media-type", "print", "--pdf-variant", "pdf/ua-1", "-", "-")
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir, "XDG_CACHE_HOME=" + dir, "LC_ALL=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1",
		"http_proxy=http://127.0.0.1:9", "https_proxy=http://127.0.0.1:9", "ftp_proxy=http://127.0.0.1:9", "no_proxy=",
	}
	cmd.Stdout, cmd.Stderr = &bounded{w: &out, left: maxPDF + 1}, &bounded{w: &complaints, left: 64 << 10}
	cmd.WaitDelay = 5 * time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", errors.Join(err, in.Close())
	}
	limitMemory(cmd.Process.Pid, memory) // it has read nothing yet
	_, werr := in.Write(page)
	werr = errors.Join(werr, in.Close())
	if err = cmd.Wait(); err == nil {
		err = werr
	}
	said = strings.TrimSpace(complaints.String())
	return out.Bytes(), said[max(0, len(said)-saidShown):], err
}

// bounded lets a number of bytes through and drops the rest.
type bounded struct {
	w    *bytes.Buffer
	left int
}

func (b *bounded) Write(p []byte) (int, error) {
	n := min(len(p), b.left)
	b.w.Write(p[:n])
	b.left -= n
	return len(p), nil
}
