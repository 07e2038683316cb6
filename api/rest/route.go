package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"contado/geo/fault"
)

// Registrar is where resources put their routes: an Echo or a group of it.
type Registrar interface {
	Add(method, path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route
}

// Get registers a handler for GET and HEAD. (Echo answers HEAD on a GET route
// with 405; net/http leaves out the body by itself.)
func Get(r Registrar, path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) {
	r.Add(http.MethodGet, path, h, m...)
	r.Add(http.MethodHead, path, h, m...)
}

// Within bounds how long a handler may work. It ends the context of the
// request; the handler returns the error that follows from that.
func Within(d time.Duration) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			ctx, cancel := context.WithTimeout(r.Context(), d)
			defer cancel()
			c.SetRequest(r.WithContext(ctx))
			// The error handler must see the client's own context again: ours
			// is always over by then.
			defer c.SetRequest(r)
			err := next(c)
			if err != nil && ctx.Err() == context.DeadlineExceeded && r.Context().Err() == nil {
				return fault.E("api", fault.Canceled, err)
			}
			return err
		}
	}
}
