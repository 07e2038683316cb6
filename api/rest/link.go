package rest

import (
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

// Link is a hypermedia link (RFC 8288), as OGC APIs write it.
type Link struct {
	Href  string `json:"href"`
	Rel   string `json:"rel"`
	Type  string `json:"type,omitempty"`
	Title string `json:"title,omitempty"`
	// Templated says that Href holds variables in braces.
	Templated bool `json:"templated,omitempty"`
}

const baseKey = "contado.base"

// SetBase fixes the outside address of the server for a request: the one
// configured, or the one that the client used.
func SetBase(base string) echo.MiddlewareFunc {
	base = strings.TrimSuffix(base, "/")
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			b := base
			if b == "" {
				b = c.Scheme() + "://" + c.Request().Host
			}
			c.Set(baseKey, b)
			return next(c)
		}
	}
}

// URL is the absolute address of a path of the API; each part is escaped.
func URL(c echo.Context, parts ...string) string {
	base, _ := c.Get(baseKey).(string)
	var b strings.Builder
	b.WriteString(base)
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(p))
	}
	if len(parts) == 0 {
		b.WriteByte('/')
	}
	return b.String()
}

// With adds a query to an address.
func With(address string, q url.Values) string {
	if len(q) == 0 {
		return address
	}
	return address + "?" + q.Encode()
}

// AddHeader mirrors links into the Link header.
func AddHeader(c echo.Context, links []Link) {
	for _, l := range links {
		if l.Rel == "next" || l.Rel == "self" || l.Rel == "service-desc" {
			c.Response().Header().Add("Link", "<"+l.Href+`>; rel="`+l.Rel+`"; type="`+l.Type+`"`)
		}
	}
}
