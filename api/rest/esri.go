package rest

import (
	"cmp"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// The Python interface of ArcGIS took an address for OGC API Features only when
// it ended in this, and a collection only when its id was a number (until
// version 2.4.1; arcgis-python-api, issue 2304).
const featureServer = "/OGCFeatureServer"

const featureServerKey = "contado.featureserver"

// EsriAddresses answers below /OGCFeatureServer as below the root, where
// collections have numbers for names as well; links in the answers lead to the
// root. Addresses below /arcgis may end in a slash, as ArcGIS Pro asks for
// styles. ids are those of all collections.
func EsriAddresses(ids func() []string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			if strings.HasPrefix(r.URL.Path, "/arcgis/") && strings.HasSuffix(r.URL.Path, "/") {
				u := *r.URL
				u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/"), strings.TrimSuffix(u.RawPath, "/")
				r.URL = &u // Echo looks for the route in this very request
				return next(c)
			}
			path, ok := strings.CutPrefix(r.URL.Path, featureServer)
			if !ok || path != "" && path[0] != '/' {
				return next(c)
			}
			u := *r.URL
			u.Path = cmp.Or(path, "/")
			u.RawPath = strings.TrimPrefix(u.RawPath, featureServer)
			if rest, ok := strings.CutPrefix(u.Path, "/collections/"); ok {
				name, after, _ := strings.Cut(rest, "/")
				if id := numbered(ids, name); id != "" {
					u.Path, u.RawPath = strings.TrimSuffix("/collections/"+id+"/"+after, "/"), ""
				}
			}
			r.URL = &u
			c.Set(featureServerKey, true)
			return next(c)
		}
	}
}

// CollectionID is the id that a collection has in this request: its own, or
// its number below /OGCFeatureServer.
func CollectionID(c echo.Context, id string) string {
	if c.Get(featureServerKey) == nil {
		return id
	}
	return number(id)
}

// number is the same for an id for ever, whatever other collections there are.
func number(id string) string {
	return strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(id))), 10)
}

// numbered finds the collection that a number stands for; "" when it stands
// for none.
func numbered(ids func() []string, name string) string {
	if _, err := strconv.ParseUint(name, 10, 32); err != nil {
		return ""
	}
	for _, id := range ids() {
		if number(id) == name {
			return id
		}
	}
	return ""
}
