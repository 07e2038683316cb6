package api

import (
	"github.com/labstack/echo/v4"

	"contado/geo/atlas"
)

// headerPeople says how counts of people are told: "protected", or "exact"
// where who runs the server has switched that off.
const headerPeople = "Contado-People"

func peopleTold(a *atlas.Atlas) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			told := "exact"
			if a.Hides() {
				told = "protected"
			}
			c.Response().Header().Set(headerPeople, told)
			return next(c)
		}
	}
}
