// Package page draws the small server-made pages that stand beside JSON: they
// need no script, ask nothing from outside, and are Italian or English.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
)

//go:embed templates
var files embed.FS

// Crumb is a step of the way from the start to a page.
type Crumb struct{ Href, Text string }

// Page is what every page has.
type Page struct {
	Name   string // of the template that draws Data
	Title  string
	Crumbs []Crumb
	Links  []rest.Link // other representations
	Data   any
}

// style is one text for all pages, so that a policy can name its hash.
var style = func() string {
	b, err := files.ReadFile("templates/style.css")
	if err != nil {
		panic(err) // embedded, or this does not compile
	}
	return string(b)
}()

// Policy is the content security policy of these pages.
var Policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}()

var sets = map[string]*template.Template{"en": parse("en"), "it": parse("it")}

func parse(lang string) *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"t":     func(key string) (string, error) { return text(lang, key) },
		"lang":  func() string { return lang },
		"style": func() template.CSS { return template.CSS(style) },
	}).ParseFS(files, "templates/*.html"))
}

// Text is a phrase of the pages' catalogue, for titles.
func Text(lang, key string) string {
	s, err := text(lang, key)
	if err != nil {
		return key
	}
	return s
}

func text(lang, key string) (string, error) {
	s, ok := catalogue[key]
	if !ok {
		return "", fmt.Errorf("page: no text %q", key)
	}
	if lang == "it" {
		return s[1], nil
	}
	return s[0], nil
}

// Render draws a page in the language of the request.
func Render(c echo.Context, lang string, p Page) error {
	var b bytes.Buffer
	if err := sets[lang].ExecuteTemplate(&b, "layout.html", p); err != nil {
		return fmt.Errorf("draw page %s: %w", p.Name, err)
	}
	c.Response().Header().Set("Content-Security-Policy", Policy)
	return rest.Bytes(c, rest.MediaHTML, b.Bytes())
}
