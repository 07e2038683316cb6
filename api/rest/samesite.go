package rest

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// SameSite refuses what a page of another site has its visitors send: the
// network that may edit is often just the one that the browser is in. what is
// the verb of the message: "edit".
func SameSite(c echo.Context, what string) error {
	r := c.Request()
	site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	if site == "cross-site" || site == "same-site" || origin != "" && origin != Base(c) {
		return Refuse(http.StatusForbidden, "pages of other sites cannot %s", what)
	}
	return nil
}
