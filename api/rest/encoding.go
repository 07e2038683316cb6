package rest

import (
	"strings"

	"github.com/labstack/echo/v4"
)

// AcceptsBrotli reports whether the client names br among the encodings that
// it takes; a star is not enough, for old programs send one.
func AcceptsBrotli(c echo.Context) bool {
	for _, part := range strings.Split(c.Request().Header.Get("Accept-Encoding"), ",") {
		if name, q := weighted(part); name == "br" {
			return q > 0
		}
	}
	return false
}
