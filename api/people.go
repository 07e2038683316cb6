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
			c.Response().Header().Set(headerPeople, howPeople(a))
			return next(c)
		}
	}
}

// howPeople is how counts of people are told.
func howPeople(a *atlas.Atlas) string {
	if a.Hides() {
		return "protected"
	}
	return "exact"
}
