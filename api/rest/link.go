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

// Base is the outside address of the server, without a slash at its end.
func Base(c echo.Context) string {
	base, _ := c.Get(baseKey).(string)
	return base
}

// URL is the absolute address of a path of the API; each part is escaped.
func URL(c echo.Context, parts ...string) string {
	var b strings.Builder
	b.WriteString(Base(c))
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

// Query copies the query of a request, for links that change one parameter.
func Query(c echo.Context) url.Values {
	q := url.Values{}
	for k, v := range c.QueryParams() {
		q[k] = append([]string(nil), v...)
	}
	return q
}

// Representations gives the self and alternate links of a resource: one for
// each format offered, the one being served as self.
func Representations(c echo.Context, address, served string, offers ...Format) []Link {
	links := make([]Link, 0, len(offers))
	for _, f := range offers {
		q := Query(c)
		q.Set("f", f.Name)
		l := Link{Href: With(address, q), Rel: "alternate", Type: f.Media, Title: "This document as " + f.Title}
		if f.Name == served {
			l.Rel, l.Title = "self", "This document"
			links = append([]Link{l}, links...)
			continue
		}
		links = append(links, l)
	}
	return links
}

// AddHeader mirrors links into the Link header: those that clients follow
// without reading the body.
func AddHeader(c echo.Context, links []Link) {
	for _, l := range links {
		switch l.Rel {
		case "next", "prev", "first", "self", "alternate", "service-desc", "service-doc", "conformance", "data":
			c.Response().Header().Add("Link", "<"+l.Href+`>; rel="`+l.Rel+`"; type="`+strings.ReplaceAll(l.Type, `"`, "")+`"`)
		}
	}
}

// Drop removes parameters from a query.
func Drop(q url.Values, names ...string) {
	for _, n := range names {
		q.Del(n)
	}
}
