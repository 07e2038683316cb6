package page

import (
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/fault"
)

// Guide serves the pages that explain: the user guide, and what each kind of
// problem means (the addresses that problem+json gives as type).
type Guide struct{}

// Register adds the routes.
func (Guide) Register(r rest.Registrar) {
	t := rest.Within(10 * time.Second)
	rest.Get(r, "/docs", guide, t)
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
	return Render(c, lang, Page{
		Name: "guide", Title: Text(lang, "guide"), Crumbs: home(c, lang), Data: struct{ Base string }{rest.Base(c)},
	})
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
