package page

import (
	"fmt"
	"html/template"
	"io/fs"
	"regexp"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	texts "contado/docs/guide"
	"contado/geo/fault"
)

// Guide serves the pages that explain: the user guide, and what each kind of
// problem means (the addresses that problem+json gives as type).
type Guide struct{}

// Register adds the routes.
func (Guide) Register(r rest.Registrar) {
	t := rest.Within(10 * time.Second)
	rest.Get(r, "/docs", guide, t)
	rest.Get(r, "/docs/pictures/:file", picture, t)
	rest.Get(r, "/problems/:kind", problem, t)
}

func home(c echo.Context, lang string) []Crumb {
	return []Crumb{{Href: rest.URL(c), Text: Text(lang, "home")}}
}

func guide(c echo.Context) error {
	if err := rest.Only(c, "lang"); err != nil {
		return err
	}
	lang, err := rest.Language(c)
	if err != nil {
		return err
	}
	text, err := texts.Files.ReadFile("planner." + lang + ".html")
	if err != nil {
		return fmt.Errorf("the guide in %s: %w", lang, err)
	}
	data := struct {
		Base, Other string
		Planner     template.HTML // our own text, embedded
	}{rest.Base(c), map[string]string{"it": "en", "en": "it"}[lang], template.HTML(text)} //nolint:gosec // embedded, not from outside
	return Render(c, lang, Page{Name: "guide", Title: Text(lang, "guide"), Crumbs: home(c, lang), Data: data})
}

var pictureName = regexp.MustCompile(`^[a-z]{1,20}\.(it|en)\.webp$`)

// picture serves one of the guide.
func picture(c echo.Context) error {
	if err := rest.Only(c); err != nil {
		return err
	}
	name, err := rest.Path(c, "file")
	if err != nil {
		return err
	}
	none := fault.Errorf("page", fault.NotExist, "the guide has no picture %.60q", name)
	if !pictureName.MatchString(name) {
		return none
	}
	b, err := fs.ReadFile(texts.Files, "pictures/"+name)
	if err != nil {
		return none
	}
	return rest.Tagged(c, "image/webp", rest.Tag(string(b)), rest.Revalidate, b)
}

func problem(c echo.Context) error {
	if err := rest.Only(c, "lang"); err != nil {
		return err
	}
	kind, err := rest.Path(c, "kind")
	if err != nil {
		return err
	}
	lang, err := rest.Language(c)
	if err != nil {
		return err
	}
	for k := fault.Invalid; k <= fault.Canceled; k++ {
		if k.String() != kind {
			continue
		}
		data := struct{ What, Do string }{Text(lang, "problem-"+kind), Text(lang, "problem-do")}
		return Render(c, lang, Page{Name: "problem", Title: kind, Crumbs: home(c, lang), Data: data})
	}
	return fault.Errorf("page", fault.NotExist, "there is no kind of problem %.40q", kind)
}
