// Package report renders computed coverage reports, of one service or of
// several (a study): JSON for machines, CSV and spreadsheets, GeoPackage, one
// self-contained HTML page for people, and PDF/UA for paper.
//
// The page has no script and asks for nothing from outside: it can be mailed,
// filed and printed as it is. Its pictures are drawn here as SVG, and every
// one of them has a table with the same figures.
package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"slices"
	"strings"

	"contado/geo/coverage"
)

//go:embed page.html.tmpl
var pageSource string

//go:embed study.html.tmpl
var studySource string

//go:embed parts.html.tmpl
var partsSource string

//go:embed style.css
var styleSource string

//go:embed print.css
var printSource string

// frontPage is what the heads of all pages have.
type frontPage struct {
	l *language

	Lang, Title, Territory, Made, ID string
	Subtitle                         string
	CSP                              string
	Style                            template.CSS
	Invented                         string
	Notices                          []string
	Program                          string
	How                              []explanation
	Hidden                           string
	Kind                             string // class of the body: "single" or "study"
}

// T is the text of a key of the catalogue.
func (p *frontPage) T(key string, args ...string) string { return p.l.t(key, args...) }

// page is what the template of one report sees.
type page struct {
	frontPage
	body
	Facts    []fact
	Inputs   *table
	Contents []section
}

// T is the text of a key of the catalogue.
func (p *page) T(key string, args ...string) string { return p.l.t(key, args...) }

// section is an entry of the table of contents.
type section struct {
	ID, Text string
	Parts    []section
}

// HTML writes the report as a page in English ("en") or Italian ("it", "it-IT").
// The sketch may be nil: the page then has no map.
//
// Errors: fault.Invalid when the report's parts do not fit together or the
// sketch is not in degrees, fault.Unsupported for other languages,
// fault.TooLarge for the backdrop.
func HTML(w io.Writer, r *coverage.Report, s *Sketch, lang string) error {
	b, err := htmlOf(r, s, lang, forScreen)
	if err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("write coverage report as HTML: %w", err)
	}
	return nil
}

// medium is what a page is drawn for: the same page, but that programs which
// make PDF get pictures as files of their own, with alternative texts.
type medium bool

const (
	forScreen medium = false
	forPDF    medium = true
)

func htmlOf(r *coverage.Report, s *Sketch, lang string, m medium) ([]byte, error) {
	l, err := languageOf(lang)
	if err != nil {
		return nil, err
	}
	if err := validate("report.HTML", r); err != nil {
		return nil, err
	}
	if s == nil {
		s = &Sketch{}
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	return render("page", pageSource, newPage(newView(r, l), s), m)
}

// render fills a template; the parts that pages share come along.
func render(name, source string, data any, m medium) ([]byte, error) {
	t, err := template.New(name).Funcs(template.FuncMap{"picture": m.picture, "swatch": m.swatch, "patterns": m.patterns}).Parse(source + partsSource + sitingSource)
	if err != nil {
		return nil, fmt.Errorf("parse the page of coverage reports: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("draw coverage report: %w", err)
	}
	return out.Bytes(), nil
}

// picture is a drawing within the page.
func (m medium) picture(f figure) template.HTML {
	if m == forPDF {
		return asImage(f.SVG, f.Title+". "+f.Desc, "picture")
	}
	return f.SVG
}

// swatch is a sign of a legend: it says nothing that the text beside it does
// not, so that on paper it is a background.
func (m medium) swatch(svg template.HTML) template.HTML {
	if m == forPDF {
		return template.HTML(`<span class="swatch" style="background: url(` + dataURI(svg) + `) center / contain no-repeat"></span>`) //nolint:gosec // base64
	}
	return svg
}

// patterns are the hatchings that drawings of the page refer to. Pictures on
// paper carry their own; there an element without content would be a picture
// without an alternative text.
func (m medium) patterns() template.HTML {
	if m == forPDF {
		return ""
	}
	return patterns()
}

// asImage turns a drawing into an image with an alternative text.
func asImage(svg template.HTML, alt, class string) template.HTML {
	return template.HTML(`<img class="` + class + `" alt="` + esc(alt) + `" src="` + dataURI(svg) + `">`) //nolint:gosec // escaped
}

// dataURI is a drawing as a file of its own. It carries the hatchings itself,
// since an image sees nothing of the page around it.
func dataURI(svg template.HTML) string {
	head, rest, _ := strings.Cut(string(svg), ">")
	if !strings.Contains(head, "xmlns=") {
		head += ` xmlns="http://www.w3.org/2000/svg"`
	}
	if strings.Contains(rest, "url(#") {
		rest = patternDefs() + rest
	}
	return "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(head+">"+rest))
}

// ContentSecurityPolicy is the strictest policy under which the page works;
// the page carries a stricter one itself, with the hash of its style.
const ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

func newPage(v *view, s *Sketch) *page {
	r, l := v.r, v.l
	p := &page{frontPage: newFront(l, v.title(), v.territory(), r.ID, &r.Program)}
	p.Kind, p.Made, p.Subtitle = "single", l.date(r.CreatedAt), l.t("subtitle", p.Territory)
	p.addNotices(r.Notices)
	p.Facts = v.facts()
	// In the order of the page: figures and tables are numbered as they come.
	p.body = *newBody(v, s, 2)
	if len(r.Inputs) > 0 {
		p.Inputs = v.n.inputTable(l, "t-inputs", r.Inputs)
	}
	p.fillSettings()
	p.How = v.explanations()
	p.Hidden = l.hiddenNote(r.Disclosure)
	p.Contents = append(p.contents(), section{ID: "s-inputs", Text: l.t("inputs")},
		section{ID: "s-method", Text: l.t("method")}, section{ID: "s-limits", Text: l.t("limits")})
	return p
}

func newFront(l *language, title, territory, id string, program *coverage.Program) frontPage {
	style := styleOf(l, id, title)
	hash := sha256.Sum256([]byte(style))
	p := frontPage{
		l: l, Lang: l.code, Title: title, Territory: territory, ID: id,
		CSP: fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'",
			base64.StdEncoding.EncodeToString(hash[:])),
		Style: template.CSS(style), //nolint:gosec // our own style sheet
	}
	if program.Version != "" {
		name := program.Name
		if name == "" {
			name = "Contado"
		}
		p.Program = l.t("program", capital(name), program.Version)
	}
	return p
}

func (p *frontPage) addNotices(list []coverage.Notice) {
	for i := range list {
		if list[i].Code == coverage.NoticeInventedData {
			p.Invented = p.l.notice(&list[i])
			continue
		}
		if text := p.l.notice(&list[i]); !slices.Contains(p.Notices, text) {
			p.Notices = append(p.Notices, text)
		}
	}
}

var notID = regexp.MustCompile(`[^A-Za-z0-9-]+`)

// styleOf is the style sheet with the texts at the edges of printed pages:
// only letters, digits, spaces and plain punctuation go into it.
func styleOf(l *language, id, title string) string {
	left := "Contado"
	if id := notID.ReplaceAllString(id, ""); id != "" {
		left += " · " + id[:min(len(id), 60)]
	}
	return strings.NewReplacer("@LEFT@", left, "@TOP@", cssText(title, 90), "@CONTENTS@", cssText(l.t("contents"), 40), "@PAGE@", cssText(l.t("page"), 20), "@SEE@", cssText(l.t("see-page"), 20)).
		Replace(styleSource + printSource)
}

// cssText is a text that can stand between quotes of a style sheet in a page.
func cssText(s string, most int) string {
	clean := []rune(strings.Map(func(c rune) rune {
		if c < ' ' || strings.ContainsRune(`"'\<>&{};@`, c) {
			return ' '
		}
		return c
	}, s))
	if len(clean) > most {
		clean = append(clean[:most-1], '…')
	}
	return string(clean)
}
